//! Which clauses of a limit go together, and which units with which metric.

use super::{Bound, Key, Level, Limit, Metric, burn_seconds};
use crate::rule::check::Side;
use crate::rule::token::Fault;
use crate::rule::words::{Field, Kind};
use crate::rule::{Expr, Op, Term};

/// What was read, and where it stands.
pub(super) struct Mark<'a, T> {
    pub(super) at: &'a str,
    pub(super) value: T,
}

/// A comparison as it was written: its sign, its value, and whether the baseline is named behind.
type Held<'a> = Mark<'a, (Op, Side, bool)>;

/// The clauses as they were written.
#[derive(Default)]
pub(super) struct Clauses<'a> {
    pub(super) bound: Option<Held<'a>>,
    pub(super) scope: Option<Mark<'a, Expr>>,
    pub(super) by: Option<Mark<'a, Vec<Key>>>,
    pub(super) window: Option<Mark<'a, u32>>,
    pub(super) per: Option<Mark<'a, u32>>,
    pub(super) min: Option<Mark<'a, u64>>,
    pub(super) lasting: Option<Mark<'a, u32>>,
    pub(super) clear: Option<Held<'a>>,
    pub(super) severity: Option<Mark<'a, Level>>,
    pub(super) over: Option<Mark<'a, u32>>,
    pub(super) burn: Option<Mark<'a, f64>>,
}

/// The largest count that is exact as a number with a point.
const MOST: f64 = 9_007_199_254_740_992.0;

/// Written anew since the build reads this file too, and has no other room.
const MINUTE: i64 = 60;
/// Behind the longest window.
const LONGEST: i64 = 31 * 86_400 + 1;

/// How the value of a metric is written, behind the name of the metric.
fn written(metric: &Metric) -> &'static str {
    match metric {
        Metric::Rate(_) => "rate is a share: > 1%, or > 2x baseline",
        Metric::Count(_) => "count is a whole number of requests: > 5, or > 2x baseline",
        Metric::Quantile(_) => "a quantile is a time: > 800ms, or > 2x baseline",
        Metric::Unparsed => "share(unparsed) is a share: > 1%",
        Metric::Spike(_) => "spike is true or not and takes no comparison",
        Metric::New(_) => "new is true or not and takes no comparison",
    }
}

fn fails<T>(at: &str, what: impl Into<String>) -> Result<T, Fault<'_>> {
    Err(Fault { rest: at, what: what.into() })
}

/// The limit of these parts; `end` is where the text ends.
pub(super) fn limit<'a>(metric: Mark<'a, Metric>, clauses: Clauses<'a>, end: &'a str) -> Result<Limit, Fault<'a>> {
    goes_with(&metric.value, &clauses)?;
    let bound = bound(&metric.value, &clauses, end)?;
    against_baseline(&metric.value, &clauses, bound)?;
    let window = window(&metric.value, &clauses)?;
    over_windows(&clauses, window)?;
    let clear = match (&clauses.clear, bound) {
        (Some(clear), Some(bound)) => Some(ends(&metric.value, clear, bound)?),
        _ => None,
    };
    Ok(Limit {
        text: String::new(),
        metric: metric.value,
        scope: clauses.scope.map_or(Expr::All, |scope| scope.value),
        by: clauses.by.map_or_else(Vec::new, |by| by.value),
        bound,
        window,
        min: clauses.min.map(|min| min.value),
        lasting: clauses.lasting.map_or(0, |lasting| lasting.value),
        clear,
        severity: clauses.severity.map_or_else(Level::default, |severity| severity.value),
    })
}

/// Clauses that say nothing of this metric.
fn goes_with<'a>(metric: &Metric, clauses: &Clauses<'a>) -> Result<(), Fault<'a>> {
    let windowed = [&clauses.window, &clauses.per, &clauses.lasting].into_iter().flatten().map(|mark| mark.at);
    let windowed = windowed.chain(clauses.clear.iter().map(|mark| mark.at)).next();
    match (metric, windowed) {
        (Metric::Spike(_), Some(at)) => return fails(at, "spike looks for the span by itself, in all that was read: leave this out"),
        (Metric::New(_), Some(at)) => return fails(at, "new looks at all that was read: leave this out"),
        (Metric::Unparsed, Some(at)) => {
            return fails(at, "a line that is no record has no time: share(unparsed) looks at all that was read");
        }
        _ => {}
    }
    if let (Metric::Unparsed, Some(scope)) = (metric, &clauses.scope) {
        return fails(scope.at, "a line that is no record has no route, method or status: share(unparsed) looks at all lines");
    }
    match (metric, &clauses.by) {
        (Metric::Unparsed, Some(by)) => {
            fails(by.at, "a line that is no record has no route, method or status: share(unparsed) takes no by")
        }
        (Metric::New(_), Some(by)) if by.value != [Key::Route] => fails(by.at, "new looks at each route by itself: leave this out"),
        _ => Ok(()),
    }
}

/// What it is held against.
fn bound<'a>(metric: &Metric, clauses: &Clauses<'a>, end: &'a str) -> Result<Option<Bound>, Fault<'a>> {
    let burns = clauses.over.as_ref().map(|over| over.at).or(clauses.burn.as_ref().map(|burn| burn.at));
    let flag = matches!(metric, Metric::Spike(_) | Metric::New(_));
    match (&clauses.bound, burns) {
        (None, None) if flag => Ok(None),
        (Some(mark), _) if flag => fails(mark.at, written(metric)),
        (None, Some(at)) if flag => fails(at, written(metric)),
        (None, None) => fails(end, format!("what is a violation? {}", written(metric))),
        (None, Some(at)) => fails(at, format!("the objective is missing: {EXAMPLE}")),
        (Some(mark), None) => value(metric, mark).map(Some),
        (Some(mark), Some(at)) => burn(metric, mark, clauses, at).map(Some),
    }
}

/// A value, or so many times the baseline.
fn value<'a>(metric: &Metric, mark: &Held<'a>) -> Result<Bound, Fault<'a>> {
    let at = mark.at;
    let (op, Side { term: Term::Number(number), kind }, baseline) = &mark.value else { return fails(at, written(metric)) };
    let number = *number;
    match (kind, baseline, metric) {
        (Some(Kind::Times), true, Metric::Rate(_) | Metric::Count(_) | Metric::Quantile(_)) if number > 0.0 => {
            Ok(Bound::Baseline(*op, number))
        }
        (Some(Kind::Times), true, Metric::Unparsed) => fails(at, "a baseline does not say how many lines are normally unparsed: > 1%"),
        (Some(Kind::Times), true, _) => fails(at, "so many times the baseline is more than 0x: > 2x baseline"),
        (Some(Kind::Times), false, _) => fails(at, format!("so many times what? write {number}x baseline")),
        (_, true, _) => fails(at, "the baseline stands behind a ratio: > 2x baseline"),
        (Some(Kind::Share), _, Metric::Rate(_) | Metric::Unparsed) if number > 1.0 => fails(at, "a share is at most 100%"),
        (Some(Kind::Number), _, Metric::Count(_)) if number % 1.0 == 0.0 && number < MOST => Ok(Bound::Value(*op, number)),
        (Some(Kind::Share), _, Metric::Rate(_) | Metric::Unparsed) | (Some(Kind::Time), _, Metric::Quantile(_)) => {
            Ok(Bound::Value(*op, number))
        }
        _ => fails(at, written(metric)),
    }
}

/// How a burn rate is written.
const EXAMPLE: &str = "rate(5xx) < 0.1% over 30d burn 14.4x";

/// An objective, and how much faster than allowed it may be used up.
fn burn<'a>(metric: &Metric, mark: &Held<'a>, clauses: &Clauses<'a>, at: &'a str) -> Result<Bound, Fault<'a>> {
    if !matches!(metric, Metric::Rate(_)) {
        return fails(at, format!("over and burn go with rate alone: {EXAMPLE}"));
    }
    let (over, burn) = match (&clauses.over, &clauses.burn) {
        (Some(over), Some(burn)) => (over.value, burn.value),
        (Some(over), None) => return fails(over.at, format!("over says how long an objective is for, and burn is missing: {EXAMPLE}")),
        (None, _) => return fails(at, format!("burn says how fast an objective is used up, and over is missing: {EXAMPLE}")),
    };
    match value(metric, mark)? {
        Bound::Value(Op::Less | Op::AtMost, budget) if budget > 0.0 => {
            if budget * burn >= 1.0 {
                return fails(
                    clauses.burn.as_ref().map_or(at, |burn| burn.at),
                    "no share can be so large: a smaller burn, or a stricter objective",
                );
            }
            let mark = clauses.burn.as_ref().map_or(at, |burn| burn.at);
            match burn_seconds(over, burn) {
                ..MINUTE => {
                    fails(mark, "burn would look at windows of less than a minute here: a smaller burn, or an objective over a longer time")
                }
                LONGEST.. => {
                    fails(mark, "burn would look at windows of more than 31 days here: a larger burn, or an objective over a shorter time")
                }
                _ => Ok(Bound::Burn { budget, period: over, factor: burn }),
            }
        }
        Bound::Value(Op::Less | Op::AtMost, _) => fails(mark.at, format!("an objective of 0% has nothing to use up: {EXAMPLE}")),
        _ => fails(mark.at, format!("with burn the comparison states the objective, as a share below which bad requests stay: {EXAMPLE}")),
    }
}

/// A baseline keeps sums over all that was read, and durations by route.
fn against_baseline<'a>(metric: &Metric, clauses: &Clauses<'a>, bound: Option<Bound>) -> Result<(), Fault<'a>> {
    if !matches!(bound, Some(Bound::Baseline(..))) || !matches!(metric, Metric::Count(_) | Metric::Quantile(_)) {
        return Ok(());
    }
    let windowed = [&clauses.window, &clauses.per, &clauses.lasting].into_iter().flatten().map(|mark| mark.at);
    if let Some(at) = windowed.chain(clauses.clear.iter().map(|mark| mark.at)).next() {
        let what = if matches!(metric, Metric::Count(_)) { "a count" } else { "a quantile" };
        return fails(
            at,
            format!(
                "{what} is held against the baseline over all that was read: leave this out, or ask for a rate: rate(5xx) > 2x baseline window 5m"
            ),
        );
    }
    let by = clauses.by.as_ref().filter(|by| by.value.contains(&Key::Status)).map(|by| by.at);
    let scope = clauses.scope.as_ref().filter(|scope| asks_status(&scope.value)).map(|scope| scope.at);
    match (metric, by.or(scope)) {
        (Metric::Quantile(_), Some(at)) => fails(
            at,
            "a baseline keeps durations by route, not by status: leave this out, or read only such lines with --status, for the baseline too",
        ),
        _ => Ok(()),
    }
}

/// Whether a filter asks for the status.
fn asks_status(filter: &Expr) -> bool {
    let is_status = |term: &Term| matches!(term, Term::Field(Field::Status));
    match filter {
        Expr::All | Expr::Flag(_) | Expr::FlagOf(_) => false,
        Expr::Status(..) => true,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(asks_status),
        Expr::Not(part) => asks_status(part),
        Expr::Compare(left, _, right) => is_status(left) || is_status(right),
        Expr::In(left, sides) => is_status(left) || sides.iter().any(is_status),
    }
}

/// `window` or `per`.
fn window<'a>(metric: &Metric, clauses: &Clauses<'a>) -> Result<Option<u32>, Fault<'a>> {
    match (&clauses.window, &clauses.per) {
        (Some(_), Some(per)) => fails(per.at, "per is the window already: write one of them"),
        (None, Some(per)) if !matches!(metric, Metric::Count(_)) => fails(per.at, "per goes with count; write window here: window 5m"),
        (window, per) => Ok(window.as_ref().or(per.as_ref()).map(|mark| mark.value)),
    }
}

/// Clauses about windows, where there are none or others.
fn over_windows<'a>(clauses: &Clauses<'a>, window: Option<u32>) -> Result<(), Fault<'a>> {
    if clauses.burn.is_some() {
        let widths = [&clauses.window, &clauses.per, &clauses.lasting].into_iter().flatten().map(|mark| mark.at);
        return match widths.chain(clauses.clear.iter().map(|mark| mark.at)).next() {
            Some(at) => fails(at, "burn has windows of its own, a long and a short one: leave this out"),
            None => Ok(()),
        };
    }
    match (&clauses.lasting, &clauses.clear) {
        _ if window.is_some() => Ok(()),
        (Some(lasting), _) => fails(lasting.at, "for needs a window: window 1m for 5m"),
        (_, Some(clear)) => fails(clear.at, "clear needs a window: window 1m clear < 1%"),
        _ => Ok(()),
    }
}

/// `clear`: it lies on the other side of the bound, or the same window would violate and clear it.
fn ends<'a>(metric: &Metric, clear: &Held<'a>, bound: Bound) -> Result<(Op, f64), Fault<'a>> {
    let is_more = |op: Op| matches!(op, Op::More | Op::AtLeast);
    let ends = value(metric, clear)?;
    let ((Bound::Value(op, number), Bound::Value(bound_op, limit)) | (Bound::Baseline(op, number), Bound::Baseline(bound_op, limit))) =
        (ends, bound)
    else {
        return fails(clear.at, "clear is written as the comparison is: > 1% … clear < 0.5%, > 2x baseline … clear < 1.5x baseline");
    };
    let beyond = if is_more(bound_op) { number > limit } else { number < limit };
    if is_more(op) == is_more(bound_op) || beyond {
        return fails(clear.at, "clear says what ends it, on the other side of the comparison: > 2% … clear < 1%");
    }
    Ok((op, number))
}
