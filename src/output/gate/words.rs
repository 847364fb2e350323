//! What a verdict says of its rules, in the words that all outputs share. Text of the log is passed on as it is: whoever
//! writes it cleans it.

use crate::gate::{self, Alert, Outcome, Part, Ruling, Unit, Verdict, Window};
use crate::output::View;
use crate::output::human::{self, Times};
use jiff::Timestamp;

/// Characters of one text from the log or a rule; what is longer is cut in every output but JSON.
const LONGEST: usize = 400;

/// `PASS`, `FAIL`, `WARN` for a violated rule that does not fail the gate, `??`
pub(crate) fn word(ruling: &Ruling) -> &'static str {
    if ruling.verdict == Outcome::Fail && ruling.severity == "warning" { "WARN" } else { overall(ruling.verdict) }
}

/// The same of the whole.
pub(crate) const fn overall(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Inconclusive => "??",
    }
}

/// What it means, for those who do not know `??`.
pub(super) const fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "passed",
        Outcome::Fail => "failed",
        Outcome::Inconclusive => "inconclusive",
    }
}

/// A text, cut when it is very long.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The rule's name and text.
pub(crate) fn rule(ruling: &Ruling) -> String {
    match &ruling.name {
        Some(name) => format!("{}: {}", clip(name), clip(&ruling.rule)),
        None => clip(&ruling.rule),
    }
}

/// The requests of a part, or nothing for all.
pub(super) fn place(part: &Part) -> String {
    clip(&gate::place(part.service.as_deref(), part.method.as_deref(), part.route.as_deref(), part.code))
}

/// The same of an alert.
pub(super) fn alert_place(alert: &Alert) -> String {
    clip(&gate::place(alert.service.as_deref(), alert.method.as_deref(), alert.route.as_deref(), alert.code))
}

/// `31 of 1,000 requests`
pub(super) fn counted(numerator: u64, denominator: u64) -> String {
    format!("{} of {} {}", human::count(numerator), human::count(denominator), if denominator == 1 { "request" } else { "requests" })
}

/// `3.1 %, the limit is 1 %`
pub(super) fn measured(part: &Part, unit: Unit) -> String {
    let measured = match part.value {
        Some(v) => unit.text(v),
        // No number of times makes something of nothing.
        None if unit == Unit::Times && part.numerator > 0 => "from none".to_owned(),
        None => "nothing could be measured".to_owned(),
    };
    match part.threshold {
        Some(threshold) => format!("{measured}, the limit is {}", unit.text(threshold)),
        None => measured,
    }
}

/// `between 2.2 % and 4.3 % in 99 of 100 logs`; empty for exact values.
pub(super) fn interval(part: &Part, unit: Unit) -> String {
    part.interval.map_or(String::new(), |(low, high)| format!("between {} and {} in 99 of 100 logs", unit.text(low), unit.text(high)))
}

/// What there was before, or elsewhere, and how sure the difference is; what was said is left out.
pub(super) fn before(part: &Part, unit: Unit, said: &str) -> String {
    let mut say = Vec::new();
    if let Some(before) = part.before {
        let counts = format!("{} of {}", human::count(before.numerator), human::count(before.denominator));
        match before.value {
            // A value of a ratio is no ratio itself; the counts say what it is of.
            Some(v) if unit != Unit::Times => say.push(format!("{} ({counts} requests)", unit.text(v))),
            _ if said.contains(&counts) => {}
            _ => say.push(format!("{counts} requests")),
        }
    }
    if let Some(p) = part.p.filter(|_| !said.contains(", p = ") && !said.contains(", p < ")) {
        let p = if p < 0.0001 { "below 0.0001".to_owned() } else { human::digits(p) };
        say.push(format!("chance of such a difference where nothing changed: {p}"));
    }
    if let Some(ratio) = part.detectable.filter(|_| !said.contains("would be noticed")) {
        say.push(format!("a change to {}x would be noticed four times in five", human::digits(ratio)));
    }
    say.join("; ")
}

/// The zone and the span of a verdict, for writing times.
pub(super) struct Clock(Times);

impl Clock {
    pub(super) fn new(verdict: &Verdict, view: &View) -> Self {
        let (start, end) = verdict.span.as_ref().map_or((0, 0), |s| (s.start_seconds, s.end_seconds));
        Self(Times::new(&view.zone, start, end))
    }

    /// `15 Jun 15:05 to 15:10 UTC`
    pub(super) fn window(&self, window: &Window) -> String {
        let width = window.end_seconds.saturating_sub(window.start_seconds);
        format!("{} {}", self.0.window(window.start_seconds, width), self.0.zone_name(window.start_seconds))
    }

    /// `15 Jun 2025 15:06 to 16 Jun 15:06 UTC`; nothing where no time is logged.
    pub(super) fn span(&self, verdict: &Verdict) -> String {
        let span = verdict.span.as_ref();
        span.map_or(String::new(), |s| format!("{} {}", self.0.span(s.start_seconds, s.end_seconds), self.0.zone_name(s.start_seconds)))
    }

    /// `since 15 Jun 15:05 UTC, known at 15 Jun 15:10, to the end of the log; 4.2 % at worst`
    pub(super) fn alert(&self, alert: &Alert, unit: Unit) -> String {
        let end = match &alert.cleared {
            Some(cleared) => format!("until {}", self.moment(cleared)),
            None => "to the end of the log".to_owned(),
        };
        let zone = seconds(&alert.began).map_or(String::new(), |at| format!(" {}", self.0.zone_name(at)));
        format!(
            "since {}{zone}, known at {}, {end}; {} at worst",
            self.moment(&alert.began),
            self.moment(&alert.fired),
            unit.text(alert.peak)
        )
    }

    fn moment(&self, text: &str) -> String {
        seconds(text).map_or_else(|| clip(text), |at| self.0.day_and_minute(at))
    }
}

fn seconds(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// `6,003 lines = 6,000 requests + 0 filtered out + 3 rejected`
pub(super) fn lines(verdict: &Verdict) -> String {
    let lines = verdict.lines;
    let [read, parsed, filtered, rejected] = [lines.read, lines.parsed, lines.filtered, lines.rejected].map(human::count);
    format!("{read} lines = {parsed} requests + {filtered} filtered out + {rejected} rejected")
}

/// `access.log and 2 more`
pub(super) fn inputs(verdict: &Verdict) -> String {
    let name = |path: &str| if path == "-" { "standard input".to_owned() } else { clip(path) };
    match verdict.inputs.as_slice() {
        [] => "no input".to_owned(),
        [one] => name(&one.path),
        [first, rest @ ..] => format!("{} and {} more", name(&first.path), human::count(rest.len() as u64)),
    }
}

/// `1 of 3 rules is violated, 1 warns, 1 is undecided`
pub(super) fn tally(verdict: &Verdict) -> String {
    let of = |word_of: &str| verdict.rules.iter().filter(|r| word(r) == word_of).count();
    let (violated, warns, undecided, all) = (of("FAIL"), of("WARN"), of("??"), verdict.rules.len());
    let default = if verdict.default_rules { "default " } else { "" };
    let is = |n| if n == 1 { "is" } else { "are" };
    let mut said = Vec::new();
    match violated {
        0 if warns + undecided == 0 && all == 1 => said.push(format!("the {default}rule holds")),
        0 if warns + undecided == 0 => said.push(format!("all {all} {default}rules hold")),
        0 => said.push(format!("no {default}rule is violated")),
        _ if all == 1 => said.push(format!("the {default}rule is violated")),
        n => said.push(format!("{n} of {all} {default}rules {} violated", is(n))),
    }
    if warns > 0 {
        said.push(format!("{warns}{} {}", if violated > 0 { " more" } else { "" }, if warns == 1 { "only warns" } else { "only warn" }));
    }
    if undecided > 0 {
        said.push(format!("{undecided} {} undecided", is(undecided)));
    }
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_digits_that_count() {
        let shares = [0.0, 0.00031, 0.0101, 0.0249, 0.31, 1.0].map(|v| Unit::Share.text(v));
        assert_eq!(shares, ["0 %", "0.031 %", "1.01 %", "2.49 %", "31 %", "100 %"]);
        assert_eq!([Unit::Count.text(1234.0), Unit::Times.text(4.66), Unit::Seconds.text(0.812)], ["1,234", "4.66x", "812 ms"]);
        assert_eq!(Unit::Times.text(f64::INFINITY), "more than can be said");
    }
}
