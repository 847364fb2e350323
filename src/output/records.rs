//! Records one by one: JSON lines and CSV.

use super::Output;
use super::csv::guarded;
use crate::model::{Record, StatusCode};
use serde::Serialize;
use std::io::{self, Write};
use std::time::Duration;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180 with a header row.
    Csv,
}

/// Every way to write records.
pub const RECORDS: &[Output<RecordFormat>] = &[
    Output { name: "jsonl", extensions: &["jsonl", "json", "ndjson"], write: RecordFormat::Jsonl },
    Output { name: "csv", extensions: &["csv"], write: RecordFormat::Csv },
];

/// Writes records as they come.
pub struct RecordWriter<'w> {
    sink: Sink<'w>,
    services: bool,
}

enum Sink<'w> {
    Jsonl(&'w mut dyn Write),
    Csv(Box<csv::Writer<&'w mut dyn Write>>),
}

/// A record as it is laid open: absent values are null, bytes that are no UTF-8 become U+FFFD.
#[derive(Serialize)]
struct Row<'a> {
    input: &'a str,
    line: u64,
    time: Option<String>,
    remote: Text<'a>,
    user: Text<'a>,
    method: Text<'a>,
    path: Text<'a>,
    query: Text<'a>,
    protocol: Text<'a>,
    status: Option<u16>,
    bytes: Option<u64>,
    duration: Option<f64>,
    host: Text<'a>,
    referer: Text<'a>,
    user_agent: Text<'a>,
    upstream_addr: Text<'a>,
    upstream_status: Text<'a>,
    upstream_time: Option<f64>,
    request_id: Text<'a>,
    queue_time: Option<f64>,
    connect_time: Option<f64>,
    header_time: Option<f64>,
    termination_state: Text<'a>,
    cache_status: Text<'a>,
    /// Not there when no services are in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Service<'a>>,
}

/// `null` for an input that no rule fits.
#[derive(Clone, Copy, Serialize)]
struct Service<'a>(Option<&'a str>);

type Text<'a> = Option<std::borrow::Cow<'a, str>>;

/// The nearest number to the exact decimal, where adding whole and fraction would round twice.
fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

#[derive(Serialize)]
struct RejectedRow<'a> {
    input: &'a str,
    line: u64,
    rejected: &'a str,
}

const COLUMNS: [&str; 24] = [
    "input",
    "line",
    "time",
    "remote",
    "user",
    "method",
    "path",
    "query",
    "protocol",
    "status",
    "bytes",
    "duration",
    "host",
    "referer",
    "user_agent",
    "upstream_addr",
    "upstream_status",
    "upstream_time",
    "request_id",
    "queue_time",
    "connect_time",
    "header_time",
    "termination_state",
    "cache_status",
];

impl<'a> Row<'a> {
    fn new(input: &'a str, line: u64, service: Option<Service<'a>>, r: &Record<'a>) -> Self {
        let text = |bytes: Option<&'a [u8]>| bytes.map(String::from_utf8_lossy);
        Self {
            input,
            line,
            time: r.time.map(|t| t.to_string()),
            remote: text(r.remote),
            user: text(r.user),
            method: text(r.method),
            path: text(r.path),
            query: text(r.query),
            protocol: text(r.protocol),
            status: r.status.map(StatusCode::get),
            bytes: r.bytes,
            duration: r.duration.map(seconds),
            host: text(r.host),
            referer: text(r.referer),
            user_agent: text(r.user_agent),
            upstream_addr: text(r.upstream_addr),
            upstream_status: text(r.upstream_status),
            upstream_time: r.upstream_time.map(seconds),
            request_id: text(r.request_id),
            queue_time: r.queue_time.map(seconds),
            connect_time: r.connect_time.map(seconds),
            header_time: r.header_time.map(seconds),
            termination_state: text(r.termination_state),
            cache_status: text(r.cache_status),
            service,
        }
    }

    /// The row's cells, guarded against being taken for formulas, without the service.
    fn cells(&self) -> [String; 24] {
        let text = |t: &Text<'_>| t.as_deref().map(|t| guarded(t).into_owned()).unwrap_or_default();
        let number = |n: Option<String>| n.unwrap_or_default();
        [
            guarded(self.input).into_owned(),
            self.line.to_string(),
            number(self.time.clone()),
            text(&self.remote),
            text(&self.user),
            text(&self.method),
            text(&self.path),
            text(&self.query),
            text(&self.protocol),
            number(self.status.map(|n| n.to_string())),
            number(self.bytes.map(|n| n.to_string())),
            number(self.duration.map(|n| n.to_string())),
            text(&self.host),
            text(&self.referer),
            text(&self.user_agent),
            text(&self.upstream_addr),
            text(&self.upstream_status),
            number(self.upstream_time.map(|n| n.to_string())),
            text(&self.request_id),
            number(self.queue_time.map(|n| n.to_string())),
            number(self.connect_time.map(|n| n.to_string())),
            number(self.header_time.map(|n| n.to_string())),
            text(&self.termination_state),
            text(&self.cache_status),
        ]
    }
}

impl<'w> RecordWriter<'w> {
    /// A writer; CSV begins with its header row. With `services`, each record has a service, if only none.
    ///
    /// # Errors
    /// When that row cannot be written.
    pub fn new(format: RecordFormat, services: bool, out: &'w mut dyn Write) -> io::Result<Self> {
        let sink = match format {
            RecordFormat::Jsonl => Sink::Jsonl(out),
            RecordFormat::Csv => {
                let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
                writer.write_record(COLUMNS.into_iter().chain(services.then_some("service")))?;
                Sink::Csv(Box::new(writer))
            }
        };
        Ok(Self { sink, services })
    }

    /// Writes a record of an input and its service.
    ///
    /// # Errors
    /// When writing fails.
    pub fn record(&mut self, input: &str, service: Option<&str>, line: u64, record: &Record<'_>) -> io::Result<()> {
        let row = Row::new(input, line, self.services.then_some(Service(service)), record);
        match &mut self.sink {
            Sink::Jsonl(out) => {
                serde_json::to_writer(&mut *out, &row)?;
                out.write_all(b"\n")
            }
            Sink::Csv(writer) => {
                let service = row.service.map(|Service(name)| guarded(name.unwrap_or_default()).into_owned());
                Ok(writer.write_record(row.cells().into_iter().chain(service))?)
            }
        }
    }

    /// Writes a line that is no record, as JSON only: CSV has no row for it.
    ///
    /// # Errors
    /// When writing fails.
    pub fn rejected(&mut self, input: &str, line: u64, reason: &str) -> io::Result<()> {
        if let Sink::Jsonl(out) = &mut self.sink {
            serde_json::to_writer(&mut *out, &RejectedRow { input, line, rejected: reason })?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> io::Result<()> {
        match self.sink {
            Sink::Jsonl(out) => out.flush(),
            Sink::Csv(mut writer) => writer.flush(),
        }
    }
}
