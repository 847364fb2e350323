//! Lines of pairs: LTSV (`label:value` between tabs) and logfmt (`key=value` between spaces, values in quotes if need be).

use super::found::{Found, Text};
use super::{Keys, Strings};
use crate::format::clock::Clock;
use crate::format::{Fit, Reject};
use crate::model::Record;

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
        let Strings { unescaped, found, .. } = strings;
        self.find(line, found, unescaped)?;
        found.fill(&self.keys, record, line, unescaped, clock)?;
        Ok(if found.fills(&self.keys) { Fit::Whole } else { Fit::Partly })
    }

    /// The bits of the fields that a line has keys for.
    pub(crate) fn met(&self, line: &[u8]) -> u32 {
        let mut found = Found::default();
        self.find(line, &mut found, &mut String::new()).map_or(0, |()| found.met())
    }

    fn find(&self, line: &[u8], found: &mut Found, unescaped: &mut String) -> Result<(), Reject> {
        found.clear();
        unescaped.clear();
        let pairs = match self.dialect {
            Dialect::Ltsv => self.walk(line, ltsv(line), found, unescaped),
            Dialect::Logfmt => self.walk(line, logfmt(line).map(Some), found, unescaped),
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
    ) -> Option<usize> {
        let mut count = 0;
        for pair in pairs {
            let Pair { key, value, escaped } = pair?;
            count += 1;
            let Some(row) = std::str::from_utf8(key).ok().and_then(|key| self.keys.of(key)) else { continue };
            found.meet(row.met());
            let text = if escaped { unescape(value, unescaped) } else { Text::Raw(value) };
            found.put(row, text.place(line));
        }
        Some(count)
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

/// The items of an LTSV line; `None` for one without a label. Source: ltsv.org, whose labels are `[0-9A-Za-z_.-]+`.
pub(crate) fn ltsv(line: &[u8]) -> impl Iterator<Item = Option<Pair<'_>>> {
    line.split(|&b| b == b'\t').filter(|item| !item.is_empty()).map(|item| {
        let colon = memchr::memchr(b':', item)?;
        let key = &item[..colon];
        let is_label = !key.is_empty() && key.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        is_label.then_some(Pair { key, value: &item[colon + 1..], escaped: false })
    })
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
