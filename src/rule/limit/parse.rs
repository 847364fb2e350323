//! Text -> [`Limit`]: the metric, then clauses in any order, each with the place where it stands, so that what does not go
//! together is pointed at too.

use super::check::{self, Clauses, Mark};
use super::words::{Clause, Measured, key_of, level_of, listed, metrics, no_clause, no_key, no_metric, not_counted};
use super::{Key, Level, Limit, Metric};
use crate::rule::check::Side;
use crate::rule::error::{RuleError, nearest};
use crate::rule::parse::{About, Place, any_of, closed, joined, whole};
use crate::rule::token::{Fault, Parsed, fault, keyword, number, operator, symbol, word};
use crate::rule::words::{Field, Kind};
use crate::rule::{Expr, Op, Term};
use nom::Parser;
use nom::character::complete::{char, digit1};
use nom::combinator::{opt, recognize};
use nom::sequence::pair;

/// Seconds of the longest window.
const LONGEST: f64 = 31.0 * 86_400.0;

/// A limit: `rate(5xx) by route > 2% window 5m`.
///
/// # Errors
/// The text is none: the error points at the place.
pub fn limit(text: &str) -> Result<Limit, RuleError> {
    let mut limit = whole(text, read)?;
    text.trim().clone_into(&mut limit.text);
    Ok(limit)
}

fn read(input: &str) -> Parsed<'_, Limit> {
    let (mut rest, metric) = metric(input)?;
    let mut clauses = Clauses::default();
    loop {
        let start = rest.trim_start();
        rest = match start.chars().next() {
            None => break,
            Some('=' | '!' | '<' | '>' | '~') => put(&mut clauses.bound, "the comparison", start, held)?,
            Some(',') => return fault(start, "write 'or' for ',', or the codes in parentheses: count(502, 504)"),
            Some(')') => return fault(start, "this parenthesis was never opened"),
            Some('/') => return fault(start, "write per: count(5xx) > 5 per 1m"),
            Some('&' | '|') => return fault(start, no_clause("and")),
            Some('0'..='9') => return fault(start, "what it is held against begins with > >= < or <="),
            _ => clause(start, &mut clauses)?,
        };
    }
    match check::limit(Mark { at: input.trim_start(), value: metric }, clauses, rest.trim_start()) {
        Ok(limit) => Ok(("", limit)),
        Err(fault) => Err(nom::Err::Failure(fault)),
    }
}

/// Reads a clause into its place, where nothing may stand yet.
fn put<'a, T>(
    slot: &mut Option<Mark<'a, T>>,
    what: &str,
    start: &'a str,
    read: impl Fn(&'a str) -> Parsed<'a, T>,
) -> Result<&'a str, nom::Err<Fault<'a>>> {
    if slot.is_some() {
        return Err(nom::Err::Failure(Fault { rest: start, what: format!("{what} stands here a second time") }));
    }
    let (rest, value) = read(start)?;
    *slot = Some(Mark { at: start, value });
    Ok(rest)
}

fn clause<'a>(start: &'a str, clauses: &mut Clauses<'a>) -> Result<&'a str, nom::Err<Fault<'a>>> {
    let fails = |what: String| Err(nom::Err::Failure(Fault { rest: start, what }));
    let Ok((rest, name)) = word(start) else { return fails(no_clause("")) };
    let Some(clause) = Clause::named(name) else { return fails(no_clause(name)) };
    let behind = |read: fn(&'a str) -> Parsed<'a, u32>| move |_: &'a str| read(rest);
    match clause {
        Clause::Where => put(&mut clauses.scope, name, start, |_| any_of(rest, Place::top(About::Counted))),
        Clause::By => put(&mut clauses.by, name, start, |_| keys(rest)),
        Clause::Window => put(&mut clauses.window, name, start, behind(width)),
        Clause::Per => put(&mut clauses.per, name, start, behind(width)),
        Clause::For => put(&mut clauses.lasting, name, start, behind(width)),
        Clause::Over => put(&mut clauses.over, name, start, behind(width)),
        Clause::Min => put(&mut clauses.min, name, start, |_| how_many(rest)),
        Clause::Clear => put(&mut clauses.clear, name, start, |_| held(rest)),
        Clause::Severity => put(&mut clauses.severity, name, start, |_| level(rest)),
        Clause::Burn => put(&mut clauses.burn, name, start, |_| factor(rest)),
    }
}

/// What is measured.
fn metric(input: &str) -> Parsed<'_, Metric> {
    let start = input.trim_start();
    let Ok((rest, name)) = word(start) else {
        return fault(start, format!("a limit begins with what is measured: {}", metrics()));
    };
    if let Some(digits) = name.strip_prefix('p').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
        return quantile(start, digits);
    }
    let metric: fn(Expr) -> Metric = match Measured::named(name) {
        Some(Measured::Rate) => Metric::Rate,
        Some(Measured::Count) if symbol("(")(rest).is_err() => return Ok((rest, Metric::Count(Expr::All))),
        Some(Measured::Count) => Metric::Count,
        Some(Measured::Spike) => Metric::Spike,
        Some(Measured::New) => Metric::New,
        Some(Measured::Unparsed) => return unparsed(start, rest),
        Some(Measured::Quantile) | None => return fault(start, no_metric(name)),
    };
    let (rest, ()) =
        symbol("(")(rest).or_else(|_| fault(rest, format!("{name} is written {name}(5xx): say in parentheses which requests")))?;
    let (rest, chosen) = chosen(rest)?;
    Ok((closed(rest)?.0, metric(chosen)))
}

/// `502, 504`: filters with commas as 'or'.
fn chosen(input: &str) -> Parsed<'_, Expr> {
    let (mut rest, first) = any_of(input, Place::top(About::Counted))?;
    let mut parts = Vec::new();
    let mut add = |part: Expr| match part {
        Expr::Or(inner) => parts.extend(inner),
        other => parts.push(other),
    };
    if symbol(",")(rest).is_err() {
        return Ok((rest, first));
    }
    add(first);
    while let Ok((behind, ())) = symbol(",")(rest) {
        let (behind, part) = any_of(behind, Place::top(About::Counted))?;
        rest = behind;
        add(part);
    }
    Ok((rest, joined(parts, Expr::Or)))
}

/// `p99.9(duration)`; the digits before a point stood in the word.
fn quantile<'a>(start: &'a str, whole: &str) -> Parsed<'a, Metric> {
    let behind = &start[1 + whole.len()..];
    let (rest, part) = opt(recognize(pair(char('.'), digit1))).parse(behind)?;
    let part = part.unwrap_or_default();
    let level = format!("{whole}{part}e-2").parse::<f64>().unwrap_or(0.0);
    if !(0.5..=0.999).contains(&level) {
        return fault(start, "a quantile lies between p50 and p99.9: p95(duration)");
    }
    let written = format!("p{whole}{part}(duration)");
    let (inner, ()) = symbol("(")(rest).or_else(|_| fault(rest, format!("write {written}")))?;
    match word(inner) {
        Ok((rest, "duration")) => Ok((closed(rest)?.0, Metric::Quantile(level))),
        _ => fault(inner.trim_start(), format!("limits know the time of the whole request alone: write {written}")),
    }
}

/// `share(unparsed)`, told apart from the `share` of the rules of causes.
fn unparsed<'a>(start: &'a str, rest: &'a str) -> Parsed<'a, Metric> {
    let named = symbol("(")(rest).and_then(|(inner, ())| word(inner));
    if let Ok((rest, "unparsed")) = named {
        return Ok((closed(rest)?.0, Metric::Unparsed));
    }
    let inner = symbol("(")(rest).map(|(inner, ())| inner).and_then(chosen);
    fault(
        start,
        match inner {
            Ok((_, chosen)) => format!("write rate({chosen}); the only share is share(unparsed), that of the lines that are no record"),
            Err(_) => "write share(unparsed), the share of the lines that are no record; that of requests is rate(5xx)".into(),
        },
    )
}

/// `> 1%`, `> 2x baseline`: the sign, the value with what its unit says, and whether the baseline is named.
fn held(input: &str) -> Parsed<'_, (Op, Side, bool)> {
    let start = input.trim_start();
    let (rest, op) = match operator(start) {
        Ok((_, Op::Equal | Op::Differs)) | Err(nom::Err::Error(_)) => return fault(start, "> >= < or <= is expected here: > 1%"),
        other => other?,
    };
    let value = rest.trim_start();
    if !value.starts_with(|c: char| c.is_ascii_digit()) {
        return fault(value, "a value is expected here: 1%, 5, 800ms or 2x baseline");
    }
    let (rest, side) = number(value)?;
    let baseline = keyword("baseline")(rest);
    let named = baseline.is_ok();
    Ok((baseline.map_or(rest, |(behind, ())| behind), (op, side, named)))
}

/// `route, method`
fn keys(input: &str) -> Parsed<'_, Vec<Key>> {
    let mut found = Vec::new();
    let mut rest = input;
    loop {
        let start = rest.trim_start();
        let Ok((behind, name)) = word(start) else { return fault(start, format!("{} is expected here", names(Key::ALL, Key::word))) };
        let key = match key_of(name) {
            Some(key) if found.contains(&key) => return fault(start, format!("{name} stands here a second time")),
            Some(key) => key,
            None if Field::named(name).is_some() => return fault(start, not_counted(name)),
            None => return fault(start, no_key(name)),
        };
        found.push(key);
        match symbol(",")(behind) {
            Ok((next, ())) => rest = next,
            Err(_) => return Ok((behind, found)),
        }
    }
}

fn names<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> String {
    listed(&all.iter().copied().map(word).collect::<Vec<_>>(), "or")
}

fn level(input: &str) -> Parsed<'_, Level> {
    let start = input.trim_start();
    let expected = || format!("{} is expected here", names(Level::ALL, Level::word));
    let Ok((rest, name)) = word(start) else { return fault(start, expected()) };
    match level_of(name) {
        Some(level) => Ok((rest, level)),
        None => fault(start, format!("{}{}", expected(), nearest(name, Level::ALL.iter().map(|l| l.word())))),
    }
}

/// A number of this kind, or what to say.
fn measured<'a>(input: &'a str, kind: Kind, expected: &str) -> Parsed<'a, f64> {
    let start = input.trim_start();
    if !start.starts_with(|c: char| c.is_ascii_digit()) {
        return fault(start, expected);
    }
    match number(start)? {
        (rest, Side { term: Term::Number(number), kind: Some(found) }) if found == kind => Ok((rest, number)),
        _ => fault(start, expected),
    }
}

/// How long a span is: whole seconds.
fn width(input: &str) -> Parsed<'_, u32> {
    let (rest, seconds) = measured(input, Kind::Time, "a time is expected here: 30s, 5m, 1h or 1d")?;
    if seconds % 1.0 != 0.0 || !(1.0..=LONGEST).contains(&seconds) {
        return fault(input.trim_start(), "a time here is at least 1s and at most 31d, in whole seconds");
    }
    Ok((rest, seconds as u32))
}

/// `14.4x`
fn factor(input: &str) -> Parsed<'_, f64> {
    let (rest, factor) = measured(input, Kind::Times, "how many times too fast is expected here: burn 14.4x")?;
    if factor > 0.0 { Ok((rest, factor)) } else { fault(input.trim_start(), "burn is more than 0x: burn 14.4x") }
}

/// A whole number.
fn how_many(input: &str) -> Parsed<'_, u64> {
    let start = input.trim_start();
    let more = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '%');
    match digit1::<_, Fault<'_>>(start).map(|(rest, digits)| (rest, digits.parse())) {
        Ok((rest, Ok(number))) if !more(rest) => Ok((rest, number)),
        _ => fault(start, "how many requests is expected here, a whole number: min 200"),
    }
}
