//! Args -> what to do: everything checked before a byte of a log is read.

use super::args::{Color, ScanArgs};
use super::error::Failure;
use super::services::{self, Selected};
use super::{conf, when};
use crate::filter::{Filter, PathFilter, StatusFilter, WordFilter};
use crate::input::{self, Found, Origin};
use crate::scan::ScanSpec;
use jiff::tz::TimeZone;
use same_file::Handle;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Inputs and how to read them.
pub(super) struct Plan {
    pub(super) origins: Vec<Origin>,
    /// What was passed over when the inputs were looked for, in words.
    pub(super) warnings: Vec<String>,
    pub(super) spec: ScanSpec,
    pub(super) zone: TimeZone,
}

/// More workers than any machine has cores would only take memory.
const MOST_JOBS: usize = 1024;

pub(super) fn plan(args: &ScanArgs) -> Result<Plan, Failure> {
    let now = jiff::Timestamp::now();
    let zone = when::zone(args.tz.as_deref())?;
    let time = |text: &Option<String>| text.as_deref().map(|t| when::parse(t, now, &zone)).transpose();
    let filter = Filter {
        status: joined(&args.status).map(|t| StatusFilter::parse(&t)).transpose()?,
        path: joined(&args.path).map(|t| PathFilter::parse(&t)).transpose()?,
        method: joined(&args.method).map(|t| WordFilter::parse(&t)).transpose()?,
        host: joined(&args.host).map(|t| WordFilter::parse(&t)).transpose()?,
        since: time(&args.since)?,
        until: time(&args.until)?,
    };
    if let (Some(since), Some(until)) = (filter.since, filter.until)
        && since >= until
    {
        return Err(Failure::Usage("--since is not before --until, so no request can lie between".into()));
    }
    if args.jobs.is_some_and(|jobs| !(1..=MOST_JOBS).contains(&jobs)) {
        return Err(Failure::Usage(format!("--jobs must be at least 1 and at most {MOST_JOBS}")));
    }
    let Found { origins, warnings } = origins(&args.files)?;
    let Selected { rules, only, origins } = services::select(args, origins)?;
    let spec = ScanSpec {
        jobs: args.jobs,
        format: conf::choice(args)?,
        filter,
        services: rules,
        only,
        map: !args.no_mmap,
        zone: zone.clone(),
        ..ScanSpec::default()
    };
    Ok(Plan { origins, warnings, spec, zone })
}

/// An option given several times is one list.
fn joined(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(","))
}

/// Standard input when no file is named and it is no terminal.
fn origins(files: &[PathBuf]) -> Result<Found, Failure> {
    if files.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Failure::Usage(
                "name a log to read, as in 'logcodes access.log', or pipe one in; 'logcodes --help' shows more".into(),
            ));
        }
        return Ok(Found { origins: vec![Origin::Stdin], warnings: Vec::new() });
    }
    Ok(input::find(files)?)
}

/// A file to be written must be none that is read, which would be emptied first, by whatever name; nor may two outputs be one.
/// And as long as nothing can be read, nothing is overwritten.
pub(super) fn may_write(files: &[&Path], origins: &[Origin]) -> Result<(), Failure> {
    for (at, file) in files.iter().enumerate() {
        if file.is_file() && origins.iter().any(|origin| is_input(file, origin)) {
            return Err(Failure::Usage(format!("{}: this is one of the inputs, and writing to it would empty it", file.display())));
        }
        let absolute = std::path::absolute(file).ok();
        if files[..at].iter().any(|other| same_file::is_same_file(file, other).unwrap_or(absolute == std::path::absolute(other).ok())) {
            return Err(Failure::Usage(format!("{}: two outputs cannot go to one file", file.display())));
        }
    }
    if files.is_empty() { Ok(()) } else { something_opens(origins) }
}

fn something_opens(origins: &[Origin]) -> Result<(), Failure> {
    let mut errors = Vec::new();
    for origin in origins {
        match origin.path().filter(|path| path.is_file()) {
            Some(path) => match std::fs::File::open(path) {
                Ok(_) => return Ok(()),
                Err(error) => errors.push(format!("{}: {error}", path.display())),
            },
            None => return Ok(()),
        }
    }
    Err(Failure::Usage(errors.join("; ")))
}

fn is_input(file: &Path, origin: &Origin) -> bool {
    match origin {
        Origin::File(path) | Origin::Found(path) => path.is_file() && same_file::is_same_file(file, path).unwrap_or(false),
        Origin::Stdin => Handle::stdin().is_ok_and(|stdin| Handle::from_path(file).is_ok_and(|file| file == stdin)),
    }
}

/// `5`, `5%`, `0.5 %` -> a share from 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, Failure> {
    crate::config::percent(text).ok_or_else(|| Failure::Usage(format!("--max-rejects: '{text}' is no percentage from 0 to 100")))
}

/// Whether to write colours to a stream.
pub(super) fn colors(when: Color, terminal: bool) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
        }
    }
}

/// Columns that a report may take: those of the terminal, or of the environment's `COLUMNS`, which counts for pipes too.
/// `None` when nothing says how many there are.
pub(super) fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let terminal =
        if std::io::stdout().is_terminal() { terminal_size::terminal_size().map(|(w, _)| usize::from(w.0)).or(Some(80)) } else { None };
    columns.or(terminal).map(|w: usize| w.max(40))
}

/// Whether standard output is a terminal.
pub(super) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}
