use crate::render::Kind;
use crate::run::{self, Stop};

use super::apply::tell_of_unfinished;
use super::args::DriftArgs;
use super::context::Context;
use super::{exit, plan};

pub(super) async fn run(context: &Context, args: &DriftArgs) -> Result<u8, Stop> {
    let mut request = context.request();
    if let Some(file) = &args.audit {
        request.audit.clone_from(file);
    }
    let found = run::plan(&request).await?;
    // Said, and no reason to fail: a journal that cannot be read is the next apply's matter.
    tell_of_unfinished(context, &request, false).ok();
    Ok(plan::show(context, &found, Kind::Drift, Some(&context.again()), exit::of_drift(&found)))
}
