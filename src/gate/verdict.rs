//! What a gate says, as it is serialised: a verdict on the log, and on each rule with the numbers that decided it.

use crate::diagnose::Sample;
use crate::model::human;
use crate::report::{Input, LineCounts, Span};
use serde::Serialize;

/// What a gate says of a log. Its JSON form is a promise; fields may be added, none renamed.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// 1; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The worst of all rules'; rules of severity `warning` do not count.
    pub verdict: Outcome,
    /// The rules are the ones that are used when none are given.
    pub default_rules: bool,
    /// What was read.
    pub inputs: Vec<Input>,
    /// How the lines ended.
    pub lines: LineCounts,
    /// The first and the last record; `null` when no record states a time.
    pub span: Option<Span>,
    /// Where the baseline came from.
    pub baseline: Option<String>,
    /// Each rule, in the order given.
    pub rules: Vec<Ruling>,
    /// The findings that rulings name, in short.
    pub findings: Vec<Cause>,
    /// Things that went wrong while reading.
    pub warnings: Vec<String>,
}

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// Too little is known to say.
    Inconclusive,
    /// It is violated.
    Fail,
}

impl Outcome {
    /// The word that it is serialised as.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

/// How one rule came out. The numbers are those of the part that decided: the worst group in its worst window.
#[derive(Clone, Debug, Serialize)]
pub struct Ruling {
    /// The rule as written.
    pub rule: String,
    /// Its name in the configuration.
    pub name: Option<String>,
    /// `warning`, `error` or `critical`.
    pub severity: &'static str,
    /// How it came out.
    pub verdict: Outcome,
    /// What the values are: see [`Unit`].
    pub unit: Unit,
    /// What decided.
    #[serde(flatten)]
    pub part: Part,
    /// Why, in a sentence with the numbers.
    pub reason: String,
    /// Other parts that are violated or in doubt, the worst first: at most [`MOST_OTHERS`].
    pub others: Vec<Part>,
    /// Parts that are violated, this one included.
    pub violations: usize,
    /// When it was true, in order of time; only rules over windows have these.
    pub alerts: Vec<Alert>,
    /// Some of the lines, secrets masked.
    pub samples: Vec<Sample>,
    /// Ids of the findings that speak of the same requests.
    pub findings: Vec<String>,
    /// What to do, most useful first.
    pub fixes: Vec<String>,
}

/// More parts than these are only counted.
pub const MOST_OTHERS: usize = 20;

/// What a ruling's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Parts of a whole, 0 to 1.
    Share,
    /// Requests.
    Count,
    /// Seconds.
    Seconds,
    /// Times what it is in the baseline, or outside of the window.
    Times,
}

impl Unit {
    /// A value as people read it.
    pub fn text(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => "more than can be said".to_owned(),
            Self::Share => format!("{} %", human::digits(value * 100.0)),
            Self::Count => human::digits(value),
            Self::Seconds => human::seconds(value),
            Self::Times => format!("{}x", human::digits(value)),
        }
    }
}

/// A group of requests, and what was measured of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Part {
    /// The service, where the rule is by service or by route and services are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method, where the rule tells methods apart.
    pub method: Option<String>,
    /// The route, where the rule is by route.
    pub route: Option<String>,
    /// The code, where the rule is by status or about new codes.
    pub code: Option<u16>,
    /// What was measured, in the unit of the ruling; `null` when nothing could be.
    pub value: Option<f64>,
    /// Requests that the rule counts; of a quantile, those above the threshold.
    pub numerator: u64,
    /// Requests that were looked at.
    pub denominator: u64,
    /// Between these the true value lies in 99 of 100 logs; `null` for exact values.
    pub interval: Option<(f64, f64)>,
    /// What the value is held against, in its unit.
    pub threshold: Option<f64>,
    /// The worst window; `null` for all that was read.
    pub window: Option<Window>,
    /// What the baseline has, where the rule is about one.
    pub before: Option<Before>,
    /// Chance of such a difference where nothing changed, corrected for all parts that were looked at.
    pub p: Option<f64>,
    /// The smallest ratio to the baseline that would be noticed four times in five.
    pub detectable: Option<f64>,
    /// How many requests it would take to decide, at this rate.
    pub needed: Option<u64>,
}

/// The same part in the baseline.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Before {
    /// What was measured.
    pub value: Option<f64>,
    /// Requests that the rule counts.
    pub numerator: u64,
    /// Requests that were looked at.
    pub denominator: u64,
}

/// A span of time: RFC 3339, UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its start.
    pub start: String,
    /// Its end, which is no part of it.
    pub end: String,
    /// The start in seconds since 1970.
    #[serde(skip)]
    pub start_seconds: i64,
    /// The end in seconds since 1970.
    #[serde(skip)]
    pub end_seconds: i64,
}

/// A time in which a rule was violated for one group.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
    /// The service of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method of the group.
    pub method: Option<String>,
    /// The route of the group.
    pub route: Option<String>,
    /// The code of the group.
    pub code: Option<u16>,
    /// The start of the first window in which it was true.
    pub began: String,
    /// When it was known: the end of that window, and what `for` adds.
    pub fired: String,
    /// When it ended; `null` when the log ends before.
    pub cleared: Option<String>,
    /// The worst value while it lasted.
    pub peak: f64,
}

/// A finding in short.
#[derive(Clone, Debug, Serialize)]
pub struct Cause {
    /// Its id.
    pub id: String,
    /// What went wrong, in a line.
    pub title: String,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// What the lines say for it.
    pub evidence: Vec<String>,
    /// What to do, most useful first.
    pub fixes: Vec<String>,
}

/// `api: POST /payments, 502`, or nothing for all requests.
pub fn place(service: Option<&str>, method: Option<&str>, route: Option<&str>, code: Option<u16>) -> String {
    let request: Vec<&str> = [method, route].into_iter().flatten().collect();
    let code = code.map(|code| format!("{code:03}"));
    let what: Vec<String> = [Some(request.join(" ")), code].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    match (service, what.join(", ")) {
        (Some(service), what) if what.is_empty() => service.to_owned(),
        (Some(service), what) => format!("{service}: {what}"),
        (None, what) => what,
    }
}
