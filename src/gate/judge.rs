//! One rule, one log -> how it came out: what is measured, against what, and how sure that is.

use super::ledger::{Group, Hit, Ledger, Sum, Sums, sums};
use super::verdict::{Before, Outcome, Part, Unit};
use super::watch::Firing;
use crate::baseline::{Baseline, Durations};
use crate::rule::{Bound, Limit, Metric, Op, number_holds};
use crate::stats::{self, needed, wilson, z_for};
use std::cmp::Ordering;

/// In so few logs where nothing is wrong a rule is found to be violated, over all groups and windows that it looks at.
pub(super) const ALPHA: f64 = stats::ALPHA;
/// A group with fewer hits is not worth a doubt.
const WORTH_DOUBT: u64 = 3;

/// What a rule is judged with.
pub(super) struct Judge<'r> {
    pub(super) ledger: Ledger<'r>,
    pub(super) baseline: Option<&'r Baseline>,
    /// Values are taken as they are, without asking how sure they are.
    pub(super) strict: bool,
}

/// How a rule came out.
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) unit: Unit,
    /// What decided first; then other parts that are violated or in doubt, the worst first.
    pub(super) parts: Vec<(Outcome, Part)>,
    pub(super) firings: Vec<(Group, Firing, f64)>,
    /// Why, where the numbers of the first part do not say it.
    pub(super) note: Option<String>,
}

impl Judged {
    pub(super) fn inconclusive(unit: Unit, note: impl Into<String>) -> Self {
        Self { outcome: Outcome::Inconclusive, unit, parts: Vec::new(), firings: Vec::new(), note: Some(note.into()) }
    }
}

/// What was measured of a group.
pub(super) struct Measured {
    pub(super) part: Part,
    /// The value as it is violates the rule.
    pub(super) exceeds: bool,
    /// It does, or does not, beyond doubt.
    pub(super) is_proven: bool,
    pub(super) is_refuted: bool,
    /// How far from the threshold, to tell which is worse.
    pub(super) distance: f64,
}

impl Judge<'_> {
    pub(super) fn judge(&self, limit: &Limit) -> Judged {
        // In windows it is each that needs so many.
        let over_all = limit.window.is_none() && !matches!(limit.bound, Some(Bound::Burn { .. })) && limit.metric != Metric::Unparsed;
        if let Some(min) = limit.min.filter(|_| over_all) {
            let requests = sums(&self.ledger.sums, limit, &|_, _| false).all();
            if requests < min {
                return Judged::inconclusive(unit_of(limit), format!("{requests} requests match, and the rule asks for at least {min}"));
            }
        }
        match (&limit.metric, limit.bound) {
            (Metric::Spike(filter), _) => self.spike(limit, filter),
            (Metric::New(filter), _) => self.fresh(limit, filter),
            (_, Some(Bound::Baseline(op, factor))) if limit.window.is_none() => self.against_baseline(limit, op, factor),
            (_, Some(bound)) if limit.window.is_some() || matches!(bound, Bound::Burn { .. }) => self.over_windows(limit, bound),
            (Metric::Unparsed, Some(Bound::Value(op, threshold))) => self.unparsed(limit, op, threshold),
            (Metric::Rate(filter), Some(Bound::Value(op, threshold))) => {
                let all = sums(&self.ledger.sums, limit, &|route, code| self.ledger.is_hit(filter, route, code));
                decide(limit, Unit::Share, all, |sum, sureness| self.share(limit, sum, op, threshold, sureness))
            }
            (Metric::Count(filter), Some(Bound::Value(op, threshold))) => {
                let all = sums(&self.ledger.sums, limit, &|route, code| self.ledger.is_hit(filter, route, code));
                decide(limit, Unit::Count, all, |sum, _| exact(sum, sum.hits as f64, op, threshold))
            }
            (&Metric::Quantile(quantile), Some(Bound::Value(op, threshold))) => self.quantile(limit, quantile, op, threshold),
            _ => Judged::inconclusive(Unit::Share, "this rule says nothing to hold it against"),
        }
    }

    fn share(&self, limit: &Limit, sum: &Sum, op: Op, threshold: f64, sureness: Sureness) -> Measured {
        let value = sum.hits as f64 / sum.all.max(1) as f64;
        let part = Part {
            value: Some(value),
            numerator: sum.hits,
            denominator: sum.all,
            interval: Some(wilson(sum.hits, sum.all, z_for(ALPHA))),
            threshold: Some(threshold),
            ..Part::default()
        };
        let interval = wilson(sum.hits, sum.all, sureness.z);
        let mut measured = self.with_interval(part, number_holds(value, op, threshold), interval, op, threshold);
        let rare = if is_above(op) { sum.hits } else { sum.all - sum.hits };
        measured.is_proven &= self.strict || rare >= sureness.fewest;
        let is_doubtful = !measured.is_proven && !measured.is_refuted;
        measured.part.needed = is_doubtful.then(|| needed(value, threshold, sureness.z).map(|n| n.max(limit.min.unwrap_or(0)))).flatten();
        measured
    }

    /// A part whose value lies within an interval.
    pub(super) fn with_interval(&self, part: Part, exceeds: bool, interval: (f64, f64), op: Op, threshold: f64) -> Measured {
        let (towards, away) = if is_above(op) { interval } else { (interval.1, interval.0) };
        let value = part.value.unwrap_or(0.0);
        Measured {
            exceeds,
            is_proven: if self.strict { exceeds } else { number_holds(towards, op, threshold) },
            is_refuted: if self.strict { !exceeds } else { !number_holds(away, op, threshold) },
            distance: if is_above(op) { value - threshold } else { threshold - value },
            part,
        }
    }

    fn quantile(&self, limit: &Limit, quantile: f64, op: Op, threshold: f64) -> Judged {
        let groups = self.ledger.durations(limit);
        let total: u64 = groups.values().map(Durations::total).sum();
        if total == 0 {
            return Judged::inconclusive(
                Unit::Seconds,
                "the log states no durations of matching requests: 'logcodes formats' says what to log",
            );
        }
        let measure = |durations: &Durations, z: f64| {
            let value = durations.quantile(quantile).unwrap_or(0.0);
            let interval = durations.interval(quantile, z).unwrap_or((value, value));
            let part = Part {
                value: Some(value),
                numerator: durations.slower_than(threshold),
                denominator: durations.total(),
                interval: durations.interval(quantile, z_for(ALPHA)),
                threshold: Some(threshold),
                ..Part::default()
            };
            self.with_interval(part, number_holds(value, op, threshold), interval, op, threshold)
        };
        if limit.min.is_some_and(|min| total < min) {
            return Judged::inconclusive(
                Unit::Seconds,
                format!("{total} durations are logged, and the rule asks for at least {}", limit.min.unwrap_or(0)),
            );
        }
        let counts: Vec<Vec<(u64, u64)>> = groups.values().cloned().map(Vec::from).collect();
        let whole = measure(&Durations::of(counts.iter().map(Vec::as_slice)), z_for(ALPHA));
        if limit.by.is_empty() {
            return settle(Unit::Seconds, vec![whole], None);
        }
        let z = z_for(ALPHA / groups.len() as f64);
        let judged = groups.into_iter().filter(|(_, d)| d.total() >= limit.min.unwrap_or(1)).map(|(group, durations)| {
            let measured = measure(&durations, z);
            Measured { part: group.part(measured.part), ..measured }
        });
        settle(Unit::Seconds, judged.collect(), Some(whole))
    }

    /// What could not be read is no sample of anything: its share is what it is.
    fn unparsed(&self, limit: &Limit, op: Op, threshold: f64) -> Judged {
        let sum = Sum { hits: self.ledger.sums.rejected, all: self.ledger.sums.read, ..Sum::default() };
        if sum.all == 0 || limit.min.is_some_and(|min| sum.all < min) {
            return Judged::inconclusive(Unit::Share, format!("{} lines were read, too few to judge", sum.all));
        }
        settle(Unit::Share, vec![exact(&sum, sum.hits as f64 / sum.all as f64, op, threshold)], None)
    }
}

/// What it takes to be sure of a share.
#[derive(Clone, Copy)]
struct Sureness {
    /// Standard errors.
    z: f64,
    /// Hits: the interval is made for more than a few.
    fewest: u64,
}

const OF_ALL: u64 = 3;
/// One of many groups has some hits by chance.
const OF_A_GROUP: u64 = 5;

/// Groups each for itself, corrected for how many there are, and all of them together.
fn decide(limit: &Limit, unit: Unit, sums: Sums, measure: impl Fn(&Sum, Sureness) -> Measured) -> Judged {
    let whole = sums.total();
    if whole.all == 0 {
        return Judged::inconclusive(unit, "no request matches, so there is nothing to judge");
    }
    let together = measure(&whole, Sureness { z: z_for(ALPHA), fewest: OF_ALL });
    if limit.by.is_empty() {
        return settle(unit, vec![together], None);
    }
    let sureness = Sureness { z: z_for(ALPHA / sums.groups.len() as f64), fewest: OF_A_GROUP };
    let of = |(group, sum): (Group, Sum)| {
        let measured = measure(&sum, sureness);
        Measured { part: group.part(measured.part), ..measured }
    };
    let judged = sums.groups.into_iter().filter(|(_, sum)| sum.all >= limit.min.unwrap_or(1)).map(of).collect();
    // Many small counts are no large one, but what all have too much of together, some have too much of.
    settle(unit, judged, (unit != Unit::Count).then_some(together))
}

/// The unit of what a rule measures.
fn unit_of(limit: &Limit) -> Unit {
    match (&limit.metric, limit.bound) {
        (Metric::Spike(_), _) | (_, Some(Bound::Baseline(..))) => Unit::Times,
        (Metric::Count(_) | Metric::New(_), _) => Unit::Count,
        (Metric::Quantile(_), _) => Unit::Seconds,
        (Metric::Rate(_) | Metric::Unparsed, _) => Unit::Share,
    }
}

/// A value that is no sample of anything: it is what it is.
fn exact(sum: &Sum, value: f64, op: Op, threshold: f64) -> Measured {
    let exceeds = number_holds(value, op, threshold);
    let part = Part { value: Some(value), numerator: sum.hits, denominator: sum.all, threshold: Some(threshold), ..Part::default() };
    let distance = if is_above(op) { value - threshold } else { threshold - value };
    Measured { part, exceeds, is_proven: exceeds, is_refuted: !exceeds, distance }
}

pub(super) fn is_above(op: Op) -> bool {
    matches!(op, Op::More | Op::AtLeast)
}

/// Groups and, where they are several, all of them together. One that is violated beyond doubt decides; without one, all together
/// must be beyond doubt, and none may look violated: a group with few requests need not prove that it is not.
pub(super) fn settle(unit: Unit, groups: Vec<Measured>, whole: Option<Measured>) -> Judged {
    let rank = |measured: &Measured| match () {
        () if measured.is_proven => Outcome::Fail,
        () if whole.is_none() && !measured.is_refuted => Outcome::Inconclusive,
        () if measured.exceeds && !measured.is_refuted && measured.part.numerator >= WORTH_DOUBT => Outcome::Inconclusive,
        () => Outcome::Pass,
    };
    let mut ranked: Vec<(Outcome, Measured)> = groups.into_iter().map(|measured| (rank(&measured), measured)).collect();
    let worst_first = |a: &(Outcome, Measured), b: &(Outcome, Measured)| match b.0.cmp(&a.0) {
        Ordering::Equal => b.1.distance.total_cmp(&a.1.distance),
        other => other,
    };
    ranked.sort_by(worst_first);
    let mut outcome = ranked.first().map_or(Outcome::Inconclusive, |(outcome, _)| *outcome);
    let mut parts: Vec<(Outcome, Part)> = ranked.into_iter().map(|(outcome, measured)| (outcome, measured.part)).collect();
    if let Some(whole) = whole {
        let of_all = match () {
            () if whole.is_proven => Outcome::Fail,
            () if whole.is_refuted => Outcome::Pass,
            () => Outcome::Inconclusive,
        };
        if of_all > outcome {
            outcome = of_all;
            parts.insert(0, (of_all, whole.part));
        }
    }
    Judged { outcome, unit, parts, firings: Vec::new(), note: None }
}

impl Group {
    /// A part that is of this group.
    pub(super) fn part(&self, part: Part) -> Part {
        let Self { service, method, route, code } = self.clone();
        Part { service, method, route, code, ..part }
    }

    /// The group that a part is of.
    pub(super) fn of_part(part: &Part) -> Self {
        Self { service: part.service.clone(), method: part.method.clone(), route: part.route.clone(), code: part.code }
    }
}

/// What the baseline has of a group.
pub(super) fn before(sum: &Sum) -> Before {
    Before { value: (sum.all > 0).then(|| sum.hits as f64 / sum.all as f64), numerator: sum.hits, denominator: sum.all }
}

/// What makes a request a hit of a metric.
pub(super) fn hit_of(metric: &Metric, slower: f64) -> Option<Hit<'_>> {
    match metric {
        Metric::Rate(filter) | Metric::Count(filter) | Metric::Spike(filter) | Metric::New(filter) => Some(Hit::Filter(filter)),
        Metric::Quantile(_) => Some(Hit::Slower(slower)),
        Metric::Unparsed => None,
    }
}
