//! The bytes of a log's field as the client sent them: without the escapes of the log, and folded for comparing.

use std::borrow::Cow;

/// What is looked at of a field: a mark further behind is none that a server would have acted on.
const ENOUGH: usize = 4096;

/// In lower case, percent-decoded, without the log's escapes.
pub(super) fn folded(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = &bytes[..bytes.len().min(ENOUGH)];
    if !bytes.iter().any(|b| matches!(b, b'%' | b'\\' | b'A'..=b'Z')) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let (byte, length) = match b {
            b'%' => hex(bytes.get(at + 1..at + 3)).map_or((b, 1), |byte| (byte, 3)),
            b'\\' => escape(&bytes[at..]).unwrap_or((b, 1)),
            _ => (b, 1),
        };
        out.push(byte.to_ascii_lowercase());
        at += length;
    }
    Cow::Owned(out)
}

/// Without the log's escapes: `\x16`, `\"`, and JSON's `\u0016`. No more than `most` bytes.
pub(super) fn unescaped(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(most.min(bytes.len()));
    let mut at = 0;
    while out.len() < most
        && let Some(&b) = bytes.get(at)
    {
        let (byte, length) = if b == b'\\' { escape(&bytes[at..]).unwrap_or((b, 1)) } else { (b, 1) };
        out.push(byte);
        at += length;
    }
    out
}

/// The byte that an escape at the start of `bytes` stands for, and the escape's length.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    Some(match bytes.get(1)? {
        b'x' => (hex(bytes.get(2..4))?, 4),
        b'u' => match hex(bytes.get(2..4))? {
            0 => (hex(bytes.get(4..6))?, 6),
            _ => (b'?', 6),
        },
        b'\\' => (b'\\', 2),
        b'"' => (b'"', 2),
        b'n' => (b'\n', 2),
        b'r' => (b'\r', 2),
        b't' => (b'\t', 2),
        b'b' => (8, 2),
        b'f' => (12, 2),
        b'v' => (11, 2),
        _ => return None,
    })
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let &[high, low] = digits? else { return None };
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_percent_signs_are_undone() {
        assert_eq!(*folded(b"/a/%2E%2e/B\\x41\\\\c\\u0041%zz%4"), *b"/a/../ba\\ca%zz%4");
        assert_eq!(unescaped(br#"\x16\x03\u0001\"\\A\q\x"#, 64), b"\x16\x03\x01\"\\A\\q\\x");
        assert_eq!(unescaped(br"\x16\x03\x01", 2), b"\x16\x03");
        assert!(matches!(folded(b"/plain/path"), Cow::Borrowed(_)));
        assert_eq!(folded(&[b'a'; 10_000]).len(), ENOUGH);
    }
}
