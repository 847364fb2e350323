//! Text -> [`Expr`], read by nom. A rule is read once and asked many times, so that everything that can be known to be wrong
//! is said here: with the place, and with the word that was probably meant.

use super::check::{Side, comparison, suits, written};
use super::error::{RuleError, nearest};
use super::limit::words::{counted, no_key, not_counted};
use super::token::{Fault, Parsed, fault, keyword, name, number, operator, quoted, symbol, word};
use super::words::{Field, Kind, Measure, Takes};
use super::{Arg, Expr, Op, Term};
use nom::Parser;
use nom::character::complete::{char, digit1};
use nom::combinator::opt;
use nom::multi::separated_list1;
use nom::sequence::{preceded, terminated};

/// How deep parentheses, `not` and the filters of measures may be nested: deep enough for anything that one can read.
const MAX_DEPTH: usize = 24;

/// The largest number that is a status.
const MAX_STATUS: u16 = 999;

/// What an expression speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Request,
    Group,
    /// A request as a tally counts it: only by what it is counted by, and a comparison of the limit may follow.
    Counted,
}

/// Where in the rule an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    about: About,
    depth: usize,
}

impl Place {
    /// At the top of an expression about this.
    pub(super) const fn top(about: About) -> Self {
        Self { about, depth: 0 }
    }

    /// Inside of what is given to a measure.
    const fn argument(depth: usize) -> Self {
        Self { about: About::Request, depth }
    }
}

/// A predicate of one request: `status = 502 and connect_time = none`.
///
/// # Errors
/// The text is none: the error points at the place.
pub fn filter(text: &str) -> Result<Expr, RuleError> {
    whole(text, |input| any_of(input, Place::top(About::Request)))
}

/// A predicate of a group of requests: `count >= 5 and top(client) < 50%`.
///
/// # Errors
/// The text is none: the error points at the place.
pub fn condition(text: &str) -> Result<Expr, RuleError> {
    whole(text, |input| any_of(input, Place::top(About::Group)))
}

/// What a sentence about a group may work out: a measure, or a field for its most frequent value.
///
/// # Errors
/// The text is none: the error points at the place.
pub fn term(text: &str) -> Result<Term, RuleError> {
    whole(text, |input| {
        let (rest, name) = word(input).or_else(|_| fault(input, "a measure or a field is expected here"))?;
        let (rest, found) = match (Field::named(name), Measure::named(name)) {
            (Some(field), _) => (rest, Term::Field(field)),
            (None, Some(_)) => measured(input, 0)?,
            (None, None) => {
                let words = Measure::ALL.iter().map(|m| m.word()).chain(Field::ALL.iter().map(|f| f.word()));
                return fault(input, format!("no measure and no field is called '{name}'{}", nearest(name, words)));
            }
        };
        if found.kind() == Some(Kind::Flag) {
            fault(input, format!("{name} is true or not, and that is no value"))
        } else {
            Ok((rest, found))
        }
    })
}

pub(super) fn whole<'a, T>(text: &'a str, read: impl Fn(&'a str) -> Parsed<'a, T>) -> Result<T, RuleError> {
    let (what, rest) = match read(text.trim_end()) {
        Ok(("", found)) => return Ok(found),
        Ok((rest, _)) => (after(rest.trim_start()), rest.trim_start()),
        Err(nom::Err::Error(e) | nom::Err::Failure(e)) => (e.what, e.rest.trim_start()),
        Err(nom::Err::Incomplete(_)) => ("this ends too early".into(), ""),
    };
    Err(RuleError::new(what, text, text.trim_end().len() - rest.len()))
}

/// What to say about text behind a predicate that is whole.
fn after(rest: &str) -> String {
    if rest.starts_with("&&") || rest.starts_with("||") {
        return format!("write '{}' for '{}'", if rest.starts_with('&') { "and" } else { "or" }, &rest[..2]);
    }
    if rest.starts_with(')') {
        return "this parenthesis was never opened".into();
    }
    let meant = word(rest).map_or_else(|_| String::new(), |(_, word)| nearest(word, ["and", "or"].into_iter()));
    format!("'and', 'or' or the end is expected here{meant}")
}

/// `a or b or c`
pub(super) fn any_of(input: &str, place: Place) -> Parsed<'_, Expr> {
    let (rest, parts) = separated_list1(keyword("or"), |i| all_of(i, place)).parse(input)?;
    Ok((rest, joined(parts, Expr::Or)))
}

/// `a and b and c`
fn all_of(input: &str, place: Place) -> Parsed<'_, Expr> {
    let (rest, parts) = separated_list1(keyword("and"), |i| one(i, place)).parse(input)?;
    Ok((rest, joined(parts, Expr::And)))
}

pub(super) fn joined(mut parts: Vec<Expr>, all: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            all(parts)
        }
        None => all(parts),
    }
}

/// `not a`, `(a)`, or a predicate without parts.
fn one(input: &str, place: Place) -> Parsed<'_, Expr> {
    let place = Place { depth: place.depth + 1, ..place };
    if place.depth > MAX_DEPTH {
        return fault(input, format!("more than {MAX_DEPTH} levels of parentheses and 'not'"));
    }
    if let Ok((rest, ())) = keyword("not")(input) {
        let (rest, inner) = one(rest, place)?;
        return Ok((rest, Expr::Not(Box::new(inner))));
    }
    if let Ok((rest, ())) = symbol("(")(input) {
        let (rest, inner) = any_of(rest, place)?;
        return Ok((closed(rest)?.0, inner));
    }
    atom(input, place)
}

pub(super) fn closed(input: &str) -> Parsed<'_, ()> {
    symbol(")")(input).or_else(|_| fault(input, "')' is expected here"))
}

/// A flag, a status, or a comparison.
fn atom(input: &str, place: Place) -> Parsed<'_, Expr> {
    let request = place.about != About::Group;
    match input.trim_start().chars().next() {
        Some('0'..='9') if request => return statuses(input, place),
        Some('0'..='9') => {
            return fault(input, "a condition begins with what is measured: count >= 3; requests of a status are share(502) or part(5xx)");
        }
        Some('"') => return fault(input, "a text stands on the right of a comparison: path = \"/x*\""),
        Some('!') => return fault(input, "write 'not' for '!'"),
        _ => {}
    }
    if request && let Ok((rest, ())) = keyword("all")(input) {
        return Ok((rest, Expr::All));
    }
    let (rest, left) = if request { field(input, place).map(|(rest, f)| (rest, Term::Field(f)))? } else { measured(input, place.depth)? };
    match left {
        Term::Field(flag) if flag.kind() == Kind::Flag => alone(rest, flag.word(), Expr::Flag(flag)),
        Term::Measure(flag, _) if flag.kind() == Kind::Flag => alone(rest, flag.word(), Expr::FlagOf(flag)),
        left => compared(rest, left, place),
    }
}

/// A flag, which is compared with nothing.
fn alone<'a>(rest: &'a str, word: &str, flag: Expr) -> Parsed<'a, Expr> {
    match operator(rest) {
        Ok(_) => fault(rest, format!("{word} is {}", written(Kind::Flag))),
        Err(_) => Ok((rest, flag)),
    }
}

/// `502`, `5xx`, `500-599`
fn statuses(input: &str, place: Place) -> Parsed<'_, Expr> {
    let start = input.trim_start();
    let (rest, digits) = digit1(start)?;
    if let Ok((rest, class)) = name(rest) {
        return match (digits.parse::<u16>(), class) {
            (Ok(first @ 0..=9), "xx") => Ok((rest, Expr::Status(first * 100, first * 100 + 99))),
            _ => fault(start, "a status is expected here: 502, 5xx or 500-599; a comparison begins with its field"),
        };
    }
    let (rest, last) = opt(preceded(char('-'), digit1)).parse(rest)?;
    match (digits.parse(), last.unwrap_or(digits).parse()) {
        (Ok(first), Ok(last)) if first <= last && last <= MAX_STATUS => match operator(rest) {
            Ok(_) if place.about == About::Request => fault(start, "a comparison begins with its field: status >= 500"),
            _ => Ok((rest, Expr::Status(first, last))),
        },
        _ => fault(start, format!("a status lies between 0 and {MAX_STATUS}, and a range begins with the smaller one")),
    }
}

/// What stands behind the left side.
fn compared(rest: &str, left: Term, place: Place) -> Parsed<'_, Expr> {
    let kind = left.kind().unwrap_or(Kind::Number);
    let shown = &left.to_string();
    if let Ok((list, negated)) = terminated(opt(keyword("not")), keyword("in")).parse(rest) {
        let (rest, ()) = symbol("(")(list).or_else(|_| fault(list, "a list is expected here: in (502, 503)"))?;
        let (rest, sides) = separated_list1(symbol(","), |i| side(i, shown, kind, Op::Equal, place)).parse(rest)?;
        let found = Expr::In(left, sides);
        return Ok((closed(rest)?.0, if negated.is_some() { Expr::Not(Box::new(found)) } else { found }));
    }
    let expected = || format!("a comparison is expected here: {shown} is {}", written(kind));
    let (right, op) = operator(rest).or_else(|e| if matches!(e, nom::Err::Failure(_)) { Err(e) } else { fault(rest, expected()) })?;
    let (rest, right) = side(right, shown, kind, op, place)?;
    Ok((rest, Expr::Compare(left, op, right)))
}

/// The right side of a comparison, held against its left side.
fn side<'a>(input: &'a str, left: &str, kind: Kind, op: Op, place: Place) -> Parsed<'a, Term> {
    let start = input.trim_start();
    let (rest, side) = match start.chars().next() {
        Some('"') => quoted(start)?,
        Some('0'..='9') => number(start)?,
        Some(_) if keyword("none")(start).is_ok() => (keyword("none")(start)?.0, Side { term: Term::None, kind: None }),
        Some('a'..='z' | 'A'..='Z') => {
            let (rest, term) = match place.about {
                About::Request | About::Counted => field(start, place).map(|(rest, f)| (rest, Term::Field(f)))?,
                About::Group => measured(start, place.depth)?,
            };
            let kind = term.kind();
            (rest, Side { term, kind })
        }
        _ => return fault(start, format!("a value is expected here: {left} is {}", written(kind))),
    };
    match comparison(left, kind, op, &side) {
        Ok(()) => Ok((rest, side.term)),
        Err(what) => fault(start, what),
    }
}

/// A field of a request.
fn field(input: &str, place: Place) -> Parsed<'_, Field> {
    let start = input.trim_start();
    let Ok((rest, word)) = word(input) else {
        return fault(start, "a field is expected here, such as status, path or duration");
    };
    if let Some(field) = Field::named(word) {
        return if place.about == About::Counted && !counted(field) { fault(start, not_counted(word)) } else { Ok((rest, field)) };
    }
    if place.about == About::Counted {
        return fault(start, no_key(word));
    }
    fault(
        start,
        match Measure::named(word) {
            Some(_) => format!("'{word}' measures many requests, and this speaks of one: it takes fields, such as status or path"),
            None => format!("no field is called '{word}'{}", nearest(word, Field::ALL.iter().map(|f| f.word()))),
        },
    )
}

/// A measure of a group, with what it is given.
fn measured(input: &str, depth: usize) -> Parsed<'_, Term> {
    let start = input.trim_start();
    let Ok((rest, word)) = word(input) else {
        return fault(start, "a measure is expected here, such as count, share or top(client)");
    };
    let Some(measure) = Measure::named(word) else {
        return fault(
            start,
            match Field::named(word) {
                Some(_) => format!(
                    "'{word}' is a field of one request, and this speaks of many: measure it, as in part({word} …), top({word}) or p50({word})"
                ),
                None => format!("no measure is called '{word}'{}", nearest(word, Measure::ALL.iter().map(|m| m.word()))),
            },
        );
    };
    let takes = measure.takes();
    let Ok((inner, ())) = symbol("(")(rest) else {
        return match takes {
            Takes::Nothing | Takes::FilterOrNothing | Takes::FieldOrNothing => Ok((rest, Term::Measure(measure, Vec::new()))),
            _ => fault(rest, format!("{word} is written {}", usage(measure))),
        };
    };
    let (rest, args) = match takes {
        Takes::Nothing => return fault(rest, format!("{word} is written without parentheses")),
        Takes::Field | Takes::FieldOrNothing => one_field(inner, measure)?,
        Takes::FieldNumber => {
            let (rest, mut args) = one_field(inner, measure)?;
            let (rest, number) = opt(preceded(symbol(","), how_many)).parse(rest)?;
            args.extend(number);
            (rest, args)
        }
        Takes::Filter | Takes::FilterOrNothing => one_filter(inner, depth)?,
        Takes::TwoFilters => {
            let (rest, mut args) = one_filter(inner, depth)?;
            let (rest, ()) =
                symbol(",")(rest).or_else(|_| fault(rest, format!("',' is expected here: {word} is written {}", usage(measure))))?;
            let (rest, second) = one_filter(rest, depth)?;
            args.extend(second);
            (rest, args)
        }
    };
    let (rest, ()) = symbol(")")(rest).or_else(|_| fault(rest, format!("')' is expected here: {word} is written {}", usage(measure))))?;
    Ok((rest, Term::Measure(measure, args)))
}

/// How a measure is written.
fn usage(measure: Measure) -> String {
    let inner = match measure.takes() {
        Takes::Nothing => return measure.word().into(),
        Takes::Field if measure.follows_field() || matches!(measure, Measure::Cluster | Measure::Center | Measure::Shift) => "duration",
        Takes::Field | Takes::FieldOrNothing | Takes::FieldNumber => "client",
        Takes::Filter => "status = 502",
        Takes::FilterOrNothing => "502",
        Takes::TwoFilters => "static, ok",
    };
    format!("{}({inner})", measure.word())
}

fn one_field(input: &str, measure: Measure) -> Parsed<'_, Vec<Arg>> {
    let (rest, found) = field(input, Place::argument(0))?;
    match suits(measure, found) {
        Ok(()) => Ok((rest, vec![Arg::Field(found)])),
        Err(what) => fault(input.trim_start(), what),
    }
}

fn one_filter(input: &str, depth: usize) -> Parsed<'_, Vec<Arg>> {
    any_of(input, Place::argument(depth)).map(|(rest, found)| (rest, vec![Arg::Filter(found)]))
}

/// A whole number from 1.
fn how_many(input: &str) -> Parsed<'_, Arg> {
    let start = input.trim_start();
    match digit1::<_, Fault>(start).map(|(rest, digits)| (rest, digits.parse::<u16>())) {
        Ok((rest, Ok(number @ 1..))) => Ok((rest, Arg::Number(f64::from(number)))),
        _ => fault(start, "a whole number from 1 is expected here"),
    }
}
