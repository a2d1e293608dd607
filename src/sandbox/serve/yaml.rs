//! JSON as YAML that people read: one line a value, quotes where YAML would read something else.

use serde_json::Value as Json;

/// The document's text, with a line's end.
pub(super) fn text(of: &Json) -> String {
    let mut out = String::new();
    write(&mut out, of, 0);
    out.trim_start_matches('\n').to_owned() + "\n"
}

/// A value behind `key:`; what has parts begins on the next line.
fn write(out: &mut String, of: &Json, depth: usize) {
    match of {
        Json::Object(all) if !all.is_empty() => {
            for (key, value) in all {
                begin(out, depth);
                *out += &scalar(key);
                out.push(':');
                write(out, value, depth + 1);
            }
        }
        Json::Array(all) if !all.is_empty() => {
            for value in all {
                begin(out, depth);
                out.push('-');
                write(out, value, depth + 1);
            }
        }
        Json::String(text) => *out += &format!(" {}", scalar(text)),
        other => *out += &format!(" {other}"),
    }
}

/// An object in a list begins behind its dash.
fn begin(out: &mut String, depth: usize) {
    if out.ends_with('-') && out.rsplit('\n').next().is_some_and(|line| line.trim_start() == "-") {
        out.push(' ');
    } else {
        out.push('\n');
        *out += &"  ".repeat(depth);
    }
}

fn scalar(text: &str) -> String {
    const OTHERS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _./,;()-'".contains(c))
        && !text.ends_with(' ')
        && !OTHERS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Json::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn parts_stand_below_and_what_is_not_plain_is_quoted() {
        let of = json!({ "a": [{ "b": "c d", "on": [] }, ["x: y", 1, null]], "200": { "yes": true, "e": {} }, "$ref": "#/f" });
        let mut lines: Vec<String> = super::text(&of).lines().map(str::to_owned).collect();
        lines.sort();
        let mut want = [
            "a:",
            "  - b: c d",
            "    \"on\": []",
            "  - - \"x: y\"",
            "    - 1",
            "    - null",
            "\"200\":",
            "  \"yes\": true",
            "  e: {}",
            "\"$ref\": \"#/f\"",
        ];
        want.sort_unstable();
        assert_eq!(lines, want);
    }
}
