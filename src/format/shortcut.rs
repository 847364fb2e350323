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
    /// A text that ends at the first such byte.
    Text(Slot),
    /// A text in quotes.
    Quoted(Slot),
    /// 26 bytes of a time in the Common Log Format.
    Clf,
    /// A request line of the common shape, in quotes.
    Request,
    /// A status of three digits.
    Status,
    /// A byte count.
    Bytes,
}

/// A field that is its text and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Remote,
    User,
    Host,
    Referer,
    UserAgent,
}

impl Slot {
    const fn of(field: &Field) -> Option<Self> {
        Some(match field {
            Field::Remote => Self::Remote,
            Field::User => Self::User,
            Field::Host => Self::Host,
            Field::Referer => Self::Referer,
            Field::UserAgent => Self::UserAgent,
            _ => return None,
        })
    }

    #[inline(always)]
    fn set<'a>(self, record: &mut Record<'a>, text: &'a [u8]) {
        match self {
            Self::Remote => record.remote = value::stated(text),
            Self::User => record.user = value::stated(text.trim_ascii()),
            Self::Host => record.host = value::stated(text),
            Self::Referer => record.referer = value::stated(text),
            Self::UserAgent => record.user_agent = value::stated(text),
        }
    }
}

impl Way {
    const fn of(field: &Field, quoted: bool, list: bool) -> Self {
        match field {
            field if field.is_skipped() && quoted => Self::PastQuoted,
            field if field.is_skipped() && !list => Self::Past,
            Field::Time(TimeLayout::Clf) => Self::Clf,
            Field::Request if quoted => Self::Request,
            Field::Status => Self::Status,
            Field::Bytes => Self::Bytes,
            _ => Self::None,
        }
    }
}

impl Shortcut {
    /// No shortcut.
    pub(super) const NONE: Self = Self { way: Way::None, end: 0, mask: 0, length: 0 };

    /// Whether the field is taken whatever it begins with.
    pub(super) const fn is_blind(&self) -> bool {
        matches!(self.way, Way::Past | Way::Text(_))
    }

    /// The shortcut of a field that is followed by `end`.
    pub(super) fn new(field: &Field, end: &[u8], quoted: bool, list: bool) -> Self {
        let way = match (field, Slot::of(field)) {
            _ if end.is_empty() || end.len() > 8 => Way::None,
            (_, Some(slot)) if quoted => Way::Quoted(slot),
            (_, Some(slot)) => Way::Text(slot),
            (field, None) => Way::of(field, quoted, list),
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
            Way::Past => self.found(rest).map(|(_, next)| next),
            Way::PastQuoted => self.quoted(rest).map(|(_, next)| next),
            Way::Text(slot) => {
                let (text, next) = self.found(rest)?;
                slot.set(record, text);
                Some(next)
            }
            Way::Quoted(slot) => {
                let (text, next) = self.quoted(rest)?;
                slot.set(record, text);
                Some(next)
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

    /// The text up to the first byte of the end, if that is the end, and where the next field begins.
    #[inline(always)]
    fn found<'a>(&self, rest: &'a [u8]) -> Option<(&'a [u8], usize)> {
        let at = find(self.end as u8, rest)?;
        // What was found is all of the end, be it the last byte of the line.
        let next = if self.length == 1 { at + 1 } else { self.ends_at(rest, at)? };
        Some((&rest[..at], next))
    }

    /// The same for a field in quotes: an escaped one does not end it.
    #[inline(always)]
    fn quoted<'a>(&self, rest: &'a [u8]) -> Option<(&'a [u8], usize)> {
        self.found(rest).filter(|(text, _)| text.last() != Some(&b'\\'))
    }

    /// Where the next field begins, if this one ends at `at`.
    #[inline(always)]
    fn ends_at(&self, rest: &[u8], at: usize) -> Option<usize> {
        let eight = u64::from_le_bytes(*rest.get(at..)?.first_chunk()?);
        ((eight ^ self.end) & self.mask == 0).then_some(at + self.length)
    }
}
