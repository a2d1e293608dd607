use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::{slice, vec};

use super::Key;

/// Values by attribute, sorted by key: a map for the handful of attributes that a member has. There
/// are as many of these as members and entries, and a tree would hold room for eleven pairs in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed<T>(Vec<(Key, T)>);

impl<T> Keyed<T> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, key: &str) -> Option<&T> {
        self.find(key).ok().map(|i| &self.0[i].1)
    }
    pub fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.find(key).ok().map(|i| &mut self.0[i].1)
    }
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }
    /// Puts a value in; the one that was there comes back.
    pub fn insert(&mut self, key: Key, value: T) -> Option<T> {
        // mostly they come in their order
        if self.0.last().is_none_or(|(last, _)| order(last, key).is_lt()) {
            self.0.push((key, value));
            return None;
        }
        match self.find(key) {
            Ok(i) => Some(std::mem::replace(&mut self.0[i].1, value)),
            Err(i) => {
                self.0.insert(i, (key, value));
                None
            }
        }
    }
    /// Puts a value in where none is.
    pub fn insert_if_absent(&mut self, key: Key, value: T) {
        if let Err(i) = self.find(key) {
            self.0.insert(i, (key, value));
        }
    }
    pub fn remove(&mut self, key: &str) -> Option<T> {
        self.find(key).ok().map(|i| self.0.remove(i).1)
    }
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut T) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }
    /// The same keys with what comes of their values, in the same memory where it fits.
    ///
    /// # Errors
    /// The first that `to` says.
    pub fn try_map<U, E>(self, mut to: impl FnMut(Key, T) -> Result<U, E>) -> Result<Keyed<U>, E> {
        self.0.into_iter().map(|(key, value)| Ok((key, to(key, value)?))).collect::<Result<_, E>>().map(Keyed)
    }
    /// Gives back the room for more: for what is kept by the hundred thousand.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }
    /// By key.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.0.iter())
    }
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Key> + Clone {
        self.0.iter().map(|(key, _)| key)
    }
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// A scan: the keys are few.
    fn find(&self, key: &str) -> Result<usize, usize> {
        for (i, (other, _)) in self.0.iter().enumerate() {
            match order(other, key) {
                Ordering::Less => {}
                Ordering::Equal => return Ok(i),
                Ordering::Greater => return Err(i),
            }
        }
        Err(self.0.len())
    }
}

/// As `cmp`: keys are literals, and their first letters tell most of them apart.
fn order(one: &str, other: &str) -> Ordering {
    if std::ptr::eq(one, other) {
        return Ordering::Equal;
    }
    match one.as_bytes().first().cmp(&other.as_bytes().first()) {
        Ordering::Equal => one.cmp(other),
        apart => apart,
    }
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What [`Keyed::iter`] walks with.
#[derive(Debug)]
pub struct Iter<'a, T>(slice::Iter<'a, (Key, T)>);

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a Key, &'a T);
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
    }
}
impl<T> ExactSizeIterator for Iter<'_, T> {}

impl<'a, T> IntoIterator for &'a Keyed<T> {
    type Item = (&'a Key, &'a T);
    type IntoIter = Iter<'a, T>;
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
impl<T> IntoIterator for Keyed<T> {
    type Item = (Key, T);
    type IntoIter = vec::IntoIter<(Key, T)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl<T> Extend<(Key, T)> for Keyed<T> {
    fn extend<I: IntoIterator<Item = (Key, T)>>(&mut self, more: I) {
        for (key, value) in more {
            self.insert(key, value);
        }
    }
}
/// Of a key given twice the last value counts.
impl<T> FromIterator<(Key, T)> for Keyed<T> {
    fn from_iter<I: IntoIterator<Item = (Key, T)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let mut all = Self(Vec::with_capacity(pairs.size_hint().0));
        all.extend(pairs);
        all
    }
}
impl<T, const N: usize> From<[(Key, T); N]> for Keyed<T> {
    fn from(pairs: [(Key, T); N]) -> Self {
        pairs.into_iter().collect()
    }
}
impl<T> From<BTreeMap<Key, T>> for Keyed<T> {
    fn from(map: BTreeMap<Key, T>) -> Self {
        Self(map.into_iter().collect())
    }
}
impl<T> std::ops::Index<&str> for Keyed<T> {
    type Output = T;
    /// # Panics
    /// Where the key is not there, as a map's does.
    fn index(&self, key: &str) -> &T {
        self.get(key).expect("the key is there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_unique_however_they_come_in() {
        let mut all: Keyed<u8> = [("role", 1), ("end", 2), ("name", 3), ("role", 4)].into_iter().collect();
        assert_eq!(all.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(), [("end", 2), ("name", 3), ("role", 4)]);
        assert_eq!(all, Keyed::from(BTreeMap::from([("role", 4), ("end", 2), ("name", 3)])));
        assert_eq!((all.insert("name", 5), all.insert("groups", 6), all.remove("end"), all.remove("end")), (Some(3), None, Some(2), None));
        all.insert_if_absent("name", 7);
        assert_eq!((all.get("name"), all.contains_key("end"), all.len()), (Some(&5), false, 3));
        all.retain(|key, value| *key != "groups" && *value > 0);
        assert_eq!(all.clone().try_map(|key, value| if value > 4 { Err(value) } else { Ok(key) }), Err(5));
        assert_eq!(all.clone().try_map(|key, value| Ok::<_, u8>((key, value))).unwrap()["role"], ("role", 4));
        assert_eq!(all.into_iter().collect::<Vec<_>>(), [("name", 5), ("role", 4)]);
    }
}
