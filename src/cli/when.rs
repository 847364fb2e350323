//! Times, zones and widths as people type them.

use super::error::Failure;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ToSpan, Zoned};

/// A zone: a name of the IANA database, an offset, `local` or `UTC`.
pub(super) fn zone(text: Option<&str>) -> Result<TimeZone, Failure> {
    let Some(text) = text else { return Ok(TimeZone::UTC) };
    match text {
        "local" => return Ok(TimeZone::system()),
        "UTC" | "utc" | "Z" | "z" => return Ok(TimeZone::UTC),
        _ => {}
    }
    if text.starts_with(['+', '-']) {
        let probe = format!("2000-01-01T00:00:00{text}");
        if let Some(seconds) = crate::model::Timestamp::parse_iso(probe.as_bytes()).map(|t| 946_684_800 - t.seconds)
            && let Ok(offset) = Offset::from_seconds(seconds as i32)
        {
            return Ok(TimeZone::fixed(offset));
        }
    }
    TimeZone::get(text).map_err(|_| Failure::Usage(format!("--tz: '{text}' is no zone: try Europe/Berlin, +02:00, local or UTC")))
}

/// A point in time, in seconds since 1970: a date, a date and a time, a time of today, `now`, `today`, `yesterday`, or so long
/// before now: `-3h`, `-90min`, `-2 days`.
pub(super) fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<i64, Failure> {
    let text = text.trim();
    let here = now.to_zoned(zone.clone());
    let found = match text {
        "now" => Some(here.clone()),
        "today" => here.start_of_day().ok(),
        "yesterday" => here.yesterday().ok().and_then(|z| z.start_of_day().ok()),
        _ => relative(text, &here).or_else(|| absolute(text, &here, zone)),
    };
    found
        .map(|z| z.timestamp().as_second())
        .ok_or_else(|| Failure::Usage(format!("'{text}' is no time: try 2025-06-15, 2025-06-15T15:00, 15:00, -3h or yesterday")))
}

/// A point in time of a log that spans these seconds: as [`parse`] has it, save that a time of day alone is on the last day on
/// which the log has it.
pub(super) fn in_log(text: &str, now: Timestamp, zone: &TimeZone, span: (i64, i64)) -> Result<i64, Failure> {
    match clock(text) {
        Some(time) => on_days(time, span, zone).pop().map_or_else(|| parse(text, now, zone), Ok),
        None => parse(text, now, zone),
    }
}

fn relative(text: &str, now: &Zoned) -> Option<Zoned> {
    let span: Span = text.strip_prefix('-')?.trim().parse().ok()?;
    now.checked_sub(span).ok()
}

fn absolute(text: &str, now: &Zoned, zone: &TimeZone) -> Option<Zoned> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at.to_zoned(zone.clone()));
    }
    if let Ok(at) = text.parse::<DateTime>() {
        return at.to_zoned(zone.clone()).ok();
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(zone.clone()).ok();
    }
    text.parse::<Time>().ok().and_then(|time| now.date().to_datetime(time).to_zoned(zone.clone()).ok())
}

/// A time of day without a day: `14:02`.
pub(super) fn clock(text: &str) -> Option<Time> {
    let text = text.trim();
    let has_day = text.parse::<Timestamp>().is_ok() || text.parse::<DateTime>().is_ok() || text.parse::<Date>().is_ok();
    if has_day { None } else { text.parse().ok() }
}

/// Days of a log on which a time of day is looked for.
const MOST_DAYS: usize = 1000;

/// When it was this time of day within a log, its first request excluded; on the first day of the log if never.
pub(super) fn on_days(time: Time, span: (i64, i64), zone: &TimeZone) -> Vec<i64> {
    let day = |at: i64| Timestamp::from_second(at).ok().map(|at| at.to_zoned(zone.clone()).date());
    let Some((first, last)) = day(span.0).zip(day(span.1)) else { return Vec::new() };
    let instant = |day: Date| day.to_datetime(time).to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_second());
    let days = first.series(1.day()).take_while(|day| *day <= last).take(MOST_DAYS);
    let within: Vec<i64> = days.filter_map(instant).filter(|at| *at > span.0 && *at <= span.1).collect();
    if within.is_empty() { instant(first).into_iter().collect() } else { within }
}

/// The width of a window in seconds: `30s`, `5m`, `1h`, `1d`.
pub(super) fn width(text: &str) -> Result<i64, Failure> {
    let wrong = || Failure::Usage(format!("--window: '{text}' is no width: try 30s, 5m, 1h or 1d"));
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..at].parse().map_err(|_| wrong())?;
    let unit = match text[at..].trim() {
        "s" | "sec" | "" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).filter(|&seconds| seconds > 0 && seconds <= 400 * 86_400).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let now: Timestamp = "2025-06-15T15:06:40Z".parse().unwrap();
        let berlin = zone(Some("+02:00")).unwrap();
        let at = |text: &str| parse(text, now, &berlin).map(|s| Timestamp::from_second(s).unwrap().to_string()).map_err(|e| e.to_string());
        assert_eq!(at("-3h").unwrap(), "2025-06-15T12:06:40Z");
        assert_eq!(at("-1d").unwrap(), "2025-06-14T15:06:40Z");
        assert_eq!(at("yesterday").unwrap(), "2025-06-13T22:00:00Z");
        assert_eq!(at("2025-06-15").unwrap(), "2025-06-14T22:00:00Z");
        assert_eq!(at("2025-06-15T15:00Z").unwrap(), "2025-06-15T15:00:00Z");
        assert_eq!(at("2025-06-15 15:00").unwrap(), "2025-06-15T13:00:00Z");
        assert_eq!(at("15:00").unwrap(), "2025-06-15T13:00:00Z");
        assert!(at("soon").unwrap_err().contains("'soon' is no time"));
    }

    #[test]
    fn a_time_of_day_is_that_of_the_log() {
        assert!(clock("14:02").is_some() && clock("2025-06-15").is_none() && clock("2025-06-15T14:02").is_none() && clock("-3h").is_none());
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        let found = |time: &str, start: &str, end: &str, in_zone: &str| {
            let days = on_days(clock(time).unwrap(), (at(start), at(end)), &zone(Some(in_zone)).unwrap());
            days.into_iter().map(|at| Timestamp::from_second(at).unwrap().to_string()).collect::<Vec<_>>()
        };
        let (start, end) = ("2025-06-15T13:00:00Z", "2025-06-15T15:00:00Z");
        assert_eq!(found("14:02", start, end, "UTC"), ["2025-06-15T14:02:00Z"]);
        assert_eq!(found("16:02", start, end, "+02:00"), ["2025-06-15T14:02:00Z"]);
        assert_eq!(found("09:00", start, end, "UTC"), ["2025-06-15T09:00:00Z"], "outside, on its day");
        assert_eq!(
            found("00:05", "2025-06-15T23:50:00Z", "2025-06-16T00:20:00Z", "UTC"),
            ["2025-06-16T00:05:00Z"],
            "the one that is within"
        );
        assert_eq!(found("14:02", start, "2025-06-17T00:00:00Z", "UTC").len(), 2);
    }

    #[test]
    fn a_clock_is_on_the_last_day_of_the_log_that_has_it_or_the_first() {
        let second = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let span = (second("2025-06-14T20:00:00Z"), second("2025-06-15T06:00:00Z"));
        let at = |text: &str| Timestamp::from_second(in_log(text, now, &TimeZone::UTC, span).unwrap()).unwrap().to_string();
        assert_eq!([at("05:30"), at("23:10:05"), at("12:00")], ["2025-06-15T05:30:00Z", "2025-06-14T23:10:05Z", "2025-06-14T12:00:00Z"]);
        assert_eq!(
            [at("2025-06-14T21:00"), at("2025-06-15"), at("-1h")],
            ["2025-06-14T21:00:00Z", "2025-06-15T00:00:00Z", "2025-12-31T23:00:00Z"]
        );
    }

    #[test]
    fn widths() {
        assert_eq!([width("30s").unwrap(), width("5m").unwrap(), width("1h").unwrap(), width("90").unwrap()], [30, 300, 3600, 90]);
        for bad in ["", "m", "0s", "5x", "-5m", "99999999999d"] {
            assert!(width(bad).is_err(), "{bad}");
        }
    }
}
