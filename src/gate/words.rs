//! Why a rule came out as it did, in a sentence with its numbers.

use super::judge::{Judged, is_above};
use super::ledger::Group;
use super::verdict::{Outcome, Part, Unit};
use crate::rule::{Bound, Expr, Limit, Metric};

/// The sentence of a ruling.
pub(super) fn reason(limit: &Limit, judged: &Judged) -> String {
    if let Some(note) = &judged.note {
        return note.clone();
    }
    let Some((outcome, part)) = judged.parts.first() else { return "there is nothing to judge".into() };
    let name = Group::of_part(part).name();
    let of = if name.is_empty() { String::new() } else { format!("{name}: ") };
    format!("{of}{}", sentence(limit, judged.unit, *outcome, part))
}

fn sentence(limit: &Limit, unit: Unit, outcome: Outcome, part: &Part) -> String {
    match &limit.metric {
        Metric::Spike(filter) => spike(filter, outcome, part),
        Metric::New(_) => new(outcome, part),
        _ if matches!(limit.bound, Some(Bound::Baseline(..))) && unit == Unit::Times => against(limit, outcome, part),
        _ => threshold(limit, unit, outcome, part),
    }
}

fn threshold(limit: &Limit, unit: Unit, outcome: Outcome, part: &Part) -> String {
    let value = part.value.map_or_else(|| "nothing".into(), |v| number(v, unit));
    let bound = part.threshold.map_or_else(String::new, |v| number(v, unit));
    let measured = match (&limit.metric, unit) {
        (Metric::Quantile(quantile), Unit::Seconds) => {
            format!("p{} is {value} over {} requests{}", quantile * 100.0, count(part.denominator), between(part, unit))
        }
        (Metric::Quantile(_), _) => {
            format!(
                "{} of {} requests took longer than the rule allows, {value}{}",
                count(part.numerator),
                count(part.denominator),
                between(part, unit)
            )
        }
        (Metric::Unparsed, _) => format!("{} of {} lines are no record, {value}", count(part.numerator), count(part.denominator)),
        (_, Unit::Count) => format!("{} of {} requests are {}", count(part.numerator), count(part.denominator), hits(&limit.metric)),
        _ => format!(
            "{} of {} requests are {}, {value}{}",
            count(part.numerator),
            count(part.denominator),
            hits(&limit.metric),
            between(part, unit)
        ),
    };
    let when = part.window.as_ref().map_or_else(String::new, |_| " in the worst window".into());
    let above = limit.bound.is_none_or(|bound| match bound {
        Bound::Value(op, _) | Bound::Baseline(op, _) => is_above(op),
        Bound::Burn { .. } => true,
    });
    let (violates, keeps) = if above { ("more", "not more") } else { ("less", "not less") };
    match outcome {
        Outcome::Fail => format!("{measured}{when}: {violates} than {bound}"),
        // A window may be above without proving anything.
        Outcome::Pass if part.window.is_some() => format!("{measured}{when}: {keeps} than {bound} beyond doubt"),
        Outcome::Pass => format!("{measured}: {keeps} than {bound}"),
        Outcome::Inconclusive => {
            let needed = part.needed.map_or_else(String::new, |n| format!("; about {} requests at this rate would tell", count(n)));
            format!("{measured}{when}: too few to say whether that is {violates} than {bound}{needed}")
        }
    }
}

fn against(limit: &Limit, outcome: Outcome, part: &Part) -> String {
    let times = part.value.map_or_else(|| "from nothing".into(), |v| format!("{} times", plain(v)));
    let asked = part.threshold.map_or_else(String::new, |v| format!("{}x", plain(v)));
    let (before, what) = match (&part.before, &limit.metric) {
        (Some(before), Metric::Quantile(quantile)) => {
            let old = before.value.unwrap_or(0.0);
            let now = old * part.value.unwrap_or(0.0);
            (format!("{} before", seconds(old)), format!("p{} is {}", quantile * 100.0, seconds(now)))
        }
        (Some(before), Metric::Count(_)) => {
            (format!("{} before", count(before.numerator)), format!("{} requests are {}", count(part.numerator), hits(&limit.metric)))
        }
        (Some(before), _) => (
            format!("{} of {} before", count(before.numerator), count(before.denominator)),
            format!("{} of {} requests are {}", count(part.numerator), count(part.denominator), hits(&limit.metric)),
        ),
        (None, _) => (String::new(), String::new()),
    };
    let chance = part.p.map_or_else(String::new, |p| format!(", p {}", if p < 0.0001 { "< 0.0001".into() } else { format!("= {p:.4}") }));
    let see =
        part.detectable.map_or_else(String::new, |ratio| format!("; a rise to {} times would be noticed four times in five", plain(ratio)));
    match outcome {
        Outcome::Fail => format!("{what}, {before}: {times}{chance}, and the rule allows {asked}"),
        Outcome::Pass => format!("{what}, {before}: {times}{chance}, within {asked} or too small a change to count{see}"),
        Outcome::Inconclusive => format!("{what}, {before}: {times}{chance}, too few to say whether that is beyond {asked}{see}"),
    }
}

fn spike(filter: &Expr, outcome: Outcome, part: &Part) -> String {
    let (Outcome::Fail, Some(before)) = (outcome, &part.before) else {
        return format!(
            "{} of {} requests are {filter}, and no span of time has many more than the rest",
            count(part.numerator),
            count(part.denominator)
        );
    };
    let rise = part.value.map_or_else(|| "from none outside".into(), |v| format!("{} times the rest", plain(v)));
    format!(
        "{} of {} requests in the window are {filter}, {}: {rise} ({} of {})",
        count(part.numerator),
        count(part.denominator),
        share(part.numerator as f64 / part.denominator.max(1) as f64),
        count(before.numerator),
        count(before.denominator),
    )
}

fn new(outcome: Outcome, part: &Part) -> String {
    let before = part.before.map_or(0, |before| before.denominator);
    match outcome {
        Outcome::Pass => format!("no route has a code that it had not in the baseline, of {} requests", count(part.denominator)),
        Outcome::Fail if before == 0 => {
            format!("{} of {} requests, on a route that the baseline does not have", count(part.numerator), count(part.denominator))
        }
        Outcome::Fail => {
            format!("{} of {} requests, and none of {} in the baseline", count(part.numerator), count(part.denominator), count(before))
        }
        Outcome::Inconclusive => {
            format!(
                "{} of {} requests, but the baseline has only {} of the route",
                count(part.numerator),
                count(part.denominator),
                count(before)
            )
        }
    }
}

/// What the hits of a metric are called.
fn hits(metric: &Metric) -> String {
    match metric {
        Metric::Rate(filter) | Metric::Count(filter) | Metric::Spike(filter) | Metric::New(filter) if *filter != Expr::All => {
            filter.to_string()
        }
        _ => "counted".into(),
    }
}

fn between(part: &Part, unit: Unit) -> String {
    part.interval.map_or_else(String::new, |(low, high)| format!(" (99 % interval {} to {})", number(low, unit), number(high, unit)))
}

fn number(value: f64, unit: Unit) -> String {
    unit.text(value)
}

impl Unit {
    /// A value as people read it: `4.79 %`, `1,234`, `250 ms`, `1.5x`.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Share => share(value),
            Self::Count => count(value.round().max(0.0) as u64),
            Self::Seconds => seconds(value),
            Self::Times => format!("{}x", plain(value)),
        }
    }
}

/// Two digits that tell something, and never 0 for what is there.
pub(super) fn share(value: f64) -> String {
    let percent = value * 100.0;
    match percent {
        p if p == 0.0 => "0 %".into(),
        p if p < 0.001 => "under 0.001 %".into(),
        p if p < 0.1 => trimmed(format!("{p:.3}")) + " %",
        p if p < 10.0 => trimmed(format!("{p:.2}")) + " %",
        p => trimmed(format!("{p:.1}")) + " %",
    }
}

fn seconds(value: f64) -> String {
    if value < 1.0 { trimmed(format!("{:.1}", value * 1000.0)) + " ms" } else { trimmed(format!("{value:.2}")) + " s" }
}

fn plain(value: f64) -> String {
    if value >= 100.0 { count(value.round() as u64) } else { trimmed(format!("{value:.1}")) }
}

/// Without noughts behind the point.
fn trimmed(digits: String) -> String {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.').to_owned() } else { digits }
}

fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_lose_what_is_there() {
        assert_eq!(
            [0.0, 0.000_001, 0.000_42, 0.01, 0.0479, 0.5, 1.0].map(share),
            ["0 %", "under 0.001 %", "0.042 %", "1 %", "4.79 %", "50 %", "100 %"]
        );
        assert_eq!([0.0004, 0.25, 1.5, 61.0].map(seconds), ["0.4 ms", "250 ms", "1.5 s", "61 s"]);
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!([1.5, 12.0, 1234.5].map(plain), ["1.5", "12", "1,235"]);
    }
}
