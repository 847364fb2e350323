//! What a verdict says of its rules, in the words that all outputs share. Text of the log is passed on as it is: whoever
//! writes it cleans it.

use crate::gate::{Alert, Outcome, Part, Ruling, Unit, Verdict, Window};
use crate::output::View;
use crate::output::human::{self, Times};
use jiff::Timestamp;

/// Characters of one text from the log or a rule; what is longer is cut in every output but JSON.
const LONGEST: usize = 400;

/// `PASS`, `FAIL`, `WARN` for a violated rule that does not fail the gate, `??`
pub(super) fn word(ruling: &Ruling) -> &'static str {
    if ruling.verdict == Outcome::Fail && ruling.severity == "warning" { "WARN" } else { overall(ruling.verdict) }
}

/// The same of the whole.
pub(super) const fn overall(outcome: Outcome) -> &'static str {
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
pub(super) fn rule(ruling: &Ruling) -> String {
    match &ruling.name {
        Some(name) => format!("{}: {}", clip(name), clip(&ruling.rule)),
        None => clip(&ruling.rule),
    }
}

/// `api: POST /payments, 502`, or nothing for all requests.
fn group(service: Option<&str>, method: Option<&str>, route: Option<&str>, code: Option<u16>) -> String {
    let request: Vec<String> = [method, route].into_iter().flatten().map(clip).collect();
    let request = request.join(" ");
    let code = code.map(|code| format!("{code:03}"));
    let what: Vec<&str> = [request.as_str(), code.as_deref().unwrap_or_default()].into_iter().filter(|t| !t.is_empty()).collect();
    let what = what.join(", ");
    match service.map(clip) {
        Some(service) if what.is_empty() => service,
        Some(service) => format!("{service}: {what}"),
        None => what,
    }
}

/// The requests of a part, or nothing for all.
pub(super) fn place(part: &Part) -> String {
    group(part.service.as_deref(), part.method.as_deref(), part.route.as_deref(), part.code)
}

/// The same of an alert.
pub(super) fn alert_place(alert: &Alert) -> String {
    group(alert.service.as_deref(), alert.method.as_deref(), alert.route.as_deref(), alert.code)
}

/// A value as people read it.
pub(super) fn value(value: f64, unit: Unit) -> String {
    match unit {
        _ if !value.is_finite() => "more than can be said".to_owned(),
        Unit::Share => share(value),
        Unit::Count => plain(value),
        Unit::Seconds => human::seconds(value),
        Unit::Times => format!("{}x", plain(value)),
    }
}

/// `0.031 %`: three digits that count, as a value just above its limit must not look the same.
fn share(share: f64) -> String {
    format!("{} %", plain(share * 100.0))
}

/// A number in three digits, or all before the point.
fn plain(number: f64) -> String {
    if number.abs() >= 100.0 {
        return human::count(number.round().max(0.0) as u64);
    }
    let digits = if number == 0.0 { 0 } else { (2 - number.abs().log10().floor() as i32).clamp(0, 6) as usize };
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `31 of 1,000 requests`
pub(super) fn counted(numerator: u64, denominator: u64) -> String {
    format!("{} of {} {}", human::count(numerator), human::count(denominator), if denominator == 1 { "request" } else { "requests" })
}

/// `3.1 %, the limit is 1 %`
pub(super) fn measured(part: &Part, unit: Unit) -> String {
    let measured = part.value.map_or("nothing could be measured".to_owned(), |v| value(v, unit));
    match part.threshold {
        Some(threshold) => format!("{measured}, the limit is {}", value(threshold, unit)),
        None => measured,
    }
}

/// `between 2.2 % and 4.3 % in 99 of 100 logs`; empty for exact values.
pub(super) fn interval(part: &Part, unit: Unit) -> String {
    part.interval.map_or(String::new(), |(low, high)| format!("between {} and {} in 99 of 100 logs", value(low, unit), value(high, unit)))
}

/// What the baseline has, and how sure the difference is; empty without one.
pub(super) fn before(part: &Part, unit: Unit) -> String {
    let mut said = Vec::new();
    if let Some(before) = part.before {
        let counts = counted(before.numerator, before.denominator);
        said.push(match before.value {
            Some(v) => format!("{} in the baseline ({counts})", value(v, unit)),
            None => format!("{counts} in the baseline"),
        });
    }
    if let Some(p) = part.p {
        let p = if p < 0.0001 { "below 0.0001".to_owned() } else { plain(p) };
        said.push(format!("chance of such a difference where nothing changed: {p}"));
    }
    if let Some(ratio) = part.detectable {
        said.push(format!("a change to {}x would be noticed four times in five", plain(ratio)));
    }
    said.join("; ")
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
            value(alert.peak, unit)
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
    let rules = format!("{default}{}", if all == 1 { "rule" } else { "rules" });
    let (is, more) = (|n| if n == 1 { "is" } else { "are" }, violated > 0);
    let mut said = Vec::new();
    match violated {
        0 if warns == 0 && undecided == 0 && all == 1 => said.push(format!("the {rules} holds")),
        0 if warns == 0 && undecided == 0 => said.push(format!("all {all} {rules} hold")),
        n => said.push(format!("{n} of {all} {rules} {} violated", is(n))),
    }
    if warns > 0 {
        said.push(format!("{warns}{} {}", if more { " more" } else { "" }, if warns == 1 { "only warns" } else { "only warn" }));
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
        let shares = [0.0, 0.00031, 0.0101, 0.0249, 0.31, 1.0].map(|v| value(v, Unit::Share));
        assert_eq!(shares, ["0 %", "0.031 %", "1.01 %", "2.49 %", "31 %", "100 %"]);
        assert_eq!([value(1234.0, Unit::Count), value(4.66, Unit::Times), value(0.812, Unit::Seconds)], ["1,234", "4.66x", "812 ms"]);
        assert_eq!(value(f64::INFINITY, Unit::Times), "more than can be said");
    }
}
