//! The shape of a catalogue file, and what must hold over all of them. Part of the build, not of the program.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    code: i16,
    code_to: Option<i16>,
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    state: String,
    vendor: Option<String>,
    #[serde(default = "yes")]
    primary: bool,
    reference: String,
    short: String,
    first_step: String,
    meaning: String,
    when: String,
    logged: String,
    severity: String,
    escalate: String,
    retry: String,
    #[serde(default)]
    retry_note: String,
    cache: String,
    fault: Vec<String>,
    related: Vec<String>,
    #[serde(default)]
    header: Vec<Header>,
    cause: Vec<Cause>,
    fix: Vec<Fix>,
    example: Option<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    on: String,
    need: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    id: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fix {
    r#for: String,
    r#do: String,
    context: Option<String>,
    since: Option<String>,
    config: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    request: String,
    response: String,
    note: Option<String>,
}

fn yes() -> bool {
    true
}

/// The words that each key may hold.
const STATES: &[&str] = &["standard", "experimental", "draft", "deprecated", "obsolete", "reserved", "vendor", "folklore", "artefact"];
const SEVERITIES: &[&str] = &["info", "notice", "warning", "error", "critical"];
const RETRIES: &[&str] = &["yes", "idempotent", "later", "after-change", "no", "not-applicable"];
const CACHES: &[&str] = &["heuristic", "explicit", "never", "not-applicable"];
const FAULTS: &[&str] = &["client", "app", "server", "proxy", "upstream", "network", "config", "policy", "attacker", "nobody"];
const NEEDS: &[&str] = &["must", "should", "may"];
const SIDES: &[&str] = &["request", "response"];
const SERVERS: &[&str] = &["nginx", "apache", "app", "other"];
/// States of codes that the IANA registry lists: their entries show a whole exchange.
const REGISTERED: &[&str] = &["standard", "experimental", "draft", "deprecated", "obsolete", "reserved"];

/// The registry of IANA, with 104 (temporary) and 306 (unused): none of these may be missing.
const REGISTRY: [i16; 64] = [
    100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308, 400, 401, 402,
    403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500,
    501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
];

/// The Rust of all entries, ordered by code and, within a code, the primary one first.
pub(crate) fn generate(files: &[(String, String)]) -> Result<String, String> {
    let mut entries = Vec::new();
    for (key, text) in files {
        let file: File = toml::from_str(text).map_err(|e| format!("catalogue/codes/{key}.toml: {e}"))?;
        check(key, &file).map_err(|what| format!("catalogue/codes/{key}.toml: {what}"))?;
        entries.push((key.as_str(), file));
    }
    check_together(&entries)?;
    entries.sort_by_key(|(key, file)| (file.code, !file.primary, *key));
    let mut rust = String::from("static ENTRIES: &[Entry] = &[\n");
    for (key, file) in &entries {
        write_entry(&mut rust, key, file).map_err(|e| e.to_string())?;
    }
    rust.push_str("];\n");
    Ok(rust)
}

fn check(key: &str, file: &File) -> Result<(), String> {
    let stem = if file.code < 0 { format!("m{}", -file.code) } else { format!("{:03}", file.code) };
    if key.split('-').next() != Some(stem.as_str()) {
        return Err(format!("the file's name should begin with {stem}"));
    }
    one_of("state", &file.state, STATES)?;
    one_of("severity", &file.severity, SEVERITIES)?;
    one_of("retry", &file.retry, RETRIES)?;
    one_of("cache", &file.cache, CACHES)?;
    file.fault.iter().try_for_each(|word| one_of("fault", word, FAULTS))?;
    for header in &file.header {
        one_of("need", &header.need, NEEDS)?;
        one_of("on", &header.on, SIDES)?;
    }
    for (name, text, most) in [("short", &file.short, 60), ("first_step", &file.first_step, 80)] {
        if text.chars().count() > most || text.is_empty() || text.ends_with('.') {
            return Err(format!("{name} must have 1 to {most} characters and no full stop"));
        }
    }
    let ids: BTreeSet<&str> = file.cause.iter().map(|c| c.id.as_str()).collect();
    if ids.len() != file.cause.len() || ids.is_empty() {
        return Err("cause ids must be there and differ".into());
    }
    for server in ["nginx", "apache", "app"] {
        if !file.fix.iter().any(|f| f.r#for == server) {
            return Err(format!("no fix for {server}"));
        }
    }
    for fix in &file.fix {
        one_of("for", &fix.r#for, SERVERS)?;
    }
    if REGISTERED.contains(&file.state.as_str()) && file.example.is_none() {
        return Err("a registered code needs an example".into());
    }
    if matches!(file.state.as_str(), "vendor" | "artefact") && file.vendor.is_none() {
        return Err("whose code it is must stand in vendor".into());
    }
    let texts = [&file.name, &file.reference, &file.meaning, &file.when, &file.logged];
    if texts.iter().any(|t| t.trim().is_empty()) {
        return Err("a text is empty".into());
    }
    Ok(())
}

fn one_of(key: &str, word: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&word) { Ok(()) } else { Err(format!("{key} = {word:?} is none of {}", words.join(", "))) }
}

fn check_together(entries: &[(&str, File)]) -> Result<(), String> {
    let keys: BTreeSet<&str> = entries.iter().map(|(key, _)| *key).collect();
    let mut primaries: BTreeMap<i16, Vec<&str>> = BTreeMap::new();
    for (key, file) in entries {
        if let Some(lost) = file.related.iter().find(|r| !keys.contains(r.as_str()) || r == key) {
            return Err(format!("catalogue/codes/{key}.toml: related {lost:?} points nowhere"));
        }
        let same = primaries.entry(file.code).or_default();
        if file.primary {
            same.push(key);
        }
    }
    if let Some(code) = REGISTRY.iter().find(|code| !primaries.contains_key(code)) {
        return Err(format!("catalogue: {code} is registered and has no entry"));
    }
    match primaries.iter().find(|(_, keys)| keys.len() != 1) {
        Some((code, keys)) => Err(format!("catalogue: code {code} needs exactly one primary entry, has {keys:?}")),
        None => Ok(()),
    }
}

/// By the first digit.
fn class(code: i16) -> &'static str {
    match code / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

fn write_entry(rust: &mut String, key: &str, f: &File) -> std::fmt::Result {
    writeln!(
        rust,
        "Entry {{ key: {key:?}, code: {}, code_to: {:?}, class: {:?}, name: {:?}, aliases: &{:?},",
        f.code,
        f.code_to,
        class(f.code),
        f.name,
        f.aliases
    )?;
    writeln!(rust, "state: {:?}, vendor: {:?}, primary: {}, reference: {:?},", f.state, f.vendor, f.primary, f.reference)?;
    writeln!(
        rust,
        "short: {:?}, first_step: {:?}, meaning: {:?}, when: {:?}, logged: {:?},",
        f.short, f.first_step, f.meaning, f.when, f.logged
    )?;
    writeln!(
        rust,
        "severity: {:?}, escalate: {:?}, retry: {:?}, retry_note: {:?}, cache: {:?},",
        f.severity, f.escalate, f.retry, f.retry_note, f.cache
    )?;
    writeln!(rust, "fault: &{:?}, related: &{:?}, headers: &[", f.fault, f.related)?;
    for h in &f.header {
        writeln!(rust, "Header {{ name: {:?}, on: {:?}, need: {:?}, why: {:?} }},", h.name, h.on, h.need, h.why)?;
    }
    rust.push_str("], causes: &[\n");
    for c in &f.cause {
        writeln!(rust, "Cause {{ id: {:?}, text: {:?} }},", c.id, c.text)?;
    }
    rust.push_str("], fixes: &[\n");
    for x in &f.fix {
        let config = x.config.as_deref().map(str::trim);
        writeln!(
            rust,
            "Fix {{ server: {:?}, step: {:?}, context: {:?}, since: {:?}, config: {config:?} }},",
            x.r#for, x.r#do, x.context, x.since
        )?;
    }
    rust.push_str("], example: ");
    match &f.example {
        Some(e) => writeln!(
            rust,
            "Some(Example {{ request: {:?}, response: {:?}, note: {:?} }}) }},",
            e.request.trim_end(),
            e.response.trim_end(),
            e.note
        ),
        None => writeln!(rust, "None }},"),
    }
}
