//! `logcodes rules test FILE... --rule RULE`

use super::args::{RulesArgs, RulesCommand, RulesTestArgs};
use super::check::{Asked, Said};
use super::config::Loaded;
use super::error::Failure;
use super::report::{self, Counted, Read};
use super::{Exit, check, formats, output, plan, stats, stdout, when};
use crate::gate::{self, Plan};
use crate::output::{EXPLANATIONS, REPLAYS, View};
use crate::report::{Report, ReportSpec};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) fn run(args: &RulesArgs, loaded: &Loaded) -> Result<Exit, Failure> {
    let RulesCommand::Test(args) = &args.what;
    let (option, rules) = match &args.explain {
        Some(rule) => ("--explain", std::slice::from_ref(rule)),
        None => ("--rule", args.rule.as_slice()),
    };
    let said = Said { option, rules, baseline: args.baseline.as_ref(), expect: &args.expect, strict: args.strict };
    let most_rejects = check::max_rejects(args.tally.max_rejects.as_deref(), loaded).map(plan::share).transpose()?;
    test(args, &Asked::new(&said, loaded)?, most_rejects)
}

/// Tries rules on the logs, or explains the first.
fn test(args: &RulesTestArgs, asked: &Asked, most_rejects: Option<f64>) -> Result<Exit, Failure> {
    if args.tally.window.is_some() {
        return Err(Failure::Usage("--window: rules say how wide their windows are: 'rate(5xx) > 1% window 5m'".into()));
    }
    // The two have outputs of the same names.
    let (replays, file) = output::wanted(REPLAYS, &args.output)?;
    let (explanations, _) = output::wanted(EXPLANATIONS, &args.output)?;
    let now = Timestamp::now();
    if let Some(at) = &args.at {
        // Before a byte is read.
        when::parse(at, now, &when::zone(args.tally.scan.tz.as_deref())?).map_err(|e| Failure::Usage(format!("--at: {e}")))?;
    }
    // Windows in any case: what is said beyond the verdict needs them.
    let plan =
        Plan::new(asked.rules.iter().map(|rule| &rule.limit), asked.baseline.is_some(), true).map_err(|e| Failure::Usage(e.to_string()))?;

    let counted = Counted::by(&plan);
    let Read { scan, plan: read, mut stages, memory, .. } = report::read(&args.tally, counted, file.as_slice())?;
    let report = Report::in_stages(&scan, &ReportSpec::default(), &mut |name| stages.end(name));
    if report.lines.parsed == 0 {
        return Err(Failure::Nothing(formats::why_nothing(&scan, &report)));
    }
    let too_many = report::too_many_rejects(&report.lines, most_rejects);
    let terms = asked.terms(&plan, most_rejects.is_some());
    let view = View {
        width: if file.is_some() { None } else { plan::width() },
        color: plan::colors(args.tally.color, file.is_none() && plan::is_terminal()),
        zone: read.zone.clone(),
        ..View::default()
    };
    if let (Some(at), Some(rule)) = (&args.at, asked.rules.first()) {
        let explanation = gate::explain(&report, &terms, rule, time(at, now, &read.zone, &report)?);
        stdout::with(file, |out| Ok((explanations.write)(&explanation, &view, out)?))?;
    } else {
        let replay = gate::replay(&report, &terms);
        stdout::with(file, |out| Ok((replays.write)(&replay, &view, out)?))?;
    }
    stages.end("rules");
    if args.tally.stats {
        stats::say(&scan, &report, &read.origins, &stages, memory);
    }
    match too_many {
        Some(failure) => Err(failure),
        None if scan.unreadable => Ok(Exit::Usage),
        None => Ok(Exit::Success),
    }
}

/// The time that is asked for, if the log has it.
fn time(text: &str, now: Timestamp, zone: &TimeZone, report: &Report) -> Result<i64, Failure> {
    let Some(span) = &report.span else {
        return Err(Failure::Nothing("--at: no line states its time, so that nothing can be said of one".into()));
    };
    let at = when::in_log(text, now, zone, (span.start_seconds, span.end_seconds + 1)).map_err(|e| Failure::Usage(format!("--at: {e}")))?;
    if (span.start_seconds..=span.end_seconds + 1).contains(&at) {
        return Ok(at);
    }
    let asked = crate::model::rfc3339(at);
    Err(Failure::Usage(format!("--at: {asked} is not within the log, which goes from {} to {}", span.start, span.end)))
}
