//! What a scalar is, beside its text. Where a text is expected the text is the value, whatever the
//! kind: `no`, `0777`, `1e3`.

/// The kind of a plain scalar by the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScalarKind {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text,
}

impl ScalarKind {
    /// Resolves a plain scalar: `no`, `on` and `1:30` are text, `0777` is a decimal.
    pub fn of(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "true" | "True" | "TRUE" => return Self::Bool(true),
            "false" | "False" | "FALSE" => return Self::Bool(false),
            _ => {}
        }
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) || text.len() > 64 {
            return Self::Text;
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8)] {
            if let Some(digits) = text.strip_prefix(prefix)
                && digits.bytes().all(|b| b.is_ascii_hexdigit())
                && let Ok(number) = u64::from_str_radix(digits, radix)
            {
                return Self::UInt(number);
            }
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            if let Ok(number) = text.parse() {
                return Self::Int(number);
            }
            if let Ok(number) = text.parse() {
                return Self::UInt(number);
            }
        }
        let float = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+');
        match text.parse::<f64>() {
            Ok(number) if digits.bytes().all(float) && number.is_finite() => Self::Float(number),
            // JSON knows no infinity: the text stays
            _ => Self::Text,
        }
    }

    /// In words for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "no value",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::UInt(_) | Self::Float(_) => "a number",
            Self::Text => "a text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norway_octal_sexagesimal_and_dates() {
        use ScalarKind::{Bool, Float, Int, Null, Text, UInt};
        for (text, kind) in [
            ("no", Text),
            ("on", Text),
            ("1:30", Text),
            ("1_000", Text),
            ("2027-01-01", Text),
            (".inf", Text),
            ("-", Text),
            (".", Text),
            ("1e999", Text),
            ("0x", Text),
            ("0x+1", Text),
            ("0777", Int(777)),
            ("-7", Int(-7)),
            ("18446744073709551615", UInt(u64::MAX)),
            ("0o17", UInt(15)),
            ("1e3", Float(1000.0)),
            ("-.5", Float(-0.5)),
            ("true", Bool(true)),
            ("~", Null),
        ] {
            assert_eq!(ScalarKind::of(text), kind, "{text}");
        }
    }
}
