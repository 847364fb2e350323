//! `logcodes findings FILE...`

use super::Exit;
use super::args::FindingsArgs;
use super::error::Failure;
use super::report::{self, Wanted};
use crate::output::By;
use crate::report::ReportSpec;

pub(super) fn run(args: &FindingsArgs) -> Result<Exit, Failure> {
    let output = report::output(&args.output)?;
    let Some(writer) = output.findings else {
        return Err(Failure::Usage(format!("-o: findings are written as table, json or md; {} is for the report's routes", output.name)));
    };
    let file = report::file(&args.output, output);
    report::write(&args.tally, &Wanted { writer, file, spec: ReportSpec::default(), by: By::Route, least: args.severity })
}
