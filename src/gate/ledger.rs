//! What rules are judged on: the counts of a report by route and code, whole and per window.

use super::expect::Expected;
use super::verdict::place;
use crate::baseline::{Baseline, Durations, Route};
use crate::report::Report;
use crate::rule::words::Field;
use crate::rule::{Expr, Key, Limit, Request, holds};
use crate::tally::UNTIMED;
use std::collections::{BTreeMap, BTreeSet};

/// The counts of a log.
pub(super) struct Ledger<'r> {
    pub(super) report: &'r Report,
    /// The whole log in short; its routes are those of the report, in the same order.
    pub(super) sums: Baseline,
    /// Codes that are normal on some routes.
    pub(super) expected: &'r [Expected],
    /// Durations, ascending, of which the windows tell how many requests took longer.
    slower_than: &'r [f64],
    /// Where the log is taken to end, if that is not its end.
    until: Option<i64>,
}

/// What a rule is split by: a group has a value of each key that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) service: Option<String>,
    pub(super) method: Option<String>,
    pub(super) route: Option<String>,
    pub(super) code: Option<u16>,
}

/// What was counted of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    /// Requests that the rule counts.
    pub(super) hits: u64,
    /// Requests that were looked at.
    pub(super) all: u64,
    /// Hits times their dispersion.
    pub(super) heaps: f64,
}

impl Sum {
    /// How much the hits come in heaps, at least 1.
    pub(super) fn dispersion(&self) -> f64 {
        if self.hits == 0 { 1.0 } else { (self.heaps / self.hits as f64).max(1.0) }
    }
}

/// A window of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) start: i64,
    pub(super) hits: u64,
    pub(super) all: u64,
}

/// The requests of a route with a code.
struct Counted<'r> {
    route: &'r Route,
    code: u16,
}

impl Request for Counted<'_> {
    fn status(&self) -> u16 {
        self.code
    }

    fn number(&self, _: Field) -> Option<f64> {
        None
    }

    fn text(&self, field: Field) -> Option<&[u8]> {
        match field {
            Field::Route => Some(self.route.route.as_bytes()),
            Field::Method => self.route.method.as_deref().map(str::as_bytes),
            Field::Service => self.route.service.as_deref().map(str::as_bytes),
            _ => None,
        }
    }

    fn flag(&self, _: Field) -> bool {
        false
    }
}

impl<'r> Ledger<'r> {
    /// The counts of a report whose routes were counted in windows and by these durations.
    pub(super) fn new(report: &'r Report, expected: &'r [Expected], slower_than: &'r [f64]) -> Self {
        Self { report, sums: Baseline::of(report), expected, slower_than, until: None }
    }

    /// The counts as if the log ended there, as far as windows tell: nothing of durations, of lines that are no record, and of
    /// requests that state no time.
    pub(super) fn until(&self, end: i64) -> Self {
        let end = self.width().map_or(end, |width| end.div_euclid(width) * width);
        Self { sums: Baseline::until(self.report, end), until: Some(end), ..*self }
    }

    /// Seconds that a window is wide; `None` where none were counted.
    pub(super) fn width(&self) -> Option<i64> {
        self.report.route_window_seconds
    }

    /// The start of the first and the end of the last step of so many seconds.
    pub(super) fn reach(&self, step: i64) -> Option<(i64, i64)> {
        let (first, last) = self.sums.span?;
        Some((first.div_euclid(step) * step, (last.div_euclid(step) + 1) * step))
    }

    /// Whether a filter lets the requests of a route with a code through.
    pub(super) fn lets(filter: &Expr, route: &Route, code: u16) -> bool {
        holds(filter, &Counted { route, code })
    }

    /// Whether a rule counts the requests of a route with a code among its hits.
    pub(super) fn is_hit(&self, filter: &Expr, route: &Route, code: u16) -> bool {
        Self::lets(filter, route, code) && !self.expected.iter().any(|expected| expected.covers(&route.route, code))
    }

    /// The durations of each group.
    pub(super) fn durations(&self, limit: &Limit) -> BTreeMap<Group, Durations> {
        let mut groups: BTreeMap<Group, Vec<Vec<(u64, u64)>>> = BTreeMap::new();
        for (route, row) in self.sums.routes.iter().zip(&self.report.routes) {
            for cell in row.cells.iter().filter(|cell| Self::lets(&limit.scope, route, cell.code)) {
                groups.entry(Group::of(limit, route, cell.code)).or_default().push(cell.durations.counts());
            }
        }
        groups.into_iter().map(|(group, parts)| (group, Durations::of(parts.iter().map(Vec::as_slice)))).collect()
    }

    /// Each group in steps of so many seconds, by time: with hits of a filter, or of requests that took longer than some duration.
    pub(super) fn ticks(&self, limit: &Limit, hit: Hit<'_>, step: i64) -> BTreeMap<Group, Vec<Tick>> {
        let mut groups: BTreeMap<Group, BTreeMap<i64, (u64, u64)>> = BTreeMap::new();
        let longer = match hit {
            Hit::Slower(seconds) => self.slower_than.iter().filter(|&&limit| limit <= seconds).count() as u8,
            Hit::Filter(_) => 0,
        };
        for (route, row) in self.sums.routes.iter().zip(&self.report.routes) {
            for cell in row.cells.iter().filter(|cell| Self::lets(&limit.scope, route, cell.code)) {
                let is_hit = matches!(hit, Hit::Filter(filter) if self.is_hit(filter, route, cell.code));
                let whole = Group { code: None, ..Group::of(limit, route, cell.code) };
                let own = limit.by.contains(&Key::Status).then(|| Group::of(limit, route, cell.code));
                let mut of_code: BTreeMap<i64, u64> = BTreeMap::new();
                let ticks = groups.entry(whole).or_default();
                for mark in cell.windows.iter().filter(|mark| self.until.is_none_or(|until| mark.start < until)) {
                    let count = u64::from(mark.count);
                    let (hits, all) = match hit {
                        Hit::Filter(_) => (if is_hit { count } else { 0 }, count),
                        Hit::Slower(_) if mark.band == UNTIMED => (0, 0),
                        Hit::Slower(_) => (if mark.band >= longer { count } else { 0 }, count),
                    };
                    let start = mark.start.div_euclid(step) * step;
                    let sum = ticks.entry(start).or_default();
                    sum.0 += hits;
                    sum.1 += all;
                    if own.is_some() && hits > 0 {
                        *of_code.entry(start).or_default() += hits;
                    }
                }
                if let Some(own) = own.filter(|_| !of_code.is_empty()) {
                    let ticks = groups.entry(own).or_default();
                    of_code.into_iter().for_each(|(start, hits)| ticks.entry(start).or_default().0 += hits);
                }
            }
        }
        split_by_code(groups, limit.by.contains(&Key::Status))
    }
}

/// What makes a request a hit.
#[derive(Clone, Copy)]
pub(super) enum Hit<'l> {
    /// A filter lets it through.
    Filter(&'l Expr),
    /// It took longer than so many seconds.
    Slower(f64),
}

/// Groups of single codes are held against all requests of the group without the code, which is none of its own as long as it has
/// a code that counts.
fn split_by_code(groups: BTreeMap<Group, BTreeMap<i64, (u64, u64)>>, by_code: bool) -> BTreeMap<Group, Vec<Tick>> {
    let plain = |ticks: BTreeMap<i64, (u64, u64)>| ticks.into_iter().map(|(start, (hits, all))| Tick { start, hits, all }).collect();
    if !by_code {
        return groups.into_iter().map(|(group, ticks)| (group, plain(ticks))).collect();
    }
    let (own, mut whole): (BTreeMap<_, _>, BTreeMap<_, _>) = groups.into_iter().partition(|(group, _)| group.code.is_some());
    let mut split: BTreeMap<Group, Vec<Tick>> = BTreeMap::new();
    for (group, hits) in &own {
        let all = whole.get(&group.without_code()).into_iter().flatten();
        let tick = |(start, (_, all)): (&i64, &(u64, u64))| Tick { start: *start, hits: hits.get(start).map_or(0, |t| t.0), all: *all };
        split.insert(group.clone(), all.map(tick).collect());
    }
    let known: BTreeSet<Group> = own.keys().map(Group::without_code).collect();
    whole.retain(|group, _| !known.contains(group));
    split.extend(whole.into_iter().map(|(group, ticks)| (group, plain(ticks))));
    split
}

/// Hits and requests of the groups of a summary.
pub(super) struct Sums {
    pub(super) groups: BTreeMap<Group, Sum>,
    /// Requests of each group without its code.
    whole: BTreeMap<Group, u64>,
}

impl Sums {
    /// Requests in all.
    pub(super) fn all(&self) -> u64 {
        self.whole.values().sum()
    }

    /// A group, which has no hits where its code does not occur.
    pub(super) fn get(&self, group: &Group) -> Option<Sum> {
        let without = || self.whole.get(&group.without_code()).map(|all| Sum { all: *all, ..Sum::default() });
        self.groups.get(group).cloned().or_else(without)
    }

    /// All groups together.
    pub(super) fn total(&self) -> Sum {
        let mut total = Sum::default();
        self.groups.values().for_each(|sum| total.add(sum));
        Sum { all: self.all(), ..total }
    }
}

impl Sum {
    pub(super) fn add(&mut self, other: &Self) {
        self.hits += other.hits;
        self.all += other.all;
        self.heaps += other.heaps;
    }
}

/// Hits and requests of each group of a summary, the log's or the baseline's.
pub(super) fn sums(of: &Baseline, limit: &Limit, is_hit: &dyn Fn(&Route, u16) -> bool) -> Sums {
    let (mut groups, mut whole): (BTreeMap<Group, Sum>, BTreeMap<Group, u64>) = Default::default();
    for route in &of.routes {
        let hits: Vec<u16> = route.codes.keys().copied().filter(|code| is_hit(route, *code)).collect();
        for (&code, counted) in route.codes.iter().filter(|(code, _)| Ledger::lets(&limit.scope, route, **code)) {
            let group = Group::of(limit, route, code);
            *whole.entry(group.without_code()).or_default() += counted.count;
            if hits.contains(&code) {
                let sum = groups.entry(group).or_default();
                sum.hits += counted.count;
                sum.heaps += counted.count as f64 * spread(route, code, &hits);
            }
        }
    }
    // A group with no code that counts is one all the same.
    let known: BTreeSet<Group> = groups.keys().map(Group::without_code).collect();
    for group in whole.keys().filter(|group| !known.contains(group)) {
        groups.insert(group.clone(), Sum::default());
    }
    groups.iter_mut().for_each(|(group, sum)| sum.all = whole.get(&group.without_code()).copied().unwrap_or(0));
    Sums { groups, whole }
}

/// The dispersion that the hits of a code have: that of its class, if all of the class are hits, for codes of one cause come together.
fn spread(route: &Route, code: u16, hits: &[u16]) -> f64 {
    let class = code / 100;
    let whole = route.codes.keys().filter(|other| **other / 100 == class).all(|other| hits.contains(other));
    let own = route.codes.get(&code).map_or(1.0, |count| count.dispersion);
    if whole { route.classes.get(&(class as u8)).copied().unwrap_or(own) } else { own }
}

impl Group {
    pub(super) fn of(limit: &Limit, route: &Route, code: u16) -> Self {
        let by = |key| limit.by.contains(&key);
        let is_route = by(Key::Route);
        Self {
            service: if is_route || by(Key::Service) { route.service.clone() } else { None },
            method: if is_route || by(Key::Method) { route.method.clone() } else { None },
            route: is_route.then(|| route.route.clone()),
            code: by(Key::Status).then_some(code),
        }
    }

    pub(super) fn without_code(&self) -> Self {
        Self { code: None, ..self.clone() }
    }

    /// Its name for a sentence: `POST /api/payments`.
    pub(super) fn name(&self) -> String {
        place(self.service.as_deref(), self.method.as_deref(), self.route.as_deref(), self.code)
    }

    /// Whether requests of a service, method and route belong to it.
    pub(super) fn has(&self, service: Option<&str>, method: Option<&str>, route: &str) -> bool {
        let fits = |own: &Option<String>, other: Option<&str>| own.is_none() || own.as_deref() == other;
        fits(&self.service, service) && fits(&self.method, method) && fits(&self.route, Some(route))
    }
}
