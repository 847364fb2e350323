//! The shapes of a comparison, as they are serialised.

use crate::gate::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;

/// What changed between two logs. Its JSON form is a promise; fields may be added, none renamed.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// 1; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The instant that parts one log into before and after, RFC 3339, UTC; `null` when two logs are compared.
    pub at: Option<String>,
    /// What it was like.
    pub before: Side,
    /// What it is like now.
    pub after: Side,
    /// All routes together.
    pub overall: Overall,
    /// What changed, worst first: errors, latency, new codes, vanished routes, other changes, improvements.
    pub changes: Vec<Change>,
    /// How many routes there are.
    pub routes_total: usize,
    /// How many of them have too few requests on a side to tell whether they fail more often.
    pub routes_too_few: usize,
    /// Each route, those with changes first.
    pub routes: Vec<RouteRow>,
    /// What rules say of it, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Things that went wrong while reading.
    pub warnings: Vec<String>,
}

/// A value of each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// Before.
    pub before: T,
    /// After.
    pub after: T,
}

/// One of the two logs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Side {
    /// What was read: inputs, or a baseline.
    pub inputs: Vec<String>,
    /// It is a baseline that was saved, not a log.
    pub baseline: bool,
    /// Lines that are neither blank nor directives.
    pub read: u64,
    /// Those that are no record.
    pub rejected: u64,
    /// Requests that count.
    pub requests: u64,
    /// RFC 3339, UTC; `null` when no record states a time.
    pub start: Option<String>,
    /// RFC 3339, UTC.
    pub end: Option<String>,
    /// The start in seconds since 1970.
    #[serde(skip)]
    pub span: Option<(i64, i64)>,
    /// Requests a minute; `null` without times.
    pub per_minute: Option<f64>,
}

/// All routes together.
#[derive(Debug, Serialize)]
pub struct Overall {
    /// Responses per code.
    pub codes: BTreeMap<u16, Pair<u64>>,
    /// Server errors among all requests, just as they were counted.
    pub errors: Option<Rate>,
    /// The same route by route: `null` when no route is on both sides.
    pub standardised: Option<Standardised>,
    /// Set when the two disagree: which to believe, and why.
    pub mix: Option<String>,
    /// How long requests took, whatever the mix of routes.
    pub latency: Option<Latency>,
}

/// Server errors of the routes that are on both sides, each held against itself: more requests to a route that fails often anyway
/// are no change here.
#[derive(Debug, Serialize)]
pub struct Standardised {
    /// Errors that the requests after would have had at the rates of before.
    pub expected: f64,
    /// Errors that they had.
    pub count: u64,
    /// Requests after.
    pub of: u64,
    /// Errors against those expected; `null` when none were.
    pub ratio: Option<f64>,
    /// Between these the true ratio lies; `null` where that cannot be said.
    pub interval: Option<(f64, f64)>,
    /// Chance of such a difference where nothing changed.
    pub p: f64,
    /// What follows.
    pub outcome: Outcome,
}

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Worse, by more than chance and by enough to matter.
    Worse,
    /// Better, likewise.
    Better,
    /// Different, likewise, and neither better nor worse by itself.
    Changed,
    /// No change that is both more than chance and large enough to matter.
    Unchanged,
    /// Too few requests on a side to tell.
    TooFew,
}

/// How often a class of codes came among the requests of a side.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Share {
    /// Responses of the class.
    pub count: u64,
    /// Requests.
    pub of: u64,
    /// The one by the other, 0 to 1.
    pub share: f64,
    /// Between these the true share lies in 99 of 100 logs.
    pub interval: (f64, f64),
}

/// How often a class of codes came, before and after.
#[derive(Clone, Debug, Serialize)]
pub struct Rate {
    /// Before.
    pub before: Share,
    /// After.
    pub after: Share,
    /// After against before; `null` when there were none before.
    pub ratio: Option<f64>,
    /// Between these the true ratio lies; `null` where that cannot be said.
    pub interval: Option<(f64, f64)>,
    /// Responses more than there would have been without a change; negative for fewer.
    pub extra: f64,
    /// Chance of such a difference where nothing changed, errors taken to come in heaps as they do here.
    pub p: f64,
    /// The same, corrected for all routes that were looked at.
    pub p_corrected: f64,
    /// Large enough to matter, be it chance or not.
    pub relevant: bool,
    /// The smallest ratio that would be noticed four times in five.
    pub detectable: Option<f64>,
    /// What follows.
    pub outcome: Outcome,
}

/// How long requests took, before and after.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    /// Requests with a duration.
    pub count: Pair<u64>,
    /// The median.
    pub p50: Quantile,
    /// 95 of 100 requests are at most this long.
    pub p95: Quantile,
    /// 99 of 100 requests are at most this long.
    pub p99: Quantile,
}

/// A quantile of durations in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Quantile {
    /// Before; `null` when no durations are logged.
    pub before: Option<f64>,
    /// After.
    pub after: Option<f64>,
    /// Between these the true value before lies in 99 of 100 logs; `null` with too few requests to say.
    pub before_interval: Option<(f64, f64)>,
    /// The same for the value after.
    pub after_interval: Option<(f64, f64)>,
    /// After against before.
    pub ratio: Option<f64>,
    /// What follows.
    pub outcome: Outcome,
}

/// On which side a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// On both.
    Both,
    /// Only after.
    New,
    /// Only before.
    Vanished,
}

/// One route.
#[derive(Debug, Serialize)]
pub struct RouteRow {
    /// The service that it belongs to, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `null` when there was no request line.
    pub method: Option<String>,
    /// The route.
    pub route: String,
    /// On which side it is.
    pub presence: Presence,
    /// The worst of its changes.
    pub outcome: Outcome,
    /// Requests.
    pub requests: Pair<u64>,
    /// Requests a minute; `null` without times.
    pub per_minute: Pair<Option<f64>>,
    /// Requests a minute after against before.
    pub volume_ratio: Option<f64>,
    /// Part of the side's requests, 0 to 1.
    pub traffic: Pair<f64>,
    /// Responses per code.
    pub codes: BTreeMap<u16, Pair<u64>>,
    /// Responses per class: `1xx` to `5xx`, `other`.
    pub classes: BTreeMap<&'static str, Pair<u64>>,
    /// `3xx`, `4xx` and `5xx`, where both sides have requests.
    pub rates: BTreeMap<&'static str, Rate>,
    /// `null` when neither side logs durations.
    pub latency: Option<Latency>,
    /// Codes that only came after.
    pub new_codes: Vec<u16>,
    /// Codes that only came before.
    pub vanished_codes: Vec<u16>,
    /// Set when there is too little to tell.
    pub note: Option<String>,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Share of 5xx.
    ServerErrors,
    /// Share of 4xx.
    ClientErrors,
    /// Share of 3xx.
    Redirects,
    /// Time of requests.
    Latency,
    /// A code that the route did not have.
    NewCode,
    /// A code that the route has no longer.
    VanishedCode,
    /// A route that there was not.
    NewRoute,
    /// A route that is gone.
    VanishedRoute,
    /// The route's part of all requests.
    Volume,
}

/// One thing that changed.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// What it is about.
    pub kind: Kind,
    /// Whether that is worse, better, or just different.
    pub outcome: Outcome,
    /// The service of the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method of the route.
    pub method: Option<String>,
    /// The route; `null` for all together.
    pub route: Option<String>,
    /// The code that it is mostly about.
    pub code: Option<u16>,
    /// What changed, in a sentence with the numbers.
    pub sentence: String,
    /// What the code means.
    pub meaning: Option<&'static str>,
    /// The same in a few words.
    pub short: Option<&'static str>,
    /// What to do first.
    pub first_step: Option<&'static str>,
}

impl<T> Pair<T> {
    /// A value of each side.
    pub const fn new(before: T, after: T) -> Self {
        Self { before, after }
    }

    /// Something of each side.
    pub fn map<U>(&self, of: impl Fn(&T) -> U) -> Pair<U> {
        Pair { before: of(&self.before), after: of(&self.after) }
    }
}

impl Latency {
    /// The quantiles with their names.
    pub fn quantiles(&self) -> [(&'static str, &Quantile); 3] {
        [("p50", &self.p50), ("p95", &self.p95), ("p99", &self.p99)]
    }
}

impl Comparison {
    /// Whether anything is worse.
    pub fn is_worse(&self) -> bool {
        self.changes.iter().any(|change| change.outcome == Outcome::Worse)
    }
}

impl RouteRow {
    /// Its method and name.
    pub fn name(&self) -> String {
        name(self.method.as_deref(), &self.route)
    }
}

impl Change {
    /// Method and name of its route, `all routes` where it is about all of them.
    pub fn place(&self) -> String {
        self.route.as_deref().map_or_else(|| "all routes".to_owned(), |route| name(self.method.as_deref(), route))
    }
}

fn name(method: Option<&str>, route: &str) -> String {
    method.map_or_else(|| route.to_owned(), |method| format!("{method} {route}"))
}
