//! One line of bytes -> [`Record`].
//!
//! A format is either a template, compiled once into steps that a line is walked with, or a map from JSON keys to fields.
//! This room knows what servers write and how they escape it; it never opens a file and keeps no count.

mod builtin;
mod bytes;
mod clock;
pub mod conf;
mod detect;
mod directive;
mod field;
mod infer;
mod json;
mod program;
mod request;
mod shortcut;
mod template;
mod times;
mod value;
mod variables;

pub use builtin::{Builtin, Sample, builtins};
pub use detect::{Candidate, Detection, detect};
pub use field::{Field, TimeLayout, Unit, Wanted};
pub use template::TemplateError;

use crate::model::Record;
use clock::Clock;
use jiff::tz::TimeZone;
use json::{JsonProgram, Strings};
use program::Program;

/// Why a line is no record. The words are stable: they stand in reports and in `--rejects` files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// The line does not look like the format at all.
    NotThisFormat,
    /// The line begins like the format and ends too early.
    CutShort,
    /// A line of a session that had no response: its status is `-` or `-1`.
    NoStatus,
    /// Where the status should be there is something else, or a number past 999.
    BadStatus,
    /// A JSON format met a line that is no JSON object.
    NotJson,
    /// No format is known that reads the input.
    UnknownFormat,
}

impl Reject {
    /// The reason in words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotThisFormat => "not an access line of this format",
            Self::CutShort => "cut short",
            Self::NoStatus => "no response status (-)",
            Self::BadStatus => "status is no number from 0 to 999",
            Self::NotJson => "not a JSON object",
            Self::UnknownFormat => "no known format",
        }
    }
}

/// How much of a template a line filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Every part of the format, and nothing left over.
    Whole,
    /// All that a record needs, but the rest of the line differs from the format.
    Partly,
}

/// A log format, ready to read lines. Cheap to share between threads.
#[derive(Clone, Debug)]
pub struct Format {
    name: String,
    reader: Reader,
    /// Formats of the same family to try on a line that the first one rejects.
    others: Vec<Reader>,
}

#[derive(Clone, Debug)]
enum Reader {
    Text(Program),
    Json(JsonProgram),
}

impl Reader {
    #[inline]
    fn parse<'a>(&'a self, line: &'a [u8], clock: &mut Clock, strings: &'a mut Strings, record: &mut Record<'a>) -> Result<Fit, Reject> {
        match self {
            Self::Text(program) => program.parse(line, clock, record),
            Self::Json(program) => program.parse(line, clock, strings, record),
        }
    }

    fn narrowed(&self, wanted: Wanted) -> Self {
        match self {
            Self::Text(program) => Self::Text(program.narrowed(wanted)),
            Self::Json(program) => Self::Json(program.narrowed(wanted)),
        }
    }
}

/// What a worker keeps from line to line: the last minute read, and room for unescaped strings.
#[derive(Debug)]
pub struct Memory {
    clock: Clock,
    strings: Strings,
}

impl Memory {
    /// `zone` is what to take for the zone of times that state none.
    pub fn new(zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), strings: Strings::default() }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(TimeZone::UTC)
    }
}

impl Format {
    /// The format that `-f` names: one of the built-in names, an nginx `log_format` string, an Apache `LogFormat` string, or
    /// a JSON template.
    ///
    /// # Errors
    /// When the text is neither a known name nor a template with a status in it; the error points at the place.
    pub fn from_user(text: &str) -> Result<Self, TemplateError> {
        if let Some(builtin) = builtins().iter().find(|b| b.is_called(text.trim())) {
            let mut format = builtin.format();
            format.others = builtin.fallbacks();
            return Ok(format);
        }
        let reader = template::compile(text)?;
        Ok(Self { name: "given with -f".into(), reader, others: Vec::new() })
    }

    /// The name that reports show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the format can hold this field at all.
    pub fn has(&self, field: &Field) -> bool {
        match &self.reader {
            Reader::Text(program) => program.has(field),
            Reader::Json(program) => program.has(field),
        }
    }

    /// The same format for readers that want only some fields; it accepts and rejects the same lines.
    #[must_use]
    pub fn narrowed(&self, wanted: Wanted) -> Self {
        Self {
            name: self.name.clone(),
            reader: self.reader.narrowed(wanted),
            others: self.others.iter().map(|r| r.narrowed(wanted)).collect(),
        }
    }

    /// Reads one line, which must not hold its line end, into `record`, which must be empty. After an error `record` holds
    /// nothing of use.
    ///
    /// # Errors
    /// The reason why the line is no record.
    #[inline]
    pub fn parse<'a>(&'a self, line: &'a [u8], memory: &'a mut Memory, record: &mut Record<'a>) -> Result<(), Reject> {
        let Memory { clock, strings } = memory;
        match &self.reader {
            Reader::Text(program) => match program.parse(line, clock, record) {
                Ok(_) => Ok(()),
                Err(reject) => self.parse_otherwise(line, clock, strings, record, reject),
            },
            Reader::Json(program) => program.parse(line, clock, strings, record).map(|_| ()),
        }
    }

    /// A line that the format rejects may be one of its family: `common` among `combined`, with a virtual host before it.
    #[cold]
    fn parse_otherwise<'a>(
        &'a self,
        line: &'a [u8],
        clock: &mut Clock,
        strings: &'a mut Strings,
        record: &mut Record<'a>,
        reject: Reject,
    ) -> Result<(), Reject> {
        if reject == Reject::NoStatus {
            return Err(reject);
        }
        let reads = |r: &&Reader| r.parse(line, clock, &mut Strings::default(), &mut Record::default()).is_ok();
        let Some(other) = self.others.iter().find(reads) else { return Err(reject) };
        *record = Record::default();
        other.parse(line, clock, strings, record).map(|_| ())
    }
}

/// The line without its line end, a carriage return before it, and a byte order mark at its start.
#[inline]
pub fn trim_line(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)
}

/// Whether a trimmed line is neither a record nor a reject: blank, or a directive such as `#Fields:`.
#[inline]
pub fn is_directive(line: &[u8]) -> bool {
    match line.first() {
        None | Some(b'#') => true,
        Some(b' ' | b'\t') => line.trim_ascii().is_empty(),
        Some(_) => false,
    }
}
