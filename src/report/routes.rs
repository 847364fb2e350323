//! Rows of routes: folded, summed, sorted.

use super::ReportSpec;
use super::services::Labels;
use super::view::{CodeCell, Latency, RouteRow, Service};
use crate::model::{ServiceId, StatusClass, StatusCode};
use crate::route::{Counted, MAX_VALUES, NO_REQUEST, RouteKey, fold_positions};
use crate::tally::{self, Cell, MAX_ROUTES, Tally};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What routes are ordered by, the largest first.
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
    /// The route's name, from Z to A.
    Route,
}

/// All rows, and what is true of them together.
pub(super) struct Rows {
    pub(super) all: Vec<RouteRow>,
    pub(super) latency: Option<Latency>,
}

/// Routes being summed, each of a service, with its method and name.
pub(super) type Sums = BTreeMap<(ServiceId, Option<String>, String), BTreeMap<StatusCode, Cell>>;

/// What each counted route of a service is shown as.
pub(super) type Shown = HashMap<(ServiceId, Box<[u8]>), Vec<u8>>;

/// Routes as they are shown, what each counted one became, and in words which ones were counted together.
pub(super) fn sums(tally: &Tally, labels: &Labels) -> (Sums, Shown, Vec<String>) {
    let mut services: BTreeMap<ServiceId, Vec<_>> = BTreeMap::new();
    for (key, cells) in tally.rows().filter(|(_, cells)| !cells.is_empty()) {
        services.entry(key.service).or_default().push((key, cells));
    }
    let (mut sums, mut shown, mut renamed) = (Sums::new(), Shown::new(), Renamed::default());
    for (service, counted) in services {
        // Each for itself: many values of one service must not fold those of another.
        let routes: Vec<Counted<'_>> = counted.iter().map(|(key, cells)| total(key, cells)).collect();
        let names = fold_positions(&routes, |route| tally.rules().is_pattern(route));
        renamed.add(&labels.of(service), &routes, &names);
        for ((key, cells), name) in counted.iter().zip(&names) {
            if *key.route != **name {
                shown.insert((service, key.route.clone()), name.clone());
            }
            let method = (*key.route != *NO_REQUEST && !key.method.is_empty()).then(|| String::from_utf8_lossy(&key.method).into_owned());
            let route = sums.entry((service, method, String::from_utf8_lossy(name).into_owned())).or_default();
            for (code, cell) in cells {
                route.entry(*code).or_default().merge(cell);
            }
        }
    }
    for (&(service, code), cell) in tally.other() {
        sums.entry((service, None, "(other)".into())).or_default().insert(code, cell.clone());
    }
    (sums, shown, folded(renamed, tally))
}

fn total<'k>(key: &'k RouteKey, cells: &[(StatusCode, &Cell)]) -> Counted<'k> {
    let of = |wanted: fn(StatusClass) -> bool| cells.iter().filter(|(code, _)| wanted(code.class())).map(|(_, c)| c.count).sum();
    Counted {
        route: &key.route,
        count: of(|_| true),
        errors: of(|class| class == StatusClass::ServerError),
        refused: of(|class| class == StatusClass::ClientError),
    }
}

pub(super) fn rows(sums: Sums, labels: &Labels, spec: &ReportSpec) -> Rows {
    let mut whole = tally::Latency::default();
    sums.values().flat_map(BTreeMap::values).for_each(|cell| whole.merge(&cell.latency));
    let mut all: Vec<RouteRow> =
        sums.into_iter().map(|((service, method, route), cells)| row(labels.of(service), method, route, cells)).collect();
    sort(&mut all, spec);
    Rows { all, latency: whole.quantiles() }
}

/// Routes that were counted together after the scan: the name and its service, how many there are, and two of them.
#[derive(Default)]
struct Renamed(Vec<(String, usize, Vec<String>)>);

impl Renamed {
    fn add(&mut self, service: &Service, routes: &[Counted<'_>], names: &[Vec<u8>]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let of = service.name().map_or(String::new(), |service| format!("of {service} "));
        let mut together: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
        for (counted, name) in routes.iter().zip(names).filter(|(counted, name)| counted.route != name.as_slice()) {
            together.entry(name).or_default().insert(counted.route);
        }
        let row = |(name, routes): (&[u8], BTreeSet<&[u8]>)| {
            (format!("{of}as {}", text(name)), routes.len(), routes.into_iter().take(2).map(text).collect())
        };
        self.0.extend(together.into_iter().map(row));
    }
}

fn folded(Renamed(mut renamed): Renamed, tally: &Tally) -> Vec<String> {
    renamed.sort_by_key(|(_, count, _)| Reverse(*count));
    let mut parts: Vec<String> = renamed
        .iter()
        .take(4)
        .map(|(name, count, samples)| format!("{count} routes {name}: {}{}", samples.join(", "), if *count > 2 { ", …" } else { "" }))
        .collect();
    if renamed.len() > 4 {
        parts.push(format!("{} more positions with more than {MAX_VALUES} values; --route keeps a route apart", renamed.len() - 4));
    }
    if !tally.other().is_empty() {
        let count: u64 = tally.other().values().map(|c| c.count).sum();
        parts.push(format!("{count} requests as (other), because there are more than {MAX_ROUTES} routes"));
    }
    parts
}

fn row(service: Service, method: Option<String>, route: String, cells: BTreeMap<StatusCode, Cell>) -> RouteRow {
    let mut whole = tally::Latency::default();
    cells.values().for_each(|cell| whole.merge(&cell.latency));
    RouteRow {
        service,
        method,
        route,
        count: cells.values().map(|c| c.count).sum(),
        bytes: cells.values().fold(0, |sum, c| sum.saturating_add(c.bytes)),
        codes: cells.iter().map(|(code, c)| (code.get(), c.count)).collect(),
        latency: whole.quantiles(),
        cells: cells
            .into_iter()
            .map(|(code, mut c)| {
                c.windows.close();
                (code, c)
            })
            .map(|(code, c)| CodeCell {
                code: code.get(),
                count: c.count,
                bytes: c.bytes,
                seen: c.seen,
                latency: c.latency.quantiles(),
                durations: c.latency,
                windows: c.windows,
            })
            .collect(),
    }
}

fn sort(rows: &mut [RouteRow], spec: &ReportSpec) {
    let micros = |row: &RouteRow, of: fn(&Latency) -> f64| row.latency.as_ref().map_or(-1, |l| (of(l) * 1e6) as i64);
    // Rows arrive by service, method and name, and the sort is stable: ties are always in the same order.
    match spec.sort {
        SortKey::Count => rows.sort_by_key(|r| Reverse(r.count)),
        SortKey::Errors => rows.sort_by_key(|r| Reverse((r.within(500, 599), r.within(400, 499), r.count))),
        SortKey::ErrorRate => rows.sort_by_key(|r| Reverse((r.within(500, 599) * 1_000_000 / r.count.max(1), r.count))),
        SortKey::Bytes => rows.sort_by_key(|r| Reverse(r.bytes)),
        SortKey::P50 => rows.sort_by_key(|r| Reverse(micros(r, |l| l.p50))),
        SortKey::P95 => rows.sort_by_key(|r| Reverse(micros(r, |l| l.p95))),
        SortKey::P99 => rows.sort_by_key(|r| Reverse(micros(r, |l| l.p99))),
        SortKey::Max => rows.sort_by_key(|r| Reverse(micros(r, |l| l.max))),
        SortKey::Route => rows.sort_by(|a, b| (&b.route, &b.method).cmp(&(&a.route, &a.method))),
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
