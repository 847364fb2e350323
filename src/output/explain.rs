//! The catalogue, for people and programs: what a code means, and the way to what a cause or a rule means.

use super::{causes, sanitize};
use crate::catalogue::cause::{self, Cause, Rule};
use crate::catalogue::{Entry, Fix};
use serde::Serialize;
use std::io::{self, Write};

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainOutput {
    /// For a terminal, wrapped to its width.
    Text {
        /// Columns to wrap at.
        width: usize,
        /// Whether to underline with colour.
        color: bool,
    },
    /// A JSON list.
    Json,
    /// Markdown.
    Markdown,
}

/// What can be explained.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    /// A meaning of a status code.
    Code(&'static Entry),
    /// A cause, with all rules that find it.
    Cause(&'static Cause),
    /// A rule of a cause.
    Rule(&'static Cause, &'static Rule),
}

/// A topic as it is serialised.
#[derive(Serialize)]
#[serde(untagged)]
enum Written {
    Code(Judged),
    Cause(causes::WholeCause),
    Rule(causes::RuleOf),
}

/// An entry of the catalogue with what judges its code.
#[derive(Serialize)]
struct Judged {
    kind: &'static str,
    #[serde(flatten)]
    entry: &'static Entry,
    rules: Vec<&'static str>,
}

/// Writes topics in full.
///
/// # Errors
/// When writing fails.
pub fn write_explanation(topics: &[Topic], output: ExplainOutput, out: &mut dyn Write) -> io::Result<()> {
    match output {
        ExplainOutput::Json => {
            serde_json::to_writer_pretty(&mut *out, &topics.iter().map(serialised).collect::<Vec<_>>())?;
            writeln!(out)
        }
        ExplainOutput::Markdown => topics.iter().try_for_each(|topic| match topic {
            Topic::Code(entry) => markdown(entry, out),
            Topic::Cause(cause) => causes::markdown_cause(cause, out),
            Topic::Rule(cause, rule) => causes::markdown_rule(cause, rule, out),
        }),
        ExplainOutput::Text { width, color } => {
            for (at, topic) in topics.iter().enumerate() {
                if at > 0 {
                    writeln!(out)?;
                }
                let page = causes::Page { width, color };
                match topic {
                    Topic::Code(entry) => text(entry, width, color, out)?,
                    Topic::Cause(cause) => page.cause(cause, out)?,
                    Topic::Rule(cause, rule) => page.rule(cause, rule, out)?,
                }
            }
            Ok(())
        }
    }
}

fn serialised(topic: &Topic) -> Written {
    match *topic {
        Topic::Code(entry) => Written::Code(Judged { kind: "code", entry, rules: judges(entry) }),
        Topic::Cause(cause) => Written::Cause(causes::WholeCause::new(cause)),
        Topic::Rule(cause, rule) => Written::Rule(causes::RuleOf::new(cause, rule)),
    }
}

/// The names of the rules that judge an entry's code, those that judge few others first.
fn judges(entry: &Entry) -> Vec<&'static str> {
    let mut rules: Vec<&Rule> = cause::judging(entry.code..=entry.code_to.unwrap_or(entry.code)).map(|(_, rule)| rule).collect();
    rules.sort_by_key(|rule| rule.codes.len());
    rules.into_iter().map(|rule| rule.id).collect()
}

/// Writes a line an entry.
///
/// # Errors
/// When writing fails.
pub fn write_list(entries: &[Entry], output: ExplainOutput, out: &mut dyn Write) -> io::Result<()> {
    match output {
        ExplainOutput::Json => {
            serde_json::to_writer_pretty(&mut *out, entries)?;
            writeln!(out)
        }
        ExplainOutput::Markdown => {
            writeln!(out, "| code | name | whose | meaning |\n|---|---|---|---|")?;
            entries.iter().try_for_each(|e| writeln!(out, "| {} | {} | {} | {} |", number(e), e.name, whose(e), e.short))
        }
        ExplainOutput::Text { .. } => entries.iter().try_for_each(|e| {
            let name = if e.vendor.is_some() { format!("{} ({})", e.name, whose(e)) } else { e.name.to_owned() };
            writeln!(out, "{:>7}  {name}: {}", number(e), e.short)
        }),
    }
}

fn number(entry: &Entry) -> String {
    match entry.code_to {
        Some(to) => format!("{:03}-{to:03}", entry.code),
        None if entry.code < 0 => entry.code.to_string(),
        None => format!("{:03}", entry.code),
    }
}

fn whose(entry: &Entry) -> &'static str {
    entry.vendor.unwrap_or(entry.state)
}

fn text(e: &Entry, width: usize, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let bold = |text: &str| if color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() };
    writeln!(out, "{}", bold(&format!("{} {}", number(e), e.name)))?;
    let mut facts = vec![e.class.to_owned(), e.state.to_owned(), e.reference.to_owned()];
    facts.extend(e.vendor.map(|v| format!("used by {v}")));
    if !e.aliases.is_empty() {
        facts.push(format!("also: {}", e.aliases.join(", ")));
    }
    writeln!(out, "{}", wrap(&facts.join(" · "), width, ""))?;
    writeln!(out, "\n{}\n{}", wrap(e.meaning, width, ""), wrap(e.when, width, ""))?;
    let paragraphs = [
        ("In logs", e.logged.to_owned()),
        ("First", format!("{}.", e.first_step)),
        ("Severity", severity(e)),
        ("Retry", retry(e)),
        ("Cache", cache(e).to_owned()),
        ("Fault", e.fault.join(", ")),
    ];
    writeln!(out)?;
    for (label, paragraph) in paragraphs {
        writeln!(out, "{}", labelled(label, &paragraph, width, color))?;
    }
    if !e.headers.is_empty() {
        writeln!(out, "\n{}", bold("Headers"))?;
        for h in e.headers {
            writeln!(out, "{}", wrap(&format!("{} ({}, {}): {}", h.name, h.on, h.need, h.why), width, "  "))?;
        }
    }
    writeln!(out, "\n{}", bold("Causes, likeliest first"))?;
    for c in e.causes {
        writeln!(out, "{}", wrap(&format!("{}: {}", c.id, c.text), width, "  "))?;
    }
    let judges = judges(e);
    if !judges.is_empty() {
        writeln!(out, "\n{}", wrap(&format!("logcodes judges it by: {}", judges.join(", ")), width, ""))?;
    }
    writeln!(out, "\n{}", bold("Fixes"))?;
    for f in e.fixes {
        writeln!(out, "{}", wrap(&format!("{}: {}", server(f), f.step), width, "  "))?;
        if let Some(config) = f.config {
            config.lines().try_for_each(|line| writeln!(out, "      {line}"))?;
        }
    }
    if let Some(example) = &e.example {
        writeln!(out, "\n{}", bold("Example"))?;
        for line in example.request.lines().chain([""]).chain(example.response.lines()) {
            writeln!(out, "{}", format!("    {line}").trim_end())?;
        }
        if let Some(note) = example.note {
            writeln!(out, "{}", wrap(note, width, "  "))?;
        }
    }
    if e.related.is_empty() { Ok(()) } else { writeln!(out, "\nSee also {}", e.related.join(", ")) }
}

pub(super) fn labelled(label: &str, text: &str, width: usize, color: bool) -> String {
    let wrapped = wrap(text, width, "          ");
    let body = wrapped.trim_start();
    if color { format!("\u{1b}[2m{label:<9}\u{1b}[0m {body}") } else { format!("{label:<9} {body}") }
}

/// Where the directives of a fix stand, and since when.
fn server(fix: &Fix) -> String {
    let name = match fix.server {
        "nginx" => "nginx",
        "apache" => "Apache",
        "app" => "application",
        _ => "elsewhere",
    };
    let details: Vec<String> = fix.context.map(|c| format!("in {c}")).into_iter().chain(fix.since.map(|v| format!("since {v}"))).collect();
    if details.is_empty() { name.to_owned() } else { format!("{name} ({})", details.join(", ")) }
}

fn severity(e: &Entry) -> String {
    if e.escalate.is_empty() { e.severity.to_owned() } else { format!("{}; worse: {}", e.severity, e.escalate) }
}

fn retry(e: &Entry) -> String {
    let rule = match e.retry {
        "yes" => "yes",
        "idempotent" => "idempotent methods only",
        "later" => "after a while",
        "after-change" => "only with a changed request",
        "no" => "no",
        _ => "not applicable",
    };
    if e.retry_note.is_empty() { rule.to_owned() } else { format!("{rule}; {}", e.retry_note) }
}

fn cache(e: &Entry) -> &'static str {
    match e.cache {
        "heuristic" => "may be stored without explicit freshness (RFC 9111 §4.2.2)",
        "explicit" => "only with explicit freshness",
        "never" => "never",
        _ => "not applicable",
    }
}

fn markdown(e: &Entry, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {} {}\n", number(e), e.name)?;
    writeln!(out, "*{}*, {}. {} {}\n", whose(e), e.reference, e.meaning, e.when)?;
    writeln!(
        out,
        "- **In logs:** {}\n- **First:** {}.\n- **Severity:** {}\n- **Retry:** {}\n- **Cache:** {}\n- **Fault:** {}\n",
        e.logged,
        e.first_step,
        severity(e),
        retry(e),
        cache(e),
        e.fault.join(", ")
    )?;
    if !e.headers.is_empty() {
        writeln!(out, "### Headers\n")?;
        e.headers.iter().try_for_each(|h| writeln!(out, "- `{}` ({}, {}): {}", h.name, h.on, h.need, h.why))?;
        writeln!(out)?;
    }
    writeln!(out, "### Causes\n")?;
    e.causes.iter().try_for_each(|c| writeln!(out, "- `{}`: {}", c.id, c.text))?;
    let judges = judges(e);
    if !judges.is_empty() {
        writeln!(out, "\nlogcodes judges it by: `{}`", judges.join("`, `"))?;
    }
    writeln!(out, "\n### Fixes\n")?;
    for f in e.fixes {
        writeln!(out, "- **{}:** {}", server(f), f.step)?;
        if let Some(config) = f.config {
            writeln!(out, "\n  ```\n  {}\n  ```\n", config.replace('\n', "\n  "))?;
        }
    }
    if let Some(example) = &e.example {
        writeln!(out, "\n### Example\n\n```http\n{}\n\n{}\n```", example.request, example.response)?;
    }
    writeln!(out)
}

pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    sanitize::wrap(text, width, indent, indent)
}
