//! Healthy and broken logs by dice, judged by the functions that the gate judges with: how often there is a false alarm, and
//! how often a rise is found.
//!
//! A log is a count of requests and of errors per window and route. Traffic swings as over a day, routes have unequal parts of
//! it (the second half of the first, and so on), and errors come in heaps: negative binomials of a dispersion of 1, 3, 4 or 8.
//! A few cells are run with each `cargo test`; all of them, many times, by
//!
//! ```text
//! LOGCODES_SIMULATION=full cargo test --release --test simulation -- --nocapture
//! ```

// The table is what the command is for.
#![allow(clippy::print_stdout)]

#[path = "../src/stats/dice.rs"]
#[allow(dead_code)]
mod dice;

use dice::Dice;
use logcodes::stats;
use logcodes::stats::{ALPHA, Arm, Bin, LEAST_RATIO, cautious_dispersion, contrast, holm, is_relevant, spike, standardised, wilson};
use std::fmt::Write as _;

/// What a log is like.
#[derive(Clone, Copy)]
struct Cell {
    requests: f64,
    rate: f64,
    dispersion: f64,
    routes: usize,
    windows: usize,
}

/// Times of the usual rate, in the windows from a start to an end (parts of the log).
#[derive(Clone, Copy)]
struct Rise {
    times: f64,
    span: (f64, f64),
}

/// The whole log.
const ALL: (f64, f64) = (0.0, 1.0);
/// A sixth of the log: ten minutes of an hour.
const SPAN: (f64, f64) = (0.5, 0.5 + 1.0 / 6.0);
/// What is more than this is a failure of the gate.
const MOST_FALSE: f64 = 0.02;
/// Times that a rate rises; the first is health.
const TIMES: [f64; 3] = [1.0, 2.0, 5.0];

impl Cell {
    /// Series of each route.
    fn log(&self, rise: Rise, dice: &mut Dice) -> Vec<Vec<Bin>> {
        let parts: f64 = (1..=self.routes).map(|route| 1.0 / route as f64).sum();
        let route = |route: usize, dice: &mut Dice| -> Vec<Bin> {
            let usual = self.requests / self.windows as f64 / (route + 1) as f64 / parts;
            (0..self.windows)
                .map(|window| {
                    let at = window as f64 / self.windows as f64;
                    let n = dice.poisson(usual * (1.0 + 0.6 * (std::f64::consts::TAU * at).sin()));
                    let is_risen = (rise.span.0..rise.span.1).contains(&(at + 1e-9));
                    let k = dice.heaps(n * self.rate * if is_risen { rise.times } else { 1.0 }, self.dispersion);
                    // Retries are requests, too.
                    Bin { k, n: n.max(k) }
                })
                .collect()
        };
        (0..self.routes).map(|at| route(at, dice)).collect()
    }
}

fn sum(series: &[Bin]) -> Bin {
    series.iter().fold(Bin::default(), |sum, bin| Bin { k: sum.k + bin.k, n: sum.n + bin.n })
}

fn arm(series: &[Bin]) -> Arm {
    let Bin { k, n } = sum(series);
    Arm { k, n, dispersion: cautious_dispersion(series) }
}

/// Whether all routes together or one of them has a spike.
fn spikes(log: &[Vec<Bin>]) -> bool {
    let whole: Vec<Bin> = (0..log[0].len()).map(|window| sum(&log.iter().map(|route| route[window]).collect::<Vec<_>>())).collect();
    let several = if log.len() > 1 { log } else { &[] };
    let series = 1 + several.len();
    std::iter::once(&whole).chain(several).any(|bins| spike(bins, series).is_some())
}

/// Whether the rate of a route rose, and whether that of all routes together did.
fn rises(before: &[Vec<Bin>], after: &[Vec<Bin>]) -> (bool, bool) {
    let strata: Vec<(Arm, Arm)> = before.iter().zip(after).map(|(before, after)| (arm(before), arm(after))).collect();
    let routes: Vec<_> = strata.iter().map(|(before, after)| contrast(before, after)).collect();
    let adjusted = holm(&routes.iter().map(|route| route.p).collect::<Vec<_>>());
    let together = standardised(&strata);
    let of_a_route = routes.iter().zip(adjusted).any(|(route, p)| p < ALPHA && is_relevant(route, LEAST_RATIO));
    (of_a_route, together.p < ALPHA && is_relevant(&together, LEAST_RATIO))
}

/// How often each of the three judges said yes, for each rise.
struct Outcome {
    cell: Cell,
    runs: [usize; 3],
    found: [[usize; 3]; 3],
}

fn run(cell: Cell, runs: [usize; 3], seed: u64) -> Outcome {
    let mut dice = Dice(seed);
    let mut found = [[0; 3]; 3];
    for ((times, runs), found) in TIMES.into_iter().zip(runs).zip(&mut found) {
        for _ in 0..runs {
            let spiked = spikes(&cell.log(Rise { times, span: SPAN }, &mut dice));
            let before = cell.log(Rise { times: 1.0, span: ALL }, &mut dice);
            let (route, together) = rises(&before, &cell.log(Rise { times, span: ALL }, &mut dice));
            for (found, yes) in found.iter_mut().zip([spiked, route, together]) {
                *found += usize::from(yes);
            }
        }
    }
    Outcome { cell, runs, found }
}

/// Power and false alarms of tests in use elsewhere, on the same logs without a swing of traffic: Fisher's at 0.01 one-sided
/// where hits come one by one, where they come in heaps a normal test with corrected variance. For rates of 0.2 %, one route.
const OTHERS: [(f64, f64, &str); 5] = [
    (600.0, 1.0, "Fisher         0.000 0.01 0.15"),
    (6000.0, 1.0, "Fisher         0.000 0.33 1.00"),
    (60_000.0, 1.0, "Fisher, floors 0.003 0.99 1.00"),
    (6000.0, 4.0, "corrected z    0.018 0.14 0.78"),
    (60_000.0, 4.0, "corrected z    0.022 0.85 1.00"),
];

const HEAD: &str = concat!(
    "                                        spike               a route rose        all rose            two logs, elsewhere\n",
    "requests rate dispersion routes windows x1     x2   x5      x1     x2   x5      x1     x2   x5                     x1    x2   x5"
);

impl Outcome {
    fn share(&self, rise: usize, judge: usize) -> f64 {
        self.found[rise][judge] as f64 / self.runs[rise] as f64
    }

    fn row(&self) -> String {
        let Cell { requests, rate, dispersion, routes, windows } = self.cell;
        let mut row = format!("{requests:>8} {:>3.1}% {dispersion:>10} {routes:>6} {windows:>7}", rate * 100.0);
        for judge in 0..3 {
            let [one, two, five] = [0, 1, 2].map(|rise| self.share(rise, judge));
            let _ = write!(row, " {one:.3}  {two:.2} {five:.2}  ");
        }
        let is_there = rate < 0.005 && routes == 1 && windows == 60;
        let other = OTHERS.iter().find(|(n, d, _)| is_there && (n - requests).abs() < 0.5 && (d - dispersion).abs() < 0.1);
        format!("{row}{}", other.map_or("", |(_, _, text)| text)).trim_end().to_owned()
    }

    /// More false alarms than allowed, beyond doubt.
    fn alarms_too_often(&self) -> Vec<String> {
        let is_worse = |judge: &usize| wilson(self.found[0][*judge] as u64, self.runs[0] as u64, 2.576).0 > MOST_FALSE;
        (0..3).filter(is_worse).map(|judge| format!("judge {judge}: {}", self.row())).collect()
    }
}

fn cells(is_full: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (windows, rate) in [(60, 0.002), (60, 0.01), (240, 0.01)] {
        for requests in [600.0, 6000.0, 60_000.0] {
            for dispersion in [1.0, 3.0, 4.0, 8.0] {
                for routes in [1, 10, 50] {
                    cells.push(Cell { requests, rate, dispersion, routes, windows });
                }
            }
        }
    }
    // Small: a log of the usual size, and the most bursty ones.
    let is_small = |cell: &Cell| {
        let usual = (cell.requests - 6000.0).abs() < 0.5 && cell.windows == 60;
        usual && (cell.routes < 50 && cell.dispersion < 3.5 || cell.dispersion > 7.0 && cell.routes == 10)
    };
    cells.retain(|cell| is_full || is_small(cell));
    cells
}

#[test]
fn rises_are_found_and_health_raises_no_alarm() {
    let is_full = std::env::var("LOGCODES_SIMULATION").is_ok_and(|size| size == "full");
    let cells = cells(is_full);
    let runs = if is_full { [1000, 200, 200] } else { [150, 20, 40] };
    // Every second cell to each core, for those of many routes take longest.
    let work = |first: usize| -> Vec<(usize, Outcome)> {
        (first..cells.len()).step_by(2).map(|at| (at, run(cells[at], runs, 1 + at as u64))).collect()
    };
    let mut outcomes: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
        let other = scope.spawn(|| work(1));
        let mut both = work(0);
        both.extend(other.join().unwrap());
        both
    });
    outcomes.sort_by_key(|(at, _)| *at);
    let rows: Vec<String> = outcomes.iter().map(|(_, outcome)| outcome.row()).collect();
    println!("{HEAD}\n{}", rows.join("\n"));

    let bad: Vec<String> = outcomes.iter().flat_map(|(_, outcome)| outcome.alarms_too_often()).collect();
    assert!(bad.is_empty(), "too many false alarms:\n{}", bad.join("\n"));
    for judge in 0..3 {
        let (found, runs) = outcomes.iter().fold((0, 0), |sum, (_, o)| (sum.0 + o.found[0][judge], sum.1 + o.runs[0]));
        println!("judge {judge}: {found} false alarms in {runs} healthy logs");
        assert!(found as f64 <= MOST_FALSE * runs as f64);
    }
    let of = |rate: f64, dispersion: f64| {
        let is_it = |cell: &Cell| {
            let same = (cell.rate - rate).abs() < 1e-6 && (cell.dispersion - dispersion).abs() < 0.1;
            same && (cell.requests - 6000.0).abs() < 0.5 && cell.routes == 1 && cell.windows == 60
        };
        outcomes.iter().map(|(_, outcome)| outcome).find(|outcome| is_it(&outcome.cell)).unwrap()
    };
    // A five-fold rise in 6,000 requests: of the rate of a log, and within one.
    assert!(of(0.002, 1.0).share(2, 1) >= 0.9 && of(0.01, 1.0).share(2, 0) >= 0.9);
}

/// Half of the hits of each window fall into the next one: retries go on for a while, and no window holds a storm whole.
fn straddled(series: &[Bin], dice: &mut Dice) -> Vec<Bin> {
    let mut moved = series.to_vec();
    for at in 1..series.len() {
        let going_on = (0..series[at - 1].k as u32).filter(|_| dice.unit() < 0.5).count() as f64;
        for (to, by) in [(at - 1, -going_on), (at, going_on)] {
            moved[to] = Bin { k: moved[to].k + by, n: (moved[to].n + by).max(moved[to].k + by) };
        }
    }
    moved
}

#[test]
fn storms_over_the_border_of_a_window_raise_no_alarm() {
    let runs = if std::env::var("LOGCODES_SIMULATION").is_ok_and(|size| size == "full") { 1000 } else { 120 };
    for (rate, dispersion) in [(0.01, 4.0), (0.02, 8.0)] {
        let cell = Cell { requests: 6000.0, rate, dispersion, routes: 10, windows: 60 };
        let mut dice = Dice(77);
        let (mut alarms, mut found) = (0, 0);
        for _ in 0..runs {
            let log: Vec<Vec<Bin>> =
                cell.log(Rise { times: 1.0, span: ALL }, &mut dice).iter().map(|series| straddled(series, &mut dice)).collect();
            alarms += u64::from(spikes(&log));
            let log = cell.log(Rise { times: 5.0, span: SPAN }, &mut dice);
            let log: Vec<Vec<Bin>> = log.iter().map(|series| straddled(series, &mut dice)).collect();
            found += u64::from(spikes(&log));
        }
        println!(
            "storms over borders, {:.1}% of dispersion {dispersion}: {alarms} false alarms in {runs} healthy logs, {found} rises found",
            rate * 100.0
        );
        assert!(wilson(alarms, runs, 2.576).0 <= MOST_FALSE);
    }
}
