//! Flags whose text has a shape of its own.

use std::str::FromStr;

use clap::ValueEnum;
use jiff::Span;
use jiff::civil::Date;

/// `--allow [ACCOUNT:]CODE=N@DIGEST`: lifts one guard for one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowFlag {
    /// `None` where the plan has one account.
    pub account: Option<String>,
    pub code: String,
    pub count: u32,
    pub digest: String,
}

impl FromStr for AllowFlag {
    type Err = String;

    /// From the right, because an account's name may hold any of the separators and a code none.
    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || "expected [ACCOUNT:]CODE=N@DIGEST, as the plan prints it".to_owned();
        let (rest, digest) = text.rsplit_once('@').ok_or_else(shape)?;
        let hex = digest.strip_prefix("sha256:").ok_or_else(shape)?;
        if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("the digest is `sha256:` and 64 hex digits, as the plan prints it".to_owned());
        }
        let (rest, count) = rest.rsplit_once('=').ok_or_else(shape)?;
        let count = count.parse().map_err(|_| format!("`{count}` is no number from 0 on"))?;
        let (account, code) = match rest.rsplit_once(':') {
            Some((account, code)) => (Some(account.to_owned()), code),
            None => (None, rest),
        };
        if code.is_empty() || account.as_deref() == Some("") {
            return Err(shape());
        }
        Ok(Self { account, code: code.to_owned(), count, digest: digest.to_owned() })
    }
}

/// `--set KEY=VALUE`; a list is `a,b`, and what the key takes decides whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    pub value: String,
}

impl Setting {
    /// The value as a list; the empty text is the empty list.
    pub fn list(&self) -> Vec<&str> {
        self.value.split(',').map(str::trim).filter(|w| !w.is_empty()).collect()
    }
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err("expected KEY=VALUE".to_owned()),
        }
    }
}

/// `--within 30d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    pub text: String,
    time: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Hours(i64),
    /// Of the calendar: to the same day, or to the last of a shorter month.
    Months(i64),
}

impl Within {
    /// How many hours that is from a day on.
    pub fn hours(&self, from: Date) -> i64 {
        match self.time {
            Time::Hours(hours) => hours,
            Time::Months(months) => {
                let to = from.checked_add(Span::new().months(months)).unwrap_or(Date::MAX);
                to.duration_since(from).as_hours()
            }
        }
    }
}

impl FromStr for Within {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let months = text.strip_suffix('m').filter(|n| (1..=4).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
        let months = months.and_then(|n| n.parse().ok()).map(Time::Months);
        let time = months.or_else(|| crate::manifest::hours_of(text).map(Time::Hours));
        let time = time.ok_or("expected hours, days, weeks or months of the calendar, like 36h, 30d, 2w or 1m")?;
        Ok(Self { text: text.to_owned(), time })
    }
}

/// Where a membership stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PhaseWord {
    Pending,
    Active,
    Locked,
    Expired,
    Suspended,
}

impl PhaseWord {
    pub fn word(self) -> &'static str {
        match self {
            PhaseWord::Pending => "pending",
            PhaseWord::Active => "active",
            PhaseWord::Locked => "locked",
            PhaseWord::Expired => "expired",
            PhaseWord::Suspended => "suspended",
        }
    }
}

/// Access levels (SYSTEMS.md I6, I15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportLevel {
    Account,
    Group,
    Unassigned,
}

impl ExportLevel {
    pub fn level(self) -> crate::render::Level {
        match self {
            ExportLevel::Account => crate::render::Level::Account,
            ExportLevel::Group => crate::render::Level::Group,
            ExportLevel::Unassigned => crate::render::Level::Unassigned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn an_allow_names_account_guard_number_and_digest() {
        let allow: AllowFlag = format!("news:removals=12@{DIGEST}").parse().unwrap();
        assert_eq!((allow.account.as_deref(), &*allow.code, allow.count, &*allow.digest), (Some("news"), "removals", 12, DIGEST));
        let odd: AllowFlag = format!("a:b=c@d:removals=1@{DIGEST}").parse().unwrap();
        assert_eq!(odd.account.as_deref(), Some("a:b=c@d"));
        assert_eq!(format!("removals=1@{DIGEST}").parse::<AllowFlag>().unwrap().account, None);
    }

    #[test]
    fn an_allow_without_one_plan_is_refused() {
        for bad in ["removals=1", "removals@sha256:00", "removals=1@sha256:zz", "=1@", ":=1@", "removals=-1@", "removals=x@"] {
            let text = if bad.ends_with('@') { format!("{bad}{DIGEST}") } else { bad.to_owned() };
            assert!(text.parse::<AllowFlag>().is_err(), "{text}");
        }
        assert!(format!(":removals=1@{DIGEST}").parse::<AllowFlag>().is_err());
    }

    #[test]
    fn a_month_is_one_of_the_calendar() {
        let hours = |text: &str, from: &str| text.parse::<Within>().unwrap().hours(from.parse().unwrap());
        for (from, days) in [("2026-11-22", 30), ("2026-12-22", 31), ("2027-01-31", 28)] {
            assert_eq!(hours("1m", from), days * 24, "{from}");
        }
        assert_eq!((hours("30d", "2026-12-22"), hours("36h", "2026-12-22")), (720, 36));
        assert!(hours("9999m", "2026-12-22") > 0 && hours("9999m", "9999-01-01") > 0);
        for bad in ["1", "m", "-1m", "1M", "soon", "99999m"] {
            assert!(bad.parse::<Within>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_setting_may_be_a_list_or_empty() {
        let set: Setting = "subaccounts=emea, us".parse().unwrap();
        assert_eq!((&*set.key, set.list()), ("subaccounts", vec!["emea", "us"]));
        assert!("subaccounts=".parse::<Setting>().unwrap().list().is_empty());
        assert_eq!("settings=a=b".parse::<Setting>().unwrap().value, "a=b");
        assert!("role".parse::<Setting>().is_err() && "=x".parse::<Setting>().is_err());
    }
}
