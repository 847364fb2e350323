//! Values of JSON and of pairs in the shapes that nearly all have, looked at together with what stands behind them.

use crate::format::bytes::{find_within, leading_digits};
use crate::format::field::{Field, Unit};
use crate::format::request::RequestLine;
use crate::format::value::{short_duration, status, three_digits};
use crate::model::{Record, StatusCode};

/// A text and what stands behind it, so that short values can be looked at sixteen or 32 bytes at a time. What is read so has
/// to end where the text does; all else is left to [`crate::format::value::set`], which reads the same from the text alone.
#[derive(Clone, Copy)]
pub(super) struct Within<'a> {
    behind: &'a [u8],
    length: usize,
}

impl<'a> Within<'a> {
    #[inline(always)]
    pub(super) fn new(all: &'a [u8], from: usize, to: usize) -> Self {
        Self { behind: &all[from..], length: to - from }
    }

    #[inline(always)]
    pub(super) fn text(self) -> &'a [u8] {
        &self.behind[..self.length]
    }

    /// The status code. Some write `200.0`, some `200 OK`.
    pub(super) fn status(self) -> Option<StatusCode> {
        let number = || self.text().split(|b| matches!(b, b'.' | b' ')).next().and_then(status);
        status(self.text()).or_else(number)
    }

    /// Sets a request line, if it is one: some writers call the path the request.
    #[inline(always)]
    pub(super) fn set_request(self, record: &mut Record<'a>) -> bool {
        match RequestLine::parse_common(self.behind) {
            Some(request) if request.length == self.length => request.set(record),
            _ if self.text().starts_with(b"/") => {
                record.set_target(self.text());
                return false;
            }
            _ => record.set_request(self.text()),
        }
        record.method.is_some()
    }

    /// Sets what is written in the commonest way. Gives `false` for all else, of which it sets nothing.
    #[inline(always)]
    pub(super) fn set_short(self, record: &mut Record<'a>, field: &Field) -> bool {
        let Self { behind, length } = self;
        match field {
            Field::Status if length == 3 => {
                record.status = three_digits(behind);
                record.status.is_some()
            }
            Field::Bytes => {
                let number = leading_digits(behind).filter(|&(_, end)| end == length);
                number.map(|(number, _)| record.bytes = Some(number)).is_some()
            }
            Field::Duration(unit) if *unit != Unit::MillisOrSeconds => {
                let time = short_duration(behind, *unit).filter(|&(_, end)| end == length);
                time.map(|(time, _)| record.duration = Some(time)).is_some()
            }
            Field::Target if length > 1 || length == 1 && behind[0] == b'/' => {
                let mark = find_within(b'?', behind, length);
                record.path = Some(&behind[..mark.unwrap_or(length)]);
                record.query = mark.map(|at| &behind[at + 1..length]);
                record.malformed = None;
                true
            }
            Field::Method if length > 1 => {
                record.method = Some(self.text());
                true
            }
            Field::Remote if length > 1 => {
                record.remote = Some(self.text());
                true
            }
            Field::Protocol if length > 1 && behind[0] == b'H' => {
                record.protocol = Some(self.text());
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::clock::Clock;
    use crate::format::value::set;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_set_the_short_way_is_what_is_set_the_long_way(
            text in "(0|[0-9]{1,9}|[0-9]{1,8}\\.[0-9]{0,9}|-|/[a-z?]{0,40}|GET|HTTP/[12]\\.[01]|[a-z0-9.:?-]{0,12})",
            behind in "[0-9.,\"/? a-z]{0,40}",
        ) {
            let whole = format!("{text}{behind}");
            let units = [Unit::Seconds, Unit::Millis, Unit::Micros, Unit::Nanos, Unit::MillisOrSeconds];
            let others = [Field::Status, Field::Bytes, Field::Target, Field::Method, Field::Remote, Field::Protocol, Field::Referer];
            for field in units.into_iter().map(Field::Duration).chain(others) {
                let (mut short, mut long) = (Record::default(), Record::default());
                if (Within { behind: whole.as_bytes(), length: text.len() }).set_short(&mut short, &field) {
                    set(&mut long, &field, text.as_bytes(), &mut Clock::new(jiff::tz::TimeZone::UTC));
                }
                prop_assert_eq!(short, long, "{:?}", field);
            }
        }
    }
}
