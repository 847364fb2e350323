//! Numbers as people read them.

pub(super) use crate::model::human::{count, digits, percent, seconds};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// `1.1 GB`, in powers of 1000 as disks and networks count.
pub(super) fn bytes(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut number, mut unit) = (bytes as f64, 0);
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1000.0;
        unit += 1;
    }
    if unit == 0 || number >= 9.95 { format!("{number:.0} {}", units[unit]) } else { format!("{number:.1} {}", units[unit]) }
}

/// `30 s`, `5 min`, `6 h`, `3 d`
pub(super) fn width(seconds: i64) -> String {
    match seconds {
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// A stretch of time in its two largest units.
pub(super) fn length(seconds: i64) -> String {
    match seconds {
        s if s >= 2 * 86_400 => format!("{:.0} d", s as f64 / 86_400.0),
        s if s >= 2 * 3600 => format!("{:.0} h", s as f64 / 3600.0),
        s if s >= 600 => format!("{:.0} min", s as f64 / 60.0),
        s => format!("{s} s"),
    }
}

/// Times of one report: the year only where it is not the same throughout, seconds only where windows are that narrow.
pub(super) struct Times {
    zone: TimeZone,
    year: bool,
    /// All on one day, so that a clock says enough.
    one_day: bool,
}

impl Times {
    pub(super) fn new(zone: &TimeZone, start: i64, end: i64) -> Self {
        let zone = zone.clone();
        let [first, last] = [start, end].map(|at| zoned(&zone, at).map(|z| z.date()));
        let year = first.map(Date::year) != last.map(Date::year);
        Self { year, one_day: first == last, zone }
    }

    /// `10:54:01`, with its day where there are several; with seconds where what happens lasts less than an hour.
    pub(super) fn moment(&self, at: i64, lasts: i64) -> String {
        let clock = self.print(at, if lasts < 3600 { "%H:%M:%S" } else { "%H:%M" });
        if self.one_day { clock } else { format!("{} {clock}", self.day(at)) }
    }

    /// `15 Jun 15:06`
    pub(super) fn day_and_minute(&self, at: i64) -> String {
        self.print(at, if self.year { "%-d %b %Y %H:%M" } else { "%-d %b %H:%M" })
    }

    /// `15 Jun`
    pub(super) fn day(&self, at: i64) -> String {
        self.print(at, if self.year { "%-d %b %Y" } else { "%-d %b" })
    }

    /// `15 Jun 2025 15:06 to 16 Jun 15:06`; on one day only the time is said twice, and within an hour the seconds too.
    pub(super) fn span(&self, start: i64, end: i64) -> String {
        let clock = if end - start < 3600 { "%H:%M:%S" } else { "%H:%M" };
        let day = |at: i64| self.print(at, "%-d %b %Y");
        let end_day = if day(start) == day(end) { String::new() } else { self.day(end) + " " };
        format!("{} {} to {end_day}{}", day(start), self.print(start, clock), self.print(end, clock))
    }

    /// The clock at a time, or its day, as fine as steps of `each` seconds need it.
    pub(super) fn clock(&self, at: i64, each: i64) -> String {
        match each {
            e if e < 60 => self.print(at, "%H:%M:%S"),
            e if e < 21_600 => self.print(at, "%H:%M"),
            _ => self.day(at),
        }
    }

    /// `15 Jun 15:05 to 15:10`, seconds only where the window is that narrow; a day of the zone is just named.
    pub(super) fn window(&self, start: i64, width: i64) -> String {
        let at_midnight = self.print(start, "%H:%M:%S") == "00:00:00";
        match width {
            w if w >= 86_400 && at_midnight => self.day(start),
            w if w >= 86_400 => format!("from {}", self.day_and_minute(start)),
            w if w < 60 => format!("{} {} to {}", self.day(start), self.print(start, "%H:%M:%S"), self.print(start + w, "%H:%M:%S")),
            w => format!("{} to {}", self.day_and_minute(start), self.print(start + w, "%H:%M")),
        }
    }

    /// The zone's short name at a time.
    pub(super) fn zone_name(&self, at: i64) -> String {
        self.print(at, "%Z")
    }

    fn print(&self, at: i64, pattern: &str) -> String {
        zoned(&self.zone, at).map_or_else(|| at.to_string(), |z| z.strftime(pattern).to_string())
    }
}

fn zoned(zone: &TimeZone, at: i64) -> Option<jiff::Zoned> {
    Timestamp::from_second(at).ok().map(|t| t.to_zoned(zone.clone()))
}

/// Heights of a bar: one character a number, the largest the full block, nothing a dot.
pub(super) fn bar(counts: &[u64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    // The lowest block is for anything at all, so that one response in a quiet hour is seen.
    counts.iter().map(|&n| if n == 0 { '·' } else { BLOCKS[(n as f64 / most as f64 * 7.0).round() as usize] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(count(6_003_012), "6,003,012");
        assert_eq!(
            [percent(0, 9), percent(1, 1_000_000), percent(8, 10_000), percent(999_999, 1_000_000), percent(5, 5)],
            ["0", "<0.01 %", "0.08 %", "99.9 %", "100 %"]
        );
        assert_eq!(
            [seconds(0.00085), seconds(0.012), seconds(1.94), seconds(60.0), seconds(400.0)],
            ["850 µs", "12 ms", "1.9 s", "60.0 s", "6.7 min"]
        );
        assert_eq!([bytes(999), bytes(1_097_414_101), bytes(u64::MAX)], ["999 B", "1.1 GB", "18 EB"]);
        assert_eq!([width(30), width(300), width(21_600), width(90)], ["30 s", "5 min", "6 h", "90 s"]);
        assert_eq!(bar(&[0, 1, 50, 100]), "·▁▅█");
    }
}
