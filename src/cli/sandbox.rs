//! The people and the consoles on the other side: embedded accounts only.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::manifest::{self, BackendName, LivePhase};
use crate::model::{Atom, Attrs, Domains, Email, Name, Value};
use crate::render::{self, neutral::Neutral};
use crate::run::{Connected, Folder, Site, Stop};
use crate::sandbox::{Fault, Host, LiveAccount, LiveMember, Sandbox, SandboxError, Stored};
use crate::systems::{Kind, SystemSpec};

use super::args::{DirArg, Setting};
use super::context::Context;
use super::exit;
use super::serve::{self, ServeArgs};

/// Commands on embedded accounts only.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Replaces the live state of the embedded accounts that the file names.
    #[command(after_help = "Keep LIVE.yaml outside the manifests' folder, or in a hidden one (.sandbox/live.yaml): every\n\
        *.yaml below the manifests' folder is read as a manifest.\n\n\
        LIVE.yaml, the keys of which `portcullis explain live` tells:\n  \
        accounts:\n    \
          newsletter:                            # an embedded account of the manifests\n      \
            domains: [acme.example]              # the whitelist; left out, everybody may come in\n      \
            members:\n        \
              - email: ada@acme.example\n          \
                phase: active                    # pending, active, locked, expired or suspended\n          \
                role: manager                    # and the system's other attributes, as in a manifest\n        \
              - email: kim@agency.example\n          \
                phase: pending\n          \
                role: author\n          \
                invited: 2026-11-01T10:00:00Z    # when the invitation went out\n          \
                attempts: 1")]
    Load {
        /// The live state: members of accounts, their phases and what they hold.
        #[arg(value_name = "LIVE.yaml")]
        live: PathBuf,
        #[command(flatten)]
        at: DirArg,
    },
    /// The person accepts the invitation.
    Accept(OnMember),
    /// The person declines the invitation.
    Decline(OnMember),
    /// The product locks the member.
    Lock(OnMember),
    /// Sets attributes of a member, as somebody in the console would.
    Edit {
        #[command(flatten)]
        on: OnMember,
        /// Sets an attribute; a list is `a,b`. May be repeated.
        #[arg(long = "set", value_name = "KEY=VALUE", required = true)]
        set: Vec<Setting>,
    },
    /// Someone removes the member in the console.
    Remove(OnMember),
    /// Lists the mails that the sandbox would have sent.
    Outbox(DirArg),
    /// Counts the writes since the load.
    Calls(DirArg),
    Serve(ServeArgs),
}

/// A member of an embedded account; `--account` says of which, where the address is in several.
#[derive(Debug, Clone, clap::Args)]
pub struct OnMember {
    /// The member's address; `--account` where several embedded accounts have it.
    #[arg(value_name = "EMAIL")]
    pub email: String,
    #[command(flatten)]
    pub at: DirArg,
}

pub(super) fn run(context: &Context, command: &SandboxCommand) -> Result<u8, Stop> {
    let request = context.request();
    let folder = Folder::load(&request);
    let mut connected_to = context.request();
    // A live state names its accounts itself.
    if matches!(command, SandboxCommand::Load { .. }) {
        connected_to.accounts.clear();
    }
    let connected = Connected::embedded(&folder, &connected_to)?;
    let sites = connected.sites();
    // Counting what was sent is no mistake where nothing is embedded; acting on it is.
    let counts = matches!(command, SandboxCommand::Outbox(_) | SandboxCommand::Calls(_));
    if let (true, false, Some(first)) = (sites.is_empty(), counts, folder.manifests().reachable().into_iter().next())
        && let Some(stop) = Connected::not_embedded(folder.manifests(), first)
    {
        return Err(stop);
    }
    match command {
        SandboxCommand::Load { live, .. } => load(context, &folder, sites, live),
        SandboxCommand::Accept(on) => person(context, sites, on, "accepted", |s, h, e| s.accept(h, context.now, e)),
        SandboxCommand::Decline(on) => person(context, sites, on, "declined", |s, h, e| s.decline(h, context.now, e)),
        SandboxCommand::Lock(on) => person(context, sites, on, "locked", |s, h, e| s.lock(h, context.now, e)),
        SandboxCommand::Remove(on) => person(context, sites, on, "removed", |s, h, e| s.remove(h, context.now, e)),
        SandboxCommand::Edit { on, set } => edit(context, sites, on, set),
        SandboxCommand::Outbox(_) => outbox(context, sites),
        SandboxCommand::Calls(_) => calls(context, sites),
        SandboxCommand::Serve(args) => serve::run(context, &folder, &connected, args),
    }
}

fn host(site: &Site<'_>) -> Host {
    Host { account: site.name.clone(), spec: site.spec, tenant: site.tenant.clone() }
}

fn refused(why: SandboxError) -> Stop {
    Stop::failed(why.to_string())
}

fn load(context: &Context, folder: &Folder, sites: &[Site<'_>], file: &Path) -> Result<u8, Stop> {
    let source = manifest::source::read_one(file)
        .map_err(|wrong| Stop::Manifests { diagnostics: vec![*wrong], sources: manifest::Sources::default() })?;
    let live = manifest::parse_live(source.name(), source.text(), folder.manifests())
        .map_err(|diagnostics| Stop::Manifests { diagnostics, sources: manifest::Sources::single(source.name(), source.text()) })?;
    // All are looked for before the first is replaced.
    let mut found = Vec::new();
    for (account, doc) in live.accounts {
        match sites.iter().find(|s| *s.name == account) {
            Some(site) => found.push((site, doc)),
            None => {
                let why = Connected::not_embedded(folder.manifests(), &account);
                return Err(why.unwrap_or_else(|| Stop::failed(format!("the account `{account}` is not embedded"))));
            }
        }
    }
    let mut done = Vec::new();
    for (site, doc) in found {
        let members = doc.members.into_iter().map(|m| LiveMember {
            email: m.email,
            phase: phase(m.phase),
            attrs: m.attrs,
            invited: m.invited,
            attempts: m.attempts,
        });
        let live = LiveAccount {
            domains: doc.domains.unwrap_or(Domains::Off),
            members: members.collect(),
            fault: doc.fault.map(fault),
            delegates: doc.delegates.unwrap_or(true),
        };
        let mut sandbox = Sandbox::write(&site.file()).map_err(refused)?;
        sandbox.load(&host(site), context.now, &live).map_err(refused)?;
        let many = if live.members.len() == 1 { "member" } else { "members" };
        done.push(format!("{}: {} {many} loaded", site.name, live.members.len()));
    }
    Ok(say(context, &done))
}

/// The manifests' word as the sandbox stores it: the rooms share no type.
fn phase(phase: LivePhase) -> Stored {
    match phase {
        LivePhase::Pending => Stored::Pending,
        LivePhase::Active => Stored::Active,
        LivePhase::Locked => Stored::Locked,
        LivePhase::Expired => Stored::Expired,
        LivePhase::Suspended => Stored::Suspended,
    }
}

fn fault(fault: manifest::Fault) -> Fault {
    match fault {
        manifest::Fault::Failed => Fault::Failed,
        manifest::Fault::Short => Fault::Short,
        manifest::Fault::Repeated => Fault::Repeated,
        manifest::Fault::Contradictory => Fault::Contradictory,
    }
}

fn person(
    context: &Context,
    sites: &[Site<'_>],
    on: &OnMember,
    done: &str,
    act: impl FnOnce(&mut Sandbox, &Host, &Email) -> Result<(), SandboxError>,
) -> Result<u8, Stop> {
    let email = address(on)?;
    let site = single(sites, &email)?;
    let mut sandbox = Sandbox::write(&site.file()).map_err(refused)?;
    act(&mut sandbox, &host(site), &email).map_err(refused)?;
    Ok(say(context, &[format!("{}: {email} {done}", site.name)]))
}

fn address(on: &OnMember) -> Result<Email, Stop> {
    Email::parse(&on.email).map_err(|e| Stop::failed(format!("`{}`: {e}", on.email)))
}

/// The account that `--account` names, the only one, or the only one that has the address.
fn single<'s, 'f>(sites: &'s [Site<'f>], email: &Email) -> Result<&'s Site<'f>, Stop> {
    match sites {
        [site] => return Ok(site),
        [] => return Err(Stop::failed("the manifests have no embedded account")),
        _ => {}
    }
    let mut having = Vec::new();
    for site in sites {
        if Sandbox::read(&site.file()).and_then(|s| s.has(&host(site), email)).map_err(refused)? {
            having.push(site);
        }
    }
    match having.as_slice() {
        [site] => Ok(site),
        [] => Err(Stop::hinted(format!("no embedded account has the member {email}"), "`portcullis export` lists who is there")),
        several => {
            let names: Vec<&str> = several.iter().map(|s| s.name.as_str()).collect();
            Err(Stop::hinted(format!("{email} is in several accounts: {}", names.join(", ")), "add `--account NAME`"))
        }
    }
}

fn edit(context: &Context, sites: &[Site<'_>], on: &OnMember, set: &[Setting]) -> Result<u8, Stop> {
    let spec = single(sites, &address(on)?)?.spec;
    let attrs = set.iter().map(|s| attr(spec, s)).collect::<Result<Attrs, _>>()?;
    person(context, sites, on, "edited", |s, h, e| s.edit(h, context.now, e, &attrs))
}

fn attr(spec: &SystemSpec, setting: &Setting) -> Result<(crate::model::Key, Value), Stop> {
    let key = &setting.key;
    let bad = |why: String| Stop::failed(format!("--set {key}={}: {why}", setting.value));
    let Some(attr) = spec.attr(key) else {
        let near = manifest::diagnostic::nearest(key, spec.attrs.iter().map(|a| a.key));
        let hint = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
        return Err(bad(format!("{} has no attribute of that name{hint}", spec.name)));
    };
    let word = |text: &str| Atom::new(text).map_err(|e| bad(format!("`{text}` {e}")));
    let value = match &attr.kind {
        Kind::One(_) => Value::One(word(&setting.value)?),
        Kind::Set { .. } => Value::Set(setting.list().into_iter().map(word).collect::<Result<_, _>>()?),
        Kind::Flag => Value::Flag(setting.value.parse().map_err(|_| bad("write true or false".into()))?),
        Kind::Day if setting.value.is_empty() => Value::Day(None),
        Kind::Day => Value::Day(Some(setting.value.parse().map_err(|_| bad("write a day as 2026-12-31, or nothing".into()))?)),
        Kind::Text => Value::Text(Name::new(&setting.value)),
        Kind::Opaque => Value::Opaque(serde_json::from_str(&setting.value).map_err(|e| bad(e.to_string()))?),
    };
    Ok((attr.key, value))
}

fn outbox(context: &Context, sites: &[Site<'_>]) -> Result<u8, Stop> {
    let mut mails = Vec::new();
    for site in sites {
        let sandbox = Sandbox::read(&site.file()).map_err(refused)?;
        mails.extend(sandbox.outbox(&host(site), context.now).map_err(refused)?);
    }
    mails.sort_by(|a, b| (a.at, &a.account, &a.to, a.kind).cmp(&(b.at, &b.account, &b.to, b.kind)));
    let (mut out, _) = context.out();
    let printed = if context.is_json() {
        let rows = mails.iter().map(|m| json!({ "account": m.account, "to": m.to, "kind": m.kind.word(), "at": m.at.to_string() }));
        render::json::write(
            &mut out,
            &json!({ "schema_version": "1", "kind": "outbox", "sandbox": true, "mails": rows.collect::<Vec<_>>() }),
        )
    } else {
        writeln!(out, "SANDBOX: {} mails", mails.len()).and_then(|()| {
            mails.iter().try_for_each(|m| writeln!(out, "{}  {:<10}  {}  {}", m.at, m.kind.word(), m.account, Neutral(m.to.key())))
        })
    };
    Ok(context.printed(out, printed, exit::DONE))
}

fn calls(context: &Context, sites: &[Site<'_>]) -> Result<u8, Stop> {
    let mut writes = 0;
    for site in sites {
        let sandbox = Sandbox::read(&site.file()).map_err(refused)?;
        writes += sandbox.calls(&host(site)).map_err(refused)?;
    }
    let (mut out, _) = context.out();
    let printed = if context.is_json() {
        render::json::write(&mut out, &json!({ "schema_version": "1", "kind": "calls", "sandbox": true, "writes": writes }))
    } else {
        writeln!(out, "SANDBOX: {writes} writes since the load")
    };
    Ok(context.printed(out, printed, exit::DONE))
}

fn say(context: &Context, done: &[String]) -> u8 {
    let (mut out, _) = context.out();
    let printed = if context.is_json() {
        render::json::write(&mut out, &json!({ "schema_version": "1", "kind": "sandbox", "sandbox": true, "done": done }))
    } else {
        done.iter().try_for_each(|what| writeln!(out, "SANDBOX: {}", Neutral(what)))
    };
    context.printed(out, printed, exit::DONE)
}

impl Site<'_> {
    /// The database of an embedded account.
    fn file(&self) -> std::path::PathBuf {
        debug_assert_eq!(self.connection.backend, BackendName::Embedded);
        self.database.clone()
    }
}
