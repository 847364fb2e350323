//! Formats that go on where a built-in one ends: what people put behind `combined`.
//!
//! A tail falls into columns, with keys (`rt=0.012 uct="0.001"`) or without, and [`super::tail`] tells what they are. Everything
//! else behind the known part is read past. What was assumed is said, and `-f` overrules it.

use super::Fit;
use super::builtin::Builtin;
use super::clock::Clock;
use super::logged::UNKNOWN;
use super::program::Program;
use super::tail::{self, Line, Reading};
use super::template::{self, UserName};
use crate::model::Record;
use jiff::tz::TimeZone;

/// A built-in format with its tail.
pub(super) struct Longer {
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) note: Option<String>,
    pub(super) server: &'static str,
}

/// One part of a tail.
#[derive(Debug, PartialEq)]
struct Token<'a> {
    /// What stands before the value: white space, `key=`, a quote.
    before: &'a str,
    key: Option<&'a str>,
    value: &'a str,
    /// What stands after the value: the closing quote or nothing.
    after: &'a str,
}

/// The builtin with the tail that most of `lines` have, if one is found that fits more than half of them to their end.
pub(super) fn longer(builtin: &Builtin, lines: &[&[u8]]) -> Option<Longer> {
    let base = template::program(builtin.template, builtin.syntax()?, UserName::OneWord).ok()?;
    let tails: Vec<(&[u8], &str)> = lines.iter().filter_map(|l| Some((*l, text(base.tail(l)?)?))).collect();
    let tokens = tokens(tails.first()?.1)?;
    let keys: Vec<Option<&str>> = tokens.iter().map(|t| t.key).collect();
    let place = if builtin.template.contains("gent") { "behind the user agent" } else { "" };
    let sampled: Vec<Line<'_>> = tails.iter().filter_map(|(line, tail)| sampled(&base, line, tail)).collect();
    let Reading { fields, taken, server } = tail::read(&keys, &sampled, place)?;
    let tail = tokens.iter().zip(&fields).map(|(t, field)| (t.before, field.clone(), t.after));
    let program = template::extended(builtin.template, builtin.syntax()?, tail).ok()?;
    let mut clock = Clock::new(TimeZone::UTC);
    let whole = lines.iter().filter(|l| matches!(program.parse(l, &mut clock, &mut Record::default()), Ok(Fit::Whole))).count();
    if whole * 2 <= lines.len() {
        return None;
    }
    let keys: Vec<&str> = keys.into_iter().flatten().collect();
    let words = taken.iter().map(|(word, _)| *word).filter(|word| !word.is_empty());
    let parts = (!keys.is_empty()).then(|| keys.join(" ")).into_iter().chain(words.map(str::to_owned));
    let name = parts.fold(builtin.name.to_owned(), |name, part| format!("{name} + {part}"));
    let notes: Vec<String> = taken.into_iter().filter_map(|(_, note)| note).collect();
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    let told = Some(builtin.told()).filter(|told| *told != UNKNOWN);
    Some(Longer { name, program, note, server: told.or(server).unwrap_or(UNKNOWN) })
}

fn text(tail: &[u8]) -> Option<&str> {
    std::str::from_utf8(tail).ok().filter(|t| !t.is_empty())
}

/// What a line says, besides its tail, about what that may be.
fn sampled<'a>(base: &Program, line: &[u8], tail: &'a str) -> Option<Line<'a>> {
    let (mut clock, mut record) = (Clock::new(TimeZone::UTC), Record::default());
    let known = line.len() - tail.len();
    base.parse(&line[..known], &mut clock, &mut record).ok()?;
    let parts = [record.method, record.path, record.query, record.protocol, record.referer, record.user_agent];
    let request = parts.iter().flatten().map(|part| part.len() as u64).sum::<u64>() + around(&record);
    Some(Line { values: tokens(tail)?.into_iter().map(|t| t.value).collect(), request, bytes: record.bytes })
}

/// Bytes that a request has at least around the parts that are logged: spaces, ends of lines, names of headers, and the host
/// that HTTP/1.1 asks for. HTTP/2 compresses all this.
fn around(record: &Record<'_>) -> u64 {
    let header = |value: Option<&[u8]>, name: &str| value.map_or(0, |_| (name.len() + "\r\n".len()) as u64);
    let host = match record.protocol {
        Some(b"HTTP/1.1") => header(Some(b""), "Host:x"),
        Some(b"HTTP/1.0") => 0,
        _ => return 0,
    };
    "  \r\n\r\n".len() as u64 + host + header(record.referer, "Referer:") + header(record.user_agent, "User-Agent:")
}

/// What to say about a tail that is not understood.
pub(super) fn unread(builtin: &Builtin, lines: &[&[u8]]) -> Option<String> {
    let base = template::program(builtin.template, builtin.syntax()?, UserName::OneWord).ok()?;
    let tail = lines.iter().filter_map(|l| base.tail(l)).find(|t| !t.is_empty())?;
    let shown: String = String::from_utf8_lossy(tail).trim().chars().take(60).collect();
    Some(format!("what stands behind the known part of a line is not read: '{shown}'; -f with the server's format string reads it"))
}

/// Splits a tail at white space, quotes respected.
fn tokens(tail: &str) -> Option<Vec<Token<'_>>> {
    let (mut found, mut rest) = (Vec::new(), tail);
    while !rest.trim_start().is_empty() {
        let space = rest.len() - rest.trim_start().len();
        let word = &rest[space..];
        let key_end = word.find(['=', '"', ' ']).filter(|&at| word.as_bytes()[at] == b'=' && at > 0);
        let key = key_end.map(|at| &word[..at]);
        let value_at = key_end.map_or(0, |at| at + 1);
        let (quote, value) = match word[value_at..].strip_prefix('"') {
            Some(inner) => (1, &inner[..inner.find('"')?]),
            None => (0, &word[value_at..][..word[value_at..].find(' ').unwrap_or(word.len() - value_at)]),
        };
        let start = space + value_at + quote;
        let end = start + value.len();
        found.push(Token { before: &rest[..start], key, value, after: &rest[end..end + quote] });
        rest = &rest[end + quote..];
    }
    // A tail of many words without keys is a sentence, or a field that this would cut to pieces.
    (!found.is_empty() && found.len() <= 24).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_no_smaller_than_what_it_must_have() {
        let size = |protocol: &'static [u8], referer: Option<&'static [u8]>| {
            around(&Record { protocol: Some(protocol), referer, user_agent: Some(b"curl"), ..Record::default() })
        };
        let written = "GET / HTTP/1.1\r\nHost:x\r\nReferer:/a\r\nUser-Agent:curl\r\n\r\n";
        let logged = "GET/HTTP/1.1/acurl";
        assert_eq!(size(b"HTTP/1.1", Some(b"/a")), (written.len() - logged.len()) as u64);
        assert_eq!(size(b"HTTP/1.1", None), size(b"HTTP/1.1", Some(b"/a")) - "Referer:\r\n".len() as u64);
        assert_eq!(size(b"HTTP/1.0", None), size(b"HTTP/1.1", None) - "Host:x\r\n".len() as u64);
        assert_eq!(size(b"HTTP/2.0", None), 0);
    }

    /// Durations in microseconds that look like the bytes of requests, but for a few that are too small for it.
    #[test]
    fn a_number_that_is_too_small_for_a_request_may_be_its_time() {
        let builtin = super::super::builtin::builtins().iter().find(|b| b.name == "apache-combined").unwrap();
        let number = |at: u64, small: u64| if at.is_multiple_of(6) { small + at % 5 } else { 90 + at.wrapping_mul(2_654_435_761) % 331 };
        let fields = |small: u64| {
            let line = |at| {
                format!(
                    r#"192.0.2.7 - - [15/Jun/2025:15:06:40 +0000] "GET /pool/a.deb HTTP/1.1" 200 90000 "-" "Wget/1.24.5" {}"#,
                    number(at, small)
                )
            };
            let lines: Vec<String> = (0..200).map(line).collect();
            let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
            longer(builtin, &lines).map(|longer| longer.name)
        };
        // What is logged of the request is 36 bytes long.
        assert_eq!(fields(45).as_deref(), Some("apache-combined + microseconds"));
        assert_eq!(fields(65), None);
    }

    #[test]
    fn a_tail_falls_into_tokens() {
        let parts: Vec<_> =
            tokens(r#" rt=0.001 uct="-" "x y" 0.002"#).unwrap().into_iter().map(|t| (t.before, t.key, t.value, t.after)).collect();
        assert_eq!(
            parts,
            [(" rt=", Some("rt"), "0.001", ""), (" uct=\"", Some("uct"), "-", "\""), (" \"", None, "x y", "\""), (" ", None, "0.002", "")]
        );
    }
}
