//! Two logs, or two halves of one -> what changed, worst first.
//!
//! What is compared are summaries ([`Baseline`]), so that one of the two may be a file that was kept. A change is told when it is
//! both more than chance and large enough to matter; where a side is too small to tell, that is said. The room knows neither
//! logs nor outputs.

mod changes;
mod latency;
mod overall;
mod pairs;
mod rates;
mod rows;
mod sentences;
mod view;

pub use view::{Change, Comparison, Kind, Latency, Outcome, Overall, Pair, Presence, Quantile, Rate, RouteRow, Share, Side, Standardised};

use crate::baseline::Baseline;
use crate::model::rfc3339;

/// Grows when a field of [`Comparison`] changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// A log to compare.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// What was read, by name.
    pub inputs: Vec<String>,
    /// It was read from a baseline that was saved.
    pub saved: bool,
    /// What it was like.
    pub summary: Baseline,
}

impl Comparison {
    /// What is different in the later log. `at` is the instant that parts one log into two, in seconds since 1970.
    pub fn new(before: &Log, after: &Log, at: Option<i64>) -> Self {
        let sides = Pair::new(side(before), side(after));
        let pairs = pairs::pairs(&before.summary, &after.summary);
        let mut routes = rows::rows(&pairs, &sides);
        let overall = overall::overall(&pairs, &routes);
        let changes = changes::changes(&mut routes, &overall, &sides);
        Self {
            schema_version: SCHEMA_VERSION,
            at: at.map(rfc3339),
            before: sides.before,
            after: sides.after,
            overall,
            changes,
            routes_total: routes.len(),
            routes_too_few: routes.iter().filter(|route| route.outcome == Outcome::TooFew).count(),
            routes,
            verdict: None,
            warnings: Vec::new(),
        }
    }
}

fn side(log: &Log) -> Side {
    let summary = &log.summary;
    let requests = summary.routes.iter().fold(0_u64, |sum, route| sum.saturating_add(route.count));
    // The last second counts in full.
    let minutes = summary.span.map(|(start, end)| (end.saturating_sub(start).saturating_add(1)) as f64 / 60.0);
    Side {
        inputs: log.inputs.clone(),
        baseline: log.saved,
        read: summary.read,
        rejected: summary.rejected,
        requests,
        start: summary.span.map(|(start, _)| rfc3339(start)),
        end: summary.span.map(|(_, end)| rfc3339(end)),
        span: summary.span,
        per_minute: minutes.filter(|minutes| *minutes > 0.0).map(|minutes| requests as f64 / minutes),
    }
}

#[cfg(test)]
mod tests;
