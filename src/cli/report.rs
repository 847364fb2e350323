//! `logcodes FILE...`, and what it has in common with `logcodes findings`.

use super::args::{Dimension, ReportArgs, Sort, TallyArgs};
use super::error::Failure;
use super::{Exit, formats, output, plan, progress, records, stats, stderr, stdout, when};
use crate::diagnose::Severity;
use crate::gate;
use crate::output::{By, OUTPUTS, View, Writer};
use crate::report::{LineCounts, Report, ReportSpec, SortKey};
use crate::route::{Pattern, RouteRules};
use crate::scan::{self, Scan, Stages};
use crate::tally::{Spec, Width};
use std::path::Path;
use std::time::Duration;

pub(super) fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let (output, file) = output::wanted(OUTPUTS, &args.output)?;
    let by = by(&args.by);
    if by != By::Route && output.name != "csv" {
        return Err(Failure::Usage("--by says what a row of CSV stands for: it goes with -o csv".into()));
    }
    if matches!(by, By::Service | By::ServiceWindow) && args.tally.scan.service.is_empty() {
        return Err(Failure::Usage("--by service needs services: --service auto takes them from the paths of the inputs".into()));
    }
    let wanted = Wanted { writer: output.write, file, spec: report_spec(args, output.name), by, least: Severity::Info };
    write(&args.tally, &wanted)
}

/// What is to be written, and where.
pub(super) struct Wanted<'a> {
    pub(super) writer: Writer<Report>,
    pub(super) file: Option<&'a Path>,
    pub(super) spec: ReportSpec,
    pub(super) by: By,
    pub(super) least: Severity,
}

/// Reads the inputs, makes the report and writes what is wanted of it.
pub(super) fn write(args: &TallyArgs, wanted: &Wanted) -> Result<Exit, Failure> {
    let counted = Counted { cross: wanted.by == By::RouteWindow, ..Counted::default() };
    let Read { scan, plan, width, mut stages, memory, most_rejects } = read(args, counted, wanted.file.as_slice())?;
    let report = Report::in_stages(&scan, &ReportSpec { width, ..wanted.spec }, &mut |name| stages.end(name));
    if report.lines.parsed == 0 {
        return Err(Failure::Nothing(formats::why_nothing(&scan, &report)));
    }
    let view = View {
        width: if wanted.file.is_some() { None } else { plan::width() },
        color: plan::colors(args.color, wanted.file.is_none() && plan::is_terminal()),
        zone: plan.zone,
        by: wanted.by,
        seconds: Some(stages.sum().wall.as_secs_f64()),
        limit: wanted.spec.limit,
        least: wanted.least,
        ..View::default()
    };
    stdout::with(wanted.file, |out| Ok((wanted.writer)(&report, &view, out)?))?;
    stages.end("output");
    if args.stats {
        stats::say(&scan, &report, &plan.origins, &stages, memory);
    }
    let unreadable = scan.unreadable;
    let too_many = too_many_rejects(&report.lines, most_rejects);
    // The program ends here: the system takes back all memory at once, much faster than cell by cell.
    std::mem::forget((scan, report));
    match too_many {
        Some(failure) => Err(failure),
        None if unreadable => Ok(Exit::Usage),
        None => Ok(Exit::Success),
    }
}

/// What is to be counted beside what every report has.
#[derive(Default)]
pub(super) struct Counted {
    /// Each route in each window.
    pub(super) cross: bool,
    /// How many requests of each window took longer than these.
    pub(super) slower_than: Vec<Duration>,
}

impl Counted {
    /// What rules need. No request takes longer than the longest time that can be said.
    pub(super) fn by(plan: &gate::Plan) -> Self {
        let longest = |seconds: &f64| Duration::try_from_secs_f64(*seconds).unwrap_or(Duration::MAX);
        Self { cross: plan.windows, slower_than: plan.slower_than.iter().map(longest).collect() }
    }
}

/// Inputs that were read.
pub(super) struct Read {
    pub(super) scan: Scan,
    pub(super) plan: plan::Plan,
    /// Seconds, if the user chose them.
    pub(super) width: Option<i64>,
    pub(super) stages: Stages,
    /// What the program took before the report was made.
    pub(super) memory: Option<u64>,
    /// The share of lines that may be rejected.
    pub(super) most_rejects: Option<f64>,
}

/// Reads the inputs; `files` are those that will be written.
pub(super) fn read(args: &TallyArgs, counted: Counted, files: &[&Path]) -> Result<Read, Failure> {
    let mut stages = Stages::start();
    let most_rejects = args.max_rejects.as_deref().map(plan::share).transpose()?;
    let width = args.window.as_deref().map(when::width).transpose()?;
    let mut plan = plan::plan(&args.scan)?;
    plan.spec.tally = Spec {
        routes: RouteRules::new(args.route.iter().map(|r| Pattern::parse(r)).collect::<Result<_, _>>()?),
        width: width.map_or(Width::Automatic, Width::Chosen),
        cross: counted.cross,
        slower_than: counted.slower_than.into(),
    };

    if args.scan.rejects.is_some() {
        records::can_read_twice(&plan.origins, "--rejects reads its inputs twice")?;
    }
    plan::may_write(&files.iter().copied().chain(args.scan.rejects.as_deref()).collect::<Vec<_>>(), &plan.origins)?;
    let bar = progress::Bar::new(args.scan.no_progress || args.scan.quiet);
    stages.end("plan");
    let mut scan = scan::scan(&plan.origins, &plan.spec, &bar)?;
    stages.join(&scan.stages);
    let memory = args.stats.then(stats::own_memory).flatten();
    scan.warnings.splice(0..0, std::mem::take(&mut plan.warnings));
    bar.finish();
    if let Some(path) = &args.scan.rejects {
        records::write_rejects(&plan.origins, &plan.spec, path)?;
        stages.end("rejects");
    }
    warn(&scan, args.scan.quiet);
    Ok(Read { scan, plan, width, stages, memory, most_rejects })
}

/// More lines are rejected than `most` allows.
pub(super) fn too_many_rejects(lines: &LineCounts, most: Option<f64>) -> Option<Failure> {
    let rejected = lines.rejected as f64 / lines.read.max(1) as f64;
    most.filter(|most| rejected > *most).map(|most| {
        Failure::Nothing(format!(
            "{:.2} % of the lines are rejected, more than --max-rejects allows ({:.2} %)",
            rejected * 100.0,
            most * 100.0
        ))
    })
}

fn report_spec(args: &ReportArgs, output: &str) -> ReportSpec {
    let table = matches!(output, "table" | "md");
    let sort = match args.sort {
        None if table => SortKey::Errors,
        None | Some(Sort::Count) => SortKey::Count,
        Some(Sort::Errors) => SortKey::Errors,
        Some(Sort::ErrorRate) => SortKey::ErrorRate,
        Some(Sort::Bytes) => SortKey::Bytes,
        Some(Sort::P50) => SortKey::P50,
        Some(Sort::P95) => SortKey::P95,
        Some(Sort::P99) => SortKey::P99,
        Some(Sort::Max) => SortKey::Max,
        Some(Sort::Route) => SortKey::Route,
    };
    ReportSpec { limit: args.limit, sort, reverse: args.reverse, width: None }
}

/// Routes are told apart by their service in any case.
fn by(dimensions: &[Dimension]) -> By {
    let [route, window, service] = [Dimension::Route, Dimension::Window, Dimension::Service].map(|d| dimensions.contains(&d));
    match (route, service, window) {
        (true, _, true) => By::RouteWindow,
        (false, true, true) => By::ServiceWindow,
        (false, true, false) => By::Service,
        (false, false, true) => By::Window,
        (_, _, false) => By::Route,
    }
}

fn warn(scan: &Scan, quiet: bool) {
    if quiet {
        return;
    }
    for warning in &scan.warnings {
        stderr::say(&format!("warning: {warning}"));
    }
    let known = scan.inputs.iter().any(|i| i.format.is_some());
    for input in scan.inputs.iter().filter(|i| known && i.unknown.as_ref().is_some_and(|u| !u.empty)) {
        let what = match &input.unknown {
            Some(unknown) if unknown.binary => "a binary file, so it is left out",
            _ => "no known format reads its lines, so they are rejected; -f names one",
        };
        stderr::say(&format!("warning: {}: {what}", input.name));
    }
}
