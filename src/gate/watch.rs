//! Rules over windows: a group's counts as time goes on -> when the rule was true, pending and firing.
//!
//! What is in a window changes only when a tick enters or leaves it, and only then is anything worked out: a year's log costs as
//! much as its ticks. A live front drives the same [`State`] as lines come.

use super::ledger::Tick;
use crate::rule::{Op, number_holds};
use crate::stats::wilson;

/// Fewer hits prove nothing about a share, however few the requests.
pub(super) const FEWEST: u64 = 5;

/// What is asked of a group.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// Seconds of the window; a second, shorter one says that it goes on.
    pub(super) windows: Vec<i64>,
    pub(super) op: Op,
    /// Requests, or a share.
    pub(super) threshold: f64,
    /// Requests are counted; else they are a share of all.
    pub(super) is_count: bool,
    /// What ends it, where that is not just the contrary.
    pub(super) clear: Option<(Op, f64)>,
    /// Seconds that it must be true.
    pub(super) lasting: i64,
    pub(super) min: u64,
    /// Standard errors that a share must be away from the threshold; `None` to take it as it is.
    pub(super) z: Option<f64>,
}

/// What a window holds when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moment {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) hits: u64,
    pub(super) all: u64,
}

/// A time in which the rule fired.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Firing {
    /// The end of the first window in which it was true.
    pub(super) since: i64,
    /// That, and what it has to last.
    pub(super) fired: i64,
    pub(super) cleared: Option<i64>,
    /// The worst window.
    pub(super) peak: Moment,
}

/// What became of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    pub(super) firings: Vec<Firing>,
    /// The worst window that was judged at all.
    pub(super) worst: Option<Moment>,
    /// Some window had requests enough that it could have been true.
    pub(super) is_judged: bool,
    /// Where it stands at the end of what was watched.
    pub(super) state: State,
    /// What each of the windows holds then.
    pub(super) now: Vec<Moment>,
}

/// Where a rule stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum State {
    /// Not true.
    #[default]
    Quiet,
    /// True since then, but not for long enough.
    Pending(i64, Moment),
    /// Firing.
    Firing(Firing),
}

/// What a window lacks to make a rule true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// It has no requests.
    Requests,
    /// It has fewer than the rule asks for.
    Enough(u64),
    /// The value as it is keeps to the rule.
    Violation,
    /// So few hits, or of what should be hits, prove nothing.
    Hits(u64),
    /// The value violates the rule, but not beyond doubt.
    Certainty,
}

impl State {
    /// Time has come to `at`; until then nothing changed. True for long enough fires.
    fn advance(self, at: i64, lasting: i64) -> Self {
        match self {
            Self::Pending(since, peak) if at - since >= lasting => {
                Self::Firing(Firing { since, fired: since + lasting, cleared: None, peak })
            }
            other => other,
        }
    }

    /// From `at` on the window is another one. Gives a firing that has ended.
    fn step(self, moment: Moment, terms: &Terms) -> (Self, Option<Firing>) {
        let at = moment.end;
        let is_true = terms.is_true(moment);
        match self.advance(at, terms.lasting) {
            Self::Quiet if is_true => (Self::Pending(at, moment).advance(at, terms.lasting), None),
            Self::Pending(since, peak) if is_true => (Self::Pending(since, terms.worse(peak, moment)), None),
            Self::Quiet | Self::Pending(..) => (Self::Quiet, None),
            Self::Firing(firing) if terms.is_clear(moment) => (Self::Quiet, Some(Firing { cleared: Some(at), ..firing })),
            Self::Firing(firing) => (Self::Firing(Firing { peak: terms.worse(firing.peak, moment), ..firing }), None),
        }
    }
}

impl Terms {
    pub(super) fn is_above(&self) -> bool {
        matches!(self.op, Op::More | Op::AtLeast)
    }

    pub(super) fn value(&self, moment: Moment) -> f64 {
        if self.is_count { moment.hits as f64 } else { moment.hits as f64 / moment.all.max(1) as f64 }
    }

    /// Whether there is something to look at.
    fn is_enough(&self, moment: Moment) -> bool {
        // No request at all is a count too, and no share.
        moment.all >= if self.is_count { self.min } else { self.min.max(1) }
    }

    /// Whether the value as it is violates the rule.
    pub(super) fn exceeds(&self, moment: Moment) -> bool {
        self.is_enough(moment) && number_holds(self.value(moment), self.op, self.threshold)
    }

    /// Whether it does beyond doubt.
    pub(super) fn is_true(&self, moment: Moment) -> bool {
        self.lack(moment).is_none()
    }

    /// What is missing for that.
    pub(super) fn lack(&self, moment: Moment) -> Option<Lack> {
        if !self.is_enough(moment) {
            return Some(if moment.all == 0 { Lack::Requests } else { Lack::Enough(self.min) });
        }
        if !self.exceeds(moment) {
            return Some(Lack::Violation);
        }
        let z = self.z.filter(|_| !self.is_count)?;
        let (low, high) = wilson(moment.hits, moment.all, z);
        let (bound, rare) = if self.is_above() { (low, moment.hits) } else { (high, moment.all - moment.hits) };
        if rare < FEWEST {
            return Some(Lack::Hits(rare));
        }
        (!number_holds(bound, self.op, self.threshold)).then_some(Lack::Certainty)
    }

    fn is_clear(&self, moment: Moment) -> bool {
        match self.clear {
            // Silence is a count as any other, and of a share it leaves nothing to fire for.
            Some((op, value)) => (!self.is_count && moment.all == 0) || number_holds(self.value(moment), op, value),
            None => !self.exceeds(moment),
        }
    }

    /// Whether a window with so many requests could be in doubt at all.
    fn can_tell(&self, moment: Moment) -> bool {
        let hits = if self.is_above() { moment.all } else { 0 };
        self.is_count || self.is_true(Moment { hits, ..moment })
    }

    /// The worse of two.
    pub(super) fn worse(&self, one: Moment, other: Moment) -> Moment {
        let is_worse = if self.is_above() { self.value(other) > self.value(one) } else { self.value(other) < self.value(one) };
        if is_worse { other } else { one }
    }
}

/// Watches a group of ticks that are `width` seconds wide, in a log that reaches from here to there.
pub(super) fn watch(ticks: &[Tick], width: i64, reach: (i64, i64), terms: &Terms) -> Watched {
    let sums = Sums::of(ticks);
    let length = terms.windows.iter().copied().max().unwrap_or(width);
    // A tick enters at its own end, and has left when the window begins behind it.
    let mut ends: Vec<i64> = ticks.iter().map(|tick| tick.start + width).collect();
    ends.extend(terms.windows.iter().flat_map(|window| ticks.iter().map(move |tick| tick.start + window + width)));
    // What is too little may be too little from the start, but not before a whole window was seen.
    let first = if terms.is_above() { reach.0 } else { reach.0 + length };
    ends.push(first.max(reach.0 + width));
    ends.retain(|end| (first..=reach.1).contains(end));
    ends.sort_unstable();
    ends.dedup();

    let (mut watched, mut state) = (Watched::default(), State::Quiet);
    for end in ends {
        let moment = sums.within(end - length, end, width);
        let goes_on = terms.windows.iter().all(|window| *window == length || terms.exceeds(sums.within(end - window, end, width)));
        watched.is_judged |= terms.is_enough(moment) && terms.can_tell(moment);
        if terms.is_enough(moment) {
            watched.worst = Some(watched.worst.map_or(moment, |worst| terms.worse(worst, moment)));
        }
        let (next, ended) = if goes_on { state.step(moment, terms) } else { state.step(Moment { hits: 0, ..moment }, terms) };
        state = next;
        watched.firings.extend(ended);
    }
    watched.state = state.advance(reach.1, terms.lasting);
    if let State::Firing(firing) = &watched.state {
        watched.firings.push(firing.clone());
    }
    watched.now = terms.windows.iter().map(|window| sums.within(reach.1 - window, reach.1, width)).collect();
    watched
}

/// Sums from the first tick on.
struct Sums<'t> {
    ticks: &'t [Tick],
    before: Vec<(u64, u64)>,
}

impl<'t> Sums<'t> {
    fn of(ticks: &'t [Tick]) -> Self {
        let mut sum = (0, 0);
        let sums = ticks.iter().map(|tick| {
            sum = (sum.0 + tick.hits, sum.1 + tick.all);
            sum
        });
        Self { ticks, before: [(0, 0)].into_iter().chain(sums).collect() }
    }

    /// The ticks that lie in a window whole.
    fn within(&self, start: i64, end: i64, width: i64) -> Moment {
        let from = self.ticks.partition_point(|tick| tick.start < start);
        let to = self.ticks.partition_point(|tick| tick.start + width <= end).max(from);
        let (before, upto) = (self.before[from], self.before[to]);
        Moment { start, end, hits: upto.0 - before.0, all: upto.1 - before.1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(threshold: f64) -> Terms {
        let z = Some(3.0);
        Terms { windows: vec![60], op: Op::More, threshold, is_count: false, clear: None, lasting: 0, min: 0, z }
    }

    fn count(op: Op, threshold: f64, window: i64) -> Terms {
        Terms { windows: vec![window], op, threshold, is_count: true, ..rate(0.0) }
    }

    fn minutes(counts: &[(u64, u64)]) -> Vec<Tick> {
        let tick = |(n, &(hits, all)): (usize, &(u64, u64))| Tick { start: 60 * n as i64, hits, all };
        counts.iter().enumerate().filter(|(_, counts)| counts.1 > 0).map(tick).collect()
    }

    fn firings(counts: &[(u64, u64)], terms: &Terms) -> Vec<(i64, i64, Option<i64>)> {
        let watched = watch(&minutes(counts), 60, (0, 60 * counts.len() as i64), terms);
        watched.firings.into_iter().map(|f| (f.since, f.fired, f.cleared)).collect()
    }

    #[test]
    fn a_share_fires_when_it_is_beyond_doubt_and_clears_when_it_is_below() {
        let log = [(0, 100), (1, 100), (40, 100), (30, 100), (0, 100), (2, 100)];
        assert_eq!(firings(&log, &rate(0.05)), [(180, 180, Some(300))]);
        // One of two is half, and proves nothing.
        assert_eq!(firings(&[(1, 2), (1, 2)], &rate(0.05)), []);
        assert!(!watch(&minutes(&[(1, 2)]), 60, (0, 60), &rate(0.05)).is_judged);
        let strict = Terms { z: None, ..rate(0.05) };
        assert_eq!(firings(&[(1, 2), (0, 2)], &strict), [(60, 60, Some(120))]);
        assert_eq!(firings(&[(1, 2), (0, 2)], &Terms { min: 3, ..strict }), []);
    }

    #[test]
    fn what_must_last_is_pending_before() {
        let terms = |lasting| Terms { lasting, ..rate(0.05) };
        let log = [(0, 100), (40, 100), (40, 100), (40, 100), (0, 100)];
        assert_eq!(firings(&log, &terms(120)), [(120, 240, Some(300))]);
        assert_eq!(firings(&log, &terms(180)), [(120, 300, Some(300))]);
        assert_eq!(firings(&log, &terms(181)), []);
        // The log ends while it fires.
        assert_eq!(firings(&log[..3], &terms(60)), [(120, 180, None)]);
    }

    #[test]
    fn it_clears_at_another_level() {
        let log = [(40, 100), (4, 100), (0, 100)];
        assert_eq!(firings(&log, &rate(0.05)), [(60, 60, Some(120))]);
        assert_eq!(firings(&log, &Terms { clear: Some((Op::Less, 0.01)), ..rate(0.05) }), [(60, 60, Some(180))]);
    }

    #[test]
    fn silence_clears_a_share_and_is_the_worst_of_counts() {
        let counts: Vec<(u64, u64)> = [9, 9, 1, 0, 0, 0, 9].map(|n| (n, n)).to_vec();
        let few = Terms { clear: Some((Op::More, 8.0)), ..count(Op::Less, 5.0, 60) };
        assert_eq!(firings(&counts, &few), [(180, 180, Some(420))]);
        assert_eq!(watch(&minutes(&counts), 60, (0, 420), &few).firings[0].peak.hits, 0);
        let share = Terms { clear: Some((Op::Less, 0.01)), ..rate(0.05) };
        assert_eq!(firings(&[(40, 100), (0, 0)], &share), [(60, 60, Some(120))]);
    }

    #[test]
    fn counts_too_are_only_judged_in_windows_with_enough_requests() {
        let log = [(6, 6), (6, 20), (0, 0)];
        assert_eq!(firings(&log, &Terms { min: 10, ..count(Op::More, 5.0, 60) }), [(120, 120, Some(180))]);
        assert_eq!(firings(&log, &Terms { min: 10, ..count(Op::Less, 7.0, 60) }), [(120, 120, Some(180))]);
        assert!(!watch(&minutes(&log[..1]), 60, (0, 60), &Terms { min: 10, ..count(Op::More, 5.0, 60) }).is_judged);
    }

    #[test]
    fn windows_slide_over_gaps() {
        let log = [(3, 3), (0, 0), (3, 3), (0, 0), (0, 0), (0, 0)];
        assert_eq!(firings(&log, &count(Op::More, 5.0, 180)), [(180, 180, Some(240))]);
        assert_eq!(firings(&log, &count(Op::More, 5.0, 120)), []);
    }

    #[test]
    fn too_little_is_seen_in_whole_windows_only() {
        let log = [(9, 9), (9, 9), (0, 0), (0, 0), (9, 9), (9, 9)];
        assert_eq!(firings(&log, &count(Op::Less, 9.0, 120)), [(240, 240, Some(300))]);
        assert_eq!(firings(&log, &count(Op::Less, 5.0, 60)), [(180, 180, Some(300))]);
        // Nothing from the start on.
        assert_eq!(firings(&[(0, 0), (0, 0), (9, 9)], &count(Op::Less, 5.0, 60)), [(60, 60, Some(180))]);
    }

    #[test]
    fn the_short_window_says_that_it_goes_on() {
        let terms = Terms { windows: vec![300, 60], ..rate(0.05) };
        assert_eq!(firings(&[(50, 100), (0, 100), (0, 100), (0, 100), (0, 100)], &terms), [(60, 60, Some(120))]);
        let late = [(0, 100), (0, 100), (0, 100), (20, 100), (20, 100), (0, 100)];
        assert_eq!(firings(&late, &terms), [(300, 300, Some(360))]);
    }

    #[test]
    fn what_a_window_lacks_is_told() {
        let lack = |terms: &Terms, hits, all| terms.lack(Moment { hits, all, ..Moment::default() });
        let terms = Terms { min: 10, ..rate(0.05) };
        assert_eq!(lack(&terms, 0, 0), Some(Lack::Requests));
        assert_eq!(lack(&terms, 9, 9), Some(Lack::Enough(10)));
        assert_eq!(lack(&terms, 5, 100), Some(Lack::Violation));
        assert_eq!(lack(&terms, 4, 10), Some(Lack::Hits(4)));
        assert_eq!(lack(&terms, 9, 100), Some(Lack::Certainty));
        assert_eq!(lack(&terms, 40, 100), None);
        assert_eq!(lack(&Terms { z: None, ..terms }, 9, 100), None);
        assert_eq!(lack(&count(Op::Less, 5.0, 60), 0, 0), None);
    }

    #[test]
    fn where_a_rule_stands_when_the_watch_ends() {
        let log = [(0, 100), (40, 100), (40, 100), (0, 100)];
        let at = |minute: i64| watch(&minutes(&log), 60, (0, 60 * minute), &Terms { lasting: 60, ..rate(0.05) });
        assert_eq!(at(1).state, State::Quiet);
        assert!(matches!(at(2).state, State::Pending(120, peak) if peak.hits == 40));
        assert!(matches!(at(3).state, State::Firing(Firing { since: 120, fired: 180, .. })));
        assert_eq!((at(4).state, at(3).now[0].hits, at(4).now[0].hits), (State::Quiet, 40, 0));
    }

    #[test]
    fn the_worst_window_is_kept() {
        let watched = watch(&minutes(&[(10, 100), (60, 100), (20, 100)]), 60, (0, 180), &rate(0.05));
        assert_eq!(watched.firings[0].peak, Moment { start: 60, end: 120, hits: 60, all: 100 });
        assert_eq!(watch(&minutes(&[(0, 100), (2, 100)]), 60, (0, 120), &rate(0.05)).worst.unwrap().hits, 2);
    }
}
