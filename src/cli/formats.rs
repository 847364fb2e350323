//! `logcodes formats [FILE...]`, of a configuration too, and why a log cannot be read.

use super::args::FormatsArgs;
use super::error::Failure;
use super::{Exit, conf, stdout};
use crate::format::conf::Conf;
use crate::format::{Candidate, builtins};
use crate::input;
use crate::output::sanitize::{clean, cut};
use crate::report::{Report, mask_secrets};
use crate::scan::{self, Choice, Scan, Unknown};
use std::fmt::Write as _;

pub(super) fn run(args: &FormatsArgs) -> Result<Exit, Failure> {
    let conf = conf::read(&args.conf, false)?;
    let choice = match conf {
        Some(conf) if args.files.is_empty() => return list_conf(&conf),
        Some(conf) => Choice::Configured(conf.into()),
        None if args.files.is_empty() => return list(),
        None => Choice::Detect,
    };
    let mut unknown = 0;
    stdout::with(None, |out| {
        for file in &args.files {
            for origin in input::find(file)? {
                let found = scan::detect_in(&origin, &choice)?;
                let name = found.format.as_ref().map_or("no known format", |f| f.name());
                unknown += usize::from(found.format.is_none());
                writeln!(out, "{}: {name}", origin.name())?;
                found.note.iter().try_for_each(|note| writeln!(out, "    {note}"))?;
                for c in found.candidates.iter().take(5) {
                    writeln!(out, "    {}", judgement(c, found.lines))?;
                }
            }
        }
        Ok(())
    })?;
    Ok(if unknown == 0 { Exit::Success } else { Exit::Nothing })
}

fn list() -> Result<Exit, Failure> {
    stdout::with(None, |out| {
        for format in builtins() {
            writeln!(out, "{:<24} {}", format.name, format.title)?;
            if !format.aliases.is_empty() {
                writeln!(out, "{:<24} also: {}", "", format.aliases.join(", "))?;
            }
            if !format.template.is_empty() {
                writeln!(out, "{:<24} {}", "", format.template)?;
            }
        }
        writeln!(out, "\nAny nginx log_format or Apache LogFormat string is a format too: -f '$remote_addr … $status' or -f '%h … %>s'.")?;
        Ok(Exit::Success)
    })
}

/// The formats of a configuration, where they are defined and what is written with them.
fn list_conf(conf: &Conf) -> Result<Exit, Failure> {
    stdout::with(None, |out| {
        for format in conf.formats() {
            let mut logs = conf.logs_of(format).peekable();
            let place = match format.place() {
                Some(place) => place.to_string(),
                None if logs.peek().is_none() => continue,
                None => "built in".to_owned(),
            };
            writeln!(out, "{:<24} {}", clean(format.name()), clean(&place))?;
            writeln!(out, "{:<24} {}", "", clean(format.text()))?;
            if let Err(problem) = format.reading() {
                writeln!(out, "{:<24} cannot be read: {}", "", clean(problem.what()))?;
            }
            if logs.peek().is_none() {
                writeln!(out, "{:<24} used by no log", "")?;
            }
            for log in logs {
                writeln!(out, "{:<24} used by {} ({})", "", clean(log.target()), clean(&log.place().to_string()))?;
            }
        }
        Ok(Exit::Success)
    })
}

fn judgement(c: &Candidate, lines: usize) -> String {
    let mut text = format!("{:<24} {} of {lines} sampled lines are records, {} fit to their end", c.name, c.parsed, c.whole);
    if let Some(stopped) = c.stopped.as_ref().filter(|_| c.parsed == 0) {
        let _ = write!(text, "; {stopped}");
    }
    text
}

/// Why a scan found no record at all.
pub(super) fn why_nothing(scan: &Scan, report: &Report) -> String {
    if let Some((name, why)) = scan.inputs.iter().find_map(|i| i.unknown.as_ref().filter(|u| !u.empty).map(|u| (&i.name, u))) {
        return why_unknown(name, why);
    }
    let name = scan.inputs.first().map_or("-", |i| i.name.as_str());
    if report.lines.filtered > 0 {
        return format!("{name}: {} requests were read, and none of them passes the filters", report.lines.filtered);
    }
    if report.lines.rejected > 0 {
        let reject = &report.rejects[0];
        let sample = reject.samples.first().map_or(String::new(), |s| format!("\n  line {}: {}", s.line, cut(&clean(&s.text), 160)));
        return format!("{name}: none of {} lines is a request: {}{sample}", report.lines.rejected, reject.reason);
    }
    format!("{name}: empty: there is no request to report on")
}

/// What the lines of an unknown format look like, and which formats came near.
pub(super) fn why_unknown(name: &str, why: &Unknown) -> String {
    if why.empty {
        return format!("{name}: empty: there is no request to report on");
    }
    if why.binary {
        return format!("{name}: this is a binary file, not a log (plain text and gzip are read)");
    }
    let mut text = format!("{name}: no known format reads these lines:\n");
    for line in &why.head {
        let _ = writeln!(text, "    {}", cut(&clean(&mask_secrets(&String::from_utf8_lossy(line))), 160));
    }
    // Less than a third is what any line of words shares with any format.
    let near: Vec<&Candidate> = why.candidates.iter().filter(|c| c.progress > 0.34).take(3).collect();
    if !near.is_empty() {
        text.push_str("  nearest:\n");
        for c in near {
            let _ = writeln!(text, "    {}: {}", c.name, c.stopped.as_deref().unwrap_or_default());
        }
    }
    text.push_str(
        "  name the format with -f: a name from 'logcodes formats', the log_format string of nginx, or the LogFormat string of Apache; or name the server's configuration with --nginx-conf or --apache-conf",
    );
    text
}
