//! What a format's lines state, by the names that rules use, and which server writes them.
//!
//! A template says it by itself. A map of keys knows far more keys than any log has, and columns are told by their heading, so
//! that there the lines of a sample say it.

use super::clock::Clock;
use super::field::{Field, TimeLayout, Unit};
use super::keyed::Strings;
use super::keyed::json::JsonProgram;
use super::program::Program;
use super::{Context, Format, Reader, is_directive};
use crate::model::Record;
use jiff::tz::TimeZone;

/// What stands for a server that the lines do not tell.
pub(super) const UNKNOWN: &str = "unknown";

/// The names of rules, and the fields that state them.
const NAMES: [(&str, u32); 22] = [
    ("status", Field::Status.bit()),
    ("method", Field::Method.bit() | REQUEST),
    ("path", Field::Path.bit() | Field::Target.bit() | REQUEST),
    ("query", Field::Query.bit() | Field::Target.bit() | REQUEST),
    ("protocol", Field::Protocol.bit() | REQUEST),
    ("request", REQUEST),
    ("bytes", Field::Bytes.bit()),
    ("duration", Field::Duration(Unit::Seconds).bit() | Field::EndTime.bit()),
    ("upstream_time", Field::UpstreamTime(Unit::Seconds).bit()),
    ("connect_time", Field::ConnectTime(Unit::Seconds).bit()),
    ("header_time", Field::HeaderTime(Unit::Seconds).bit()),
    ("queue_time", Field::QueueTime(Unit::Seconds).bit()),
    ("upstream_addr", Field::UpstreamAddr.bit()),
    ("upstream_status", Field::UpstreamStatus.bit()),
    ("termination", Field::TerminationState.bit()),
    ("cache", Field::CacheStatus.bit()),
    ("host", Field::Host.bit()),
    ("referer", Field::Referer.bit()),
    ("agent", Field::UserAgent.bit()),
    ("client", Field::Remote.bit()),
    ("user", Field::User.bit()),
    ("time", Field::Time(TimeLayout::Any).bit()),
];

const REQUEST: u32 = Field::Request.bit();

impl Format {
    /// Whether the lines state a field, by its name in rules: a line may leave it open with a `-`, but has a place for it.
    pub fn logs(&self, name: &str) -> bool {
        NAMES.iter().any(|(known, bits)| *known == name && self.logged & bits != 0)
    }

    /// All names of rules that the lines state.
    pub fn logged(&self) -> Vec<&'static str> {
        NAMES.iter().filter(|(_, bits)| self.logged & bits != 0).map(|(name, _)| *name).collect()
    }

    /// The server that writes the lines, as rules name it; `unknown` where they do not tell.
    pub const fn server(&self) -> &'static str {
        self.server
    }
}

impl Reader {
    /// The bits of the fields that lines of this reader may state.
    pub(super) fn fields(&self) -> u32 {
        match self {
            Self::Text(program) => program.fields(),
            Self::Json(JsonProgram(keys)) => keys.fields(),
            Self::Pairs(pairs) => pairs.keys.fields(),
            Self::Columns(columns) => columns.fields(),
        }
    }
}

/// Whether most lines begin with a host and its port, as Apache's `vhost_combined` does.
fn has_ports(program: &Program, lines: &[&[u8]]) -> bool {
    if !program.has(&Field::Host) {
        return false;
    }
    let mut clock = Clock::new(TimeZone::UTC);
    let has_port = |line: &&&[u8]| {
        let mut record = Record::default();
        let host = program.parse(line, &mut clock, &mut record).ok().and(record.host);
        host.and_then(|host| host.rsplit(|&b| b == b':').next().filter(|port| port.len() < host.len()))
            .is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit))
    };
    lines.iter().filter(has_port).count() * 2 > lines.len()
}

impl Format {
    /// The same format, once these lines, with nothing around them, have told what they state.
    #[must_use]
    pub(super) fn told_by(mut self, lines: &[&[u8]]) -> Self {
        if let Reader::Text(program) = &self.reader {
            if self.server == UNKNOWN && has_ports(program, lines) {
                self.server = "apache";
            }
            return self;
        }
        let (mut context, mut strings, mut met) = (Context::new(TimeZone::UTC), Strings::default(), 0);
        for line in lines {
            if self.reader.obeys(line, &mut context) || is_directive(line) {
                continue;
            }
            if self.reader.parse(line, &mut context, &mut strings, &mut Record::default()).is_err() {
                continue;
            }
            met |= match &self.reader {
                Reader::Text(_) => 0,
                Reader::Json(program) => program.met(line),
                Reader::Pairs(pairs) => pairs.met(line),
                Reader::Columns(_) => context.heading.fields(),
            };
        }
        if met != 0 {
            self.logged = met;
        }
        if self.server == UNKNOWN {
            self.server = context.heading.server();
        }
        self
    }
}
