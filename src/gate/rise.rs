//! Rules that ask for no number: spikes within the log, and codes that a route never had.

use super::judge::{Judge, Judged};
use super::ledger::{Group, Hit, Tick};
use super::verdict::{Before, Outcome, Part, Unit, Window};
use crate::baseline::Route;
use crate::model::MINUTE;
use crate::rule::{Expr, Key, Limit};
use crate::stats::{Bin, Incident, spike};
use std::collections::BTreeMap;

/// Fewer have no rest to hold one against.
const FEWEST_BINS: i64 = 10;
/// So many are enough for a log that is too short for that many minutes.
const ENOUGH_BINS: i64 = 30;
/// More are added up: what lasts longer is looked for in longer steps.
const MOST_BINS: i64 = 240;
/// A group that has this part of the hits is what it is about.
const MOSTLY: f64 = 0.7;
/// Fewer responses with a new code are an accident.
pub(super) const FEWEST_NEW: u64 = 3;
/// So likely may a baseline lack a code that the route has at today's rate: with more it says nothing.
const BY_CHANCE: f64 = 0.05;

impl Judge<'_> {
    /// All together, and each route or whatever the rule is by.
    pub(super) fn spike(&self, limit: &Limit, filter: &Expr) -> Judged {
        let Some((width, (first, last))) = self.ledger.width().zip(self.ledger.sums.span) else {
            return Judged::inconclusive(Unit::Times, "no line states its time, so there is no spike to look for");
        };
        let step = step(last - first, width);
        let reach = (first.div_euclid(step) * step, (last.div_euclid(step) + 1) * step);
        let by = if limit.by.is_empty() { vec![Key::Route] } else { limit.by.clone() };
        let mut groups = self.ledger.ticks(&Limit { by: Vec::new(), ..limit.clone() }, Hit::Filter(filter), step);
        let all: u64 = groups.values().flatten().map(|tick| tick.all).sum();
        if all == 0 || limit.min.is_some_and(|min| all < min) {
            return Judged::inconclusive(Unit::Times, format!("{all} requests match, too few to judge"));
        }
        if (reach.1 - reach.0) / step < FEWEST_BINS {
            let note = format!(
                "the log spans {} s, and a spike is told from the rest of at least {FEWEST_BINS} steps of {step} s",
                reach.1 - reach.0
            );
            return Judged::inconclusive(Unit::Times, note);
        }
        let parts = self.ledger.ticks(&Limit { by, ..limit.clone() }, Hit::Filter(filter), step);
        if parts.len() > 1 {
            groups.extend(parts);
        }
        let series = groups.len();
        let found = groups.iter().filter_map(|(group, ticks)| {
            let bins = bins(ticks, reach, step);
            let incident = spike(&bins, series)?;
            Some((incident.strength, spiked(group, &bins, &incident, reach.0, step)))
        });
        let mut found: Vec<(f64, Part)> = found.collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        // Where one group is what makes all together rise, it is the one to name.
        if let Some(whole) = found.iter().position(|(_, part)| Group::of_part(part) == Group::default()) {
            let (strength, part) = found.remove(whole);
            if !found.iter().any(|(_, of)| explains(of, &part)) {
                found.insert(0, (strength, part));
            }
        }
        if found.is_empty() {
            let hits: u64 = groups.get(&Group::default()).into_iter().flatten().map(|tick| tick.hits).sum();
            let part = Part { numerator: hits, denominator: all, ..Part::default() };
            return Judged {
                outcome: Outcome::Pass,
                unit: Unit::Times,
                parts: vec![(Outcome::Pass, part)],
                firings: Vec::new(),
                note: None,
            };
        }
        let parts = found.into_iter().map(|(_, part)| (Outcome::Fail, part)).collect();
        Judged { outcome: Outcome::Fail, unit: Unit::Times, parts, firings: Vec::new(), note: None }
    }

    /// Codes that a route has now and had not in the baseline.
    pub(super) fn fresh(&self, limit: &Limit, filter: &Expr) -> Judged {
        let Some(baseline) = self.baseline else {
            return Judged::inconclusive(Unit::Count, "there is no baseline to tell what is new: --baseline names one");
        };
        let key = |route: &Route| (route.service.clone(), route.method.clone(), route.route.clone());
        let known: BTreeMap<_, &Route> = baseline.routes.iter().map(|route| (key(route), route)).collect();
        let (mut parts, mut looked_at) = (Vec::new(), 0);
        for route in &self.ledger.sums.routes {
            for (&code, counted) in route.codes.iter().filter(|(code, _)| super::ledger::Ledger::lets(&limit.scope, route, **code)) {
                looked_at += counted.count;
                let old = known.get(&key(route));
                let is_new = old.is_none_or(|old| !old.codes.contains_key(&code));
                if is_new && counted.count >= FEWEST_NEW && self.ledger.is_hit(filter, route, code) {
                    parts.push(fresh(route, code, counted.count, old.map_or(0, |old| old.count)));
                }
            }
        }
        if looked_at == 0 || baseline.routes.is_empty() {
            return Judged::inconclusive(Unit::Count, "no request matches, so there is nothing to judge");
        }
        parts.sort_by_key(|(outcome, part)| std::cmp::Reverse((*outcome, part.numerator)));
        let outcome = parts.first().map_or(Outcome::Pass, |(outcome, _)| *outcome);
        if parts.is_empty() {
            parts.push((Outcome::Pass, Part { denominator: looked_at, ..Part::default() }));
        }
        Judged { outcome, unit: Unit::Count, parts, firings: Vec::new(), note: None }
    }
}

/// Whether the spike of a group is most of another one.
fn explains(group: &Part, whole: &Part) -> bool {
    let overlaps = |one: &Window, other: &Window| one.start_seconds < other.end_seconds && other.start_seconds < one.end_seconds;
    let same_time = group.window.as_ref().zip(whole.window.as_ref()).is_some_and(|(one, other)| overlaps(one, other));
    same_time && group.numerator as f64 >= MOSTLY * whole.numerator as f64
}

/// Seconds that are looked at together, a multiple of the `width` that was counted: what belongs together, as a request and its
/// retries do, should mostly be in one step, or it looks like a rise that lasts. A short log has shorter ones.
fn step(span: i64, width: i64) -> i64 {
    let wanted = (span / MOST_BINS).max(MINUTE.min(span / ENOUGH_BINS));
    width * (wanted + width - 1).div_euclid(width).max(1)
}

/// Equally long spans over the whole log.
fn bins(ticks: &[Tick], reach: (i64, i64), width: i64) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); ((reach.1 - reach.0) as u64).div_ceil(width as u64) as usize];
    for tick in ticks {
        if let Some(bin) = bins.get_mut(((tick.start - reach.0) / width) as usize) {
            bin.k += tick.hits as f64;
            bin.n += tick.all as f64;
        }
    }
    bins
}

fn spiked(group: &Group, bins: &[Bin], incident: &Incident, start: i64, width: i64) -> Part {
    let sum = |bins: &[Bin]| bins.iter().fold(Bin::default(), |sum, bin| Bin { k: sum.k + bin.k, n: sum.n + bin.n });
    let (inside, all) = (sum(&bins[incident.range.clone()]), sum(bins));
    let rest = Bin { k: all.k - inside.k, n: all.n - inside.n };
    let at = |bin: usize| start + bin as i64 * width;
    group.part(Part {
        value: incident.rise.is_finite().then_some(incident.rise),
        numerator: inside.k as u64,
        denominator: inside.n as u64,
        window: Some(Window::between(at(incident.range.start), at(incident.range.end))),
        before: Some(Before { value: (rest.n > 0.0).then(|| rest.k / rest.n), numerator: rest.k as u64, denominator: rest.n as u64 }),
        ..Part::default()
    })
}

/// In doubt where the baseline has too few requests to have had the code.
fn fresh(route: &Route, code: u16, count: u64, before: u64) -> (Outcome, Part) {
    let rate = count as f64 / route.count.max(1) as f64;
    let by_chance = (1.0 - rate).powf(before as f64);
    let is_new_route = before == 0;
    let part = Part {
        service: route.service.clone(),
        method: route.method.clone(),
        route: Some(route.route.clone()),
        code: Some(code),
        value: Some(count as f64),
        numerator: count,
        denominator: route.count,
        before: Some(Before { value: Some(0.0), numerator: 0, denominator: before }),
        p: (!is_new_route).then_some(by_chance),
        ..Part::default()
    };
    (if is_new_route || by_chance < BY_CHANCE { Outcome::Fail } else { Outcome::Inconclusive }, part)
}
