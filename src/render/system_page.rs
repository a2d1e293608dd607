//! What is known of a system, as a page.

use std::collections::BTreeMap;

use crate::manifest::BackendName;
use crate::model::Channel;
use crate::systems::{Keeper, SystemSpec};

use super::matrix;
use super::page::{Block, Cell, Page};
use super::system::{AttributeView, BackendView, ChannelView, FactView, OneOffView, SystemView, WordView};

/// The page of a system.
pub fn page(spec: &'static SystemSpec, view: &SystemView) -> Page {
    let mut page = Page { title: format!("{}: {}", view.system, view.product), blocks: Vec::new() };
    page.text(format!("{}.", capital(view.summary)));
    roles(&mut page, view);
    permissions(&mut page, spec, view);
    attributes(&mut page, view);
    lifecycle(&mut page, view);
    changes(&mut page, view);
    one_offs(&mut page, view);
    actors(&mut page, view);
    facts(&mut page, view);
    backends(&mut page, view);
    rules(&mut page, view);
    page
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|c| c.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

fn roles(page: &mut Page, view: &SystemView) {
    page.heading("Roles");
    let role = |r: &super::system::RoleView| {
        let mut says = vec![r.doc.to_owned()];
        if r.administers {
            says.push("Administers.".to_owned());
        }
        if r.high_risk {
            says.push("High risk.".to_owned());
        }
        if !r.assignable {
            says.push("Never asked for.".to_owned());
        }
        if r.role != r.attribute && r.attribute != "role" {
            says.push(format!("Written under `{}`.", r.attribute));
        }
        (r.role.to_owned(), says.join(" "))
    };
    page.terms(view.roles.iter().map(role).collect());
    let least = match view.least_administrators {
        1 => "At least one active administrator stays, at every moment".to_owned(),
        n => format!("At least {n} active administrators stay, at every moment"),
    };
    let recommended = match view.recommended_administrators {
        0 => String::new(),
        n => format!("; under {n} the plan warns"),
    };
    page.text(format!("{least}{recommended}."));
}

fn permissions(page: &mut Page, spec: &'static SystemSpec, view: &SystemView) {
    page.heading("Permissions");
    let matrix = matrix::matrix(spec);
    let conditional = matrix.rows.iter().flat_map(|r| &r.cells).any(|c| *c == Cell::If);
    page.blocks.push(Block::Matrix(matrix));
    let condition = if conditional { ", c: with what the row names" } else { "" };
    let administers = if view.permissions.iter().any(|p| p.administers) { "; !: its holder can change who has access" } else { "" };
    page.text(format!("x: held{condition}{administers}."));
}

fn attributes(page: &mut Page, view: &SystemView) {
    page.heading("What an entry can say");
    page.terms(view.attributes.iter().map(|a| (a.attribute.to_owned(), attribute(a))).collect());
    for attr in view.attributes.iter().filter(|a| a.words.iter().any(|w| !w.with.is_empty())) {
        page.heading(format!("{} by role", capital(attr.attribute)));
        let with = |w: &WordView| if w.with.is_empty() { "all".to_owned() } else { w.with.join(", ") };
        page.terms(attr.words.iter().map(|w| (w.word.to_owned(), with(w))).collect());
    }
}

fn attribute(attr: &AttributeView) -> String {
    let mut says = vec![attr.doc.to_owned()];
    let required = match (attr.required, attr.or) {
        (true, _) => ", required".to_owned(),
        (false, Some(or)) => format!(", exactly one of this and `{or}`"),
        (false, None) => String::new(),
    };
    says.push(format!("{}{required}.", capital(attr.kind)));
    if !attr.words.is_empty() && attr.words.iter().all(|w| w.with.is_empty()) {
        says.push(format!("One of {}.", attr.words.iter().map(|w| w.word).collect::<Vec<_>>().join(", ")));
    }
    if let Some(fact) = attr.words_from {
        says.push(format!("The connection's `{fact}` lists the words."));
    }
    if let Some((fact, word)) = attr.needs {
        says.push(format!("Needs `{fact}: [{word}]` in the connection."));
    }
    says.push(format!("{}.", capital(attr.merge)));
    if !attr.editable {
        says.push("Cannot be changed once the person is there.".to_owned());
    }
    if !attr.at_invitation && attr.editable && attr.attribute != "end" {
        says.push("Set after the invitation.".to_owned());
    }
    says.join(" ")
}

fn lifecycle(page: &mut Page, view: &SystemView) {
    page.heading("Invitations, ends and domains");
    let invitation = &view.invitation;
    let life = match (invitation.days, invitation.or_end) {
        (Some(1), _) => "lives one day".to_owned(),
        (Some(days), false) => format!("lives {days} days"),
        (Some(days), true) => format!("lives {days} days, or until an earlier end of access"),
        (None, _) => "no page says how long it lives: `invitations.life` of the account does, else it is never taken to be over".to_owned(),
    };
    let again = format!(
        "an invitation that is over is sent again after {} days, {} times in all (`invitations` of the account)",
        invitation.cooldown_hours / 24,
        invitation.attempts
    );
    let mut terms = vec![
        ("invitation".to_owned(), format!("{}; {life}.", capital(&invitation.mails))),
        ("again".to_owned(), format!("{}.", capital(&again))),
    ];
    if invitation.link {
        let link = "The server answers with a link, which is a secret: it is written to the connection's `links` and shown nowhere.";
        terms.push(("link".to_owned(), link.to_owned()));
    }
    if !invitation.not_arrived.is_empty() {
        terms.push(("not arrived".to_owned(), format!("{}.", capital(&invitation.not_arrived.join("; ")))));
    }
    let ends = match view.ends.most_days_ahead {
        Some(days) => format!(
            "The product ends access by itself, at 23:59:59 of the last day in the account's timezone, at most {days} days ahead. Where \
             a backend cannot write the end, portcullis ends the access on its first run after that day."
        ),
        None => "The product knows none: portcullis ends the access on its first run after the last day.".to_owned(),
    };
    terms.push(("ends".to_owned(), ends));
    let restored = match (view.ends.restores, view.ends.restore_mails) {
        (true, true) => "Who ended or was suspended is restored, which is no invitation; the product writes to them.",
        (true, false) => "Who ended or was suspended is restored, which is no invitation.",
        (false, _) => "Nobody is restored: who comes back is invited anew.",
    };
    terms.push(("restored".to_owned(), restored.to_owned()));
    terms.push(("locked".to_owned(), format!("{}.", capital(view.ends.locked))));
    let domains = match &view.domains {
        Some(d) if d.on_lists_existing => {
            "A whitelist of domains that new members may come from, or `off`. Switching it on lists the domains of all members."
        }
        Some(_) => "A whitelist of domains that new members may come from, or `off`.",
        None => "The product keeps no whitelist.",
    };
    terms.push(("domains".to_owned(), domains.to_owned()));
    page.terms(terms);
}

fn changes(page: &mut Page, view: &SystemView) {
    page.heading("How changes are made");
    let mut terms = Vec::new();
    for way in &view.changes {
        let mut on = match way.on {
            "any" => String::new(),
            "standing" => "active or locked".to_owned(),
            "ended" => "expired or suspended".to_owned(),
            other => other.to_owned(),
        };
        if let Some((fact, word)) = way.only_with {
            let comma = if on.is_empty() { "" } else { ", " };
            on += &format!("{comma}`{fact}: {word}`");
        }
        let call = |c: &super::system::CallView| match c.attributes[..] {
            [] => c.call.to_owned(),
            _ => format!("{} ({})", c.call, c.attributes.join(", ")),
        };
        let calls = way.calls.iter().map(call).collect::<Vec<_>>().join(", then ");
        let on = if on.is_empty() { String::new() } else { format!(" [{on}]") };
        terms.push((way.action().to_owned(), format!("{calls}{on}")));
    }
    page.terms(terms);
    page.text(
        "Calls in between that would carry nothing are left out, and several run in the order that never gives more than before or after.",
    );
}

fn one_offs(page: &mut Page, view: &SystemView) {
    page.heading("One-off actions");
    let term = |one: &OneOffView| {
        let mut on = match one.on {
            "any" => "any member".to_owned(),
            "standing" => "an active or locked member".to_owned(),
            "ended" => "an expired or suspended member".to_owned(),
            other => format!("a {other} member"),
        };
        if let Some((fact, word)) = one.only_with {
            on += &format!(", with `{word}` in the connection's `{fact}`");
        }
        let gives = match one.secret {
            Some(secret) => format!("{secret}, a secret, is written to the connection's `links`"),
            None if one.gives == "mail" => "the product writes to the member".to_owned(),
            None => "nobody is written to".to_owned(),
        };
        let through = match one.through[..] {
            [] => "by hand".to_owned(),
            _ => format!("through {}, else by hand", one.through.join(", ")),
        };
        (one.action().to_owned(), format!("For {on}; {gives}; {through}."))
    };
    page.terms(view.one_offs.iter().map(term).collect());
    page.text("`portcullis member ACTION EMAIL --account NAME`: never desired state, each confirmed, for one member at a time.");
}

fn actors(page: &mut Page, view: &SystemView) {
    page.heading("Who may act");
    let actors = &view.actors;
    let list = |words: &[&str]| if words.is_empty() { "nobody".to_owned() } else { words.join(", ") };
    let mut terms = vec![
        ("may act".to_owned(), format!("{}. Without a role in the connection's `actor` the highest is taken.", list(&actors.may_act))),
        ("sees everyone".to_owned(), format!("{}.", list(&actors.see_all))),
    ];
    if !actors.limits.is_empty() {
        terms.push(("page".to_owned(), format!("{}.", actors.limits.join("; "))));
    }
    terms.push(("reaches the unseen".to_owned(), format!("{}.", capital(actors.exists_elsewhere))));
    let rules = if actors.rules.len() == 1 { "Rule" } else { "Rules" };
    terms.push(("blocked by".to_owned(), format!("{rules} {}, before anything is sent.", actors.rules.join(", "))));
    page.terms(terms);
}

fn facts(page: &mut Page, view: &SystemView) {
    if view.facts.is_empty() {
        return;
    }
    page.heading("What the connection can say");
    let fact = |f: &FactView| {
        let words = f.words.iter().map(|w| format!("`{}`: {}", w.word, w.doc)).collect::<Vec<_>>().join(" ");
        let with = f.with.map(|(fact, word)| format!(" With `{fact}: {word}`.")).unwrap_or_default();
        (f.fact.to_owned(), format!("{} {}.{with} {words}", f.doc, capital(f.kind)).trim_end().to_owned())
    };
    page.terms(view.facts.iter().map(fact).collect());
}

fn backends(page: &mut Page, view: &SystemView) {
    page.heading("Backends");
    for backend in &view.backends {
        page.terms(vec![(backend.backend.to_owned(), format!("{}.", capital(&reads(view, backend))))]);
        let mut by_channel: BTreeMap<Channel, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        for ChannelView { call, attribute, .. } in &backend.calls {
            let found = backend.calls.iter().find(|c| c.call == *call && c.attribute == *attribute);
            let channel = found.map_or(Channel::Api, ChannelView::channel);
            let calls = by_channel.entry(channel).or_default().entry(call).or_default();
            calls.extend(attribute);
        }
        let terms = by_channel.into_iter().map(|(channel, calls)| {
            let each = calls
                .into_iter()
                .map(|(call, keys)| if keys.is_empty() { call.to_owned() } else { format!("{call} ({})", keys.join(", ")) });
            let what = match channel {
                Channel::Api => "through the API",
                Channel::Manual => "by hand",
                Channel::Unverifiable => "by hand, unverifiable",
            };
            (format!("- {what}"), each.collect::<Vec<_>>().join("; "))
        });
        page.terms(terms.collect());
    }
}

fn reads(view: &SystemView, backend: &BackendView) -> String {
    let unread: Vec<&str> = view.attributes.iter().map(|a| a.attribute).filter(|k| !backend.reads.contains(k)).collect();
    // What a bridge has, it says itself, and only when it is asked.
    let at_most = if backend.backend == BackendName::Bridge.word() { ", or what of it the bridge says that it has" } else { "" };
    let mut says = vec![format!("reads {}{at_most}", backend.reads.join(", "))];
    let unread: Vec<&str> = unread.into_iter().filter(|k| *k != "end" || view.ends.native).collect();
    if !unread.is_empty() {
        says.push(format!("cannot read {}", unread.join(", ")));
    }
    if !backend.reads_invitations {
        says.push("does not see invitations".to_owned());
    }
    if view.domains.is_some() && !backend.reads_domains {
        says.push("does not see the whitelist".to_owned());
    }
    if view.ends.native && !backend.keeps_ends {
        says.push("cannot write ends: portcullis ends the access".to_owned());
    }
    says.join("; ")
}

fn rules(page: &mut Page, view: &SystemView) {
    page.heading("Rules, and who keeps them");
    for keeper in Keeper::ALL {
        let of: Vec<(String, String)> =
            view.rules.iter().filter(|r| r.keeper == keeper.word()).map(|r| (r.rule.to_owned(), capital(r.text))).collect();
        if of.is_empty() {
            continue;
        }
        page.text(match keeper {
            Keeper::Product => "The product keeps these by itself:",
            Keeper::Portcullis => "portcullis keeps these; the product would let it happen:",
            Keeper::Both => "The product refuses it, and portcullis says so beforehand:",
        });
        page.terms(of);
    }
}
