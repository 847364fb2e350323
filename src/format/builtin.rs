//! The formats that need no flag: data files of `builtin/`, compiled into the program by the build.

use super::field::{Field, TimeLayout, Unit};
use super::json::JsonProgram;
use super::template::{self, Syntax, UserName};
use super::{Format, Reader};

/// A format as its data file states it.
#[derive(Debug)]
pub struct Builtin {
    /// The name that `-f` takes and reports show.
    pub name: &'static str,
    /// Other names that `-f` takes, GoAccess's among them.
    pub aliases: &'static [&'static str],
    /// What writes it.
    pub title: &'static str,
    /// `nginx`, `apache` or `json`: how `template` and `keys` are to be read.
    pub syntax: &'static str,
    /// The template; empty for JSON.
    pub template: &'static str,
    /// For JSON: key path, field, unit or layout. The first key of a field that a line has is believed.
    pub keys: &'static [(&'static str, &'static str, &'static str)],
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
        Format { name: self.name.to_owned(), reader: self.reader(), others: Vec::new() }
    }

    /// Whether `-f` means this format by `name`.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
    }

    /// What reads a line of the same family that this format rejects, without being another format.
    pub(super) fn fallbacks(&self) -> Vec<Reader> {
        let is_clf = self.template.contains("%t") || self.template.contains("[$time_local]");
        builtins().iter().filter(|b| is_clf && b.fallback).map(Self::reader).collect()
    }

    pub(super) fn syntax(&self) -> Option<Syntax> {
        match self.syntax {
            "nginx" => Some(Syntax::Nginx),
            "apache" => Some(Syntax::Apache),
            _ => None,
        }
    }

    pub(super) fn reader(&self) -> Reader {
        match self.syntax() {
            Some(syntax) => {
                Reader::Text(template::program(self.template, syntax, UserName::OneWord).expect("a test compiles every built-in template"))
            }
            None => Reader::Json(JsonProgram::new(
                self.keys.iter().enumerate().map(|(rank, (path, field, unit))| json_key(path, field, unit, rank as u8)).collect(),
            )),
        }
    }
}

fn json_key(path: &str, field: &str, unit: &str, rank: u8) -> (Vec<String>, Field, u8) {
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
            _ => None,
        };
        Some(match name {
            "time" => Self::Time(TimeLayout::Any),
            "remote" => Self::Remote,
            "peer" => Self::Peer,
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
            _ => return None,
        })
    }

    /// The name for messages.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Skip | Self::SkipList | Self::SkipTime(_) => "a field",
            Self::Time(_) => "the time",
            Self::ClfHead | Self::Remote | Self::Peer => "the client's address",
            Self::User => "the user",
            Self::Request => "the request line",
            Self::Method => "the method",
            Self::Target | Self::Path => "the path",
            Self::Query => "the query",
            Self::Protocol => "the protocol",
            Self::Status => "the status",
            Self::Bytes => "the byte count",
            Self::Duration(_) => "the duration",
            Self::Host => "the host",
            Self::Referer => "the referer",
            Self::UserAgent => "the user agent",
            Self::UpstreamAddr => "the upstream's address",
            Self::UpstreamStatus => "the upstream's status",
            Self::UpstreamTime(_) => "the upstream's time",
            Self::RequestId => "the request's id",
        }
    }
}
