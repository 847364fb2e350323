//! An [`Expr`] -> its text, which reads back as the same.

use super::words::Kind;
use super::{Arg, Expr, Op, Term};
use std::fmt::{self, Display, Formatter};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::And(parts) => separated(f, parts, " and ", |f, part| inner(f, part, matches!(part, Self::And(_) | Self::Or(_)))),
            Self::Or(parts) => separated(f, parts, " or ", |f, part| inner(f, part, matches!(part, Self::Or(_)))),
            Self::Not(part) => {
                f.write_str("not ")?;
                inner(f, part, matches!(**part, Self::And(_) | Self::Or(_)))
            }
            Self::Status(first, last) if first == last => write!(f, "{first}"),
            Self::Status(first, last) if first % 100 == 0 && first + 99 == *last => write!(f, "{}xx", first / 100),
            Self::Status(first, last) => write!(f, "{first}-{last}"),
            Self::Flag(field) => f.write_str(field.word()),
            Self::FlagOf(measure) => f.write_str(measure.word()),
            Self::Compare(left, op, right) => {
                write!(f, "{left} {op} ")?;
                side(f, right, left.kind())
            }
            Self::In(left, sides) => {
                write!(f, "{left} in (")?;
                separated(f, sides, ", ", |f, one| side(f, one, left.kind()))?;
                f.write_str(")")
            }
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(pattern) => pattern.fmt(f),
            Self::None => f.write_str("none"),
            Self::Field(field) => f.write_str(field.word()),
            Self::Measure(measure, args) if args.is_empty() => f.write_str(measure.word()),
            Self::Measure(measure, args) => {
                write!(f, "{}(", measure.word())?;
                separated(f, args, ", ", |f, arg| arg.fmt(f))?;
                f.write_str(")")
            }
        }
    }
}

impl Display for Arg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field.word()),
            Self::Filter(filter) => filter.fmt(f),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::Differs => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        })
    }
}

pub(super) fn separated<T>(
    f: &mut Formatter<'_>,
    parts: &[T],
    between: &str,
    print: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        print(f, part)?;
    }
    Ok(())
}

fn inner(f: &mut Formatter<'_>, part: &Expr, apart: bool) -> fmt::Result {
    if apart { write!(f, "({part})") } else { part.fmt(f) }
}

/// A number has the unit of what it is compared with.
fn side(f: &mut Formatter<'_>, term: &Term, kind: Option<Kind>) -> fmt::Result {
    match (term, kind) {
        (Term::Number(number), Some(Kind::Share)) => f.write_str(&percent(*number)),
        (Term::Number(number), Some(Kind::Times)) => write!(f, "{number}x"),
        (Term::Number(number), Some(Kind::Time)) => f.write_str(&time(*number)),
        _ => term.fmt(f),
    }
}

/// Seconds in the largest unit that they are whole in.
pub(super) fn time(seconds: f64) -> String {
    if seconds > 0.0 && seconds < 1.0 {
        return format!("{}ms", shifted(seconds, 3));
    }
    // Larger ones would be rounded on the way back.
    let whole = |&(_, factor): &(char, f64)| seconds >= factor && seconds < 1e12 && seconds % factor == 0.0;
    match [('d', 86_400.0), ('h', 3600.0), ('m', 60.0)].into_iter().find(whole) {
        Some((unit, factor)) => format!("{}{unit}", seconds / factor),
        None => format!("{seconds}s"),
    }
}

/// A part of a whole, 0 to 1.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", shifted(share, 2))
}

/// The digits of a number with its point moved to the right: a multiplication would round.
pub(super) fn shifted(number: f64, places: usize) -> String {
    let digits = number.to_string();
    let (whole, part) = digits.split_once('.').unwrap_or((&digits, ""));
    let moved = format!("{whole}{part:0<places$}");
    let (whole, part) = moved.split_at(whole.len() + places);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if part.is_empty() { whole.into() } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::shifted;
    use crate::rule::{condition, filter};

    #[test]
    fn points_move_in_the_text() {
        for (number, places, text) in
            [(0.29, 2, "29"), (1.0, 2, "100"), (0.005, 2, "0.5"), (0.0, 2, "0"), (0.25, 3, "250"), (0.0625, 3, "62.5"), (12.0, 2, "1200")]
        {
            assert_eq!(shifted(number, places), text);
        }
    }

    #[test]
    fn texts_come_back_in_plain_form() {
        for (text, plain) in [
            ("5xx  and(connect_time=none)", "5xx and connect_time = none"),
            ("not (502 or 504) and 200-299", "not (502 or 504) and 2xx"),
            ("(a_b or 502)".replace("a_b", "proxied").as_str(), "proxied or 502"),
            ("duration < 2m and duration > 0.25s", "duration < 2m and duration > 250ms"),
            ("status not in (502,503)", "not status in (502, 503)"),
        ] {
            assert_eq!(filter(text).unwrap().to_string(), plain);
        }
        let text = "share(502) >= 29% and top(client, 3) > 50% and during(static, ok or 304) < 90% and lift(client) >= 2.5x and onset";
        assert_eq!(condition(text).unwrap().to_string(), text);
    }
}
