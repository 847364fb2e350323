//! Rows -> the list of what changed, worst first.

use super::rates::FEW;
use super::rows::{JUDGED, LEAST_EXPECTED};
use super::sentences;
use super::view::{Change, Kind, Latency, Outcome, Overall, Pair, Presence, RouteRow, Side};
use crate::catalogue;
use crate::stats::{LEAST_DIFFERENCE, LEAST_EXTRA};
use std::cmp::Reverse;

/// A route whose part of all requests is so many times what it was, or so many times less, is told.
const LEAST_VOLUME: f64 = 3.0;

/// A change, and where it stands: those of a lower rank first, then those of more weight.
struct Told {
    change: Change,
    rank: u8,
    weight: f64,
    row: Option<usize>,
}

/// The changes of all rows, which are marked with them and put in their order.
pub(super) fn changes(rows: &mut Vec<RouteRow>, overall: &Overall, sides: &Pair<Side>) -> Vec<Change> {
    let mut told: Vec<Told> = rows.iter().enumerate().flat_map(|(at, row)| of_row(at, row, sides)).collect();
    told.extend(of_all(overall, &told));
    told.sort_by(|a, b| (a.rank, b.weight).partial_cmp(&(b.rank, a.weight)).unwrap_or(a.rank.cmp(&b.rank)));
    let mut places = vec![usize::MAX; rows.len()];
    for (place, told) in told.iter().enumerate() {
        // The first change of a row is its worst.
        if let Some(at) = told.row.filter(|&at| places[at] == usize::MAX) {
            places[at] = place;
            rows[at].outcome = told.change.outcome;
        }
    }
    let mut order: Vec<(usize, RouteRow)> = places.into_iter().zip(std::mem::take(rows)).collect();
    // Keys were in order, and those that are alike stay so.
    order.sort_by_key(|(place, row)| (*place, Reverse(row.requests.before.saturating_add(row.requests.after))));
    *rows = order.into_iter().map(|(_, row)| row).collect();
    told.into_iter().map(|told| told.change).collect()
}

fn of_row(at: usize, row: &RouteRow, sides: &Pair<Side>) -> Vec<Told> {
    let mut told = Vec::new();
    let mut tell = |kind: Kind, outcome: Outcome, code: Option<u16>, weight: f64, sentence: String| {
        told.push(Told { rank: rank(kind, outcome, code), weight, row: Some(at), change: change(row, kind, outcome, code, sentence) });
    };
    match row.presence {
        Presence::Both => {
            for (kind, outcome, code, weight, sentence) in shares(row).into_iter().chain(codes(row)).chain(volume(row, sides)) {
                tell(kind, outcome, code, weight, sentence);
            }
            if let Some((outcome, weight, sentence)) = row.latency.as_ref().and_then(slower) {
                tell(Kind::Latency, outcome, None, weight, sentence);
            }
        }
        Presence::New => {
            if let Some((outcome, code, weight)) = new_route(row) {
                tell(Kind::NewRoute, outcome, code, weight, sentences::new_route(row, errors(row), code));
            }
        }
        Presence::Vanished if row.outcome != Outcome::TooFew => {
            let sentence = sentences::vanished_route(row, sides.after.requests);
            tell(Kind::VanishedRoute, Outcome::Changed, None, row.requests.before as f64, sentence);
        }
        Presence::Vanished => {}
    }
    told
}

/// Kind, outcome, code, weight and sentence of a change.
type Part = (Kind, Outcome, Option<u16>, f64, String);

/// Classes that a route's requests end in more often, or less often.
fn shares(row: &RouteRow) -> Vec<Part> {
    let mut parts = Vec::new();
    for ((class, name), kind) in JUDGED.into_iter().zip([Kind::ServerErrors, Kind::ClientErrors, Kind::Redirects]) {
        let Some(rate) = row.rates.get(name).filter(|rate| matches!(rate.outcome, Outcome::Worse | Outcome::Better)) else { continue };
        let mostly = mostly(row, class);
        let outcome = if kind == Kind::Redirects { Outcome::Changed } else { rate.outcome };
        parts.push((kind, outcome, mostly.map(|(code, _)| code), rate.extra.abs(), sentences::rate(name, rate, mostly)));
    }
    parts
}

/// The code of a class that changed most for as many requests.
fn mostly(row: &RouteRow, class: u8) -> Option<(u16, Pair<u64>)> {
    let scale = row.requests.after as f64 / row.requests.before.max(1) as f64;
    let moved = |pair: &Pair<u64>| (pair.after as f64 - pair.before as f64 * scale).abs();
    let of_class = row.codes.iter().filter(|(code, _)| **code / 100 == u16::from(class));
    of_class.max_by(|(_, a), (_, b)| moved(a).total_cmp(&moved(b))).map(|(code, pair)| (*code, *pair))
}

/// New codes and vanished ones, unless a change of their class speaks of them already.
fn codes(row: &RouteRow) -> Vec<Part> {
    let known: Vec<u16> = shares(row).into_iter().filter_map(|(_, _, code, ..)| code).collect();
    let of = |code: &&u16| !known.contains(code);
    let is_error = |code: u16| code >= 400;
    let new = row.new_codes.iter().filter(of).map(|&code| {
        let hits = row.codes[&code].after;
        let outcome = if is_error(code) { Outcome::Worse } else { Outcome::Changed };
        (Kind::NewCode, outcome, Some(code), hits as f64, sentences::new_code(code, hits, row.requests, FEW))
    });
    let vanished = row.vanished_codes.iter().filter(of).map(|&code| {
        let hits = row.codes[&code].before;
        let outcome = if is_error(code) { Outcome::Better } else { Outcome::Changed };
        (Kind::VanishedCode, outcome, Some(code), hits as f64, sentences::vanished_code(code, hits, row.requests))
    });
    new.chain(vanished).collect()
}

/// A route's part of all requests, where it is quite another one.
fn volume(row: &RouteRow, sides: &Pair<Side>) -> Option<Part> {
    let Pair { before, after } = row.traffic;
    let ratio = after / before;
    let of_smaller = sides.before.requests.min(sides.after.requests) as f64;
    let enough = before.max(after) * of_smaller >= FEW as f64;
    let part = || (Kind::Volume, Outcome::Changed, None, ratio.ln().abs(), sentences::volume(row));
    (enough && ratio > 0.0 && !(1.0 / LEAST_VOLUME..LEAST_VOLUME).contains(&ratio)).then(part)
}

/// Outcome, weight and sentence of durations that changed. A quantile that is worse outweighs one that is better.
fn slower(latency: &Latency) -> Option<(Outcome, f64, String)> {
    let quantiles = latency.quantiles();
    let outcome = [Outcome::Worse, Outcome::Better].into_iter().find(|o| quantiles.iter().any(|(_, q)| q.outcome == *o))?;
    let changed = quantiles.iter().filter(|(_, q)| q.outcome == outcome);
    // Of one factor, seconds that many people wait weigh more.
    let lost = changed.filter_map(|(_, q)| Some((q.after? - q.before?).abs())).fold(0.0, f64::max);
    let weight = lost * latency.count.after as f64;
    Some((outcome, weight, sentences::latency(latency, outcome)))
}

fn errors(row: &RouteRow) -> u64 {
    row.classes.get("5xx").map_or(0, |pair| pair.after)
}

/// Outcome, code and weight of a route that there was not: one that fails is worse than any that only is new.
fn new_route(row: &RouteRow) -> Option<(Outcome, Option<u16>, f64)> {
    let failed = errors(row);
    if failed as f64 >= LEAST_EXTRA && failed as f64 >= LEAST_DIFFERENCE * row.requests.after as f64 {
        let mostly = row.codes.iter().filter(|(code, _)| **code / 100 == 5).max_by_key(|(_, pair)| pair.after);
        return Some((Outcome::Worse, mostly.map(|(code, _)| *code), failed as f64));
    }
    (row.outcome != Outcome::TooFew && row.requests.after as f64 >= LEAST_EXPECTED).then_some((
        Outcome::Changed,
        None,
        row.requests.after as f64,
    ))
}

/// All routes together, where none of them is worse by itself: many small rises that are one large one.
fn of_all(overall: &Overall, told: &[Told]) -> Option<Told> {
    let fair = overall.standardised.as_ref()?;
    let same = |told: &Told| told.change.kind == Kind::ServerErrors && told.change.outcome == fair.outcome;
    if !matches!(fair.outcome, Outcome::Worse | Outcome::Better) || told.iter().any(same) {
        return None;
    }
    let scale = |pair: &Pair<u64>| pair.after as f64 - pair.before as f64;
    let errors = overall.codes.iter().filter(|(code, _)| **code / 100 == 5);
    let code = errors.max_by(|(_, a), (_, b)| scale(a).abs().total_cmp(&scale(b).abs())).map(|(code, _)| *code);
    let change = Change { sentence: sentences::together(fair), ..about(code, Kind::ServerErrors, fair.outcome) };
    Some(Told { change, rank: rank(Kind::ServerErrors, fair.outcome, code), weight: f64::INFINITY, row: None })
}

fn change(row: &RouteRow, kind: Kind, outcome: Outcome, code: Option<u16>, sentence: String) -> Change {
    let (service, method, route) = (row.service.clone(), row.method.clone(), Some(row.route.clone()));
    Change { service, method, route, sentence, ..about(code, kind, outcome) }
}

/// A change with what the catalogue knows of its code. Of what got better there is nothing to do.
fn about(code: Option<u16>, kind: Kind, outcome: Outcome) -> Change {
    let entry = code.and_then(|code| catalogue::lookup(i16::try_from(code).ok()?).into_iter().next());
    let todo = entry.filter(|_| outcome != Outcome::Better);
    Change {
        kind,
        outcome,
        service: None,
        method: None,
        route: None,
        code,
        sentence: String::new(),
        meaning: entry.map(|entry| entry.meaning),
        short: entry.map(|entry| entry.short),
        first_step: todo.map(|entry| entry.first_step),
    }
}

/// How bad it is: lower is worse.
fn rank(kind: Kind, outcome: Outcome, code: Option<u16>) -> u8 {
    match (kind, outcome) {
        (_, Outcome::Better) => 20,
        (Kind::ServerErrors, _) | (Kind::NewRoute, Outcome::Worse) => 0,
        (Kind::ClientErrors, _) => 1,
        (Kind::Latency, _) => 2,
        (Kind::NewCode, _) => match code.unwrap_or(0) / 100 {
            5 => 3,
            4 => 4,
            _ => 5,
        },
        (Kind::VanishedRoute, _) => 6,
        (Kind::VanishedCode, _) => 7,
        (Kind::Redirects, _) => 8,
        (Kind::Volume, _) => 9,
        (Kind::NewRoute, _) => 10,
    }
}
