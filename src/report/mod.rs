//! Tally -> [`Report`]: the one owned, sorted view that every output writes.
//!
//! Percentiles are taken, routes folded, names and meanings looked up here and only here. Its JSON form is a promise (see
//! the README); fields may be added, none renamed.

mod lines;
mod routes;
mod services;
mod view;
mod windows;

pub use lines::{Line, Lines};
pub use routes::SortKey;
pub use view::{
    CodeCell, CodeRow, Input, Latency, LineCounts, Reject, Report, RouteRow, Sample, Service, ServiceRow, Span, TopRoute, WindowRow,
};

use crate::catalogue;
use crate::diagnose::diagnose;
use crate::model::{StatusCode, rfc3339};
use crate::route::NO_REQUEST;
use crate::scan::Scan;
use services::Labels;
use std::collections::BTreeMap;

/// How a report is to be made.
#[derive(Clone, Copy, Debug)]
pub struct ReportSpec {
    /// Rows of routes at the most; `None` for all.
    pub limit: Option<usize>,
    /// What routes are ordered by.
    pub sort: SortKey,
    /// The other way round.
    pub reverse: bool,
    /// The width of windows in seconds, if the user chose it.
    pub width: Option<i64>,
}

impl Default for ReportSpec {
    fn default() -> Self {
        Self { limit: None, sort: SortKey::Count, reverse: false, width: None }
    }
}

impl Report {
    /// The report of a scan.
    pub fn new(scan: &Scan, spec: &ReportSpec) -> Self {
        Self::in_stages(scan, spec, &mut |_| {})
    }

    /// The same, and says at the end of each stage which one it was: this room has no clock.
    pub fn in_stages(scan: &Scan, spec: &ReportSpec, ended: &mut dyn FnMut(&'static str)) -> Self {
        let lines = line_counts(scan);
        let windows = windows::rows(scan, spec.width);
        let window_seconds = windows.width;
        let labels = Labels::new(scan);
        let (sums, shown, routes_folded) = routes::sums(&scan.tally, &labels);
        ended("report");
        let diagnosis = diagnose(scan, &|input, path| route_of(scan, &shown, input, path), &mask_secrets);
        ended("diagnose");
        let services = services::rows(scan, &labels, &sums, window_seconds, lines.parsed);
        let routes = routes::rows(sums, &labels, spec);
        let codes = codes(&routes.all, lines.parsed);
        let span = scan.tally.span();
        let report = Self {
            schema_version: 1,
            inputs: inputs(scan, &labels),
            lines,
            untimed: scan.tally.untimed(),
            span: span.map(|(start, end)| Span { start: rfc3339(start), end: rfc3339(end), start_seconds: start, end_seconds: end }),
            window_seconds,
            main_windows: windows.main,
            route_window_seconds: scan.tally.cross_width(),
            codes,
            latency: routes.latency,
            routes_total: routes.all.len(),
            routes_folded,
            routes: routes::select(routes.all, spec),
            services,
            windows: windows.rows,
            traffic: (!scan.tally.evidence().is_empty()).then_some(diagnosis.traffic),
            findings: diagnosis.findings,
            advice: diagnosis.advice,
            rejects: rejects(scan),
            warnings: warnings(scan, spec, window_seconds),
        };
        ended("report");
        report
    }
}

/// The route that a path of an input is shown under.
fn route_of(scan: &Scan, shown: &routes::Shown, input: u32, path: &[u8]) -> Vec<u8> {
    let service = scan.inputs[input as usize].service;
    let mut route = Vec::new();
    match path {
        [] => route.extend_from_slice(NO_REQUEST),
        path => scan.tally.rules().write(service, path, &mut route),
    }
    shown.get(&(service, route.as_slice().into())).cloned().unwrap_or(route)
}

fn warnings(scan: &Scan, spec: &ReportSpec, window_seconds: i64) -> Vec<String> {
    let mut warnings = scan.warnings.clone();
    if let Some(width) = spec.width.filter(|&width| width < window_seconds) {
        warnings.push(format!("windows of {width} s would be too many to keep, so they are {window_seconds} s wide"));
    }
    warnings
}

fn line_counts(scan: &Scan) -> LineCounts {
    let mut sum = crate::tally::Lines::default();
    scan.tally.inputs().values().for_each(|lines| sum.add(*lines));
    LineCounts {
        read: sum.lines - sum.directives,
        parsed: sum.parsed,
        filtered: sum.filtered,
        rejected: sum.rejected,
        directives: sum.directives,
    }
}

fn inputs(scan: &Scan, labels: &Labels) -> Vec<Input> {
    let lines = scan.tally.inputs();
    let of = |at: usize| lines.get(&(at as u32)).copied().unwrap_or_default();
    let input = |(at, input): (usize, &crate::scan::Scanned)| Input {
        path: input.name.clone(),
        service: labels.of(input.service),
        format: input.format.clone(),
        lines: of(at).lines,
        parsed: of(at).parsed,
        bytes: input.bytes,
        note: input.note.clone(),
    };
    scan.inputs.iter().enumerate().map(input).collect()
}

/// The codes over all routes, by count descending.
fn codes(routes: &[RouteRow], parsed: u64) -> Vec<CodeRow> {
    let mut sums: BTreeMap<u16, (u64, u64, Option<TopRoute>)> = BTreeMap::new();
    for route in routes {
        for cell in &route.cells {
            let (count, bytes, top) = sums.entry(cell.code).or_default();
            *count += cell.count;
            *bytes = bytes.saturating_add(cell.bytes);
            let before = |t: &TopRoute| (&route.route, &route.method, &route.service) < (&t.route, &t.method, &t.service);
            if top.as_ref().is_none_or(|t| cell.count > t.count || (cell.count == t.count && before(t))) {
                let (service, method, name) = (route.service.clone(), route.method.clone(), route.route.clone());
                *top = Some(TopRoute { service, method, route: name, count: cell.count });
            }
        }
    }
    let mut rows: Vec<CodeRow> = sums.into_iter().map(|(code, (count, bytes, top))| code_row(code, count, bytes, top, parsed)).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.count), row.code));
    rows
}

impl Report {
    /// The codes in the order in which an operator wants to see them: server errors, strange numbers, client errors, the
    /// rest; within each by count.
    pub fn codes_worst_first(&self) -> Vec<&CodeRow> {
        let urgency = |code: &CodeRow| StatusCode::new(code.code).map_or(0, |c| c.class().urgency());
        let mut codes: Vec<&CodeRow> = self.codes.iter().collect();
        codes.sort_by_key(|c| (std::cmp::Reverse(urgency(c)), std::cmp::Reverse(c.count), c.code));
        codes
    }

    /// The services with most 5xx first, then with most 4xx, then by count; empty when none are in use.
    pub fn services_worst_first(&self) -> Vec<&ServiceRow> {
        let mut services: Vec<&ServiceRow> = self.services.iter().flatten().collect();
        services.sort_by_key(|s| std::cmp::Reverse((s.errors, s.within(400, 499), s.count)));
        services
    }
}

fn code_row(code: u16, count: u64, bytes: u64, top_route: Option<TopRoute>, parsed: u64) -> CodeRow {
    let entry = i16::try_from(code).ok().and_then(|code| catalogue::lookup(code).into_iter().next());
    CodeRow {
        code,
        name: catalogue::name(code).to_owned(),
        class: StatusCode::new(code).map_or("other", |c| c.class().label()),
        count,
        share: count as f64 / parsed.max(1) as f64,
        bytes,
        meaning: entry.map_or("A number without a meaning of its own: clients treat it like the x00 code of its class.", |e| e.meaning),
        short: entry.map_or("a number that nobody has registered", |e| e.short),
        first_step: entry.map_or("find out which application answers with it", |e| e.first_step),
        severity: entry.map_or("notice", |e| e.severity),
        fixes: entry.map(|e| e.fixes.iter().map(|f| f.step).collect()).unwrap_or_default(),
        top_route,
    }
}

fn rejects(scan: &Scan) -> Vec<Reject> {
    let sample = |(place, text): (&crate::tally::Place, &Vec<u8>)| Sample {
        input: scan.inputs[place.input as usize].name.clone(),
        line: scan.line_number(*place),
        text: mask_secrets(&String::from_utf8_lossy(text)),
    };
    let row = |(reject, reason): (crate::format::Reject, &crate::tally::Reason)| Reject {
        reason: reject.reason(),
        count: reason.count,
        samples: reason.samples.iter().map(sample).collect(),
    };
    let mut rows: Vec<Reject> = scan.tally.rejects().iter().map(row).collect();
    rows.sort_by_key(|r| std::cmp::Reverse(r.count));
    rows
}

/// Values of query parameters that are secrets, replaced by `***`, since raw lines end in tickets and chats. A URL within a
/// parameter has parameters of its own, with `%3D` for `=`.
pub fn mask_secrets(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, length)) = equals(rest) {
        let start = rest[..at].rfind(['?', '&', ' ', '"', ';', ',', '/']).map_or(0, |n| n + 1);
        let (name, value) = (&rest[start..at], &rest[at + length..]);
        masked.push_str(&rest[..at + length]);
        rest = value;
        if is_secret(name) {
            let end = value.find(['&', ' ', '"', ';', '#']).unwrap_or(value.len());
            let end = value[..end].find("%26").unwrap_or(end);
            masked.push_str(if end > 0 { "***" } else { "" });
            rest = &value[end..];
        }
    }
    masked.push_str(rest);
    masked
}

/// Where a value begins: the place and the length of what stands before it.
fn equals(text: &str) -> Option<(usize, usize)> {
    let encoded = text.find("%3D").into_iter().chain(text.find("%3d")).min();
    match (text.find('='), encoded) {
        (plain, Some(encoded)) if plain.is_none_or(|plain| encoded < plain) => Some((encoded, 3)),
        (plain, _) => plain.map(|plain| (plain, 1)),
    }
}

/// Whether a parameter of this name holds a secret: `accessToken`, `reset_token`, `sig`, but not `barcode`.
fn is_secret(name: &str) -> bool {
    const ENDINGS: [&str; 10] =
        ["token", "password", "passwd", "secret", "apikey", "api_key", "api-key", "signature", "sessionid", "session_id"];
    const WORDS: [&str; 7] = ["pwd", "auth", "sig", "session", "code", "sid", "jwt"];
    let name = name.to_ascii_lowercase();
    let is_word =
        |word: &&str| name.strip_suffix(*word).is_some_and(|before| before.chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric()));
    ENDINGS.iter().any(|ending| name.ends_with(ending)) || WORDS.iter().any(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_queries_are_masked() {
        assert_eq!(mask_secrets("GET /a?token=abc&x=1 HTTP/1.1"), "GET /a?token=*** HTTP/1.1".replace("*** ", "***&x=1 "));
        assert_eq!(mask_secrets("\"/?reset_token=q;password=p\" 200"), "\"/?reset_token=***;password=***\" 200");
        assert_eq!(mask_secrets("GET /a?id=7&barcode=9"), "GET /a?id=7&barcode=9");
        assert_eq!(mask_secrets("no equals"), "no equals");
        assert_eq!(mask_secrets("GET /=a/x?password=b&c==token=d e"), "GET /=a/x?password=***&c==token=*** e");
        assert_eq!(mask_secrets("/?next=/a?token=x"), "/?next=/a?token=***");
        assert_eq!(mask_secrets("/?next=%2Fa%3Fid%3D1%26accessToken%3Dx%26y%3D2"), "/?next=%2Fa%3Fid%3D1%26accessToken%3D***%26y%3D2");
        assert_eq!(mask_secrets(r#"{"uri":"/?a=1\u0026token=x"}"#), r#"{"uri":"/?a=1\u0026token=***"}"#);
        assert_eq!(mask_secrets("/?password="), "/?password=");
    }
}
