//! Each route with its numbers of both sides.

use super::latency::latency;
use super::pairs::Key;
use super::rates::{FEW, arm, rates};
use super::sentences::too_few;
use super::view::{Outcome, Pair, Presence, Rate, RouteRow, Side};
use crate::baseline::{Durations, Route};
use crate::model::{StatusClass, StatusCode};
use std::collections::BTreeMap;

/// Classes whose share of a route's requests is judged, and their names.
pub(super) const JUDGED: [(u8, &str); 3] = [(5, "5xx"), (4, "4xx"), (3, "3xx")];

/// A code that came so often on one side only is new, or gone.
const LEAST_OF_CODE: u64 = 3;

/// What should have come so often does not stay away by chance: once in 150 logs.
pub(super) const LEAST_EXPECTED: f64 = 5.0;

/// A row a route, in the order of their keys.
pub(super) fn rows(pairs: &BTreeMap<Key, Pair<Option<Route>>>, sides: &Pair<Side>) -> Vec<RouteRow> {
    let mut rows: Vec<RouteRow> = pairs.iter().map(|(key, pair)| row(key, pair, sides)).collect();
    let judged: Vec<(usize, Pair<&Route>)> =
        pairs.values().enumerate().filter_map(|(at, pair)| Some((at, Pair::new(pair.before.as_ref()?, pair.after.as_ref()?)))).collect();
    for (class, name) in JUDGED {
        let arms: Vec<_> = judged.iter().map(|(_, pair)| pair.map(|route| arm(route, class))).collect();
        for ((at, _), rate) in judged.iter().zip(rates(&arms)) {
            rows[*at].rates.insert(name, rate);
        }
    }
    rows.iter_mut().for_each(|row| judge(row, sides));
    rows
}

fn row(key: &Key, pair: &Pair<Option<Route>>, sides: &Pair<Side>) -> RouteRow {
    let count = |route: &Option<Route>| route.as_ref().map_or(0, |route| route.count);
    let requests = pair.map(count);
    let part = |count: u64, side: &Side| count as f64 / side.requests.max(1) as f64;
    let traffic = Pair::new(part(requests.before, &sides.before), part(requests.after, &sides.after));
    let per_minute =
        Pair::new(sides.before.per_minute.map(|all| all * traffic.before), sides.after.per_minute.map(|all| all * traffic.after));
    let codes = codes(pair);
    let durations = pair.map(|route| Durations::of([route.as_ref().map_or(&[][..], |route| route.latency.as_slice())]));
    let presence = match (&pair.before, &pair.after) {
        (None, _) => Presence::New,
        (_, None) => Presence::Vanished,
        _ => Presence::Both,
    };
    RouteRow {
        service: key.service.clone(),
        method: key.method.clone(),
        route: key.route.clone(),
        presence,
        outcome: Outcome::Unchanged,
        requests,
        per_minute,
        volume_ratio: per_minute.before.zip(per_minute.after).filter(|(before, _)| *before > 0.0).map(|(before, after)| after / before),
        traffic,
        classes: classes(&codes),
        rates: BTreeMap::new(),
        latency: latency(&durations),
        new_codes: only_in(&codes, presence, |pair| (pair.after, pair.before), 0.0),
        vanished_codes: only_in(&codes, presence, |pair| (pair.before, pair.after), requests.after as f64 / requests.before.max(1) as f64),
        codes,
        note: None,
    }
}

fn codes(pair: &Pair<Option<Route>>) -> BTreeMap<u16, Pair<u64>> {
    let mut codes: BTreeMap<u16, Pair<u64>> = BTreeMap::new();
    for (code, count) in pair.before.iter().flat_map(|route| &route.codes) {
        codes.entry(*code).or_default().before = count.count;
    }
    for (code, count) in pair.after.iter().flat_map(|route| &route.codes) {
        codes.entry(*code).or_default().after = count.count;
    }
    codes
}

/// Responses per class: `1xx` to `5xx`, `other`.
pub(super) fn classes(codes: &BTreeMap<u16, Pair<u64>>) -> BTreeMap<&'static str, Pair<u64>> {
    let mut classes: BTreeMap<&'static str, Pair<u64>> = BTreeMap::new();
    for (code, pair) in codes {
        let class = StatusCode::new(*code).map_or(StatusClass::Unknown, StatusCode::class);
        let sum = classes.entry(class.label()).or_default();
        *sum = Pair::new(sum.before.saturating_add(pair.before), sum.after.saturating_add(pair.after));
    }
    classes
}

/// Codes of a route of both sides that only one of them has; where the other has `scale` times the requests, only if they
/// should have come there.
fn only_in(codes: &BTreeMap<u16, Pair<u64>>, presence: Presence, of: impl Fn(&Pair<u64>) -> (u64, u64), scale: f64) -> Vec<u16> {
    let is_only = |pair: &Pair<u64>| {
        let (here, there) = of(pair);
        there == 0 && here >= LEAST_OF_CODE && (scale <= 0.0 || here as f64 * scale >= LEAST_EXPECTED)
    };
    codes.iter().filter(|(_, pair)| presence == Presence::Both && is_only(pair)).map(|(code, _)| *code).collect()
}

/// What is known of a route before its changes are told.
fn judge(row: &mut RouteRow, sides: &Pair<Side>) {
    let few = match row.presence {
        Presence::Both => row.rates.values().next_back().is_some_and(|errors: &Rate| errors.outcome == Outcome::TooFew),
        Presence::New => row.traffic.after * (sides.before.requests as f64) < LEAST_EXPECTED,
        Presence::Vanished => row.traffic.before * (sides.after.requests as f64) < LEAST_EXPECTED,
    };
    if few {
        row.outcome = Outcome::TooFew;
        row.note = Some(too_few(row.requests, row.presence, FEW));
    }
}
