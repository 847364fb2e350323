//! The verdict as GitLab's code quality report: what is violated or in doubt, each with a fingerprint that stays.

use super::details::{Level, facts, level, other_parts};
use super::identity::{Fingerprints, rule_id};
use super::words::{self, Clock};
use super::{line_of, path_of};
use crate::gate::{Part, Ruling, Verdict};
use crate::output::View;
use crate::output::sanitize::clean;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

pub(super) fn write(verdict: &Verdict, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::new(verdict, view);
    let mut prints = Fingerprints::default();
    let mut issues = Vec::new();
    for (at, ruling) in verdict.rules.iter().enumerate() {
        let mut issue = |part: &Part, level: Level, description: String| {
            issues.push(Issue {
                description,
                check_name: clean(&words::clip(&rule_id(ruling))).into_owned(),
                fingerprint: prints.of(ruling, part),
                severity: severity(level),
                location: Location { path: clean(&path_of(verdict, view)).into_owned(), lines: Lines { begin: line_of(view, at) } },
            });
        };
        if let Some(level) = level(ruling, ruling.verdict, view) {
            let first: Vec<String> = facts(ruling, verdict, &clock)
                .iter()
                .filter(|fact| matches!(fact.label, "cause" | "do"))
                .take(2)
                .map(|fact| format!("; {}: {}", fact.label, fact.text))
                .collect();
            issue(&ruling.part, level, describe(ruling, &ruling.part, &format!("{}{}", words::clip(&ruling.reason), first.concat())));
        }
        for (part, outcome) in other_parts(ruling) {
            if let Some(level) = level(ruling, outcome, view) {
                let counted = words::counted(part.numerator, part.denominator);
                issue(part, level, describe(ruling, part, &format!("{} ({counted})", words::measured(part, ruling.unit))));
            }
        }
    }
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

fn describe(ruling: &Ruling, part: &Part, what: &str) -> String {
    let place = words::place(part);
    let on = if place.is_empty() || what.starts_with(&place) { String::new() } else { format!(" on {place}") };
    clean(&format!("{}{on}: {what}", words::rule(ruling))).into_owned()
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::Doubt => "info",
        Level::Warning => "minor",
        Level::Error => "critical",
        Level::Critical => "blocker",
    }
}
