//! `logcodes check FILE... --fail-on RULE`

use super::args::{CheckArgs, Inconclusive};
use super::config::Loaded;
use super::error::Failure;
use super::report::{self, Counted, Read};
use super::verdict::{self, Target};
use super::{Exit, baseline, formats, plan, stderr};
use crate::baseline::Baseline;
use crate::config::{Check, OnInconclusive};
use crate::gate::{self, Expected, Outcome, Plan, Rule, Terms};
use crate::report::{Lines, Report, ReportSpec};
use crate::rule;
use std::path::{Path, PathBuf};

pub(super) fn run(args: &CheckArgs, loaded: &Loaded) -> Result<Exit, Failure> {
    if args.tally.window.is_some() {
        return Err(Failure::Usage("--window: rules say how wide their windows are: 'rate(5xx) > 1% window 5m'".into()));
    }
    let judging = &args.judging;
    let (expect, strict) = (&judging.expect, judging.strict);
    let said = Said { option: "--fail-on", rules: &args.fail_on, baseline: args.baseline.as_ref(), expect, strict };
    let asked = Asked::new(&said, loaded)?;
    let on_doubt = on_doubt(judging.on_inconclusive, loaded);
    let most_rejects = max_rejects(args.tally.max_rejects.as_deref(), loaded).map(plan::share).transpose()?;
    let targets = verdict::targets(&args.output, loaded.config.check.output.as_deref())?;
    let has_baseline = asked.baseline.is_some();
    let plan = Plan::new(asked.rules.iter().map(|rule| &rule.limit), has_baseline, args.save_baseline.is_some())
        .map_err(|e| Failure::Usage(e.to_string()))?;
    let counted = Counted::by(&plan);
    args.save_baseline.as_deref().map(baseline::may_save).transpose()?;
    let files: Vec<&Path> = targets.iter().filter_map(Target::file).chain(args.save_baseline.as_deref()).collect();
    for file in targets.iter().filter_map(Target::file) {
        let read_before = asked.baseline.as_ref().map(|(_, name)| Path::new(name)).into_iter().chain(loaded.path());
        if read_before.into_iter().any(|path| same_file::is_same_file(file, path).unwrap_or(false)) {
            return Err(Failure::Usage(format!("-o: {}: this is what was just read, and writing to it would empty it", file.display())));
        }
    }
    let Read { scan, plan: read, mut stages, .. } = report::read(&args.tally, counted, &files)?;

    let report = Report::in_stages(&scan, &ReportSpec::default(), &mut |name| stages.end(name));
    let nothing = (report.lines.parsed == 0).then(|| formats::why_nothing(&scan, &report));
    let too_many = report::too_many_rejects(&report.lines, most_rejects);
    let to_save = args.save_baseline.as_deref().map(|path| (path, Baseline::of(&report)));
    let terms = asked.terms(&plan, most_rejects.is_some());
    let said = gate::judge(report, &Lines::new(&scan), &terms);
    let rules_file = asked.are_configured.then(|| loaded.place_of(&asked.rules)).flatten();
    let look = verdict::Look { zone: read.zone, color: args.tally.color, rules_file, on_doubt };
    // Whoever stopped reading is told by the exit code all the same.
    let written = verdict::write(&said, &targets, &look).or_else(|failure| if failure.is_gone_reader() { Ok(()) } else { Err(failure) });
    written?;

    let outcome = match (exit(said.verdict, on_doubt), nothing, too_many) {
        (_, Some(why), _) => Err(Failure::Nothing(why)),
        (Exit::Violated, ..) => Ok(Exit::Violated),
        _ if scan.unreadable => Ok(Exit::Usage),
        (_, None, Some(too_many)) => Err(too_many),
        (exit, None, None) => Ok(exit),
    };
    if let Some((path, baseline)) = to_save {
        // What fails is no measure for later logs.
        match outcome {
            Ok(Exit::Success | Exit::Nothing) if said.verdict != Outcome::Fail => baseline::save(path, &baseline)?,
            _ => stderr::say(&format!("warning: {}: not saved, because a log that fails is no measure for later ones", path.display())),
        }
    }
    outcome
}

/// What the command line says of rules.
pub(super) struct Said<'a> {
    /// The option that rules stand behind.
    pub(super) option: &'static str,
    pub(super) rules: &'a [String],
    pub(super) baseline: Option<&'a PathBuf>,
    pub(super) expect: &'a [String],
    pub(super) strict: bool,
}

/// What the log is held against: the command line's word before the configuration's.
pub(super) struct Asked {
    pub(super) rules: Vec<Rule>,
    pub(super) are_default: bool,
    /// They stand in the configuration.
    pub(super) are_configured: bool,
    pub(super) expected: Vec<Expected>,
    pub(super) baseline: Option<(Baseline, String)>,
    pub(super) strict: bool,
}

impl Asked {
    /// What a report that was counted as `plan` says is judged by.
    pub(super) fn terms<'t>(&'t self, plan: &'t Plan, rejects_are_judged: bool) -> Terms<'t> {
        Terms {
            rules: &self.rules,
            are_default: self.are_default,
            plan,
            expected: &self.expected,
            baseline: self.baseline.as_ref().map(|(baseline, name)| (baseline, name.as_str())),
            strict: self.strict,
            rejects_are_judged,
        }
    }

    pub(super) fn new(said: &Said<'_>, loaded: &Loaded) -> Result<Self, Failure> {
        let Check { fail_on, baseline, .. } = &loaded.config.check;
        let baseline = said.baseline.cloned().or_else(|| baseline.as_ref().map(PathBuf::from));
        let baseline =
            baseline.map(|path| Ok::<_, Failure>((baseline::read(&path, "--baseline: ")?, path.display().to_string()))).transpose()?;
        let plain = |limit: &rule::Limit| Rule { name: None, limit: limit.clone(), fix: None };
        let mut rules = parsed(said.option, said.rules)?;
        let are_given = !rules.is_empty();
        if !are_given {
            rules = fail_on.iter().flatten().map(plain).chain(loaded.config.rules.iter().cloned()).collect();
        }
        let are_default = rules.is_empty();
        if are_default {
            rules = parsed(said.option, gate::default_rules(baseline.is_some()))?;
        }
        Ok(Self {
            rules,
            are_default,
            are_configured: !are_given && !are_default,
            expected: expected(said.expect, loaded)?,
            baseline,
            strict: is_strict(said.strict, loaded),
        })
    }
}

/// Rules of the command line, all mistakes at once.
pub(super) fn parsed(option: &str, texts: &[impl AsRef<str>]) -> Result<Vec<Rule>, Failure> {
    let (mut rules, mut wrong) = (Vec::new(), Vec::new());
    for text in texts {
        match rule::limit(text.as_ref()) {
            Ok(limit) => rules.push(Rule { name: None, limit, fix: None }),
            Err(error) => wrong.push(format!("{option}: {error}")),
        }
    }
    if wrong.is_empty() { Ok(rules) } else { Err(Failure::Usage(wrong.join("\n"))) }
}

/// What `--on-inconclusive` says, or the configuration.
pub(super) fn on_doubt(option: Option<Inconclusive>, loaded: &Loaded) -> OnInconclusive {
    let given = option.map(|word| match word {
        Inconclusive::Fail => OnInconclusive::Fail,
        Inconclusive::Pass => OnInconclusive::Pass,
        Inconclusive::Report => OnInconclusive::Report,
    });
    given.or(loaded.config.check.on_inconclusive).unwrap_or_default()
}

/// What `--expect` says, or the configuration.
pub(super) fn expected(texts: &[String], loaded: &Loaded) -> Result<Vec<Expected>, Failure> {
    if texts.is_empty() {
        return Ok(loaded.config.check.expect.clone().unwrap_or_default());
    }
    texts.iter().map(|text| Expected::parse(text).map_err(|e| Failure::Usage(format!("--expect: {e}")))).collect()
}

/// What `--strict` says, or the configuration.
pub(super) fn is_strict(option: bool, loaded: &Loaded) -> bool {
    option || loaded.config.check.strict.unwrap_or(false)
}

/// What `--max-rejects` says, or the configuration.
pub(super) fn max_rejects<'a>(option: Option<&'a str>, loaded: &'a Loaded) -> Option<&'a str> {
    option.or(loaded.config.check.max_rejects.as_deref())
}

/// The exit code of a verdict on a log that could be read.
pub(super) fn exit(verdict: Outcome, on_doubt: OnInconclusive) -> Exit {
    match (verdict, on_doubt) {
        (Outcome::Fail, _) | (Outcome::Inconclusive, OnInconclusive::Fail) => Exit::Violated,
        (Outcome::Inconclusive, OnInconclusive::Report) => Exit::Nothing,
        (Outcome::Pass, _) | (Outcome::Inconclusive, OnInconclusive::Pass) => Exit::Success,
    }
}
