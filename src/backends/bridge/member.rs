//! One member of a page, in our words.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::bridge::{WireInvitationState, WireMember, WirePhase};
use crate::model::{Atom, Atoms, Caps, Email, Incomplete, Invitation, Keyed, Known, Live, Phase, Value, quoted};
use crate::systems::{AttrSpec, Kind, SystemSpec, Words};

/// A member as it comes, its attributes not yet looked at.
pub(super) type Raw<'p> = WireMember<&'p RawValue, Text<'p>>;

/// A text that stays in the answer, where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'p>(#[serde(borrow)] Cow<'p, str>);

/// Turns the members of one account into ours; each word is kept once.
pub(super) struct Members<'a> {
    spec: &'static SystemSpec,
    caps: &'a Caps,
    words: Atoms,
    all: Vec<Live>,
}

impl<'a> Members<'a> {
    pub(super) fn new(spec: &'static SystemSpec, caps: &'a Caps) -> Self {
        Self { spec, caps, words: Atoms::default(), all: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Takes the members of one page.
    ///
    /// # Errors
    /// What the system does not have, or the bridge did not say that it shows.
    pub(super) fn take(&mut self, raws: Vec<Raw<'_>>) -> Result<(), Incomplete> {
        self.all.reserve(raws.len());
        for raw in raws {
            let live = self.live(raw)?;
            self.all.push(live);
        }
        Ok(())
    }

    /// All of them by address, each once.
    ///
    /// # Errors
    /// Two of one address or identifier.
    pub(super) fn each_once(self) -> Result<Vec<Live>, Incomplete> {
        let mut all = self.all;
        let mut ids: HashSet<&Atom> = HashSet::with_capacity(all.len());
        for live in &all {
            if let Some(id) = live.id.as_ref().filter(|id| !ids.insert(id)) {
                let why = format!("the identifier {id} stands for two members, {} one of them", live.email);
                return Err(Incomplete::new("repeated", why));
            }
        }
        // As a bridge lists them; whoever came first stays first.
        if !all.is_sorted_by(|one, next| one.email < next.email) {
            all.sort_by(|one, other| one.email.cmp(&other.email));
        }
        match all.windows(2).find(|pair| pair[0].email == pair[1].email) {
            Some([one, other]) => Err(twice(one, other)),
            _ => Ok(all),
        }
    }

    fn live(&mut self, raw: Raw<'_>) -> Result<Live, Incomplete> {
        let unexpected = |why: String| Incomplete::new("unexpected", format!("member {}: {why}", quoted(&raw.email.0)));
        let email = Email::parse(&raw.email.0).map_err(|why| unexpected(why.to_string()))?;
        let id = raw.id.as_ref().map(|id| Atom::new(&id.0)).transpose().map_err(|why| unexpected(format!("its identifier {why}")))?;
        let phase = match (raw.phase, &raw.invitation) {
            (WirePhase::Pending, None) => Phase::Pending { sent: None, attempts: None, state: Invitation::Open },
            (WirePhase::Pending, Some(i)) => Phase::Pending { sent: i.sent, attempts: i.attempts, state: state(i.state) },
            (_, Some(_)) => return Err(unexpected("it has an invitation and is not pending".into())),
            (WirePhase::Active, None) => Phase::Active,
            (WirePhase::Locked, None) => Phase::Locked,
            (WirePhase::Expired, None) => Phase::Expired,
            (WirePhase::Suspended, None) => Phase::Suspended,
        };
        let seen = self.spec.attrs_from_json(raw.attrs.get(), &mut self.words).map_err(|why| unexpected(why.to_string()))?;
        let mut attrs: Keyed<Known<Value>> = seen.try_map(|key, value| {
            let Some(attr) = self.spec.attr(key).filter(|attr| self.caps.reads.contains(attr.key)) else {
                return Err(unexpected(format!("it shows `{key}`, which the bridge says that it cannot read")));
            };
            if let Some(word) = foreign(attr, &value) {
                return Err(unexpected(format!("{} is no `{key}` of {}", quoted(word.as_str()), self.spec.name)));
            }
            let is_partly = raw.partly.contains(attr.key);
            if is_partly && value.as_set().is_none() {
                return Err(unexpected(format!("`{key}` is no list, and cannot go on")));
            }
            Ok(if is_partly { Known::Partly(value) } else { Known::Seen(value) })
        })?;
        for key in &raw.partly {
            if self.spec.attr(key).is_none_or(|attr| attrs.get(attr.key).is_none()) {
                return Err(unexpected(format!("{} goes on, and is not shown", quoted(key))));
            }
        }
        for key in &raw.hidden {
            match self.spec.attr(key) {
                Some(attr) if attrs.get(attr.key).is_none() => attrs.insert(attr.key, Known::Hidden),
                Some(_) => return Err(unexpected(format!("{} is hidden, and shown", quoted(key)))),
                None => return Err(unexpected(format!("{} has no attribute {}", self.spec.name, quoted(key)))),
            };
        }
        Ok(Live { email, id, phase, attrs })
    }
}

/// Two members of one address.
fn twice(one: &Live, other: &Live) -> Incomplete {
    let address = &one.email;
    if address.shown() == other.email.shown() {
        return Incomplete::new("repeated", format!("the bridge lists {address} twice: a page may have hidden somebody else"));
    }
    let (one, other) = (quoted(address.shown()), quoted(other.email.shown()));
    Incomplete::new("two-are-one", format!("{one} and {other} are both {address} once folded: delete one of them at the server"))
}

fn state(state: WireInvitationState) -> Invitation {
    match state {
        WireInvitationState::Open => Invitation::Open,
        WireInvitationState::Over => Invitation::Over,
        WireInvitationState::Declined => Invitation::Declined,
        WireInvitationState::Failed => Invitation::Failed,
    }
}

/// A word that is none of the system's: what it gives, nobody can say.
fn foreign<'v>(attr: &AttrSpec, value: &'v Value) -> Option<&'v Atom> {
    let (Kind::One(Words::Fixed(words)) | Kind::Set { words: Words::Fixed(words), .. }) = &attr.kind else { return None };
    let is_foreign = |atom: &&Atom| !words.iter().any(|w| **atom == w.word);
    match value {
        Value::One(atom) => Some(atom).filter(is_foreign),
        Value::Set(set) => set.iter().find(is_foreign),
        Value::Flag(_) | Value::Day(_) | Value::Text(_) | Value::Opaque(_) => None,
    }
}
