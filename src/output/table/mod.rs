//! The report for a terminal: the answer first, the details below, nothing wider than the screen.
//!
//! Readable without colour; colour only underlines what words and signs say. When the reader is no terminal the width is
//! unknown, and nothing is cut.

mod findings;
mod full;
pub(super) mod layout;
mod sections;
mod services;

use super::{View, human};
use crate::report::Report;
use std::io::{self, Write};

pub(super) fn write(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { report, view, out };
    page.header()?;
    page.findings()?;
    page.codes()?;
    page.services()?;
    page.routes()?;
    page.windows()?;
    page.rest()?;
    page.advice(findings::ADVISED)
}

pub(super) fn write_findings(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { report, view, out };
    page.header()?;
    page.findings_in_full()?;
    page.advice(usize::MAX)
}

/// What the sections are written on.
struct Page<'p> {
    report: &'p Report,
    view: &'p View,
    out: &'p mut dyn Write,
}

impl Page<'_> {
    /// A sentence, wrapped to the screen.
    fn wrapped(&mut self, text: &str, indent: &str) -> io::Result<()> {
        let text = super::sanitize::clean(text);
        match self.view.width {
            Some(width) => writeln!(self.out, "{}", super::sanitize::wrap(&text, width, "", indent)),
            None => writeln!(self.out, "{text}"),
        }
    }

    /// One line, cut to the screen.
    fn line(&mut self, text: &str) -> io::Result<()> {
        let text = super::sanitize::clean(text);
        match self.view.width {
            Some(width) => writeln!(self.out, "{}", super::sanitize::cut(&text, width)),
            None => writeln!(self.out, "{text}"),
        }
    }
}
