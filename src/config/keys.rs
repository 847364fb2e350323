//! The table of all that can be set: name, how it is written, where it goes, and what a text of it must be.

use super::error::Mistakes;
use super::{Config, OnInconclusive, Source, Text};
use crate::filter::{PathFilter, StatusFilter, WordFilter};
use crate::gate::Expected;
use crate::route::Pattern;
use crate::rule::limit::limit;
use crate::rule::{Level, Limit, nearest};
use crate::service::ServiceRules;

/// A key of a table `T`.
pub(super) struct Key<T> {
    pub(super) name: &'static str,
    /// A value as a file writes it.
    pub(super) example: &'static str,
    /// Where it goes: says its type too.
    pub(super) slot: fn(&mut T) -> Slot<'_>,
    /// What a text of it must be.
    check: Check,
}

/// Says what is wrong with a text; `None` where the slot does.
type Check = Option<fn(&str) -> Result<(), String>>;

/// Where a value goes.
pub(super) enum Slot<'c> {
    Text(&'c mut Option<String>),
    Texts(&'c mut Option<Vec<String>>),
    Flag(&'c mut Option<bool>),
    Limit(&'c mut Option<Limit>),
    Limits(&'c mut Option<Vec<Limit>>),
    Expected(&'c mut Option<Vec<Expected>>),
    Level(&'c mut Option<Level>),
    Inconclusive(&'c mut Option<OnInconclusive>),
}

/// A rule as far as it is read.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) name: Option<String>,
    pub(super) when: Option<Limit>,
    pub(super) severity: Option<Level>,
    pub(super) fix: Option<String>,
}

/// `[check]`
pub(super) const CHECK: &[Key<Config>] = &[
    key("fail_on", r#"["rate(5xx) > 1%"]"#, |c| Slot::Limits(&mut c.check.fail_on), None),
    key("expect", r#"["/login=401,302"]"#, |c| Slot::Expected(&mut c.check.expect), None),
    key("baseline", r#""baseline.json""#, |c| Slot::Text(&mut c.check.baseline), Some(filled)),
    key("on_inconclusive", r#""report""#, |c| Slot::Inconclusive(&mut c.check.on_inconclusive), None),
    key("strict", "false", |c| Slot::Flag(&mut c.check.strict), None),
    key("max_rejects", r#""5%""#, |c| Slot::Text(&mut c.check.max_rejects), Some(rejects)),
    key("output", r#"["table"]"#, |c| Slot::Texts(&mut c.check.output), Some(filled)),
];

/// `[read]`
pub(super) const READ: &[Key<Config>] = &[
    key("format", r#""nginx-combined""#, |c| Slot::Text(&mut c.read.format), Some(filled)),
    key("tz", r#""Europe/Berlin""#, |c| Slot::Text(&mut c.read.tz), Some(filled)),
    key("service", r#"["api=api*.log"]"#, |c| Slot::Texts(&mut c.read.service), Some(service)),
    key("route", r#"["/users/{id}"]"#, |c| Slot::Texts(&mut c.read.route), Some(|t| said(Pattern::parse(t)))),
    key("status", r#"["!404"]"#, |c| Slot::Texts(&mut c.read.status), Some(|t| said(StatusFilter::parse(t)))),
    key("path", r#"["!/healthz"]"#, |c| Slot::Texts(&mut c.read.path), Some(|t| said(PathFilter::parse(t)))),
    key("method", r#"["GET,POST"]"#, |c| Slot::Texts(&mut c.read.method), Some(|t| said(WordFilter::parse(t)))),
    key("host", r#"["*.example.com"]"#, |c| Slot::Texts(&mut c.read.host), Some(|t| said(WordFilter::parse(t)))),
    key("since", r#""-1h""#, |c| Slot::Text(&mut c.read.since), Some(filled)),
    key("until", r#""now""#, |c| Slot::Text(&mut c.read.until), Some(filled)),
];

/// `[[rule]]`
pub(super) const RULE: &[Key<Draft>] = &[
    key("name", r#""payments fail""#, |d| Slot::Text(&mut d.name), Some(filled)),
    key("when", r#""rate(5xx) > 1%""#, |d| Slot::Limit(&mut d.when), None),
    key("severity", r#""critical""#, |d| Slot::Level(&mut d.severity), None),
    key("fix", r#""Tell the team.""#, |d| Slot::Text(&mut d.fix), Some(filled)),
];

/// Tables whose keys variables can set, too.
pub(super) const TABLES: &[(&str, &[Key<Config>])] = &[("check", CHECK), ("read", READ)];

const fn key<T>(name: &'static str, example: &'static str, slot: fn(&mut T) -> Slot<'_>, check: Check) -> Key<T> {
    Key { name, example, slot, check }
}

fn filled(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("this is empty: leave the key out, or fill it".into()) } else { Ok(()) }
}

fn said<T, E: ToString>(read: Result<T, E>) -> Result<(), String> {
    read.map(drop).map_err(|e| e.to_string())
}

fn service(text: &str) -> Result<(), String> {
    said(ServiceRules::parse([text]))
}

fn rejects(text: &str) -> Result<(), String> {
    percent(text).map(drop).ok_or_else(|| format!("'{text}' is no percentage from 0 to 100"))
}

/// A percentage from 0 to 100, with its sign or without, as a share.
pub fn percent(text: &str) -> Option<f64> {
    let number = text.trim().trim_end_matches('%').trim();
    number.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent)).map(|percent| percent / 100.0)
}

/// A value as it was written.
pub(super) enum Given<'s> {
    Text(Text<'s>),
    List(Vec<Text<'s>>),
    Flag(bool),
    /// What else it is, in words.
    Other(&'static str),
}

impl Given<'_> {
    const fn words(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Flag(_) => "true or false",
            Self::Other(words) => words,
        }
    }
}

impl Slot<'_> {
    /// What it takes, behind "is".
    const fn wants(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Limit(_) | Self::Level(_) | Self::Inconclusive(_) => "a text in quotes",
            Self::Texts(_) | Self::Limits(_) | Self::Expected(_) => "a list of texts",
            Self::Flag(_) => "true or false, without quotes",
        }
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(self, Self::Texts(_) | Self::Limits(_) | Self::Expected(_))
    }
}

impl<T> Key<T> {
    /// Puts a value into its place, or says what is wrong with it.
    pub(super) fn put(&self, target: &mut T, given: Given<'_>, place: (&Source<'_>, usize), errors: &mut Mistakes) {
        let words = given.words();
        match ((self.slot)(target), given) {
            (Slot::Flag(slot), Given::Flag(flag)) => *slot = Some(flag),
            (Slot::Texts(slot), Given::List(texts)) => *slot = Some(all(&texts, errors, |text| self.checked(text))),
            // A single one needs no brackets.
            (Slot::Texts(slot), Given::Text(text)) => *slot = Some(all(&[text], errors, |text| self.checked(text))),
            (Slot::Limits(slot), Given::List(texts)) => *slot = Some(all(&texts, errors, limit_of)),
            (Slot::Limits(slot), Given::Text(text)) => *slot = Some(all(&[text], errors, limit_of)),
            (Slot::Expected(slot), Given::List(texts)) => *slot = Some(all(&texts, errors, expected)),
            (Slot::Expected(slot), Given::Text(text)) => *slot = Some(all(&[text], errors, expected)),
            (Slot::Text(slot), Given::Text(text)) => *slot = one(&text, errors, |text| self.checked(text)),
            (Slot::Limit(slot), Given::Text(text)) => *slot = one(&text, errors, limit_of),
            (Slot::Level(slot), Given::Text(text)) => *slot = one(&text, errors, |t| chosen(t, Level::ALL, Level::word)),
            (Slot::Inconclusive(slot), Given::Text(text)) => {
                *slot = one(&text, errors, |t| chosen(t, OnInconclusive::ALL, OnInconclusive::word));
            }
            (slot, _) => {
                let what = format!("{} is {}, and this is {words}: write {} = {}", self.name, slot.wants(), self.name, self.example);
                errors.add(place.1, || place.0.error(what, place.1));
            }
        }
    }

    fn checked(&self, text: &str) -> Result<String, Wrong> {
        self.check.map_or(Ok(()), |check| check(text)).map(|()| text.to_owned()).map_err(|what| (what, 0))
    }
}

/// What is wrong with a text, and at which byte of it.
type Wrong = (String, usize);

fn one<V>(text: &Text<'_>, errors: &mut Mistakes, read: impl Fn(&str) -> Result<V, Wrong>) -> Option<V> {
    read(&text.text).map_err(|(what, at)| errors.add(text.span.start, || text.error(what, at))).ok()
}

fn all<V>(texts: &[Text<'_>], errors: &mut Mistakes, read: impl Fn(&str) -> Result<V, Wrong>) -> Vec<V> {
    texts.iter().filter_map(|text| one(text, errors, &read)).collect()
}

fn limit_of(text: &str) -> Result<Limit, Wrong> {
    limit(text).map_err(|e| (e.what().to_owned(), e.place()))
}

fn expected(text: &str) -> Result<Expected, Wrong> {
    Expected::parse(text).map_err(|e| (e.to_string(), 0))
}

fn chosen<V: Copy>(text: &str, all: &[V], word: fn(V) -> &'static str) -> Result<V, Wrong> {
    all.iter().copied().find(|value| word(*value) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|value| word(*value)).collect();
        (format!("'{text}' is none of {}{}", words.join(", "), nearest(text, words.iter().copied())), 0)
    })
}
