//! Standard error: one line at a time, and no complaint when nobody takes it.

use std::io::{self, Write};

/// Writes a line behind the program's name.
pub(super) fn say(text: &str) {
    // Where stderr is full or closed there is no place left to say so.
    let _ = writeln!(io::stderr().lock(), "logcodes: {text}");
}
