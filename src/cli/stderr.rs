//! Standard error: one line at a time, and no complaint when nobody takes it.

use crate::output::sanitize::clean;
use std::io::{self, Write};

/// Writes a line behind the program's name. Names of files and of what is in archives are hostile as log text is.
pub(super) fn say(text: &str) {
    // Where stderr is full or closed there is no place left to say so.
    let _ = writeln!(io::stderr().lock(), "logcodes: {}", text.split('\n').map(clean).collect::<Vec<_>>().join("\n"));
}
