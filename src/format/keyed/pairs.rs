//! Lines of pairs: LTSV (`label:value` between tabs) and logfmt (`key=value` between spaces, values in quotes if need be).

use super::found::{Found, Text};
use super::{Keys, Row, Strings};
use crate::format::bytes::find;
use crate::format::clock::Clock;
use crate::format::{Fit, Reject};
use crate::model::Record;
use std::sync::Arc;

/// How pairs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Labeled tab-separated values. Every item has a label, so that a line with one that has none is no LTSV.
    Ltsv,
    /// What structured loggers print; words without `=` between the pairs are left out.
    Logfmt,
}

/// Reads lines of pairs.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    pub(crate) keys: Keys,
    pub(crate) dialect: Dialect,
}

impl Pairs {
    /// Reads one line.
    pub(crate) fn parse<'a>(
        &'a self,
        line: &'a [u8],
        clock: &mut Clock,
        strings: &'a mut Strings,
        record: &mut Record<'a>,
    ) -> Result<Fit, Reject> {
        // Pairs within the text of a JSON object are not the line's own.
        if line.first() == Some(&b'{') {
            return Err(Reject::NotThisFormat);
        }
        let Strings { unescaped, found, order, .. } = strings;
        self.find(line, found, unescaped, order)?;
        found.fill(&self.keys, record, line, unescaped, clock)?;
        Ok(if found.fills(&self.keys) { Fit::Whole } else { Fit::Partly })
    }

    /// The bits of the fields that a line has keys for.
    pub(crate) fn met(&self, line: &[u8]) -> u32 {
        let mut found = Found::default();
        self.find(line, &mut found, &mut String::new(), &mut Order::default()).map_or(0, |()| found.met())
    }

    fn find(&self, line: &[u8], found: &mut Found, unescaped: &mut String, order: &mut Order) -> Result<(), Reject> {
        found.clear();
        unescaped.clear();
        order.is_of(&self.keys);
        let pairs = match self.dialect {
            Dialect::Ltsv => self.walk(line, items(line), found, unescaped, order),
            Dialect::Logfmt => self.walk(line, logfmt(line).map(Some), found, unescaped, order),
        };
        if pairs.is_none_or(|count| count < 2) {
            return Err(Reject::NotThisFormat);
        }
        Ok(())
    }

    /// Puts the pairs that matter into `found`, and gives how many pairs there are; `None` when something is no pair.
    fn walk<'a>(
        &self,
        line: &[u8],
        pairs: impl Iterator<Item = Option<Pair<'a>>>,
        found: &mut Found,
        unescaped: &mut String,
        order: &mut Order,
    ) -> Option<usize> {
        let mut count = 0;
        for pair in pairs {
            let Pair { key, value, escaped } = pair?;
            let row = match order.known.get(count) {
                Some(known) if known.key == key => known.row,
                _ if self.dialect == Dialect::Ltsv && !is_label(key) => return None,
                _ => order.learn(count, key, &self.keys),
            };
            count += 1;
            if let Some(row) = row {
                found.meet(row.met());
                let text = if escaped { unescape(value, unescaped) } else { Text::Raw(value) };
                found.put(row, text.place(line));
            }
        }
        Some(count)
    }
}

/// The keys of the last lines by their number: a line mostly has the same ones in the same order, so that a key is compared
/// with one and not looked up.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The identity of the map that the rows are of.
    of: Option<Arc<()>>,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    key: Vec<u8>,
    row: Option<Row>,
}

impl Order {
    /// Keys that are kept, and bytes of one.
    const MOST: usize = 128;

    fn is_of(&mut self, keys: &Keys) {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, &keys.identity)) {
            *self = Self { of: Some(keys.identity.clone()), known: Vec::new() };
        }
    }

    fn learn(&mut self, at: usize, key: &[u8], keys: &Keys) -> Option<Row> {
        let row = std::str::from_utf8(key).ok().and_then(|key| keys.of(key));
        if key.len() > Self::MOST || at > self.known.len() || at == Self::MOST {
            return row;
        }
        if at == self.known.len() {
            self.known.push(Known { key: Vec::new(), row });
        }
        let known = &mut self.known[at];
        known.key.clear();
        known.key.extend_from_slice(key);
        known.row = row;
        row
    }
}

/// One pair of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
    /// The value has backslashes before some of its bytes.
    escaped: bool,
}

/// The items of an LTSV line; `None` for one without a label.
pub(crate) fn ltsv(line: &[u8]) -> impl Iterator<Item = Option<Pair<'_>>> {
    items(line).map(|pair| pair.filter(|pair| is_label(pair.key)))
}

/// The same, whatever stands before the first colon of each.
fn items(line: &[u8]) -> impl Iterator<Item = Option<Pair<'_>>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        while let [b'\t', after @ ..] = rest {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let (item, after) = rest.split_at(find(b'\t', rest).unwrap_or(rest.len()));
        rest = after;
        Some(find(b':', item).map(|colon| Pair { key: &item[..colon], value: &item[colon + 1..], escaped: false }))
    })
}

/// Source: ltsv.org, whose labels are `[0-9A-Za-z_.-]+`.
fn is_label(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// The pairs of a logfmt line.
pub(crate) fn logfmt(line: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_ascii_start();
            let end = rest.iter().position(|&b| matches!(b, b'=' | b' ' | b'"'))?;
            if rest[end] != b'=' || end == 0 {
                rest = &rest[end + 1..];
                continue;
            }
            let key = &rest[..end];
            let after = &rest[end + 1..];
            let (value, escaped, next) = if let Some(inner) = after.strip_prefix(b"\"") {
                let (length, escaped) = quoted(inner);
                (&inner[..length], escaped, &inner[(length + 1).min(inner.len())..])
            } else {
                let (value, next) = after.split_at(memchr::memchr(b' ', after).unwrap_or(after.len()));
                (value, false, next)
            };
            rest = next;
            return Some(Pair { key, value, escaped });
        }
    })
}

/// Length of what stands before the closing quote, and whether something in it is escaped.
fn quoted(inner: &[u8]) -> (usize, bool) {
    let (mut at, mut escaped) = (0, false);
    while at < inner.len() && inner[at] != b'"' {
        if inner[at] == b'\\' {
            escaped = true;
            at += 1;
        }
        at += 1;
    }
    (at.min(inner.len()), escaped)
}

/// `\"` and `\\` without their backslash; other escapes stay as text.
fn unescape<'a>(value: &[u8], unescaped: &mut String) -> Text<'a> {
    let from = unescaped.len();
    let text = String::from_utf8_lossy(value);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let plain = if c == '\\' { chars.next_if(|next| matches!(next, '"' | '\\')) } else { None };
        unescaped.push(plain.unwrap_or(c));
    }
    Text::Unescaped(from, unescaped.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(pairs: &[Pair<'_>]) -> Vec<(String, String)> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        pairs.iter().map(|p| (text(p.key), text(p.value))).collect()
    }

    #[test]
    fn a_narrowed_reader_takes_the_same_lines() {
        let whole = crate::format::Format::from_user("logfmt").unwrap();
        for format in [whole.narrowed(crate::format::Wanted::TALLY), whole] {
            let (mut memory, mut record) = (crate::format::Memory::default(), Record::default());
            format.parse(b"at=info status=200 protocol=0", &mut memory, &mut record).unwrap();
        }
    }

    proptest! {
        #[test]
        fn keys_are_the_same_in_an_order_and_in_none(
            lines in prop::collection::vec("((status|path|a|method|stät|b c|)[:=](200|/x|GET|\"q \\\\\" r\"|)[\t ]{1,2}){0,6}", 1..9),
        ) {
            for name in ["ltsv", "logfmt"] {
                let (format, mut memory) = (crate::format::Format::from_user(name).unwrap(), crate::format::Memory::default());
                for line in &lines {
                    let (mut fresh, mut r) = (crate::format::Memory::default(), Record::default());
                    let expected = format.parse(line.as_bytes(), &mut fresh, &mut r).map(|()| format!("{r:?}"));
                    let mut r = Record::default();
                    let read = format.parse(line.as_bytes(), &mut memory, &mut r).map(|()| format!("{r:?}"));
                    prop_assert_eq!(read, expected, "{}", line);
                }
            }
        }
    }

    #[test]
    fn pairs_of_logfmt() {
        let line = br#"level=info msg="a \"b\" c" path=/x?a=b status=200 took= bare "odd" last="cut"#;
        let expected = [("level", "info"), ("msg", r#"a \"b\" c"#), ("path", "/x?a=b"), ("status", "200"), ("took", ""), ("last", "cut")];
        assert_eq!(shown(&logfmt(line).collect::<Vec<_>>()), expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn an_item_without_a_label_is_no_ltsv() {
        assert_eq!(
            ltsv(b"a:1\tb:x:y\t").collect::<Option<Vec<_>>>().map(|pairs| shown(&pairs)).unwrap()[1],
            ("b".to_owned(), "x:y".to_owned())
        );
        for line in [&b"a:1\t200"[..], b"GET /products HTTP/1.1", b":x", b"a b:c"] {
            assert!(ltsv(line).any(|pair| pair.is_none()));
        }
    }
}
