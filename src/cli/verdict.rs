//! Where verdicts go: standard output, files, and the summary of a CI step.

use super::args::Color;
use super::error::Failure;
use super::{output, plan, stdout};
use crate::config::OnInconclusive;
use crate::gate::Verdict;
use crate::output::{Output, RulesFile, VERDICTS, View, Writer, write_summary};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// GitHub's name for the file that a step's summary is read from.
const SUMMARY_VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// An output, and the file that it goes to, if not to standard output.
pub(super) struct Target {
    output: &'static Output<Writer<Verdict>>,
    file: Option<PathBuf>,
}

impl Target {
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// What `-o` means each time that it is given, or what the configuration says, or a table.
pub(super) fn targets(wanted: &[String], configured: Option<&[String]>) -> Result<Vec<Target>, Failure> {
    let default = ["table".to_owned()];
    let wanted = if wanted.is_empty() { configured.filter(|outputs| !outputs.is_empty()).unwrap_or(&default) } else { wanted };
    let target = |text: &String| {
        let (output, file) = output::wanted(VERDICTS, text)?;
        Ok(Target { output, file: file.map(PathBuf::from) })
    };
    let targets = wanted.iter().map(target).collect::<Result<Vec<_>, Failure>>()?;
    if targets.iter().filter(|target| target.file.is_none()).count() > 1 {
        return Err(Failure::Usage("-o: only one output can go to standard output; write the others to files: -o junit=report.xml".into()));
    }
    Ok(targets)
}

/// How verdicts are shown.
pub(super) struct Look {
    pub(super) zone: TimeZone,
    pub(super) color: Color,
    /// Where the rules stand, if they do in a configuration.
    pub(super) rules_file: Option<RulesFile>,
    pub(super) on_doubt: OnInconclusive,
}

pub(super) fn write(verdict: &Verdict, targets: &[Target], look: &Look) -> Result<(), Failure> {
    for target in targets {
        let is_file = target.file.is_some();
        let view = View {
            width: if is_file { None } else { plan::width() },
            color: plan::colors(look.color, !is_file && plan::is_terminal()),
            zone: look.zone.clone(),
            rules: look.rules_file.clone(),
            doubt_fails: look.on_doubt == OnInconclusive::Fail,
            ..View::default()
        };
        stdout::with(target.file(), |out| Ok((target.output.write)(verdict, &view, out)?))?;
        if let Some(path) = std::env::var_os(SUMMARY_VARIABLE).filter(|path| target.output.name == "github" && !path.is_empty()) {
            summarise(verdict, &view, Path::new(&path))?;
        }
    }
    Ok(())
}

/// Appends to the summary of the step, where earlier steps of it may stand.
fn summarise(verdict: &Verdict, view: &View, path: &Path) -> Result<(), Failure> {
    let fails = |error: std::io::Error| Failure::Usage(format!("{SUMMARY_VARIABLE}: {}: {error}", path.display()));
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(fails)?;
    let used = file.metadata().map_err(fails)?.len() as usize;
    write_summary(verdict, view, used, &mut file).map_err(fails)
}
