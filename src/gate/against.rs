//! Rules against a baseline: each group against itself before, corrected for bursts and for how many groups there are; all
//! together with the traffic's mix held still.

use super::judge::{ALPHA, Judge, Judged, Measured, before, is_above, settle};
use super::ledger::{Group, Sum, sums};
use super::verdict::{Before, Outcome, Part, Unit};
use crate::baseline::{Baseline, Durations};
use crate::rule::{Expr, Key, Limit, Metric, Op, number_holds};
use crate::stats::{Arm, Contrast, contrast, detectable, holm, is_relevant, standardised, z_for};
use std::collections::BTreeMap;

/// A ratio that must be noticed, or the comparison says nothing: times the rule's own.
const MUST_SEE: f64 = 5.0;

impl Sum {
    fn arm(&self) -> Arm {
        Arm { k: self.hits as f64, n: self.all as f64, dispersion: self.dispersion() }
    }
}

impl Judge<'_> {
    pub(super) fn against_baseline(&self, limit: &Limit, op: Op, factor: f64) -> Judged {
        let Some(baseline) = self.baseline else {
            return Judged::inconclusive(Unit::Times, "there is no baseline to hold it against: --baseline names one");
        };
        match &limit.metric {
            Metric::Rate(filter) => self.rates(limit, filter, baseline, op, factor),
            Metric::Count(filter) => self.volumes(limit, filter, baseline, op, factor),
            Metric::Quantile(quantile) => self.durations_against(limit, *quantile, baseline, op, factor),
            Metric::Unparsed | Metric::Spike(_) | Metric::New(_) => Judged::inconclusive(Unit::Times, "this metric has no baseline"),
        }
    }

    fn rates(&self, limit: &Limit, filter: &Expr, baseline: &Baseline, op: Op, factor: f64) -> Judged {
        let is_hit = |route: &_, code| self.ledger.is_hit(filter, route, code);
        let pairs = |limit: &Limit| pairs(sums(baseline, limit, &is_hit), sums(&self.ledger.sums, limit, &is_hit));
        if !limit.by.is_empty() {
            return contrasts(pairs(limit), op, factor);
        }
        let by_route = pairs(&Limit { by: vec![Key::Route], ..limit.clone() });
        let strata: Vec<(Arm, Arm)> = by_route.iter().map(|(_, old, new)| (old.arm(), new.arm())).collect();
        let (mut old, mut new) = (Sum::default(), Sum::default());
        for (_, before, after) in &by_route {
            old.add(before);
            new.add(after);
        }
        if old.all == 0 || new.all == 0 {
            return Judged::inconclusive(Unit::Times, "the baseline and this log have no route in common");
        }
        let found = standardised(&strata);
        judged(vec![(Group::default(), old, new, found)], op, factor)
    }

    /// How many there are in the same time.
    fn volumes(&self, limit: &Limit, filter: &Expr, baseline: &Baseline, op: Op, factor: f64) -> Judged {
        let (Some(old), Some(new)) = (seconds(baseline), seconds(&self.ledger.sums)) else {
            return Judged::inconclusive(Unit::Times, "the lines state no times, so that counts cannot be held against each other");
        };
        let is_hit = |route: &_, code| self.ledger.is_hit(filter, route, code);
        let mut both = all_pairs(sums(baseline, limit, &is_hit), sums(&self.ledger.sums, limit, &is_hit));
        both.iter_mut().for_each(|(_, before, after)| (before.all, after.all) = (old.max(before.hits), new.max(after.hits)));
        contrasts(both, op, factor)
    }

    fn durations_against(&self, limit: &Limit, quantile: f64, baseline: &Baseline, op: Op, factor: f64) -> Judged {
        let mut old: BTreeMap<Group, Vec<&[(u64, u64)]>> = BTreeMap::new();
        for route in baseline.routes.iter().filter(|route| !route.latency.is_empty()) {
            let code = route.codes.keys().next().copied().unwrap_or(200);
            old.entry(Group::of(limit, route, code)).or_default().push(&route.latency);
        }
        let new = self.ledger.durations(limit);
        let both: Vec<(Group, Durations, Durations)> = new
            .into_iter()
            .filter_map(|(group, new)| old.get(&group).map(|old| (group, Durations::of(old.iter().copied()), new)))
            .collect();
        if both.is_empty() {
            return Judged::inconclusive(Unit::Times, "the baseline and this log have no durations of the same routes");
        }
        let z = z_for(ALPHA / both.len() as f64);
        let measure = |(group, old, new): (Group, Durations, Durations)| {
            let (was, is) = (old.quantile(quantile)?, new.quantile(quantile)?);
            let ((old_low, old_high), (low, high)) = (old.interval(quantile, z)?, new.interval(quantile, z)?);
            let ratio = if was > 0.0 { is / was } else { f64::INFINITY };
            let part = Part {
                value: Some(ratio),
                numerator: new.slower_than(was * factor),
                denominator: new.total(),
                interval: (old_low > 0.0 && old_high > 0.0).then(|| (low / old_high, high / old_low)),
                threshold: Some(factor),
                before: Some(Before { value: Some(was), numerator: old.slower_than(was * factor), denominator: old.total() }),
                ..Part::default()
            };
            let exceeds = number_holds(ratio, op, factor);
            // Apart beyond doubt, and as far as the rule asks.
            let apart = if is_above(op) { low > old_high } else { high < old_low };
            let is_proven = exceeds && (self.strict || apart);
            let distance = if is_above(op) { ratio - factor } else { factor - ratio };
            Some(Measured { part: group.part(part), exceeds, is_proven, is_refuted: !exceeds, distance })
        };
        settle(Unit::Times, both.into_iter().filter_map(measure).collect(), None)
    }
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.all += other.all;
    }
}

/// Seconds that a log spans, at least one.
fn seconds(of: &Baseline) -> Option<u64> {
    of.span.map(|(start, end)| (end - start).max(1) as u64)
}

/// Groups that both have.
fn pairs(mut old: BTreeMap<Group, Sum>, new: BTreeMap<Group, Sum>) -> Vec<(Group, Sum, Sum)> {
    new.into_iter()
        .filter_map(|(group, new)| old.remove(&group).map(|old| (group, old, new)))
        .filter(|(_, old, new)| old.all > 0 && new.all > 0)
        .collect()
}

/// Groups that one of them has: the other has none of it.
fn all_pairs(mut old: BTreeMap<Group, Sum>, new: BTreeMap<Group, Sum>) -> Vec<(Group, Sum, Sum)> {
    let mut both: Vec<(Group, Sum, Sum)> =
        new.into_iter().map(|(group, new)| (group.clone(), old.remove(&group).unwrap_or_default(), new)).collect();
    both.extend(old.into_iter().map(|(group, old)| (group, old, Sum::default())));
    both
}

fn contrasts(pairs: Vec<(Group, Sum, Sum)>, op: Op, factor: f64) -> Judged {
    if pairs.is_empty() {
        return Judged::inconclusive(Unit::Times, "the baseline and this log have nothing in common");
    }
    let found = pairs.into_iter().map(|(group, old, new)| {
        let found = contrast(&old.arm(), &new.arm());
        (group, old, new, found)
    });
    judged(found.collect(), op, factor)
}

fn judged(found: Vec<(Group, Sum, Sum, Contrast)>, op: Op, factor: f64) -> Judged {
    let corrected = holm(&found.iter().map(|(_, _, _, contrast)| contrast.p).collect::<Vec<_>>());
    let several = found.len() as f64;
    let blind = found.iter().all(|(_, old, new, _)| is_blind(old, new, factor));
    let measure = |((group, old, new, found), p): ((Group, Sum, Sum, Contrast), f64)| {
        let part = Part {
            value: found.ratio.is_finite().then_some(found.ratio),
            numerator: new.hits,
            denominator: new.all,
            interval: found.interval,
            threshold: Some(factor),
            before: Some(before(&old)),
            p: Some(p),
            detectable: detectable(&old.arm(), new.all as f64, ALPHA / several),
            ..Part::default()
        };
        let exceeds = number_holds(found.ratio, op, factor) && is_relevant_towards(&found, op, factor);
        let is_proven = exceeds && p < ALPHA;
        // The worst is the one with most extra hits, not the one with the largest ratio.
        Measured { part: group.part(part), exceeds, is_proven, is_refuted: !exceeds, distance: found.extra.abs() }
    };
    let measured = found.into_iter().zip(corrected).map(measure).collect();
    let judged = settle(Unit::Times, measured, None);
    if blind && judged.outcome == Outcome::Pass {
        let note = "the requests are too few to see even a large rise".to_owned();
        return Judged { outcome: Outcome::Inconclusive, note: Some(note), ..judged };
    }
    judged
}

/// Large enough to matter, in the direction that the rule asks for.
fn is_relevant_towards(found: &Contrast, op: Op, factor: f64) -> bool {
    if is_above(op) {
        return is_relevant(found, factor.max(1.0));
    }
    let mirrored = Contrast { ratio: 1.0 / found.ratio, extra: -found.extra, difference: -found.difference, ..*found };
    is_relevant(&mirrored, (1.0 / factor).max(1.0))
}

/// Whether even a large rise would go unnoticed.
fn is_blind(old: &Sum, new: &Sum, factor: f64) -> bool {
    let arm = old.arm();
    if old.hits == 0 {
        // From nothing to one in a hundred.
        let risen = Arm { k: (new.all as f64 / 100.0).floor(), n: new.all as f64, dispersion: 1.0 };
        return contrast(&arm, &risen).p >= ALPHA;
    }
    detectable(&arm, new.all as f64, ALPHA).is_none_or(|ratio| ratio > MUST_SEE * factor.max(1.0))
}
