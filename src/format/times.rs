//! Apache's `%{…}t`: a strftime pattern or a word of Apache's own, of the begin or the end of a request, and often one time
//! in several parts. Here they become patterns that the clock reads. Source: mod_log_config, "Custom Log Formats".

use super::field::{Field, TimeLayout};
use super::template::Piece;

/// What one or more parts say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// The time of the end of the request, not that of its begin.
    end: bool,
    pattern: String,
}

impl Part {
    fn of(piece: &Piece) -> Option<Self> {
        let Piece::Field((Field::Time(TimeLayout::Pattern(argument)), _)) = piece else { return None };
        let (end, rest) = match argument.strip_prefix("end:") {
            Some(rest) => (true, rest),
            None => (false, argument.strip_prefix("begin:").unwrap_or(argument)),
        };
        let pattern = match rest {
            "%s" => "sec".to_owned(),
            "msec_frac" => "%3f".to_owned(),
            "usec_frac" => "%6f".to_owned(),
            pattern => written_out(pattern),
        };
        Some(Self { end, pattern })
    }

    /// The begin of a request is its time; the end stands in where nothing says the begin.
    fn piece(self) -> Piece {
        Piece::Field((Field::Time(TimeLayout::Pattern(self.pattern.into())), if self.end { 2 } else { 1 }))
    }

    /// This part and the next one with the text between them as one time, if the next one adds what this one lacks.
    fn joined(&self, between: &str, next: &Self) -> Option<Self> {
        let fraction = matches!(next.pattern.as_str(), "%3f" | "%6f");
        let adds = match self.pattern.as_str() {
            "sec" => fraction && between == ".",
            first if is_epoch(first) || is_epoch(&next.pattern) => false,
            first => fraction || next.pattern.contains("%z") || !has_hour(first),
        };
        let pattern = format!("{}{}{}", self.pattern, between.replace('%', "%%"), next.pattern);
        (adds && self.end == next.end).then_some(Self { end: self.end, pattern })
    }
}

/// Whether a pattern is a word of Apache's own for a number since the epoch rather than one of strftime.
pub(super) fn is_epoch(pattern: &str) -> bool {
    matches!(pattern, "sec" | "msec" | "usec" | "sec.%3f" | "sec.%6f")
}

fn has_hour(pattern: &str) -> bool {
    ["%H", "%I", "%k", "%l", "%R", "%T"].iter().any(|hour| pattern.contains(hour))
}

/// The short forms of the C locale, written out.
fn written_out(pattern: &str) -> String {
    let (mut out, mut chars) = (String::new(), pattern.chars());
    while let Some(c) = chars.next() {
        match (c, if c == '%' { chars.next() } else { None }) {
            ('%', Some('c')) => out.push_str("%a %b %e %H:%M:%S %Y"),
            ('%', Some('x')) => out.push_str("%m/%d/%y"),
            ('%', Some('X')) => out.push_str("%H:%M:%S"),
            ('%', Some('r')) => out.push_str("%I:%M:%S %p"),
            (c, after) => out.extend([Some(c), after].into_iter().flatten()),
        }
    }
    out
}

/// Pieces in which every time is one field: `%{%d/%b/%Y:%H:%M:%S}t.%{msec_frac}t %{%z}t` is read at once.
pub(super) fn joined(pieces: Vec<(usize, Piece)>) -> Vec<(usize, Piece)> {
    let (mut done, mut pieces): (Vec<(usize, Piece)>, _) = (Vec::new(), pieces.into_iter().peekable());
    while let Some((at, piece)) = pieces.next() {
        let Some(mut time) = Part::of(&piece) else {
            done.push((at, piece));
            continue;
        };
        let mut between = None;
        while let Some((_, next)) = pieces.peek() {
            let text = between.as_ref().map_or("", |(_, text): &(usize, String)| text);
            match (next, Part::of(next).and_then(|part| time.joined(text, &part))) {
                (_, Some(both)) => {
                    (time, between) = (both, None);
                    pieces.next();
                }
                (Piece::Literal(text), None) if between.is_none() => {
                    between = Some((at, text.clone()));
                    pieces.next();
                }
                _ => break,
            }
        }
        done.push((at, time.piece()));
        done.extend(between.map(|(at, text)| (at, Piece::Literal(text))));
    }
    done
}

#[cfg(test)]
mod tests {
    use crate::format::clock::Clock;
    use crate::format::template::{Syntax, UserName, program};
    use crate::model::{Record, StatusCode};
    use jiff::tz::TimeZone;

    /// The time that a template reads from a line whose status is 200.
    fn time(template: &str, line: &str) -> Option<String> {
        let program = program(template, Syntax::Apache, UserName::AnyWords).unwrap();
        let mut record = Record::default();
        program.parse(line.as_bytes(), &mut Clock::new(TimeZone::UTC), &mut record).unwrap();
        assert_eq!(record.status.map(StatusCode::get), Some(200), "{template}");
        record.time.map(|t| t.to_string())
    }

    #[test]
    fn one_time_in_several_parts() {
        let clf = "[%{%d/%b/%Y:%H:%M:%S}t.%{msec_frac}t %{%z}t] %>s";
        assert_eq!(time(clf, "[15/Jun/2025:15:06:40.123 -0500] 200").as_deref(), Some("2025-06-15T20:06:40.123Z"));
        let iso = "[%{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t%{%z}t] %>s";
        assert_eq!(time(iso, "[2025-06-15T15:06:40.123456+0200] 200").as_deref(), Some("2025-06-15T13:06:40.123456Z"));
        assert_eq!(time("%{%Y}t-%{%m-%d}t %{%T}t %>s", "2025-06-15 15:06:40 200").as_deref(), Some("2025-06-15T15:06:40Z"));
        assert_eq!(time("%{sec}t.%{msec_frac}t %>s", "1750000000.250 200").as_deref(), Some("2025-06-15T15:06:40.250Z"));
        assert_eq!(time("%{%s}t %{msec_frac}t %>s", "1750000000 250 200").as_deref(), Some("2025-06-15T15:06:40Z"));
    }

    #[test]
    fn a_time_ends_where_its_pattern_does() {
        assert_eq!(time("%{%Y-%m-%d %H:%M:%S}t %>s", "2025-06-15 15:06:40 200").as_deref(), Some("2025-06-15T15:06:40Z"));
        assert_eq!(time("%{%c}t %>s", "Sun Jun  1 15:06:40 2025 200").as_deref(), Some("2025-06-01T15:06:40Z"));
        assert_eq!(time("%{%d/%b/%Y:%T}t %{msec_frac}t %>s", "15/Jun/2025:15:06:40 007 200").as_deref(), Some("2025-06-15T15:06:40.007Z"));
        assert_eq!(time("%{%d/%b/%Y:%T}t %>s", "- 200"), None);
    }

    #[test]
    fn the_begin_of_a_request_is_its_time() {
        assert_eq!(time("%{begin:sec}t %{end:sec}t %>s", "1750000000 1750000009 200").as_deref(), Some("2025-06-15T15:06:40Z"));
        assert_eq!(time("%{end:sec}t %{begin:sec}t %>s", "1750000009 1750000000 200").as_deref(), Some("2025-06-15T15:06:40Z"));
        assert_eq!(time("%{end:msec}t %>s", "1750000009000 200").as_deref(), Some("2025-06-15T15:06:49.000Z"));
        let both = "[%{begin:%F %T}t.%{begin:msec_frac}t] [%{end:%F %T}t.%{end:msec_frac}t] %>s";
        let line = "[2025-06-15 15:06:40.100] [2025-06-15 15:06:41.200] 200";
        assert_eq!(time(both, line).as_deref(), Some("2025-06-15T15:06:40.100Z"));
    }
}
