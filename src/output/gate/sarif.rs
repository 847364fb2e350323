//! The verdict as SARIF 2.1.0: each rule is described once, and each of its parts that is violated or in doubt is a result.

use super::details::{Level, facts, level, other_parts, part_facts_of, text};
use super::identity::{Fingerprints, rule_id};
use super::words::{self, Clock};
use super::{line_of, path_of};
use crate::gate::{Outcome, Part, Ruling, Verdict};
use crate::output::View;
use crate::output::sanitize::clean;
use serde_json::{Value, json};
use std::io::{self, Write};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn write(verdict: &Verdict, view: &View, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::new(verdict, view);
    let mut prints = Fingerprints::default();
    let (mut rules, mut results): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for (at, ruling) in verdict.rules.iter().enumerate() {
        let id = safe(&rule_id(ruling));
        // A rule that is given twice is described once.
        let index = rules.iter().position(|rule| rule["id"] == id.as_str()).unwrap_or_else(|| {
            rules.push(describe(ruling, &id, verdict));
            rules.len() - 1
        });
        let mut result = |part: &Part, outcome: Outcome, message: String| {
            let Some(level) = level(ruling, outcome, view) else { return };
            results.push(json!({
                "ruleId": id,
                "ruleIndex": index,
                "level": word(level),
                "message": {"text": message},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&path_of(verdict, view))},
                    "region": {"startLine": line_of(view, at)},
                }}],
                "partialFingerprints": {"logcodesRulePart/v1": prints.of(ruling, part)},
                "properties": properties(ruling, part, outcome),
            }));
        };
        let told = format!("{}\n{}", clean(&words::clip(&ruling.reason)), text(&facts(ruling, verdict, &clock)));
        result(&ruling.part, ruling.verdict, message(&told));
        for (part, outcome) in other_parts(ruling) {
            result(part, outcome, message(&text(&part_facts_of(part, ruling.unit, verdict, &clock))));
        }
    }
    let run = json!({
        "tool": {"driver": {"name": "logcodes", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
        "results": results,
        "columnKind": "unicodeCodePoints",
    });
    serde_json::to_writer_pretty(&mut *out, &json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))?;
    writeln!(out)
}

/// What is said of a rule whatever the log is.
fn describe(ruling: &Ruling, id: &str, verdict: &Verdict) -> Value {
    let text = safe(&words::clip(&ruling.rule));
    let default = if verdict.default_rules { " It is one of the rules that hold where none is given." } else { "" };
    let help = format!("The gate fails when this is true of the log: {text}.{default} `logcodes check --help` says how rules are written.");
    json!({
        "id": id,
        "shortDescription": {"text": text},
        "fullDescription": {"text": format!("A limit on the requests of an access log: {text}")},
        "help": {"text": help},
        "defaultConfiguration": {"level": if ruling.severity == "warning" { "warning" } else { "error" }},
        "properties": {"tags": ["access-log", "http-status"], "severity": ruling.severity},
    })
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Doubt => "note",
        Level::Warning => "warning",
        Level::Error | Level::Critical => "error",
    }
}

/// The numbers, so that a reader need not take them out of the message.
fn properties(ruling: &Ruling, part: &Part, outcome: Outcome) -> Value {
    json!({
        "verdict": words::meaning(outcome),
        "severity": ruling.severity,
        "unit": ruling.unit,
        "value": part.value,
        "threshold": part.threshold,
        "numerator": part.numerator,
        "denominator": part.denominator,
        "interval": part.interval,
        "window": part.window,
        "p": part.p,
    })
}

fn safe(text: &str) -> String {
    clean(text).into_owned()
}

/// Text in which nothing is a placeholder (`{0}`) or a link (`[text](target)`) to a reader of messages.
fn message(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        safe.push(c);
        match (c, rest.peek()) {
            ('{', Some(next)) if next.is_ascii_digit() => safe.push('{'),
            (']', Some('(')) => safe.push(' '),
            _ => {}
        }
    }
    safe
}

/// A path as a reference: what is not plain is written as percent escapes, a colon too, which would make a scheme of what
/// stands before it.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            b if b.is_ascii_alphanumeric() => uri.push(char::from(b)),
            b => uri.push_str(&format!("%{b:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("conf/logcodes.toml"), "conf/logcodes.toml");
        assert_eq!(uri("/var/log/a b.log"), "file:///var/log/a%20b.log");
        assert_eq!(uri("c:x\n"), "c%3Ax%0A");
    }

    #[test]
    fn messages_hold_no_placeholder_and_no_link() {
        assert_eq!(message("/a/{0}/{id} [x](y)"), "/a/{{0}/{id} [x] (y)");
    }
}
