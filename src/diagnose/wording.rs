//! Numbers and sentences of findings.

use super::group::Members;
use crate::rule::words::Kind;
use crate::rule::{self, Piece, Term};

/// A value as people write it.
pub(super) fn value(number: f64, kind: Kind) -> String {
    match kind {
        Kind::Share => share(number),
        Kind::Times => format!("{}x", plain(number)),
        Kind::Time => seconds(number),
        Kind::Bytes => format!("{} bytes", plain(number)),
        _ => plain(number),
    }
}

fn plain(number: f64) -> String {
    if number.abs() >= 100.0 || (number - number.round()).abs() < 0.005 { grouped(number.round()) } else { format!("{number:.1}") }
}

fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0.0 { format!("-{text}") } else { text }
}

/// `0 %` and `100 %` only when it is all or nothing.
pub(super) fn share(number: f64) -> String {
    let percent = number * 100.0;
    match percent {
        p if p <= 0.0 => "none".into(),
        p if p >= 100.0 => "all".into(),
        p if p < 0.1 => "under 0.1 %".into(),
        p if p > 99.9 => "over 99.9 %".into(),
        p if !(10.0..99.0).contains(&p) => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

fn seconds(number: f64) -> String {
    match number {
        s if s < 0.0005 => "under 1 ms".into(),
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 10.0 => format!("{s:.2} s"),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// A sentence with its terms worked out; `None` when one of them has no value here.
pub(super) fn sentence(pieces: &[Piece], members: &Members<'_, '_>) -> Option<String> {
    let mut out = String::new();
    let mut one = false;
    for piece in pieces {
        match piece {
            Piece::Text(text) if one => out.push_str(&singular(text)),
            Piece::Text(text) => out.push_str(text),
            Piece::Term(Term::Field(field)) => out.push_str(&members.usual(*field)?),
            Piece::Term(term) => {
                let (number, kind) = (rule::value_of(term, members)?, term.kind()?);
                one = kind == Kind::Number && (0.995..1.005).contains(&number);
                out.push_str(&value(number, kind));
                continue;
            }
        }
        one = false;
    }
    // A share that is everything or nothing is a word, and the words around it are made for a number.
    Some(out.replace("all of all ", "all ").replace("none of all ", "none of the "))
}

/// The text behind a one: its first word stands for one thing.
fn singular(text: &str) -> String {
    let Some(rest) = text.strip_prefix(' ') else { return text.into() };
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(end);
    let one = word
        .strip_suffix("sses")
        .map(|stem| format!("{stem}ss"))
        .or_else(|| word.strip_suffix("ies").map(|stem| format!("{stem}y")))
        .or_else(|| word.strip_suffix('s').map(Into::into));
    match one.filter(|_| word.len() > 3) {
        Some(one) => format!(" {one}{behind}"),
        None => text.into(),
    }
}
