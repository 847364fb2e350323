//! Rules over windows: a threshold -> what the watch of each group is asked, and what became of them.

use super::judge::{ALPHA, Judge, Judged, hit_of};
use super::ledger::{Group, Sums, Tick, sums};
use super::plan::slower_than;
use super::verdict::{Outcome, Part, Unit, Window};
use super::watch::{Moment, State, Terms, Watched, watch};
use crate::model::{MINUTE, WEEK, human, rfc3339};
use crate::rule::{Bound, Limit, Metric, Op, burn_seconds};
use crate::stats::{needed, wilson, z_for};
use std::collections::BTreeMap;

/// The largest number of seconds that divides both.
fn divisor(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { divisor(other, one % other) }
}

/// Windows begin at whole minutes, or as often as a shorter one allows; or as often as was counted, where a step would cut that.
fn step_of(windows: &[i64], width: i64) -> i64 {
    let step = windows.iter().fold(MINUTE, |step, window| divisor(step, *window));
    if step % width == 0 { step } else { width }
}

/// What a rule over windows looks at: the counts of each group as time goes on.
pub(super) struct Series {
    pub(super) groups: BTreeMap<Group, Vec<Tick>>,
    /// Seconds of a tick.
    pub(super) step: i64,
    /// Where the log begins and ends, in whole steps.
    pub(super) reach: (i64, i64),
    /// What the baseline has of each group, where the rule is about one.
    before: Option<Sums>,
}

impl Judge<'_> {
    pub(super) fn over_windows(&self, limit: &Limit, bound: Bound) -> Judged {
        let unit = unit_of(limit);
        match self.series(limit, bound) {
            Ok(series) => conclude(unit, self.watched(limit, bound, &series), series.reach),
            Err(note) => Judged::inconclusive(unit, note),
        }
    }

    /// What a rule looks at, or why there is nothing.
    pub(super) fn series(&self, limit: &Limit, bound: Bound) -> Result<Series, String> {
        let windows = windows_of(limit);
        let step = self.ledger.width().map(|width| step_of(&windows, width));
        let Some((step, reach)) = step.and_then(|step| Some((step, self.ledger.reach(step)?))) else {
            return Err("no line states its time, so there are no windows".into());
        };
        if let Some(window) = windows.iter().find(|window| **window % step != 0) {
            return Err(format!(
                "there are too many routes and times for windows of {window} s: they were counted in {step} s; \
                 choose fewer lines with --since or --path, or a window that is a multiple of it"
            ));
        }
        let groups = self.groups_of_ticks(limit, bound, step);
        if groups.is_empty() {
            return Err("no request matches, so there is nothing to judge".into());
        }
        let before = match (&limit.metric, bound, self.baseline) {
            (Metric::Rate(filter), Bound::Baseline(..), Some(baseline)) => {
                Some(sums(baseline, limit, &|route, code| self.ledger.is_hit(filter, route, code)))
            }
            _ => None,
        };
        Ok(Series { groups, step, reach, before })
    }

    /// What became of each group.
    pub(super) fn watched(&self, limit: &Limit, bound: Bound, series: &Series) -> Vec<(Group, Terms, Watched)> {
        let z = self.z_of(series);
        let of = |(group, ticks): (&Group, &Vec<Tick>)| {
            let terms = series.terms(limit, bound, group, z)?;
            let watched = watch(ticks, series.step, series.reach, &terms);
            Some((group.clone(), terms, watched))
        };
        series.groups.iter().filter_map(of).collect()
    }

    /// Standard errors that a share must be away: for all groups together, and as many windows as a week has.
    pub(super) fn z_of(&self, series: &Series) -> Option<f64> {
        (!self.strict).then(|| z_for(ALPHA / series.groups.len() as f64 / (WEEK / series.step) as f64))
    }

    fn groups_of_ticks(&self, limit: &Limit, bound: Bound, step: i64) -> BTreeMap<Group, Vec<Tick>> {
        let slower = match bound {
            Bound::Value(op, threshold) => slower_than(op, threshold),
            _ => 0.0,
        };
        hit_of(&limit.metric, slower).map(|hit| self.ledger.ticks(limit, hit, step)).unwrap_or_default()
    }
}

impl Series {
    /// What is asked of a group; `None` where the baseline knows nothing to hold it against.
    pub(super) fn terms(&self, limit: &Limit, bound: Bound, group: &Group, z: Option<f64>) -> Option<Terms> {
        // What the values of the rule are multiples of.
        let mut base = 1.0;
        let (op, threshold) = match (&limit.metric, bound) {
            (Metric::Quantile(quantile), Bound::Value(op, _)) => (op, 1.0 - quantile),
            (_, Bound::Value(op, threshold)) => (op, threshold),
            (_, Bound::Burn { budget, factor, .. }) => (Op::More, budget * factor),
            (Metric::Rate(_), Bound::Baseline(op, factor)) => {
                let before = self.before.as_ref()?;
                // A group that the baseline lacks is held against all that it has.
                let sum = before.get(group).or_else(|| Some(before.total())).filter(|sum| sum.all > 0)?;
                base = sum.hits as f64 / sum.all as f64;
                (op, factor * base)
            }
            (_, Bound::Baseline(..)) => return None,
        };
        Some(Terms {
            windows: windows_of(limit),
            op,
            threshold,
            is_count: matches!(limit.metric, Metric::Count(_)),
            clear: limit.clear.map(|(op, value)| match limit.metric {
                // A quantile below a time is told by how many are above another one, which was not counted: what ends it is the contrary.
                Metric::Quantile(_) => (contrary(op), threshold),
                _ => (op, value * base),
            }),
            lasting: i64::from(limit.lasting),
            min: limit.min.unwrap_or(0),
            z,
        })
    }
}

/// The unit of what is seen in windows.
pub(super) const fn unit_of(limit: &Limit) -> Unit {
    if matches!(limit.metric, Metric::Count(_)) { Unit::Count } else { Unit::Share }
}

const fn contrary(op: Op) -> Op {
    match op {
        Op::Less | Op::AtMost => Op::AtMost,
        other => other,
    }
}

/// Seconds of the windows that a rule looks at, the longest first.
pub(super) fn windows_of(limit: &Limit) -> Vec<i64> {
    match (limit.bound, limit.window) {
        (Some(Bound::Burn { period, factor, .. }), None) => {
            let whole_minutes = |seconds: f64| ((seconds / 60.0).round() as i64).max(1) * 60;
            let long = whole_minutes(burn_seconds(period, factor) as f64);
            vec![long, whole_minutes(long as f64 / 12.0)]
        }
        (_, window) => window.map(i64::from).into_iter().collect(),
    }
}

/// How a group came out, the worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Kept,
    /// It may be violated, and no window proves it.
    Doubtful,
    /// It is violated, and the log ends before that lasted for long enough.
    Pending,
    Fired,
}

impl Stand {
    const fn outcome(self) -> Outcome {
        match self {
            Self::Kept => Outcome::Pass,
            Self::Doubtful | Self::Pending => Outcome::Inconclusive,
            Self::Fired => Outcome::Fail,
        }
    }
}

/// What is told of a group: how it came out, the window that says so, and why where the numbers of that do not say it. What all of
/// it together refutes, single windows need not: there are so many of them that some look bad.
fn stand(terms: &Terms, watched: &Watched, groups: usize) -> (Stand, Option<Moment>, Option<String>) {
    if let Some(peak) = watched.firings.iter().map(|firing| firing.peak).reduce(|one, other| terms.worse(one, other)) {
        return (Stand::Fired, Some(peak), None);
    }
    if let State::Pending { since, peak, .. } = watched.state {
        let [since, fires] = [since, since + terms.lasting].map(rfc3339);
        let note = format!("true since {since}, and the log ends before {fires}, when it would fire");
        return (Stand::Pending, Some(peak), Some(note));
    }
    let (whole, suspect) = (watched.whole, watched.doubtful.or(watched.worst));
    if !terms.is_open(whole, z_for(ALPHA / groups as f64)) {
        return (Stand::Kept, watched.worst, None);
    }
    // One of a group with three requests is a third, and of many such groups some have that.
    if terms.is_suspect(whole) || (groups == 1 && terms.exceeds(whole)) {
        let text = |value| Unit::Share.text(value);
        let unproven = match terms.lasting {
            0 => "no single window proves it".to_owned(),
            lasting => format!("it is never true beyond doubt for {lasting} s"),
        };
        let note = format!(
            "{unproven}, but all together {} of {}, {}, is {} than {}: take a longer window, or --strict",
            human::count(whole.hits),
            human::count(whole.all),
            text(terms.value(whole)),
            if terms.is_above() { "more" } else { "less" },
            text(terms.threshold),
        );
        return (Stand::Doubtful, suspect, Some(note));
    }
    (if watched.doubtful.is_some() { Stand::Doubtful } else { Stand::Kept }, suspect, None)
}

/// Whether a log is too short for the rule to become true, or to be true for long enough.
fn is_short(terms: &Terms, reach: (i64, i64)) -> bool {
    let window = if terms.lasting > 0 || !terms.is_above() { terms.windows.iter().copied().max().unwrap_or(0) } else { 0 };
    reach.1 - reach.0 < window + terms.lasting
}

fn conclude(unit: Unit, watched: Vec<(Group, Terms, Watched)>, reach: (i64, i64)) -> Judged {
    let groups = watched.len();
    let (mut parts, mut firings) = (Vec::new(), Vec::new());
    let is_judged = watched.iter().any(|(_, _, watched)| watched.is_judged || !watched.firings.is_empty());
    let is_short = watched.iter().any(|(_, terms, _)| is_short(terms, reach));
    for (group, terms, watched) in watched {
        let (stand, moment, note) = stand(&terms, &watched, groups);
        if let Some(moment) = moment {
            let value = terms.value(moment);
            let distance = (value - terms.threshold) * if terms.is_above() { 1.0 } else { -1.0 };
            let name = group.name();
            let note = note.map(|note| if name.is_empty() { note } else { format!("{name}: {note}") });
            let enough = terms.z.filter(|_| stand == Stand::Doubtful).and_then(|z| needed(value, terms.threshold, z));
            parts.push((stand, distance, Part { needed: enough, ..group.part(part_of(&terms, moment)) }, note));
        }
        firings.extend(watched.firings.into_iter().map(|firing| {
            let value = terms.value(firing.peak);
            (group.clone(), firing, value)
        }));
    }
    parts.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    firings.sort_by_key(|(_, firing, _)| firing.fired);
    let (outcome, note) = match parts.first() {
        Some((stand, .., note)) if *stand != Stand::Kept => (stand.outcome(), note.clone()),
        _ if is_short => {
            let note = "the log is shorter than the window and what the rule must last: judge a longer one, or a shorter window";
            (Outcome::Inconclusive, Some(note.to_owned()))
        }
        Some(_) if is_judged => (Outcome::Pass, None),
        _ => (Outcome::Inconclusive, Some("no window has requests enough to tell: take a longer one, or --strict".to_owned())),
    };
    Judged { outcome, unit, parts: parts.into_iter().map(|(stand, _, part, _)| (stand.outcome(), part)).collect(), firings, note }
}

pub(super) fn part_of(terms: &Terms, moment: Moment) -> Part {
    Part {
        value: Some(terms.value(moment)),
        numerator: moment.hits,
        denominator: moment.all,
        interval: (!terms.is_count).then(|| wilson(moment.hits, moment.all, z_for(ALPHA))),
        threshold: Some(terms.threshold),
        window: Some(Window::between(moment.start, moment.end)),
        ..Part::default()
    }
}

impl Window {
    /// From a second on until before another one.
    pub(super) fn between(start: i64, end: i64) -> Self {
        Self { start: rfc3339(start), end: rfc3339(end), start_seconds: start, end_seconds: end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_cuts_nothing_that_was_counted_together() {
        assert_eq!(step_of(&[300], 1), 60);
        assert_eq!(step_of(&[45], 1), 15);
        assert_eq!(step_of(&[45], 10), 10);
        assert_eq!(step_of(&[3600, 300], 300), 300);
        assert_eq!(step_of(&[90], 10), 30);
    }
}
