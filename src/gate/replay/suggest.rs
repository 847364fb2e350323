//! What to try instead of a rule: the threshold from which on it is quiet, how long it should last, windows where it has none.
//!
//! A threshold that is quiet on one log is a start and no promise; the sentence says how much log there was.

use super::history::{History, Onset, Watch};
use crate::gate::judge::{Judge, is_above};
use crate::gate::verdict::Unit;
use crate::gate::windows::{unit_of, windows_of};
use crate::model::{DAY, HOUR, MINUTE, WEEK};
use crate::rule::{Bound, Key, Limit, Metric, Op, number_holds};
use serde::Serialize;

/// What a threshold that is suggested begins with; powers of ten follow.
const STEPS: [&str; 6] = ["1", "1.5", "2", "3", "5", "7"];
/// Powers of ten of shares and of counts.
const SHARES: std::ops::RangeInclusive<i32> = -4..=-1;
const COUNTS: std::ops::RangeInclusive<i32> = 0..=9;
/// Seconds that a rule might have to last.
const LASTING: [u32; 4] = [0, 60, 120, 300];
/// Seconds of windows for a rule that has none: the first that was counted so finely.
const WINDOWS: [u32; 6] = [300, 600, 1800, 3600, 21_600, 86_400];
/// What a share is held against where a rule without a number becomes one with windows, until a threshold is found.
const SHARE: f64 = 0.01;

/// What to try instead of a rule.
#[derive(Debug, Default, Serialize)]
pub struct Suggestion {
    /// In a sentence or two.
    pub text: String,
    /// The rule, ready to be pasted.
    pub rule: Option<String>,
    /// What that one would have done here; `null` where it cannot be told.
    pub trial: Option<Trial>,
    /// The rule as it is, save that it must last longer or shorter.
    pub lasting: Vec<Trial>,
}

/// What another rule would have done.
#[derive(Debug, Serialize)]
pub struct Trial {
    /// The rule.
    pub rule: String,
    /// How often it would have fired.
    pub firings: usize,
    /// How often of that outside of any incident.
    pub without_incident: usize,
    /// Median time from the onset to the alert.
    pub median_delay_seconds: Option<i64>,
    /// What the onset is.
    pub delay_from: Option<Onset>,
}

impl Trial {
    fn new(limit: &Limit, history: &History) -> Self {
        Self {
            rule: limit.to_string(),
            firings: history.firings.len(),
            without_incident: history.without_incident,
            median_delay_seconds: history.median_delay_seconds,
            delay_from: history.delay_from,
        }
    }
}

/// What to try instead; `watch` is the rule's, if it has windows that hold something.
pub(super) fn suggestion(judge: &Judge<'_>, limit: &Limit, watch: Option<&Watch<'_>>) -> Suggestion {
    match watch {
        Some(watch) => Suggestion { lasting: lasting(judge, limit, watch), ..threshold(judge, limit, watch) },
        None if windows_of(limit).is_empty() => with_windows(judge, limit),
        None => Suggestion { text: "its windows hold nothing here, so there is nothing to try".into(), ..Suggestion::default() },
    }
}

/// A rule without windows, with some.
fn with_windows(judge: &Judge<'_>, limit: &Limit) -> Suggestion {
    let said = |text: &str| Suggestion { text: text.into(), ..Suggestion::default() };
    let form = match (&limit.metric, limit.bound) {
        (Metric::Unparsed, _) => return said("lines that are no record have no time, so that this rule has no form with windows"),
        (Metric::New(_), _) => return said("new codes are told from the baseline's over all: this rule has no form with windows"),
        (Metric::Count(_) | Metric::Quantile(_), Some(Bound::Baseline(..))) => {
            return said("with windows, only rates are held against a baseline: rate(5xx) > 2x baseline window 5m");
        }
        (Metric::Spike(filter), _) => {
            let by = if limit.by.is_empty() { vec![Key::Route] } else { limit.by.clone() };
            Limit { metric: Metric::Rate(filter.clone()), bound: Some(Bound::Value(Op::More, SHARE)), by, ..limit.clone() }
        }
        _ => limit.clone(),
    };
    if matches!(form.metric, Metric::Quantile(_)) {
        let form = Limit { window: Some(WINDOWS[0]), ..form };
        let text = "to be told in time it needs a window; what that would have done is told when it is given with --rule".into();
        return Suggestion { text, rule: Some(form.to_string()), ..Suggestion::default() };
    }
    for window in WINDOWS {
        let form = Limit { window: Some(window), ..form.clone() };
        if let Some(watch) = Watch::new(judge, &form) {
            let found = threshold(judge, &form, &watch);
            return Suggestion { text: format!("over all of a log it cannot fire in time; with windows {}", found.text), ..found };
        }
    }
    said("no line states its time, so that no window can be tried")
}

/// The smallest threshold that raises at most one false alarm a week.
fn threshold(judge: &Judge<'_>, limit: &Limit, watch: &Watch<'_>) -> Suggestion {
    let (op, fixed) = match watch.bound {
        Bound::Value(op, _) if !matches!(limit.metric, Metric::Quantile(_)) => (op, true),
        Bound::Value(op, _) | Bound::Baseline(op, _) => (op, false),
        Bound::Burn { .. } => (Op::More, false),
    };
    if !fixed {
        let given = watch.trial(judge, limit, watch.bound);
        let other = match watch.bound {
            Bound::Value(..) => "other times are told when rules with them are given too, for only what rules ask for is counted",
            _ => "no other threshold was tried, for this one follows from something else",
        };
        let text = format!("{}; {other}", sentence(&given, watch));
        return Suggestion { text, rule: Some(limit.to_string()), trial: Some(Trial::new(limit, &given)), lasting: Vec::new() };
    }
    let allowed = (watch.seconds() / WEEK) as usize;
    let normal = watch.normal();
    let (mut quiet, mut is_normal) = (None, false);
    // From the largest on: below one that fires too often no other is worth a try, nor one that is violated when all is well: it
    // would be quiet only as long as the requests are too few to prove it.
    for threshold in ladder(limit, op, most_hits(watch)) {
        is_normal = normal.is_some_and(|normal| number_holds(normal, op, threshold));
        if is_normal {
            break;
        }
        let other = held_against(limit, op, threshold);
        let history = watch.trial(judge, &other, Bound::Value(op, threshold));
        if history.without_incident > allowed {
            break;
        }
        quiet = Some((other, history));
    }
    match quiet {
        Some((quiet, history)) => {
            let text = sentence(&history, watch) + &missed(judge, limit, watch, &history) + &usual(&quiet, normal.filter(|_| is_normal));
            Suggestion { text, rule: Some(quiet.to_string()), trial: Some(Trial::new(&quiet, &history)), lasting: Vec::new() }
        }
        None => Suggestion {
            text: "whatever the threshold, it would have fired more than once a week outside of incidents: try a longer window, min, or \
                   other requests"
                .into(),
            ..Suggestion::default()
        },
    }
}

/// Incidents that another rule does not find, and this one does.
fn missed(judge: &Judge<'_>, limit: &Limit, watch: &Watch<'_>, other: &History) -> String {
    let found = watch.trial(judge, limit, watch.bound).found();
    match found.saturating_sub(other.found()) {
        0 => String::new(),
        missed => format!("; it misses {missed} of the {found} incidents that the rule as it is finds"),
    }
}

/// Why no lower threshold was tried.
fn usual(limit: &Limit, normal: Option<f64>) -> String {
    let is = if unit_of(limit) == Unit::Count { "a window are" } else { "is" };
    normal.map_or_else(String::new, |normal| {
        format!("; {} {is} normal here, so that none beyond that was tried", unit_of(limit).text(normal))
    })
}

/// The rule with another threshold. What ends it goes where it would lie beyond.
fn held_against(limit: &Limit, op: Op, threshold: f64) -> Limit {
    let clear = limit.clear.filter(|(_, clear)| if is_above(op) { *clear <= threshold } else { *clear >= threshold });
    Limit { bound: Some(Bound::Value(op, threshold)), clear, ..limit.clone() }
}

/// Thresholds, those that are violated most rarely first; counts up to what all windows together hold.
fn ladder(limit: &Limit, op: Op, most: u64) -> Vec<f64> {
    let is_count = matches!(limit.metric, Metric::Count(_));
    let powers = if is_count { COUNTS } else { SHARES };
    // Through text, for a product of such numbers is not always the nearest number.
    let steps = powers.flat_map(|power| STEPS.iter().filter_map(move |step| format!("{step}e{power}").parse::<f64>().ok()));
    let enough = STEPS.len() - 1 + COUNTS.take_while(|power| 10_u64.pow(*power as u32) <= most).count() * STEPS.len();
    let mut steps: Vec<f64> = if is_count { steps.filter(|step| step.fract() == 0.0).take(enough).collect() } else { steps.collect() };
    if !is_count && !is_above(op) {
        // Of what is missing to all of them.
        steps = steps.into_iter().filter_map(|step| format!("{:.6}", 1.0 - step).parse().ok()).collect();
    }
    steps.sort_by(|a, b| if is_above(op) { b.total_cmp(a) } else { a.total_cmp(b) });
    steps
}

/// The most hits that a group has.
fn most_hits(watch: &Watch<'_>) -> u64 {
    watch.series.groups.values().map(|ticks| ticks.iter().map(|tick| tick.hits).sum()).max().unwrap_or(0)
}

fn lasting(judge: &Judge<'_>, limit: &Limit, watch: &Watch<'_>) -> Vec<Trial> {
    if matches!(watch.bound, Bound::Burn { .. }) {
        // It says by itself how long it looks.
        return Vec::new();
    }
    let trial = |lasting| {
        let other = Limit { lasting, ..limit.clone() };
        Trial::new(&other, &watch.trial(judge, &other, watch.bound))
    };
    LASTING.into_iter().map(trial).collect()
}

fn sentence(history: &History, watch: &Watch<'_>) -> String {
    let fired = match history.firings.len() {
        0 => "would not have fired".to_owned(),
        1 => "would have fired once".to_owned(),
        n => format!("would have fired {n} times"),
    };
    let incidents = match (history.firings.len(), history.without_incident) {
        (0, _) => String::new(),
        (_, 0) => ", each time in an incident".to_owned(),
        (_, n) if !history.incidents_known => {
            format!(", and all {n} are taken for false alarms, for no scan tells when there was too little")
        }
        (1, 1) => ", outside of any incident".to_owned(),
        (_, n) => format!(", {n} of them outside of any incident"),
    };
    let length = watch.seconds();
    let proof = if length < WEEK { format!("; {} of log cannot prove more", spelled(length)) } else { String::new() };
    format!("it {fired} here{incidents}{proof}")
}

/// `40 minutes`, `23 hours`, `3 days`
fn spelled(seconds: i64) -> String {
    match seconds {
        ..7200 => format!("{} minutes", (seconds + MINUTE / 2) / MINUTE),
        7200..172_800 => format!("{} hours", (seconds + HOUR / 2) / HOUR),
        _ => format!("{} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::limit;

    #[test]
    fn thresholds_are_round_and_end_where_they_should() {
        let of = |text: &str, op, most| ladder(&limit(text).unwrap(), op, most);
        let shares = of("rate(5xx) > 1%", Op::More, 0);
        assert_eq!((shares[0], shares[1], shares.last(), shares.len()), (0.7, 0.5, Some(&0.0001), 24));
        let below = of("rate(2xx) < 95%", Op::Less, 0);
        assert_eq!((below[0], below.last()), (0.3, Some(&0.9999)));
        assert!(below.contains(&0.93) && below.contains(&0.985));
        let counts = of("count(5xx) > 3 per 1m", Op::More, 40);
        assert_eq!((counts.last(), counts[0] > 40.0, counts.contains(&1.5)), (Some(&1.0), true, false));
    }

    #[test]
    fn what_ends_a_rule_stays_on_its_side() {
        let given = limit("rate(5xx) > 2% window 5m clear < 1%").unwrap();
        assert_eq!(held_against(&given, Op::More, 0.03).to_string(), "rate(5xx) > 3% window 5m clear < 1%");
        let tighter = held_against(&given, Op::More, 0.005).to_string();
        assert_eq!(tighter, "rate(5xx) > 0.5% window 5m");
        assert!(limit(&tighter).is_ok());
    }
}
