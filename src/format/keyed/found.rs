//! What a line has of the fields, and the record made of it. How the line is written is no matter here.
//!
//! Only places are kept, so that one [`Found`] serves all lines and none has to be made anew for each.

use super::within::Within;
use super::{Keys, Row};
use crate::format::clock::Clock;
use crate::format::field::{Field, TimeLayout};
use crate::format::{Reject, value};
use crate::model::{Record, Timestamp};
use std::time::Duration;

/// A value, as a part of the line or as a range of the unescaped strings.
#[derive(Clone, Copy)]
pub(super) enum Text<'a> {
    Raw(&'a [u8]),
    Unescaped(usize, usize),
}

impl Text<'_> {
    /// Where it stands, `line` being what raw texts are a part of.
    pub(super) fn place(self, line: &[u8]) -> Place {
        match self {
            Self::Raw(text) => {
                let from = text.as_ptr().addr() - line.as_ptr().addr();
                Place { from, to: from + text.len(), unescaped: false }
            }
            Self::Unescaped(from, to) => Place { from, to, unescaped: true },
        }
    }
}

/// Where a value stands: in the line, or in the unescaped strings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) unescaped: bool,
}

impl Row {
    /// The bit of the field.
    pub(super) const fn met(self) -> u32 {
        1 << self.bit
    }
}

/// The fields of one line.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The bits of the fields that are there; of others `values` holds what an earlier line had.
    have: u32,
    /// The bits of the fields that the line has keys for, whatever these hold.
    met: u32,
    /// By the number of the field's bit.
    values: [(Row, Place); Self::VALUES],
}

impl Found {
    /// One for each bit of [`Field::bit`], and no more than a mask can tell apart.
    const VALUES: usize = Field::BITS.next_power_of_two();

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        (self.have, self.met) = (0, 0);
    }

    pub(super) const fn met(&self) -> u32 {
        self.met
    }

    /// Notes that the line has keys of some fields.
    #[inline(always)]
    pub(super) fn meet(&mut self, bits: u32) {
        self.met |= bits;
    }

    #[inline(always)]
    pub(super) fn put(&mut self, row: Row, place: Place) {
        let value = &mut self.values[usize::from(row.bit) % Self::VALUES];
        if self.have & row.met() == 0 || row.rank <= value.0.rank {
            *value = (row, place);
            self.have |= row.met();
        }
    }

    pub(super) fn fills(&self, keys: &Keys) -> bool {
        self.have == keys.fields
    }

    /// Fills `record`, which must be empty, from `line`. A request without a status is answered without one being logged, or
    /// never.
    pub(super) fn fill<'a>(
        &self,
        keys: &Keys,
        record: &mut Record<'a>,
        line: &'a [u8],
        unescaped: &'a str,
        clock: &mut Clock,
    ) -> Result<(), Reject> {
        let mut no_status = None;
        // The bit of the request line comes before those of its parts.
        let mut has_request = false;
        let mut end: Option<Timestamp> = None;
        let mut left = self.have;
        while left != 0 {
            let (row, Place { from, to, unescaped: is_unescaped }) = self.values[left.trailing_zeros() as usize % Self::VALUES];
            left &= left - 1;
            let field = &keys.rows[usize::from(row.at)];
            let text = Within::new(if is_unescaped { unescaped.as_bytes() } else { line }, from, to);
            // Once the line had its request, what servers made of its parts adds nothing.
            if has_request && field.is_of_request_line() || text.set_short(record, field) {
                continue;
            }
            match field {
                Field::Time(layout @ (TimeLayout::Any | TimeLayout::Iso)) => record.time = clock.other(layout, text.text()),
                Field::Status => {
                    record.status = text.status();
                    no_status = Some(matches!(text.text(), b"-" | b"" | b"-1"));
                }
                Field::Request => has_request = text.set_request(record),
                Field::EndTime => end = clock.any(text.text()),
                Field::Not(start) if text.text().starts_with(start.as_bytes()) => return Err(Reject::NotThisFormat),
                field => _ = value::set(record, field, text.text(), clock),
            }
        }
        if record.duration.is_none() {
            record.duration = record.time.zip(end).and_then(|(start, end)| between(start, end));
        }
        // A session without HTTP, as proxies tell it.
        let is_session = record.status.is_some_and(|s| s.get() == 0) && record.method.is_none() && record.path.is_none();
        match (record.status, no_status) {
            // A number that is called status or code, and no request: what some application has to say.
            _ if keys.of_request && self.met & Field::OF_REQUEST == 0 => Err(Reject::NotThisFormat),
            (Some(_), _) if is_session => Err(Reject::NoStatus),
            (Some(_), _) => Ok(()),
            (None, Some(true)) => Err(Reject::NoStatus),
            (None, Some(false)) => Err(Reject::BadStatus),
            (None, None) => Err(Reject::NotThisFormat),
        }
    }
}

fn between(start: Timestamp, end: Timestamp) -> Option<Duration> {
    let nanos = |t: Timestamp| i128::from(t.seconds) * 1_000_000_000 + i128::from(t.nanos);
    u64::try_from(nanos(end) - nanos(start)).ok().map(Duration::from_nanos)
}
