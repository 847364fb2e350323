//! Causes and the rules that find them, for people and programs: what a finding rests on, as it is written.

use super::explain::{ExplainOutput, labelled, wrap};
use crate::catalogue::cause::{Cause, CauseFix, Rule};
use crate::rule::words::Field;
use serde::Serialize;
use std::io::{self, Write};

/// A rule as it is serialised, with the cause that it finds.
#[derive(Serialize)]
pub(super) struct RuleOf {
    kind: &'static str,
    #[serde(flatten)]
    rule: &'static Rule,
    cause: CauseAlone,
}

/// A cause without its rules.
#[derive(Serialize)]
struct CauseAlone {
    id: &'static str,
    title: &'static str,
    meaning: &'static str,
    severity: &'static str,
    refuted_by: &'static str,
    fixes: &'static [CauseFix],
}

/// A cause as it is serialised, with its rules.
#[derive(Serialize)]
pub(super) struct WholeCause {
    kind: &'static str,
    #[serde(flatten)]
    cause: &'static Cause,
}

impl RuleOf {
    pub(super) fn new(cause: &'static Cause, rule: &'static Rule) -> Self {
        let Cause { id, title, meaning, severity, refuted_by, fixes, .. } = *cause;
        Self { kind: "rule", rule, cause: CauseAlone { id, title, meaning, severity, refuted_by, fixes } }
    }
}

impl WholeCause {
    pub(super) fn new(cause: &'static Cause) -> Self {
        Self { kind: "cause", cause }
    }
}

/// Writes a line a rule.
///
/// # Errors
/// When writing fails.
pub fn write_rules(causes: &'static [Cause], output: ExplainOutput, out: &mut dyn Write) -> io::Result<()> {
    let rules = || causes.iter().flat_map(|cause| cause.rules.iter().map(move |rule| (cause, rule)));
    match output {
        ExplainOutput::Json => {
            serde_json::to_writer_pretty(&mut *out, &rules().map(|(cause, rule)| RuleOf::new(cause, rule)).collect::<Vec<_>>())?;
            writeln!(out)
        }
        ExplainOutput::Markdown => {
            writeln!(out, "| rule | codes | cause | severity | sure | finds |\n|---|---|---|---|---:|---|")?;
            rules().try_for_each(|(cause, rule)| {
                let (codes, title) = (codes(rule), rule.title.unwrap_or(cause.title));
                writeln!(out, "| {} | {codes} | {} | {} | {} | {title} |", rule.id, cause.id, severity(cause, rule), sure(rule))
            })
        }
        ExplainOutput::Text { .. } => {
            let wide = rules().map(|(_, rule)| rule.id.len()).max().unwrap_or(0);
            rules().try_for_each(|(cause, rule)| {
                writeln!(out, "{:<wide$}  {}: {} ({})", rule.id, cause.id, rule.title.unwrap_or(cause.title), codes(rule))
            })
        }
    }
}

/// Where text for a terminal goes.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) width: usize,
    pub(super) color: bool,
}

impl Page {
    /// A cause, with its rules in short.
    pub(super) fn cause(self, cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
        self.bold(&format!("{}: {}", cause.id, cause.title), out)?;
        writeln!(out, "\n{}\n", wrap(cause.meaning, self.width, ""))?;
        self.fact("Severity", cause.severity, out)?;
        self.fact("Refuted", cause.refuted_by, out)?;
        self.fixes(cause, out)?;
        writeln!(out)?;
        self.bold("Rules that find it", out)?;
        for rule in cause.rules {
            writeln!(out)?;
            self.bold(&format!("{}{}", rule.id, rule.title.map(|title| format!(": {title}")).unwrap_or_default()), out)?;
            self.predicate(cause, rule, out)?;
        }
        Ok(())
    }

    /// A rule, with the cause that it finds.
    pub(super) fn rule(self, cause: &Cause, rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
        self.bold(&format!("{}: {}", rule.id, rule.title.unwrap_or(cause.title)), out)?;
        writeln!(out, "{}", wrap(&format!("a rule that finds {}", cause.id), self.width, ""))?;
        writeln!(out, "\n{}\n", wrap(cause.meaning, self.width, ""))?;
        self.predicate(cause, rule, out)?;
        self.fact("Refuted", cause.refuted_by, out)?;
        self.fixes(cause, out)?;
        let others: Vec<&str> = cause.rules.iter().map(|other| other.id).filter(|id| *id != rule.id).collect();
        if others.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", wrap(&format!("Other rules that find {}: {}", cause.id, others.join(", ")), self.width, ""))
    }

    fn predicate(self, cause: &Cause, rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
        facts(cause, rule).into_iter().try_for_each(|(label, text)| self.fact(label, &text, out))?;
        for (label, fields) in [("Needs", rule.needs), ("Better", rule.better_with)] {
            for (at, field) in fields.iter().enumerate() {
                self.fact(if at == 0 { label } else { "" }, &field_help(field), out)?;
            }
        }
        Ok(())
    }

    fn fixes(self, cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        self.bold("Fixes", out)?;
        for fix in cause.fixes {
            writeln!(out, "{}", wrap(&format!("{}: {}", fix.server, fix.step), self.width, "  "))?;
            fix.config.unwrap_or_default().lines().try_for_each(|line| writeln!(out, "{}", format!("      {line}").trim_end()))?;
        }
        Ok(())
    }

    fn fact(self, label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        if text.is_empty() { Ok(()) } else { writeln!(out, "{}", labelled(label, text, self.width, self.color)) }
    }

    fn bold(self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let text = wrap(text, self.width, "");
        if self.color { writeln!(out, "\u{1b}[1m{text}\u{1b}[0m") } else { writeln!(out, "{text}") }
    }
}

/// What a rule asks and says, as it is written.
fn facts(cause: &Cause, rule: &Rule) -> Vec<(&'static str, String)> {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let servers = if rule.servers.is_empty() {
        "any server".to_owned()
    } else {
        rule.servers.join(", ").replace("unknown", "a server that the log does not tell")
    };
    let mut facts = vec![
        ("Codes", codes(rule)),
        ("Logs of", servers),
        ("Where", one_line(rule.filter)),
        ("By", rule.by.unwrap_or_default().to_owned()),
        ("When", one_line(rule.when)),
        ("Severity", severity(cause, rule)),
        ("Sure", sure(rule)),
    ];
    facts.extend(rule.evidence.iter().enumerate().map(|(at, text)| (if at == 0 { "Evidence" } else { "" }, (*text).to_owned())));
    facts.push(("Doubt", rule.doubt.to_owned()));
    facts
}

fn codes(rule: &Rule) -> String {
    let codes: Vec<String> = rule.codes.iter().map(|code| format!("{code:03}")).collect();
    if codes.is_empty() { "any code".to_owned() } else { codes.join(", ") }
}

fn severity(cause: &Cause, rule: &Rule) -> String {
    let raised = rule.raise.iter().map(|(when, severity)| format!("; {severity} when {when}"));
    rule.severity.unwrap_or(cause.severity).to_owned() + &raised.collect::<String>()
}

fn sure(rule: &Rule) -> String {
    format!("{:.0} %", rule.confidence * 100.0)
}

fn field_help(field: &str) -> String {
    Field::named(field).map_or_else(|| field.to_owned(), |known| format!("{field}: {}", known.help().trim()))
}

pub(super) fn markdown_cause(cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}: {}\n\n{}\n", cause.id, cause.title, cause.meaning)?;
    writeln!(out, "- **Severity:** {}\n- **Refuted by:** {}\n", cause.severity, cause.refuted_by)?;
    markdown_fixes(cause, out)?;
    for rule in cause.rules {
        writeln!(out, "### Rule {}\n", rule.id)?;
        if let Some(title) = rule.title {
            writeln!(out, "{title}\n")?;
        }
        markdown_predicate(cause, rule, out)?;
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn markdown_rule(cause: &Cause, rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}: {}\n", rule.id, rule.title.unwrap_or(cause.title))?;
    writeln!(out, "A rule that finds `{}`. {}\n", cause.id, cause.meaning)?;
    markdown_predicate(cause, rule, out)?;
    writeln!(out, "- **Refuted by:** {}\n", cause.refuted_by)?;
    markdown_fixes(cause, out)
}

fn markdown_predicate(cause: &Cause, rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let mut last = "";
    for (label, text) in facts(cause, rule).into_iter().filter(|(_, text)| !text.is_empty()) {
        last = if label.is_empty() { last } else { label };
        let code = matches!(last, "Where" | "When" | "By" | "Evidence" | "Severity");
        let quote = if code { "`" } else { "" };
        writeln!(out, "- **{last}:** {quote}{text}{quote}")?;
    }
    for (label, fields) in [("Needs", rule.needs), ("Better with", rule.better_with)] {
        fields.iter().try_for_each(|field| writeln!(out, "- **{label}:** {}", field_help(field)))?;
    }
    Ok(())
}

fn markdown_fixes(cause: &Cause, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### Fixes\n")?;
    for fix in cause.fixes {
        writeln!(out, "- **{}:** {}", fix.server, fix.step)?;
        if let Some(config) = fix.config {
            writeln!(out, "\n  ```\n  {}\n  ```\n", config.trim_end().replace('\n', "\n  "))?;
        }
    }
    writeln!(out)
}
