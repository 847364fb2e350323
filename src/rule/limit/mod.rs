//! Limits: what a gate or an alert asks of many requests over time, `rate(5xx) by route > 2% window 5m`.
//!
//! They share words, filters, units and errors with the rules of findings; what is theirs are the metric, whom it is counted
//! by, what it is held against, and how long it must last. Here is what they are; `parse` reads them, `check` says which
//! clauses go together, `words` is the list of their words.

mod check;
mod parse;
mod print;
pub mod words;

pub use parse::limit;

use super::{Expr, Op};

/// A limit: it is violated, or fires, when what it says is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// As it was written, without space around.
    pub text: String,
    /// What is measured.
    pub metric: Metric,
    /// `where`: which requests are looked at; [`Expr::All`] for all. It speaks of what a tally counts by: see [`Key`].
    pub scope: Expr,
    /// `by`: for each of these separately; empty for all together.
    pub by: Vec<Key>,
    /// What it is held against; `None` for metrics that are true or not: [`Metric::Spike`], [`Metric::New`].
    pub bound: Option<Bound>,
    /// `window` or `per`, seconds: in any span of this length; `None` for all that was read.
    pub window: Option<u32>,
    /// `min`: with fewer requests nothing is judged.
    pub min: Option<u64>,
    /// `for`, seconds: it must be true for so long.
    pub lasting: u32,
    /// `clear < 1%`: what ends it, where that is not just the contrary.
    pub clear: Option<(Op, f64)>,
    /// `severity`.
    pub severity: Level,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// `rate(5xx)`: share of the requests that a filter lets through.
    Rate(Expr),
    /// `count(502, 504)`: how many.
    Count(Expr),
    /// `p95(duration)`: a quantile, 0.5 to 0.999, of the time of requests.
    Quantile(f64),
    /// `share(unparsed)`: share of the lines that are no record.
    Unparsed,
    /// `spike(5xx)`: much more frequent in some span than in the rest of the log.
    Spike(Expr),
    /// `new(5xx)`: codes that a route has not had in the baseline.
    New(Expr),
}

/// What a metric is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `> 1%`: a value in base units (share 0 to 1, requests, seconds).
    Value(Op, f64),
    /// `> 2x baseline`: so many times what it is in the baseline.
    Baseline(Op, f64),
    /// `< 0.1% over 30d burn 14.4x`: an objective, and how much faster than allowed it may be used up.
    Burn {
        /// Share that the objective allows, 0 to 1.
        budget: f64,
        /// Seconds that it is for.
        period: u32,
        /// Times faster.
        factor: f64,
    },
}

/// Seconds of the longer window that `burn` looks at: the time in which so much of an objective's allowance is used up as may be gone
/// before anybody is told, as the workbook on reliability has it.
pub fn burn_seconds(period: u32, factor: f64) -> i64 {
    let spent = match factor {
        10.0.. => 0.02,
        3.0.. => 0.05,
        _ => 0.1,
    };
    (f64::from(period) * spent / factor).round() as i64
}

/// What a tally counts by: what limits can be split by, and what their filters can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Service, method and route, as a report's rows.
    Route,
    /// Method.
    Method,
    /// Service that the input is a log of.
    Service,
    /// Status code.
    Status,
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Said, but no violation of the gate.
    Warning,
    /// A violation.
    #[default]
    Error,
    /// A violation that wakes people.
    Critical,
}

impl Level {
    /// All of them, the mildest first.
    pub const ALL: &'static [Self] = &[Self::Warning, Self::Error, Self::Critical];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl Key {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Route, Self::Method, Self::Service, Self::Status];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Method => "method",
            Self::Service => "service",
            Self::Status => "status",
        }
    }
}
