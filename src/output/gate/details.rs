//! What is said of one rule that is violated or in doubt: labelled facts, in the order in which they are asked for at night.
//! Every output but JSON is written from these. Their text may come from the log: whoever writes it cleans it.

use super::words::{self, Clock};
use crate::gate::{Outcome, Part, Ruling, Unit, Verdict};
use crate::output::sanitize::clean;
use crate::output::{View, human};

/// Sample lines, alerts, other parts, findings, sentences of evidence and fixes that are shown.
const SAMPLES: usize = 3;
const ALERTS: usize = 3;
const OTHERS: usize = 5;
const FINDINGS: usize = 3;
const EVIDENCE: usize = 2;
const FIXES: usize = 3;

/// How much a part matters, for outputs that have levels of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Undecided, and that does not fail the gate.
    Doubt,
    /// Violated, and that does not fail the gate.
    Warning,
    /// It fails the gate.
    Error,
    /// It fails the gate, and wakes people.
    Critical,
}

/// How much it matters that a part of a rule came out so; `None` for what holds.
pub(super) fn level(ruling: &Ruling, outcome: Outcome, view: &View) -> Option<Level> {
    match (outcome, ruling.severity) {
        (Outcome::Pass, _) => None,
        (Outcome::Fail, "warning") => Some(Level::Warning),
        (Outcome::Fail, "critical") => Some(Level::Critical),
        (Outcome::Inconclusive, severity) if !view.doubt_fails || severity == "warning" => Some(Level::Doubt),
        _ => Some(Level::Error),
    }
}

/// The other parts of a rule and how each came out: first as many violated ones as were counted, then those in doubt.
pub(super) fn other_parts(ruling: &Ruling) -> impl Iterator<Item = (&Part, Outcome)> {
    let violated = ruling.violations.saturating_sub(usize::from(ruling.verdict == Outcome::Fail));
    ruling.others.iter().enumerate().map(move |(at, part)| (part, if at < violated { Outcome::Fail } else { Outcome::Inconclusive }))
}

/// One thing to say.
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) text: String,
    /// A line of the log, to be shown as it is.
    pub(super) verbatim: bool,
}

/// All that is said of a rule; its outcome, its text and the reason go before.
pub(super) fn facts(ruling: &Ruling, verdict: &Verdict, clock: &Clock) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    // What a cut takes from the reason was not said.
    let reason = words::clip(&ruling.reason);
    part_facts(&ruling.part, ruling.unit, &Said { reason: &reason, verdict, clock }, &mut facts);
    alerts(ruling, clock, &mut facts);
    others(ruling, &mut facts);
    for sample in ruling.samples.iter().take(SAMPLES) {
        facts.0.push(Fact {
            label: "line",
            text: format!("{}:{}: {}", words::clip(&sample.input), sample.line, words::clip(&sample.text)),
            verbatim: true,
        });
    }
    findings(ruling, verdict, &mut facts);
    let severity = if ruling.verdict == Outcome::Fail && ruling.severity == "warning" { "warning: does not fail the gate" } else { "" };
    facts.say("severity", severity.to_owned());
    facts.0
}

/// What was measured of one part.
pub(super) fn part_facts_of(part: &Part, unit: Unit, verdict: &Verdict, clock: &Clock) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    part_facts(part, unit, &Said { reason: "", verdict, clock }, &mut facts);
    facts.0
}

/// Facts as lines of plain text, cleaned.
pub(super) fn text(facts: &[Fact]) -> String {
    facts.iter().map(|fact| format!("{}: {}", fact.label, clean(&fact.text))).collect::<Vec<_>>().join("\n")
}

struct Facts(Vec<Fact>);

impl Facts {
    fn say(&mut self, label: &'static str, text: String) {
        if !text.is_empty() {
            self.0.push(Fact { label, text, verbatim: false });
        }
    }
}

/// What is known when a part is described.
struct Said<'s> {
    /// What was said already: at night nobody reads a number twice.
    reason: &'s str,
    verdict: &'s Verdict,
    clock: &'s Clock,
}

fn part_facts(part: &Part, unit: Unit, said: &Said, facts: &mut Facts) {
    let place = words::place(part);
    if !said.reason.contains(&place) {
        facts.say("where", place);
    }
    let counted = words::counted(part.numerator, part.denominator);
    let interval = words::interval(part, unit);
    if !said.reason.contains(&counted) || (!interval.is_empty() && !said.reason.contains("interval")) {
        let above = if unit == Unit::Seconds { " above the limit" } else { "" };
        let between = if interval.is_empty() { String::new() } else { format!("; {interval}") };
        facts.say("value", format!("{}: {counted}{above}{between}", words::measured(part, unit)));
    }
    facts.say("worst in", part.window.as_ref().map_or(String::new(), |w| said.clock.window(w)));
    // Without a baseline a window is held against the rest of the log.
    let label = if said.verdict.baseline.is_some() { "baseline" } else { "outside" };
    facts.say(label, words::before(part, unit, said.reason));
    let needed = part.needed.map(human::count).filter(|needed| !said.reason.contains(needed));
    facts.say("to decide", needed.map_or(String::new(), |n| format!("about {n} requests are needed at this rate")));
}

fn alerts(ruling: &Ruling, clock: &Clock, facts: &mut Facts) {
    let own = words::place(&ruling.part);
    // The alerts of what decided first: of these somebody will ask.
    let (mine, rest): (Vec<_>, Vec<_>) = ruling.alerts.iter().partition(|a| words::alert_place(a) == own);
    for alert in mine.iter().chain(&rest).take(ALERTS) {
        let place = words::alert_place(alert);
        let place = if place == own { String::new() } else { format!("{place}, ") };
        facts.say("alert", format!("{place}{}", clock.alert(alert, ruling.unit)));
    }
    if ruling.alerts.len() > ALERTS {
        facts.say("alert", format!("{} more", human::count((ruling.alerts.len() - ALERTS) as u64)));
    }
}

fn others(ruling: &Ruling, facts: &mut Facts) {
    for part in ruling.others.iter().take(OTHERS) {
        let place = words::place(part);
        let place = if place.is_empty() { "all requests".to_owned() } else { place };
        facts
            .say("also", format!("{place}: {} ({})", words::measured(part, ruling.unit), words::counted(part.numerator, part.denominator)));
    }
    // The first of all violations is the one that decided; parts in doubt are among the others too.
    let listed = ruling.others.len().min(OTHERS);
    let all = ruling.others.len().max(ruling.violations.saturating_sub(1));
    if all > listed {
        facts.say("also", format!("{} more", human::count((all - listed) as u64)));
    }
}

fn findings(ruling: &Ruling, verdict: &Verdict, facts: &mut Facts) {
    for id in ruling.findings.iter().take(FINDINGS) {
        let Some(finding) = verdict.findings.iter().find(|f| f.id == *id) else { continue };
        facts.say("cause", format!("{} ({:.0} % sure)", words::clip(&finding.title), finding.confidence * 100.0));
        finding.evidence.iter().take(EVIDENCE).for_each(|text| facts.say("evidence", words::clip(text)));
    }
    ruling.fixes.iter().take(FIXES).for_each(|fix| facts.say("do", words::clip(fix)));
}
