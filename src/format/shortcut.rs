//! The shapes that nearly every line has, in which a field's value and its end are found in one look.
//!
//! A shortcut reads what [`super::program`] reads the long way, or declines; it never decides that a line is no record. All
//! comparisons are of eight bytes at once, so that a shortcut declines near the end of a line too.

use super::bytes::{self, find};
use super::clock::Clock;
use super::field::{Field, TimeLayout};
use super::request::RequestLine;
use super::value;
use crate::model::Record;

/// Length of a time of the Common Log Format.
pub(super) const CLF_LEN: usize = 26;

/// How one field is read in one look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortcut {
    way: Way,
    /// The text behind the field: its bytes, which of the eight count, how many there are.
    end: u64,
    mask: u64,
    length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// There is none.
    None,
    /// Read past a field that ends at the first such byte.
    Past,
    /// Read past a field in quotes.
    PastQuoted,
    /// 26 bytes of a time in the Common Log Format.
    Clf,
    /// A request line of the common shape, in quotes.
    Request,
    /// A status of three digits.
    Status,
    /// A byte count.
    Bytes,
}

impl Shortcut {
    /// The shortcut of a field that is followed by `end`.
    pub(super) fn new(field: &Field, end: &[u8], quoted: bool, list: bool) -> Self {
        let way = match field {
            _ if end.is_empty() || end.len() > 8 => Way::None,
            field if field.is_skipped() && quoted => Way::PastQuoted,
            field if field.is_skipped() && !list => Way::Past,
            Field::Time(TimeLayout::Clf) => Way::Clf,
            Field::Request if quoted => Way::Request,
            Field::Status => Way::Status,
            Field::Bytes => Way::Bytes,
            _ => Way::None,
        };
        let mut eight = [0; 8];
        let length = end.len().min(8);
        eight[..length].copy_from_slice(&end[..length]);
        let mask = if length == 0 { 0 } else { u64::MAX >> (64 - 8 * length) };
        Self { way, end: u64::from_le_bytes(eight), mask, length }
    }

    /// Reads the field at the start of `rest`, and gives where the next one begins.
    #[inline(always)]
    pub(super) fn take<'a>(&self, rest: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Option<usize> {
        match self.way {
            Way::Past => self.ends_at(rest, find(self.end as u8, rest)?),
            Way::PastQuoted => {
                let at = find(b'"', rest)?;
                let next = self.ends_at(rest, at)?;
                (at == 0 || rest[at - 1] != b'\\').then_some(next)
            }
            Way::Clf => {
                let next = self.ends_at(rest, CLF_LEN)?;
                record.time = clock.clf(rest.first_chunk()?);
                Some(next)
            }
            Way::Request => {
                let request = RequestLine::parse_common(rest)?;
                let next = self.ends_at(rest, request.length)?;
                record.method = Some(request.method);
                record.path = Some(request.path);
                record.query = request.query;
                record.protocol = Some(request.protocol);
                Some(next)
            }
            Way::Status => {
                let next = self.ends_at(rest, 3)?;
                record.status = Some(value::three_digits(rest)?);
                Some(next)
            }
            Way::Bytes => {
                let (bytes, length) = bytes::leading_digits(rest)?;
                let next = self.ends_at(rest, length)?;
                record.bytes = Some(bytes);
                Some(next)
            }
            Way::None => None,
        }
    }

    /// Where the next field begins, if this one ends at `at`.
    #[inline(always)]
    fn ends_at(&self, rest: &[u8], at: usize) -> Option<usize> {
        let eight = u64::from_le_bytes(*rest.get(at..)?.first_chunk()?);
        ((eight ^ self.end) & self.mask == 0).then_some(at + self.length)
    }
}
