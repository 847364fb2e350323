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
pub use verdict::{Alert, Before, Cause, MOST_OTHERS, Outcome, Part, Ruling, Unit, Verdict, Window};

use crate::baseline::Baseline;
use crate::report::{Lines, Report};
use crate::rule::{Level, Limit};
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
}

/// Judges a report that was counted as the [`Plan`] of the rules says.
pub fn judge(report: Report, lines: &Lines<'_>, terms: &Terms<'_>) -> Verdict {
    let judge = Judge {
        ledger: Ledger::new(&report, terms.expected, &terms.plan.slower_than),
        baseline: terms.baseline.map(|(baseline, _)| baseline),
        strict: terms.strict,
    };
    let rules: Vec<Ruling> = terms.rules.iter().map(|rule| ruling::ruling(&judge, rule, lines)).collect();
    let counts = rules.iter().zip(terms.rules).filter(|(_, rule)| rule.limit.severity > Level::Warning).map(|(ruling, _)| ruling.verdict);
    // Nothing to judge is never a pass.
    let is_something = report.lines.parsed > 0 && !rules.is_empty();
    let verdict = if is_something { counts.max().unwrap_or(Outcome::Pass) } else { Outcome::Inconclusive };
    let findings = ruling::named(&rules, &report.findings);
    let Report { inputs, lines, span, warnings, .. } = report;
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
