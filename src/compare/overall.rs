//! All routes together: as they were counted, and each route held against itself.

use super::latency::latency;
use super::pairs::Key;
use super::rates::{ALPHA, arm, rate, relevant, together};
use super::sentences;
use super::view::{Outcome, Overall, Pair, Presence, Rate, RouteRow, Standardised};
use crate::baseline::{Durations, Route};
use crate::stats::{Arm, contrast, standardised};
use std::collections::BTreeMap;

/// Server errors.
const ERRORS: (u8, &str) = (5, "5xx");

/// What all routes together were like on both sides.
pub(super) fn overall(pairs: &BTreeMap<Key, Pair<Option<Route>>>, rows: &[RouteRow]) -> Overall {
    let errors = errors(pairs);
    let standardised = route_by_route(pairs);
    let mix = errors.as_ref().zip(standardised.as_ref()).and_then(|(plain, fair)| mix(plain, fair, rows));
    let durations = Pair::new(durations(pairs.values().map(|pair| &pair.before)), durations(pairs.values().map(|pair| &pair.after)));
    Overall { codes: codes(rows), errors, standardised, mix, latency: latency(&durations) }
}

fn durations<'r>(routes: impl Iterator<Item = &'r Option<Route>>) -> Durations {
    Durations::of(routes.flatten().map(|route| route.latency.as_slice()))
}

fn codes(rows: &[RouteRow]) -> BTreeMap<u16, Pair<u64>> {
    let mut codes: BTreeMap<u16, Pair<u64>> = BTreeMap::new();
    for (code, pair) in rows.iter().flat_map(|row| &row.codes) {
        let sum = codes.entry(*code).or_default();
        *sum = Pair::new(sum.before.saturating_add(pair.before), sum.after.saturating_add(pair.after));
    }
    codes
}

fn errors(pairs: &BTreeMap<Key, Pair<Option<Route>>>) -> Option<Rate> {
    let before = together(pairs.values().filter_map(|pair| pair.before.as_ref()).map(|route| arm(route, ERRORS.0)));
    let after = together(pairs.values().filter_map(|pair| pair.after.as_ref()).map(|route| arm(route, ERRORS.0)));
    let found = contrast(&before, &after);
    (before.n > 0.0 && after.n > 0.0).then(|| rate(&Pair::new(before, after), &found, found.p, ALPHA))
}

fn route_by_route(pairs: &BTreeMap<Key, Pair<Option<Route>>>) -> Option<Standardised> {
    let both = |pair: &Pair<Option<Route>>| Some((arm(pair.before.as_ref()?, ERRORS.0), arm(pair.after.as_ref()?, ERRORS.0)));
    let strata: Vec<(Arm, Arm)> = pairs.values().filter_map(both).filter(|(before, after)| before.n > 0.0 && after.n > 0.0).collect();
    if strata.is_empty() {
        return None;
    }
    let found = standardised(&strata);
    let after = together(strata.iter().map(|(_, after)| *after));
    let outcome = match relevant(&found) {
        (true, _) if found.p <= ALPHA => Outcome::Worse,
        (_, true) if found.p <= ALPHA => Outcome::Better,
        _ => Outcome::Unchanged,
    };
    Some(Standardised {
        expected: after.k - found.extra,
        count: after.k as u64,
        of: after.n as u64,
        ratio: Some(found.ratio).filter(|ratio| ratio.is_finite()),
        interval: found.interval,
        p: found.p,
        outcome,
    })
}

/// What to say where the sum and its parts disagree (Simpson's paradox).
fn mix(plain: &Rate, fair: &Standardised, rows: &[RouteRow]) -> Option<String> {
    let sign = |outcome: Outcome| match outcome {
        Outcome::Worse => 1,
        Outcome::Better => -1,
        _ => 0,
    };
    let (seen, real) = (sign(plain.outcome), sign(fair.outcome));
    if seen == real {
        return None;
    }
    // What the mix did to the sum: where it rose against the routes, the route that brought most errors, else that took most.
    let up = if seen > real { 1.0 } else { -1.0 };
    let moved = |row: &RouteRow| {
        let failing = match row.presence {
            Presence::New => rate_of(row, |pair| pair.after),
            _ => rate_of(row, |pair| pair.before),
        };
        up * (row.traffic.after - row.traffic.before) * (failing - plain.before.share)
    };
    let most = rows.iter().max_by(|a, b| moved(a).total_cmp(&moved(b)))?;
    Some(sentences::mix(plain, fair, most))
}

/// Share of server errors on one side of a route.
fn rate_of(row: &RouteRow, side: fn(&Pair<u64>) -> u64) -> f64 {
    row.classes.get(ERRORS.1).map_or(0, side) as f64 / side(&row.requests).max(1) as f64
}
