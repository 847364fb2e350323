//! The comparison as one JSON object.

use crate::compare::Comparison;
use crate::output::View;
use std::io::{self, Write};

pub(super) fn write(comparison: &Comparison, _: &View, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, comparison)?;
    writeln!(out)
}
