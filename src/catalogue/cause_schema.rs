//! The shape of a cause's file, and what must hold over all of them. Part of the build, not of the program. Whoever writes
//! causes writes many, so every mistake of every file is told at once.

use super::rule::words::{Field, SERVERS};
use super::rule::{self, Piece, RuleError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    meaning: String,
    severity: String,
    refuted_by: String,
    fix: Vec<Fix>,
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fix {
    r#for: String,
    r#do: String,
    config: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    codes: Vec<u32>,
    #[serde(default)]
    server: Vec<String>,
    order: u32,
    #[serde(default)]
    needs: Vec<String>,
    r#where: String,
    by: Option<String>,
    when: String,
    confidence: f64,
    severity: Option<String>,
    #[serde(default)]
    raise: Vec<(String, String)>,
    title: Option<String>,
    evidence: Vec<String>,
    #[serde(default)]
    doubt: String,
    #[serde(default)]
    better_with: Vec<String>,
}
const SEVERITIES: &[&str] = &["info", "notice", "warning", "error", "critical"];
/// Whom a fix is for, besides a server.
const ALSO_FIXED: &[&str] = &["any", "app"];
const MAX_STATUS: u32 = 999;
const MAX_ORDER: u32 = 99;
const MAX_TITLE: usize = 100;

/// The Rust of all causes, by name; or every mistake, one a paragraph.
pub(crate) fn generate(files: &[(String, String)]) -> Result<String, Vec<String>> {
    let mut wrong = Vec::new();
    let mut causes = Vec::new();
    for (id, text) in files {
        match toml::from_str::<File>(text) {
            Ok(file) => causes.push((id.as_str(), file)),
            Err(e) => wrong.push(format!("catalogue/causes/{id}.toml: {}", e.to_string().trim_end())),
        }
    }
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, file) in &causes {
        let mut found = Mistakes { place: format!("catalogue/causes/{id}.toml"), wrong: &mut wrong };
        check(file, &mut found);
        for rule in &file.rule {
            if let Some(other) = owners.insert(&rule.id, id) {
                found.say(format!("rule {:?} is in {other}.toml too, or twice here", rule.id));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    causes.sort_by_key(|(id, _)| *id);
    let mut rust = String::from("static CAUSES: &[Cause] = &[\n");
    for (id, file) in &causes {
        write_cause(&mut rust, id, file).map_err(|e| vec![e.to_string()])?;
    }
    rust.push_str("];\n");
    Ok(rust)
}

/// What is wrong at a place, said behind its name.
struct Mistakes<'a> {
    place: String,
    wrong: &'a mut Vec<String>,
}

impl Mistakes<'_> {
    fn say(&mut self, what: impl AsRef<str>) {
        self.wrong.push(format!("{}: {}", self.place, what.as_ref()));
    }

    fn inside(&mut self, place: &str) -> Mistakes<'_> {
        Mistakes { place: format!("{}: {place}", self.place), wrong: self.wrong }
    }

    fn one_of(&mut self, key: &str, word: &str, words: &[&str]) {
        if !words.contains(&word) {
            self.say(format!("{key} = {word:?} is none of {}", words.join(", ")));
        }
    }

    fn filled(&mut self, key: &str, text: &str) {
        if text.trim().is_empty() {
            self.say(format!("{key} is empty"));
        }
    }

    fn fields<'t>(&mut self, key: &str, words: impl IntoIterator<Item = &'t String>) {
        for word in words {
            if Field::named(word).is_none() {
                self.say(format!("{key} names {word:?}, which is no field"));
            }
        }
    }

    /// The parser's own message, with its caret.
    fn reads<T>(&mut self, key: &str, read: Result<T, RuleError>) -> Option<T> {
        read.map_err(|e| self.say(format!("{key}: {e}"))).ok()
    }

    fn title(&mut self, text: &str) {
        let pieces = self.reads("title", rule::sentence(text)).unwrap_or_default();
        let length: usize = pieces.iter().map(|p| if let Piece::Text(text) = p { text.chars().count() } else { 0 }).sum();
        if text.trim().is_empty() || length > MAX_TITLE || text.ends_with('.') || text.contains('\n') {
            self.say(format!("title must be one line of 1 to {MAX_TITLE} characters, braces not counted, without a full stop"));
        }
    }
}

fn check(file: &File, found: &mut Mistakes) {
    found.title(&file.title);
    found.one_of("severity", &file.severity, SEVERITIES);
    for (key, text) in [("meaning", &file.meaning), ("refuted_by", &file.refuted_by)] {
        found.filled(key, text);
    }
    for fix in &file.fix {
        if !ALSO_FIXED.contains(&fix.r#for.as_str()) {
            found.one_of("fix: for", &fix.r#for, &[ALSO_FIXED, SERVERS].concat());
        }
        found.filled("fix: do", &fix.r#do);
        found.filled("fix: config", fix.config.as_deref().unwrap_or("-"));
    }
    if file.fix.is_empty() || file.rule.is_empty() {
        found.say("a cause needs at least one fix and one rule");
    }
    for rule in &file.rule {
        check_rule(rule, &mut found.inside(&format!("rule {}", rule.id)));
    }
}

fn check_rule(rule: &Rule, found: &mut Mistakes) {
    found.filled("id", &rule.id);
    if let Some(code) = rule.codes.iter().find(|code| **code > MAX_STATUS) {
        found.say(format!("codes: {code} is above {MAX_STATUS}"));
    }
    for server in &rule.server {
        found.one_of("server", server, SERVERS);
    }
    if rule.order > MAX_ORDER {
        found.say(format!("order = {} is above {MAX_ORDER}", rule.order));
    }
    if !(0.0..=1.0).contains(&rule.confidence) {
        found.say(format!("confidence = {} is not between 0 and 1", rule.confidence));
    }
    found.fields("needs", &rule.needs);
    found.fields("better_with", &rule.better_with);
    found.fields("by", &rule.by);
    found.reads("where", rule::filter(&rule.r#where));
    found.reads("when", rule::condition(&rule.when));
    if let Some(severity) = &rule.severity {
        found.one_of("severity", severity, SEVERITIES);
    }
    for (condition, severity) in &rule.raise {
        found.reads("raise", rule::condition(condition));
        found.one_of("raise", severity, SEVERITIES);
    }
    if let Some(title) = &rule.title {
        found.title(title);
    }
    if rule.evidence.is_empty() {
        found.say("evidence is empty: say what the lines show");
    }
    for text in &rule.evidence {
        found.filled("evidence", text);
        found.reads("evidence", rule::sentence(text));
    }
}

fn write_cause(rust: &mut String, id: &str, file: &File) -> std::fmt::Result {
    writeln!(
        rust,
        "Cause {{ id: {id:?}, title: {:?}, meaning: {:?}, severity: {:?}, refuted_by: {:?}, fixes: &[",
        file.title,
        file.meaning.trim(),
        file.severity,
        file.refuted_by.trim()
    )?;
    for fix in &file.fix {
        let config = fix.config.as_deref().map(str::trim);
        writeln!(rust, "CauseFix {{ server: {:?}, step: {:?}, config: {config:?} }},", fix.r#for, fix.r#do.trim())?;
    }
    rust.push_str("], rules: &[\n");
    for r in &file.rule {
        writeln!(
            rust,
            "Rule {{ id: {:?}, servers: &{:?}, codes: &{:?}, order: {}, needs: &{:?}, filter: {:?}, by: {:?}, when: {:?},",
            r.id,
            r.server,
            r.codes,
            r.order,
            r.needs,
            r.r#where.trim(),
            r.by,
            r.when.trim()
        )?;
        writeln!(
            rust,
            "confidence: {:?}, severity: {:?}, raise: &{:?}, title: {:?}, evidence: &{:?}, doubt: {:?}, better_with: &{:?} }},",
            r.confidence,
            r.severity,
            r.raise,
            r.title,
            r.evidence,
            r.doubt.trim(),
            r.better_with
        )?;
    }
    rust.push_str("] },\n");
    Ok(())
}
