//! Where a text stands: lines, columns, and the way from a place in a string back to the place in the file that writes it.

use super::error::ConfigError;
use std::ops::Range;

/// A text that values are read from.
pub(super) struct Source<'s> {
    name: &'s str,
    text: &'s str,
    has_lines: bool,
}

impl<'s> Source<'s> {
    pub(super) fn file(name: &'s str, text: &'s str) -> Self {
        Self { name, text, has_lines: true }
    }

    pub(super) fn variable(name: &'s str, value: &'s str) -> Self {
        Self { name, text: value, has_lines: false }
    }

    pub(super) const fn name(&self) -> &'s str {
        self.name
    }

    pub(super) const fn text(&self) -> &'s str {
        self.text
    }

    /// An error about the byte `at`.
    pub(super) fn error(&self, what: impl Into<String>, at: usize) -> ConfigError {
        let at = (0..=at.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        if !self.has_lines {
            return ConfigError::new(what, self.name.into(), self.text, at);
        }
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let number = self.text[..start].matches('\n').count() + 1;
        let column = self.text[start..at].chars().count() + 1;
        ConfigError::new(what, format!("{}:{number}:{column}", self.name), line, at - start)
    }
}

/// A value that is a text, and where it stands: in a file with its quotes.
pub(super) struct Text<'s> {
    pub(super) text: String,
    pub(super) source: &'s Source<'s>,
    pub(super) span: Range<usize>,
}

impl Text<'_> {
    /// An error about the byte `at` of the text.
    pub(super) fn error(&self, what: impl Into<String>, at: usize) -> ConfigError {
        let inside = if self.source.has_lines { written(&self.source.text[self.span.clone()], at) } else { at };
        self.source.error(what, self.span.start + inside)
    }
}

/// Where in a TOML string, with its quotes, the byte `at` of its value is written.
fn written(raw: &str, at: usize) -> usize {
    let quote = raw.get(..1).unwrap_or_default();
    let long = raw.len() >= 6 && raw.starts_with(&quote.repeat(3));
    // A line break right behind three quotes is none of the text.
    let broken = || ["\r\n", "\n"].iter().find(|end| raw[3..].starts_with(**end)).map_or(0, |end| end.len());
    let mut place = if long { 3 + broken() } else { 1 };
    let mut value = 0;
    while value < at && place < raw.len() {
        let rest = &raw[place..];
        let (bytes, length) = match rest.strip_prefix('\\') {
            Some(escape) if quote == "\"" => escaped(escape),
            _ => rest.chars().next().map_or((0, 1), |c| (c.len_utf8(), c.len_utf8())),
        };
        (value, place) = (value + bytes, place + length);
    }
    place
}

/// How many bytes the text behind a backslash stands for, and how long it is with the backslash.
fn escaped(rest: &str) -> (usize, usize) {
    let digits = match rest.bytes().next() {
        Some(b'u') => 4,
        Some(b'U') => 8,
        Some(b'x') => 2,
        Some(b' ' | b'\t' | b'\r' | b'\n') => return (0, 1 + rest.len() - rest.trim_start().len()),
        _ => return (1, 2),
    };
    let code = rest.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
    (code.map_or(1, char::len_utf8), 2 + digits)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn places_in_strings_are_found_in_the_file() {
        for (raw, at, place) in [
            (r#""abc""#, 0, 1),
            (r#""abc""#, 2, 3),
            ("'a\\c'", 2, 3),
            (r#""a\"bc""#, 2, 4),
            (r#""\u00e9b""#, 2, 7),
            (r#""\\\\x""#, 2, 5),
            ("\"\"\"\nab\"\"\"", 1, 5),
            ("\"\"\"a\\\n   b\"\"\"", 1, 4),
            ("'''\r\nab'''", 0, 5),
            ("\"é!\"", 2, 3),
            ("\"ab\"", 99, 4),
        ] {
            assert_eq!(written(raw, at), place, "{raw} {at}");
        }
    }
}
