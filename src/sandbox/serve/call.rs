//! One call: read, made once under its key, answered.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::bridge::{CallAnswer, ProblemKind, WireCall, WireOutcome};
use crate::model::{Assign, Atom, Attrs, Call, Email, Key, Subject, Value, Verb};
use crate::systems::{Kind, SystemSpec, Words};

use super::account::Account;
use super::fault::HttpFault;
use super::keys::Known;
use super::reply::Reply;
use super::state::Shared;
use super::{Answer, Host, Sandbox, SandboxError, routes, wire};

/// A call that was read.
pub(super) struct Asked {
    pub on: Subject,
    wire: WireCall,
    call: Call,
    key: Option<String>,
}

/// The longest `Idempotency-Key`, in bytes.
const LONGEST_KEY: usize = 255;

/// Reads the body of a call.
///
/// # Errors
/// 400 or 422.
pub(super) fn asked(account: &Account, key: Option<&[u8]>, body: &[u8]) -> Result<Asked, Reply> {
    let bad = |why: String| Reply::problem(ProblemKind::BadRequest, Some(why));
    let wire: WireCall = serde_json::from_slice(body).map_err(|e| bad(e.to_string()))?;
    let (on, call) = wire::call(account.served.host.spec, &wire)?;
    let printable = |key: &[u8]| {
        let is_key = (1..=LONGEST_KEY).contains(&key.len()) && key.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        is_key.then(|| String::from_utf8_lossy(key).into_owned())
    };
    let key = match key.map(printable) {
        Some(None) => return Err(bad(format!("`Idempotency-Key` is 1 to {LONGEST_KEY} printable characters of ASCII"))),
        Some(Some(key)) => Some(key),
        None => None,
    };
    Ok(Asked { on, wire, call, key })
}

/// Makes the call, or says what it said before. Whoever asked may be gone before it ends.
pub(super) async fn made(shared: Arc<Shared>, account: Arc<Account>, asked: Asked, latency: std::time::Duration) -> Reply {
    let key = asked.key.as_deref().filter(|_| shared.settings.idempotency);
    if let Some(key) = key {
        match account.keys.begin(key, &asked.wire) {
            Known::New => {}
            Known::Done(reply) => return reply,
            Known::InProgress => return Reply::problem(ProblemKind::InProgress, None),
            Known::Reused => return Reply::problem(ProblemKind::KeyReused, None),
        }
    }
    routes::wait(latency).await;
    let (on, call) = (asked.on, asked.call);
    let work = {
        let (shared, account) = (Arc::clone(&shared), Arc::clone(&account));
        tokio::task::spawn_blocking(move || make(&shared, &account, &on, call))
    };
    let answer = work.await.unwrap_or_else(|_| Ok(Reply::problem(ProblemKind::Failed, None)));
    if let Some(key) = key {
        account.keys.end(key, answer.as_ref().ok().cloned());
    }
    answer.unwrap_or_else(|not_done| not_done)
}

/// # Errors
/// Where nothing was done, and it may be tried again.
fn make(shared: &Shared, account: &Account, on: &Subject, mut call: Call) -> Result<Reply, Reply> {
    let host = &account.served.host;
    let now = shared.now();
    let fires = |spoils: &dyn Fn(&HttpFault) -> Option<Twist>| shared.faults.fires(account.name(), |fault, _| spoils(fault));
    if fires(&|fault| (*fault == HttpFault::NotDone).then_some(Twist::NotDone)).is_some() {
        return Ok(said(Answer::Done));
    }
    if let Some(Twist::End(end)) = fires(&|fault| clamp(fault, host, now, &call)) {
        call.set.insert("end", Assign::To(Value::Day(Some(end))));
    }
    let twist = fires(&|fault| drop_role(fault, host.spec, &call));
    if let Some(Twist::Without(key)) = &twist {
        call.set.remove(key);
        if call.set.is_empty() {
            return Ok(said(Answer::Done));
        }
    }
    shared.count_write(account);
    let done = Sandbox::write(&account.served.path).and_then(|mut sandbox| {
        let answer = sandbox.call(host, now, on, &call)?;
        if let (Some(Twist::Another(roles)), Subject::Member(email), Answer::Done | Answer::Linked(_)) = (twist, on, &answer) {
            another_role(&mut sandbox, host, now, email, roles);
        }
        Ok(answer)
    });
    match done {
        Ok(answer) => Ok(said(answer)),
        Err(busy @ SandboxError::Busy { .. }) => Err(Reply::problem(ProblemKind::Unavailable, Some(busy.to_string()))),
        Err(lost @ SandboxError::Commit { .. }) => Ok(Reply::problem(ProblemKind::Failed, Some(lost.to_string()))),
        Err(no) => Ok(Reply::problem(ProblemKind::Refused, Some(no.to_string()))),
    }
}

fn said(answer: Answer) -> Reply {
    let done = |outcome, link| Reply::ok(&CallAnswer { outcome, link });
    match answer {
        Answer::Done => done(WireOutcome::Applied, None),
        Answer::Linked(link) => done(WireOutcome::Applied, Some(link.expose().to_owned())),
        Answer::AlreadyGone => done(WireOutcome::Already, None),
        Answer::Exists(no) => Reply::problem(ProblemKind::Exists, Some(no)),
        Answer::Refused(no) => Reply::problem(ProblemKind::Refused, Some(no)),
    }
}

/// What a lying server makes of a call.
enum Twist {
    NotDone,
    End(jiff::civil::Date),
    /// Everything but this.
    Without(Key),
    /// One of these roles instead, whichever the product takes.
    Another(Vec<Attrs>),
}

fn clamp(fault: &HttpFault, host: &Host, now: Timestamp, call: &Call) -> Option<Twist> {
    let (HttpFault::EndClamped { days }, Some(Assign::To(Value::Day(end)))) = (fault, call.set.get("end")) else { return None };
    let most = now.to_zoned(host.tenant.zone.clone()).date().checked_add(i32::from(*days).days()).ok()?;
    end.is_none_or(|end| end > most).then_some(Twist::End(most))
}

fn drop_role(fault: &HttpFault, spec: &SystemSpec, call: &Call) -> Option<Twist> {
    let chief = (*fault == HttpFault::RoleDropped).then(|| spec.chiefs().find(|attr| call.set.contains_key(attr.key)))??;
    match call.verb {
        Verb::Invite => {
            let asked = call.set.get(chief.key);
            let of = |value: Value| (asked != Some(&Assign::To(value.clone()))).then(|| Attrs::from([(chief.key, value)]));
            let words = |words: &Words| match words {
                Words::Fixed(fixed) => fixed.iter().filter(|w| w.assignable).map(|w| Atom::literal(w.word)).collect(),
                Words::Tenant(_) | Words::Discovered => Vec::new(),
            };
            let others: Vec<Attrs> = match &chief.kind {
                Kind::One(of_one) => words(of_one).into_iter().filter_map(|word| of(Value::One(word))).collect(),
                Kind::Set { words: of_set, .. } => words(of_set).into_iter().filter_map(|word| of(Value::Set([word].into()))).collect(),
                Kind::Flag | Kind::Day | Kind::Text | Kind::Opaque => Vec::new(),
            };
            (!others.is_empty()).then_some(Twist::Another(others))
        }
        _ => Some(Twist::Without(chief.key)),
    }
}

fn another_role(sandbox: &mut Sandbox, host: &Host, now: Timestamp, email: &Email, roles: Vec<Attrs>) {
    let _ = roles.into_iter().any(|role| sandbox.edit(host, now, email, &role).is_ok());
}

/// The instant of a date in `Retry-After`.
pub(super) fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(now)
}
