//! `logcodes records FILE...`, and the file of rejected lines.

use super::args::RecordsArgs;
use super::error::Failure;
use super::{Exit, formats, output, plan, stderr, stdout};
use crate::input::Origin;
use crate::output::{RECORDS, RecordFormat, RecordWriter};
use crate::scan::{self, Event, ScanSpec, Told};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

pub(super) fn run(args: &RecordsArgs) -> Result<Exit, Failure> {
    let (output, file) = output::wanted(RECORDS, &args.output)?;
    let format = output.write;
    if args.all_lines && format == RecordFormat::Csv {
        return Err(Failure::Usage("--all-lines goes with -o jsonl: CSV has no row for a line that is no record".into()));
    }
    let plan = plan::plan(&args.scan)?;
    plan::may_write(&file.into_iter().chain(args.scan.rejects.as_deref()).collect::<Vec<_>>(), &plan.origins)?;
    let mut rejects = args.scan.rejects.as_deref().map(reject_file).transpose()?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut told = stdout::with(file, |out| {
        let mut writer = RecordWriter::new(format, plan.spec.services.is_some(), out)?;
        let told = scan::each_record(&plan.origins, &plan.spec, &mut |input, line, event| -> Result<(), Failure> {
            match event {
                Event::Record(_) if left == 0 => {}
                Event::Record(record) => {
                    left -= 1;
                    writer.record(input.name, input.service, line, record)?;
                }
                Event::Rejected(reject, text) => {
                    if args.all_lines {
                        writer.rejected(input.name, line, reject.reason())?;
                    }
                    if let Some(file) = &mut rejects {
                        write_reject(file, input.name, line, reject.reason(), text)?;
                    }
                }
            }
            Ok(())
        })?;
        writer.finish()?;
        Ok(told)
    })?;
    told.warnings.splice(0..0, plan.warnings);
    if let Some(mut file) = rejects {
        file.flush()?;
    }
    if told.lines.parsed + told.lines.filtered == 0 {
        return Err(Failure::Nothing(match told.unknown.first() {
            Some((name, why)) => formats::why_unknown(name, why),
            None => "no line is a request".into(),
        }));
    }
    if !args.scan.quiet {
        tell(&told);
    }
    Ok(if told.unreadable { Exit::Usage } else { Exit::Success })
}

fn tell(told: &Told) {
    for warning in &told.warnings {
        stderr::say(&format!("warning: {warning}"));
    }
    for (name, why) in told.unknown.iter().filter(|(_, why)| !why.empty) {
        let what = if why.binary { "a binary file, left out" } else { "no known format reads its lines" };
        stderr::say(&format!("warning: {name}: {what}"));
    }
    let lines = told.lines;
    stderr::say(&format!(
        "{} lines = {} records + {} filtered + {} rejected; {} blank or # lines",
        lines.lines - lines.directives,
        lines.parsed,
        lines.filtered,
        lines.rejected,
        lines.directives
    ));
}

/// What `why` says is done in a second pass, which pipes do not allow.
pub(super) fn can_read_twice(origins: &[Origin], why: &str) -> Result<(), Failure> {
    match origins.iter().find(|origin| !origin.is_regular()) {
        Some(origin) => Err(Failure::Usage(format!("{why}, which '{}' does not allow: name files", origin.name()))),
        None => Ok(()),
    }
}

/// Reads the inputs once more and writes down what was rejected: the report itself keeps samples only.
pub(super) fn write_rejects(origins: &[Origin], spec: &ScanSpec, path: &Path) -> Result<(), Failure> {
    let mut file = reject_file(path)?;
    scan::each_record(origins, spec, &mut |input, line, event| -> Result<(), Failure> {
        match event {
            Event::Record(_) => Ok(()),
            Event::Rejected(reject, text) => write_reject(&mut file, input.name, line, reject.reason(), text),
        }
    })?;
    Ok(file.flush()?)
}

fn reject_file(path: &Path) -> Result<BufWriter<File>, Failure> {
    File::create(path).map(BufWriter::new).map_err(|e| Failure::Usage(format!("--rejects: {}: {e}", path.display())))
}

fn write_reject(file: &mut BufWriter<File>, input: &str, line: u64, reason: &str, text: &[u8]) -> Result<(), Failure> {
    write!(file, "{input}\t{line}\t{reason}\t")?;
    file.write_all(text)?;
    Ok(file.write_all(b"\n")?)
}
