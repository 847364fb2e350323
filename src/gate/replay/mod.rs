//! Rules over a log that is history: how each comes out, when it would have fired, how soon, and which threshold would be quiet.
//!
//! The verdict is the gate's, from the same functions; what is added reads the same counts again. Nothing here knows a clock.

mod explain;
mod history;
mod incidents;
mod suggest;

pub use explain::{Explanation, Standing, explain};
pub use history::{Firing, History, Onset};
pub use suggest::{Suggestion, Trial};

use super::judge::{Judge, Judged};
use super::ledger::Ledger;
use super::verdict::{Outcome, Part, Unit};
use super::{Rule, Terms, words};
use crate::model::{HOUR, MINUTE, rfc3339};
use crate::report::{Input, LineCounts, Report, Span};
use crate::rule::Metric;
use history::Watch;
use serde::Serialize;

/// How often a rule without windows is judged as the log grows.
const TENTHS: i64 = 10;

/// What rules say of a log that is history. Its JSON form is a promise; fields may be added, none renamed.
#[derive(Debug, Serialize)]
pub struct Replay {
    /// 1; grows when a field changes its meaning.
    pub schema_version: u32,
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
    pub rules: Vec<Replayed>,
    /// Things that went wrong while reading.
    pub warnings: Vec<String>,
}

/// What one rule says.
#[derive(Debug, Serialize)]
pub struct Replayed {
    /// The rule as written.
    pub rule: String,
    /// Its name in the configuration.
    pub name: Option<String>,
    /// `warning`, `error` or `critical`.
    pub severity: &'static str,
    /// How it comes out over the whole log, as the gate has it.
    pub verdict: Outcome,
    /// What the values are: see [`Unit`].
    pub unit: Unit,
    /// What decided.
    #[serde(flatten)]
    pub part: Part,
    /// Why, in a sentence with the numbers.
    pub reason: String,
    /// When it would have fired; `null` for rules without windows.
    pub history: Option<History>,
    /// How it would have come out had the log ended earlier, a tenth of its time at a time: only rules without windows have these,
    /// and of those only the ones whose counts have times.
    pub tenths: Vec<Tenth>,
    /// What to try instead.
    pub suggestion: Suggestion,
}

/// How a rule comes out when the log ends there.
#[derive(Debug, Serialize)]
pub struct Tenth {
    /// Where the log is taken to end.
    pub end: String,
    /// How the rule comes out.
    pub verdict: Outcome,
    /// What was measured.
    pub value: Option<f64>,
    /// Why.
    pub reason: String,
}

/// Holds rules against a report that was counted as their [`super::Plan`] says, with windows.
pub fn replay(report: &Report, terms: &Terms<'_>) -> Replay {
    let judge = judge(report, terms);
    let prefixes = prefixes(&judge, terms.rules);
    let rules = terms.rules.iter().map(|rule| replayed(&judge, &prefixes, rule)).collect();
    Replay {
        schema_version: 1,
        default_rules: terms.are_default,
        inputs: report.inputs.clone(),
        lines: report.lines,
        span: report.span.clone(),
        baseline: terms.baseline.map(|(_, name)| name.to_owned()),
        rules,
        warnings: report.warnings.clone(),
    }
}

fn judge<'r>(report: &'r Report, terms: &'r Terms<'_>) -> Judge<'r> {
    Judge {
        ledger: Ledger::new(report, terms.expected, &terms.plan.slower_than),
        baseline: terms.baseline.map(|(baseline, _)| baseline),
        strict: terms.strict,
    }
}

fn replayed(judge: &Judge<'_>, prefixes: &[(i64, Judge<'_>)], rule: &Rule) -> Replayed {
    let limit = &rule.limit;
    let judged = judge.judge(limit);
    let watch = Watch::new(judge, limit);
    let tenths = match &watch {
        None if has_prefixes(rule) => tenths(judge, prefixes, rule, &judged),
        _ => Vec::new(),
    };
    let reason = words::reason(limit, &judged);
    let history = watch.as_ref().map(|watch| watch.history(&judged));
    let suggestion = suggest::suggestion(judge, limit, watch.as_ref());
    let Judged { outcome, unit, parts, .. } = judged;
    Replayed {
        rule: limit.text.clone(),
        name: rule.name.clone(),
        severity: limit.severity.word(),
        verdict: outcome,
        unit,
        part: parts.into_iter().next().map(|(_, part)| part).unwrap_or_default(),
        reason,
        history,
        tenths,
        suggestion,
    }
}

/// Whether what a rule without windows counts is known of the start of a log: durations and lines that are no record are counted
/// over all alone.
fn has_prefixes(rule: &Rule) -> bool {
    super::windows::windows_of(&rule.limit).is_empty() && !matches!(rule.limit.metric, Metric::Quantile(_) | Metric::Unparsed)
}

/// The log as it was at each tenth of its time but the last, if some rule asks for that.
fn prefixes<'r>(judge: &Judge<'r>, rules: &[Rule]) -> Vec<(i64, Judge<'r>)> {
    let Some((start, end)) = judge.ledger.width().and_then(|width| judge.ledger.reach(width)) else { return Vec::new() };
    if !rules.iter().any(has_prefixes) {
        return Vec::new();
    }
    // Whole minutes read better, where they are fine enough.
    let step = if end - start >= HOUR { MINUTE } else { 1 };
    let ends = (1..TENTHS).map(|tenth| (start + (end - start) * tenth / TENTHS).div_euclid(step) * step);
    ends.map(|end| (end, until(judge, end))).collect()
}

/// What is judged when the log ends there.
fn until<'r>(judge: &Judge<'r>, end: i64) -> Judge<'r> {
    Judge { ledger: judge.ledger.until(end), baseline: judge.baseline, strict: judge.strict }
}

fn tenths(judge: &Judge<'_>, prefixes: &[(i64, Judge<'_>)], rule: &Rule, whole: &Judged) -> Vec<Tenth> {
    let tenth = |end: i64, judged: &Judged| Tenth {
        end: rfc3339(end),
        verdict: judged.outcome,
        value: judged.parts.first().and_then(|(_, part)| part.value),
        reason: words::reason(&rule.limit, judged),
    };
    let mut tenths: Vec<Tenth> = prefixes.iter().map(|(end, judge)| tenth(*end, &judge.judge(&rule.limit))).collect();
    if let Some((_, end)) = judge.ledger.width().and_then(|width| judge.ledger.reach(width)) {
        tenths.push(tenth(end, whole));
    }
    tenths
}
