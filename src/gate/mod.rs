//! The gate: rules held against a report, and a baseline if there is one -> a verdict.
//!
//! ```text
//! Report ─> ledger      counts by route and code, whole and per window
//!             │
//!           judge       one rule: measured how, against what (windows, against, rise), how sure that is (stats)
//!             │
//!           ruling      the numbers in words, lines, findings of the same requests, fixes
//! ```
//!
//! `replay` says of a log that is history when rules would have fired, and why they did or did not.
//!
//! Nothing to judge is never a pass. A live front and a replay drive the same watch over windows, so that a rule says the same
//! everywhere.

mod against;
mod expect;
mod judge;
mod ledger;
mod plan;
mod replay;
mod rise;
mod ruling;
mod verdict;
mod watch;
mod windows;
mod words;

pub use expect::{Expected, ExpectedError};
pub use plan::{Plan, PlanError, default_rules};
pub use replay::{Explanation, Firing, History, Onset, Replay, Replayed, Standing, Suggestion, Tenth, Trial, explain, replay};
pub use verdict::{Alert, Before, Cause, MOST_OTHERS, Outcome, Part, Ruling, Unit, Verdict, Window, place};

use crate::baseline::Baseline;
use crate::model::human;
use crate::report::{LineCounts, Lines, Report};
use crate::rule::{Level, Limit, Metric};
use judge::Judge;
use ledger::Ledger;

/// A rule of the gate.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is called, if it has a name.
    pub name: Option<String>,
    /// What it says.
    pub limit: Limit,
    /// What its author wants to be done.
    pub fix: Option<String>,
}

/// What a report is held against.
pub struct Terms<'t> {
    /// The rules, in the order in which they are told.
    pub rules: &'t [Rule],
    /// They are those that are used when none are given.
    pub are_default: bool,
    /// What the scan counted for them.
    pub plan: &'t Plan,
    /// Codes that are normal on some routes.
    pub expected: &'t [Expected],
    /// A log that was well, and what it is called.
    pub baseline: Option<(&'t Baseline, &'t str)>,
    /// Values are taken as they are, without asking how sure they are.
    pub strict: bool,
    /// Somebody has said how many lines may be no record: nothing else is made of them.
    pub rejects_are_judged: bool,
}

/// With a larger share of lines that are no record, what the others say proves nothing.
const MOST_REJECTS: f64 = 0.01;

/// Judges a report that was counted as the [`Plan`] of the rules says.
pub fn judge(report: Report, lines: &Lines<'_>, terms: &Terms<'_>) -> Verdict {
    let judge = Judge {
        ledger: Ledger::new(&report, terms.expected, &terms.plan.slower_than),
        baseline: terms.baseline.map(|(baseline, _)| baseline),
        strict: terms.strict,
    };
    let rules: Vec<Ruling> = terms.rules.iter().map(|rule| ruling::ruling(&judge, rule, lines)).collect();
    let unread = terms.unread(&report.lines);
    let verdict =
        if unread.is_some() { overall(&rules, terms, &report).max(Outcome::Inconclusive) } else { overall(&rules, terms, &report) };
    let findings = ruling::named(&rules, &report.findings);
    let Report { inputs, lines, span, mut warnings, .. } = report;
    warnings.extend(unread);
    Verdict {
        schema_version: 1,
        verdict,
        default_rules: terms.are_default,
        inputs,
        lines,
        span,
        baseline: terms.baseline.map(|(_, name)| name.to_owned()),
        rules,
        findings,
        warnings,
    }
}

/// The worst of all rules'. Nothing to judge is never a pass, and warnings alone are one unless nothing could be judged at all.
fn overall(rules: &[Ruling], terms: &Terms<'_>, report: &Report) -> Outcome {
    let counts = rules.iter().zip(terms.rules).filter(|(_, rule)| rule.limit.severity > Level::Warning).map(|(ruling, _)| ruling.verdict);
    let is_judged = rules.iter().any(|ruling| ruling.verdict != Outcome::Inconclusive);
    match counts.max() {
        _ if report.lines.parsed == 0 => Outcome::Inconclusive,
        Some(worst) => worst,
        None if is_judged => Outcome::Pass,
        None => Outcome::Inconclusive,
    }
}

impl Terms<'_> {
    /// What to say where too many lines are no record for a pass to mean anything.
    fn unread(&self, lines: &LineCounts) -> Option<String> {
        let is_asked = self.rejects_are_judged || self.rules.iter().any(|rule| matches!(rule.limit.metric, Metric::Unparsed));
        let too_many = lines.rejected as f64 > MOST_REJECTS * lines.read as f64;
        (too_many && !is_asked).then(|| {
            let (rejected, read) = (human::count(lines.rejected), human::count(lines.read));
            format!(
                "{rejected} of {read} lines could not be read, so that the others prove nothing: see which with --rejects FILE, \
                 or say how many may be: --max-rejects 20%, or a rule such as 'share(unparsed) > 20%'"
            )
        })
    }
}
