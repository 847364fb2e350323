//! The request line in its common shape.

use super::bytes::{capitals_before_space, find, find_either};
use crate::model::Record;

/// `METHOD SP path[?query] SP` at the start of some bytes.
pub(super) struct Target<'a> {
    pub(super) method: &'a [u8],
    pub(super) path: &'a [u8],
    pub(super) query: Option<&'a [u8]>,
    /// Where the space behind it stands.
    pub(super) end: usize,
}

impl<'a> Target<'a> {
    /// `None` for every other shape.
    #[inline(always)]
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        // Nine of ten requests are this one.
        let space = if bytes.starts_with(b"GET ") { 3 } else { capitals_before_space(bytes)? };
        let start = space + 1;
        let mark = start + find_either(b' ', b'?', &bytes[start..])?;
        let (end, query) = if bytes[mark] == b'?' {
            let end = mark + 1 + find(b' ', &bytes[mark + 1..])?;
            (end, Some(&bytes[mark + 1..end]))
        } else {
            (mark, None)
        };
        Some(Self { method: &bytes[..space], path: &bytes[start..mark], query, end })
    }
}

/// `METHOD SP path[?query] SP HTTP/d.d` at the start of some bytes.
pub(super) struct RequestLine<'a> {
    pub(super) target: Target<'a>,
    pub(super) protocol: &'a [u8],
    /// Bytes of the whole.
    pub(super) length: usize,
}

impl<'a> RequestLine<'a> {
    /// `None` for every other shape, among them targets with a space in them. What is found is what
    /// [`crate::model::RequestLine::parse`] finds in the same bytes.
    #[inline(always)]
    pub(super) fn parse_common(bytes: &'a [u8]) -> Option<Self> {
        let target = Target::parse(bytes)?;
        let start = target.end + 1;
        let protocol: &[u8; 8] = bytes[start..].first_chunk()?;
        let version = [protocol[5], protocol[7]];
        if protocol[..5] != *b"HTTP/" || protocol[6] != b'.' || !version.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Some(Self { target, protocol, length: start + protocol.len() })
    }

    /// Fills the record.
    #[inline(always)]
    pub(super) fn set(&self, record: &mut Record<'a>) {
        record.method = Some(self.target.method);
        record.path = Some(self.target.path);
        record.query = self.target.query;
        record.protocol = Some(self.protocol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_it_reads_the_slow_way_reads_too(line in "(GET|get|POST|OPTIONS|) ?[/a?b ]{0,12}( HTTP/1.[01]| HTTP/2|)") {
            let Some(quick) = RequestLine::parse_common(line.as_bytes()).filter(|q| q.length == line.len()) else { return Ok(()) };
            let slow = model::RequestLine::parse(line.as_bytes()).unwrap();
            let Target { method, path, query, .. } = quick.target;
            let target = [path, query.map_or(&b""[..], |_| b"?"), query.unwrap_or_default()].concat();
            prop_assert_eq!((method, target.as_slice(), Some(quick.protocol)), (slow.method, slow.target, slow.protocol));
        }
    }
}
