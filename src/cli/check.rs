//! `logcodes check FILE... --fail-on RULE`

use super::args::{CheckArgs, Inconclusive};
use super::error::Failure;
use super::report::{self, Counted, Read};
use super::{Exit, formats, stderr, stdout};
use crate::baseline::Baseline;
use crate::gate::{self, Expected, Outcome, Plan, Rule, Terms};
use crate::report::{Lines, Report, ReportSpec};
use crate::rule;
use std::path::Path;
use std::time::Duration;

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    if args.tally.window.is_some() {
        return Err(Failure::Usage("--window: rules say how wide their windows are: 'rate(5xx) > 1% window 5m'".into()));
    }
    let baseline = args.baseline.as_deref().map(|path| Ok::<_, Failure>((read_baseline(path)?, path.display().to_string()))).transpose()?;
    let rules = rules("--fail-on", &args.fail_on, baseline.is_some())?;
    let expected = expected(&args.expect)?;
    let plan = Plan::new(rules.iter().map(|rule| &rule.limit), baseline.is_some(), args.save_baseline.is_some())
        .map_err(|e| Failure::Usage(e.to_string()))?;

    let counted =
        Counted { cross: plan.windows, slower_than: plan.slower_than.iter().map(|seconds| Duration::from_secs_f64(*seconds)).collect() };
    let Read { scan, plan: read, mut stages, most_rejects, .. } =
        report::read(&args.tally, counted, args.save_baseline.as_deref().as_slice())?;
    let report = Report::in_stages(&scan, &ReportSpec::default(), &mut |name| stages.end(name));
    let nothing = (report.lines.parsed == 0).then(|| formats::why_nothing(&scan, &report));
    let too_many = report::too_many_rejects(&report.lines, most_rejects);
    let to_save = args.save_baseline.as_deref().map(|path| (path, Baseline::of(&report)));
    let terms = Terms {
        rules: &rules,
        are_default: args.fail_on.is_empty(),
        plan: &plan,
        expected: &expected,
        baseline: baseline.as_ref().map(|(baseline, name)| (baseline, name.as_str())),
        strict: args.strict,
    };
    let verdict = gate::judge(report, &Lines::new(&scan), &terms);
    stdout::with(None, |out| Ok(serde_json::to_writer_pretty(out, &verdict).map_err(std::io::Error::from)?))?;
    let _ = read.zone;

    if let Some(why) = nothing {
        return Err(Failure::Nothing(why));
    }
    if let Some((path, baseline)) = to_save {
        save(path, &baseline, verdict.verdict)?;
    }
    match (verdict.verdict, args.on_inconclusive) {
        (Outcome::Fail, _) | (Outcome::Inconclusive, Some(Inconclusive::Fail)) => Ok(Exit::Violated),
        _ if scan.unreadable => Ok(Exit::Usage),
        _ if too_many.is_some() => Err(too_many.expect("it is one")),
        (Outcome::Inconclusive, None) => Ok(Exit::Nothing),
        (Outcome::Pass, _) | (Outcome::Inconclusive, Some(Inconclusive::Pass)) => Ok(Exit::Success),
    }
}

/// The rules that are asked for, all mistakes at once, or those that are used when none are.
pub(super) fn rules(option: &str, texts: &[String], has_baseline: bool) -> Result<Vec<Rule>, Failure> {
    let default = || gate::default_rules(has_baseline).iter().map(|text| (*text).to_owned()).collect();
    let texts: Vec<String> = if texts.is_empty() { default() } else { texts.to_vec() };
    let (mut rules, mut wrong) = (Vec::new(), Vec::new());
    for text in &texts {
        match rule::limit(text) {
            Ok(limit) => rules.push(Rule { name: None, limit, fix: None }),
            Err(error) => wrong.push(format!("{option}: {error}")),
        }
    }
    if wrong.is_empty() { Ok(rules) } else { Err(Failure::Usage(wrong.join("\n"))) }
}

/// The codes that are normal on some routes.
pub(super) fn expected(texts: &[String]) -> Result<Vec<Expected>, Failure> {
    texts.iter().map(|text| Expected::parse(text).map_err(|e| Failure::Usage(format!("--expect: {e}")))).collect()
}

pub(super) fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    let text = std::fs::read(path).map_err(|e| Failure::Usage(format!("--baseline: {}: {e}", path.display())))?;
    Baseline::read(&text).map_err(|e| Failure::Usage(format!("--baseline: {}: {e}", path.display())))
}

/// A log that fails is none that later ones should be held against.
fn save(path: &Path, baseline: &Baseline, verdict: Outcome) -> Result<(), Failure> {
    if verdict == Outcome::Fail {
        stderr::say(&format!("warning: {}: not saved, because a log that fails is no measure for later ones", path.display()));
        return Ok(());
    }
    // Whole or not at all: the old one may be what this log was held against.
    let beside = path.with_extension("tmp");
    stdout::with(Some(&beside), |out| Ok(baseline.write(out)?))?;
    std::fs::rename(&beside, path).map_err(|e| Failure::Usage(format!("--save-baseline: {}: {e}", path.display())))
}
