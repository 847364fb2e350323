//! One line -> its columns.

/// What stands between columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// One or more spaces; a column in quotes may hold some, and quotes doubled.
    Space,
    /// One tab.
    Tab,
    /// One comma; a column in quotes may hold some, and quotes doubled.
    Comma,
}

impl Separator {
    /// Of a W3C line: tabs where there is one.
    pub(super) fn of(line: &[u8]) -> Self {
        if memchr::memchr(b'\t', line).is_some() { Self::Tab } else { Self::Space }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Space => b' ',
            Self::Tab => b'\t',
            Self::Comma => b',',
        }
    }
}

/// The columns of a line, without their quotes.
pub(super) fn columns(line: &[u8], separator: Separator) -> impl Iterator<Item = &[u8]> {
    // Where a quote is not closed, no later one is: nothing is searched to the line's end twice.
    let (mut rest, mut closed) = (Some(line), separator != Separator::Tab);
    std::iter::from_fn(move || {
        let mut text = rest?;
        if separator == Separator::Space {
            text = text.trim_ascii_start();
            if text.is_empty() {
                return None;
            }
        }
        let inner = if closed { text.strip_prefix(b"\"") } else { None };
        let quoted = inner.and_then(|inner| quoted(inner, separator));
        closed &= inner.is_none() || quoted.is_some();
        let (column, next) = quoted.unwrap_or_else(|| text.split_at(memchr::memchr(separator.byte(), text).unwrap_or(text.len())));
        rest = next.get(1..);
        Some(column)
    })
}

/// The text up to a closing quote with a separator or the end behind it, and what follows the quote.
fn quoted(inner: &[u8], separator: Separator) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'"', &inner[from..])?;
        match inner.get(at + 1) {
            None => return Some((&inner[..at], &[])),
            Some(&b) if b == separator.byte() => return Some((&inner[..at], &inner[at + 1..])),
            // A doubled quote stands for one.
            Some(b'"') => from = at + 2,
            Some(_) => from = at + 1,
        }
    }
}

/// Decodes `%20`, and `+` where that stands for a space, into `decoded`, and gives the range. Text that was encoded twice,
/// as old CloudFront logs have it, is decoded twice.
pub(super) fn decode(text: &[u8], plus: bool, decoded: &mut String) -> (usize, usize) {
    let mut bytes = once(text, plus);
    if memchr::memmem::find(&bytes, b"%20").is_some() {
        bytes = once(&bytes, false);
    }
    let from = decoded.len();
    decoded.push_str(&String::from_utf8_lossy(&bytes));
    (from, decoded.len())
}

fn once(text: &[u8], plus: bool) -> Vec<u8> {
    let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16)).map(|d| d as u8);
    let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
    while at < text.len() {
        match (text[at], hex(text.get(at + 1)), hex(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) if plus => out.push(b' '),
            (b, ..) => out.push(b),
        }
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str, separator: Separator) -> Vec<String> {
        columns(line.as_bytes(), separator).map(|c| String::from_utf8_lossy(c).into_owned()).collect()
    }

    #[test]
    fn columns_of_each_kind() {
        assert_eq!(split(r#"a  "b c" d"e "f"#, Separator::Space), ["a", "b c", "d\"e", "\"f"]);
        assert_eq!(split(r#""a ""b"" c" "" d"#, Separator::Space), ["a \"\"b\"\" c", "", "d"]);
        assert_eq!(split("a\t\t\"b\tc", Separator::Tab), ["a", "", "\"b", "c"]);
        assert_eq!(split(r#""a,b","c ""d""",,e"#, Separator::Comma), ["a,b", "c \"\"d\"\"", "", "e"]);
    }

    #[test]
    fn encoded_once_and_twice() {
        let read = |text: &str, plus| {
            let mut out = String::new();
            decode(text.as_bytes(), plus, &mut out);
            out
        };
        assert_eq!(read("Mozilla/5.0+(X11;+%C3%A4)", true), "Mozilla/5.0 (X11; ä)");
        assert_eq!(read("Mozilla/5.0%2520(X11;%2520+x)", false), "Mozilla/5.0 (X11; +x)");
        assert_eq!(read("100%", false), "100%");
    }
}
