//! Formats that go on where a built-in one ends: what people put behind `combined`.
//!
//! Two shapes are understood without a flag: `key=value` pairs (`rt=0.012 uct="0.001"`), by their keys, and a bare number
//! with three decimals, which is how nginx writes seconds, or four, as Rack does. Everything else behind the known part is
//! read past. What was assumed is said, and `-f` overrules it.

use super::builtin::Builtin;
use super::clock::Clock;
use super::field::{Field, Unit};
use super::program::Program;
use super::template::{self, UserName};
use super::value;
use super::{Fit, variables};
use crate::model::Record;
use jiff::tz::TimeZone;

/// A built-in format with its tail.
pub(super) struct Longer {
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) note: Option<String>,
}

/// One part of a tail.
#[derive(Debug, PartialEq)]
struct Token<'a> {
    /// What stands before the value: white space, `key=`, a quote.
    before: &'a str,
    key: Option<&'a str>,
    value: &'a str,
    /// What stands after the value: the closing quote or nothing.
    after: &'a str,
}

/// The builtin with the tail that most of `lines` have, if one is found that fits more than half of them to their end.
pub(super) fn longer(builtin: &Builtin, lines: &[&[u8]]) -> Option<Longer> {
    let base = template::program(builtin.template, builtin.syntax()?, UserName::OneWord).ok()?;
    let tails: Vec<&str> =
        lines.iter().filter_map(|l| base.tail(l)).filter_map(|t| std::str::from_utf8(t).ok()).filter(|t| !t.is_empty()).collect();
    let tokens = tokens(tails.first()?)?;
    let fields = fields(&tokens, &tails)?;
    let tail = tokens.iter().zip(&fields).map(|(t, field)| (t.before, field.clone(), t.after));
    let program = template::extended(builtin.template, builtin.syntax()?, tail).ok()?;
    let mut clock = Clock::new(TimeZone::UTC);
    let whole = lines.iter().filter(|l| matches!(program.parse(l, &mut clock, &mut Record::default()), Ok(Fit::Whole))).count();
    if whole * 2 <= lines.len() {
        return None;
    }
    let keys: Vec<&str> = tokens.iter().filter_map(|t| t.key).collect();
    let bare = tokens.iter().zip(&fields).any(|(t, f)| t.key.is_none() && *f != Field::Skip);
    let mut name = builtin.name.to_owned();
    if !keys.is_empty() {
        name = format!("{name} + {}", keys.join(" "));
    }
    if bare {
        name.push_str(" + seconds");
    }
    let place = if builtin.template.contains("gent") { "with three decimals behind the user agent" } else { "with decimals at the end" };
    let note = bare.then(|| format!("the number {place} is taken for the time of the whole request in seconds; -f tells otherwise"));
    Some(Longer { name, program, note })
}

/// What to say about a tail that is not understood.
pub(super) fn unread(builtin: &Builtin, lines: &[&[u8]]) -> Option<String> {
    let base = template::program(builtin.template, builtin.syntax()?, UserName::OneWord).ok()?;
    let tail = lines.iter().filter_map(|l| base.tail(l)).find(|t| !t.is_empty())?;
    let shown: String = String::from_utf8_lossy(tail).trim().chars().take(60).collect();
    Some(format!("what stands behind the known part of a line is not read: '{shown}'; -f with the server's format string reads it"))
}

/// Splits a tail at white space, quotes respected.
fn tokens(tail: &str) -> Option<Vec<Token<'_>>> {
    let (mut found, mut rest) = (Vec::new(), tail);
    while !rest.trim_start().is_empty() {
        let space = rest.len() - rest.trim_start().len();
        let word = &rest[space..];
        let key_end = word.find(['=', '"', ' ']).filter(|&at| word.as_bytes()[at] == b'=' && at > 0);
        let key = key_end.map(|at| &word[..at]);
        let value_at = key_end.map_or(0, |at| at + 1);
        let (quote, value) = match word[value_at..].strip_prefix('"') {
            Some(inner) => (1, &inner[..inner.find('"')?]),
            None => (0, &word[value_at..][..word[value_at..].find(' ').unwrap_or(word.len() - value_at)]),
        };
        let start = space + value_at + quote;
        let end = start + value.len();
        found.push(Token { before: &rest[..start], key, value, after: &rest[end..end + quote] });
        rest = &rest[end + quote..];
    }
    // A tail of many words without keys is a sentence, or a field that this would cut to pieces.
    (!found.is_empty() && found.len() <= 24).then_some(found)
}

/// What each token is: by its key, or as the one number of seconds.
fn fields(first: &[Token<'_>], tails: &[&str]) -> Option<Vec<Field>> {
    let bare: Vec<usize> = (0..first.len()).filter(|&at| first[at].key.is_none() && is_seconds(first[at].value)).collect();
    let durations: Option<(usize, Option<usize>)> = match *bare.as_slice() {
        [] => None,
        [one] => Some((one, None)),
        // The whole request takes no less than the part of it that the upstream took.
        [a, b] => Some(if sum(tails, a) >= sum(tails, b) { (a, Some(b)) } else { (b, Some(a)) }),
        _ => return None,
    };
    let fields: Vec<Field> = first
        .iter()
        .enumerate()
        .map(|(at, token)| match (token.key, durations) {
            (Some(key), _) => variables::short_key(key).unwrap_or(Field::Skip),
            (None, Some((whole, _))) if at == whole => Field::Duration(Unit::Seconds),
            (None, Some((_, Some(upstream)))) if at == upstream => Field::UpstreamTime(Unit::Seconds),
            (None, _) => Field::Skip,
        })
        .collect();
    fields.iter().any(|f| *f != Field::Skip).then_some(fields)
}

/// `0.123`, `0.1234`: how nginx and Rack write seconds.
fn is_seconds(value: &str) -> bool {
    value.split_once('.').is_some_and(|(whole, fraction)| {
        matches!(fraction.len(), 3 | 4) && !whole.is_empty() && [whole, fraction].iter().all(|d| d.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn sum(tails: &[&str], at: usize) -> f64 {
    let values = tails.iter().filter_map(|tail| value::duration(tokens(tail)?.get(at)?.value.as_bytes(), Unit::Seconds));
    values.map(|d| d.as_secs_f64()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_falls_into_tokens() {
        let parts: Vec<_> =
            tokens(r#" rt=0.001 uct="-" "x y" 0.002"#).unwrap().into_iter().map(|t| (t.before, t.key, t.value, t.after)).collect();
        assert_eq!(
            parts,
            [(" rt=", Some("rt"), "0.001", ""), (" uct=\"", Some("uct"), "-", "\""), (" \"", None, "x y", "\""), (" ", None, "0.002", "")]
        );
    }

    #[test]
    fn the_larger_of_two_bare_numbers_is_the_whole_time() {
        let tails = [" 0.001 0.002", " 0.010 0.020"];
        let first = tokens(tails[0]).unwrap();
        assert_eq!(fields(&first, &tails), Some(vec![Field::UpstreamTime(Unit::Seconds), Field::Duration(Unit::Seconds)]));
    }
}
