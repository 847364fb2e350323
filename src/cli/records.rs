//! `logcodes records FILE...`, and the file of rejected lines.

use super::args::{RecordOutput, RecordsArgs};
use super::error::Failure;
use super::{Exit, formats, plan, stdout};
use crate::input::Origin;
use crate::output::{RecordFormat, RecordWriter};
use crate::scan::{self, Event, ScanSpec};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

#[expect(clippy::print_stderr, reason = "the count belongs on stderr")]
pub(super) fn run(args: &RecordsArgs) -> Result<Exit, Failure> {
    let plan = plan::plan(&args.scan)?;
    let format = match args.output {
        RecordOutput::Jsonl => RecordFormat::Jsonl,
        RecordOutput::Csv => RecordFormat::Csv,
    };
    let mut rejects = args.scan.rejects.as_deref().map(reject_file).transpose()?;
    let (lines, unknown) = stdout::with(None, |out| {
        let mut writer = RecordWriter::new(format, out)?;
        let done = scan::each_record(&plan.origins, &plan.spec, &mut |input, line, event| -> Result<(), Failure> {
            match event {
                Event::Record(record) => writer.record(input, line, record)?,
                Event::Rejected(reject, text) => {
                    if args.all_lines {
                        writer.rejected(input, line, reject.reason())?;
                    }
                    if let Some(file) = &mut rejects {
                        write_reject(file, input, line, reject.reason(), text)?;
                    }
                }
            }
            Ok(())
        })?;
        writer.finish()?;
        Ok(done)
    })?;
    if let Some(mut file) = rejects {
        file.flush()?;
    }
    if lines.parsed + lines.filtered == 0 {
        return Err(Failure::Nothing(match unknown.first() {
            Some((name, why)) => formats::why_unknown(name, why),
            None => "no line is a request".into(),
        }));
    }
    if !args.scan.quiet {
        eprintln!(
            "logcodes: {} lines = {} records + {} filtered + {} rejected; {} blank or # lines",
            lines.lines - lines.directives,
            lines.parsed,
            lines.filtered,
            lines.rejected,
            lines.directives
        );
    }
    Ok(Exit::Success)
}

/// Reads the inputs once more and writes down what was rejected: the report itself keeps samples only.
pub(super) fn write_rejects(origins: &[Origin], spec: &ScanSpec, path: &Path) -> Result<(), Failure> {
    if origins.contains(&Origin::Stdin) {
        return Err(Failure::Usage("--rejects needs files: standard input cannot be read twice".into()));
    }
    let mut file = reject_file(path)?;
    scan::each_record(origins, spec, &mut |input, line, event| -> Result<(), Failure> {
        match event {
            Event::Record(_) => Ok(()),
            Event::Rejected(reject, text) => write_reject(&mut file, input, line, reject.reason(), text),
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
