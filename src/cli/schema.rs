use std::io::Write;

use crate::manifest::{self, diagnostic::nearest};
use crate::render;
use crate::run::Stop;
use crate::sandbox::serve;

use super::args::SchemaArgs;
use super::context::Context;
use super::exit;

/// The document of the bridge protocol, which is no JSON Schema.
const BRIDGE: &str = "bridge.openapi";

pub(super) fn run(context: &Context, args: &SchemaArgs) -> Result<u8, Stop> {
    // The files of `schemas/` go by the same names, with this ending.
    let short = |name: &str| name.strip_suffix(".schema.json").or_else(|| name.strip_suffix(".yaml")).unwrap_or(name).to_owned();
    let mut all: Vec<(String, serde_json::Value)> = manifest::schema::all().into_iter().map(|(n, s)| (short(&n), s)).collect();
    all.push(("faults".to_owned(), serve::faults_schema()));
    all.extend(render::SCHEMAS.iter().filter_map(|name| Some(((*name).to_owned(), render::schema(name)?))));
    all.push((BRIDGE.to_owned(), serve::openapi()));
    let (mut out, _) = context.out();
    let Some(name) = &args.name else {
        let printed = if context.is_json() {
            let names: Vec<&str> = all.iter().map(|(n, _)| n.as_str()).collect();
            render::json::write(&mut out, &serde_json::json!({ "schema_version": "1", "kind": "schemas", "schemas": names }))
        } else {
            all.iter().try_for_each(|(name, _)| writeln!(out, "{name}"))
        };
        return Ok(context.printed(out, printed, exit::DONE));
    };
    let found = all.iter().find(|(n, _)| *n == short(name));
    let Some((_, schema)) = found else {
        let near = nearest(name, all.iter().map(|(n, _)| n.as_str()));
        let message = format!("no schema is called `{name}`");
        return Err(match near {
            Some(near) => Stop::hinted(message, format!("did you mean `{near}`?")),
            None => Stop::hinted(message, "`portcullis schema` lists them"),
        });
    };
    // As its file is written, where JSON was not asked for.
    let printed = if short(name) == BRIDGE && !context.is_json() {
        out.write_all(serve::openapi_yaml().as_bytes())
    } else {
        render::json::write(&mut out, schema)
    };
    Ok(context.printed(out, printed, exit::DONE))
}
