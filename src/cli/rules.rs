//! `logcodes rules test FILE... --rule RULE`

use super::args::{RulesArgs, RulesCommand, RulesTestArgs};
use super::error::Failure;
use super::report::{self, Counted, Read};
use super::{Exit, check, formats, plan, stats, stdout, when};
use crate::gate::{self, Plan, Rule, Terms};
use crate::output::{self, ReplayOutput, View};
use crate::report::{Report, ReportSpec};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;
use std::time::Duration;

pub(super) fn run(args: &RulesArgs) -> Result<Exit, Failure> {
    match &args.what {
        RulesCommand::Test(args) => match &args.explain {
            Some(rule) => test(args, check::rules("--explain", std::slice::from_ref(rule), args.baseline.is_some())?),
            None => test(args, check::rules("--rule", &args.rule, args.baseline.is_some())?),
        },
    }
}

/// Tries these rules on the logs, or explains the first.
fn test(args: &RulesTestArgs, rules: Vec<Rule>) -> Result<Exit, Failure> {
    if args.tally.window.is_some() {
        return Err(Failure::Usage("--window: rules say how wide their windows are: 'rate(5xx) > 1% window 5m'".into()));
    }
    let (output, file) = output(&args.output)?;
    let now = Timestamp::now();
    if let Some(at) = &args.at {
        // Before a byte is read.
        when::parse(at, now, &when::zone(args.tally.scan.tz.as_deref())?).map_err(|e| Failure::Usage(format!("--at: {e}")))?;
    }
    let baseline =
        args.baseline.as_deref().map(|path| Ok::<_, Failure>((check::read_baseline(path)?, path.display().to_string()))).transpose()?;
    let expected = check::expected(&args.expect)?;
    // Windows in any case: what is said beyond the verdict needs them.
    let plan = Plan::new(rules.iter().map(|rule| &rule.limit), baseline.is_some(), true).map_err(|e| Failure::Usage(e.to_string()))?;

    let counted =
        Counted { cross: plan.windows, slower_than: plan.slower_than.iter().map(|seconds| Duration::from_secs_f64(*seconds)).collect() };
    let Read { scan, plan: read, mut stages, memory, most_rejects, .. } = report::read(&args.tally, counted, file.as_slice())?;
    let report = Report::in_stages(&scan, &ReportSpec::default(), &mut |name| stages.end(name));
    if report.lines.parsed == 0 {
        return Err(Failure::Nothing(formats::why_nothing(&scan, &report)));
    }
    let too_many = report::too_many_rejects(&report.lines, most_rejects);
    let terms = Terms {
        rules: &rules,
        are_default: args.explain.is_none() && args.rule.is_empty(),
        plan: &plan,
        expected: &expected,
        baseline: baseline.as_ref().map(|(baseline, name)| (baseline, name.as_str())),
        strict: args.strict,
    };
    let view = View {
        width: if file.is_some() { None } else { plan::width() },
        color: plan::colors(args.tally.color, file.is_none() && plan::is_terminal()),
        zone: read.zone.clone(),
        ..View::default()
    };
    match (&args.at, rules.first()) {
        (Some(at), Some(rule)) => {
            let at = time(at, now, &read.zone, &report)?;
            let explanation = gate::explain(&report, &terms, rule, at);
            stages.end("rules");
            stdout::with(file, |out| Ok((output.explanation)(&explanation, &view, out)?))?;
            if args.tally.stats {
                stats::say(&scan, &report, &read.origins, &stages, memory);
            }
        }
        _ => {
            let replay = gate::replay(&report, &terms);
            stages.end("rules");
            stdout::with(file, |out| Ok((output.replay)(&replay, &view, out)?))?;
            if args.tally.stats {
                stats::say(&scan, &report, &read.origins, &stages, memory);
            }
        }
    }
    match too_many {
        Some(failure) => Err(failure),
        None if scan.unreadable => Ok(Exit::Usage),
        None => Ok(Exit::Success),
    }
}

fn output(name: &str) -> Result<(&'static ReplayOutput, Option<&Path>), Failure> {
    let output = output::replay_output(name).ok_or_else(|| {
        let names: Vec<&str> = output::REPLAYS.iter().map(|o| o.name).collect();
        Failure::Usage(format!("-o: '{name}' is neither {} nor a file name that ends like one of them", names.join(", ")))
    })?;
    Ok((output, (name != output.name).then(|| Path::new(name))))
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
    let asked = crate::model::Timestamp::from_seconds(at);
    Err(Failure::Usage(format!("--at: {asked} is not within the log, which goes from {} to {}", span.start, span.end)))
}
