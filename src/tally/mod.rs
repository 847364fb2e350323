//! The monoid: what is counted over lines, and how two counts become one.
//!
//! A worker absorbs its lines into a [`Tally`] of its own; merging tallies gives the same as absorbing all lines into one,
//! in any grouping and any order. Memory is bounded: routes by [`MAX_ROUTES`], windows by their ladder, durations by
//! histograms that only crowded cells get, samples by their number.

mod codes;
mod event;
mod evidence;
mod latency;
mod marks;
mod rejects;
mod window;

pub use codes::CodeSlots;
pub use event::{Event, Span, Text};
pub use evidence::{Evidence, Unread, is_good};
pub use latency::{Latency, Quantiles};
pub use marks::{Mark, Marks, UNTIMED, band_of};
pub use rejects::{Place, Reason, Rejects};
pub use window::{LADDER, MAX_WINDOWS, Width, Windows};

use crate::format::Reject;
use crate::model::{Record, ServiceId, StatusCode};
use crate::route::{RouteId, RouteKey, RouteRules, Routes};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Routes with a row of their own. A tally holds up to twice as many before it drops the ones of the highest rank.
pub const MAX_ROUTES: usize = 32_768;

/// Cells of all routes together, likewise: a route has one for each of its codes.
pub const MAX_CELLS: usize = 32_768;
/// Windows of single cells, over all cells; with more of them they are folded. Twice as many may stand there for a while.
const MAX_CROSS: usize = 1_000_000;

/// What to count, the same for all tallies that are to be merged.
#[derive(Clone, Debug)]
pub struct Spec {
    /// How paths become routes.
    pub routes: RouteRules,
    /// How wide windows are.
    pub width: Width,
    /// Whether to count each route in each window too, which costs memory for every pair that occurs.
    pub cross: bool,
    /// Durations, ascending: the windows of routes tell how many requests took longer than each.
    pub slower_than: Arc<[Duration]>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { routes: RouteRules::default(), width: Width::Automatic, cross: false, slower_than: Arc::default() }
    }
}

/// The responses of one route with one code.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// How many there are.
    pub count: u64,
    /// Bytes sent, saturating.
    pub bytes: u64,
    /// Seconds since 1970 of the earliest and the latest, where a line stated its time.
    pub seen: Option<(i64, i64)>,
    /// Durations, where logged.
    pub latency: Latency,
    /// Counts per window, if the spec says so.
    pub windows: Marks,
}

/// Lines of one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Physical lines, blank ones and directives included.
    pub lines: u64,
    /// Lines that are a record and passed the filter.
    pub parsed: u64,
    /// Records that the filter left out.
    pub filtered: u64,
    /// Lines that are no record.
    pub rejected: u64,
    /// Blank lines and directives.
    pub directives: u64,
}

/// The counts.
#[derive(Debug)]
pub struct Tally {
    spec: Spec,
    routes: Routes,
    /// The first cell of each route, as an index into `cells`; [`NO_CELL`] for none.
    heads: Vec<u32>,
    cells: Vec<Link>,
    slots: CodeSlots,
    windows: Windows,
    rejects: Rejects,
    evidence: Evidence,
    inputs: BTreeMap<u32, Lines>,
    /// What was dropped when there were too many routes, per service and code.
    other: BTreeMap<(ServiceId, StatusCode), Cell>,
    untimed: u64,
    span: Option<(i64, i64)>,
    /// The width of the cells' own windows, and how many of these there are in all.
    cross: (i64, usize),
}

/// A cell in the list of its route.
#[derive(Clone, Debug)]
struct Link {
    code: StatusCode,
    next: u32,
    cell: Cell,
}

const NO_CELL: u32 = u32::MAX;

impl Tally {
    /// Nothing counted yet.
    pub fn new(spec: Spec) -> Self {
        Self {
            routes: Routes::new(spec.routes.clone()),
            windows: Windows::new(spec.width),
            heads: Vec::new(),
            cells: Vec::new(),
            slots: CodeSlots::default(),
            rejects: Rejects::default(),
            evidence: Evidence::default(),
            inputs: BTreeMap::new(),
            other: BTreeMap::new(),
            untimed: 0,
            span: None,
            cross: (spec.width.first(), 0),
            spec,
        }
    }

    /// Records from now on are those of this service: told for an input, not for each line. Tallies that are to be merged number
    /// services alike.
    pub fn set_service(&mut self, service: ServiceId) {
        self.routes.set_service(service);
        self.slots.set_service(service);
    }

    /// Counts one record. One without a status is not counted: parsers give none.
    #[inline(always)]
    pub fn absorb(&mut self, record: &Record<'_>) {
        let Some(code) = record.status else { return };
        let route = self.routes.of(record.method, record.path);
        let seconds = record.time.map(|t| t.seconds);
        match seconds {
            Some(at) => {
                let slot = self.slots.slot(code);
                self.windows.add(at, slot, 1);
            }
            None => self.untimed += 1,
        }
        let cell = self.cell(route, code);
        cell.count += 1;
        cell.bytes = cell.bytes.saturating_add(record.bytes.unwrap_or(0));
        if let Some(at) = seconds {
            cell.seen = Some(cell.seen.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        }
        if let Some(duration) = record.duration {
            cell.latency.record(duration);
        }
        if self.spec.cross {
            self.mark(route, code, record);
        }
    }

    /// Counts a record in its route's window: few ask for that, so that the others need not step round it.
    #[inline(never)]
    fn mark(&mut self, route: RouteId, code: StatusCode, record: &Record<'_>) {
        let Some(at) = record.time.map(|time| time.seconds) else { return };
        let band = if self.spec.slower_than.is_empty() { 0 } else { band_of(record.duration, &self.spec.slower_than) };
        let start = at.div_euclid(self.cross.0) * self.cross.0;
        let is_new = self.cell(route, code).windows.add(start, band);
        self.cross.1 += usize::from(is_new);
    }

    /// The cell of a route and a code, made if it is new.
    #[inline(always)]
    fn cell(&mut self, route: RouteId, code: StatusCode) -> &mut Cell {
        if route == RouteId::OTHER {
            return self.other_cell(self.routes.service(), code);
        }
        let at = match self.heads.get(route.index()) {
            Some(&head) => self.find(head, code),
            None => NO_CELL,
        };
        if at != NO_CELL {
            return &mut self.cells[at as usize].cell;
        }
        self.new_cell(route, code)
    }

    #[cold]
    fn other_cell(&mut self, service: ServiceId, code: StatusCode) -> &mut Cell {
        self.other.entry((service, code)).or_default()
    }

    #[inline(always)]
    fn find(&self, mut at: u32, code: StatusCode) -> u32 {
        while at != NO_CELL {
            let link = &self.cells[at as usize];
            if link.code == code {
                break;
            }
            at = link.next;
        }
        at
    }

    #[cold]
    fn new_cell(&mut self, route: RouteId, code: StatusCode) -> &mut Cell {
        if self.heads.len() <= route.index() {
            self.heads.resize(route.index() + 1, NO_CELL);
        }
        // At the end of the list, so that the codes that come first, and mostly most, are found first.
        let new = self.cells.len() as u32;
        let mut last = self.heads[route.index()];
        if last == NO_CELL {
            self.heads[route.index()] = new;
        } else {
            while self.cells[last as usize].next != NO_CELL {
                last = self.cells[last as usize].next;
            }
            self.cells[last as usize].next = new;
        }
        self.cells.push(Link { code, next: NO_CELL, cell: Cell::default() });
        &mut self.cells[new as usize].cell
    }

    /// Looks at a record for evidence of what went wrong: one that was counted, or whose status alone is not asked for. `whole`
    /// reads all that its line states, if that is more.
    #[inline(always)]
    pub fn witness<'r, W>(&mut self, record: &Record<'r>, whole: Option<W>, place: Place, line: &[u8])
    where
        W: FnOnce() -> Option<Record<'r>>,
    {
        self.evidence.witness(record, whole, place, line);
    }

    /// Counts a line that is no record.
    pub fn reject(&mut self, reject: Reject, place: Place, line: &[u8]) {
        self.rejects.add(reject, place, line);
    }

    /// Counts the lines of a chunk of an input, however they ended.
    pub fn count_lines(&mut self, input: u32, lines: Lines) {
        self.inputs.entry(input).or_default().add(lines);
        self.trim();
        self.narrow_cross(self.cross.0, 2 * MAX_CROSS);
    }

    /// Folds the cells' own windows to a width, and, where more than `room` stand there, to wider ones while there are too many. How
    /// many there are is known once those of one window are added up, and that hangs on no order.
    fn narrow_cross(&mut self, width: i64, room: usize) {
        if width > self.cross.0 {
            self.fold_cross(width);
        }
        if self.spec.cross && self.cross.1 > room {
            self.fold_cross(self.cross.0);
            while self.cross.1 > MAX_CROSS {
                self.fold_cross(self.spec.width.next(self.cross.0));
            }
        }
    }

    fn fold_cross(&mut self, width: i64) {
        let is_wider = width > self.cross.0;
        let mut entries = 0;
        for windows in self.cells.iter_mut().map(|l| &mut l.cell).chain(self.other.values_mut()).map(|cell| &mut cell.windows) {
            if is_wider {
                windows.fold_to(width);
            } else {
                windows.close();
            }
            entries += windows.len();
        }
        self.cross = (width, entries);
    }

    /// Adds all counts of another tally with the same spec.
    pub fn merge(&mut self, mut other: Self) {
        self.windows.merge(&other.windows, &mut self.slots, &other.slots);
        self.rejects.merge(std::mem::take(&mut other.rejects));
        self.evidence.merge(std::mem::take(&mut other.evidence));
        for (input, lines) in std::mem::take(&mut other.inputs) {
            self.inputs.entry(input).or_default().add(lines);
        }
        for (key, cell) in std::mem::take(&mut other.other) {
            self.other.entry(key).or_default().merge(&cell);
        }
        self.untimed += other.untimed;
        let limit = other.routes.limit();
        if limit < self.routes.limit() {
            self.restart(limit);
        }
        let width = self.cross.0.max(other.cross.0);
        self.narrow_cross(width, 0);
        other.narrow_cross(width, 0);
        self.take_in(other.drain(u64::MAX));
        let cells = self.cells.iter().map(|l| &l.cell).chain(self.other.values());
        self.cross.1 = cells.map(|cell| cell.windows.len()).sum();
        self.narrow_cross(width, 0);
        self.trim();
    }

    /// Drops routes when there are more than twice [`MAX_ROUTES`], or twice [`MAX_CELLS`].
    #[inline]
    fn trim(&mut self) {
        if self.routes.keys().len() > 2 * MAX_ROUTES || self.cells.len() > 2 * MAX_CELLS {
            self.restart(self.rank_for_all());
        }
    }

    fn rank_for_all(&self) -> u64 {
        let mut counts = vec![0; self.routes.keys().len()];
        for (route, &head) in self.heads.iter().enumerate() {
            let mut at = head;
            while at != NO_CELL {
                counts[route] += 1;
                at = self.cells[at as usize].next;
            }
        }
        self.routes.rank_for(MAX_ROUTES, MAX_CELLS, |at| counts[at])
    }

    /// Keeps the routes of the lowest ranks. Which ones these are hangs on nothing but the routes themselves: a route once
    /// dropped has a rank above that of [`MAX_ROUTES`] others, and more lines only add others.
    #[cold]
    fn restart(&mut self, limit: u64) {
        let cells = self.drain(limit);
        self.take_in(cells);
    }

    fn take_in(&mut self, cells: impl IntoIterator<Item = (RouteKey, StatusCode, Cell)>) {
        for (key, code, cell) in cells {
            let route = self.routes.intern(key.service, &key.method, &key.route);
            let sum = if route == RouteId::OTHER { self.other_cell(key.service, code) } else { self.cell(route, code) };
            sum.merge(&cell);
        }
    }

    /// Takes all cells out, each with its route.
    fn drain(&mut self, limit: u64) -> Vec<(RouteKey, StatusCode, Cell)> {
        let (keys, heads, mut cells) = (self.routes.restart(limit), std::mem::take(&mut self.heads), std::mem::take(&mut self.cells));
        let mut drained = Vec::with_capacity(cells.len());
        for (key, mut at) in keys.into_iter().zip(heads) {
            while at != NO_CELL {
                let link = &mut cells[at as usize];
                drained.push((key.clone(), link.code, std::mem::take(&mut link.cell)));
                at = link.next;
            }
        }
        drained
    }

    /// Closes the count: drops what is over the limit, and works out the span.
    pub fn finish(&mut self) {
        if self.routes.keys().len() > MAX_ROUTES || self.cells.len() > MAX_CELLS {
            self.restart(self.rank_for_all());
        }
        self.narrow_cross(self.cross.0, 0);
        self.evidence.close();
        let seen = self.cells.iter().map(|l| &l.cell).chain(self.other.values()).filter_map(|c| c.seen);
        self.span = seen.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    }

    /// Routes with their cells.
    pub fn rows(&self) -> impl Iterator<Item = (&RouteKey, Vec<(StatusCode, &Cell)>)> {
        self.routes.keys().iter().enumerate().map(|(at, key)| {
            let (mut cells, mut link) = (Vec::new(), self.heads.get(at).copied().unwrap_or(NO_CELL));
            while link != NO_CELL {
                let Link { code, next, cell } = &self.cells[link as usize];
                cells.push((*code, cell));
                link = *next;
            }
            (key, cells)
        })
    }

    /// The rules that paths became routes by.
    pub fn rules(&self) -> &RouteRules {
        &self.spec.routes
    }

    /// What was dropped when there were too many routes, per service and code.
    pub fn other(&self) -> &BTreeMap<(ServiceId, StatusCode), Cell> {
        &self.other
    }

    /// Width in seconds, and windows with the codes of each service.
    pub fn windows(&self) -> (i64, impl Iterator<Item = (i64, impl Iterator<Item = (ServiceId, StatusCode, u64)> + '_)> + '_) {
        (self.windows.width(), self.windows.iter(&self.slots))
    }

    /// The width in seconds of the cells' own windows, if the spec asks for them.
    pub fn cross_width(&self) -> Option<i64> {
        self.spec.cross.then_some(self.cross.0)
    }

    /// Lines per input.
    pub fn inputs(&self) -> &BTreeMap<u32, Lines> {
        &self.inputs
    }

    /// Lines that are no record.
    pub fn rejects(&self) -> &Rejects {
        &self.rejects
    }

    /// The lines of the evidence that were not read yet; known after [`Tally::finish`].
    pub fn unread(&mut self) -> Vec<Unread<'_>> {
        self.evidence.unread()
    }

    /// Records to work out causes from.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Records that state no time, and so are in no window.
    pub fn untimed(&self) -> u64 {
        self.untimed
    }

    /// Seconds since 1970 of the earliest and the latest record; known after [`Tally::finish`].
    pub fn span(&self) -> Option<(i64, i64)> {
        self.span
    }
}

impl Lines {
    /// Adds those of another part.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.parsed += other.parsed;
        self.filtered += other.filtered;
        self.rejected += other.rejected;
        self.directives += other.directives;
    }
}

impl Cell {
    /// Adds those of another.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.seen = match (self.seen, other.seen) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, two) => one.or(two),
        };
        self.latency.merge(&other.latency);
        self.windows.merge(&other.windows);
    }
}
