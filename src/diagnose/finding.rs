//! The shape of a finding, as it is serialised.

use serde::Serialize;

/// What went wrong, judged from the lines.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The rule that found it, with a number where it found several: `502-refused`, `500-one-route.2`.
    pub id: String,
    /// The word for the cause.
    pub cause: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The codes of the requests, the most frequent first.
    pub codes: Vec<u16>,
    /// The method, if all requests have the same.
    pub method: Option<String>,
    /// The route, if all requests have the same.
    pub route: Option<String>,
    /// RFC 3339, UTC: the first request; `null` when no record states a time.
    pub start: Option<String>,
    /// RFC 3339, UTC: the last request.
    pub end: Option<String>,
    /// It lasts from the start of the log or up to its end: nothing is known of before or after.
    pub open: Open,
    /// Requests that it is about.
    pub count: u64,
    /// Requests in the same time on the same routes.
    pub of: u64,
    /// Both numbers, and those in the evidence, are estimates: of a code with very many records a sample was looked at.
    pub estimated: bool,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// What went wrong, in a line.
    pub title: String,
    /// What the lines say for it, with numbers.
    pub evidence: Vec<String>,
    /// What to do, most useful first.
    pub fixes: Vec<String>,
    /// What would speak against it.
    pub refuted_by: &'static str,
    /// What else it could be; empty for nothing known.
    pub doubt: String,
    /// Who and what is affected.
    pub affected: Affected,
    /// Some of the lines.
    pub samples: Vec<Sample>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look when there is time.
    Notice,
    /// Look today.
    Warning,
    /// Users are hurt.
    Error,
    /// Users are hurt everywhere, or the host is in danger.
    Critical,
}

/// Which ends of a finding lie outside of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Its requests begin with the log.
    pub before: bool,
    /// They go on to the end of the log.
    pub after: bool,
}

/// The blast radius. Of each the most frequent few, and how many there are; of a large log an estimate from a sample.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Affected {
    /// Routes with their methods.
    pub routes: Vec<Share>,
    /// How many routes.
    pub routes_total: usize,
    /// Hosts asked for.
    pub hosts: Vec<Share>,
    /// Upstream addresses.
    pub upstreams: Vec<Share>,
    /// Clients.
    pub clients: Vec<Share>,
    /// How many clients.
    pub clients_total: usize,
}

/// A value and the requests that have it.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// The value.
    pub name: String,
    /// Requests.
    pub count: u64,
}

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// The input that it stands in.
    pub input: String,
    /// Its number, from 1.
    pub line: u64,
    /// Its text, secrets masked, cut when long.
    pub text: String,
}

/// A field that is not logged and would make findings surer.
#[derive(Clone, Debug, Serialize)]
pub struct Advice {
    /// Its name, as rules call it.
    pub field: &'static str,
    /// What it would tell.
    pub tells: String,
    /// What to put into the server's log format.
    pub add: String,
}

impl Severity {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The one of that word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Info, Self::Notice, Self::Warning, Self::Error, Self::Critical].into_iter().find(|s| s.word() == word)
    }
}
