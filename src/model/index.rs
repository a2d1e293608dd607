use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use foldhash::fast::RandomState;

/// What is looked up and never walked: as quick as a hash table, and without an order that could reach
/// a plan (DESIGN §8.5). Where an order is needed, the keys stand somewhere else as well. The hash is
/// seeded anew in every process, so that nobody can choose keys beforehand that fall together.
#[derive(Clone)]
pub struct Index<K, V>(HashMap<K, V, RandomState>);

impl<K: Eq + Hash, V> Index<K, V> {
    pub fn with_capacity(many: usize) -> Self {
        Self(HashMap::with_capacity_and_hasher(many, RandomState::default()))
    }
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key)
    }
    /// The key itself, as it was put in.
    pub fn key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
    {
        self.0.get_key_value(key).map(|(known, _)| known)
    }
    pub fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }
    /// Puts a value in; the one that was there comes back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }
    /// The value that is there, else this one, put in.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        self.0.entry(key).or_insert(value)
    }
}

/// How many, and not which: they would come in no order.
impl<K, V> fmt::Debug for Index<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Index").field(&self.0.len()).finish()
    }
}
impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}
/// Of a key given twice the last value counts.
impl<K: Eq + Hash, V> FromIterator<(K, V)> for Index<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
