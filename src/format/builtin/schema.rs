//! The shape of a format's data file. Part of the build, not of the program.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    aliases: Vec<String>,
    title: String,
    syntax: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    keys: Vec<(String, String, String)>,
    #[serde(default)]
    fallback: bool,
    #[serde(default = "unknown")]
    server: String,
    #[serde(default)]
    shared: bool,
    sample: Vec<Sample>,
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    line: String,
    #[serde(default)]
    record: BTreeMap<String, String>,
    rejected: Option<String>,
}

/// The fields that a key of a keyed log can be.
const FIELDS: &[&str] = &[
    "time",
    "remote",
    "peer",
    "forwarded",
    "user",
    "request",
    "method",
    "target",
    "path",
    "query",
    "protocol",
    "status",
    "bytes",
    "duration",
    "host",
    "referer",
    "user_agent",
    "upstream_addr",
    "upstream_status",
    "upstream_time",
    "request_id",
    "end_time",
    "not",
    "queue_time",
    "connect_time",
    "header_time",
    "termination_state",
    "cache_status",
];

/// The fields among them that say more in their third column: numbers their unit, `not` what its value must not begin with.
const TIMED: &[&str] = &["not", "duration", "upstream_time", "queue_time", "connect_time", "header_time"];

/// The Rust of all formats, in the order of the numbers that their files' names begin with.
pub(crate) fn generate(files: &[(String, String)]) -> Result<String, String> {
    let mut formats = Vec::new();
    let mut names = BTreeSet::new();
    for (stem, text) in files {
        let at = |what: String| format!("format/builtin/{stem}.toml: {what}");
        let file: File = toml::from_str(text).map_err(|e| at(e.to_string()))?;
        let order: u32 = stem.split('-').next().and_then(|n| n.parse().ok()).ok_or_else(|| at("the name should be NUMBER-NAME".into()))?;
        check(&file).map_err(at)?;
        for name in file.aliases.iter().chain([&file.name]) {
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(at(format!("{name} is the name of another format too")));
            }
        }
        formats.push((order, file));
    }
    formats.sort_by_key(|(order, _)| *order);
    let mut rust = format!("#[cfg(test)]\nstatic FIELDS: &[&str] = &{FIELDS:?};\n#[cfg(test)]\nstatic TIMED: &[&str] = &{TIMED:?};\n");
    rust.push_str("static BUILTINS: &[Builtin] = &[\n");
    for (_, file) in &formats {
        write_format(&mut rust, file).map_err(|e| e.to_string())?;
    }
    rust.push_str("];\n");
    Ok(rust)
}

fn check(file: &File) -> Result<(), String> {
    let has = (!file.template.is_empty(), !file.keys.is_empty(), !file.columns.is_empty());
    let whole = match file.syntax.as_str() {
        "nginx" | "apache" | "own" => has == (true, false, false),
        "json" | "ltsv" | "logfmt" => has == (false, true, false),
        "w3c" | "zeek" | "csv" => has == (false, false, true),
        other => return Err(format!("syntax {other:?} is none of nginx, apache, own, json, ltsv, logfmt, w3c, zeek, csv")),
    };
    if !whole {
        return Err("nginx, apache and own have a template; json, ltsv and logfmt have keys; w3c, zeek and csv have columns".into());
    }
    if let Some((_, field, _)) = file.keys.iter().find(|(_, field, _)| !FIELDS.contains(&field.as_str())) {
        return Err(format!("{field:?} is no field: {}", FIELDS.join(", ")));
    }
    if let Some((path, ..)) = file.keys.iter().find(|(_, field, unit)| TIMED.contains(&field.as_str()) == unit.is_empty()) {
        return Err(format!("{path:?}: durations have a unit, other fields have none"));
    }
    if file.sample.len() < 2 || file.sample.iter().any(|s| s.record.is_empty() == s.rejected.is_none()) {
        return Err("two samples at least, each with a record or a reason why it is rejected".into());
    }
    Ok(())
}

fn write_format(rust: &mut String, f: &File) -> std::fmt::Result {
    writeln!(rust, "Builtin {{ name: {:?}, aliases: &{:?}, title: {:?}, syntax: {:?},", f.name, f.aliases, f.title, f.syntax)?;
    writeln!(rust, "server: {:?}, shared: {},", f.server, f.shared)?;
    writeln!(rust, "template: {:?}, columns: &{:?}, keys: &{:?}, fallback: {}, samples: &[", f.template, f.columns, f.keys, f.fallback)?;
    for s in &f.sample {
        let record: Vec<_> = s.record.iter().collect();
        writeln!(rust, "Sample {{ line: {:?}, record: &{record:?}, rejected: {:?} }},", s.line, s.rejected)?;
    }
    writeln!(rust, "] }},")
}
