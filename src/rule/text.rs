//! Texts with `*` for any run of characters, compared without regard to the case of ASCII letters, or with it where a field's
//! values differ by nothing else. Compiled once, matched against the bytes of a log: no allocation, no UTF-8.

use memchr::memchr2;
use std::fmt;

/// A text to compare with, as `"…"` states it.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As written between the quotes; `\*`, `\"` and `\\` stand for the character itself.
    source: String,
    shape: Shape,
}

/// Is a letter the same in upper and lower case?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// Yes.
    Same,
    /// No: `SC` and `sC` are two states of a session.
    Differs,
}

impl Case {
    fn equal(self, left: &[u8], right: &[u8]) -> bool {
        match self {
            Self::Same => left.eq_ignore_ascii_case(right),
            Self::Differs => left == right,
        }
    }
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
    pub fn matches(&self, text: &[u8], case: Case) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Exact(all) => case.equal(text, all),
            Shape::Prefix(start) => begins(text, start, case),
            Shape::Suffix(end) => ends(text, end, case),
            Shape::Contains(inner) => find(text, inner, case).is_some(),
            Shape::General(start, inner, end) => general(text, start, inner, end, case),
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

/// The texts between the stars, without their escapes.
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
            piece.push(byte);
        }
    }
    pieces.into_iter().map(Vec::into_boxed_slice).collect()
}

fn begins(text: &[u8], start: &[u8], case: Case) -> bool {
    text.get(..start.len()).is_some_and(|head| case.equal(head, start))
}

fn ends(text: &[u8], end: &[u8], case: Case) -> bool {
    // Most texts end in another character.
    let (last, ends) = (text.last().map(u8::to_ascii_lowercase), end.last().map(u8::to_ascii_lowercase));
    (ends.is_none() || last == ends) && text.len().checked_sub(end.len()).is_some_and(|at| case.equal(&text[at..], end))
}

/// Where a text that is not empty begins within another.
fn find(text: &[u8], inner: &[u8], case: Case) -> Option<usize> {
    let first = *inner.first()?;
    let (one, other) = match case {
        Case::Same => (first.to_ascii_lowercase(), first.to_ascii_uppercase()),
        Case::Differs => (first, first),
    };
    let last_start = text.len().checked_sub(inner.len())?;
    let mut from = 0;
    while from <= last_start {
        let at = from + memchr2(one, other, &text[from..=last_start])?;
        if case.equal(&text[at..at + inner.len()], inner) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Leftmost places for the inner texts: if these do not leave room for the end, none do.
fn general(text: &[u8], start: &[u8], inner: &[Box<[u8]>], end: &[u8], case: Case) -> bool {
    if text.len() < start.len() + end.len() || !begins(text, start, case) || !ends(text, end, case) {
        return false;
    }
    let mut rest = &text[start.len()..text.len() - end.len()];
    inner.iter().all(|piece| match find(rest, piece, case) {
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
        Pattern::new(pattern).matches(text.as_bytes(), Case::Same)
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
    fn case_is_kept_where_it_tells() {
        for (pattern, hit, miss) in
            [("sC*", "sC--", "SC--"), ("SH--", "SH--", "sH--"), ("*UF", "UC,UF", "UC,uf"), ("*UF*", "uf,UF", "uf"), ("U*F", "U,F", "u,F")]
        {
            let pattern = Pattern::new(pattern);
            assert!(pattern.matches(hit.as_bytes(), Case::Differs), "{pattern} should match {hit:?}");
            assert!(!pattern.matches(miss.as_bytes(), Case::Differs), "{pattern} should not match {miss:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_compared_as_they_are() {
        assert!(Pattern::new("*x*").matches(b"\xff\xfeX\x00", Case::Same));
        assert!(!Pattern::new("é").matches(b"\xe9", Case::Same));
    }

    #[test]
    fn a_pattern_like_a_trap_takes_no_time() {
        let pattern = Pattern::new(&"*a".repeat(50));
        assert!(!pattern.matches(&[b"a".repeat(40), b"b".repeat(40)].concat(), Case::Same));
    }
}
