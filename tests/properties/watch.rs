//! A writer that looks at the whole account after every single call, and lets calls that may run
//! side by side come in any order.

use std::future::poll_fn;
use std::sync::Mutex;
use std::task::Poll;

use futures::future::BoxFuture;
use portcullis::backends::Writer;
use portcullis::model::{Call, Domains, Live, Outcome, Subject, Verb};
use portcullis::sandbox::Sandbox;

use super::world::World;

/// One call, and the account after it.
pub struct Step {
    pub subject: Subject,
    pub label: String,
    pub outcome: Outcome,
    /// The whitelist at the moment of an invitation.
    pub whitelist: Option<Domains>,
    pub members: Vec<Live>,
}

pub struct Watch<'a> {
    pub inner: &'a dyn Writer,
    pub world: &'a World,
    pub pace: u64,
    pub steps: Mutex<Vec<Step>>,
}

impl Writer for Watch<'_> {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, key: &'a str) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            pause(self.pace, key).await;
            // From here on nothing waits: nobody else's call comes between.
            let whitelist = (call.verb == Verb::Invite).then(|| whole(self.world).0);
            let outcome = self.inner.call(on, call, key).await;
            let (_, members) = whole(self.world);
            let step = Step { subject: on.clone(), label: call.label.clone(), outcome: outcome.clone(), whitelist, members };
            self.steps.lock().expect("no step panics").push(step);
            outcome
        })
    }
}

/// The account as somebody sees it who sees everything.
pub fn whole(world: &World) -> (Domains, Vec<Live>) {
    let sandbox = Sandbox::read(&world.path()).expect("the sandbox file");
    let page = sandbox.page(&world.unbounded, world.now, None, 1000).expect("a page");
    (sandbox.domains(&world.unbounded).expect("a whitelist"), page.members)
}

/// Gives way to the others a few times: how often depends on the world and the call alone.
async fn pause(pace: u64, key: &str) {
    let hash = key.bytes().fold(pace, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut turns = (hash >> 32) % 4;
    poll_fn(move |context| {
        if turns == 0 {
            return Poll::Ready(());
        }
        turns -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
