//! The report for spreadsheets: RFC 4180, UTF-8, a header row, and no cell that a spreadsheet would take for a formula.

use super::{By, View};
use crate::catalogue;
use crate::model::{StatusCode, rfc3339};
use crate::report::{Report, RouteRow, Service};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

type Table<'w> = csv::Writer<&'w mut dyn Write>;

pub(super) fn write(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    match view.by {
        By::Route => routes(report, &mut table)?,
        By::Window => windows(report, &mut table)?,
        By::RouteWindow => route_windows(report, &mut table)?,
        By::Service => services(report, &mut table)?,
        By::ServiceWindow => service_windows(report, &mut table)?,
    }
    table.flush()
}

fn routes(report: &Report, table: &mut Table<'_>) -> io::Result<()> {
    let columns =
        ["method", "route", "code", "name", "class", "count", "share", "bytes", "p50_ms", "p95_ms", "p99_ms", "first_seen", "last_seen"];
    table.write_record(columns.into_iter().chain(report.services.as_ref().map(|_| "service")))?;
    let all = report.lines.parsed;
    for route in &report.routes {
        for cell in &route.cells {
            let millis = |of: fn(&crate::report::Latency) -> f64| cell.latency.as_ref().map(|l| trimmed(of(l) * 1e3)).unwrap_or_default();
            let (first, last) = cell.seen.map_or(Default::default(), |(a, b)| (rfc3339(a), rfc3339(b)));
            let [method, name] = names(route);
            let row = [
                &method,
                &name,
                &cell.code.to_string(),
                catalogue::name(cell.code),
                class(cell.code),
                &cell.count.to_string(),
                &share(cell.count, all),
                &cell.bytes.to_string(),
                &millis(|l| l.p50),
                &millis(|l| l.p95),
                &millis(|l| l.p99),
                &first,
                &last,
            ];
            table.write_record(row.into_iter().chain(last_cell(&route.service).as_deref()))?;
        }
    }
    Ok(())
}

fn windows(report: &Report, table: &mut Table<'_>) -> io::Result<()> {
    table.write_record(["start", "end", "code", "name", "class", "count", "share"])?;
    for window in &report.windows {
        let all: u64 = window.codes.values().sum();
        let end = rfc3339(window.start_seconds + report.window_seconds);
        for (&code, &count) in &window.codes {
            table.write_record([window.start.clone(), end.clone()].into_iter().chain(counted(code, count, all)))?;
        }
    }
    Ok(())
}

fn route_windows(report: &Report, table: &mut Table<'_>) -> io::Result<()> {
    let columns = ["start", "end", "method", "route", "code", "name", "class", "count", "share"];
    table.write_record(columns.into_iter().chain(report.services.as_ref().map(|_| "service")))?;
    // Both widths are steps of one ladder, so that the narrower one divides the wider.
    let width = report.route_window_seconds.unwrap_or(0).max(report.window_seconds);
    for route in &report.routes {
        let mut counts: BTreeMap<i64, BTreeMap<u16, u64>> = BTreeMap::new();
        for cell in &route.cells {
            for (at, count) in cell.per_window() {
                let start = at.div_euclid(width) * width;
                *counts.entry(start).or_default().entry(cell.code).or_default() += count;
            }
        }
        let [method, name] = names(route);
        for (start, codes) in counts {
            let all: u64 = codes.values().sum();
            let (from, to) = (rfc3339(start), rfc3339(start + width));
            for (code, count) in codes {
                let row = [&from, &to, &method, &name].map(String::clone);
                table.write_record(row.into_iter().chain(counted(code, count, all)).chain(last_cell(&route.service)))?;
            }
        }
    }
    Ok(())
}

/// Shares are those of the service's own requests.
fn services(report: &Report, table: &mut Table<'_>) -> io::Result<()> {
    table.write_record(["service", "code", "name", "class", "count", "share"])?;
    for service in report.services.iter().flatten() {
        for (&code, &count) in &service.codes {
            table.write_record([cell(&service.service)].into_iter().chain(counted(code, count, service.count)))?;
        }
    }
    Ok(())
}

fn service_windows(report: &Report, table: &mut Table<'_>) -> io::Result<()> {
    table.write_record(["start", "end", "service", "code", "name", "class", "count", "share"])?;
    for service in report.services.iter().flatten() {
        for window in &service.windows {
            let all: u64 = window.codes.values().sum();
            let end = rfc3339(window.start_seconds + report.window_seconds);
            for (&code, &count) in &window.codes {
                let row = [window.start.clone(), end.clone(), cell(&service.service)];
                table.write_record(row.into_iter().chain(counted(code, count, all)))?;
            }
        }
    }
    Ok(())
}

/// A service's name; empty for none.
fn cell(service: &Service) -> String {
    guarded(service.name().unwrap_or_default()).into_owned()
}

/// The cell that rows of routes end with when services are in use.
fn last_cell(service: &Service) -> Option<String> {
    (!service.is_unasked()).then(|| cell(service))
}

/// `code,name,class,count,share`, with which the rows of windows end.
fn counted(code: u16, count: u64, all: u64) -> [String; 5] {
    [code.to_string(), catalogue::name(code).to_owned(), class(code).to_owned(), count.to_string(), share(count, all)]
}

fn names(route: &RouteRow) -> [String; 2] {
    [guarded(route.method.as_deref().unwrap_or_default()).into_owned(), guarded(&route.route).into_owned()]
}

/// A cell that a spreadsheet does not take for a formula: those that begin with `=`, `+`, `-`, `@`, a tab or a carriage return
/// get a quote in front, as OWASP advises.
pub(super) fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn class(code: u16) -> &'static str {
    StatusCode::new(code).map_or("other", |c| c.class().label())
}

fn share(count: u64, all: u64) -> String {
    trimmed(count as f64 / all.max(1) as f64)
}

/// Up to six decimals, without trailing zeros.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_numbers_short() {
        assert_eq!(guarded("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(guarded("/a=b"), "/a=b");
        assert_eq!((trimmed(0.5), trimmed(12.0), trimmed(0.0)), ("0.5".into(), "12".into(), "0".into()));
    }
}
