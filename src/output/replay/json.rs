//! The whole of it, for programs.

use crate::gate::{Explanation, Replay};
use crate::output::View;
use serde::Serialize;
use std::io::{self, Write};

pub(super) fn replay(replay: &Replay, _: &View, out: &mut dyn Write) -> io::Result<()> {
    pretty(replay, out)
}

pub(super) fn explanation(explanation: &Explanation, _: &View, out: &mut dyn Write) -> io::Result<()> {
    pretty(explanation, out)
}

fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
