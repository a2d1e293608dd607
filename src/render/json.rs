use std::io;

use serde::Serialize;

use super::neutral::NeutralJson;

/// Writes one JSON document and a newline: pretty, keys in the order of the type, nothing in it
/// that a terminal or a CI runner would obey.
///
/// # Errors
/// What the stream answers.
pub fn write(out: &mut impl io::Write, document: &impl Serialize) -> io::Result<()> {
    let mut ser = serde_json::Serializer::with_formatter(&mut *out, NeutralJson::new());
    document.serialize(&mut ser)?;
    out.write_all(b"\n")
}
