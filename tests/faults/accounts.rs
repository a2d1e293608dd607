//! One account of each system, in which somebody is to be invited, somebody widened and somebody removed.

use super::support::world::World;

/// What a test of one system needs.
pub struct Case {
    pub system: &'static str,
    make: fn(&str) -> World,
    facts: &'static str,
    /// What keeps the account going: an administrator, where the system has one among its members.
    root: &'static str,
    /// What everybody has, and what one of them is to have.
    less: &'static str,
    more: &'static str,
    /// What a new one has beside that.
    new: &'static str,
}

pub const CASES: [Case; 5] = [
    Case {
        system: "emma-hq",
        make: World::emma_hq,
        facts: "subaccounts: [emea, apac, us]; actor: { role: parent }",
        root: "role: manager, subaccounts: [emea, apac, us]",
        less: "role: author, subaccounts: [emea]",
        more: "role: editor, subaccounts: [apac, emea]",
        new: "",
    },
    Case {
        system: "gamoshi",
        make: World::gamoshi,
        facts: "links: { directory: links }; actor: { role: user-manager }",
        root: "role: user-manager",
        less: "role: user",
        more: "role: user-manager",
        new: "",
    },
    Case {
        system: "insider",
        make: World::insider,
        facts: "actor: { role: administrator }",
        root: "role: administrator",
        less: "role: viewer",
        more: "role: editor",
        new: ", end: 2026-12-20",
    },
    Case {
        system: "meta-gateway",
        make: World::meta_gateway,
        facts: "links: { directory: links }; actor: { role: admin }",
        root: "role: admin",
        less: "role: standard, data-sources: [one]",
        more: "role: standard, data-sources: [one, two]",
        new: "",
    },
    Case {
        system: "solver",
        make: World::solver,
        facts: "actor: { role: super-user }",
        root: "groups: [super-user]",
        less: "groups: [standard]",
        more: "groups: [advanced, standard]",
        new: "",
    },
];

/// So many people are left as they are; pages hold two, so that there are four.
const KEPT: usize = 5;
pub const PAGE: u32 = 2;
pub const PAGES: u32 = 4;

impl Case {
    /// The account as it is, in the sandbox.
    pub fn live(&self) -> World {
        let world = (self.make)(self.facts);
        let mut members = vec![format!("{{ email: root@acme.example, name: R, {} }}", self.root)];
        members.extend((0..KEPT).map(|i| format!("{{ email: kept{i}@acme.example, name: K, {} }}", self.less)));
        members.extend(["up", "gone"].map(|who| format!("{{ email: {who}@acme.example, name: U, {} }}", self.less)));
        world.live("", &members.iter().map(String::as_str).collect::<Vec<_>>());
        world
    }

    /// The manifests, in a folder that reaches the account through a bridge.
    pub fn bridged(&self, live: &World, addr: std::net::SocketAddr, token: &str, alone: bool) -> World {
        let world = live.bridged(addr, token, self.facts);
        self.wants(&world, alone);
        world
    }

    /// What is asked for: the invitation alone, or the edit and the removal as well.
    pub fn wants(&self, world: &World, alone: bool) {
        let mut members = vec![format!("{{ email: root@acme.example, {} }}", self.root)];
        members.extend((0..KEPT).map(|i| format!("{{ email: kept{i}@acme.example, {} }}", self.less)));
        members.push(format!("{{ email: up@acme.example, {} }}", if alone { self.less } else { self.more }));
        if alone {
            members.push(format!("{{ email: gone@acme.example, {} }}", self.less));
        }
        members.push(format!("{{ email: new@acme.example, name: New, {}{} }}", self.less, self.new));
        world.want("mode: authoritative", &members.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
