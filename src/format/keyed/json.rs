//! JSON lines: a map from key paths to fields, and a reader that walks one object with serde_json and keeps no tree.
//!
//! A value is taken as its raw text and read by the same code as a template's field, so that `"200"` and `200` are one. Only
//! strings with escapes are copied. nginx with `escape=default` writes `\xNN`, which is no JSON: such a line is mended (the
//! escape stays as text, as in every other log) and read again; so are control bytes and bytes that are no UTF-8.

use super::found::{Found, Text};
use super::{Key, Keys, Node, Strings};
use crate::format::clock::Clock;
use crate::format::{Fit, Reject};
use crate::model::Record;
use hashbrown::HashMap;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads JSON lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct JsonProgram(pub(crate) Keys);

impl JsonProgram {
    /// Reads one line.
    pub(crate) fn parse<'a>(
        &'a self,
        line: &'a [u8],
        clock: &mut Clock,
        strings: &'a mut Strings,
        record: &mut Record<'a>,
    ) -> Result<Fit, Reject> {
        let Strings { unescaped, mended, found, shapes, .. } = strings;
        let text = if shapes.read(line, &self.0, found, unescaped) {
            line
        } else {
            let text = self.find(line, found, unescaped, mended)?;
            // What had to be mended has a shape that JSON has not.
            if std::ptr::eq(text, line) {
                shapes.learn(line, &self.0);
            }
            text
        };
        found.fill(&self.0, record, text, unescaped, clock)?;
        Ok(if found.fills(&self.0) { Fit::Whole } else { Fit::Partly })
    }

    /// The bits of the fields that a line has keys for.
    pub(crate) fn met(&self, line: &[u8]) -> u32 {
        let mut found = Found::default();
        self.find(line, &mut found, &mut String::new(), &mut Vec::new()).map_or(0, |_| found.met())
    }

    /// Finds the fields of a line; gives the text that they stand in, which is the line or what it was mended to.
    fn find<'a>(&self, line: &'a [u8], found: &mut Found, unescaped: &mut String, mended: &'a mut Vec<u8>) -> Result<&'a [u8], Reject> {
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(Reject::NotJson);
        }
        if self.walk(line, found, unescaped).is_ok() {
            return Ok(line);
        }
        mend(line, mended);
        self.walk(mended, found, unescaped).map_err(|e| if e.is_eof() { Reject::CutShort } else { Reject::NotJson })?;
        Ok(mended)
    }

    fn walk(&self, line: &[u8], found: &mut Found, unescaped: &mut String) -> Result<(), serde_json::Error> {
        found.clear();
        unescaped.clear();
        let mut reader = serde_json::Deserializer::from_slice(line);
        Level { node: &self.0.root, line, found, unescaped }.deserialize(&mut reader)?;
        reader.end()
    }
}

/// Walks one object.
struct Level<'n, 'a> {
    node: &'n Node,
    line: &'a [u8],
    found: &'n mut Found,
    unescaped: &'n mut String,
}

impl<'a> DeserializeSeed<'a> for Level<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Level<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let keys = &self.node.keys;
        while let Some(key) = map.next_key_seed(KeySeed { keys })? {
            let Some(key) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'a RawValue = map.next_value()?;
            let raw = raw.get();
            key.row.iter().for_each(|row| self.found.meet(row.met()));
            if raw.starts_with('{') && !key.inside.keys.is_empty() {
                let mut reader = serde_json::Deserializer::from_str(raw);
                let inner = Level { node: &key.inside, line: self.line, found: &mut *self.found, unescaped: &mut *self.unescaped };
                // Well-formed it is, as a whole; a key with half a surrogate in it makes what follows unreadable, no more.
                let _ = inner.deserialize(&mut reader);
            } else if let Some(row) = key.row
                && let Some(text) = plain(raw, self.unescaped)
            {
                self.found.put(row, text.place(self.line));
            }
        }
        Ok(())
    }
}

/// Finds a key among those that matter.
struct KeySeed<'n> {
    keys: &'n HashMap<Box<str>, Key>,
}

impl<'a, 'n> DeserializeSeed<'a> for KeySeed<'n> {
    type Value = Option<&'n Key>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // Half of a surrogate pair is no text, but bytes: a key that nobody asks for must not decide about a line.
        deserializer.deserialize_bytes(self)
    }
}

impl<'n> Visitor<'_> for KeySeed<'n> {
    type Value = Option<&'n Key>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(std::str::from_utf8(name).ok().and_then(|name| self.keys.get(name)))
    }
}

/// The text of a raw JSON value: what is in the quotes, the digits of a number, the first element of a list (headers are
/// lists). `null` and objects are nothing.
pub(super) fn plain<'a>(raw: &'a str, unescaped: &mut String) -> Option<Text<'a>> {
    match raw.as_bytes() {
        [b'"', inner @ .., b'"'] => {
            if memchr::memchr(b'\\', inner).is_none() {
                return Some(Text::Raw(inner));
            }
            let text: String = serde_json::from_str(raw).ok()?;
            let from = unescaped.len();
            unescaped.push_str(&text);
            Some(Text::Unescaped(from, unescaped.len()))
        }
        [b'[', ..] => {
            let First(first) = serde_json::from_str(raw).ok()?;
            // One level only: a list of lists is nobody's header.
            first.map(RawValue::get).filter(|first| !first.starts_with('[')).and_then(|first| plain(first, unescaped))
        }
        [b'{', ..] | b"null" => None,
        number => Some(Text::Raw(number)),
    }
}

/// The first element of a list. The others are read past: kept, each would take several times its room in the line.
struct First<'a>(Option<&'a RawValue>);

impl<'a> Deserialize<'a> for First<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(FirstOf)
    }
}

struct FirstOf;

impl<'a> Visitor<'a> for FirstOf {
    type Value = First<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let first = list.next_element()?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(First(first))
    }
}

/// Turns what servers write but JSON does not allow into JSON: `\xNN` becomes the text `\xNN`, a control byte its `\u00NN`,
/// bytes that are no UTF-8 the replacement character. A value without quotes that is none becomes a text, as nginx writes
/// 009 for a status and `0.1, 0.2` for two tries; `-` and nothing become null.
#[cold]
fn mend(line: &[u8], mended: &mut Vec<u8>) {
    mended.clear();
    let text = String::from_utf8_lossy(line);
    let (mut rest, mut in_string) = (text.as_bytes(), false);
    while let [b, after @ ..] = rest {
        rest = after;
        match *b {
            b'\\' if in_string => match after {
                [next @ (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u'), after @ ..] => {
                    mended.extend([*b, *next]);
                    rest = after;
                }
                _ => mended.extend(b"\\\\"),
            },
            b'"' => {
                in_string = !in_string;
                mended.push(b'"');
            }
            0..=31 if in_string => mended.extend(format!("\\u{b:04x}").bytes()),
            b':' if !in_string => {
                mended.push(b':');
                let after = after.trim_ascii_start();
                if !matches!(after.first(), Some(b'"' | b'{' | b'[')) {
                    let (value, after) = after.split_at(bare_end(after));
                    mended.extend(scalar(value.trim_ascii()));
                    rest = after;
                }
            }
            b => mended.push(b),
        }
    }
}

/// Length of a value without quotes: up to the end of its object, or a comma with the next key behind it.
fn bare_end(text: &[u8]) -> usize {
    let ends = |at: &usize| match text[*at] {
        b'}' | b']' => true,
        b',' => text[at + 1..].trim_ascii_start().first() == Some(&b'"'),
        _ => false,
    };
    (0..text.len()).find(ends).unwrap_or(text.len())
}

/// A value without quotes as JSON.
fn scalar(value: &[u8]) -> Vec<u8> {
    if matches!(value, b"" | b"-") {
        return b"null".to_vec();
    }
    match serde_json::from_slice::<IgnoredAny>(value) {
        Ok(_) => value.to_vec(),
        Err(_) => serde_json::to_vec(&String::from_utf8_lossy(value)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Field, TimeLayout, Unit};
    use jiff::tz::TimeZone;

    fn program() -> JsonProgram {
        let key = |path: &str, field| (path.split('.').map(str::to_owned).collect(), field, 1);
        JsonProgram(Keys::new(vec![
            key("time", Field::Time(TimeLayout::Any)),
            key("request.uri", Field::Target),
            key("request.headers.User-Agent", Field::UserAgent),
            key("status", Field::Status),
            key("took", Field::Duration(Unit::Seconds)),
        ]))
    }

    fn read(line: &str) -> Result<(String, String, u16), Reject> {
        let (program, mut clock, mut strings) = (program(), Clock::new(TimeZone::UTC), Strings::default());
        let text = |t: Option<&[u8]>| String::from_utf8_lossy(t.unwrap_or(b"none")).into_owned();
        let mut r = Record::default();
        program.parse(line.as_bytes(), &mut clock, &mut strings, &mut r)?;
        Ok((text(r.path), text(r.user_agent), r.status.unwrap().get()))
    }

    #[test]
    fn nested_keys_and_lists() {
        let line = r#"{"x":[1,{"status":9}],"request":{"uri":"/a?b","headers":{"User-Agent":["curl/8","x"]}},"status":"502"}"#;
        assert_eq!(read(line), Ok(("/a".into(), "curl/8".into(), 502)));
        assert_eq!(read(r#"{"request":{"uri":"/"},"status":[200,[3],"x"],"took":[]}"#).unwrap().2, 200);
        assert_eq!(read(r#"{"status":[]}"#), Err(Reject::NotThisFormat));
    }

    #[test]
    fn escapes_are_json_or_the_servers_own() {
        assert_eq!(read(r#"{"request":{"uri":"\/a\"b"},"status":200}"#).unwrap().0, "/a\"b");
        assert_eq!(read(r#"{"request":{"uri":"/a\x22b"},"status":200}"#).unwrap().0, r"/a\x22b");
        assert_eq!(read("{\"request\":{\"uri\":\"/a\tb\"},\"status\":200}").unwrap().0, "/a\tb");
        assert_eq!(read(r#"{"request":{"uri":"/"},"status":009,"took":0.500,"x":0}"#).unwrap().2, 9);
        assert_eq!(read(r#"{"request":{"uri":"/"},"took":0.5,"status":000}"#).unwrap().2, 0);
        assert_eq!(read(r#"{"request":{"uri":"/"},"a":-,"status":502,"b":,"c":0.1, 0.2 : -,"d":}"#).unwrap().2, 502);
    }

    #[test]
    fn a_narrowed_reader_takes_the_same_lines() {
        let (whole, mut strings) = (program(), Strings::default());
        let narrow = JsonProgram(whole.0.narrowed(crate::format::Wanted::TALLY));
        let line = br#"{"status":200,"request":{"uri":"/","headers":{"\ud800":1,"User-Agent":["x"]}},"\udc00":2}"#;
        for program in [whole, narrow] {
            let (mut clock, mut r) = (Clock::new(TimeZone::UTC), Record::default());
            assert!(program.parse(line, &mut clock, &mut strings, &mut r).is_ok());
        }
    }

    #[test]
    fn the_request_line_is_believed_before_its_parts() {
        let key = |name: &str, field| (vec![name.to_owned()], field, 1);
        let program = JsonProgram(Keys::new(vec![key("status", Field::Status), key("request", Field::Request), key("uri", Field::Target)]));
        let path = |line: &str| {
            let (mut clock, mut strings, mut r) = (Clock::new(TimeZone::UTC), Strings::default(), Record::default());
            program.parse(line.as_bytes(), &mut clock, &mut strings, &mut r).unwrap();
            String::from_utf8_lossy(r.path.unwrap()).into_owned()
        };
        assert_eq!(path(r#"{"status":200,"request":"GET /a?x HTTP/1.1","uri":"/index.php"}"#), "/a");
        assert_eq!(path(r#"{"status":200,"request":"/a?x"}"#), "/a");
        assert_eq!(path(r#"{"status":200,"request":"-","uri":"/b"}"#), "/b");
    }

    #[test]
    fn lines_that_are_no_record() {
        assert_eq!(read(r#"{"msg":"started"}"#), Err(Reject::NotThisFormat));
        assert_eq!(read(r#"{"msg":"exited","status":137}"#), Err(Reject::NotThisFormat));
        assert_eq!(read(r#"{"status":"-","request":{"uri":"/"}}"#), Err(Reject::NoStatus));
        assert_eq!(read(r#"{"status":"ok","request":{"uri":"/"}}"#), Err(Reject::BadStatus));
        assert_eq!(read(r#"{"status":0,"request":{"uri":null}}"#), Err(Reject::NoStatus));
        assert_eq!(read(r#"{"status":200"#), Err(Reject::CutShort));
        assert_eq!(read("plain"), Err(Reject::NotJson));
        let deep = format!("{{\"status\":{}200{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(read(&deep), Err(Reject::NotThisFormat));
        assert_eq!(read(r#"{"status":200} trailing"#), Err(Reject::NotJson));
    }
}
