//! The shapes that nearly every line has, in which a field's value and its end are found in one look.
//!
//! A shortcut reads what [`super::program`] reads the long way, or declines; it never decides that a line is no record. All
//! comparisons are of eight bytes at once, so that a shortcut declines near the end of a line too.

use super::bytes::{self, eight, find};
use super::clock::Clock;
use super::field::{Field, TimeLayout, Unit};
use super::request::RequestLine;
use super::value;
use crate::model::Record;

/// Length of a time of the Common Log Format.
pub(super) const CLF_LEN: usize = 26;

/// How one field is read in one look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortcut {
    pub(super) way: Way,
    pub(super) ending: Ending,
}

/// The text behind a field, of eight bytes at most; the end of the line, if it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    text: u64,
    /// Which bits of it count.
    mask: u64,
    length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
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
    /// The time that the request took.
    Duration(Unit),
}

/// A field that is its text and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
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
    pub(super) fn set<'a>(self, record: &mut Record<'a>, text: &'a [u8]) {
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
            Field::Duration(unit) if !matches!(unit, Unit::MillisOrSeconds) => Self::Duration(*unit),
            _ => Self::None,
        }
    }

    /// Whether where the field ends is known before what follows it is looked at.
    const fn knows_its_length(self) -> bool {
        matches!(self, Self::Status | Self::Bytes | Self::Duration(_))
    }
}

impl Ending {
    /// `None` for more than eight bytes.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        let mut eight = [0; 8];
        let length = text.len();
        eight.get_mut(..length)?.copy_from_slice(text);
        let mask = if length == 0 { 0 } else { u64::MAX >> (64 - 8 * length) };
        Some(Self { text: u64::from_le_bytes(eight), mask, length })
    }

    /// This text, one more byte, and another text.
    pub(super) fn with(&self, byte: u8, then: &Self) -> Option<Self> {
        let mut text = self.text.to_le_bytes()[..self.length].to_vec();
        text.push(byte);
        text.extend_from_slice(&then.text.to_le_bytes()[..then.length]);
        Self::new(&text)
    }

    pub(super) fn is(&self, text: &[u8]) -> bool {
        Self::new(text).is_some_and(|other| other == *self)
    }

    /// The text up to the first byte of the end, if that is the end, and where the next field begins.
    #[inline(always)]
    pub(super) fn found<'a>(&self, rest: &'a [u8]) -> Option<(&'a [u8], usize)> {
        let at = find(self.text as u8, rest)?;
        // What was found is all of the end, be it the last byte of the line.
        let next = if self.length == 1 { at + 1 } else { self.ends_at(rest, at)? };
        Some((&rest[..at], next))
    }

    /// Where the next field begins, if this one ends at `at`.
    #[inline(always)]
    pub(super) fn ends_at(&self, rest: &[u8], at: usize) -> Option<usize> {
        let Some(after) = eight(rest.get(at..)?) else { return self.ends_line(rest, at) };
        // No text at all means the end of the line, and that is not here.
        ((after ^ self.text) & self.mask == 0 && self.length > 0).then_some(at + self.length)
    }

    /// The same near the end of the line.
    #[inline(never)]
    fn ends_line(&self, rest: &[u8], at: usize) -> Option<usize> {
        let text = self.text.to_le_bytes();
        let fits = if self.length == 0 { at == rest.len() } else { rest[at..].starts_with(&text[..self.length]) };
        fits.then_some(at + self.length)
    }
}

impl Shortcut {
    /// No shortcut.
    pub(super) const NONE: Self = Self { way: Way::None, ending: Ending { text: 0, mask: 0, length: 0 } };

    /// Whether the field is taken whatever it begins with.
    pub(super) const fn is_blind(&self) -> bool {
        matches!(self.way, Way::Past | Way::Text(_))
    }

    /// The shortcut of a field that is followed by `end`; `None` for what no shortcut looks for.
    pub(super) fn new(field: &Field, end: Option<&[u8]>, quoted: bool, list: bool) -> Self {
        let Some(ending) = end.and_then(Ending::new) else { return Self::NONE };
        let way = match Slot::of(field) {
            Some(slot) if quoted => Way::Quoted(slot),
            Some(slot) => Way::Text(slot),
            None => Way::of(field, quoted, list),
        };
        if ending.length == 0 && !way.knows_its_length() { Self::NONE } else { Self { way, ending } }
    }

    /// Reads the field at the start of `rest`, and gives where the next one begins.
    #[inline(always)]
    pub(super) fn take<'a>(&self, rest: &'a [u8], clock: &mut Clock, record: &mut Record<'a>) -> Option<usize> {
        match self.way {
            Way::Past => self.ending.found(rest).map(|(_, next)| next),
            Way::PastQuoted => self.quoted(rest).map(|(_, next)| next),
            Way::Text(slot) => {
                let (text, next) = self.ending.found(rest)?;
                slot.set(record, text);
                Some(next)
            }
            Way::Quoted(slot) => {
                let (text, next) = self.quoted(rest)?;
                slot.set(record, text);
                Some(next)
            }
            Way::Clf => {
                let next = self.ending.ends_at(rest, CLF_LEN)?;
                record.time = clock.clf(rest.first_chunk()?);
                Some(next)
            }
            Way::Request => {
                let request = RequestLine::parse_common(rest)?;
                let next = self.ending.ends_at(rest, request.length)?;
                request.set(record);
                Some(next)
            }
            Way::Status => {
                let next = self.ending.ends_at(rest, 3)?;
                record.status = Some(value::three_digits(rest)?);
                Some(next)
            }
            Way::Bytes => {
                let (bytes, length) = bytes::leading_digits(rest)?;
                let next = self.ending.ends_at(rest, length)?;
                record.bytes = Some(bytes);
                Some(next)
            }
            Way::Duration(unit) => {
                let (duration, length) = value::short_duration(rest, unit)?;
                let next = self.ending.ends_at(rest, length)?;
                record.duration = Some(duration);
                Some(next)
            }
            Way::None => None,
        }
    }

    /// The text of a field in quotes and where the next field begins: an escaped quote does not end it.
    #[inline(always)]
    fn quoted<'a>(&self, rest: &'a [u8]) -> Option<(&'a [u8], usize)> {
        self.ending.found(rest).filter(|(text, _)| text.last() != Some(&b'\\'))
    }
}
