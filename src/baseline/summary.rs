//! Report -> baseline.

use super::{Baseline, Count, Route, SCHEMA_VERSION};
use crate::model::MINUTE;
use crate::report::{CodeCell, Report, RouteRow};
use crate::stats::{Bin, cautious_dispersion};
use std::collections::{BTreeMap, BTreeSet};

impl Baseline {
    /// The summary of a report whose routes were counted in windows, so that it is known how much their codes come in heaps.
    pub fn of(report: &Report) -> Self {
        let routes = report.routes.iter().map(|row| route(row, step(report).unwrap_or(1))).collect();
        Self {
            logcodes_baseline: SCHEMA_VERSION,
            span: report.span.as_ref().map(|span| (span.start_seconds, span.end_seconds)),
            window_seconds: step(report).unwrap_or(0),
            read: report.lines.read,
            rejected: report.lines.rejected,
            routes,
        }
    }

    /// The summary as if the log ended there, which is the end of a window: what the windows do not tell (durations, lines
    /// that are no record) is left out, and so are requests that state no time.
    pub fn until(report: &Report, end: i64) -> Self {
        let seen = |row: &RouteRow| {
            let cells = row.cells.iter().filter_map(|cell| {
                let count = cell.per_window().into_iter().filter(|(start, _)| *start < end).map(|(_, count)| count).sum::<u64>();
                (count > 0).then_some((cell.code, count))
            });
            let codes: BTreeMap<u16, u64> = cells.collect();
            let until = |(start, _): &(i64, u64)| *start < end;
            let counted = counted(row, &codes, step(report).unwrap_or(1), &until);
            Route { count: codes.values().sum(), latency: Vec::new(), ..counted }
        };
        let routes = report.routes.iter().map(seen).collect();
        let span = report.span.as_ref().map(|span| (span.start_seconds, span.end_seconds.min(end - 1).max(span.start_seconds)));
        Self { logcodes_baseline: SCHEMA_VERSION, span, window_seconds: step(report).unwrap_or(0), read: 0, rejected: 0, routes }
    }
}

/// Seconds that dispersions are told by: minutes, or longer ones where the windows are. Shorter ones would not see that errors
/// of one moment belong together.
fn step(report: &Report) -> Option<i64> {
    report.route_window_seconds.map(|width| width.max(MINUTE))
}

fn route(row: &RouteRow, step: i64) -> Route {
    let latency =
        super::Durations::of(row.cells.iter().map(|cell| cell.durations.counts()).collect::<Vec<_>>().iter().map(Vec::as_slice)).into();
    Route { latency, ..counted(row, &row.codes, step, &|_| true) }
}

/// The counts of a route: these of each code, and how much they come in heaps in the windows that are meant.
fn counted(row: &RouteRow, codes: &BTreeMap<u16, u64>, step: i64, is_meant: &dyn Fn(&(i64, u64)) -> bool) -> Route {
    let steps = |cell: &CodeCell| {
        let mut steps: BTreeMap<i64, u64> = BTreeMap::new();
        cell.per_window()
            .into_iter()
            .filter(is_meant)
            .for_each(|(start, count)| *steps.entry(start.div_euclid(step) * step).or_default() += count);
        steps
    };
    let per_code: Vec<(u16, BTreeMap<i64, u64>)> =
        row.cells.iter().filter(|cell| codes.contains_key(&cell.code)).map(|cell| (cell.code, steps(cell))).collect();
    let mut windows: BTreeMap<i64, u64> = BTreeMap::new();
    for (start, count) in per_code.iter().flat_map(|(_, counts)| counts) {
        *windows.entry(*start).or_default() += count;
    }
    let spread = |is_meant: &dyn Fn(u16) -> bool| {
        let hits =
            |start: &i64| per_code.iter().filter(|(code, _)| is_meant(*code)).filter_map(|(_, counts)| counts.get(start)).sum::<u64>();
        let bins: Vec<Bin> = windows.iter().map(|(start, all)| Bin { k: hits(start) as f64, n: *all as f64 }).collect();
        cautious_dispersion(&bins)
    };
    let code = |(code, _): &(u16, BTreeMap<i64, u64>)| {
        (*code, Count { count: codes.get(code).copied().unwrap_or(0), dispersion: spread(&|other| other == *code) })
    };
    let classes: BTreeSet<u8> = codes.keys().map(|code| (code / 100) as u8).collect();
    Route {
        service: row.service.name().map(str::to_owned),
        method: row.method.clone(),
        route: row.route.clone(),
        count: row.count,
        codes: per_code.iter().map(code).collect(),
        classes: classes.into_iter().map(|class| (class, spread(&|code| code / 100 == u16::from(class)))).collect(),
        latency: Vec::new(),
    }
}
