//! Lines for a terminal: cleaned, wrapped, indented and painted the same way wherever rules and changes are told.

use super::View;
use super::sanitize::{clean, wrap};
use super::table::layout::{self, Column};
use std::io::{self, Write};

/// The screen that is written to.
pub(super) struct Page<'p> {
    pub(super) view: &'p View,
    pub(super) out: &'p mut dyn Write,
}

impl Page<'_> {
    pub(super) fn put(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Text, cleaned and wrapped to the screen; nothing where there is none.
    pub(super) fn wrapped(&mut self, text: &str, first: &str, indent: &str) -> io::Result<()> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let text = self.fitted(&clean(text), first, indent);
        self.put(&text)
    }

    /// Clean text as it fits on the screen.
    pub(super) fn fitted(&self, text: &str, first: &str, indent: &str) -> String {
        self.view.width.map_or_else(|| format!("{first}{text}"), |columns| wrap(text, columns, first, indent))
    }

    /// A table.
    pub(super) fn rows(&mut self, columns: Vec<Column>, indent: &str) -> io::Result<()> {
        let room = self.view.width.map(|width| width.saturating_sub(indent.len()));
        layout::lines(columns, room).iter().try_for_each(|line| self.put(&format!("{indent}{line}")))
    }
}

/// The text in a colour, if there are colours.
pub(super) fn paint(view: &View, color: &str, text: &str) -> String {
    if view.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// A line whose first word of an outcome stands out.
pub(super) fn outcome(view: &View, word: &str, line: &str) -> String {
    match line.find(word) {
        Some(at) => format!("{}{}{}", &line[..at], paint(view, color(word), word), &line[at + word.len()..]),
        None => line.to_owned(),
    }
}

/// The colour of `PASS`, `FAIL`, and of what needs a look.
const fn color(word: &str) -> &'static str {
    match word.as_bytes() {
        b"PASS" => "32",
        b"FAIL" => "1;31",
        _ => "1;33",
    }
}
