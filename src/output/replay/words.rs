//! What the table and Markdown say in the same words.

use crate::gate::{self, Explanation, Firing, History, Onset, Part, Replay, Replayed, Standing, Tenth, Trial};
use crate::output::View;
use crate::output::human::{self, Times};

/// Characters of a text from a log at the most: routes of hostile logs are as long as lines.
const LONGEST: usize = 300;

/// Times as the reader wants them.
pub(super) struct Clock(Times);

impl Clock {
    pub(super) fn of(replay: &Replay, view: &View) -> Self {
        let (start, end) = replay.span.as_ref().map_or((0, 0), |span| (span.start_seconds, span.end_seconds));
        Self(Times::new(&view.zone, start, end))
    }

    /// Of one time: always with its day.
    pub(super) fn at(seconds: i64, view: &View) -> Self {
        Self(Times::new(&view.zone, seconds, seconds + 86_400))
    }

    pub(super) fn moment(&self, at: i64) -> String {
        self.0.moment(at, 0)
    }

    pub(super) fn zone(&self, at: i64) -> String {
        self.0.zone_name(at)
    }

    pub(super) fn span(&self, replay: &Replay) -> String {
        replay.span.as_ref().map_or_else(
            || "no line states its time".to_owned(),
            |span| format!("{} {}", self.0.span(span.start_seconds, span.end_seconds), self.0.zone_name(span.start_seconds)),
        )
    }
}

/// `5,760 requests of access.log`
pub(super) fn judged(replay: &Replay) -> String {
    let inputs: Vec<String> = replay.inputs.iter().take(3).map(|input| clip(&input.path)).collect();
    let more = if replay.inputs.len() > 3 { format!(" and {} more", replay.inputs.len() - 3) } else { String::new() };
    format!("{} requests of {}{more}", human::count(replay.lines.parsed), inputs.join(", "))
}

/// A text from a log, not longer than anybody reads.
pub(super) fn clip(text: &str) -> String {
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain(['…']).collect() }
}

/// `POST /api/payments`
pub(super) fn group(service: Option<&String>, method: Option<&String>, route: Option<&String>, code: Option<u16>) -> String {
    let place = gate::place(service.map(String::as_str), method.map(String::as_str), route.map(String::as_str), code);
    if place.is_empty() { "all together".to_owned() } else { clip(&place) }
}

pub(super) fn group_of(firing: &Firing) -> String {
    group(firing.service.as_ref(), firing.method.as_ref(), firing.route.as_ref(), firing.code)
}

pub(super) fn place(part: &Part) -> String {
    group(part.service.as_ref(), part.method.as_ref(), part.route.as_ref(), part.code)
}

/// Alerts a day; `-` where nothing tells.
pub(super) fn a_day(history: &History) -> String {
    history.alerts_a_day.map_or_else(|| "-".to_owned(), |number| format!("{number:.1}"))
}

/// A stretch of time: `0 s`, `5 min`.
pub(super) fn delay(seconds: Option<i64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), human::length)
}

/// What a rule over windows did, in a sentence.
pub(super) fn summary(history: &History) -> String {
    let times = match history.firings.len() {
        0 => return "It would not have fired.".to_owned(),
        1 => "It would have fired once".to_owned(),
        n => format!("It would have fired {} times", human::count(n as u64)),
    };
    let a_day = history.alerts_a_day.map_or_else(String::new, |number| format!(", {number:.1} a day"));
    let after = match (history.median_delay_seconds, history.delay_from) {
        (Some(seconds), Some(Onset::Incident)) => format!(", {} after the start of an incident (median)", human::length(seconds)),
        (Some(seconds), Some(Onset::Window)) => format!(", {} after the start of the first window (median)", human::length(seconds)),
        _ => String::new(),
    };
    let false_alarms = match history.without_incident {
        _ if !history.incidents_known => "; no scan tells which were false alarms, for too little is not told from a quiet time".to_owned(),
        0 => "; each time in an incident".to_owned(),
        n => format!("; {} outside of any incident: false alarms, if the log was well", human::count(n as u64)),
    };
    format!("{times}{a_day}{after}{false_alarms}.")
}

/// Why there is neither a history nor a verdict over time.
pub(super) fn timeless(rule: &Replayed) -> Option<&'static str> {
    (rule.history.is_none() && rule.tenths.is_empty())
        .then_some("What it counts is not known by time, so that it has one verdict: the one on the whole log.")
}

/// `pass until 06:00, then fail`: verdicts that follow one another.
pub(super) fn tenths(tenths: &[Tenth], clock: &Clock) -> String {
    let mut runs: Vec<(&Tenth, &Tenth)> = Vec::new();
    for tenth in tenths {
        match runs.last_mut() {
            Some((first, last)) if first.verdict == tenth.verdict => *last = tenth,
            _ => runs.push((tenth, tenth)),
        }
    }
    let run = |(at, (first, last)): (usize, &(&Tenth, &Tenth))| {
        let (from, to) = (time(&first.end, clock), time(&last.end, clock));
        let word = first.verdict.word();
        if at + 1 == runs.len() {
            format!("{word} from {from} on")
        } else if first.end == last.end {
            format!("{word} at {from}")
        } else {
            format!("{word} until {to}")
        }
    };
    match runs.as_slice() {
        [] => String::new(),
        [(only, _)] => format!("Had the log ended at any tenth of its time: {}.", only.verdict.word()),
        _ => format!("Had the log ended earlier: {}.", runs.iter().enumerate().map(run).collect::<Vec<_>>().join(", ")),
    }
}

fn time(rfc3339: &str, clock: &Clock) -> String {
    rfc3339.parse::<jiff::Timestamp>().map_or_else(|_| rfc3339.to_owned(), |at| clock.moment(at.as_second()))
}

/// What a trial did: `3 times, 1 outside of incidents, after 2 min`.
pub(super) fn trial(trial: &Trial) -> [String; 4] {
    let delay = delay(trial.median_delay_seconds);
    [trial.rule.clone(), human::count(trial.firings as u64), human::count(trial.without_incident as u64), delay]
}

/// Numbers of a standing: requests that count, of how many, share, interval.
pub(super) fn interval(standing: &Standing, unit: crate::gate::Unit) -> String {
    standing.part.interval.map_or_else(|| "-".to_owned(), |(low, high)| format!("{} to {}", unit.text(low), unit.text(high)))
}

/// Since when it is true, and when it fires.
pub(super) fn since(standing: &Standing, clock: &Clock) -> String {
    match standing.seconds {
        Some((since, fires)) if standing.state == "firing" => {
            format!("true since {}, fired at {}", clock.moment(since), clock.moment(fires))
        }
        Some((since, fires)) => format!("true since {}, fires at {} if it lasts", clock.moment(since), clock.moment(fires)),
        None => String::new(),
    }
}

/// `quiet at 15 Jun 10:05:00 UTC`
pub(super) fn head(explanation: &Explanation, clock: &Clock) -> String {
    let (at, until) = explanation.seconds;
    let counted = if at == until { String::new() } else { format!(" (counted until {})", clock.moment(until)) };
    format!("{} at {} {}{counted}", explanation.state, clock.moment(at), clock.zone(at))
}

/// Why, with a full stop.
pub(super) fn because(explanation: &Explanation) -> String {
    let reason = clip(&explanation.reason);
    let more = match explanation.groups_total.saturating_sub(explanation.groups.len()) {
        0 => String::new(),
        n => format!(" {} more are not shown.", human::count(n as u64)),
    };
    if reason.is_empty() { more } else { format!("{reason}.{more}") }
}
