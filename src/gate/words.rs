//! Why a rule came out as it did, in a sentence with its numbers.

use super::judge::{Judged, is_above};
use super::ledger::Group;
use super::verdict::{Outcome, Part, Unit};
use crate::model::human;
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
    let value = part.value.map_or_else(|| "nothing".into(), |v| unit.text(v));
    let bound = part.threshold.map_or_else(String::new, |v| unit.text(v));
    let measured = match (&limit.metric, unit) {
        (Metric::Quantile(quantile), Unit::Seconds) => {
            format!("p{} is {value} over {} requests{}", quantile * 100.0, human::count(part.denominator), between(part, unit))
        }
        (Metric::Quantile(_), _) => {
            format!(
                "{} of {} requests took longer than the rule allows, {value}{}",
                human::count(part.numerator),
                human::count(part.denominator),
                between(part, unit)
            )
        }
        (Metric::Unparsed, _) => {
            format!("{} of {} lines are no record, {value}", human::count(part.numerator), human::count(part.denominator))
        }
        (_, Unit::Count) => {
            format!("{} of {} requests are {}", human::count(part.numerator), human::count(part.denominator), hits(&limit.metric))
        }
        _ => format!(
            "{} of {} requests are {}, {value}{}",
            human::count(part.numerator),
            human::count(part.denominator),
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
        // A window may be above without proving anything; a count is what it is.
        Outcome::Pass if part.window.is_some() && unit == Unit::Count => format!("{measured}{when}: {keeps} than {bound}"),
        Outcome::Pass if part.window.is_some() => format!("{measured}{when}: {keeps} than {bound} beyond doubt"),
        Outcome::Pass => format!("{measured}: {keeps} than {bound}"),
        Outcome::Inconclusive => {
            let needed = part.needed.map_or_else(String::new, |n| format!("; about {} requests at this rate would tell", human::count(n)));
            format!("{measured}{when}: too few to say whether that is {violates} than {bound}{needed}")
        }
    }
}

fn against(limit: &Limit, outcome: Outcome, part: &Part) -> String {
    let times = part.value.map_or_else(|| "from nothing".into(), |v| format!("{} times", human::digits(v)));
    let asked = part.threshold.map_or_else(String::new, |v| format!("{}x", human::digits(v)));
    let (before, what) = match (&part.before, &limit.metric) {
        (Some(before), Metric::Quantile(quantile)) => {
            let old = before.value.unwrap_or(0.0);
            let now = old * part.value.unwrap_or(0.0);
            (format!("{} before", human::seconds(old)), format!("p{} is {}", quantile * 100.0, human::seconds(now)))
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

fn new(outcome: Outcome, part: &Part) -> String {
    let before = part.before.map_or(0, |before| before.denominator);
    match outcome {
        Outcome::Pass => format!("no route has a code that it had not in the baseline, of {} requests", human::count(part.denominator)),
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
                "{} of {} requests, but the baseline has only {} of the route",
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
