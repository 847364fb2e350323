//! Rules -> what must be counted so that they can be judged, and what is wrong with asking for it.

use super::windows::windows_of;
use crate::rule::{Bound, Limit, Metric, Op};

/// What a scan has to count.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Routes are counted per window too: some rule looks at these.
    pub windows: bool,
    /// Durations in seconds, ascending, of which windows tell how many requests took longer.
    pub slower_than: Vec<f64>,
    /// Some rule needs a baseline.
    pub needs_baseline: bool,
}

/// Why rules cannot be judged together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// A rule is about a baseline, and there is none.
    #[error("'{0}' needs a baseline: name one with --baseline, or save one from a log that is well with --save-baseline")]
    Baseline(String),
    /// What the windows count is bounded.
    #[error("rules over windows ask for more than {MOST_DURATIONS} different durations")]
    Durations,
    /// A metric has no windows.
    #[error("'{0}': lines that are no record have no time, so that this share has no window")]
    Unparsed(String),
}

/// A band is a byte, and one more means that nothing is stated.
const MOST_DURATIONS: usize = 64;

/// The rules that are used when none are given.
pub fn default_rules(has_baseline: bool) -> &'static [&'static str] {
    const ALL: [&str; 5] = ["rate(5xx) > 2%", "spike(5xx)", "share(unparsed) > 1%", "rate(5xx) by route > 1.5x baseline", "new(5xx)"];
    if has_baseline { &ALL } else { &ALL[..3] }
}

impl Plan {
    /// What these rules need. With `save`, or a baseline, windows are counted in any case: they tell how much errors come in heaps.
    ///
    /// # Errors
    /// Rules that cannot be judged so.
    pub fn new<'l>(limits: impl IntoIterator<Item = &'l Limit>, has_baseline: bool, save: bool) -> Result<Self, PlanError> {
        let mut plan = Self { windows: has_baseline || save, slower_than: Vec::new(), needs_baseline: false };
        for limit in limits {
            let windows = windows_of(limit);
            plan.needs_baseline |= limit.asks_baseline();
            if limit.asks_baseline() && !has_baseline {
                return Err(PlanError::Baseline(limit.text.clone()));
            }
            if matches!(limit.metric, Metric::Unparsed) && !windows.is_empty() {
                return Err(PlanError::Unparsed(limit.text.clone()));
            }
            plan.windows |= !windows.is_empty() || matches!(limit.metric, Metric::Spike(_));
            if let (Metric::Quantile(_), Some(Bound::Value(op, threshold)), false) = (&limit.metric, limit.bound, windows.is_empty()) {
                plan.slower_than.push(slower_than(op, threshold));
            }
        }
        plan.slower_than.sort_by(f64::total_cmp);
        plan.slower_than.dedup();
        if plan.slower_than.len() > MOST_DURATIONS { Err(PlanError::Durations) } else { Ok(plan) }
    }
}

/// What requests take longer than that count against a threshold of a quantile: those that take just as long too, where these
/// violate `>=` or do not keep to `<`.
pub(super) fn slower_than(op: Op, threshold: f64) -> f64 {
    // Durations are whole nanoseconds.
    if matches!(op, Op::AtLeast | Op::Less) { (threshold - 1e-9).max(0.0) } else { threshold }
}

impl Limit {
    /// Whether it is about a baseline.
    fn asks_baseline(&self) -> bool {
        matches!(self.bound, Some(Bound::Baseline(..))) || matches!(self.metric, Metric::New(_))
    }
}
