//! The plans as of later days, each made once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{Attrs, Known, Live, Reading};
use crate::plan::Moment;
use crate::plan::account::Account;
use crate::plan::ahead::Made;
use crate::plan::change::AccountPlan;

/// Of one account; asked for where an actor may be refused.
pub(super) struct Days<'p> {
    account: &'p Account<'p>,
    moment: Moment,
    today: Date,
    now: &'p AccountPlan,
    then: BTreeMap<Date, AccountPlan>,
    after_eve: BTreeMap<Date, AccountPlan>,
}

impl<'p> Days<'p> {
    /// `now` is the plan of `today`.
    pub fn new(account: &'p Account<'p>, moment: Moment, today: Date, now: &'p AccountPlan) -> Self {
        Self { account, moment, today, now, then: BTreeMap::new(), after_eve: BTreeMap::new() }
    }

    /// The plan as of the day, made of what is there now.
    pub fn plan(&mut self, on: Date) -> &AccountPlan {
        if on <= self.today {
            return self.now;
        }
        self.then.entry(on).or_insert_with(|| self.account.plan(Moment { at: Some(on), ..self.moment }))
    }

    /// The plan as of the day, made of what the plan as of its eve makes of those who are seen in part.
    pub fn plan_after_eve(&mut self, on: Date) -> &AccountPlan {
        if !self.after_eve.contains_key(&on) {
            let account = self.account;
            let eve = self.plan(on.yesterday().unwrap_or(on));
            let made = Made::of(&eve.changes, &eve.blocked);
            let is_made = |live: &Live| live.attrs.values().any(Known::is_partly) && made.of_member(&live.email).is_some();
            let one = |live: &Live| if is_made(live) { with(live, &made.state(account, live).attrs) } else { live.clone() };
            let reading = Reading { members: account.reading.members.iter().map(one).collect(), ..account.reading.clone() };
            let plan = Account { reading: &reading, ..*account }.plan(Moment { at: Some(on), ..self.moment });
            self.after_eve.insert(on, plan);
        }
        &self.after_eve[&on]
    }
}

/// The member with what was made of it; what is seen in part still is.
pub(super) fn with(live: &Live, attrs: &Attrs) -> Live {
    let is_left = |key: &&str, known: &Known<_>| known.seen().is_none() && !known.is_partly() || attrs.contains_key(key);
    let now = |key, known: &Known<crate::model::Value>| match (attrs.get(key), known) {
        (Some(value), Known::Partly(_)) => Known::Partly(value.clone()),
        (Some(value), _) => Known::Seen(value.clone()),
        (None, known) => known.clone(),
    };
    let kept = live.attrs.iter().filter(|(key, known)| is_left(key, known)).map(|(key, known)| (*key, now(*key, known)));
    let new = attrs.iter().filter(|(key, _)| live.attrs.get(key).is_none()).map(|(key, value)| (*key, Known::Seen(value.clone())));
    Live { attrs: kept.chain(new).collect(), ..live.clone() }
}
