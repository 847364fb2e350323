//! When a rule over windows would have fired, and how long after the onset of what it fired for.

use super::incidents::{Looks, incidents};
use crate::gate::judge::{Judge, Judged};
use crate::gate::ledger::{Group, Tick};
use crate::gate::watch;
use crate::gate::windows::{Series, windows_of};
use crate::model::{DAY, HOUR, rfc3339};
use crate::rule::{Bound, Limit, Metric, Op};
use serde::Serialize;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

/// When a rule would have fired.
#[derive(Debug, Serialize)]
pub struct History {
    /// Each time, in order.
    pub firings: Vec<Firing>,
    /// How many a day; `null` for logs of less than an hour.
    pub alerts_a_day: Option<f64>,
    /// Firings in which nothing was much more frequent than in the rest of the log: false alarms, if the log was well.
    pub without_incident: usize,
    /// Median time from the onset to the alert, of the first alert of each incident; without incidents, of all alerts.
    pub median_delay_seconds: Option<i64>,
    /// What that onset is.
    pub delay_from: Option<Onset>,
    /// Incidents of the groups that fired are looked for; not so for too few requests in a time, which no scan tells from a quiet one.
    pub incidents_known: bool,
}

impl History {
    /// Incidents that raised an alert.
    pub(super) fn found(&self) -> usize {
        self.firings.iter().filter(|firing| firing.onset_is == Onset::Incident && !firing.again).count()
    }
}

/// A time in which a rule would have fired for a group.
#[derive(Clone, Debug, Serialize)]
pub struct Firing {
    /// The service of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The method of the group.
    pub method: Option<String>,
    /// The route of the group.
    pub route: Option<String>,
    /// The code of the group.
    pub code: Option<u16>,
    /// The end of the first window in which it was true.
    pub since: String,
    /// That, and what it has to last.
    pub fired: String,
    /// When it ended; `null` when the log ends before.
    pub cleared: Option<String>,
    /// How long it fired: until the log's end, if it ends before.
    pub seconds: i64,
    /// The worst value meanwhile, in the unit of the rule.
    pub peak: f64,
    /// What it began with: the start of an incident, or of the first window.
    pub onset: String,
    /// Which of them.
    pub onset_is: Onset,
    /// From the onset to the alert.
    pub delay_seconds: i64,
    /// The same incident raised an alert of this group before.
    pub again: bool,
    /// The same times in seconds since 1970: onset, since, fired, cleared.
    #[serde(skip)]
    pub at: (i64, i64, i64, Option<i64>),
}

/// What a firing began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Onset {
    /// The start of a span in which hits were much more frequent than in the rest of the log.
    Incident,
    /// The start of the first window in which the rule was true.
    Window,
}

/// All groups together, and their incidents.
type Whole = (Vec<Tick>, Vec<(i64, i64)>);

/// A rule over windows, and what its groups went through.
pub(super) struct Watch<'l> {
    limit: &'l Limit,
    pub(super) bound: Bound,
    pub(super) series: Series,
    looks: Option<Looks>,
    /// Found as they are asked for: most groups never fire.
    incidents: RefCell<BTreeMap<Group, Vec<(i64, i64)>>>,
    whole: OnceCell<Whole>,
}

impl<'l> Watch<'l> {
    /// Of a rule that has windows; `None` where it has none, or they hold nothing.
    pub(super) fn new(judge: &Judge<'_>, limit: &'l Limit) -> Option<Self> {
        let bound = limit.bound.filter(|_| !windows_of(limit).is_empty())?;
        let series = judge.series(limit, bound).ok()?;
        Some(Self { limit, bound, series, looks: looks(&limit.metric, bound), incidents: RefCell::default(), whole: OnceCell::new() })
    }

    pub(super) fn history(&self, judged: &Judged) -> History {
        let fired = judged.firings.iter().map(|(group, firing, peak)| (group, firing, *peak));
        self.of(fired)
    }

    /// What would have fired had the rule been another one about the same counts.
    pub(super) fn trial(&self, judge: &Judge<'_>, limit: &Limit, bound: Bound) -> History {
        let watched = judge.watched(limit, bound, &self.series);
        let mut fired: Vec<(&Group, &watch::Firing, f64)> = watched
            .iter()
            .flat_map(|(group, terms, watched)| watched.firings.iter().map(move |firing| (group, firing, terms.value(firing.peak))))
            .collect();
        fired.sort_by_key(|(_, firing, _)| firing.fired);
        self.of(fired.into_iter())
    }

    fn of<'f>(&self, fired: impl Iterator<Item = (&'f Group, &'f watch::Firing, f64)>) -> History {
        let mut seen = BTreeSet::new();
        let firings: Vec<Firing> = fired
            .map(|(group, firing, peak)| {
                let incident = self.incident(group, firing);
                let again = incident.is_some_and(|incident| !seen.insert((group.clone(), incident)));
                self.told(group, firing, peak, incident, again)
            })
            .collect();
        let length = self.seconds();
        let first =
            |onset| firings.iter().filter(move |firing| firing.onset_is == onset && !firing.again).map(|firing| firing.delay_seconds);
        let of_incidents = median(first(Onset::Incident).collect());
        let delay_from = of_incidents.map(|_| Onset::Incident).or_else(|| (!firings.is_empty()).then_some(Onset::Window));
        History {
            // A log of less than an hour says nothing of a day.
            alerts_a_day: (length >= HOUR).then(|| firings.len() as f64 * DAY as f64 / length as f64),
            without_incident: firings.iter().filter(|firing| firing.onset_is == Onset::Window).count(),
            median_delay_seconds: of_incidents.or_else(|| median(first(Onset::Window).collect())),
            delay_from,
            incidents_known: self.looks.is_some(),
            firings,
        }
    }

    /// How long the log is.
    pub(super) fn seconds(&self) -> i64 {
        self.series.reach.1 - self.series.reach.0
    }

    /// What all groups together measure outside of incidents: a share, or hits in a window of one of them. `None` where no scan tells.
    pub(super) fn normal(&self) -> Option<f64> {
        let looks = self.looks?;
        let (ticks, spans) = self.whole(looks);
        let well = ticks.iter().filter(|tick| !spans.iter().any(|(start, end)| (*start..*end).contains(&tick.start)));
        let (hits, all) = well.fold((0, 0), |(hits, all), tick| (hits + tick.hits, all + tick.all));
        let seconds = self.seconds() - spans.iter().map(|(start, end)| end - start).sum::<i64>();
        if looks == Looks::Count {
            return (seconds > 0).then(|| hits as f64 * self.window() as f64 / seconds as f64 / self.series.groups.len() as f64);
        }
        (all > 0).then(|| hits as f64 / all as f64)
    }

    /// All groups together, and their incidents.
    fn whole(&self, looks: Looks) -> &Whole {
        self.whole.get_or_init(|| {
            let Series { groups, step, reach, .. } = &self.series;
            let mut sums: BTreeMap<i64, Tick> = BTreeMap::new();
            for tick in groups.values().flatten() {
                let sum = sums.entry(tick.start).or_insert(Tick { start: tick.start, ..Tick::default() });
                (sum.hits, sum.all) = (sum.hits + tick.hits, sum.all + tick.all);
            }
            let ticks: Vec<Tick> = sums.into_values().collect();
            let spans = incidents(&ticks, *step, *reach, looks, 1);
            (ticks, spans)
        })
    }

    /// The incident of the group that a firing overlaps, the first window included. A group that has most of its requests there has
    /// no rest to tell one by: then it is one of all groups together.
    fn incident(&self, group: &Group, firing: &watch::Firing) -> Option<(i64, i64)> {
        let looks = self.looks?;
        let ticks = self.series.groups.get(group).map_or(&[][..], Vec::as_slice);
        let (start, end) = (firing.began, firing.cleared.unwrap_or(self.series.reach.1));
        let overlaps = |spans: &[(i64, i64)]| spans.iter().find(|span| span.0 < end && start < span.1).copied();
        let mut known = self.incidents.borrow_mut();
        let own = known
            .entry(group.clone())
            .or_insert_with(|| incidents(ticks, self.series.step, self.series.reach, looks, self.series.groups.len()));
        overlaps(own).or_else(|| {
            let sum = |ticks: &mut dyn Iterator<Item = &Tick>| ticks.map(|tick| tick.all).sum::<u64>();
            let inside = sum(&mut ticks.iter().filter(|tick| (start..end).contains(&tick.start)));
            overlaps(&self.whole(looks).1).filter(|_| inside * 2 > sum(&mut ticks.iter()))
        })
    }

    fn window(&self) -> i64 {
        windows_of(self.limit).first().copied().unwrap_or(0)
    }

    fn told(&self, group: &Group, firing: &watch::Firing, peak: f64, incident: Option<(i64, i64)>, again: bool) -> Firing {
        let Group { service, method, route, code } = group.clone();
        let onset = incident.map_or(firing.began, |(start, _)| start);
        Firing {
            service,
            method,
            route,
            code,
            since: rfc3339(firing.since),
            fired: rfc3339(firing.fired),
            cleared: firing.cleared.map(rfc3339),
            seconds: firing.cleared.unwrap_or(self.series.reach.1) - firing.fired,
            peak,
            onset: rfc3339(onset),
            onset_is: if incident.is_some() { Onset::Incident } else { Onset::Window },
            // It may have fired before what came to be the incident.
            delay_seconds: (firing.fired - onset).max(0),
            again,
            at: (onset, firing.since, firing.fired, firing.cleared),
        }
    }
}

/// What is frequent when the rule is violated for a reason; `None` where no scan tells.
fn looks(metric: &Metric, bound: Bound) -> Option<Looks> {
    let above = match bound {
        Bound::Value(op, _) | Bound::Baseline(op, _) => matches!(op, Op::More | Op::AtLeast),
        Bound::Burn { .. } => true,
    };
    match (metric, above) {
        (Metric::Count(_), true) => Some(Looks::Count),
        (Metric::Count(_), false) => None,
        (_, true) => Some(Looks::Share),
        (_, false) => Some(Looks::Contrary),
    }
}

fn median(mut numbers: Vec<i64>) -> Option<i64> {
    numbers.sort_unstable();
    numbers.get(numbers.len().saturating_sub(1) / 2).copied()
}
