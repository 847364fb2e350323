//! Rules against a baseline: each group against itself before, corrected for bursts and for how many groups there are; all
//! together with the traffic's mix held still.

use super::judge::{ALPHA, Judge, Judged, Measured, before, is_above, settle};
use super::ledger::{Group, Ledger, Sum, Sums, sums};
use super::verdict::{Before, Outcome, Part, Unit};
use crate::baseline::{Baseline, Durations};
use crate::rule::{Expr, Key, Limit, Metric, Op, number_holds};
use crate::stats::{Arm, Contrast, LEAST_EXTRA, contrast, counts, detectable, holm, is_relevant, standardised, z_for};
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
        let strata = Limit { by: if limit.by.is_empty() { vec![Key::Route] } else { limit.by.clone() }, ..limit.clone() };
        let (old, new) = (sums(baseline, &strata, &is_hit), sums(&self.ledger.sums, &strata, &is_hit));
        let pairs = pairs(&old, &new);
        if pairs.is_empty() {
            return Judged::inconclusive(
                Unit::Times,
                "the baseline or this log has no request that matches, so there is nothing to compare",
            );
        }
        if !limit.by.is_empty() {
            let found = pairs.into_iter().filter(|pair| pair.new.all >= limit.min.unwrap_or(1)).map(|pair| {
                let contrast = contrast(&pair.old.arm(), &pair.new.arm());
                (pair, contrast)
            });
            return judged(found.collect(), op, factor, &Kind::SHARES);
        }
        let arms: Vec<(Arm, Arm)> = pairs.iter().map(|pair| (pair.old.arm(), pair.new.arm())).collect();
        let (mut old, mut new) = (Sum::default(), Sum::default());
        for pair in &pairs {
            old.add(&pair.old);
            new.add(&pair.new);
        }
        judged(vec![(Pair { group: Group::default(), old, new }, standardised(&arms))], op, factor, &Kind::SHARES)
    }

    /// How many there are in the same time.
    fn volumes(&self, limit: &Limit, filter: &Expr, baseline: &Baseline, op: Op, factor: f64) -> Judged {
        let (Some(before), Some(after)) = (seconds(baseline), seconds(&self.ledger.sums)) else {
            return Judged::inconclusive(Unit::Times, "the lines state no times, so that counts cannot be held against each other");
        };
        let is_hit = |route: &_, code| self.ledger.is_hit(filter, route, code);
        let (old, mut new) = (sums(baseline, limit, &is_hit), sums(&self.ledger.sums, limit, &is_hit));
        if old.all() == 0 || new.all() == 0 {
            return Judged::inconclusive(
                Unit::Times,
                "the baseline or this log has no request that matches, so there is nothing to compare",
            );
        }
        // What vanished counts too: there is none of it now.
        for group in old.groups.keys() {
            new.groups.entry(group.clone()).or_default();
        }
        let kind = Kind { test: counts, exposure: Some((before, after)) };
        let pair = |(group, new): (Group, Sum)| Pair { old: old.get(&group).unwrap_or_default(), group, new };
        let found = new.groups.into_iter().map(pair).map(|pair| {
            let contrast = kind.contrast(&pair.old, &pair.new);
            (pair, contrast)
        });
        judged(found.collect(), op, factor, &kind)
    }

    fn durations_against(&self, limit: &Limit, quantile: f64, baseline: &Baseline, op: Op, factor: f64) -> Judged {
        let mut old: BTreeMap<Group, Vec<&[(u64, u64)]>> = BTreeMap::new();
        for route in baseline.routes.iter().filter(|route| !route.latency.is_empty()) {
            // A baseline keeps durations by route: what the rule asks for speaks of nothing finer.
            if let Some(&code) = route.codes.keys().find(|code| Ledger::lets(&limit.scope, route, **code)) {
                old.entry(Group::of(limit, route, code)).or_default().push(&route.latency);
            }
        }
        let new = self.ledger.durations(limit);
        let both: Vec<(Group, Durations, Durations)> = new
            .into_iter()
            .filter(|(_, new)| new.total() >= limit.min.unwrap_or(1))
            .filter_map(|(group, new)| old.get(&group).map(|old| (group, Durations::of(old.iter().copied()), new)))
            .collect();
        if both.is_empty() {
            return Judged::inconclusive(Unit::Times, "the baseline and this log have no durations of the same routes");
        }
        let z = z_for(ALPHA / both.len() as f64);
        let mut is_blind = true;
        let measure = |(group, old, new): (Group, Durations, Durations)| {
            let (was, is) = (old.quantile(quantile)?, new.quantile(quantile)?);
            let ((old_low, old_high), (low, high)) = (old.interval(quantile, z)?, new.interval(quantile, z)?);
            let ratio = if was > 0.0 { is / was } else { f64::INFINITY };
            is_blind &= high.is_infinite() || old_high.is_infinite();
            let part = Part {
                value: Some(ratio).filter(|ratio| ratio.is_finite()),
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
        let judged = settle(Unit::Times, both.into_iter().filter_map(measure).collect(), None);
        if is_blind && !self.strict && judged.outcome == Outcome::Pass {
            let note = "the durations are too few to bound their quantile".to_owned();
            return Judged { outcome: Outcome::Inconclusive, note: Some(note), ..judged };
        }
        judged
    }
}

/// A group before and now.
struct Pair {
    group: Group,
    old: Sum,
    new: Sum,
}

/// How sums are held against each other: as shares of requests, or as counts in time.
struct Kind {
    test: fn(&Arm, &Arm) -> Contrast,
    /// Seconds before and now, for counts.
    exposure: Option<(f64, f64)>,
}

impl Kind {
    const SHARES: Self = Self { test: contrast, exposure: None };

    fn arms(&self, old: &Sum, new: &Sum) -> (Arm, Arm) {
        match self.exposure {
            None => (old.arm(), new.arm()),
            Some((before, after)) => (Arm { n: before, ..old.arm() }, Arm { n: after, ..new.arm() }),
        }
    }

    fn contrast(&self, old: &Sum, new: &Sum) -> Contrast {
        let (old, new) = self.arms(old, new);
        (self.test)(&old, &new)
    }

    /// Large enough to matter, in the direction that the rule asks for.
    fn is_relevant(&self, found: &Contrast, op: Op, factor: f64) -> bool {
        let (found, ratio) = if is_above(op) {
            (*found, factor.max(1.0))
        } else {
            (Contrast { ratio: 1.0 / found.ratio, extra: -found.extra, difference: -found.difference, ..*found }, (1.0 / factor).max(1.0))
        };
        match self.exposure {
            None => is_relevant(&found, ratio),
            Some(_) => found.ratio >= ratio && found.extra >= LEAST_EXTRA,
        }
    }

    /// The smallest ratio that would be noticed.
    fn detectable(&self, old: &Sum, new: &Sum, alpha: f64) -> Option<f64> {
        self.exposure.is_none().then(|| detectable(&old.arm(), new.all as f64, alpha)).flatten()
    }

    /// Whether even a large rise would go unnoticed.
    fn is_blind(&self, old: &Sum, new: &Sum, factor: f64) -> bool {
        let (old, new) = self.arms(old, new);
        // From nothing to one in a hundred, or so many times what it was.
        let rate = if old.k > 0.0 { old.k / old.n * MUST_SEE * factor.max(1.0) } else { 0.01 };
        let most = if self.exposure.is_none() { new.n } else { f64::INFINITY };
        let risen = Arm { k: (new.n * rate).floor().min(most), n: new.n, dispersion: old.dispersion };
        (self.test)(&old, &risen).p >= ALPHA
    }
}

/// Seconds that a log spans, at least one.
fn seconds(of: &Baseline) -> Option<f64> {
    of.span.map(|(start, end)| end.saturating_sub(start).max(1) as f64)
}

/// Each group now with itself before. What the baseline has none of is one group, held against all that the baseline has.
fn pairs(old: &Sums, new: &Sums) -> Vec<Pair> {
    let (mut pairs, mut unknown) = (Vec::new(), Sum::default());
    for (group, now) in new.groups.iter().filter(|(_, now)| now.all > 0) {
        match old.get(group).filter(|old| old.all > 0) {
            Some(old) => pairs.push(Pair { group: group.clone(), old, new: now.clone() }),
            None => unknown.add(now),
        }
    }
    let all = old.total();
    if unknown.all > 0 && all.all > 0 {
        let group = Group { route: Some(UNKNOWN.to_owned()), ..Group::default() };
        pairs.push(Pair { group, old: all, new: unknown });
    }
    pairs
}

/// What stands for all that the baseline lacks.
const UNKNOWN: &str = "(not in the baseline)";

fn judged(found: Vec<(Pair, Contrast)>, op: Op, factor: f64, kind: &Kind) -> Judged {
    let corrected = holm(&found.iter().map(|(_, contrast)| contrast.p).collect::<Vec<_>>());
    let several = found.len() as f64;
    let blind = found.iter().all(|(pair, _)| kind.is_blind(&pair.old, &pair.new, factor));
    let measure = |((Pair { group, old, new }, found), p): ((Pair, Contrast), f64)| {
        let part = Part {
            value: found.ratio.is_finite().then_some(found.ratio),
            numerator: new.hits,
            denominator: new.all,
            interval: found.interval,
            threshold: Some(factor),
            before: Some(before(&old)),
            p: Some(p),
            detectable: kind.detectable(&old, &new, ALPHA / several),
            ..Part::default()
        };
        let exceeds = number_holds(found.ratio, op, factor) && kind.is_relevant(&found, op, factor);
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
