//! The report as one JSON object.

use super::View;
use crate::diagnose::{Advice, Finding, Traffic};
use crate::report::{Input, LineCounts, Report, Span};
use serde::Serialize;
use std::io::{self, Write};

pub(super) fn write(report: &Report, _: &View, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

/// What of a report goes with its findings, under the same keys.
#[derive(Serialize)]
struct Findings<'r> {
    schema_version: u32,
    inputs: &'r [Input],
    lines: LineCounts,
    span: &'r Option<Span>,
    traffic: &'r Option<Traffic>,
    findings: Vec<&'r Finding>,
    advice: &'r [Advice],
    warnings: &'r [String],
}

pub(super) fn write_findings(report: &Report, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let part = Findings {
        schema_version: report.schema_version,
        inputs: &report.inputs,
        lines: report.lines,
        span: &report.span,
        traffic: &report.traffic,
        findings: report.findings.iter().filter(|f| f.severity >= view.least).collect(),
        advice: &report.advice,
        warnings: &report.warnings,
    };
    serde_json::to_writer_pretty(&mut *out, &part)?;
    writeln!(out)
}
