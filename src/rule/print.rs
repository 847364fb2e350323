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

fn separated<T>(f: &mut Formatter<'_>, parts: &[T], between: &str, print: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result) -> fmt::Result {
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
        (Term::Number(number), Some(Kind::Share)) => write!(f, "{}%", shifted(*number, 2)),
        (Term::Number(number), Some(Kind::Times)) => write!(f, "{number}x"),
        (Term::Number(number), Some(Kind::Time)) if *number > 0.0 && *number < 1.0 => write!(f, "{}ms", shifted(*number, 3)),
        (Term::Number(number), Some(Kind::Time)) => write!(f, "{number}s"),
        _ => term.fmt(f),
    }
}

/// The digits of a number with its point moved to the right: a multiplication would round.
fn shifted(number: f64, places: usize) -> String {
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
            ("duration < 2m and duration > 0.25s", "duration < 120s and duration > 250ms"),
            ("status not in (502,503)", "not status in (502, 503)"),
        ] {
            assert_eq!(filter(text).unwrap().to_string(), plain);
        }
        let text = "share(502) >= 29% and top(client, 3) > 50% and during(static, ok or 304) < 90% and lift(client) >= 2.5x and onset";
        assert_eq!(condition(text).unwrap().to_string(), text);
    }
}
