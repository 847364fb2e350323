//! The formats that need no flag: data files of `builtin/`, compiled into the program by the build.

use super::columns::Columns;
use super::field::{Field, TimeLayout, Unit};
use super::keyed::json::JsonProgram;
use super::keyed::pairs::{Dialect, Pairs};
use super::keyed::{KeyRow, Keys};
use super::template::{self, Syntax, UserName};
use super::{Format, Reader, logged};
use std::sync::{Arc, LazyLock};

/// A format as its data file states it.
#[derive(Debug)]
pub struct Builtin {
    /// The name that `-f` takes and reports show.
    pub name: &'static str,
    /// Other names that `-f` takes, GoAccess's among them.
    pub aliases: &'static [&'static str],
    /// What writes it.
    pub title: &'static str,
    /// How `template`, `keys` or `columns` are to be read: `nginx`, `apache` or `own` names in a template, keys of `json`,
    /// `ltsv` or `logfmt`, columns of `w3c`, `zeek` or `csv`.
    pub syntax: &'static str,
    /// The template; empty for the rest.
    pub template: &'static str,
    /// Headings of columns, where a log may be without: the first that fits a line is taken.
    pub columns: &'static [&'static str],
    /// For keyed logs: key path, field, unit (for `not`, what the value must not begin with). The first key of a field that a line
    /// has is believed.
    pub keys: &'static [(&'static str, &'static str, &'static str)],
    /// The server that writes it, as rules name it; `unknown` where the lines do not tell.
    pub server: &'static str,
    /// Other servers write the same lines: only who names the format tells the server.
    pub shared: bool,
    /// Never chosen for a whole log, only tried on lines that the chosen format rejects.
    pub fallback: bool,
    /// Lines with what is to be read from them.
    pub samples: &'static [Sample],
}

/// A line of a format and what it says.
#[derive(Debug)]
pub struct Sample {
    /// The line, without its line end.
    pub line: &'static str,
    /// Fields of the record by name, as `records` would print them; `null` for what is not stated.
    pub record: &'static [(&'static str, &'static str)],
    /// The reason, where the line is to be rejected.
    pub rejected: Option<&'static str>,
}

include!(concat!(env!("OUT_DIR"), "/formats.rs"));

/// All built-in formats; of two that fit a log equally well, the first one is chosen.
pub fn builtins() -> &'static [Builtin] {
    BUILTINS
}

impl Builtin {
    /// The format, ready to read lines.
    pub fn format(&self) -> Format {
        Format::bare(self.name, Reader::clone(&self.reader()), Vec::new()).of_server(self.told())
    }

    /// The server, where the lines tell it.
    pub(super) const fn told(&self) -> &'static str {
        if self.shared { logged::UNKNOWN } else { self.server }
    }

    /// Whether `-f` means this format by `name`.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
    }

    /// What reads a line of the same family that this format rejects, without being another format.
    pub(super) fn fallbacks(&self) -> Vec<Arc<Reader>> {
        let is_clf = self.template.contains("%t") || self.template.contains("[$time_local]") || self.template.contains("[$time_clf]");
        let is_beginning = |b: &Self| self.template.starts_with(b.template);
        builtins().iter().filter(|b| b.fallback && (is_clf || is_beginning(b))).map(Self::reader).collect()
    }

    pub(super) fn syntax(&self) -> Option<Syntax> {
        match self.syntax {
            "nginx" => Some(Syntax::Nginx),
            "apache" => Some(Syntax::Apache),
            "own" => Some(Syntax::Own),
            _ => None,
        }
    }

    /// The keys of a keyed format.
    pub(super) fn rows(&self) -> Vec<KeyRow> {
        let rank = |at: usize| u8::try_from(at).unwrap_or(u8::MAX - 1).min(u8::MAX - 1);
        self.keys.iter().enumerate().map(|(at, (path, field, unit))| key(path, field, unit, rank(at))).collect()
    }

    /// The reader, made once: every input tries all of them.
    pub(super) fn reader(&self) -> Arc<Reader> {
        static READERS: LazyLock<Vec<Arc<Reader>>> = LazyLock::new(|| builtins().iter().map(|b| Arc::new(b.made())).collect());
        let at = builtins().iter().position(|b| b.name == self.name).expect("a format is one of the list");
        READERS[at].clone()
    }

    fn made(&self) -> Reader {
        let keys = || Keys::new(self.rows());
        match self.syntax {
            "json" => Reader::Json(JsonProgram(keys())),
            "ltsv" => Reader::Pairs(Pairs { keys: keys(), dialect: Dialect::Ltsv }),
            "logfmt" => Reader::Pairs(Pairs { keys: keys(), dialect: Dialect::Logfmt }),
            "w3c" => Reader::Columns(Columns::w3c(self.columns)),
            "zeek" => Reader::Columns(Columns::zeek(self.columns)),
            "csv" => Reader::Columns(Columns::csv(self.columns)),
            _ => {
                let syntax = self.syntax().expect("the build knows no other syntax");
                Reader::Text(template::program(self.template, syntax, UserName::OneWord).expect("a test compiles every built-in template"))
            }
        }
    }
}

fn key(path: &str, field: &str, unit: &str, rank: u8) -> KeyRow {
    // A key may itself hold dots; in the data file they are written `\.`.
    let path = path.replace("\\.", "\u{0}").split('.').map(|part| part.replace('\u{0}', ".")).collect();
    (path, Field::named(field, unit).expect("the build checks field names"), rank)
}

impl Field {
    /// The field that a data file names. The build holds the same list (`builtin/schema.rs`), a test compares them.
    pub(super) fn named(name: &str, unit: &str) -> Option<Self> {
        let unit_of = |unit: &str| match unit {
            "s" => Some(Unit::Seconds),
            "ms" => Some(Unit::Millis),
            "us" => Some(Unit::Micros),
            "ns" => Some(Unit::Nanos),
            "ms_or_s" => Some(Unit::MillisOrSeconds),
            _ => None,
        };
        Some(match name {
            "time" => Self::Time(TimeLayout::Any),
            "remote" => Self::Remote,
            "peer" => Self::Peer,
            "forwarded" => Self::Forwarded,
            "user" => Self::User,
            "request" => Self::Request,
            "method" => Self::Method,
            "target" => Self::Target,
            "path" => Self::Path,
            "query" => Self::Query,
            "protocol" => Self::Protocol,
            "status" => Self::Status,
            "bytes" => Self::Bytes,
            "duration" => Self::Duration(unit_of(unit)?),
            "host" => Self::Host,
            "referer" => Self::Referer,
            "user_agent" => Self::UserAgent,
            "upstream_addr" => Self::UpstreamAddr,
            "upstream_status" => Self::UpstreamStatus,
            "upstream_time" => Self::UpstreamTime(unit_of(unit)?),
            "request_id" => Self::RequestId,
            "duration_more" => Self::DurationMore(unit_of(unit)?),
            "upstream_more" => Self::UpstreamMore(unit_of(unit)?),
            "end_time" => Self::EndTime,
            "not" => Self::Not(unit.into()),
            "queue_time" => Self::QueueTime(unit_of(unit)?),
            "connect_time" => Self::ConnectTime(unit_of(unit)?),
            "header_time" => Self::HeaderTime(unit_of(unit)?),
            "termination_state" => Self::TerminationState,
            "cache_status" => Self::CacheStatus,
            _ => return None,
        })
    }

    /// The name for messages.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Skip | Self::SkipList | Self::SkipTime(_) | Self::Captures | Self::Brackets | Self::Words | Self::Spaces => "a field",
            Self::Time(_) => "the time",
            Self::ClfHead | Self::Remote | Self::Peer | Self::AddressPort | Self::Forwarded => "the client's address",
            Self::User => "the user",
            Self::Request | Self::AbsoluteRequest => "the request line",
            Self::Method => "the method",
            Self::Target | Self::Path => "the path",
            Self::Query => "the query",
            Self::Protocol => "the protocol",
            Self::Status | Self::ProtocolStatus => "the status",
            Self::Bytes => "the byte count",
            Self::Duration(_) | Self::DurationMore(_) | Self::UpstreamMore(_) => "the duration",
            Self::EndTime => "the time of the end",
            Self::Not(_) => "the kind of line",
            Self::Host => "the host",
            Self::Referer => "the referer",
            Self::UserAgent => "the user agent",
            Self::UpstreamAddr => "the upstream's address",
            Self::UpstreamStatus => "the upstream's status",
            Self::UpstreamTime(_) => "the upstream's time",
            Self::RequestId => "the request's id",
            Self::QueueTime(_) => "the time in the queue",
            Self::ConnectTime(_) => "the time to connect",
            Self::HeaderTime(_) => "the time to the header",
            Self::TerminationState => "the termination state",
            Self::CacheStatus => "what the cache did",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, Field, TIMED};

    #[test]
    fn the_build_knows_the_same_fields() {
        for name in FIELDS {
            let unit = if TIMED.contains(name) { "ms" } else { "" };
            assert!(Field::named(name, unit).is_some(), "{name}");
        }
        assert!(TIMED.iter().all(|name| FIELDS.contains(name)));
    }
}
