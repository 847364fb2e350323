//! The smallest parts of a rule: words, signs, texts, numbers with their units.

use super::check::Side;
use super::words::Kind;
use super::{Op, Pattern, Term};
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, multispace0};
use nom::combinator::{opt, recognize, value, verify};
use nom::error::{ErrorKind, ParseError};
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser};

/// What is wrong, and what was left to read there.
pub(super) struct Fault<'a> {
    pub(super) rest: &'a str,
    pub(super) what: String,
}

/// What a parser of rules returns.
pub(super) type Parsed<'a, T> = IResult<&'a str, T, Fault<'a>>;

impl<'a> ParseError<&'a str> for Fault<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        Self { rest, what: "this cannot be read".into() }
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A mistake that no alternative repairs.
pub(super) fn fault<T>(rest: &str, what: impl Into<String>) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault { rest, what: what.into() }))
}

/// A word as it stands, letters first.
pub(super) fn name(input: &str) -> Parsed<'_, &str> {
    verify(take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_'), |word: &str| !word.starts_with(|c: char| c.is_ascii_digit()))
        .parse(input)
}

/// A word, behind any space.
pub(super) fn word(input: &str) -> Parsed<'_, &str> {
    preceded(multispace0, name).parse(input)
}

/// This very word.
pub(super) fn keyword<'a>(wanted: &'static str) -> impl Fn(&'a str) -> Parsed<'a, ()> {
    move |input| value((), verify(word, |word: &str| word == wanted)).parse(input)
}

/// This very sign.
pub(super) fn symbol<'a>(wanted: &'static str) -> impl Fn(&'a str) -> Parsed<'a, ()> {
    move |input| value((), preceded(multispace0, tag(wanted))).parse(input)
}

/// How two sides are compared.
pub(super) fn operator(input: &str) -> Parsed<'_, Op> {
    let start = input.trim_start();
    let (rest, signs) = take_while1(|c| "=!<>~".contains(c)).parse(start)?;
    let op = match signs {
        "=" => Op::Equal,
        "!=" => Op::Differs,
        "<" => Op::Less,
        "<=" => Op::AtMost,
        ">" => Op::More,
        ">=" => Op::AtLeast,
        "==" => return fault(start, "write '=' for '=='"),
        "<>" => return fault(start, "write '!=' for '<>'"),
        _ => return fault(start, format!("'{signs}' is none of = != < <= > >=")),
    };
    Ok((rest, op))
}

/// `"text"`; a quote, a star and a backslash in it are written behind a backslash.
pub(super) fn quoted(start: &str) -> Parsed<'_, Side> {
    let inner = &start[1..];
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => {
                let term = Term::Text(Pattern::new(&inner[..at]));
                return Ok((&inner[at + 1..], Side { term, kind: Some(Kind::Text) }));
            }
            '\\' if !matches!(characters.next(), Some((_, '"' | '*' | '\\'))) => {
                return fault(&inner[at..], r#"behind a backslash stands ", * or \; a backslash itself is written \\"#);
            }
            _ => {}
        }
    }
    fault(start, "this text has no closing quote")
}

/// How to write a number whose unit is called otherwise elsewhere.
fn meant(digits: &str, unit: &str) -> String {
    let ours = match unit.to_ascii_lowercase().as_str() {
        "pct" | "percent" => "%",
        "msec" | "msecs" | "millis" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "k" | "kb" | "kib" => "KiB",
        "mb" | "mib" => "MiB",
        "g" | "gb" | "gib" => "GiB",
        _ => return String::new(),
    };
    format!(": write it as {digits}{ours}")
}

/// A number with its unit, in base units. The decimal point moves in the text, so that `29%` is the nearest number to 0.29.
pub(super) fn number(start: &str) -> Parsed<'_, Side> {
    let (rest, digits) = recognize(pair(digit1, opt(pair(char('.'), digit1)))).parse(start)?;
    let (rest, unit) = take_while(|c: char| c.is_ascii_alphanumeric() || c == '%' || c == '_').parse(rest)?;
    let (kind, tens, factor) = match unit {
        "" => (Kind::Number, 0, 1.0),
        "%" => (Kind::Share, -2, 1.0),
        "x" => (Kind::Times, 0, 1.0),
        "ms" => (Kind::Time, -3, 1.0),
        "s" => (Kind::Time, 0, 1.0),
        "m" => (Kind::Time, 0, 60.0),
        "h" => (Kind::Time, 0, 3600.0),
        "d" => (Kind::Time, 0, 86_400.0),
        "KiB" => (Kind::Bytes, 0, 1024.0),
        "MiB" => (Kind::Bytes, 0, 1_048_576.0),
        "GiB" => (Kind::Bytes, 0, 1_073_741_824.0),
        "xx" => return fault(start, "a class stands alone: 5xx, without a comparison"),
        _ => return fault(start, format!("'{unit}' is no unit; there are % x ms s m h d KiB MiB GiB{}", meant(digits, unit))),
    };
    match format!("{digits}e{tens}").parse::<f64>() {
        Ok(found) if found.is_finite() => Ok((rest, Side { term: Term::Number(found * factor), kind: Some(kind) })),
        _ => fault(start, "this number is too large"),
    }
}
