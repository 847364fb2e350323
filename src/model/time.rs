//! Points in time, and the two layouts that access logs write most: Common Log Format and ISO 8601.
//!
//! The parsers work on bytes and allocate nothing, since they run once a line; zones by name and printing belong to jiff,
//! at the edges.

use std::fmt;

/// Seconds of a minute.
pub const MINUTE: i64 = 60;
/// Seconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Seconds of a day; days of zones that change their clocks are longer or shorter.
pub const DAY: i64 = 24 * HOUR;
/// Seconds of a week.
pub const WEEK: i64 = 7 * DAY;

/// A point in time in UTC, with the precision that the log gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second, below 1,000,000,000.
    pub nanos: u32,
    /// Digits of the fraction that the log wrote: 0 to 9.
    pub digits: u8,
}

impl Timestamp {
    /// A whole second.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0, digits: 0 }
    }

    /// Seconds and a decimal fraction, as in `1716723772.6014807` or `1716723772` (nginx `$msec`, Caddy `ts`). Milli-,
    /// micro- and nanoseconds since 1970 are told by their 13, 16 and 19 digits.
    pub fn parse_epoch(text: &[u8]) -> Option<Self> {
        let (whole, fraction) = match memchr::memchr(b'.', text) {
            Some(dot) => (&text[..dot], &text[dot + 1..]),
            None => (text, &[][..]),
        };
        let (whole, fraction) = match whole.len() {
            13 | 16 | 19 if fraction.is_empty() => whole.split_at(10),
            13 | 16 if fraction.iter().all(u8::is_ascii_digit) => whole.split_at(10),
            _ if fraction.iter().any(|b| matches!(b, b'e' | b'E')) => return Self::parse_scientific(text),
            1..=12 => (whole, fraction),
            _ => return None,
        };
        let seconds = decimal(whole)?;
        let (nanos, digits) = parse_fraction(fraction)?;
        Self { seconds: i64::try_from(seconds).ok()?, nanos, digits }.within_calendar()
    }

    /// `1.75e9`, as a writer of floating numbers may put it.
    #[cold]
    fn parse_scientific(text: &[u8]) -> Option<Self> {
        let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        // Microseconds are what such a number holds of a time in this century.
        let micros = (seconds * 1e6).round();
        let whole = (micros / 1e6).floor();
        Self { seconds: whole as i64, nanos: (micros - whole * 1e6) as u32 * 1000, digits: 6 }.within_calendar()
    }

    /// `None` before the year 0 and after 9999, which RFC 3339 cannot write.
    pub fn within_calendar(self) -> Option<Self> {
        (-62_167_219_200..=253_402_300_799).contains(&self.seconds).then_some(self)
    }

    /// `15/Jun/2025:15:06:40 +0000`, as nginx `$time_local` and Apache `%t` write it, 26 bytes.
    #[inline]
    pub fn parse_clf(text: &[u8]) -> Option<Self> {
        let t: &[u8; 26] = text.try_into().ok()?;
        if t[2] != b'/' || t[6] != b'/' || t[11] != b':' || t[14] != b':' || t[17] != b':' || t[20] != b' ' {
            return None;
        }
        let day = two(t[0], t[1])?;
        let month = month(&[t[3], t[4], t[5]])?;
        let year = i64::from(two(t[7], t[8])?) * 100 + i64::from(two(t[9], t[10])?);
        let clock = clock_seconds(&[t[12], t[13], t[15], t[16], t[18], t[19]])?;
        let zone = zone_seconds(t[21], &[t[22], t[23], t[24], t[25]])?;
        Self::from_seconds(civil_day(year, month, day)? * DAY + clock - zone).within_calendar()
    }

    /// `2025-06-15T15:06:40.123+02:00` and its kin: `T` or a space between, any number of fraction digits after `.` or `,`,
    /// and `Z`, `+02:00`, `+0200` or nothing at the end. Without a zone the time is taken for UTC.
    pub fn parse_iso(text: &[u8]) -> Option<Self> {
        let t = text.get(..19)?;
        if t[4] != b'-' || t[7] != b'-' || !matches!(t[10], b'T' | b't' | b' ') || t[13] != b':' || t[16] != b':' {
            return None;
        }
        let year = i64::from(two(t[0], t[1])?) * 100 + i64::from(two(t[2], t[3])?);
        let day = civil_day(year, two(t[5], t[6])?, two(t[8], t[9])?)?;
        let clock = clock_seconds(&[t[11], t[12], t[14], t[15], t[17], t[18]])?;
        let mut rest = &text[19..];
        let (mut nanos, mut digits) = (0, 0);
        if let Some(b'.' | b',') = rest.first() {
            let end = rest[1..].iter().position(|b| !b.is_ascii_digit()).map_or(rest.len(), |n| n + 1);
            (nanos, digits) = parse_fraction(&rest[1..end])?;
            rest = &rest[end..];
        }
        let zone = match *rest {
            [] | [b'Z' | b'z'] => 0,
            [sign, a, b, b':', c, d] | [sign, a, b, c, d] | [b' ', sign, a, b, c, d] => zone_seconds(sign, &[a, b, c, d])?,
            [sign, a, b] => zone_seconds(sign, &[a, b, b'0', b'0'])?,
            _ => return None,
        };
        Self { seconds: day * DAY + clock - zone, nanos, digits }.within_calendar()
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with the log's own precision: `2025-06-15T15:06:40.123Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY));
        let clock = self.seconds.rem_euclid(DAY);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", clock / HOUR, clock / MINUTE % 60, clock % MINUTE)?;
        if self.digits > 0 {
            let fraction = format!("{:09}", self.nanos);
            write!(f, ".{}", &fraction[..usize::from(self.digits).min(9)])?;
        }
        f.write_str("Z")
    }
}

/// RFC 3339 in UTC of a whole second.
pub fn rfc3339(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).to_string()
}

#[inline]
fn two(a: u8, b: u8) -> Option<u32> {
    let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    (a < 10 && b < 10).then(|| u32::from(a) * 10 + u32::from(b))
}

/// Seconds of the day; a leap second counts as the last second of its minute.
#[inline]
fn clock_seconds(d: &[u8; 6]) -> Option<i64> {
    let (hour, minute, second) = (two(d[0], d[1])?, two(d[2], d[3])?, two(d[4], d[5])?);
    (hour < 24 && minute < 60 && second <= 60).then(|| i64::from(hour * 3600 + minute * 60 + second.min(59)))
}

#[inline]
fn zone_seconds(sign: u8, d: &[u8; 4]) -> Option<i64> {
    let (hours, minutes) = (two(d[0], d[1])?, two(d[2], d[3])?);
    if hours > 15 || minutes > 59 {
        return None;
    }
    let seconds = i64::from(hours * 3600 + minutes * 60);
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

fn month(name: &[u8; 3]) -> Option<u32> {
    const NAMES: &[u8; 36] = b"janfebmaraprmayjunjulaugsepoctnovdec";
    let name = [name[0] | 32, name[1] | 32, name[2] | 32];
    (1..).zip(NAMES.chunks_exact(3)).find(|(_, n)| *n == name).map(|(n, _)| n)
}

/// Days since 1970-01-01 of a date that exists.
fn civil_day(year: i64, month: u32, day: u32) -> Option<i64> {
    let days = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then(|| days_from_civil(year, month, day))
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; the year is taken to start in March, so that the leap
/// day is its last.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month = i64::from((month + 9) % 12);
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970-01-01: the inverse of [`days_from_civil`].
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month as u32 + 3 } else { month as u32 - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |n, b| b.is_ascii_digit().then(|| n.checked_mul(10)?.checked_add(u64::from(b - b'0')))?)
}

/// Nanoseconds and the number of digits of the fraction of a second; digits past the ninth are dropped.
fn parse_fraction(text: &[u8]) -> Option<(u32, u8)> {
    let text = &text[..text.len().min(9)];
    if text.is_empty() {
        return Some((0, 0));
    }
    let value = decimal(text)? as u32;
    Some((value * 10u32.pow(9 - text.len() as u32), text.len() as u8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clf(text: &str) -> Option<String> {
        Timestamp::parse_clf(text.as_bytes()).map(|t| t.to_string())
    }

    fn iso(text: &str) -> Option<String> {
        Timestamp::parse_iso(text.as_bytes()).map(|t| t.to_string())
    }

    #[test]
    fn common_log_format() {
        assert_eq!(clf("29/Feb/2024:00:00:00 +0000").as_deref(), Some("2024-02-29T00:00:00Z"));
        assert_eq!(clf("31/Dec/2023:23:30:00 -0800").as_deref(), Some("2024-01-01T07:30:00Z"));
        assert_eq!(clf("01/Jan/2024:05:15:00 +0545").as_deref(), Some("2023-12-31T23:30:00Z"));
        for bad in [
            "32/Jan/2024:00:00:00 +0000",
            "29/Feb/2023:00:00:00 +0000",
            "01/Foo/2024:00:00:00 +0000",
            "01/Jan/2024:24:00:00 +0000",
            "01/Jan/2024:00:00:00 +9999",
            "01/Jan/0000:00:00:00 +1500",
            "31/Dec/9999:23:00:00 -1500",
            "-",
        ] {
            assert_eq!(clf(bad), None, "{bad}");
        }
    }

    #[test]
    fn iso_8601() {
        assert_eq!(iso("2025-06-15T15:06:40+02:00").as_deref(), Some("2025-06-15T13:06:40Z"));
        assert_eq!(iso("2025-06-15T15:06:40.120Z").as_deref(), Some("2025-06-15T15:06:40.120Z"));
        assert_eq!(iso("2021-12-08 14:02:43,464763557").as_deref(), Some("2021-12-08T14:02:43.464763557Z"));
        assert_eq!(iso("2025-06-15T15:06"), None);
        assert_eq!(iso("2025-06-15T15:06:40 CET"), None);
    }

    #[test]
    fn epochs() {
        let epoch = |text: &str| Timestamp::parse_epoch(text.as_bytes()).map(|t| t.to_string());
        assert_eq!(epoch("1716723772.6014807").as_deref(), Some("2024-05-26T11:42:52.6014807Z"));
        assert_eq!(epoch("1716723772").as_deref(), Some("2024-05-26T11:42:52Z"));
        assert_eq!(epoch("1716723772601").as_deref(), Some("2024-05-26T11:42:52.601Z"));
        assert_eq!(epoch("-"), None);
        assert_eq!(epoch("99999999999999999999"), None);
    }

    proptest! {
        #[test]
        fn days_and_dates_are_inverse(days in -1_000_000i64..4_000_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn dates_agree_with_jiff(seconds in 0i64..32_000_000_000) {
            let ours = Timestamp::from_seconds(seconds).to_string();
            let theirs = jiff::Timestamp::from_second(seconds).unwrap().to_string();
            prop_assert_eq!(ours, theirs);
        }
    }
}
