//! `logcodes findings FILE...`

use super::args::FindingsArgs;
use super::error::Failure;
use super::report::{self, Wanted};
use super::{Exit, output};
use crate::output::{By, FINDINGS};
use crate::report::ReportSpec;

pub(super) fn run(args: &FindingsArgs) -> Result<Exit, Failure> {
    let (output, file) = output::wanted(FINDINGS, &args.output)?;
    let writer = output.write;
    report::write(&args.tally, &Wanted { writer, file, spec: ReportSpec::default(), by: By::Route, least: args.severity })
}
