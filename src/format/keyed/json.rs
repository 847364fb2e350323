//! JSON lines: a map from key paths to fields, and a reader that walks one object with serde_json and keeps no tree.
//!
//! A value is taken as its raw text and read by the same code as a template's field, so that `"200"` and `200` are one. Only
//! strings with escapes are copied. nginx with `escape=default` writes `\xNN`, which is no JSON: such a line is mended (the
//! escape stays as text, as in every other log) and read again; so are control bytes and bytes that are no UTF-8.

use super::{Found, Key, Keys, Node, Strings, Text};
use crate::format::clock::Clock;
use crate::format::{Fit, Reject};
use crate::model::Record;
use hashbrown::HashMap;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
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
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(Reject::NotJson);
        }
        let Strings { unescaped, mended } = strings;
        let mut found = Found::default();
        unescaped.clear();
        if self.walk(line, &mut found, unescaped).is_err() {
            mend(line, mended);
            found = Found::default();
            unescaped.clear();
            self.walk(mended, &mut found, unescaped).map_err(|e| if e.is_eof() { Reject::CutShort } else { Reject::NotJson })?;
        }
        found.fill(record, unescaped, clock)?;
        Ok(if found.count() == self.0.fields { Fit::Whole } else { Fit::Partly })
    }

    fn walk<'a>(&'a self, line: &'a [u8], found: &mut Found<'a>, unescaped: &mut String) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(line);
        Level { node: &self.0.root, found, unescaped }.deserialize(&mut reader)?;
        reader.end()
    }
}

/// Walks one object.
struct Level<'n, 'f, 'a> {
    node: &'a Node,
    found: &'f mut Found<'a>,
    unescaped: &'n mut String,
}

impl<'a> DeserializeSeed<'a> for Level<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Level<'_, '_, 'a> {
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
            if raw.starts_with('{') && !key.inside.keys.is_empty() {
                let mut reader = serde_json::Deserializer::from_str(raw);
                let inner = Level { node: &key.inside, found: &mut *self.found, unescaped: &mut *self.unescaped };
                inner.deserialize(&mut reader).map_err(A::Error::custom)?;
            } else if let Some((field, rank)) = &key.field
                && let Some(text) = plain(raw, self.unescaped)
            {
                self.found.put(field, *rank, text);
            }
        }
        Ok(())
    }
}

/// Finds a key among those that matter.
struct KeySeed<'a> {
    keys: &'a HashMap<Box<str>, Key>,
}

impl<'a> DeserializeSeed<'a> for KeySeed<'a> {
    type Value = Option<&'a Key>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // Half of a surrogate pair is no text, but bytes: a key that nobody asks for must not decide about a line.
        deserializer.deserialize_bytes(self)
    }
}

impl<'a> Visitor<'a> for KeySeed<'a> {
    type Value = Option<&'a Key>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(std::str::from_utf8(name).ok().and_then(|name| self.keys.get(name)))
    }
}

/// The text of a raw JSON value: what is in the quotes, the digits of a number, the first element of a list (headers are
/// lists). `null` and objects are nothing.
fn plain<'a>(raw: &'a str, unescaped: &mut String) -> Option<Text<'a>> {
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
/// bytes that are no UTF-8 the replacement character, and a number with zeros before it, as nginx writes 000 and 009, a
/// text.
#[cold]
fn mend(line: &[u8], mended: &mut Vec<u8>) {
    mended.clear();
    let text = String::from_utf8_lossy(line);
    let mut bytes = text.bytes().peekable();
    let mut in_string = false;
    while let Some(b) = bytes.next() {
        match b {
            b'\\' if in_string => match bytes.peek() {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u') => mended.extend([b, bytes.next().unwrap_or(b' ')]),
                _ => mended.extend(b"\\\\"),
            },
            b'"' => {
                in_string = !in_string;
                mended.push(b);
            }
            0..=31 if in_string => mended.extend(format!("\\u{b:04x}").bytes()),
            b'0' if !in_string && mended.last().is_some_and(|b| matches!(b, b':' | b',' | b'[' | b' ')) => {
                let mut number = vec![b];
                while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
                    number.push(digit);
                }
                let quote: &[u8] = if number.len() > 1 { b"\"" } else { b"" };
                mended.extend([quote, &number, quote].concat());
            }
            _ => mended.push(b),
        }
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
        assert_eq!(read(r#"{"status":[200,[3],"x"],"took":[]}"#).unwrap().2, 200);
        assert_eq!(read(r#"{"status":[]}"#), Err(Reject::NotThisFormat));
    }

    #[test]
    fn escapes_are_json_or_the_servers_own() {
        assert_eq!(read(r#"{"request":{"uri":"\/a\"b"},"status":200}"#).unwrap().0, "/a\"b");
        assert_eq!(read(r#"{"request":{"uri":"/a\x22b"},"status":200}"#).unwrap().0, r"/a\x22b");
        assert_eq!(read("{\"request\":{\"uri\":\"/a\tb\"},\"status\":200}").unwrap().0, "/a\tb");
        assert_eq!(read(r#"{"status":009,"took":0.500,"x":0}"#).unwrap().2, 9);
        assert_eq!(read(r#"{"took":0.5,"status":000}"#).unwrap().2, 0);
    }

    #[test]
    fn a_narrowed_reader_takes_the_same_lines() {
        let (whole, mut strings) = (program(), Strings::default());
        let narrow = JsonProgram(whole.0.narrowed(crate::format::Wanted::TALLY));
        let line = br#"{"status":200,"request":{"headers":{"\ud800":1,"User-Agent":["x"]}},"\udc00":2}"#;
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
        assert_eq!(read(r#"{"status":"-"}"#), Err(Reject::NoStatus));
        assert_eq!(read(r#"{"status":"ok"}"#), Err(Reject::BadStatus));
        assert_eq!(read(r#"{"status":200"#), Err(Reject::CutShort));
        assert_eq!(read("plain"), Err(Reject::NotJson));
        let deep = format!("{{\"status\":{}200{}}}", "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(read(&deep), Err(Reject::NotThisFormat));
        assert_eq!(read(r#"{"status":200} trailing"#), Err(Reject::NotJson));
    }
}
