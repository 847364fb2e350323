//! What a comparison says, in the words that all outputs share. Text of the logs is passed on as it is: whoever writes it cleans
//! it.

use crate::catalogue;
use crate::compare::{Change, Comparison, Kind, Latency, Outcome, Pair, Presence, RouteRow, Side};
use crate::model::human::{counted, times};
use crate::output::View;
use crate::output::human::{Times, count, percent, seconds};

/// Inputs of a side that are named.
const NAMED: usize = 3;

/// A sign that tells outcomes apart without colour, beside the words.
pub(super) const fn mark(outcome: Outcome) -> char {
    match outcome {
        Outcome::Worse => '✖',
        Outcome::Better => '✔',
        Outcome::Changed => '▲',
        Outcome::Unchanged => '·',
        Outcome::TooFew => '?',
    }
}

pub(super) const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Worse => "worse",
        Outcome::Better => "better",
        Outcome::Changed => "changed",
        Outcome::Unchanged => "no change",
        Outcome::TooFew => "too few",
    }
}

/// `requests 6,000 -> 6,100`, `5xx 0.20 % -> 1.0 %: 5.0x (route by route 4.9x)`, `p95 120 ms -> 480 ms`
pub(super) fn summary(comparison: &Comparison) -> Vec<String> {
    let mut parts = vec![format!("requests {} -> {}", count(comparison.before.requests), count(comparison.after.requests))];
    if let Some(rate) = &comparison.overall.errors {
        let (before, after) = (percent(rate.before.count, rate.before.of), percent(rate.after.count, rate.after.of));
        let ratio = rate.ratio.map_or(String::new(), |ratio| format!(": {}", times(ratio)));
        let fair = comparison.overall.standardised.as_ref().and_then(|fair| fair.ratio);
        let fair = fair.filter(|_| rate.before.count > 0).map_or(String::new(), |ratio| format!(" (route by route {})", times(ratio)));
        parts.push(format!("5xx {before} -> {after}{ratio}{fair}"));
    }
    if let Some(latency) = &comparison.overall.latency {
        parts.push(format!("p95 {}", step(latency)));
    }
    parts
}

/// `120 ms -> 480 ms`
pub(super) fn step(latency: &Latency) -> String {
    let text = |value: Option<f64>| value.map_or("-".to_owned(), seconds);
    format!("{} -> {}", text(latency.p95.before), text(latency.p95.after))
}

/// What a side was, and from when to when: `old.log: 15 Jun 2025 15:06 to 16:06 UTC, 100 requests a minute`.
pub(super) fn side(side: &Side, view: &View) -> String {
    let mut names: Vec<&str> = side.inputs.iter().map(String::as_str).take(NAMED).collect();
    let more = format!("{} more", side.inputs.len().saturating_sub(NAMED));
    if side.inputs.len() > NAMED {
        names.push(&more);
    }
    let mut text = names.join(", ");
    if side.baseline {
        text.push_str(" (a baseline)");
    }
    if let Some((start, end)) = side.span {
        let shown = Times::new(&view.zone, start, end);
        text.push_str(&format!(": {} {}", shown.span(start, end), shown.zone_name(end)));
    }
    if let Some(rate) = side.per_minute {
        text.push_str(&format!(", {} requests a minute", if rate < 9.95 { format!("{rate:.1}") } else { count(rate.round() as u64) }));
    }
    if side.rejected > 0 {
        text.push_str(&format!(", {} of {} rejected", count(side.rejected), counted(side.read, "line")));
    }
    text
}

/// The instant that parts one log.
pub(super) fn at(comparison: &Comparison, view: &View) -> Option<String> {
    let at = comparison.at.as_ref()?;
    let Ok(moment) = at.parse::<jiff::Timestamp>() else { return Some(format!("parted at {at}")) };
    let shown = moment.to_zoned(view.zone.clone()).strftime("%-d %b %Y %H:%M:%S %Z").to_string();
    Some(format!("parted at {shown}: requests from then on are after"))
}

/// How it came out, in a sentence or two.
pub(super) fn conclusion(comparison: &Comparison) -> String {
    let changes = comparison.changes.len() as u64;
    let worse = comparison.changes.iter().filter(|change| change.outcome == Outcome::Worse).count() as u64;
    let mut text = match (changes, worse) {
        (0, _) => "No change that is more than chance and large enough to matter.".to_owned(),
        (_, 0) => format!("{}, none of them for the worse.", counted(changes, "change")),
        (1, 1) => "1 change, for the worse.".to_owned(),
        _ => format!("{}, {} of them for the worse.", counted(changes, "change"), count(worse)),
    };
    if comparison.routes_too_few > 0 {
        text.push_str(&format!(
            " Too few requests to tell on {} of {}.",
            count(comparison.routes_too_few as u64),
            counted(comparison.routes_total as u64, "route")
        ));
    }
    // What is not there may only be too small to be seen.
    if worse == 0
        && let Some(ratio) = comparison.overall.errors.as_ref().and_then(|rate| rate.detectable)
    {
        text.push_str(&format!(" A rise of all 5xx to {} would be noticed four times in five.", times(ratio)));
    }
    text
}

/// Where it is: the service before the route, if there is one.
pub(super) fn place(change: &Change) -> String {
    with_service(change.service.as_deref(), &change.place())
}

/// Service, method and route.
pub(super) fn name(row: &RouteRow) -> String {
    with_service(row.service.as_deref(), &row.name())
}

fn with_service(service: Option<&str>, name: &str) -> String {
    service.map_or_else(|| name.to_owned(), |service| format!("{service}: {name}"))
}

/// `502 Bad Gateway: no valid answer from upstream. First: …`; nothing for what got better or has no code.
pub(super) fn advice(change: &Change) -> Option<String> {
    let is_known = matches!(change.kind, Kind::ServerErrors | Kind::ClientErrors | Kind::NewCode | Kind::NewRoute);
    let (code, short, step) = (change.code.filter(|code| is_known && *code >= 400)?, change.short?, change.first_step?);
    Some(format!("{code:03} {}: {short}. First: {step}", catalogue::name(code)))
}

/// Share of a class on each side.
pub(super) fn shares(row: &RouteRow, class: &str) -> Pair<String> {
    let hits = row.classes.get(class).copied().unwrap_or_default();
    let cell = |hits: u64, all: u64| if all == 0 { "-".to_owned() } else { percent(hits, all) };
    Pair::new(cell(hits.before, row.requests.before), cell(hits.after, row.requests.after))
}

/// What became of a route.
pub(super) fn state(row: &RouteRow) -> String {
    match (&row.note, row.presence, row.outcome) {
        (Some(note), ..) if row.outcome == Outcome::TooFew => note.clone(),
        (_, Presence::New, outcome) if outcome != Outcome::Worse => "new".into(),
        (_, Presence::New, _) => "new, fails".into(),
        (_, Presence::Vanished, _) => "gone".into(),
        (.., outcome) => word(outcome).into(),
    }
}
