//! Texts with `*` for any run of characters, compared without regard to the case of ASCII letters. Compiled once, matched
//! against the bytes of a log: no allocation, no UTF-8.

use memchr::memchr2;
use std::fmt;

/// A text to compare with, as `"…"` states it.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As written between the quotes; `\*`, `\"` and `\\` stand for the character itself.
    source: String,
    shape: Shape,
}

/// What there is to look for, in the order of work.
#[derive(Clone, Debug)]
enum Shape {
    Any,
    Exact(Box<[u8]>),
    Prefix(Box<[u8]>),
    Suffix(Box<[u8]>),
    Contains(Box<[u8]>),
    /// Begins with the first, ends with the last, and holds the others one behind the other in between.
    General(Box<[u8]>, Vec<Box<[u8]>>, Box<[u8]>),
}

impl Pattern {
    /// The pattern that the characters between the quotes mean.
    pub fn new(source: &str) -> Self {
        Self { source: source.to_owned(), shape: Shape::of(pieces(source)) }
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Is this the text?
    #[inline]
    pub fn matches(&self, text: &[u8]) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Exact(all) => text.eq_ignore_ascii_case(all),
            Shape::Prefix(start) => begins(text, start),
            Shape::Suffix(end) => ends(text, end),
            Shape::Contains(inner) => find(text, inner).is_some(),
            Shape::General(start, inner, end) => general(text, start, inner, end),
        }
    }
}

/// The same characters mean the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.source)
    }
}

impl Shape {
    /// Of the texts between the stars.
    fn of(mut pieces: Vec<Box<[u8]>>) -> Self {
        let last = pieces.pop().unwrap_or_default();
        if pieces.is_empty() {
            return Self::Exact(last);
        }
        let first = pieces.remove(0);
        pieces.retain(|piece| !piece.is_empty());
        match (first.is_empty(), pieces.len(), last.is_empty()) {
            (true, 0, true) => Self::Any,
            (false, 0, true) => Self::Prefix(first),
            (true, 0, false) => Self::Suffix(last),
            (true, 1, true) => Self::Contains(pieces.remove(0)),
            _ => Self::General(first, pieces, last),
        }
    }
}

/// The texts between the stars, in lower case and without their escapes.
fn pieces(source: &str) -> Vec<Box<[u8]>> {
    let mut pieces = vec![Vec::new()];
    let mut bytes = source.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'*' => {
                pieces.push(Vec::new());
                continue;
            }
            b'\\' => bytes.next().unwrap_or(b'\\'),
            other => other,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(byte.to_ascii_lowercase());
        }
    }
    pieces.into_iter().map(Vec::into_boxed_slice).collect()
}

fn begins(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn ends(text: &[u8], end: &[u8]) -> bool {
    text.len().checked_sub(end.len()).is_some_and(|at| text[at..].eq_ignore_ascii_case(end))
}

/// Where a text that is not empty begins within another.
fn find(text: &[u8], inner: &[u8]) -> Option<usize> {
    let first = *inner.first()?;
    let last_start = text.len().checked_sub(inner.len())?;
    let mut from = 0;
    while from <= last_start {
        let at = from + memchr2(first, first.to_ascii_uppercase(), &text[from..=last_start])?;
        if text[at..at + inner.len()].eq_ignore_ascii_case(inner) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Leftmost places for the inner texts: if these do not leave room for the end, none do.
fn general(text: &[u8], start: &[u8], inner: &[Box<[u8]>], end: &[u8]) -> bool {
    if text.len() < start.len() + end.len() || !begins(text, start) || !ends(text, end) {
        return false;
    }
    let mut rest = &text[start.len()..text.len() - end.len()];
    inner.iter().all(|piece| match find(rest, piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).matches(text.as_bytes())
    }

    #[test]
    fn each_shape_matches_without_regard_to_case() {
        for (pattern, hits, misses) in [
            ("", vec![""], vec!["a"]),
            ("*", vec!["", "x"], vec![]),
            ("/API", vec!["/api", "/Api"], vec!["/api/", "x/api", ""]),
            ("/api/*", vec!["/api/", "/API/x"], vec!["/api", "x/api/"]),
            ("*.PHP", vec![".php", "/a.Php"], vec!["/a.phpx", "php"]),
            ("*wp-*", vec!["wp-", "/WP-login", "w/wp-"], vec!["wp", "w-p-"]),
            ("a*b", vec!["ab", "a--B"], vec!["a", "b", "aab-", "ba"]),
            ("ab*ba", vec!["abba", "ab-ba"], vec!["aba"]),
            ("a*b*c*d", vec!["abcd", "a-b-c-d", "abbccd"], vec!["acbd", "abd"]),
            ("*a**b*", vec!["ab", "-a-b-"], vec!["ba"]),
            ("*ab*b", vec!["abb", "xab-b"], vec!["ab"]),
            (r"\*", vec!["*"], vec!["x"]),
            (r#"say \"hi\" \\*"#, vec![r#"say "HI" \"#, r#"say "hi" \x"#], vec!["say hi"]),
        ] {
            for hit in hits {
                assert!(matches(pattern, hit), "{pattern:?} should match {hit:?}");
            }
            for miss in misses {
                assert!(!matches(pattern, miss), "{pattern:?} should not match {miss:?}");
            }
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_compared_as_they_are() {
        assert!(Pattern::new("*x*").matches(b"\xff\xfeX\x00"));
        assert!(!Pattern::new("é").matches(b"\xe9"));
    }

    #[test]
    fn a_pattern_like_a_trap_takes_no_time() {
        let pattern = Pattern::new(&"*a".repeat(50));
        assert!(!pattern.matches(&[b"a".repeat(40), b"b".repeat(40)].concat()));
    }
}
