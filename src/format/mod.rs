//! One line of bytes -> [`Record`].
//!
//! A format is a template, compiled once into steps that a line is walked with; a map from keys to fields (JSON, LTSV, logfmt);
//! or columns whose heading says what they are. Around it may lie what a collector adds to every line.
//! This room knows what servers write and how they escape it; it never opens a file and keeps no count.

mod builtin;
mod bytes;
mod clock;
mod columns;
pub mod conf;
mod detect;
mod directive;
mod field;
mod goaccess;
mod infer;
mod keyed;
mod leap;
mod logged;
mod pieces;
mod program;
mod request;
mod shortcut;
mod tail;
mod template;
mod times;
mod value;
mod variables;
mod wrap;

pub use builtin::{Builtin, Sample, builtins};
pub use detect::{Candidate, Detection, Stopped, detect, peeled};
pub use field::{Field, TimeLayout, Unit, Wanted};
pub use template::TemplateError;

use crate::model::Record;
use clock::Clock;
use columns::{Columns, Heading};
use jiff::tz::TimeZone;
use keyed::Strings;
use keyed::json::JsonProgram;
use keyed::pairs::Pairs;
use pieces::Pieces;
use program::Program;
use std::sync::Arc;
use wrap::Wrapper;

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
    /// What stands around every line.
    wrapper: Wrapper,
    reader: Reader,
    /// Formats to try on a line that the first one rejects: of the same family, or of another program that writes into the
    /// same log.
    others: Vec<Arc<Reader>>,
    /// The bits of the fields that its lines state.
    logged: u32,
    server: &'static str,
}

#[derive(Clone, Debug)]
enum Reader {
    Text(Program),
    Json(JsonProgram),
    Pairs(Pairs),
    Columns(Columns),
}

impl Reader {
    #[inline]
    fn parse<'a>(
        &'a self,
        line: &'a [u8],
        Context { clock, heading }: &mut Context,
        strings: &'a mut Strings,
        record: &mut Record<'a>,
    ) -> Result<Fit, Reject> {
        match self {
            Self::Text(program) => program.parse(line, clock, record),
            Self::Json(program) => program.parse(line, clock, strings, record),
            Self::Pairs(pairs) => pairs.parse(line, clock, strings, record),
            Self::Columns(columns) => columns.parse(line, heading, clock, strings, record),
        }
    }

    fn narrowed(&self, wanted: Wanted) -> Self {
        match self {
            Self::Text(program) => Self::Text(program.narrowed(wanted)),
            Self::Json(JsonProgram(keys)) => Self::Json(JsonProgram(keys.narrowed(wanted))),
            Self::Pairs(pairs) => Self::Pairs(Pairs { keys: pairs.keys.narrowed(wanted), dialect: pairs.dialect }),
            Self::Columns(columns) => Self::Columns(columns.narrowed(wanted)),
        }
    }

    fn has(&self, field: &Field) -> bool {
        match self {
            Self::Text(program) => program.has(field),
            Self::Json(JsonProgram(keys)) => keys.has(field),
            Self::Pairs(pairs) => pairs.keys.has(field),
            Self::Columns(columns) => columns.has(field),
        }
    }

    /// Whether a line is a heading that this reader obeys.
    fn obeys(&self, line: &[u8], context: &mut Context) -> bool {
        matches!(self, Self::Columns(columns) if columns.obeys(line, &mut context.heading))
    }

    /// Whether a line can be of this kind at all: one look, before more is spent on a line that another reader rejected.
    fn may_read(&self, line: &[u8]) -> bool {
        let object = line.first() == Some(&b'{');
        matches!(self, Self::Json(_)) == object
    }
}

/// What one line tells about the next ones: the last minute read, the heading in force.
#[derive(Debug)]
struct Context {
    clock: Clock,
    heading: Heading,
}

impl Context {
    fn new(zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), heading: Heading::default() }
    }
}

/// What a worker keeps from line to line, and room for what had to be unescaped.
#[derive(Debug)]
pub struct Memory {
    context: Context,
    strings: Strings,
    /// The same for a line that a second format reads.
    spare: Strings,
    pieces: Pieces,
}

impl Memory {
    /// `zone` is what to take for the zone of times that state none.
    pub fn new(zone: TimeZone) -> Self {
        Self { context: Context::new(zone), strings: Strings::default(), spare: Strings::default(), pieces: Pieces::default() }
    }

    /// Forgets what lines said about the lines behind them: another part of the log begins.
    pub fn restart(&mut self) {
        self.context.heading = Heading::default();
        self.pieces = Pieces::default();
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(TimeZone::UTC)
    }
}

impl Format {
    fn bare(name: impl Into<String>, reader: Reader, others: Vec<Arc<Reader>>) -> Self {
        let logged = reader.fields();
        Self { name: name.into(), wrapper: Wrapper::default(), reader, others, logged, server: logged::UNKNOWN }
    }

    /// The same format, whose server is known.
    #[must_use]
    fn of_server(self, server: &'static str) -> Self {
        Self { server, ..self }
    }

    /// The format that `-f` names: one of the built-in names, an nginx `log_format` string, an Apache `LogFormat` string, a
    /// GoAccess `log-format` or a JSON template.
    ///
    /// # Errors
    /// When the text is neither a known name nor a template with a status in it; the error points at the place.
    pub fn from_user(text: &str) -> Result<Self, TemplateError> {
        if let Some(builtin) = builtins().iter().find(|b| b.is_called(text.trim())) {
            let mut format = builtin.format();
            format.others = builtin.fallbacks();
            let named = text.to_ascii_lowercase().contains(builtin.server);
            return Ok(if named { format.of_server(builtin.server) } else { format });
        }
        Ok(Self::bare("given with -f", template::compile(text)?, Vec::new()).of_server(template::server(text)))
    }

    /// The name that reports show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the format can hold this field at all.
    pub fn has(&self, field: &Field) -> bool {
        self.reader.has(field)
    }

    /// The same format for readers that want only some fields; it accepts and rejects the same lines.
    #[must_use]
    pub fn narrowed(&self, wanted: Wanted) -> Self {
        Self {
            reader: self.reader.narrowed(wanted),
            // The others read few lines, and are shared by all inputs: they stay whole.
            ..self.clone()
        }
    }

    /// Whether a line is neither a record nor a reject: blank, a directive such as `#Fields:`, the heading of a table, the
    /// first piece of a line that goes on. What it says about the lines behind it is remembered.
    #[inline(always)]
    pub fn skips(&self, line: &[u8], memory: &mut Memory) -> bool {
        let directive = is_directive(line);
        if !directive && !matches!(self.reader, Reader::Columns(_)) && self.wrapper.is_none() {
            return false;
        }
        self.skips_or_obeys(line, directive, memory)
    }

    fn skips_or_obeys(&self, line: &[u8], directive: bool, memory: &mut Memory) -> bool {
        if self.wrapper.is_none() {
            return self.reader.obeys(line, &mut memory.context) || directive;
        }
        directive || self.wrapper.keeps(line, &mut memory.pieces) || self.skips_inside(line, &mut memory.context)
    }

    /// Whether a wrapped line holds a heading or a directive of a table.
    fn skips_inside(&self, line: &[u8], context: &mut Context) -> bool {
        let mut unescaped = String::new();
        let inside = matches!(self.reader, Reader::Columns(_)).then(|| self.wrapper.inside(line, &mut unescaped)).flatten();
        inside.is_some_and(|line| self.reader.obeys(trim_line(line), context) || is_directive(line))
    }

    /// Reads one line, which must not hold its line end, into `record`, which must be empty. After an error `record` holds
    /// nothing of use.
    ///
    /// # Errors
    /// The reason why the line is no record.
    #[inline]
    pub fn parse<'a>(&'a self, line: &'a [u8], memory: &'a mut Memory, record: &mut Record<'a>) -> Result<(), Reject> {
        let Memory { context, strings, spare, pieces } = memory;
        match &self.reader {
            Reader::Text(program) if self.wrapper.is_none() => match program.parse(line, &mut context.clock, record) {
                Ok(_) => Ok(()),
                Err(reject) => self.parse_otherwise(line, context, spare, record, reject),
            },
            reader => {
                let line = if self.wrapper.is_none() { line } else { self.wrapper.open(line, pieces) };
                match reader.parse(line, context, strings, record) {
                    Ok(_) => Ok(()),
                    Err(reject) => self.parse_otherwise(line, context, spare, record, reject),
                }
            }
        }
    }

    /// A line that the format rejects may be one of its family: `common` among `combined`, with a virtual host before it.
    #[cold]
    fn parse_otherwise<'a>(
        &'a self,
        line: &'a [u8],
        context: &mut Context,
        strings: &'a mut Strings,
        record: &mut Record<'a>,
        reject: Reject,
    ) -> Result<(), Reject> {
        if reject == Reject::NoStatus {
            return Err(reject);
        }
        let mut reads =
            |r: &&Arc<Reader>| r.may_read(line) && r.parse(line, context, &mut Strings::default(), &mut Record::default()).is_ok();
        let Some(other) = self.others.iter().find(&mut reads) else { return Err(reject) };
        *record = Record::default();
        other.parse(line, context, strings, record).map(|_| ())
    }

    /// How many of some carried lines are pieces of a line that is not whole.
    pub fn open_pieces(&self, carried: &[u8]) -> usize {
        carried.split(|&b| b == b'\n').filter(|line| self.wrapper.keeps(trim_line(line), &mut Pieces::default())).count()
    }

    fn is_heading(&self, line: &[u8]) -> bool {
        let (mut unescaped, mut context) = (String::new(), Context::new(TimeZone::UTC));
        let inside = if self.wrapper.is_none() { Some(line) } else { self.wrapper.inside(line, &mut unescaped) };
        inside.is_some_and(|line| self.reader.obeys(line, &mut context))
    }

    /// Whether what a line means can hang on lines before it: a heading, or pieces.
    pub fn hangs_on_earlier_lines(&self) -> bool {
        matches!(self.reader, Reader::Columns(_)) || self.wrapper.has_pieces()
    }

    /// The lines that those behind `text` hang on, given those that `text` itself hangs on: the last heading, and the pieces
    /// of lines that are not whole at its end. `text` ends with a line end.
    pub fn carried(&self, before: &[u8], text: &[u8]) -> Vec<u8> {
        let mut carried = Vec::new();
        if let Reader::Columns(columns) = &self.reader {
            let is_heading = |line: &[u8]| self.is_heading(trim_line(line.strip_suffix(b"\n").unwrap_or(line)));
            let last = columns.last_heading(text, &is_heading).or_else(|| columns.last_heading(before, &is_heading));
            carried.extend_from_slice(last.unwrap_or_default());
        }
        if self.wrapper.has_pieces() {
            carried.append(&mut self.wrapper.carried(before, text));
        }
        carried
    }
}

/// The line without its line end, a carriage return before it, a byte order mark or a hole of NUL bytes at its start.
#[inline(always)]
pub fn trim_line(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.first() {
        Some(0xEF) => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line),
        Some(0) => after_hole(line),
        _ => line,
    }
}

/// What follows the hole that a log has when it was cut while its writer went on where it was.
#[cold]
fn after_hole(line: &[u8]) -> &[u8] {
    &line[line.iter().position(|&b| b != 0).unwrap_or(line.len())..]
}

/// Whether a trimmed line is neither a record nor a reject: blank, or a directive such as `#Fields:`.
#[inline(always)]
pub fn is_directive(line: &[u8]) -> bool {
    match line.first() {
        None | Some(b'#') => true,
        Some(b' ' | b'\t') => line.trim_ascii().is_empty(),
        Some(_) => false,
    }
}
