//! What changed, in sentences with their numbers. Names of routes stand in the sentences as the log has them: whoever writes
//! them cleans them.

use super::view::{Latency, Outcome, Pair, Presence, Quantile, Rate, RouteRow, Share, Standardised};
use crate::model::human::{count, counted, percent, seconds, share, times};

/// `0.20 % (12 of 6,000)`
fn share_of(of: &Share) -> String {
    format!("{} ({} of {})", percent(of.count, of.of), count(of.count), count(of.of))
}

/// `5xx 0.20 % (12 of 6,000) -> 1.0 % (60 of 6,000): 5.0x, between 2.7x and 9.3x; mostly 502 (2 -> 48)`
pub(super) fn rate(class: &str, rate: &Rate, mostly: Option<(u16, Pair<u64>)>) -> String {
    let mut text = format!("{class} {} -> {}", share_of(&rate.before), share_of(&rate.after));
    if let Some(ratio) = rate.ratio {
        text.push_str(&format!(": {}", times(ratio)));
        if let Some((low, high)) = rate.interval {
            text.push_str(&format!(", between {} and {}", times(low), times(high)));
        }
    }
    if let Some((code, pair)) = mostly {
        text.push_str(&format!("; mostly {code:03} ({} -> {})", count(pair.before), count(pair.after)));
    }
    text
}

/// `errors of all routes together: 40 where 12 were to be expected: 3.3x, between 1.7x and 6.5x`
pub(super) fn together(fair: &Standardised) -> String {
    let mut text =
        format!("5xx of all routes, each held against itself: {} where {} would be as before", count(fair.count), whole(fair.expected));
    if let Some(ratio) = fair.ratio {
        text.push_str(&format!(": {}", times(ratio)));
    }
    if let Some((low, high)) = fair.interval {
        text.push_str(&format!(", between {} and {}", times(low), times(high)));
    }
    text + "; no single route says so by itself"
}

fn whole(number: f64) -> String {
    if number < 9.95 { format!("{number:.1}") } else { count(number.round() as u64) }
}

/// `p95 120 ms -> 480 ms: 4.0x (before 110 to 131 ms, after …)`; the other quantiles behind it.
pub(super) fn latency(latency: &Latency, outcome: Outcome) -> String {
    let quantiles = latency.quantiles();
    let size = |q: &Quantile| q.ratio.map_or(0.0, |ratio| ratio.max(1.0 / ratio.max(f64::MIN_POSITIVE)));
    // Of equal ones the first: it is of more requests.
    let changed = quantiles.iter().rev().filter(|(_, q)| q.outcome == outcome);
    let Some((name, most)) = changed.max_by(|(_, a), (_, b)| size(a).total_cmp(&size(b))) else { return String::new() };
    let step = |q: &Quantile| format!("{} -> {}", q.before.map_or("none".into(), seconds), q.after.map_or("none".into(), seconds));
    let mut text = format!("{name} {}", step(most));
    if let Some(ratio) = most.ratio {
        text.push_str(&format!(": {}", times(ratio)));
    }
    if let (Some(before), Some(after)) = (most.before_interval, most.after_interval) {
        let range = |(low, high): (f64, f64)| match (seconds(low), seconds(high)) {
            (low, high) if low == high => low,
            (low, high) => format!("{low} to {high}"),
        };
        text.push_str(&format!(" (surely {} before, {} after)", range(before), range(after)));
    }
    for (other, q) in quantiles.iter().filter(|(other, _)| other != name) {
        text.push_str(&format!("; {other} {}", step(q)));
    }
    format!("{text}; {} -> {}", count(latency.count.before), counted(latency.count.after, "request"))
}

/// `503 is new: 41 of 6,000 requests, none of 5,800 before`
pub(super) fn new_code(code: u16, hits: u64, requests: Pair<u64>, few: u64) -> String {
    let before = match requests.before {
        before if before < few => format!("none of only {} before, which is little to go by", count(before)),
        before => format!("none of {} before", count(before)),
    };
    format!("{code:03} is new: {} of {}, {before}", count(hits), counted(requests.after, "request"))
}

/// `304 is gone: 410 of 2,000 requests before, none of 1,900`
pub(super) fn vanished_code(code: u16, hits: u64, requests: Pair<u64>) -> String {
    format!("{code:03} is gone: {} of {} before, none of {}", count(hits), counted(requests.before, "request"), count(requests.after))
}

/// `a new route: 210 requests (3.5 % of all), of which 44 (21 %) are 5xx, most of them 502`
pub(super) fn new_route(row: &RouteRow, errors: u64, mostly: Option<u16>) -> String {
    let text = format!("a new route: {} ({} of all)", counted(row.requests.after, "request"), share(row.traffic.after));
    match mostly {
        Some(code) => {
            format!("{text}, of which {} ({}) are 5xx, mostly {code:03}", count(errors), percent(errors, row.requests.after))
        }
        None => text,
    }
}

/// `the route is gone: 900 requests before (12 % of all), none of 6,000 after`
pub(super) fn vanished_route(row: &RouteRow, requests_after: u64) -> String {
    let before = counted(row.requests.before, "request");
    format!("the route is gone: {before} before ({} of all), none of {} after", share(row.traffic.before), count(requests_after))
}

/// `12 % of all requests -> 48 %: 4.0x its part (24 -> 96 a minute)`
pub(super) fn volume(row: &RouteRow) -> String {
    let Pair { before, after } = row.traffic;
    let minutes = match (row.per_minute.before, row.per_minute.after) {
        (Some(before), Some(after)) => format!(" ({} -> {} a minute)", whole(before), whole(after)),
        _ => String::new(),
    };
    format!("{} of all requests -> {}: {} its part{minutes}", share(before), share(after), times(after / before))
}

/// `too few requests to tell: 40 before`
pub(super) fn too_few(requests: Pair<u64>, presence: Presence, few: u64) -> String {
    let of = |number: u64, word: &str| format!("{} {word}", count(number));
    let (before, after) = (of(requests.before, "before"), of(requests.after, "after"));
    let which = match presence {
        Presence::New => after,
        Presence::Vanished => before,
        Presence::Both if requests.after >= few => before,
        Presence::Both if requests.before >= few => after,
        Presence::Both => format!("{before}, {after}"),
    };
    format!("too few requests to tell: {which}")
}

/// Why the sum of all routes says something else than the routes do, and which to believe.
pub(super) fn mix(plain: &Rate, fair: &Standardised, most: &RouteRow) -> String {
    let seen = match plain.outcome {
        Outcome::Worse => "rose",
        Outcome::Better => "fell",
        _ => "hardly changed",
    };
    let real = match fair.outcome {
        Outcome::Worse => "more often than before",
        Outcome::Better => "less often than before",
        _ => "as often as before",
    };
    let ratio = fair.ratio.map_or(String::new(), |ratio| format!(" ({})", times(ratio)));
    let name = most.name();
    let part = format!("{} -> {} of all requests", share(most.traffic.before), share(most.traffic.after));
    let why = match most.presence {
        Presence::New => format!("the new route {name} makes the difference"),
        _ if most.traffic.after > most.traffic.before => format!("requests moved to other routes, most to {name} ({part})"),
        _ => format!("requests moved to other routes, most away from {name} ({part})"),
    };
    format!(
        "The share of 5xx in all requests {seen} ({} -> {}), but route by route requests fail {real}{ratio}: {why}.",
        percent(plain.before.count, plain.before.of),
        percent(plain.after.count, plain.after.of)
    )
}
