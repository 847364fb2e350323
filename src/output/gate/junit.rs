//! The verdict as JUnit XML: a suite a rule, in it a case for what decided and one for each other part that is violated or in
//! doubt. The numbers are properties of the suite, as readers refuse or drop those of a case.

use super::details::{Level, facts, level, other_parts, part_facts_of, text};
use super::words::{self, Clock};
use crate::gate::{Outcome, Part, Ruling, Verdict};
use crate::output::View;
use crate::output::sanitize::clean;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};

pub(super) fn write(verdict: &Verdict, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::new(verdict, view);
    let mut report = Report::new("logcodes check");
    for (at, ruling) in verdict.rules.iter().enumerate() {
        let name = legal(&words::rule(ruling));
        // Readers take two suites of one name for one.
        let twice = verdict.rules[..at].iter().any(|earlier| words::rule(earlier) == words::rule(ruling));
        let mut suite = TestSuite::new(if twice { format!("{name} (rule {})", at + 1) } else { name });
        properties(ruling, verdict, view, &mut suite);
        let details = format!("{}\n{}", legal(&words::clip(&ruling.reason)), text(&facts(ruling, verdict, &clock)));
        suite.add_test_case(case(ruling, &ruling.part, ruling.verdict, &legal(&words::clip(&ruling.reason)), &legal_lines(&details), view));
        for (part, outcome) in other_parts(ruling) {
            let details = text(&part_facts_of(part, ruling.unit, verdict, &clock));
            suite.add_test_case(case(ruling, part, outcome, &legal(&words::measured(part, ruling.unit)), &legal_lines(&details), view));
        }
        report.add_test_suite(suite);
    }
    report.serialize(&mut *out).map_err(io::Error::other)?;
    Ok(())
}

fn case(ruling: &Ruling, part: &Part, outcome: Outcome, reason: &str, details: &str, view: &View) -> TestCase {
    let mut status = match level(ruling, outcome, view) {
        None => TestCaseStatus::success(),
        // What does not fail the gate must not turn a pipeline red.
        Some(Level::Doubt | Level::Warning) => TestCaseStatus::skipped(),
        Some(Level::Error | Level::Critical) => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    let kind = if outcome == Outcome::Fail { ruling.severity } else { "inconclusive" };
    if outcome != Outcome::Pass {
        status.set_message(reason).set_type(kind).set_description(details);
    }
    let place = words::place(part);
    let name = if place.is_empty() { legal(&words::rule(ruling)) } else { legal(&format!("{} on {place}", words::rule(ruling))) };
    let mut case = TestCase::new(name, status);
    case.set_classname("logcodes.check");
    case
}

fn properties(ruling: &Ruling, verdict: &Verdict, view: &View, suite: &mut TestSuite) {
    let part = &ruling.part;
    let number = |n: Option<f64>| n.map(|n| n.to_string());
    let named = [
        ("rule", Some(words::clip(&ruling.rule))),
        ("severity", Some(ruling.severity.to_owned())),
        ("verdict", Some(words::meaning(ruling.verdict).to_owned())),
        ("value", number(part.value)),
        ("threshold", number(part.threshold)),
        ("numerator", Some(part.numerator.to_string())),
        ("denominator", Some(part.denominator.to_string())),
        ("interval_low", number(part.interval.map(|(low, _)| low))),
        ("interval_high", number(part.interval.map(|(_, high)| high))),
        ("window_start", part.window.as_ref().map(|w| w.start.clone())),
        ("window_end", part.window.as_ref().map(|w| w.end.clone())),
        ("baseline_value", number(part.before.and_then(|b| b.value))),
        ("p", number(part.p)),
        ("detectable", number(part.detectable)),
        ("violations", Some(ruling.violations.to_string())),
        ("default_rules", verdict.default_rules.then(|| "true".to_owned())),
        ("inputs", Some(words::inputs(verdict))),
        ("rules_file", view.rules.as_ref().map(|r| r.path.clone())),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            suite.add_property((name, legal(&value).as_str()));
        }
    }
}

/// Text without what XML cannot hold: control characters are written as escapes, as for a terminal.
fn legal(text: &str) -> String {
    clean(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// The same, line by line.
fn legal_lines(text: &str) -> String {
    text.lines().map(legal).collect::<Vec<_>>().join("\n")
}
