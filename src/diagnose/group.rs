//! A group of requests, and what the conditions of rules measure of it.

use super::names::NONE;
use super::select;
use super::table::{Keys, Row, Table};
use crate::rule::words::{Field, Kind, Measure};
use crate::rule::{self, Arg, Expr};
use crate::stats;
use hashbrown::{HashMap, HashSet};
use std::cell::{Cell, RefCell};

/// One row, as filters ask of it.
pub(super) struct One<'a, 't> {
    pub(super) table: &'a Table<'t>,
    pub(super) row: usize,
}

impl rule::Request for One<'_, '_> {
    fn number(&self, field: Field) -> Option<f64> {
        self.table.number(self.row, field)
    }

    fn text(&self, field: Field) -> Option<&[u8]> {
        self.table.text(self.row, field)
    }

    fn flag(&self, field: Field) -> bool {
        self.table.flag(self.row, field)
    }

    fn status(&self) -> u16 {
        self.table.rows[self.row].status
    }
}

/// The requests that a filter lets through.
pub(super) struct Members<'a, 't> {
    pub(super) table: &'a Table<'t>,
    /// By time.
    pub(super) rows: Vec<u32>,
    /// First and last moment; a shift narrows it. NaN when no time is stated.
    time: Cell<(f64, f64)>,
    /// What was measured when the time was narrowed: within it there is nothing left to compare with.
    shifts: RefCell<Vec<(Field, f64)>>,
    /// The sites that they are of, by number: mostly one.
    sites: Vec<u32>,
}

impl<'a, 't> Members<'a, 't> {
    pub(super) fn new(table: &'a Table<'t>, mut rows: Vec<u32>) -> Self {
        let at = |row: &u32| table.rows[*row as usize].at;
        rows.sort_by(|a, b| at(a).total_cmp(&at(b)));
        let timed = || rows.iter().map(at).filter(|at| !at.is_nan());
        let time = (timed().next().unwrap_or(f64::NAN), timed().next_back().unwrap_or(f64::NAN));
        let mut sites: Vec<u32> = Vec::new();
        for &row in &rows {
            let site = table.sites()[row as usize];
            if let Err(at) = sites.binary_search(&site) {
                sites.insert(at, site);
            }
        }
        Self { table, rows, time: Cell::new(time), shifts: RefCell::default(), sites }
    }

    /// Those in a stretch of time.
    pub(super) fn within(&self, (start, end): (f64, f64)) -> Self {
        let inside = |row: &u32| {
            let at = self.table.rows[*row as usize].at;
            at.is_nan() || start.is_nan() || (start..=end).contains(&at)
        };
        let rows = self.rows.iter().copied().filter(inside).collect();
        Self { shifts: self.shifts.clone(), ..Self::new(self.table, rows) }
    }

    pub(super) fn time(&self) -> (f64, f64) {
        self.time.get()
    }

    pub(super) fn members(&self) -> impl DoubleEndedIterator<Item = usize> + Clone + '_ {
        self.rows.iter().map(|&row| row as usize)
    }

    pub(super) fn weigh(&self, rows: impl Iterator<Item = usize>) -> f64 {
        rows.map(|row| self.table.rows[row].weight).sum()
    }

    pub(super) fn weigh_rows(&self, rows: &[u32]) -> f64 {
        self.weigh(rows.iter().map(|&row| row as usize))
    }

    pub(super) fn count(&self) -> f64 {
        self.weigh_rows(&self.rows)
    }

    /// All requests in the group's time, or before and after it; where no time is stated, all are in.
    fn around(&self, inside: bool) -> Vec<u32> {
        let sites = self.table.sites();
        let mut rows: Vec<u32> = (0..self.table.rows.len() as u32).collect();
        rows.retain(|&row| self.is_inside(row as usize) == inside);
        match self.sites[..] {
            [site] => rows.retain(|&row| sites[row as usize] == site),
            _ => rows.retain(|&row| self.sites.binary_search(&sites[row as usize]).is_ok()),
        }
        rows
    }

    #[inline]
    fn is_inside(&self, row: usize) -> bool {
        let ((start, end), at) = (self.time(), self.table.rows[row].at);
        start.is_nan() || at.is_nan() || (start..=end).contains(&at)
    }

    /// Whether some requests of both went to one site.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.sites.iter().any(|site| other.sites.binary_search(site).is_ok())
    }

    fn all(&self) -> Vec<u32> {
        (0..self.table.rows.len() as u32).collect()
    }

    fn passing(&self, mut rows: Vec<u32>, filter: &Expr) -> Vec<u32> {
        select::narrow(self.table, filter, &mut rows);
        rows
    }

    /// Of the rows that pass the first filter, the part that passes the second.
    fn ratio(&self, rows: Vec<u32>, of: &Expr, part: &Expr) -> Option<f64> {
        let rows = self.passing(rows, of);
        let all = self.weigh_rows(&rows);
        (all > 0.0).then(|| self.weigh_rows(&self.passing(rows, part)) / all)
    }

    /// Values of a field in the group, the most frequent first.
    pub(super) fn values(&self, field: Field) -> Vec<(u64, f64)> {
        let keys = self.table.keys(field);
        let mut counts: Vec<(u64, f64)> = match keys {
            // Few different ones are counted where they stand.
            Keys::Symbols(symbols, different) if different <= 4 * self.rows.len() => {
                let mut counts = vec![0.0; different];
                for row in self.members().filter(|&row| symbols[row] != NONE) {
                    counts[symbols[row] as usize] += self.table.rows[row].weight;
                }
                counts.into_iter().enumerate().filter(|(_, count)| *count > 0.0).map(|(symbol, count)| (symbol as u64, count)).collect()
            }
            _ => {
                let mut counts: HashMap<u64, f64> = HashMap::new();
                for row in self.members() {
                    if let Some(key) = keys.of(row) {
                        *counts.entry(key).or_default() += self.table.rows[row].weight;
                    }
                }
                counts.into_iter().collect()
            }
        };
        counts.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        counts
    }

    /// The most frequent value of a text, the median of a number.
    pub(super) fn usual(&self, field: Field) -> Option<String> {
        match field.kind() {
            Kind::Text | Kind::Flag => Some(self.table.name(self.values(field).first()?.0, field)),
            kind => Some(super::wording::value(self.quantile(field, 0.5)?, kind)),
        }
    }

    fn numbers(&self, field: Field) -> Vec<f64> {
        let numbers = self.table.numbers(field);
        self.members().filter_map(|row| numbers.of(row)).collect()
    }

    fn quantile(&self, field: Field, at: f64) -> Option<f64> {
        let mut numbers = self.numbers(field);
        let rank = ((numbers.len() as f64 * at) as usize).min(numbers.len().checked_sub(1)?);
        Some(*numbers.select_nth_unstable_by(rank, f64::total_cmp).1)
    }

    /// All requests in the group's time to where the group's went.
    pub(super) fn peers(&self) -> Vec<u32> {
        let endpoints = self.table.endpoints();
        let mut own = vec![false; endpoints.known.len()];
        self.rows.iter().for_each(|&row| own[endpoints.of[row as usize] as usize] = true);
        // An endpoint is of one site.
        let rows = endpoints.of.iter().enumerate().filter(|&(row, &endpoint)| own[endpoint as usize] && self.is_inside(row));
        rows.map(|(row, _)| row as u32).collect()
    }

    fn hit(&self, field: Option<Field>) -> Option<f64> {
        let Some(field) = field else {
            return Some((self.count() / self.weigh_rows(&self.peers())).min(1.0));
        };
        let keys = self.table.keys(field);
        let mut around = self.around(true);
        if let Keys::Symbols(symbols, different) = keys {
            // One slot more, which nobody has, for what is not stated.
            let slot = |row: usize| (symbols[row] as usize).min(different);
            let mut own = vec![false; different + 1];
            self.members().for_each(|row| own[slot(row)] = true);
            own[different] = false;
            around.retain(|&row| own[slot(row as usize)]);
        } else {
            let own: HashSet<u64> = self.members().filter_map(|row| keys.of(row)).collect();
            around.retain(|&row| keys.of(row as usize).is_some_and(|key| own.contains(&key)));
        }
        let all = self.weigh_rows(&around);
        (all > 0.0).then(|| (self.count() / all).min(1.0))
    }

    /// How much likelier requests with the group's most frequent value are to be in the group than the others.
    fn lift(&self, field: Field) -> Option<f64> {
        let &(top, _) = self.values(field).first()?;
        let peers: Vec<usize> = self.peers().into_iter().map(|row| row as usize).collect();
        let keys = self.table.keys(field);
        let is_top = |&row: &usize| keys.of(row) == Some(top);
        let stated = |&row: &usize| keys.of(row).is_some();
        let (all, all_top) = (self.weigh(peers.iter().copied().filter(stated)), self.weigh(peers.iter().copied().filter(is_top)));
        let (own, own_top) = (self.weigh(self.members().filter(stated)), self.weigh(self.members().filter(is_top)));
        let others = all - all_top;
        if others < 1.0 {
            return None;
        }
        Some((own_top / all_top) / ((own - own_top + 0.5) / (others + 1.0)))
    }

    pub(super) fn shift(&self, field: Field) -> Option<f64> {
        if let Some((_, ratio)) = self.shifts.borrow().iter().find(|(of, _)| *of == field) {
            return Some(*ratio);
        }
        let found = super::shift::of(self, field)?;
        self.time.set(found.time);
        self.shifts.borrow_mut().push((field, found.ratio));
        Some(found.ratio)
    }

    fn rise(&self) -> f64 {
        let codes: Vec<u16> = self.values(Field::Status).iter().map(|(key, _)| f64::from_bits(*key) as u16).collect();
        let rate = |inside: bool| {
            let mut rows = self.around(inside);
            let all = self.weigh_rows(&rows);
            rows.retain(|&row| codes.contains(&self.table.rows[row as usize].status));
            (self.weigh_rows(&rows) + 0.5 * f64::from(u8::from(!inside))) / (all + 1.0)
        };
        rate(true) / rate(false)
    }

    fn times(&self) -> Vec<f64> {
        self.members().map(|row| self.table.rows[row].at).filter(|at| !at.is_nan()).collect()
    }

    pub(super) fn cluster(&self, field: Field) -> Option<(f64, f64)> {
        let mut numbers = self.numbers(field);
        let stated = numbers.len() as f64;
        let (center, share) = stats::cluster(&mut numbers)?;
        Some((center, share * stated / self.rows.len() as f64))
    }
}

impl rule::Group for Members<'_, '_> {
    fn measure(&self, measure: Measure, args: &[Arg]) -> Option<f64> {
        let flag = |is: bool| Some(f64::from(u8::from(is)));
        let (start, end) = self.time();
        match (measure, args) {
            (Measure::Count, _) => Some(self.count().round()),
            (Measure::Share, []) => Some(self.count() / self.table.weight()),
            (Measure::Share, [Arg::Filter(of)]) => Some(self.count() / self.weigh_rows(&self.passing(self.all(), of))),
            (Measure::Part, [Arg::Filter(part)]) => self.ratio(self.rows.clone(), &Expr::All, part),
            (Measure::During, [Arg::Filter(of), Arg::Filter(part)]) => self.ratio(self.around(true), of, part),
            (Measure::Outside, [Arg::Filter(of), Arg::Filter(part)]) => self.ratio(self.around(false), of, part),
            (Measure::Around, [Arg::Filter(of)]) => Some(self.weigh_rows(&self.passing(self.around(true), of)).round()),
            (Measure::Hit, []) => self.hit(None),
            (Measure::Hit, [Arg::Field(field)]) => self.hit(Some(*field)),
            (Measure::Distinct, [Arg::Field(field)]) => Some(self.values(*field).len() as f64),
            (Measure::Top, [Arg::Field(field), rest @ ..]) => {
                let most = if let [Arg::Number(most)] = rest { *most as usize } else { 1 };
                Some(self.values(*field).iter().take(most).map(|(_, count)| count).sum::<f64>() / self.count())
            }
            (Measure::Cluster, [Arg::Field(field)]) => self.cluster(*field).map(|(_, share)| share),
            (Measure::Center, [Arg::Field(field)]) => self.cluster(*field).map(|(center, _)| center),
            (Measure::P50, [Arg::Field(field)]) => self.quantile(*field, 0.5),
            (Measure::P95, [Arg::Field(field)]) => self.quantile(*field, 0.95),
            (Measure::Min, [Arg::Field(field)]) => self.numbers(*field).into_iter().min_by(f64::total_cmp),
            (Measure::Max, [Arg::Field(field)]) => self.numbers(*field).into_iter().max_by(f64::total_cmp),
            (Measure::Lift, [Arg::Field(field)]) => self.lift(*field),
            (Measure::Shift, [Arg::Field(field)]) => self.shift(*field),
            (Measure::Seconds, _) => Some(end - start).filter(|s| !s.is_nan()),
            (Measure::Onset, _) => flag(start > self.table.span().0 + self.table.margin()),
            (Measure::Ended, _) => flag(end < self.table.span().1 - self.table.margin()),
            (Measure::Rise, _) => Some(self.rise()),
            (Measure::Bursts, _) => Some(super::shift::bursts(&self.times()).len() as f64),
            (Measure::Period, _) => super::shift::period(&self.times()),
            _ => None,
        }
    }
}

impl Table<'_> {
    /// From the first to the last moment of all rows; NaN when no time is stated.
    pub(super) fn span(&self) -> (f64, f64) {
        let timed = || self.rows.iter().map(|Row { at, .. }| *at).filter(|at| !at.is_nan());
        *self.whole.get_or_init(|| (timed().min_by(f64::total_cmp).unwrap_or(f64::NAN), timed().max_by(f64::total_cmp).unwrap_or(f64::NAN)))
    }

    /// What begins later than this after the log's start did not begin before it.
    pub(super) fn margin(&self) -> f64 {
        let (start, end) = self.span();
        (0.03 * (end - start)).max(2.0)
    }
}
