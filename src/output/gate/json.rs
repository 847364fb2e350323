//! The verdict as one JSON object.

use crate::gate::Verdict;
use crate::output::View;
use std::io::{self, Write};

pub(super) fn write(verdict: &Verdict, _: &View, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, verdict)?;
    writeln!(out)
}
