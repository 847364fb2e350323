//! Rules over windows: a threshold -> what the watch of each group is asked, and what became of them.

use super::judge::{ALPHA, Judge, Judged, hit_of};
use super::ledger::{Group, Tick, sums};
use super::verdict::{Outcome, Part, Unit, Window};
use super::watch::{Moment, Terms, Watched, watch};
use crate::model::{MINUTE, WEEK, rfc3339};
use crate::rule::{Bound, Limit, Metric, Op};
use crate::stats::{wilson, z_for};
use std::collections::BTreeMap;

/// The largest number of seconds that divides both.
fn divisor(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { divisor(other, one % other) }
}

/// What a rule over windows looks at: the counts of each group as time goes on.
pub(super) struct Series {
    pub(super) groups: BTreeMap<Group, Vec<Tick>>,
    /// Seconds of a tick.
    pub(super) step: i64,
    /// Where the log begins and ends, in whole steps.
    pub(super) reach: (i64, i64),
}

impl Judge<'_> {
    pub(super) fn over_windows(&self, limit: &Limit, bound: Bound) -> Judged {
        let unit = unit_of(limit);
        match self.series(limit, bound) {
            Ok(series) => conclude(unit, self.watched(limit, bound, &series)),
            Err(note) => Judged::inconclusive(unit, note),
        }
    }

    /// What a rule looks at, or why there is nothing.
    pub(super) fn series(&self, limit: &Limit, bound: Bound) -> Result<Series, String> {
        let windows = windows_of(limit);
        // Windows begin at whole minutes, or as often as a shorter one allows; or as often as was counted.
        let step = windows.iter().fold(MINUTE, |step, window| divisor(step, *window));
        let Some((step, reach)) = self.ledger.width().map(|width| step.max(width)).and_then(|step| Some((step, self.ledger.reach(step)?)))
        else {
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
        Ok(Series { groups, step, reach })
    }

    /// What became of each group.
    pub(super) fn watched(&self, limit: &Limit, bound: Bound, series: &Series) -> Vec<(Group, Terms, Watched)> {
        let z = self.z_of(series);
        let of = |(group, ticks): (&Group, &Vec<Tick>)| {
            let terms = self.terms(limit, bound, group, z)?;
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
            Bound::Value(_, threshold) => threshold,
            _ => 0.0,
        };
        hit_of(&limit.metric, slower).map(|hit| self.ledger.ticks(limit, hit, step)).unwrap_or_default()
    }

    /// What is asked of a group; `None` where the baseline knows nothing to hold it against.
    pub(super) fn terms(&self, limit: &Limit, bound: Bound, group: &Group, z: Option<f64>) -> Option<Terms> {
        // What the values of the rule are multiples of.
        let mut base = 1.0;
        let (op, threshold) = match (&limit.metric, bound) {
            (Metric::Quantile(quantile), Bound::Value(op, _)) => (op, 1.0 - quantile),
            (_, Bound::Value(op, threshold)) => (op, threshold),
            (_, Bound::Burn { budget, factor, .. }) => (Op::More, budget * factor),
            (Metric::Rate(filter), Bound::Baseline(op, factor)) => {
                let before = sums(self.baseline?, limit, &|route, code| self.ledger.is_hit(filter, route, code));
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
            // The part of the budget that may be gone before anybody is told, as the workbook on reliability has it.
            let spent = match factor {
                10.0.. => 0.02,
                3.0.. => 0.05,
                _ => 0.1,
            };
            let whole_minutes = |seconds: f64| ((seconds / 60.0).round() as i64).max(1) * 60;
            let long = whole_minutes(f64::from(period) * spent / factor);
            vec![long, whole_minutes(long as f64 / 12.0)]
        }
        (_, window) => window.map(i64::from).into_iter().collect(),
    }
}

fn conclude(unit: Unit, watched: Vec<(Group, Terms, Watched)>) -> Judged {
    let (mut parts, mut firings) = (Vec::new(), Vec::new());
    let is_judged = watched.iter().any(|(_, _, watched)| watched.is_judged || !watched.firings.is_empty());
    for (group, terms, watched) in watched {
        let peak = watched.firings.iter().map(|firing| firing.peak).reduce(|one, other| terms.worse(one, other));
        let outcome = if peak.is_some() { Outcome::Fail } else { Outcome::Pass };
        if let Some(moment) = peak.or(watched.worst) {
            let distance = (terms.value(moment) - terms.threshold) * if terms.is_above() { 1.0 } else { -1.0 };
            parts.push((outcome, distance, group.part(part_of(&terms, moment))));
        }
        firings.extend(watched.firings.into_iter().map(|firing| {
            let value = terms.value(firing.peak);
            (group.clone(), firing, value)
        }));
    }
    parts.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    firings.sort_by_key(|(_, firing, _)| firing.fired);
    let outcome = match parts.first() {
        Some((outcome, ..)) if is_judged => *outcome,
        _ => Outcome::Inconclusive,
    };
    let note =
        (outcome == Outcome::Inconclusive).then(|| "no window has requests enough to tell: take a longer one, or --strict".to_owned());
    Judged { outcome, unit, parts: parts.into_iter().map(|(outcome, _, part)| (outcome, part)).collect(), firings, note }
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
