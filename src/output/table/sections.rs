//! The parts of the page, from the answer to the details.

use super::layout::{Column, lines};
use super::{Page, human, services};
use crate::diagnose::Severity;
use crate::model::StatusCode;
use crate::output::sanitize::{cut, width, wrap};
use crate::output::wording;
use crate::report::{CodeRow, Latency, Report, RouteRow};
use std::collections::BTreeMap;
use std::io;

/// Routes shown when nobody said how many.
const ROUTES: usize = 12;
/// Windows shown.
const WINDOWS: usize = 5;
/// Of so many at the most.
const WINDOWS_OF: i64 = 60;
/// Codes, worst first, that may take two lines for what they mean and what to do.
const EXPLAINED: usize = 4;
/// Characters of a bar on a wide screen.
const BAR: usize = 24;
/// Notes about inputs that are shown.
const MOST_NOTES: usize = 4;

impl Page<'_> {
    /// What was read, how it ended, how bad it is.
    pub(super) fn header(&mut self) -> io::Result<()> {
        let report = self.report;
        let [what, when] = first_lines(report, &self.times(), self.view.seconds);
        let one = format!("{what}   {when}");
        if self.view.width.is_some_and(|w| width(&one) > w) && !when.is_empty() {
            self.line(&what)?;
            self.line(&when)?;
        } else {
            self.line(one.trim_end())?;
        }
        self.line(&accounting(report))?;
        self.notes()?;
        self.line(&verdict(report))?;
        let without = report.traffic.as_ref().map(wording::without_bots).unwrap_or_default();
        if without.is_empty() { Ok(()) } else { self.wrapped(&without, "    ") }
    }

    /// What was assumed about the inputs: once where it is the same, and not for each of very many.
    fn notes(&mut self) -> io::Result<()> {
        let mut notes: Vec<(&str, &str, usize)> = Vec::new();
        for input in &self.report.inputs {
            let Some(note) = input.note.as_deref() else { continue };
            match notes.iter_mut().find(|(_, same, _)| *same == note) {
                Some((.., count)) => *count += 1,
                None => notes.push((&input.path, note, 0)),
            }
        }
        for (path, note, others) in notes.iter().take(MOST_NOTES) {
            let others = if *others == 0 { String::new() } else { format!(" and {others} more") };
            self.wrapped(&format!("note: {path}{others}: {note}"), "  ")?;
        }
        if notes.len() > MOST_NOTES {
            self.line(&format!("… {} more notes: -o json", notes.len() - MOST_NOTES))?;
        }
        Ok(())
    }

    pub(super) fn times(&self) -> human::Times {
        let (start, end) = self.report.span.as_ref().map_or((0, 0), |s| (s.start_seconds, s.end_seconds));
        human::Times::new(&self.view.zone, start, end)
    }

    /// The codes, worst first: each with its numbers, and below it what it means and what to do first.
    pub(super) fn codes(&mut self) -> io::Result<()> {
        let codes = self.report.codes_worst_first();
        if codes.is_empty() {
            return Ok(());
        }
        let all = self.report.lines.parsed;
        let column = |of: &dyn Fn(&CodeRow) -> String| codes.iter().map(|c| of(c)).collect::<Vec<_>>();
        let bars = Bars::new(self.report, self.bar_width());
        let mut columns = vec![
            Column::number("CODE", column(&|c| format!("{:03}", c.code))),
            Column::text("NAME", column(&|c| c.name.clone()), if self.view.width.is_some_and(|w| w < 50) { 14 } else { 21 }, 1),
            Column::number("REQUESTS", column(&|c| human::count(c.count))),
            Column::number("SHARE", column(&|c| human::percent(c.count, all))),
        ];
        if let Some(title) = bars.title(&self.times()) {
            let cells = column(&|c| bars.of(c.code));
            columns.push(Column { title, cells, right: false, min: None, order: 0, middle: false, optional: true });
        }
        columns.push(Column::text("MOSTLY ON", column(&mostly_on), 18, 2).cut_in_the_middle().optional());
        writeln!(self.out)?;
        let table = lines(columns, self.view.width);
        for (at, line) in table.into_iter().enumerate() {
            match at.checked_sub(1).map(|row| codes[row]) {
                None => self.heading(&line)?,
                Some(code) => {
                    self.painted(&line, code.code)?;
                    self.meaning(code, at <= EXPLAINED)?;
                }
            }
        }
        let errors: Vec<String> = codes.iter().filter(|c| urgency(c) >= 2).take(EXPLAINED).map(|c| format!("{:03}", c.code)).collect();
        if errors.is_empty() { Ok(()) } else { self.dimmed(&format!("      More: logcodes explain {}", errors.join(" "))) }
    }

    /// What a code means and what to do first: on one line if it fits, on two if it is an error worth them. Below findings, which
    /// know better what to do, only the worst errors get a line.
    fn meaning(&mut self, code: &CodeRow, in_full: bool) -> io::Result<()> {
        let mut findings = self.report.findings.iter().filter(|f| f.severity >= Severity::Warning).peekable();
        let below = findings.peek().is_some();
        if below && (urgency(code) < 2 || !in_full) {
            return Ok(());
        }
        if findings.any(|f| f.codes.contains(&code.code)) {
            return self.dimmed(&format!("      {}", code.short));
        }
        let one = format!("      {}. First: {}", code.short, code.first_step);
        if urgency(code) < 2 || !in_full || below || self.view.width.is_none_or(|w| width(&one) <= w) {
            return self.dimmed(&one);
        }
        self.dimmed(&format!("      {}", code.short))?;
        let step = match self.view.width {
            Some(width) => wrap(&format!("First: {}", code.first_step), width, "      ", "             "),
            None => format!("      First: {}", code.first_step),
        };
        step.lines().try_for_each(|line| self.dimmed(line))
    }

    fn bar_width(&self) -> usize {
        match self.view.width {
            Some(width) if width < 70 => 0,
            Some(width) if width < 90 => 12,
            Some(width) if width < 110 => 18,
            _ => BAR,
        }
    }

    pub(super) fn heading(&mut self, line: &str) -> io::Result<()> {
        if self.view.color { writeln!(self.out, "\u{1b}[1m{line}\u{1b}[0m") } else { writeln!(self.out, "{line}") }
    }

    pub(super) fn dimmed(&mut self, line: &str) -> io::Result<()> {
        let line = self.view.width.map_or_else(|| line.to_owned(), |w| cut(line, w));
        if self.view.color { writeln!(self.out, "\u{1b}[2m{line}\u{1b}[0m") } else { writeln!(self.out, "{line}") }
    }

    /// A row with its code, which stands first, in the colour of its class.
    fn painted(&mut self, line: &str, code: u16) -> io::Result<()> {
        let color = match code / 100 {
            5 => 31,
            4 => 33,
            3 => 36,
            2 => 32,
            _ => 35,
        };
        match line.find(|c: char| c.is_ascii_digit()) {
            Some(at) if self.view.color => {
                let (before, rest) = line.split_at(at);
                let (number, after) = rest.split_at(3.min(rest.len()));
                writeln!(self.out, "{before}\u{1b}[1;{color}m{number}\u{1b}[0m{after}")
            }
            _ => writeln!(self.out, "{line}"),
        }
    }

    /// A table below an empty line.
    pub(super) fn table(&mut self, columns: Vec<Column>) -> io::Result<()> {
        writeln!(self.out)?;
        for (at, line) in lines(columns, self.view.width).iter().enumerate() {
            if at == 0 { self.heading(line)? } else { writeln!(self.out, "{line}")? }
        }
        Ok(())
    }

    /// The worst routes.
    pub(super) fn routes(&mut self) -> io::Result<()> {
        let shown = self.view.limit.unwrap_or(ROUTES).min(self.report.routes.len());
        let routes = &self.report.routes[..shown];
        if routes.is_empty() {
            return Ok(());
        }
        let method_width = routes.iter().filter_map(|r| r.method.as_ref()).map(String::len).max().unwrap_or(0);
        let column = |of: &dyn Fn(&RouteRow) -> String| routes.iter().map(of).collect::<Vec<_>>();
        let mut columns: Vec<Column> = services::column(routes).into_iter().collect();
        let narrow = if columns.is_empty() { 16 } else { 10 };
        columns.extend([
            Column::text("ROUTE", column(&|r| route_name(r, method_width)), narrow, 3).cut_in_the_middle(),
            Column::number("REQUESTS", column(&|r| human::count(r.count))),
            Column::number("5xx", column(&|r| human::percent(r.within(500, 599), r.count))),
            Column::number("4xx", column(&|r| human::percent(r.within(400, 499), r.count))).goes(7),
        ]);
        if self.report.latency.is_some() {
            columns.extend(latencies(&routes.iter().map(|r| r.latency.as_ref()).collect::<Vec<_>>()));
        }
        columns.push(Column::text("CODES", column(&|r| by_count(&r.codes, |_| true)), 11, 2).optional());
        self.table(columns)?;
        if shown < self.report.routes_total {
            self.line(&format!(
                "… {} more routes: -n {}",
                human::count((self.report.routes_total - shown) as u64),
                self.report.routes_total
            ))?;
        }
        Ok(())
    }

    /// The windows with most errors; without errors, the busiest ones.
    pub(super) fn windows(&mut self) -> io::Result<()> {
        let report = self.report;
        if report.windows.len() < 2 {
            return Ok(());
        }
        let (width, all_windows) = wider(report);
        let errors = |w: &Wider, from: u16, to: u16| w.1.range(from..=to).map(|(_, n)| *n).sum::<u64>();
        let all = |w: &Wider| w.1.values().sum::<u64>();
        let any = report.codes.iter().any(|c| c.code >= 400 && c.code < 600);
        let mut windows: Vec<&Wider> = all_windows.iter().collect();
        windows.sort_by_key(|w| std::cmp::Reverse((errors(w, 500, 599), errors(w, 400, 499), all(w))));
        windows.truncate(WINDOWS);
        let times = self.times();
        let name = |w: &Wider| times.window(w.0, width);
        let column = |of: &dyn Fn(&Wider) -> String| windows.iter().map(|w| of(w)).collect::<Vec<_>>();
        let title = format!("{} {}", if any { "WORST" } else { "BUSIEST" }, human::width(width));
        let columns = vec![
            Column::text(&title, column(&name), 12, 3),
            Column::number("REQUESTS", column(&|w| human::count(all(w)))).goes(7),
            Column::number("5xx", column(&|w| human::count(errors(w, 500, 599)))),
            Column::number("4xx", column(&|w| human::count(errors(w, 400, 499)))),
            Column::text("ERRORS", column(&|w| by_count(&w.1, |code| !(100..400).contains(&code))), 11, 2).optional(),
        ];
        self.table(columns)
    }

    /// What was folded, rejected, without a time; warnings.
    pub(super) fn rest(&mut self) -> io::Result<()> {
        let report = self.report;
        let mut notes = Vec::new();
        if !report.routes_folded.is_empty() {
            notes.push("Counted together:".to_owned());
            notes.extend(report.routes_folded.iter().map(|f| format!("    {f}")));
        }
        if report.untimed > 0 {
            notes.push(format!("Without a time, so in no window: {}", human::count(report.untimed)));
        }
        for reject in &report.rejects {
            notes.push(format!("Rejected {}: {}", human::count(reject.count), reject.reason));
            notes.extend(reject.samples.iter().map(|s| format!("    {}:{}  {}", s.input, s.line, s.text)));
        }
        notes.extend(report.warnings.iter().map(|w| format!("Warning: {w}")));
        if !notes.is_empty() {
            writeln!(self.out)?;
        }
        for note in &notes {
            if note.starts_with(' ') { self.line(note)? } else { self.wrapped(note, "    ")? }
        }
        Ok(())
    }
}

/// The columns of durations.
pub(super) fn latencies(rows: &[Option<&Latency>]) -> [Column; 3] {
    let column = |title: &str, of: fn(&Latency) -> f64| {
        Column::number(title, rows.iter().map(|latency| latency.map_or("-".into(), |l| human::seconds(of(l)))).collect())
    };
    [column("p50", |l| l.p50).goes(4), column("p95", |l| l.p95).goes(6), column("p99", |l| l.p99).goes(5)]
}

/// What was read, and when it was.
fn first_lines(report: &Report, times: &human::Times, seconds: Option<f64>) -> [String; 2] {
    let mut what = match report.inputs.as_slice() {
        [one] => vec![one.path.clone(), one.format.clone().unwrap_or_else(|| "unknown format".into())],
        many => vec![format!("{} and {} more", many[0].path, many.len() - 1), formats(report)],
    };
    let bytes = human::bytes(report.inputs.iter().map(|i| i.bytes).sum());
    what.push(match seconds {
        Some(seconds) => format!("{bytes} in {}", human::seconds(seconds)),
        None => bytes,
    });
    let when = report.span.as_ref().map_or(String::new(), |span| {
        let (start, end) = (span.start_seconds, span.end_seconds);
        format!("{} {} ({})", times.span(start, end), times.zone_name(end), human::length(end - start))
    });
    [what.join("   "), when]
}

fn formats(report: &Report) -> String {
    let mut names: Vec<&str> = report.inputs.iter().filter_map(|i| i.format.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn accounting(report: &Report) -> String {
    let lines = report.lines;
    let mut text = format!("{} lines = {} requests", human::count(lines.read), human::count(lines.parsed));
    if lines.filtered > 0 {
        text.push_str(&format!(" + {} filtered out", human::count(lines.filtered)));
    }
    text.push_str(&format!(" + {} rejected", human::count(lines.rejected)));
    if lines.rejected > 0 {
        text.push_str(&format!(" ({}, samples at the end)", human::percent(lines.rejected, lines.read)));
    }
    if lines.directives > 0 {
        text.push_str(&format!("; {} blank or # lines", human::count(lines.directives)));
    }
    text
}

fn verdict(report: &Report) -> String {
    let class = |from: u16, to: u16| report.codes.iter().filter(|c| (from..=to).contains(&c.code)).map(|c| c.count).sum::<u64>();
    let (server, client, all) = (class(500, 599), class(400, 499), report.lines.parsed);
    let mut parts = if server == 0 && client * 20 < all {
        vec![format!("✔ no 5xx, 4xx {}", human::percent(client, all))]
    } else {
        vec![format!("5xx {}", human::percent(server, all)), format!("4xx {}", human::percent(client, all))]
    };
    if let Some(l) = &report.latency {
        parts.extend([("p50", l.p50), ("p95", l.p95), ("p99", l.p99)].map(|(name, s)| format!("{name} {}", human::seconds(s))));
    }
    parts.join("   ")
}

fn urgency(code: &CodeRow) -> u8 {
    StatusCode::new(code.code).map_or(0, |c| c.class().urgency())
}

fn mostly_on(code: &CodeRow) -> String {
    code.top_route.as_ref().map_or(String::new(), |top| {
        let service = top.service.name().map(|s| format!("{s}: ")).unwrap_or_default();
        let method = top.method.as_ref().map(|m| format!("{m} ")).unwrap_or_default();
        format!("{service}{method}{} {}", top.route, human::percent(top.count, code.count))
    })
}

fn route_name(route: &RouteRow, method_width: usize) -> String {
    match &route.method {
        Some(method) => format!("{method:<method_width$} {}", route.route),
        None => route.route.clone(),
    }
}

/// `200×9,120 404×12 502×3`: codes by count, the most frequent six.
pub(super) fn by_count(codes: &BTreeMap<u16, u64>, wanted: impl Fn(u16) -> bool) -> String {
    let mut codes: Vec<(u16, u64)> = codes.iter().map(|(c, n)| (*c, *n)).filter(|(c, _)| wanted(*c)).collect();
    codes.sort_by_key(|&(code, count)| (std::cmp::Reverse(count), code));
    let more = if codes.len() > 6 { " …" } else { "" };
    codes.iter().take(6).map(|(code, count)| format!("{code:03}×{}", human::count(*count))).collect::<Vec<_>>().join(" ") + more
}

/// The start of a window in seconds since 1970, and its codes.
type Wider = (i64, BTreeMap<u16, u64>);

/// The report's windows, several together where there are more than a reader can take in; and their width.
fn wider(report: &Report) -> (i64, Vec<Wider>) {
    let narrow = report.window_seconds.max(1);
    let span = report.main_windows.map_or(0, |(first, last)| last - first);
    let width = STEPS.into_iter().find(|w| w % narrow == 0 && span / w < WINDOWS_OF).unwrap_or(narrow);
    let mut windows: BTreeMap<i64, BTreeMap<u16, u64>> = BTreeMap::new();
    for window in &report.windows {
        let row = windows.entry(window.start_seconds.div_euclid(width) * width).or_default();
        window.codes.iter().for_each(|(code, count)| *row.entry(*code).or_default() += count);
    }
    (width, windows.into_iter().collect())
}

/// Widths in seconds that people think in.
const STEPS: [i64; 12] = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400, 604_800];

/// Bars over time: the windows, several to a character.
struct Bars<'r> {
    report: &'r Report,
    columns: usize,
    /// Seconds a character.
    each: i64,
    start: i64,
}

impl<'r> Bars<'r> {
    fn new(report: &'r Report, most: usize) -> Self {
        let (first, last) = report.main_windows.unwrap_or_default();
        let windows = (last - first) / report.window_seconds.max(1) + 1;
        let together = windows.div_euclid(most.max(1) as i64) + i64::from(windows % most.max(1) as i64 > 0);
        let columns = if most == 0 || first == last { 0 } else { windows.div_euclid(together) + i64::from(windows % together > 0) };
        Self { report, columns: columns as usize, each: together * report.window_seconds, start: first }
    }

    /// When the first character begins and what each one stands for, as far as there is room.
    fn title(&self, times: &human::Times) -> Option<String> {
        let each = human::width(self.each);
        let long = format!("FROM {}, EACH {each}", times.clock(self.start, self.each));
        (self.columns >= 2).then(|| if width(&long) <= self.columns.max(12) { long } else { format!("EACH {each}") })
    }

    fn of(&self, code: u16) -> String {
        let mut counts = vec![0; self.columns];
        for window in &self.report.windows {
            let at = (window.start_seconds - self.start).div_euclid(self.each);
            if let Some(count) = usize::try_from(at).ok().and_then(|at| counts.get_mut(at)) {
                *count += window.codes.get(&code).copied().unwrap_or(0);
            }
        }
        human::bar(&counts)
    }
}
