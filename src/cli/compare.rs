//! `logcodes compare BEFORE AFTER` and `logcodes compare FILE... --at TIME`

use super::args::{CompareArgs, TallyArgs};
use super::config::Loaded;
use super::error::Failure;
use super::report::{self, Counted, Read};
use super::{Exit, baseline, check, formats, output, plan, records, stats, stderr, stdout, when};
use crate::baseline::Baseline;
use crate::compare::{Comparison, Log};
use crate::config::OnInconclusive;
use crate::gate::{self, Expected, Plan, Rule, Terms, Verdict};
use crate::input::Origin;
use crate::model::rfc3339;
use crate::output::{COMPARISONS, View};
use crate::report::{Lines, Report, ReportSpec};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;

pub(super) fn run(args: &CompareArgs, loaded: &Loaded) -> Result<Exit, Failure> {
    let mut args = args.clone();
    args.tally.max_rejects = check::max_rejects(args.tally.max_rejects.as_deref(), loaded).map(str::to_owned);
    let args = &args;
    let (output, file) = output::wanted(COMPARISONS, &args.output)?;
    if args.tally.scan.rejects.is_some() {
        return Err(Failure::Usage("--rejects goes with one log: 'logcodes --rejects FILE LOG' writes down what of it is rejected".into()));
    }
    let zone = when::zone(args.tally.scan.tz.as_deref())?;
    let gate = Gate::new(args, loaded)?;
    let (before, after, at) = match &args.at {
        Some(text) => halves(args, text, &zone, file, gate.as_ref())?,
        None => two(args, file, gate.as_ref())?,
    };
    for (side, other, name) in [(&before, &after, "BEFORE"), (&after, &before, "AFTER")] {
        if let Some(why) = side.nothing(other, at, name) {
            return Err(Failure::Nothing(why));
        }
    }
    let on_doubt = check::on_doubt(args.judging.on_inconclusive, loaded);
    let unreadable = before.unreadable || after.unreadable;
    let too_many = before.too_many.or(after.too_many);
    let mut comparison = Comparison::new(&before.log, &after.log, at);
    comparison.verdict = after.verdict;
    comparison.warnings = before.warnings;
    comparison.warnings.extend(after.warnings);
    comparison.warnings.dedup();
    comparison.routes.truncate(args.limit.unwrap_or(usize::MAX));
    let view = View {
        width: if file.is_some() { None } else { plan::width() },
        color: plan::colors(args.tally.color, file.is_none() && plan::is_terminal()),
        zone,
        limit: args.limit,
        doubt_fails: on_doubt == OnInconclusive::Fail,
        ..View::default()
    };
    let judged = comparison.verdict.as_ref().map_or(Exit::Success, |verdict| check::exit(verdict.verdict, on_doubt));
    let written = stdout::with(file, |out| Ok((output.write)(&comparison, &view, out)?));
    // Whoever stopped reading is told by the exit code all the same.
    written.or_else(|failure: Failure| if failure.is_gone_reader() { Ok(()) } else { Err(failure) })?;
    match too_many {
        _ if judged == Exit::Violated => Ok(judged),
        Some(failure) => Err(failure),
        None if unreadable => Ok(Exit::Usage),
        None => Ok(judged),
    }
}

/// Rules that AFTER is held against, with BEFORE as the baseline.
struct Gate {
    rules: Vec<Rule>,
    plan: Plan,
    expected: Vec<Expected>,
    strict: bool,
    rejects_are_judged: bool,
}

impl Gate {
    fn new(args: &CompareArgs, loaded: &Loaded) -> Result<Option<Self>, Failure> {
        let rules = check::parsed("--fail-on", &args.fail_on)?;
        let plan = Plan::new(rules.iter().map(|rule| &rule.limit), true, true).map_err(|e| Failure::Usage(e.to_string()))?;
        let expected = check::expected(&args.judging.expect, loaded)?;
        Ok((!rules.is_empty()).then_some(Self {
            rules,
            plan,
            expected,
            strict: check::is_strict(args.judging.strict, loaded),
            rejects_are_judged: args.tally.max_rejects.is_some(),
        }))
    }

    fn judge(&self, report: Report, lines: &Lines<'_>, before: &Log) -> Verdict {
        let name = before.inputs.join(", ");
        let terms = Terms {
            rules: &self.rules,
            are_default: false,
            plan: &self.plan,
            expected: &self.expected,
            baseline: Some((&before.summary, &name)),
            strict: self.strict,
            rejects_are_judged: self.rejects_are_judged,
        };
        gate::judge(report, lines, &terms)
    }
}

/// One side, read.
#[derive(Default)]
struct Side {
    log: Log,
    /// Why it has no request, if it has none.
    why: Option<String>,
    /// Some of its inputs could not be opened.
    unreadable: bool,
    too_many: Option<Failure>,
    /// What rules say of it.
    verdict: Option<Verdict>,
    warnings: Vec<String>,
}

impl Side {
    /// What to say if there is nothing to judge.
    fn nothing(&self, other: &Self, at: Option<i64>, name: &str) -> Option<String> {
        let empty = self.log.summary.routes.iter().all(|route| route.count == 0);
        let why = self.why.clone().filter(|_| empty).or_else(|| empty.then(|| "it has no request".into()))?;
        match (at, other.log.summary.span) {
            (Some(at), Some((start, end))) => Some(format!(
                "{name} has no request: --at is {}, and those that count are from {} to {}",
                rfc3339(at),
                rfc3339(start),
                rfc3339(end)
            )),
            _ => Some(format!("{name}: {why}")),
        }
    }
}

/// Before, after, and the moment between them if there is one.
type Sides = (Side, Side, Option<i64>);

fn two(args: &CompareArgs, file: Option<&Path>, gate: Option<&Gate>) -> Result<Sides, Failure> {
    let [before, after] = args.tally.scan.files.as_slice() else {
        return Err(Failure::Usage(match args.tally.scan.files.len() {
            0 => "name two logs, BEFORE and AFTER, or one and the moment that parts it: logcodes compare access.log --at 14:02".into(),
            1 => "name two logs, BEFORE and AFTER; --at TIME parts a single one in two".into(),
            n => format!(
                "compare takes two logs, BEFORE and AFTER, not {n}: put those of a side into a directory, or name them by a pattern in quotes"
            ),
        }));
    };
    if [before, after].iter().all(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage("standard input can be one of the two logs, not both: name a file".into()));
    }
    let before = one(args, before, "BEFORE", file, None)?;
    let after = one(args, after, "AFTER", file, gate.map(|gate| (gate, &before.log)))?;
    Ok((before, after, None))
}

/// A side that is a log of its own, or a baseline.
fn one(args: &CompareArgs, path: &Path, name: &str, file: Option<&Path>, against: Option<(&Gate, &Log)>) -> Result<Side, Failure> {
    if baseline::is_one(path) {
        if against.is_some() {
            let name = path.display();
            return Err(Failure::Usage(format!("{name}: rules are judged on the lines of a log, and AFTER is a baseline: name its log")));
        }
        plan::may_write(file.as_slice(), &[Origin::File(path.to_owned())])?;
        return saved(args, path);
    }
    let mut tally = args.tally.clone();
    tally.scan.files = vec![path.to_owned()];
    log(&tally, name, file, against)
}

fn saved(args: &CompareArgs, path: &Path) -> Result<Side, Failure> {
    let summary = baseline::read(path, "")?;
    let scan = &args.tally.scan;
    let lists = [&scan.status, &scan.path, &scan.method, &scan.host, &scan.only_service];
    let mut warnings = Vec::new();
    if lists.iter().any(|list| !list.is_empty()) || scan.since.is_some() || scan.until.is_some() {
        let name = path.display();
        warnings.push(format!("{name}: a baseline is taken as it was saved: what selects lines does not apply to it, so it should have been saved with the same"));
    }
    if !scan.quiet {
        warnings.iter().for_each(|warning| stderr::say(&format!("warning: {warning}")));
    }
    let log = Log { inputs: vec![path.display().to_string()], saved: true, summary };
    Ok(Side { log, warnings, ..Side::default() })
}

/// A log, read and summed up.
fn log(tally: &TallyArgs, name: &str, file: Option<&Path>, against: Option<(&Gate, &Log)>) -> Result<Side, Failure> {
    let counted = against.map_or_else(|| Counted { cross: true, ..Counted::default() }, |(gate, _)| Counted::by(&gate.plan));
    let Read { scan, plan, width, mut stages, memory, most_rejects } = report::read(tally, counted, file.as_slice())?;
    let report = Report::in_stages(&scan, &ReportSpec { width, ..ReportSpec::default() }, &mut |name| stages.end(name));
    let summary = Baseline::of(&report);
    stages.end("summary");
    if tally.stats {
        stats::say(&scan, &report, &plan.origins, &stages, memory);
    }
    let too_many = report::too_many_rejects(&report.lines, most_rejects).map(|failure| Failure::Nothing(format!("{name}: {failure}")));
    let why = (report.lines.parsed == 0).then(|| formats::why_nothing(&scan, &report));
    let inputs = report.inputs.iter().map(|input| input.path.clone()).collect();
    let log = Log { inputs, saved: false, summary };
    let warnings = report.warnings.clone();
    let verdict = against.map(|(gate, before)| gate.judge(report, &Lines::new(&scan), before));
    Ok(Side { log, why, unreadable: scan.unreadable, too_many, verdict, warnings })
}

/// The two halves of one log.
fn halves(args: &CompareArgs, text: &str, zone: &TimeZone, file: Option<&Path>, gate: Option<&Gate>) -> Result<Sides, Failure> {
    let quiet = {
        let mut tally = args.tally.clone();
        (tally.scan.quiet, tally.stats) = (true, false);
        tally
    };
    if let Some(path) = args.tally.scan.files.iter().find(|path| baseline::is_one(path)) {
        let name = path.display();
        return Err(Failure::Usage(format!("{name}: a baseline has no times, so --at cannot part it: name a log")));
    }
    let plan = plan::plan(&quiet.scan)?;
    records::can_read_twice(&plan.origins, "--at reads its inputs twice")?;
    let at = moment(text, zone, &quiet)?;
    let filter = &plan.spec.filter;
    if filter.since.is_some_and(|since| since >= at) || filter.until.is_some_and(|until| until <= at) {
        return Err(Failure::Usage(format!("--at {text} is {}, which --since and --until leave out", rfc3339(at))));
    }
    let mut before = args.tally.clone();
    before.scan.until = Some(rfc3339(at));
    // What is wrong with the inputs has been said by then.
    let mut after = args.tally.clone();
    (after.scan.quiet, after.scan.since) = (true, Some(rfc3339(at)));
    let mut before = log(&before, "BEFORE", file, None)?;
    let mut after = log(&after, "AFTER", file, gate.map(|gate| (gate, &before.log)))?;
    // A side lasts to the moment that parts them, not just to its last request.
    if let (Some(first), Some(second)) = (&mut before.log.summary.span, &mut after.log.summary.span) {
        (first.1, second.0) = (at - 1, at);
    }
    Ok((before, after, Some(at)))
}

/// The moment that is meant: a time of day is one of the log's own day.
fn moment(text: &str, zone: &TimeZone, quiet: &TallyArgs) -> Result<i64, Failure> {
    let Some(time) = when::clock(text) else {
        return when::parse(text, Timestamp::now(), zone).map_err(|e| Failure::Usage(format!("--at: {e}")));
    };
    let Read { scan, .. } = report::read(quiet, Counted::default(), &[])?;
    let Some(span) = scan.tally.span() else {
        return Err(Failure::Nothing(format!("--at {text}: no request that counts states a time, so nothing is before or after")));
    };
    match when::on_days(time, span, zone).as_slice() {
        [at] => Ok(*at),
        several => {
            let of = |at: Option<&i64>| at.map_or_else(String::new, |at| rfc3339(*at));
            Err(Failure::Usage(format!(
                "--at {text}: the log has this time of day {} times; say which: --at {} to --at {}",
                several.len(),
                of(several.first()),
                of(several.last())
            )))
        }
    }
}
