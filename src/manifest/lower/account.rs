//! `accounts.NAME`: who may enter one account.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::attribute::repeated;
use super::{Context, entry, guard};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::{not_yet, wrong_type};
use crate::manifest::{AccountDoc, Diagnostic, GuardLimit, Invitations, Lint, Manifests, Mode, Pattern, read};
use crate::model::{Atom, Domain, Domains, Email, Located, Place, is_unprintable};
use crate::systems::{self, Life, Removal, SystemSpec};

/// Codes of blocks (CONTRACT.md, `blocked` codes).
const BLOCKED: &[&str] = &[
    "actor-lacks-role",
    "actor-lacks-subaccount",
    "actor-lacks-privilege",
    "exists-elsewhere",
    "awaits-acceptance",
    "awaits-blocked",
    "order-cycle",
    "no-safe-path",
    "administrators-unknown",
    "domain-not-allowed",
];

/// Connections that a hint names.
const MOST_NAMED: usize = 3;

/// What the entries of an account need to know of it.
pub(super) struct About<'a> {
    pub name: &'a str,
    pub spec: Option<&'static SystemSpec>,
    /// What its connection states; none without one.
    pub facts: Option<BTreeMap<crate::model::Key, crate::model::Value>>,
    /// Where the connection stands, if it names no timezone.
    pub lacks_zone: Option<Place>,
    /// The account's own list of domains.
    pub domains: Option<Located<Domains>>,
}

pub(super) fn lower<'a>(
    name: &'a str,
    at: Cursor<'a>,
    top: &BTreeMap<Atom, Located<GuardLimit>>,
    context: &mut Context<'a>,
    sink: &mut Sink,
) -> Option<AccountDoc> {
    let named = at.get("connection").and_then(|value| read::atom(sink, value));
    let connection_name = match &named {
        Some(named) => named.clone(),
        None => Atom::new(name).ok()?,
    };
    let connection = context.connections.get(connection_name.as_str());
    if connection.is_none() && context.is_whole {
        let diagnostic = unreached(name, at, named.as_ref(), context, sink);
        sink.say(diagnostic);
    }
    let facts = connection.map(|c| c.facts.clone());
    let lacks_zone = connection.filter(|c| !c.has_zone).map(|c| c.at.clone());
    let (spec, backend) = (connection.and_then(|c| c.spec), connection.and_then(|c| c.backend));
    // Without a connection the rest is judged by what the account says of itself.
    let restated_spec = at.get("system").and_then(|system| systems::find(system.text()?));
    let spec = if connection.is_none() { restated_spec } else { spec };
    if at.map().is_none() {
        sink.say(wrong_type(at, "a mapping"));
        return None;
    }
    context.shapes.account(spec).check(at, sink);
    if let Some(system) = at.get("system") {
        restated(sink, system, connection.and_then(|c| c.spec.map(|s| (s, &c.at))));
    }
    let mut mode = at.get("mode").and_then(|m| mode(sink, m)).unwrap_or_default();
    if mode == Mode::Authoritative && at.get("members").is_none() {
        // a key that is left out is unmanaged: then nobody is unlisted, and nobody is removed for it
        mode = Mode::Additive;
        let place = at.get("mode").map_or_else(|| at.key_place(), Cursor::place);
        let message = "`authoritative` has no effect without `members`: who is a member is not managed here";
        sink.say(Diagnostic::warning("missing-members", message, place).hint("write `members`, and `members: []` for nobody"));
    }
    let (domains, domain_places) = match (at.get("domains"), spec) {
        (Some(value), Some(spec)) if spec.domains.is_some() => {
            self::domains(sink, value).map_or((None, BTreeMap::new()), |(d, p)| (Some(d), p))
        }
        _ => (None, BTreeMap::new()),
    };
    let about = About { name, spec, facts, lacks_zone, domains };
    let members = match at.get("members").and_then(|m| read::list(sink, m)) {
        Some(items) => {
            // nearly all of them are right
            let mut all = Vec::with_capacity(items.len());
            all.extend(items.filter_map(|item| entry::lower(item, &about, context, sink)));
            all
        }
        None => Vec::new(),
    };
    let tenant = at.get("tenant").filter(|_| spec.is_none_or(|s| s.tenants.is_some())).and_then(|value| read::atom(sink, value));
    Some(AccountDoc {
        connection: connection_name,
        tenant,
        spec,
        mode,
        ignore: at.get("ignore").map(|i| patterns(sink, i)).unwrap_or_default(),
        protect: at.get("protect").map(|p| addresses(sink, p)).unwrap_or_default(),
        absent: at.get("absent").map(|a| addresses(sink, a)).unwrap_or_default(),
        domains: about.domains,
        domain_places,
        members,
        guards: at.get("guards").map(|g| guard::of_account(g, spec, top, sink)).unwrap_or_default(),
        accept_blocked: at.get("accept-blocked").map(|a| blocked(sink, a)).unwrap_or_default(),
        audit_required: at.get("audit").and_then(|a| read::word(sink, a, &[("required", true)])).unwrap_or(false),
        lints: at.get("lints").map(|l| lints(sink, l)).unwrap_or_default(),
        reviewed: at.get("reviewed").and_then(|r| read::day(sink, r)),
        invitations: at.get("invitations").map(|i| invitations(sink, i, spec)).unwrap_or_default(),
        on_removal: at.get("on-removal").and_then(|r| removal(sink, r, backend)).unwrap_or_default(),
        at: at.key_place(),
    })
}

/// No connection of the name that the account gives, or of its own.
fn unreached(name: &str, at: Cursor<'_>, named: Option<&Atom>, context: &Context<'_>, sink: &mut Sink) -> Diagnostic {
    let known = context.connections.keys().copied();
    if let Some(named) = named {
        let place = at.get("connection").map_or_else(|| at.key_place(), Cursor::place);
        let diagnostic = Diagnostic::error("unknown-connection", format!("no connection is called {}", quoted(named.as_str())), place);
        return sink.suggest(diagnostic, named.as_str(), known);
    }
    let message = format!("no connection is called {}, and the account names no other by `connection`", quoted(name));
    let diagnostic = Diagnostic::error("unknown-account", message, at.key_place());
    // An account that says which tenant it is belongs to a connection that has tenants.
    let of_tenants = context.connections.iter().filter(|(_, c)| c.spec.is_some_and(|s| s.tenants.is_some()));
    let lines: Vec<String> = of_tenants.map(|(connection, _)| format!("`connection: {connection}`")).collect();
    if at.get("tenant").is_some() && !lines.is_empty() && lines.len() <= MOST_NAMED {
        return diagnostic.hint(format!("write {} in this account", lines.join(" or ")));
    }
    sink.suggest(diagnostic, name, known)
}

/// One account a connection, and where its system has tenants one account a tenant.
/// An export is of one account: two tenants would read the same list.
pub(super) fn shared(manifests: &Manifests, sink: &mut Sink) {
    let accounts = &manifests.accounts;
    let is_export = |account: &AccountDoc| manifests.connections.get(&account.connection).is_some_and(|c| c.roster.is_some());
    let mut first: BTreeMap<(&Atom, Option<&Atom>), &AccountDoc> = BTreeMap::new();
    for (name, account) in accounts {
        let Some(spec) = account.spec else { continue };
        let tenant = spec.tenants.filter(|_| !is_export(account)).map(|_| account.tenant.as_ref().unwrap_or(name));
        let Some(other) = first.get(&(&account.connection, tenant)) else {
            first.insert((&account.connection, tenant), account);
            continue;
        };
        let connection = quoted(account.connection.as_str());
        let diagnostic = match tenant {
            Some(tenant) => {
                let message = format!(
                    "{} is the tenant {} of {connection}, and so is another account",
                    quoted(name.as_str()),
                    quoted(tenant.as_str())
                );
                Diagnostic::error("tenant-shared", message, account.at.clone())
                    .hint("write in each account `tenant: ID`, as the host calls it")
            }
            None if is_export(account) => {
                let message = format!("{} uses {connection}, and so does another account: an export is of one", quoted(name.as_str()));
                Diagnostic::error("connection-shared", message, account.at.clone()).hint("write a connection for each, with its own `file`")
            }
            None => {
                let message =
                    format!("{} uses {connection}, and so does another account: {} has no tenants", quoted(name.as_str()), spec.name);
                Diagnostic::error("connection-shared", message, account.at.clone()).hint("write a connection for each")
            }
        };
        sink.say(diagnostic.related(other.at.clone(), "the other account"));
    }
}

/// `system` under an account agrees with its connection.
fn restated(sink: &mut Sink, at: Cursor<'_>, connection: Option<(&'static SystemSpec, &Place)>) {
    let Some(found) = read::text(sink, at) else { return };
    if systems::NOT_YET.contains(&found) {
        sink.say(not_yet(found, at.place()));
    } else if systems::find(found).is_none() {
        sink.say(read::unknown_word(found, systems::ALL.iter().map(|s| s.name), at));
    } else if let Some((spec, place)) = connection
        && spec.name != found
    {
        let message = format!("the connection of this account says `{}`", spec.name);
        sink.say(Diagnostic::error("system-differs", message, at.place()).expected(spec.name).related(place.clone(), "the connection"));
    }
}

fn mode(sink: &mut Sink, at: Cursor<'_>) -> Option<Mode> {
    read::word(sink, at, &[("adopt", Mode::Adopt), ("additive", Mode::Additive), ("authoritative", Mode::Authoritative)])
}

fn removal(sink: &mut Sink, at: Cursor<'_>, backend: Option<crate::manifest::BackendName>) -> Option<Removal> {
    if let Some(backend) = backend.filter(|b| !b.deactivates()) {
        let message = format!("the backend `{}` knows one kind of removal", backend.word());
        sink.say(Diagnostic::error("not-for-this-backend", message, at.key_place()).hint("leave `on-removal` out"));
        return None;
    }
    read::word(sink, at, &[("deactivate", Removal::Deactivate), ("delete", Removal::Delete)])
}

/// `off`, or a list that is not empty (SYSTEMS.md I14).
fn domains(sink: &mut Sink, at: Cursor<'_>) -> Option<(Located<Domains>, BTreeMap<Domain, Place>)> {
    if at.text() == Some("off") {
        return Some((Located::new(Domains::Off, at.place()), BTreeMap::new()));
    }
    let Some(items) = at.list() else {
        sink.say(wrong_type(at, "`off` or a list of domains"));
        return None;
    };
    let mut places: BTreeMap<Domain, Place> = BTreeMap::new();
    let (mut whole, mut any) = (true, false);
    for item in items {
        any = true;
        match read::domain(sink, item) {
            Some(domain) => match places.get(&domain.value) {
                Some(first) => sink.say(repeated(domain.value.as_str(), domain.at, first.clone())),
                None => {
                    places.insert(domain.value, domain.at);
                }
            },
            None => whole = false,
        }
    }
    if !any {
        let message = "an empty whitelist: nobody could be invited";
        sink.say(
            Diagnostic::error("empty-domains", message, at.place())
                .expected("`off` or a list of domains")
                .hint("write `off` for no whitelist, or leave the key out to leave it alone"),
        );
        return None;
    }
    whole.then(|| (Located::new(Domains::Only(places.keys().cloned().collect()), at.place()), places))
}

fn addresses(sink: &mut Sink, at: Cursor<'_>) -> Vec<Located<Email>> {
    let mut first: HashMap<Email, Place> = HashMap::new();
    let mut all = Vec::new();
    for item in read::list(sink, at).into_iter().flatten() {
        let Some(email) = read::email(sink, item) else { continue };
        if email.value.key().contains('*') {
            let message = format!("{} is one address here, and would mean nobody", quoted(email.value.key()));
            sink.say(Diagnostic::error("bad-address", message, email.at).expected("whole addresses: `ignore` alone takes `*`"));
            continue;
        }
        if let Some(before) = first.get(&email.value) {
            sink.say(repeated(email.value.key(), email.at, before.clone()));
        } else {
            first.insert(email.value.clone(), email.at.clone());
            all.push(email);
        }
    }
    all
}

/// Addresses with `*` for any run of characters.
fn patterns(sink: &mut Sink, at: Cursor<'_>) -> Vec<Located<Pattern>> {
    let mut all = Vec::new();
    for item in read::list(sink, at).into_iter().flatten() {
        let Some(found) = read::text(sink, item) else { continue };
        let bad = found.is_empty() || found.len() > 320 || found.chars().any(|c| c.is_whitespace() || is_unprintable(c));
        if bad || (!found.contains('*') && Email::parse(found).is_err()) {
            let message = format!("{} is no address and no pattern", quoted(found));
            sink.say(
                Diagnostic::error("bad-address", message, item.place())
                    .expected("an address, with `*` for any characters: *@vendor.example"),
            );
            continue;
        }
        match Pattern::parse(found) {
            Some(pattern) => all.push(Located::new(pattern, item.place())),
            None => {
                let message = format!("{} matches no address: a `*` inside a part of a domain that is not ASCII", quoted(found));
                let diagnostic = Diagnostic::error("bad-address", message, item.place());
                sink.say(
                    diagnostic
                        .expected("`*` for whole parts of the domain: *@*.vendor.example")
                        .hint("or write the domain as it is in ASCII: xn--..."),
                );
            }
        }
    }
    all
}

fn blocked(sink: &mut Sink, at: Cursor<'_>) -> BTreeSet<Atom> {
    let words: Vec<(&str, &str)> = BLOCKED.iter().map(|code| (*code, *code)).collect();
    let items = read::list(sink, at).into_iter().flatten();
    items.filter_map(|item| read::word(sink, item, &words)).filter_map(|code| Atom::new(code).ok()).collect()
}

/// `CODE: off`, or `CODE: { off: "why" }`. Codes that are none are unknown keys of the shape.
fn lints(sink: &mut Sink, at: Cursor<'_>) -> BTreeMap<Lint, Place> {
    let mut off = BTreeMap::new();
    for (word, value) in read::map(sink, at).into_iter().flatten() {
        let Some(lint) = Lint::find(word) else { continue };
        let is_off = match value.map() {
            Some(keys) => because(sink, keys, value),
            None => read::word(sink, value, &[("off", ())]).is_some(),
        };
        if is_off {
            off.insert(lint, value.key_place());
        }
    }
    off
}

/// `off: "why"`, and nothing else.
fn because<'a>(sink: &mut Sink, keys: impl Iterator<Item = (&'a str, Cursor<'a>)>, at: Cursor<'_>) -> bool {
    let (mut is_off, mut said) = (false, false);
    for (key, value) in keys {
        said = true;
        if key == "off" {
            is_off = match read::reason(sink, value) {
                Some(reason) if reason.is_empty() => {
                    let diagnostic = Diagnostic::error("bad-word", "an empty reason", value.place());
                    sink.say(diagnostic.expected("why this is not followed here").hint("`CODE: off` says no reason"));
                    false
                }
                reason => reason.is_some(),
            };
        } else {
            let diagnostic = Diagnostic::error("unknown-key", format!("{} is not known here", quoted(key)), value.key_place());
            let diagnostic = sink.suggest(diagnostic.expected("`off`"), key, ["off"].into_iter());
            sink.say(diagnostic);
        }
    }
    if !said {
        sink.say(Diagnostic::error("missing-key", "`off` is missing", at.place()).expected("`off` with the reason"));
    }
    is_off
}

fn invitations(sink: &mut Sink, at: Cursor<'_>, spec: Option<&SystemSpec>) -> Invitations {
    let mut out = Invitations::default();
    if let Some(hours) = at.get("cooldown").and_then(|c| read::hours(sink, c)) {
        out.cooldown_hours = hours;
    }
    if let Some(attempts) = at.get("attempts").and_then(|a| read::count(sink, a)) {
        out.attempts = attempts;
    }
    if let Some(value) = at.get("life") {
        match spec {
            Some(spec) if spec.invitation.life != Life::Setting => {
                let message = format!("{} says itself how long an invitation lives", spec.name);
                sink.say(Diagnostic::error("wrong-setting", message, value.key_place()).hint("leave `life` out"));
            }
            _ => out.life_hours = read::hours(sink, value),
        }
    }
    out
}
