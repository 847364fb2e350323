//! `logcodes formats [FILE...]`, of a configuration too, and why a log cannot be read.

use super::args::FormatsArgs;
use super::error::Failure;
use super::{Exit, conf, stderr, stdout};
use crate::format::conf::Conf;
use crate::format::{Candidate, Stopped, builtins};
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
        let inputs = input::find(&args.files)?;
        inputs.warnings.iter().for_each(|warning| stderr::say(&format!("warning: {warning}")));
        for origin in &inputs.origins {
            for (input, found) in scan::detect_in(origin, &choice)? {
                let name = found.format.as_ref().map_or("no known format", |f| f.name());
                unknown += usize::from(found.format.is_none());
                writeln!(out, "{}: {}", clean(&input), clean(name))?;
                found.note.iter().try_for_each(|note| writeln!(out, "    {}", clean(note)))?;
                for c in found.candidates.iter().filter(|c| c.parsed > 0 || found.format.is_none()).take(5) {
                    writeln!(out, "    {}", judgement(c, found.lines))?;
                }
                if let Some(stopped) = found.candidates.first().and_then(|c| c.stopped.as_ref()) {
                    writeln!(out, "    the other line that came furthest: {}", stopped.why)?;
                    write!(out, "{}", pointed_at(stopped, 8))?;
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
            writeln!(out, "{:<28} {}", format.name, format.title)?;
            if !format.aliases.is_empty() {
                writeln!(out, "{:<28} also: {}", "", format.aliases.join(", "))?;
            }
            // A template in names of our own is nothing to paste.
            if matches!(format.syntax, "nginx" | "apache") {
                writeln!(out, "{:<28} {}", "", format.template)?;
            }
        }
        writeln!(
            out,
            "\nAny format string of nginx, Apache or GoAccess is a format too: -f '$remote_addr … $status', '%h … %>s', '%h %^[%d:%t %^] … %s'."
        )?;
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
    let mut text = format!("{:<28} {} of {lines} sampled lines are records, {} fit to their end", c.name, c.parsed, c.whole);
    if let Some(stopped) = c.stopped.as_ref().filter(|_| c.parsed == 0) {
        let _ = write!(text, "; {}", stopped.why);
    }
    text
}

/// A line, cut and indented, and below it a mark where it stopped matching.
fn pointed_at(stopped: &Stopped, indent: usize) -> String {
    let shown = |bytes: &[u8]| clean(&mask_secrets(&String::from_utf8_lossy(bytes))).into_owned();
    let (before, after) = stopped.line.split_at(stopped.matched.unwrap_or(0).min(stopped.line.len()));
    let (before, after) = (shown(before), shown(after));
    // The place stays in sight: what is left out is at the start of a long line.
    let left_out = before.chars().count().saturating_sub(MOST_BEFORE);
    let dots = if left_out > 0 { "…" } else { "" };
    let kept: String = before.chars().skip(left_out).collect();
    let mut text = format!("{:indent$}{dots}{kept}{}\n", "", cut(&after, 100));
    if stopped.matched.is_some() {
        let column = indent + unicode_width::UnicodeWidthStr::width(format!("{dots}{kept}").as_str());
        let _ = writeln!(text, "{:column$}^", "");
    }
    text
}

/// Characters shown before the place where a line stopped matching.
const MOST_BEFORE: usize = 80;

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
    // What was broken from its start is not empty.
    if scan.warnings.iter().any(|warning| warning.starts_with(&format!("{name}: "))) {
        return format!("{name}: nothing of it could be read");
    }
    format!("{name}: empty: there is no request to report on")
}

/// What the lines of an unknown format look like, and which formats came near.
pub(super) fn why_unknown(name: &str, why: &Unknown) -> String {
    if why.empty {
        return format!("{name}: empty: there is no request to report on");
    }
    if why.binary {
        return format!("{name}: this is a binary file, not a log (plain text is read, and gzip, zstd, bzip2, xz and tar)");
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
            let _ = writeln!(text, "    {}: {}", c.name, c.stopped.as_ref().map_or("", |s| s.why.as_str()));
        }
    }
    text.push_str(
        "  name the format with -f: a name from 'logcodes formats', the log_format string of nginx, or the LogFormat string of Apache; or name the server's configuration with --nginx-conf or --apache-conf",
    );
    text
}
