//! Why a rule came out as it did, in a sentence with its numbers.

use super::judge::{Judged, is_above};
use super::ledger::Group;
use super::rise::FEWEST_NEW;
use super::verdict::{Outcome, Part, Unit};
use crate::model::human;
use crate::rule::{Bound, Expr, Limit, Metric, Op, number_holds};

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
        Metric::New(filter) => new(filter, outcome, part),
        _ if matches!(limit.bound, Some(Bound::Baseline(..))) && unit == Unit::Times => against(limit, outcome, part),
        _ => threshold(limit, unit, outcome, part),
    }
}

/// How a comparison that is a violation is said, and how the contrary.
const fn sides(op: Op) -> (&'static str, &'static str) {
    match op {
        Op::More => ("more than", "not more than"),
        Op::AtLeast => ("at least", "less than"),
        Op::Less => ("less than", "not less than"),
        Op::AtMost => ("at most", "more than"),
        Op::Equal => ("just", "not just"),
        Op::Differs => ("not just", "just"),
    }
}

const fn op_of(limit: &Limit) -> Op {
    match limit.bound {
        Some(Bound::Value(op, _) | Bound::Baseline(op, _)) => op,
        Some(Bound::Burn { .. }) | None => Op::More,
    }
}

/// `p95`
fn level(metric: &Metric) -> String {
    metric.to_string().trim_end_matches("(duration)").to_owned()
}

fn measured(limit: &Limit, unit: Unit, part: &Part) -> String {
    let value = part.value.map_or_else(|| "nothing".into(), |v| unit.text(v));
    let (hits, all) = (human::count(part.numerator), human::count(part.denominator));
    match (&limit.metric, unit) {
        (metric @ Metric::Quantile(_), Unit::Seconds) => format!("{} is {value} over {all} requests{}", level(metric), between(part, unit)),
        (Metric::Quantile(_), _) => {
            let (op, time) = match limit.bound {
                Some(Bound::Value(op, time)) => (op, time),
                _ => (Op::More, 0.0),
            };
            // What is counted is what keeps the quantile from being below: see `slower_than`.
            let took = if matches!(op, Op::AtLeast | Op::Less) { "at least" } else { "longer than" };
            format!("{hits} of {all} requests took {took} {}, {value}{}", Unit::Seconds.text(time), between(part, unit))
        }
        (Metric::Unparsed, _) => format!("{hits} of {all} lines are no record, {value}"),
        (metric, Unit::Count) => format!("{hits} of {all} requests are {}", self::hits(metric)),
        (metric, _) => format!("{hits} of {all} requests are {}, {value}{}", self::hits(metric), between(part, unit)),
    }
}

fn threshold(limit: &Limit, unit: Unit, outcome: Outcome, part: &Part) -> String {
    let measured = measured(limit, unit, part);
    let when = if part.window.is_some() { " in the worst window" } else { "" };
    let op = op_of(limit);
    let bound = part.threshold.map_or_else(String::new, |v| unit.text(v));
    let bound = match &limit.metric {
        metric @ Metric::Quantile(_) if unit == Unit::Share => {
            format!("the {bound} that {} {}", level(metric), if is_above(op) { "allows" } else { "leaves" })
        }
        _ => bound,
    };
    let (violates, keeps) = sides(op);
    let exceeds = part.value.zip(part.threshold).is_some_and(|(value, threshold)| number_holds(value, op, threshold));
    match outcome {
        Outcome::Fail => format!("{measured}{when}: {violates} {bound}"),
        Outcome::Pass if exceeds => format!("{measured}{when}: {violates} {bound}, but not beyond doubt"),
        Outcome::Pass => format!("{measured}{when}: {keeps} {bound}"),
        Outcome::Inconclusive => {
            let needed = part.needed.map_or_else(String::new, |n| format!("; about {} requests at this rate would tell", human::count(n)));
            format!("{measured}{when}: too few to say whether that is {violates} {bound}{needed}")
        }
    }
}

fn against(limit: &Limit, outcome: Outcome, part: &Part) -> String {
    let times = part.value.map_or_else(|| "from nothing".into(), |v| format!("{} times", human::digits(v)));
    // Logs that last longer have more of everything.
    let times = if matches!(limit.metric, Metric::Count(_)) { format!("{times} in the same time") } else { times };
    let asked = part.threshold.map_or_else(String::new, |v| format!("{}x", human::digits(v)));
    let (before, what) = match (&part.before, &limit.metric) {
        (Some(before), metric @ Metric::Quantile(_)) => {
            let old = before.value.unwrap_or(0.0);
            let now = part.value.map_or_else(|| "more than nothing".into(), |times| human::seconds(old * times));
            (format!("{} before", human::seconds(old)), format!("{} is {now}", level(metric)))
        }
        (Some(before), Metric::Count(_)) => (
            format!("{} before", human::count(before.numerator)),
            format!("{} requests are {}", human::count(part.numerator), hits(&limit.metric)),
        ),
        (Some(before), _) => (
            format!("{} of {} before", human::count(before.numerator), human::count(before.denominator)),
            format!("{} of {} requests are {}", human::count(part.numerator), human::count(part.denominator), hits(&limit.metric)),
        ),
        (None, _) => (String::new(), String::new()),
    };
    let chance = part.p.map_or_else(String::new, |p| format!(", p {}", if p < 0.0001 { "< 0.0001".into() } else { format!("= {p:.4}") }));
    let see = part
        .detectable
        .map_or_else(String::new, |ratio| format!("; a rise to {} times would be noticed four times in five", human::digits(ratio)));
    let (violates, keeps) = sides(op_of(limit));
    // A value that is missing is beyond every multiple.
    let exceeds = number_holds(part.value.unwrap_or(f64::INFINITY), op_of(limit), part.threshold.unwrap_or(0.0));
    match outcome {
        Outcome::Fail => format!("{what}, {before}: {times}{chance}, and a violation is {violates} {asked}"),
        Outcome::Pass if exceeds => format!("{what}, {before}: {times}{chance}, {violates} {asked}, but too small a change to count{see}"),
        Outcome::Pass => format!("{what}, {before}: {times}{chance}, {keeps} {asked}{see}"),
        Outcome::Inconclusive => format!("{what}, {before}: {times}{chance}, too few to say whether that is {violates} {asked}{see}"),
    }
}

fn spike(filter: &Expr, outcome: Outcome, part: &Part) -> String {
    let (Outcome::Fail, Some(before)) = (outcome, &part.before) else {
        return format!(
            "{} of {} requests are {filter}, and no span of at most half of the log has many more than the rest",
            human::count(part.numerator),
            human::count(part.denominator)
        );
    };
    let rise = part.value.map_or_else(|| "from none outside".into(), |v| format!("{} times the rest", human::digits(v)));
    format!(
        "{} of {} requests in the window are {filter}, {}: {rise} ({} of {})",
        human::count(part.numerator),
        human::count(part.denominator),
        Unit::Share.text(part.numerator as f64 / part.denominator.max(1) as f64),
        human::count(before.numerator),
        human::count(before.denominator),
    )
}

fn new(filter: &Expr, outcome: Outcome, part: &Part) -> String {
    let before = part.before.map_or(0, |before| before.denominator);
    match outcome {
        Outcome::Pass => format!(
            "of {} requests no route has {FEWEST_NEW} or more with a code ({filter}) that it had not in the baseline",
            human::count(part.denominator)
        ),
        Outcome::Fail if before == 0 => format!(
            "{} of {} requests, on a route that the baseline does not have",
            human::count(part.numerator),
            human::count(part.denominator)
        ),
        Outcome::Fail => format!(
            "{} of {} requests, and none of {} in the baseline",
            human::count(part.numerator),
            human::count(part.denominator),
            human::count(before)
        ),
        Outcome::Inconclusive => {
            format!(
                "{} of {} requests, but the baseline has only {} requests of the route",
                human::count(part.numerator),
                human::count(part.denominator),
                human::count(before)
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
    part.interval.map_or_else(String::new, |(low, high)| format!(" (99 % interval {} to {})", unit.text(low), unit.text(high)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::limit;

    fn said(rule: &str, unit: Unit, outcome: Outcome, value: f64, threshold: f64) -> String {
        let part = Part { value: Some(value), numerator: 5, denominator: 100, threshold: Some(threshold), ..Part::default() };
        super::threshold(&limit(rule).unwrap(), unit, outcome, &part)
    }

    #[test]
    fn comparisons_are_said_as_they_are() {
        for (rule, value, outcome, end) in [
            ("count(5xx) >= 5", 5.0, Outcome::Fail, ": at least 5"),
            ("count(5xx) >= 6", 5.0, Outcome::Pass, ": less than 6"),
            ("count(5xx) > 5", 5.0, Outcome::Pass, ": not more than 5"),
            ("count(5xx) <= 5", 5.0, Outcome::Fail, ": at most 5"),
            ("count(5xx) < 5", 5.0, Outcome::Pass, ": not less than 5"),
        ] {
            let threshold = rule.rsplit(' ').next().unwrap().parse().unwrap();
            let said = said(rule, Unit::Count, outcome, value, threshold);
            assert!(said.ends_with(end), "{rule}: {said}");
        }
        assert!(said("p95(duration) >= 800ms", Unit::Seconds, Outcome::Fail, 0.8, 0.8).ends_with("at least 800 ms"));
        assert!(said("p57(duration) > 1s", Unit::Seconds, Outcome::Pass, 0.8, 1.0).starts_with("p57 is 800 ms over 100"));
        let doubt = said("rate(5xx) > 1%", Unit::Share, Outcome::Pass, 0.05, 0.01);
        assert!(doubt.ends_with("5 %: more than 1 %, but not beyond doubt"), "{doubt}");
    }

    #[test]
    fn quantiles_in_windows_name_the_time() {
        let said = |rule| said(rule, Unit::Share, Outcome::Fail, 0.07, 1.0 - 0.95);
        assert_eq!(
            said("p95(duration) > 800ms window 5m"),
            "5 of 100 requests took longer than 800 ms, 7 %: more than the 5 % that p95 allows"
        );
        assert!(said("p95(duration) >= 800ms window 5m").contains("took at least 800 ms"));
        assert!(said("p95(duration) < 800ms window 5m").ends_with("less than the 5 % that p95 leaves"));
    }
}
