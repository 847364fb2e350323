//! The shapes of a report, as they are serialised.

use crate::diagnose::{Advice, Finding, Traffic};
use crate::tally;
pub use crate::tally::Quantiles as Latency;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that is known after a scan.
#[derive(Debug, Serialize)]
pub struct Report {
    /// 1; grows when a field changes its meaning.
    pub schema_version: u32,
    /// What was read.
    pub inputs: Vec<Input>,
    /// How the lines ended.
    pub lines: LineCounts,
    /// Records without a time, which are in no window.
    pub untimed: u64,
    /// The first and the last record; `null` when no record states a time.
    pub span: Option<Span>,
    /// The width of the windows.
    pub window_seconds: i64,
    /// The starts of the first and the last window in seconds since 1970, without a few stray requests far away in time.
    #[serde(skip)]
    pub main_windows: Option<(i64, i64)>,
    /// The width of the windows that routes were counted in, if that was asked for.
    #[serde(skip)]
    pub route_window_seconds: Option<i64>,
    /// The codes, by count descending.
    pub codes: Vec<CodeRow>,
    /// The latency over all routes; `null` when not logged.
    pub latency: Option<Latency>,
    /// How many routes there are, whatever the limit.
    pub routes_total: usize,
    /// Routes that were counted together, in words.
    pub routes_folded: Vec<String>,
    /// The routes.
    pub routes: Vec<RouteRow>,
    /// The services, by count descending; not written when none are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<ServiceRow>>,
    /// The windows that have records, by time.
    pub windows: Vec<WindowRow>,
    /// The requests by who sent them; `null` where that was not looked at.
    pub traffic: Option<Traffic>,
    /// What went wrong, judged from the lines, worst first.
    pub findings: Vec<Finding>,
    /// Fields that would make findings surer if they were logged, the most useful first.
    pub advice: Vec<Advice>,
    /// Lines that are no record, by count descending.
    pub rejects: Vec<Reject>,
    /// Things that went wrong while reading.
    pub warnings: Vec<String>,
}

/// One input.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Its path as given, `-` for standard input.
    pub path: String,
    /// The service that it is a log of.
    #[serde(skip_serializing_if = "Service::is_unasked")]
    pub service: Service,
    /// Its format; `null` when no format reads it.
    pub format: Option<String>,
    /// Physical lines, blank ones and directives included.
    pub lines: u64,
    /// Lines that count.
    pub parsed: u64,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// What was assumed about the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// `read` = `parsed` + `filtered` + `rejected`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LineCounts {
    /// Lines that are neither blank nor directives.
    pub read: u64,
    /// Records that count.
    pub parsed: u64,
    /// Records that the filter left out.
    pub filtered: u64,
    /// Lines that are no record.
    pub rejected: u64,
    /// Blank lines and directives such as `#Fields:`.
    pub directives: u64,
}

/// A stretch of time.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// RFC 3339, UTC.
    pub start: String,
    /// RFC 3339, UTC.
    pub end: String,
    /// Seconds since 1970.
    #[serde(skip)]
    pub start_seconds: i64,
    /// Seconds since 1970.
    #[serde(skip)]
    pub end_seconds: i64,
}

/// One status code.
#[derive(Debug, Serialize)]
pub struct CodeRow {
    /// The number.
    pub code: u16,
    /// Its reason phrase.
    pub name: String,
    /// `1xx` to `5xx`, or `other`.
    pub class: &'static str,
    /// Responses.
    pub count: u64,
    /// Of all records that count, 0 to 1.
    pub share: f64,
    /// Bytes sent.
    pub bytes: u64,
    /// What it means.
    pub meaning: &'static str,
    /// The same in a few words.
    pub short: &'static str,
    /// What to do first.
    pub first_step: &'static str,
    /// `info` to `critical`.
    pub severity: &'static str,
    /// What to do, most useful first.
    pub fixes: Vec<&'static str>,
    /// The route with most of them.
    pub top_route: Option<TopRoute>,
}

/// The route with most responses of a code.
#[derive(Clone, Debug, Serialize)]
pub struct TopRoute {
    /// The service that it belongs to.
    #[serde(skip_serializing_if = "Service::is_unasked")]
    pub service: Service,
    /// `null` when there was no request line.
    pub method: Option<String>,
    /// The route.
    pub route: String,
    /// Responses of the code.
    pub count: u64,
}

/// One route.
#[derive(Debug, Serialize)]
pub struct RouteRow {
    /// The service that it belongs to: two with a route of one name are two rows.
    #[serde(skip_serializing_if = "Service::is_unasked")]
    pub service: Service,
    /// `null` when there was no request line.
    pub method: Option<String>,
    /// The route.
    pub route: String,
    /// Responses.
    pub count: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Responses per code.
    pub codes: BTreeMap<u16, u64>,
    /// `null` when not logged.
    pub latency: Option<Latency>,
    /// Each code by itself.
    #[serde(skip)]
    pub cells: Vec<CodeCell>,
}

/// Which service a row is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// No services are in use: rows do not speak of them.
    #[default]
    Unasked,
    /// Of none: no rule fits the input.
    None,
    /// Of this one.
    Named(Arc<str>),
}

/// All requests of one service.
#[derive(Debug, Serialize)]
pub struct ServiceRow {
    /// Its name; `null` for the inputs that no rule fits.
    pub service: Service,
    /// Responses.
    pub count: u64,
    /// Of all records that count, 0 to 1.
    pub share: f64,
    /// Bytes sent.
    pub bytes: u64,
    /// Responses per code.
    pub codes: BTreeMap<u16, u64>,
    /// Responses with 5xx.
    pub errors: u64,
    /// Their share of the service's responses, 0 to 1.
    pub error_rate: f64,
    /// `null` when not logged.
    pub latency: Option<Latency>,
    /// RFC 3339, UTC; `null` when no record states a time.
    pub first_seen: Option<String>,
    /// RFC 3339, UTC.
    pub last_seen: Option<String>,
    /// The windows that have records of the service, by time; as wide as those of the report.
    pub windows: Vec<WindowRow>,
}

/// One code of one route.
#[derive(Debug)]
pub struct CodeCell {
    /// The number.
    pub code: u16,
    /// Responses.
    pub count: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Seconds since 1970 of the first and the last.
    pub seen: Option<(i64, i64)>,
    /// Durations, where logged.
    pub latency: Option<Latency>,
    /// The same durations whole.
    pub durations: tally::Latency,
    /// Responses per window, if asked for.
    pub windows: tally::Marks,
}

impl CodeCell {
    /// Responses per window, if asked for: seconds since 1970 of its start, count.
    pub fn per_window(&self) -> Vec<(i64, u64)> {
        let mut windows: Vec<(i64, u64)> = Vec::new();
        for mark in self.windows.iter() {
            match windows.last_mut() {
                Some((start, count)) if *start == mark.start => *count += u64::from(mark.count),
                _ => windows.push((mark.start, u64::from(mark.count))),
            }
        }
        windows
    }
}

/// One window of time.
#[derive(Debug, Serialize)]
pub struct WindowRow {
    /// RFC 3339, UTC.
    pub start: String,
    /// Seconds since 1970.
    #[serde(skip)]
    pub start_seconds: i64,
    /// Responses per code.
    pub codes: BTreeMap<u16, u64>,
}

/// Lines that were rejected for one reason.
#[derive(Debug, Serialize)]
pub struct Reject {
    /// The reason in words.
    pub reason: &'static str,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub samples: Vec<Sample>,
}

/// A rejected line.
#[derive(Debug, Serialize)]
pub struct Sample {
    /// Its input.
    pub input: String,
    /// Its number, from 1.
    pub line: u64,
    /// Its text, secrets masked, cut to 400 bytes.
    pub text: String,
}

impl RouteRow {
    /// Responses whose code lies in these bounds.
    pub fn within(&self, from: u16, to: u16) -> u64 {
        self.codes.range(from..=to).map(|(_, n)| n).sum()
    }
}

impl ServiceRow {
    /// Responses whose code lies in these bounds.
    pub fn within(&self, from: u16, to: u16) -> u64 {
        self.codes.range(from..=to).map(|(_, n)| n).sum()
    }
}

impl Service {
    /// Its name, if there is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Unasked | Self::None => None,
        }
    }

    /// Whether no services are in use.
    pub fn is_unasked(&self) -> bool {
        *self == Self::Unasked
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}
