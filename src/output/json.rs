//! The report as one JSON object.

use super::View;
use crate::report::Report;
use std::io::{self, Write};

pub(super) fn write(report: &Report, _: &View, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}
