use crate::render::Kind;
use crate::run::{self, Stop};

use super::args::DriftArgs;
use super::context::Context;
use super::{exit, plan};

pub(super) async fn run(context: &Context, _: &DriftArgs) -> Result<u8, Stop> {
    let found = run::plan(&context.request()).await?;
    Ok(plan::show(context, &found, Kind::Drift, Some(&context.again()), exit::of_drift(&found)))
}
