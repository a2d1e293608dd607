//! What a world is made from: small numbers that shrink well, and nothing that a manifest would be
//! refused for. `world.rs` builds it.

use portcullis::sandbox::Fault;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

/// One account, its actor, its people and its live state, in numbers.
#[derive(Debug, Clone)]
pub struct Blueprint {
    pub system: &'static str,
    pub clock: Clock,
    pub actor: ActorPlan,
    /// Whether the actor is a member of the account.
    pub actor_is_member: bool,
    pub policy: PolicyPlan,
    pub domains: DomainPlan,
    /// insider: groups are on; meta-gateway: the host sends mail.
    pub feature: bool,
    /// emma-hq: invitations go out without a mail.
    pub sso: bool,
    /// The only administrator goes, and the next one was just asked for.
    pub handover: bool,
    /// The first team's entry has no end, the second one's has.
    pub teams: [Option<EntryPlan>; 2],
    pub people: Vec<PersonPlan>,
    /// How a last reading goes wrong.
    pub fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy)]
pub struct Clock {
    pub instant: usize,
    pub zone: usize,
}

#[derive(Debug, Clone, Copy)]
pub enum ActorPlan {
    /// A service account with the system's highest role.
    Highest,
    /// emma-hq: these privileges, in these subaccounts.
    Manager { privileges: u8, scopes: u8 },
    /// emma-hq: on the page of one subaccount.
    OfSubaccount(u8),
    /// Below the roles that administer.
    Powerless,
}

#[derive(Debug, Clone, Copy)]
pub struct PolicyPlan {
    pub mode: u8,
    pub minimum: Option<u32>,
    pub cooldown_hours: i64,
    pub attempts: u32,
    /// Only where the system states none.
    pub life_hours: Option<i64>,
    /// Calls that could run side by side come in another order.
    pub pace: u64,
}

#[derive(Debug, Clone, Copy)]
pub struct DomainPlan {
    /// Which domains the whitelist has; none: it is off.
    pub live: Option<u8>,
    pub wanted: Wanted,
}

#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    Unmanaged,
    Off,
    /// The domains that the entries need, and these.
    List(u8),
}

/// What one may do, in picks: roles, words and scopes by their number in the system's lists.
#[derive(Debug, Clone, Copy)]
pub struct GrantPlan {
    pub role: u8,
    /// Privileges, or the flag; unmanaged where not said.
    pub power: Option<u8>,
    pub scopes: Option<u8>,
    pub groups: Option<u8>,
    pub limited: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
pub struct EntryPlan {
    pub grant: GrantPlan,
    /// Days from today.
    pub start: Option<i8>,
    /// Of a dated entry.
    pub end: i8,
    pub rolling: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Unlisted {
    Nothing,
    Ignored,
    Absent,
    Protected,
}

#[derive(Debug, Clone)]
pub struct PersonPlan {
    pub domain: u8,
    /// Else an outsider, named by address.
    pub in_directory: bool,
    pub teams: u8,
    pub undated: Option<EntryPlan>,
    pub dated: Option<EntryPlan>,
    pub unlisted: Unlisted,
    /// `now`, or the last day from today.
    pub leaves: Option<Option<i8>>,
    pub renamed: Renamed,
    pub live: Option<LivePlan>,
    pub named: bool,
    /// How the manifest writes the address, and how the server does.
    pub spelling: u8,
}

/// Whether the person had other addresses, and which of them are members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renamed {
    No,
    LiveUnderOld,
    LiveUnderNew,
    Both,
    /// Under two past ones, and not under the present one.
    TwoPast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhasePlan {
    Pending,
    Declined,
    Active,
    Locked,
    Expired,
    Suspended,
}

#[derive(Debug, Clone, Copy)]
pub struct LivePlan {
    pub phase: PhasePlan,
    pub grant: GrantPlan,
    /// Days from today.
    pub end: Option<i8>,
    pub sent_hours_ago: u16,
    pub attempts: u32,
    pub name: u8,
}

/// Worlds of one system.
pub fn blueprints(system: &'static str) -> BoxedStrategy<Blueprint> {
    let handover = if system == "emma-hq" { 0.0 } else { 0.08 };
    (
        (0usize..6, 0usize..3).prop_map(|(instant, zone)| Clock { instant, zone }),
        actors(system),
        prop::bool::weighted(0.3),
        policies(),
        domains(),
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.1),
        prop::bool::weighted(handover),
        (weighted(0.5, entries()), weighted(0.4, entries())),
        (vec(people(system), 2..=8), weighted(0.2, prop::sample::select(&Fault::ALL[..]))),
    )
        .prop_map(move |(clock, actor, actor_is_member, policy, domains, feature, sso, handover, teams, (people, fault))| Blueprint {
            system,
            clock,
            actor,
            actor_is_member,
            policy,
            domains,
            feature,
            sso,
            handover,
            teams: teams.into(),
            people,
            fault,
        })
        .boxed()
}

fn actors(system: &str) -> BoxedStrategy<ActorPlan> {
    if system != "emma-hq" {
        return prop_oneof![14 => Just(ActorPlan::Highest), 1 => Just(ActorPlan::Powerless)].boxed();
    }
    prop_oneof![
        6 => Just(ActorPlan::Highest),
        8 => (any::<u8>(), 1u8..8).prop_map(|(privileges, scopes)| ActorPlan::Manager { privileges, scopes }),
        4 => (0u8..3).prop_map(ActorPlan::OfSubaccount),
        1 => Just(ActorPlan::Powerless),
    ]
    .boxed()
}

fn policies() -> impl Strategy<Value = PolicyPlan> {
    (0u8..3, weighted(0.15, 2u32..=3), 0i64..=120, 1u32..=4, weighted(0.6, 24i64..=400), any::<u64>()).prop_map(
        |(mode, minimum, cooldown_hours, attempts, life_hours, pace)| PolicyPlan {
            mode,
            minimum,
            cooldown_hours,
            attempts,
            life_hours,
            pace,
        },
    )
}

fn domains() -> impl Strategy<Value = DomainPlan> {
    let wanted = prop_oneof![4 => Just(Wanted::Unmanaged), 1 => Just(Wanted::Off), 5 => (0u8..8).prop_map(Wanted::List)];
    (weighted(0.7, 0u8..8), wanted).prop_map(|(live, wanted)| DomainPlan { live, wanted })
}

fn grants() -> impl Strategy<Value = GrantPlan> {
    let scopes = prop_oneof![1 => Just(None), 1 => Just(Some(0)), 12 => (1u8..8).prop_map(Some)];
    (0u8..6, weighted(0.7, any::<u8>()), scopes, weighted(0.4, 0u8..8), weighted(0.4, 0u8..8))
        .prop_map(|(role, power, scopes, groups, limited)| GrantPlan { role, power, scopes, groups, limited })
}

fn entries() -> impl Strategy<Value = EntryPlan> {
    (grants(), weighted(0.2, -9i8..=6), -9i8..=40, prop::bool::weighted(0.2)).prop_map(|(grant, start, end, rolling)| EntryPlan {
        grant,
        start,
        end,
        rolling,
    })
}

fn people(system: &'static str) -> impl Strategy<Value = PersonPlan> {
    let unlisted = prop_oneof![
        20 => Just(Unlisted::Nothing),
        4 => Just(Unlisted::Ignored),
        6 => Just(Unlisted::Absent),
        1 => Just(Unlisted::Protected),
    ];
    let renamed = prop_oneof![
        16 => Just(Renamed::No),
        1 => Just(Renamed::LiveUnderOld),
        1 => Just(Renamed::LiveUnderNew),
        1 => Just(Renamed::Both),
        1 => Just(Renamed::TwoPast),
    ];
    (
        0u8..3,
        prop::bool::weighted(0.8),
        prop_oneof![3 => Just(0u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)],
        weighted(0.5, entries()),
        weighted(0.3, entries()),
        unlisted,
        weighted(0.08, weighted(0.7, -9i8..=5)),
        renamed,
        weighted(0.75, live(system)),
        (prop::bool::weighted(0.8), 0u8..9),
    )
        .prop_map(|(domain, in_directory, teams, undated, dated, unlisted, leaves, renamed, live, (named, spelling))| PersonPlan {
            domain,
            in_directory,
            teams,
            undated,
            dated,
            unlisted,
            leaves,
            renamed,
            live,
            named,
            spelling,
        })
}

fn live(system: &'static str) -> impl Strategy<Value = LivePlan> {
    // Only insider knows ends and suspended users.
    let (ended, suspended) = if system == "insider" { (3, 2) } else { (0, 0) };
    let phase = prop_oneof![
        8 => Just(PhasePlan::Pending),
        1 => Just(PhasePlan::Declined),
        12 => Just(PhasePlan::Active),
        2 => Just(PhasePlan::Locked),
        ended => Just(PhasePlan::Expired),
        suspended => Just(PhasePlan::Suspended),
    ];
    let name = prop_oneof![4 => Just(0u8), 1 => Just(1), 1 => Just(2)];
    (phase, grants(), weighted(0.4, -9i8..=30), 0u16..1000, 1u32..=4, name)
        .prop_map(|(phase, grant, end, sent_hours_ago, attempts, name)| LivePlan { phase, grant, end, sent_hours_ago, attempts, name })
}
