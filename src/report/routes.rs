//! Rows of routes: folded, summed, sorted.

use super::ReportSpec;
use super::view::{CodeCell, Latency, RouteRow};
use crate::model::{StatusClass, StatusCode};
use crate::route::{Counted, MAX_VALUES, NO_REQUEST, fold_positions};
use crate::tally::{self, Cell, MAX_ROUTES, Tally};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What routes are ordered by; each means the largest first, save the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SortKey {
    /// Responses.
    #[default]
    Count,
    /// 5xx, then 4xx.
    Errors,
    /// Share of 5xx.
    ErrorRate,
    /// Bytes sent.
    Bytes,
    /// Median duration.
    P50,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// Longest duration.
    Max,
    /// Method and route, from A to Z.
    Route,
}

/// All rows, and what is true of them together.
pub(super) struct Rows {
    pub(super) all: Vec<RouteRow>,
    pub(super) latency: Option<Latency>,
    pub(super) folded: Option<String>,
}

/// A route being summed.
type Sums = BTreeMap<(Option<String>, String), BTreeMap<StatusCode, Cell>>;

pub(super) fn rows(tally: &Tally, spec: &ReportSpec) -> Rows {
    let counted: Vec<_> = tally.rows().filter(|(_, cells)| !cells.is_empty()).collect();
    let of = |cells: &[(StatusCode, &Cell)], wanted: fn(StatusCode) -> bool| {
        cells.iter().filter(|(code, _)| wanted(*code)).map(|(_, c)| c.count).sum()
    };
    let routes: Vec<Counted<'_>> = counted
        .iter()
        .map(|(key, cells)| Counted {
            route: &key.route,
            count: of(cells, |_| true),
            errors: of(cells, |c| c.class() == StatusClass::ServerError),
        })
        .collect();
    let names = fold_positions(&routes);
    let renamed = names.iter().zip(&routes).filter(|(name, counted)| name.as_slice() != counted.route).count();

    let mut sums = Sums::new();
    for ((key, cells), name) in counted.iter().zip(&names) {
        let method = (*key.route != *NO_REQUEST && !key.method.is_empty()).then(|| String::from_utf8_lossy(&key.method).into_owned());
        let route = sums.entry((method, String::from_utf8_lossy(name).into_owned())).or_default();
        for (code, cell) in cells {
            route.entry(*code).or_default().merge((*cell).clone());
        }
    }
    if !tally.other().is_empty() {
        sums.insert((None, "(other)".into()), tally.other().clone());
    }
    let mut whole = tally::Latency::default();
    sums.values().flat_map(BTreeMap::values).for_each(|cell| whole.merge(&cell.latency));
    let mut all: Vec<RouteRow> = sums.into_iter().map(|((method, route), cells)| row(method, route, cells)).collect();
    sort(&mut all, spec);
    Rows { all, latency: whole.quantiles(), folded: folded(renamed, tally) }
}

fn folded(renamed: usize, tally: &Tally) -> Option<String> {
    let mut parts = Vec::new();
    if renamed > 0 {
        parts.push(format!(
            "{renamed} routes were counted as {{slug}} because their position has more than {MAX_VALUES} values; --route keeps one apart"
        ));
    }
    if !tally.other().is_empty() {
        let count: u64 = tally.other().values().map(|c| c.count).sum();
        parts.push(format!("{count} requests are in (other) because there are more than {MAX_ROUTES} routes"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn row(method: Option<String>, route: String, cells: BTreeMap<StatusCode, Cell>) -> RouteRow {
    let mut whole = tally::Latency::default();
    cells.values().for_each(|cell| whole.merge(&cell.latency));
    RouteRow {
        method,
        route,
        count: cells.values().map(|c| c.count).sum(),
        bytes: cells.values().fold(0, |sum, c| sum.saturating_add(c.bytes)),
        codes: cells.iter().map(|(code, c)| (code.get(), c.count)).collect(),
        latency: whole.quantiles(),
        cells: cells
            .into_iter()
            .map(|(code, c)| CodeCell {
                code: code.get(),
                count: c.count,
                bytes: c.bytes,
                seen: c.seen,
                latency: c.latency.quantiles(),
                windows: c.windows.into_iter().collect(),
            })
            .collect(),
    }
}

fn sort(rows: &mut [RouteRow], spec: &ReportSpec) {
    let micros = |row: &RouteRow, of: fn(&Latency) -> f64| row.latency.as_ref().map_or(-1, |l| (of(l) * 1e6) as i64);
    // Rows arrive by method and name, and the sort is stable: ties are always in the same order.
    match spec.sort {
        SortKey::Count => rows.sort_by_key(|r| Reverse(r.count)),
        SortKey::Errors => rows.sort_by_key(|r| Reverse((r.within(500, 599), r.within(400, 499), r.count))),
        SortKey::ErrorRate => rows.sort_by_key(|r| Reverse((r.within(500, 599) * 1_000_000 / r.count.max(1), r.count))),
        SortKey::Bytes => rows.sort_by_key(|r| Reverse(r.bytes)),
        SortKey::P50 => rows.sort_by_key(|r| Reverse(micros(r, |l| l.p50))),
        SortKey::P95 => rows.sort_by_key(|r| Reverse(micros(r, |l| l.p95))),
        SortKey::P99 => rows.sort_by_key(|r| Reverse(micros(r, |l| l.p99))),
        SortKey::Max => rows.sort_by_key(|r| Reverse(micros(r, |l| l.max))),
        SortKey::Route => rows.sort_by(|a, b| (&a.route, &a.method).cmp(&(&b.route, &b.method))),
    }
    if spec.reverse {
        rows.reverse();
    }
}

/// As many rows as asked for.
pub(super) fn select(mut rows: Vec<RouteRow>, spec: &ReportSpec) -> Vec<RouteRow> {
    if let Some(limit) = spec.limit {
        rows.truncate(limit);
    }
    rows
}
