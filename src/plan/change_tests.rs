use super::{AccountPlan, Change, Fact};
use crate::model::{Action, Attrs, Channel, Verb};
use crate::plan::sample;

/// A change by calls of these channels.
fn by(channels: &[Channel]) -> Change {
    let mut change = sample::change("a", Action::Edit, sample::member("a@acme.example"), None, None);
    change.calls = channels.iter().map(|c| sample::call(Verb::Set, c.word(), Attrs::new(), *c)).collect();
    change
}

#[test]
fn a_change_goes_through_the_api_where_one_of_its_calls_does() {
    use Channel::{Api, Manual, Unverifiable};
    for (channels, channel) in [
        (&[Manual, Api, Unverifiable][..], Api),
        (&[Api], Api),
        (&[Manual, Unverifiable], Manual),
        (&[Manual], Manual),
        (&[Unverifiable, Unverifiable], Unverifiable),
        (&[], Manual),
    ] {
        assert_eq!(by(channels).channel(), channel, "{channels:?}");
    }
    assert_eq!(by(&[Manual, Api, Unverifiable]).manual(), ["manual", "unverifiable"]);
}

#[test]
fn an_invitation_is_made_anew_by_deleting_it_and_inviting_again() {
    let of = |verbs: &[Verb]| {
        let mut change = by(&[]);
        change.calls = verbs.iter().map(|v| sample::call(*v, "call", Attrs::new(), Channel::Api)).collect();
        (change.is_anew(), change.mails())
    };
    assert_eq!(of(&[Verb::Delete, Verb::Invite]), (true, true));
    assert_eq!(of(&[Verb::Invite, Verb::Set]), (false, true));
    assert_eq!(of(&[Verb::Delete]), (false, false));
}

#[test]
fn an_administrator_is_lost_for_certain_or_perhaps() {
    for (ends, lost) in
        [(vec![], false), (vec![Fact::Administrators], true), (vec![Fact::PerhapsAdministrators], true), (vec![Fact::Whitelist], false)]
    {
        let mut change = by(&[Channel::Api]);
        change.ends = ends.into_iter().collect();
        assert_eq!(change.ends_administrator(), lost, "{:?}", change.ends);
    }
}

#[test]
fn an_apply_leaves_as_many_administrators_as_the_guard_or_the_plan_does() {
    let minimum = |limit, actual| {
        let guards = vec![sample::verdict("a", "removals", 9, 9), sample::verdict("a", "minimum-administrators", limit, actual)];
        AccountPlan { guards, ..sample::account("a", "solver", 3) }.minimum_administrators()
    };
    assert_eq!((minimum(2, 3), minimum(3, 2), minimum(1, 1)), (2, 2, 1));
    assert_eq!(sample::account("a", "solver", 3).minimum_administrators(), 0);
}

#[test]
fn one_guard_is_a_floor() {
    assert!(sample::verdict("a", "minimum-administrators", 1, 1).is_floor());
    assert!(!sample::verdict("a", "removals", 1, 1).is_floor());
}

#[test]
fn somebody_is_invited_by_what_the_api_sends_and_not_by_a_step_of_the_runbook() {
    for (verb, channel, invites) in [
        (Verb::Invite, Channel::Api, true),
        (Verb::Resend, Channel::Api, true),
        (Verb::Set, Channel::Api, false),
        (Verb::Invite, Channel::Manual, false),
        (Verb::Resend, Channel::Unverifiable, false),
    ] {
        let mut change = by(&[]);
        change.calls = vec![sample::call(verb, "call", Attrs::new(), channel)];
        assert_eq!(change.invites_somebody(), invites, "{verb:?} {channel:?}");
    }
}

#[test]
fn what_nothing_can_read_back_is_what_those_steps_set() {
    let mut change = by(&[]);
    let set = |key| sample::attrs([(key, sample::text("x"))]);
    change.calls = vec![
        sample::call(Verb::Set, "a", set("name"), Channel::Api),
        sample::call(Verb::Set, "b", set("role"), Channel::Manual),
        sample::call(Verb::Set, "c", set("groups"), Channel::Unverifiable),
    ];
    assert_eq!(change.unverifiable(), ["groups"]);
}
