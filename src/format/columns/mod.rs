//! Logs in columns whose names stand in a heading: W3C extended (IIS, CloudFront and others, `#Fields:`), Zeek (`#fields`)
//! and CSV.
//!
//! A heading holds for the lines behind it, up to the next one, so that a reader remembers it from line to line. A log
//! without one is read by the headings that its server is known to write: the first whose columns a line can be.

mod heading;
mod split;

use super::clock::Clock;
use super::field::{Field, Wanted};
use super::keyed::Strings;
use super::logged::UNKNOWN;
use super::{Fit, Reject, value};
use crate::model::Record;
use heading::{Column, Groups, Kind, Layout, Pattern};
use split::{Separator, columns};

/// Reads lines of columns.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// `#Fields:` before W3C headings, `#fields` before Zeek's; the first name of a CSV heading.
    marker: &'static str,
    /// What lines without a heading may have.
    known: Vec<Pattern>,
    wanted: Wanted,
    comma: bool,
}

/// The heading in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Heading {
    text: Vec<u8>,
    layout: Option<Layout>,
    /// The layout of the last line that the heading in force, if any, did not fit: lines of one log mostly have the same.
    guess: Option<Guess>,
}

impl Heading {
    /// The layouts that lines were read by.
    fn layouts(&self) -> impl Iterator<Item = &Layout> {
        self.layout.iter().chain(self.guess.as_ref().map(|guess| &guess.layout))
    }

    /// The bits of the fields that they have.
    pub(super) fn fields(&self) -> u32 {
        self.layouts().fold(0, |bits, layout| bits | layout.fields())
    }

    /// The server that writes such columns.
    pub(super) fn server(&self) -> &'static str {
        self.layouts().map(|layout| layout.server).find(|server| *server != UNKNOWN).unwrap_or(UNKNOWN)
    }
}

/// A layout with where it comes from: the reader by its marker, the number of a pattern, the groups of it.
#[derive(Clone, Debug)]
struct Guess {
    of: (&'static str, usize, Groups),
    layout: Layout,
}

impl Columns {
    pub(super) fn w3c(known: &[&'static str]) -> Self {
        Self::new("#Fields:", known, false)
    }

    pub(super) fn zeek(known: &[&'static str]) -> Self {
        Self::new("#fields", known, false)
    }

    pub(super) fn csv(known: &[&'static str]) -> Self {
        let first = known.first().and_then(|names| names.split(' ').next()).unwrap_or_default();
        Self::new(first, known, true)
    }

    fn new(marker: &'static str, known: &[&'static str], comma: bool) -> Self {
        let known = known.iter().copied().map(Pattern::new).collect();
        Self { marker, known, wanted: Wanted::ALL, comma }
    }

    /// The bits of the fields that lines may state.
    pub(super) fn fields(&self) -> u32 {
        self.known.iter().fold(0, |bits, pattern| bits | Layout::new(pattern.names(), None).fields())
    }

    /// Whether some layout has this field. What a heading to come will have is not known, so that it may.
    pub(super) fn has(&self, field: &Field) -> bool {
        self.fields() & field.bit() != 0
    }

    pub(super) fn narrowed(&self, wanted: Wanted) -> Self {
        Self { wanted, ..self.clone() }
    }

    /// What a heading begins with, for a search in a whole file.
    pub(super) fn marker(&self) -> &'static [u8] {
        self.marker.as_bytes()
    }

    /// The names in a heading, or `None` for another line.
    fn names<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        if self.comma {
            let first = line.strip_prefix(b"\"").unwrap_or(line);
            return first.starts_with(self.marker()).then_some(line);
        }
        line.strip_prefix(self.marker())
    }

    /// The last heading among some lines, each of which `inside` makes the line that it holds.
    pub(super) fn last_heading<'t>(&self, text: &'t [u8], inside: &dyn Fn(&[u8]) -> bool) -> Option<&'t [u8]> {
        let (mut last, mut from) = (None, 0);
        // Forward, and on from the end of each line: a line may hold the marker many times.
        while let Some(at) = memchr::memmem::find(&text[from..], self.marker()) {
            let start = memchr::memrchr(b'\n', &text[from..from + at]).map_or(from, |n| from + n + 1);
            let end = memchr::memchr(b'\n', &text[from + at..]).map_or(text.len(), |n| from + at + n + 1);
            if inside(&text[start..end]) {
                last = Some(&text[start..end]);
            }
            from = end;
        }
        last
    }

    /// Whether a line is a heading; if so, it is in force from now on.
    pub(super) fn obeys(&self, line: &[u8], heading: &mut Heading) -> bool {
        let Some(names) = self.names(line) else { return false };
        if heading.text != line {
            let text = String::from_utf8_lossy(names).into_owned();
            let separator = if self.comma { Separator::Comma } else { Separator::of(names.trim_ascii()) };
            let named = columns(text.trim().as_bytes(), separator).filter_map(|c| std::str::from_utf8(c).ok());
            let names: Vec<&str> = named.take(MOST_NAMED).collect();
            heading.text = line.to_vec();
            heading.layout = Some(Layout::new(names.into_iter(), Some(separator)));
        }
        true
    }

    /// Reads one line by the heading in force, or by what it looks like.
    pub(super) fn parse<'a>(
        &'a self,
        line: &'a [u8],
        heading: &mut Heading,
        clock: &mut Clock,
        strings: &'a mut Strings,
        record: &mut Record<'a>,
    ) -> Result<Fit, Reject> {
        let separator = if self.comma { Separator::Comma } else { Separator::of(line) };
        let mut values = Values::default();
        let stated = heading.layout.as_ref().map(|layout| self.read(line, separator, layout, clock, strings, &mut values));
        let read = match stated {
            Some(Ok(fit)) => Ok(fit),
            Some(Err(reject)) if heading.layout.as_ref().is_some_and(|layout| !layout.has_status) => Err(reject),
            // Files that were put together from several servers' have lines that their heading does not fit.
            refused => match self.guessed(line, separator, &mut heading.guess) {
                Some(layout) => self.read(line, separator, layout, clock, strings, &mut values),
                None => refused.unwrap_or(Err(Reject::NotThisFormat)),
            },
        };
        let Values { record: read_so_far, decoded, ended } = values;
        *record = read_so_far;
        let unescaped: &'a [u8] = strings.unescaped.as_bytes();
        record.user_agent = record.user_agent.or(decoded.map(|(from, to)| &unescaped[from..to]));
        record.termination_state = record.termination_state.or(ended.map(|(from, to)| &unescaped[from..to]));
        read
    }

    fn read<'a>(
        &self,
        line: &'a [u8],
        separator: Separator,
        layout: &Layout,
        clock: &mut Clock,
        strings: &mut Strings,
        values: &mut Values<'a>,
    ) -> Result<Fit, Reject> {
        *values = Values::default();
        let Values { record, decoded, ended } = values;
        if !layout.has_status {
            return Err(Reject::NotThisFormat);
        }
        strings.unescaped.clear();
        let (mut date, mut time, mut status, mut substatus) = (None, None, None, None);
        let mut found = 0;
        for (Column { kind, .. }, column) in layout.columns.iter().zip(columns(line, separator)) {
            found += 1;
            match kind {
                Kind::Date => date = Some(column),
                Kind::TimeOfDay => time = Some(column),
                Kind::Field(Field::Status) => status = Some(column),
                Kind::Substatus if self.wanted.has(&Field::TerminationState) => substatus = value::stated(column),
                Kind::HostAndTarget if self.wanted.has(&Field::Target) => set_host_and_target(record, column),
                Kind::Field(field) if self.wanted.has(field) => _ = value::set(record, field, column, clock),
                Kind::Encoded(field) if self.wanted.has(field) && value::stated(column).is_some() => {
                    *decoded = Some(split::decode(column, separator == Separator::Space, &mut strings.unescaped));
                }
                _ => {}
            }
        }
        let status = status.ok_or(Reject::CutShort)?;
        record.status = value::status(status);
        if record.status.is_none() {
            return Err(if matches!(status, b"-" | b"-1" | b"") { Reject::NoStatus } else { Reject::BadStatus });
        }
        if let Some(substatus) = substatus.filter(|s| *s != b"0").and_then(|s| std::str::from_utf8(s).ok()) {
            *ended = Some(joined(status, substatus, &mut strings.unescaped));
        }
        if let (Some(date), Some(time)) = (date, time) {
            record.time = clock.date_and_time(date, time);
            if record.time.is_none() {
                return Err(Reject::NotThisFormat);
            }
        }
        Ok(if found == layout.columns.len() { Fit::Whole } else { Fit::Partly })
    }

    /// What a line without a fitting heading has. It hangs on nothing but the line, or counts would hang on where a log is cut.
    fn guessed<'g>(&self, line: &[u8], separator: Separator, last: &'g mut Option<Guess>) -> Option<&'g Layout> {
        let texts: Vec<&[u8]> = columns(line, separator).take(MOST_COLUMNS).collect();
        let of = self.known.iter().enumerate().find_map(|(at, pattern)| Some((self.marker, at, pattern.groups(&texts)?)))?;
        let guess = match last.take() {
            Some(guess) if guess.of == of => guess,
            _ => Guess { of, layout: self.known[of.1].layout(of.2) },
        };
        Some(&last.insert(guess).layout)
    }
}

/// Writes `404.13`, and gives where it stands.
fn joined(status: &[u8], substatus: &str, unescaped: &mut String) -> (usize, usize) {
    let from = unescaped.len();
    unescaped.push_str(&String::from_utf8_lossy(status));
    unescaped.push('.');
    unescaped.push_str(substatus);
    (from, unescaped.len())
}

/// `www.example.com/path?query` is the host with the target; a path, a whole URL, and what CONNECT asks for are targets.
fn set_host_and_target<'a>(record: &mut Record<'a>, text: &'a [u8]) {
    let Some(text) = value::stated(text) else { return };
    let slash = memchr::memchr(b'/', text).filter(|&at| at > 0 && memchr::memmem::find(text, b"://").is_none());
    if let Some(at) = slash {
        record.host = Some(&text[..at]);
    }
    record.set_target(&text[slash.unwrap_or(0)..]);
}

/// More columns than any known server writes.
const MOST_COLUMNS: usize = 64;
/// More than any heading names. A heading is read anew for every chunk, and may be as long as a line.
const MOST_NAMED: usize = 1_024;

/// What was read of a line so far.
#[derive(Default)]
struct Values<'a> {
    record: Record<'a>,
    /// Where the decoded user agent stands.
    decoded: Option<(usize, usize)>,
    /// Where the status stands with its substatus.
    ended: Option<(usize, usize)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Format, Memory};
    use jiff::tz::TimeZone;

    /// `time remote host path?query status milliseconds` of a line below a heading.
    fn read(columns: &Columns, heading: &str, line: &str) -> Result<String, Reject> {
        let (mut state, mut clock) = (Heading::default(), Clock::new(TimeZone::UTC));
        assert!(columns.obeys(heading.as_bytes(), &mut state), "{heading}");
        let (mut strings, mut r) = (Strings::default(), Record::default());
        columns.parse(line.as_bytes(), &mut state, &mut clock, &mut strings, &mut r)?;
        let text = |t: Option<&[u8]>| String::from_utf8_lossy(t.unwrap_or(b"-")).into_owned();
        let time = r.time.map_or("-".to_owned(), |t| t.to_string());
        let millis = r.duration.map_or("-".to_owned(), |d| d.as_millis().to_string());
        let (path, query, status) = (text(r.path), text(r.query), r.status.map_or(0, crate::model::StatusCode::get));
        Ok(format!("{time} {} {} {path}?{query} {status} {millis}", text(r.remote), text(r.host)))
    }

    #[test]
    fn headings_of_several_servers() {
        let w3c = Columns::w3c(&[]);
        let advanced = "#Fields:  date-local time-local  c-ip cs-uri-stem cs-uri-query sc-status sc-substatus TimeTakenMS";
        let line = r#"2025-08-15 17:00:00.675 "192.0.2.7" /a - 404 " ""x"" y " 359"#;
        assert_eq!(read(&w3c, advanced, line).unwrap(), "2025-08-15T17:00:00.675Z 192.0.2.7 - /a?- 404 359");
        let both = "#Fields: date-local time-local date-utc time-utc c-ip cs-uri-stem sc-status";
        let line = "2025-08-15 17:00:00 2025-08-15 15:00:00 192.0.2.7 /a?b 200";
        assert_eq!(read(&w3c, both, line).unwrap(), "2025-08-15T15:00:00Z 192.0.2.7 - /a?b 200 -");
        let imperva = "#Fields: date time c-ip cs-uri cs-uri-query sc-status";
        let line = |uri: &str, status: &str| format!(r#""2025-06-28" "07:26:35" "192.0.2.7" "{uri}" "a=b" "{status}""#);
        let found = |uri: &str| read(&w3c, imperva, &line(uri, "200")).unwrap();
        assert_eq!(found("www.example.com/x"), "2025-06-28T07:26:35Z 192.0.2.7 www.example.com /x?a=b 200 -");
        assert_eq!(found("http://www.example.com/x"), "2025-06-28T07:26:35Z 192.0.2.7 - http://www.example.com/x?a=b 200 -");
        assert_eq!(found("www.example.com:443"), "2025-06-28T07:26:35Z 192.0.2.7 - www.example.com:443?a=b 200 -");
        assert_eq!(read(&w3c, imperva, &line("/", "")), Err(Reject::NoStatus));
        let zeek = "#fields\tts\tid.orig_h\thost\turi\tstatus_code";
        let line = "1750000000.25\t192.0.2.7\twww.example.com\t/a?b\t304";
        assert_eq!(read(&Columns::zeek(&[]), zeek, line).unwrap(), "2025-06-15T15:06:40.25Z 192.0.2.7 www.example.com /a?b 304 -");
    }

    #[test]
    fn a_heading_has_a_bound() {
        let format = Format::from_user("w3c").unwrap();
        let heading = format!("#Fields: date time sc-status{}", " x".repeat(1 << 20));
        let (mut memory, mut record) = (Memory::default(), Record::default());
        assert!(format.skips(heading.as_bytes(), &mut memory));
        assert!(memory.context.heading.layout.as_ref().unwrap().columns.len() == super::MOST_NAMED);
        format.parse(b"2025-06-15 15:06:40 404 a b", &mut memory, &mut record).unwrap();
    }

    #[test]
    fn what_a_line_has_hangs_on_no_line_before_it() {
        let format = Format::from_user("w3c").unwrap();
        let line = |referer: &str| format!("2025-06-15 15:06:40 POST /a - 80 - 192.0.2.7 curl/8 {referer} 401 1 0 106");
        let (common, odd) = (line("https://www.example.com/"), line("htps://www.example.com/"));
        let (mut memory, mut alone) = (Memory::default(), Memory::default());
        let (mut record, mut expected) = (Record::default(), Record::default());
        format.parse(common.as_bytes(), &mut memory, &mut record).unwrap();
        assert!(record.referer.is_some());
        let mut record = Record::default();
        format.parse(odd.as_bytes(), &mut memory, &mut record).unwrap();
        format.parse(odd.as_bytes(), &mut alone, &mut expected).unwrap();
        assert_eq!(record, expected);
        assert_eq!(record.duration.map(|d| d.as_millis()), Some(106));
    }
}
