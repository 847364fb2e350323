//! Reads the time of a line.

use super::field::TimeLayout;
use super::times;
use crate::model::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};

/// Reads times, and remembers the last one and its minute: neighbouring lines share them, so that mostly nothing is new or
/// only the second.
#[derive(Debug)]
pub(super) struct Clock {
    last: Whole,
    time: Timestamp,
    /// `15/Jun/2025:15:06` and ` +0000` of the last time read.
    minute: Minute,
    base: i64,
    /// The same of ISO 8601.
    iso: IsoMinute,
    last_iso: IsoWhole,
    iso_time: Timestamp,
    /// The zone of times that state none.
    zone: TimeZone,
}

/// What a clock remembers that has read nothing: no text is taken for a time because it is as empty as an empty memory.
const EPOCH: &[u8; 26] = b"01/Jan/1970:00:00:00 +0000";

/// A time of the Common Log Format in four registers, the last two of which overlap.
#[derive(Clone, Copy, Debug)]
struct Whole(u64, u64, u64, u64);

impl Whole {
    #[inline(always)]
    fn of(t: &[u8; 26]) -> Self {
        let eight = |from: &[u8]| u64::from_le_bytes(*from.first_chunk().expect("eight bytes"));
        Self(eight(&t[..8]), eight(&t[8..16]), eight(&t[16..24]), eight(&t[18..]))
    }

    #[inline(always)]
    fn is(self, other: Self) -> bool {
        (self.0 ^ other.0) | (self.1 ^ other.1) | (self.2 ^ other.2) | (self.3 ^ other.3) == 0
    }
}

/// A time in ISO 8601 of 16 to 32 bytes: the first sixteen, the last, and how many there are, which is 0 in a clock that has
/// read nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct IsoWhole(u128, u128, usize);

impl IsoWhole {
    #[inline(always)]
    fn of(text: &[u8]) -> Option<Self> {
        let (first, last) = (text.first_chunk()?, text.last_chunk()?);
        (text.len() <= 32).then(|| Self(u128::from_le_bytes(*first), u128::from_le_bytes(*last), text.len()))
    }
}

/// The minute of the last time in ISO 8601: `2025-06-15T15:06`, what follows the second and its fraction, and its first
/// second.
#[derive(Clone, Copy, Debug, Default)]
struct IsoMinute {
    minute: u128,
    zone: u64,
    base: i64,
}

impl IsoMinute {
    /// Minute, second, the digits of a fraction, and the zone, of a time that is written in the commonest way.
    #[inline(always)]
    fn parts(text: &[u8]) -> Option<(u128, u8, &[u8], u64)> {
        let (minute, rest) = text.split_first_chunk::<16>()?;
        let [b':', tens, ones, rest @ ..] = rest else { return None };
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        let digits = match rest {
            [b'.', rest @ ..] => rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len()),
            _ => 0,
        };
        let (fraction, zone) = rest.split_at(if digits > 0 { digits + 1 } else { 0 });
        let is_stated = matches!(zone.first(), Some(b'Z' | b'z' | b'+' | b'-' | b' ')) && zone.len() < 8;
        if tens > 5 || ones > 9 || digits > 9 || !is_stated {
            return None;
        }
        let zone = zone.iter().fold(1, |number, &b| number << 8 | u64::from(b));
        Some((u128::from_le_bytes(*minute), tens * 10 + ones, fraction.get(1..).unwrap_or_default(), zone))
    }
}

/// All of a time of the Common Log Format but its second, in three registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Minute(u64, u64, u64);

impl Minute {
    #[inline(always)]
    fn of(t: &[u8; 26]) -> Self {
        let eight = |from: &[u8]| u64::from_le_bytes(*from.first_chunk().expect("eight bytes"));
        // The last eight bytes begin with the second, which is left out; byte 16 and the colon behind it go with the zone.
        Self(eight(&t[..8]), eight(&t[8..16]), (eight(&t[18..]) & !0xffff) | u64::from(t[16]) | u64::from(t[17]) << 8)
    }
}

impl Clock {
    /// `zone` is that of times that state none.
    pub(super) fn new(zone: TimeZone) -> Self {
        let (last, minute) = (Whole::of(EPOCH), Minute::of(EPOCH));
        let (time, iso, last_iso) = (Timestamp::from_seconds(0), IsoMinute::default(), IsoWhole::default());
        Self { last, time, minute, base: 0, iso, last_iso, iso_time: time, zone }
    }

    #[inline(always)]
    pub(super) fn clf(&mut self, t: &[u8; 26]) -> Option<Timestamp> {
        let whole = Whole::of(t);
        if !whole.is(self.last) {
            self.time = self.new_second(t)?;
            self.last = whole;
        }
        Some(self.time)
    }

    #[inline(never)]
    fn new_second(&mut self, t: &[u8; 26]) -> Option<Timestamp> {
        let minute = Minute::of(t);
        let (tens, ones) = (t[18].wrapping_sub(b'0'), t[19].wrapping_sub(b'0'));
        if minute == self.minute && tens < 6 && ones < 10 {
            return Some(Timestamp::from_seconds(self.base + i64::from(tens * 10 + ones)));
        }
        self.new_minute(t, minute)
    }

    #[cold]
    fn new_minute(&mut self, t: &[u8; 26], minute: Minute) -> Option<Timestamp> {
        let time = Timestamp::parse_clf(t)?;
        self.minute = minute;
        self.base = time.seconds.div_euclid(60) * 60;
        Some(time)
    }

    pub(super) fn clf_of_any_length(&mut self, text: &[u8]) -> Option<Timestamp> {
        match <&[u8; 26]>::try_from(text) {
            Ok(t) => self.clf(t),
            // Some writers add a fraction or leave the zone out; a pattern reads what the fast path does not.
            Err(_) => self.without_zone(text).or_else(|| self.odd_clf(text)),
        }
    }

    /// `15/Jun/2025:15:06:40.123`, as HAProxy writes it.
    fn without_zone(&mut self, text: &[u8]) -> Option<Timestamp> {
        let (second, fraction) = text.split_first_chunk::<20>()?;
        let mut whole = *b"15/Jun/2025:15:06:40 +0000";
        whole[..20].copy_from_slice(second);
        let mut time = self.clf(&whole)?;
        if let Some(digits) = fraction.strip_prefix(b".") {
            let few = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
            time.digits = few.then_some(digits.len() as u8)?;
            time.nanos = nanos(digits).0;
        } else if !fraction.is_empty() {
            return None;
        }
        time.seconds = self.to_utc(time.seconds)?;
        Some(time)
    }

    /// A time in whichever layout it is.
    pub(super) fn any(&mut self, text: &[u8]) -> Option<Timestamp> {
        self.other(&TimeLayout::Any, text)
    }

    /// A date and a time of day that stand apart, `2025-06-15` and `15:06:40.5`.
    pub(super) fn date_and_time(&mut self, date: &[u8], time: &[u8]) -> Option<Timestamp> {
        let mut text = [b' '; 32];
        let length = date.len() + 1 + time.len();
        if date.len() != 10 || length > text.len() {
            return None;
        }
        text[..10].copy_from_slice(date);
        text[11..length].copy_from_slice(time);
        self.iso(&text[..length])
    }

    #[cold]
    fn odd_clf(&mut self, text: &[u8]) -> Option<Timestamp> {
        let text = text.strip_prefix(b"[").unwrap_or(text);
        let text = text.strip_suffix(b"]").unwrap_or(text).trim_ascii();
        if text.len() == 26 {
            return Timestamp::parse_clf(text);
        }
        // cPanel writes the month first, in digits; Rack wrote a space before the hour and no zone.
        let patterns = ["%d/%b/%Y:%H:%M:%S%.f %z", "%d/%b/%Y:%H:%M:%S%.f", "%m/%d/%Y:%H:%M:%S %z", "%d/%b/%Y %H:%M:%S"];
        patterns.iter().find_map(|pattern| self.pattern(pattern, text)).or_else(|| self.iso(text))
    }

    #[inline]
    pub(super) fn other(&mut self, layout: &TimeLayout, text: &[u8]) -> Option<Timestamp> {
        match layout {
            TimeLayout::Iso => self.iso(text),
            TimeLayout::Epoch => Timestamp::parse_epoch(text),
            TimeLayout::Pattern(pattern) => self.pattern(pattern, text),
            TimeLayout::Clf | TimeLayout::Any => self.iso(text).or_else(|| self.no_iso(text)),
        }
    }

    #[inline(never)]
    fn no_iso(&mut self, text: &[u8]) -> Option<Timestamp> {
        Timestamp::parse_epoch(text).or_else(|| Timestamp::parse_clf(text)).or_else(|| self.odd_clf(text))
    }

    /// Keys of JSON logs hold times of every layout; this is the commonest, and its zone is stated.
    #[inline]
    fn iso(&mut self, text: &[u8]) -> Option<Timestamp> {
        let whole = IsoWhole::of(text);
        if whole.is_some_and(|whole| whole == self.last_iso) {
            return Some(self.iso_time);
        }
        let time = self.new_iso(text)?;
        if let Some(whole) = whole {
            (self.last_iso, self.iso_time) = (whole, time);
        }
        Some(time)
    }

    #[inline(never)]
    fn new_iso(&mut self, text: &[u8]) -> Option<Timestamp> {
        let parts = IsoMinute::parts(text);
        if let Some((minute, second, fraction, zone)) = parts
            && minute == self.iso.minute
            && zone == self.iso.zone
        {
            let (nanos, digits) = nanos(fraction);
            return Some(Timestamp { seconds: self.iso.base + i64::from(second), nanos, digits });
        }
        let time = self.any_iso(text)?;
        if let Some((minute, second, _, zone)) = parts {
            self.iso = IsoMinute { minute, zone, base: time.seconds - i64::from(second) };
        }
        Some(time)
    }

    fn any_iso(&self, text: &[u8]) -> Option<Timestamp> {
        let mut time = Timestamp::parse_iso(text)?;
        let states_zone = text[19..].iter().any(|b| matches!(b, b'Z' | b'z' | b'+' | b'-'));
        if !states_zone {
            time.seconds = self.to_utc(time.seconds)?;
        }
        Some(time)
    }

    /// What a clock on the wall showed, counted like UTC -> seconds in UTC.
    fn to_utc(&self, wall: i64) -> Option<i64> {
        if self.zone == TimeZone::UTC {
            return Some(wall);
        }
        let shown = Offset::UTC.to_datetime(jiff::Timestamp::from_second(wall).ok()?);
        Some(self.zone.to_timestamp(shown).ok()?.as_second())
    }

    fn pattern(&self, pattern: &str, text: &[u8]) -> Option<Timestamp> {
        if times::is_epoch(pattern) {
            return Timestamp::parse_epoch(text);
        }
        let broken = BrokenDownTime::parse(pattern, text).ok()?;
        let utc = Offset::UTC.to_timestamp(broken.to_datetime().ok()?).ok()?;
        let digits = match pattern {
            p if p.contains("%3f") => 3,
            p if p.contains("%6f") => 6,
            _ => fraction_digits(text),
        };
        let seconds = match broken.offset() {
            Some(offset) => utc.as_second() - i64::from(offset.seconds()),
            None => self.to_utc(utc.as_second())?,
        };
        Timestamp { seconds, nanos: utc.subsec_nanosecond().unsigned_abs(), digits }.within_calendar()
    }
}

/// The nanoseconds that up to nine digits of a fraction are, and how many digits.
#[inline(always)]
fn nanos(digits: &[u8]) -> (u32, u8) {
    let number = digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
    (number * 10u32.pow(9 - digits.len() as u32), digits.len() as u8)
}

/// How many bytes at the start of `text` a pattern takes; `None` if it does not fit.
#[cold]
pub(super) fn pattern_length(pattern: &str, text: &[u8]) -> Option<usize> {
    BrokenDownTime::parse_prefix(pattern, text).ok().map(|(_, length)| length)
}

/// Digits behind the point that follows a second.
fn fraction_digits(text: &[u8]) -> u8 {
    let point = text.windows(2).rposition(|pair| matches!(pair[0], b'.' | b',') && pair[1].is_ascii_digit());
    point.map_or(0, |at| text[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count().min(9) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_clock_gives_the_same_with_and_without_its_memory() {
        let mut clock = Clock::new(TimeZone::UTC);
        for text in ["15/Jun/2025:15:06:40 +0000", "15/Jun/2025:15:06:41 +0000", "15/Jun/2025:15:06:41 -0730", "15/Jun/2025:15:07:00 -0730"]
        {
            assert_eq!(clock.clf_of_any_length(text.as_bytes()), Timestamp::parse_clf(text.as_bytes()), "{text}");
        }
        // A second past 59 is no hit: it goes through the strict parser.
        assert_eq!(clock.clf_of_any_length(b"15/Jun/2025:15:07:61 -0730"), None);
    }

    proptest! {
        #[test]
        fn iso_is_the_same_with_and_without_its_memory(texts in prop::collection::vec(
            "2025-0[67]-15[T ]15:0[67]:([0-6][0-9]|4)([.,][0-9]{0,3}|\\.[0-9]{9,10})?(Z|z|\\+02:00|-0730|\\+01| \\+0200|\\.Z|,5Z|\\.|)", 1..20,
        )) {
            for zone in [TimeZone::UTC, TimeZone::fixed(Offset::from_seconds(3600).unwrap())] {
                let mut clock = Clock::new(zone.clone());
                for text in &texts {
                    let fresh = Clock::new(zone.clone()).iso(text.as_bytes());
                    prop_assert_eq!(clock.iso(text.as_bytes()), fresh, "{}", text);
                }
            }
        }
    }

    #[test]
    fn patterns() {
        let clock = Clock::new(TimeZone::fixed(Offset::from_seconds(3600).unwrap()));
        let read = |pattern: &str, text: &str| clock.pattern(pattern, text.as_bytes()).map(|t| t.to_string());
        assert_eq!(read("%Y-%m-%d %H:%M:%S", "2025-02-24 12:34:56").as_deref(), Some("2025-02-24T11:34:56Z"));
        assert_eq!(read("%d/%b/%Y:%H:%M:%S %z", "24/Feb/2025:15:30:45 +0530").as_deref(), Some("2025-02-24T10:00:45Z"));
        assert_eq!(read("usec", "1716723772601480").as_deref(), Some("2024-05-26T11:42:52.601480Z"));
    }

    #[test]
    fn the_logs_own_precision() {
        let mut clock = Clock::new(TimeZone::UTC);
        let mut read = |text: &str| clock.odd_clf(text.as_bytes()).map(|t| t.to_string());
        assert_eq!(read("[15/Jun/2025:15:06:40.120 +0000]").as_deref(), Some("2025-06-15T15:06:40.120Z"));
        assert_eq!(read("15/Jun/2025:15:06:40").as_deref(), Some("2025-06-15T15:06:40Z"));
    }

    #[test]
    fn a_zone_with_summer_time() {
        let mut clock = Clock::new(TimeZone::get("Europe/Berlin").unwrap());
        let mut read = |text: &str| clock.iso(text.as_bytes()).map(|t| t.to_string());
        assert_eq!(read("2025-01-15 12:00:00").as_deref(), Some("2025-01-15T11:00:00Z"));
        assert_eq!(read("2025-07-15 12:00:00").as_deref(), Some("2025-07-15T10:00:00Z"));
        assert_eq!(read("2025-07-15T12:00:00Z").as_deref(), Some("2025-07-15T12:00:00Z"));
    }
}
