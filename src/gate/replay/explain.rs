//! Why a rule did or did not fire at a time: for each group what its windows held, and what was missing.

use super::{has_prefixes, judge, until};
use crate::gate::judge::{ALPHA, Judge};
use crate::gate::ledger::Group;
use crate::gate::verdict::{Outcome, Part, Unit};
use crate::gate::watch::{FEWEST, Lack, State, Terms, Watched, watch};
use crate::gate::windows::{Series, part_of, unit_of, windows_of};
use crate::gate::{self, Rule, words};
use crate::model::{human, rfc3339};
use crate::report::Report;
use crate::rule::{Bound, Limit};
use crate::stats::{wilson, z_for};
use serde::Serialize;

/// Groups that are told.
const MOST: usize = 5;

/// Why a rule did or did not fire at a time. Its JSON form is a promise; fields may be added, none renamed.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// 1; grows when a field changes its meaning.
    pub schema_version: u32,
    /// The rule as written.
    pub rule: String,
    /// The time that was asked for.
    pub at: String,
    /// Up to when was counted: the last whole step before it.
    pub counted_until: String,
    /// The worst state of all groups.
    pub state: &'static str,
    /// Why, in a sentence.
    pub reason: String,
    /// What the values are: see [`Unit`].
    pub unit: Unit,
    /// The worst groups: at most five.
    pub groups: Vec<Standing>,
    /// How many groups there are.
    pub groups_total: usize,
    /// The times in seconds since 1970: asked for, counted until.
    #[serde(skip)]
    pub seconds: (i64, i64),
}

/// Where a rule stands for a group.
#[derive(Debug, Serialize)]
pub struct Standing {
    /// The numbers.
    #[serde(flatten)]
    pub part: Part,
    /// `firing`, `pending` or `quiet`; of a rule without windows `fail`, `inconclusive` or `pass`.
    pub state: &'static str,
    /// Since when it is true; `null` where it is not.
    pub since: Option<String>,
    /// When it fired, or when it would.
    pub fires: Option<String>,
    /// What is missing, in words; empty where nothing is.
    pub why: String,
    /// Since and fires in seconds since 1970.
    #[serde(skip)]
    pub seconds: Option<(i64, i64)>,
}

/// Explains a rule at a time, in seconds since 1970, in a report that was counted as its plan says, with windows.
pub fn explain(report: &Report, terms: &gate::Terms<'_>, rule: &Rule, at: i64) -> Explanation {
    let judge = judge(report, terms);
    let limit = &rule.limit;
    match limit.bound.filter(|_| !windows_of(limit).is_empty()) {
        Some(bound) => match judge.series(limit, bound) {
            Ok(series) => in_windows(&judge, limit, bound, &series, at),
            Err(note) => told(limit, at, at, Outcome::Inconclusive.word(), note, unit_of(limit), Vec::new()),
        },
        None => over_all(&judge, rule, at),
    }
}

fn told(limit: &Limit, at: i64, until: i64, state: &'static str, reason: String, unit: Unit, mut groups: Vec<Standing>) -> Explanation {
    let groups_total = groups.len();
    groups.truncate(MOST);
    let (rule, at_text) = (limit.text.clone(), rfc3339(at));
    Explanation {
        schema_version: 1,
        rule,
        at: at_text,
        counted_until: rfc3339(until),
        state,
        reason,
        unit,
        groups,
        groups_total,
        seconds: (at, until),
    }
}

fn in_windows(judge: &Judge<'_>, limit: &Limit, bound: Bound, series: &Series, at: i64) -> Explanation {
    let until = (at.div_euclid(series.step) * series.step).clamp(series.reach.0, series.reach.1);
    let z = judge.z_of(series);
    let mut standings: Vec<(u8, f64, Standing)> = Vec::new();
    for (group, ticks) in &series.groups {
        let Some(terms) = series.terms(limit, bound, group, z) else { continue };
        let watched = watch(ticks, series.step, (series.reach.0, until), &terms);
        let rank = match watched.state {
            State::Firing(_) => 2,
            State::Pending { .. } => 1,
            State::Quiet => 0,
        };
        let standing = standing(group, &terms, &watched);
        let value = standing.part.value.unwrap_or(0.0) - terms.threshold;
        // Of groups that are as bad, the one with most hits.
        let distance = if standing.part.denominator == 0 { f64::NEG_INFINITY } else { value * if terms.is_above() { 1.0 } else { -1.0 } };
        standings.push((rank, distance, standing));
    }
    standings.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(b.2.part.numerator.cmp(&a.2.part.numerator)));
    let of = |wanted: u8| standings.iter().filter(|(rank, ..)| *rank == wanted).count();
    let counts = (of(2), of(1));
    let reason = match counts {
        (0, 0) if standings.is_empty() => "the baseline has none of these groups to hold them against".to_owned(),
        (0, 0) => "it fires for no group, and is true for none".to_owned(),
        (0, pending) => format!("it fires for no group; for {pending} it is true, but not for long enough"),
        (firing, _) => format!("it fires for {firing} of {} groups", standings.len()),
    };
    let reason = if series.groups.len() == 1 { String::new() } else { reason };
    let state = standings.first().map_or(Outcome::Inconclusive.word(), |(.., standing)| standing.state);
    let groups = standings.into_iter().map(|(.., standing)| standing).collect();
    told(limit, at, until, state, reason, unit_of(limit), groups)
}

fn standing(group: &Group, terms: &Terms, watched: &Watched) -> Standing {
    let now = watched.now.first().copied().unwrap_or_default();
    let (state, seconds) = match &watched.state {
        State::Firing(firing) => ("firing", Some((firing.since, firing.fired))),
        State::Pending { since, .. } => ("pending", Some((*since, since + terms.lasting))),
        State::Quiet => ("quiet", None),
    };
    let part = part_of(terms, now);
    let part = Part {
        value: part.value.filter(|_| terms.is_count || now.all > 0),
        // The interval that the rule itself looks at.
        interval: part.interval.filter(|_| now.all > 0).map(|_| wilson(now.hits, now.all, terms.z.unwrap_or_else(|| z_for(ALPHA)))),
        ..part
    };
    Standing {
        part: group.part(part),
        state,
        since: seconds.map(|(since, _)| rfc3339(since)),
        fires: seconds.map(|(_, fires)| rfc3339(fires)),
        why: why(terms, watched),
        seconds,
    }
}

/// What is missing.
fn why(terms: &Terms, watched: &Watched) -> String {
    let Some((now, shorter)) = watched.now.split_first() else { return String::new() };
    let unit = if terms.is_count { Unit::Count } else { Unit::Share };
    let bound = unit.text(terms.threshold);
    let (beyond, side) = if terms.is_above() { ("above", "more") } else { ("below", "less") };
    let lack = terms.lack(*now);
    let goes_on = shorter.iter().all(|moment| terms.exceeds(*moment));
    let missing = match lack {
        None if !goes_on => format!("the short window is not {beyond} {bound}: it does not go on"),
        None => String::new(),
        Some(Lack::Requests) => "the window has no request".to_owned(),
        Some(Lack::Enough(min)) => format!("{}, and the rule asks for at least {min}", human::counted(now.all, "request")),
        Some(Lack::Violation) => format!("the value is not {side} than {bound}"),
        Some(Lack::Hits(rare)) if terms.is_above() => format!("{}, and fewer than {FEWEST} prove nothing", human::counted(rare, "hit")),
        Some(Lack::Hits(rare)) => format!("all but {rare} are hits, and fewer than {FEWEST} others prove nothing"),
        Some(Lack::Certainty) => format!("{side} than {bound}, but not beyond doubt: the interval holds {bound} too"),
    };
    match watched.state {
        State::Quiet => missing,
        State::Pending { .. } => format!("true, but not yet for {} s", terms.lasting),
        State::Firing(_) if missing.is_empty() => String::new(),
        State::Firing(_) => format!("{missing}; it fires until it is cleared"),
    }
}

/// A rule without windows: all that was counted until then.
fn over_all(judge: &Judge<'_>, rule: &Rule, at: i64) -> Explanation {
    let limit = &rule.limit;
    let (judged, end) = if has_prefixes(rule) {
        let end = judge.ledger.width().map_or(at, |width| at.div_euclid(width) * width);
        (until(judge, end).judge(limit), end)
    } else {
        (judge.judge(limit), judge.ledger.sums.span.map_or(at, |(_, end)| end + 1))
    };
    let mut reason = words::reason(limit, &judged);
    if !has_prefixes(rule) {
        reason.push_str(" (over the whole log: durations and lines that are no record are not counted by time without a window)");
    }
    let group = |(outcome, part): (Outcome, Part)| Standing {
        part,
        state: outcome.word(),
        since: None,
        fires: None,
        why: String::new(),
        seconds: None,
    };
    let groups = judged.parts.into_iter().map(group).collect();
    told(limit, at, end, judged.outcome.word(), reason, judged.unit, groups)
}
