//! Real logs and other projects' test cases with the truth per line, where they are at hand: they are not part of this
//! repository. `LOGCODES_CORPUS` names the folder; without it `../shared/data` is looked for.

mod support;

use serde_json::Value;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use support::Dir;

/// The logs of the formats that are built in.
const LOGS: &[&str] = &[
    "a-apache-2020",
    "a-bp-107mb",
    "a-databricks",
    "a-elastic-apache",
    "a-http-dos",
    "a-nasa-jul95",
    "a-scan-acunetix",
    "a-scan-w3af",
    "a-tomcat",
    "a-traefik-json-cs",
    "a-zanbil-100k",
    "alp-json",
    "aw-testsmall",
    "cs-apache2-malformed",
    "cs-calibre-web-whitelist",
    "cs-cve-2022-37042",
    "cs-cve-2022-40684",
    "cs-nextcloud-whitelist",
    "cs-nginx-http-logs",
    "cs-spring4shell-cve-2022-22965",
    "cs-traefik-clf",
    "ei-apache-basic",
    "ei-apache-darwin",
    "ei-nginx-ingress",
    "f2b-apache-badbots",
    "f2b-nginx-botsearch",
    "f2b-traefik-auth",
    "fb-apache-darwin",
    "fb-apache-test",
    "fb-apache-vhost",
    "fb-nginx-access",
    "fb-nginx-xff",
    "fm-nginx",
    "lnav-access",
    "lnav-bad-access",
    "lnav-caddy",
    "lnav-shop",
    "ls-logswan",
    "ma-common",
    "ma-common-complete",
    "ma-common-vhost",
    "ma-ncsa-extended",
    "ma-static-ignores",
    "ma-traefik-json",
    "mt-apache-common",
    "nb-hackers",
    "nd-l2j-nginx-combined",
    "nd-weblog-common",
    "otus-a",
    "rla-combined",
    "rla-common",
    "t-torture-combined",
    "vrl-apache",
    "vrl-nginx-ingress",
];

/// The truth's name of a field, and ours.
const FIELDS: &[(&str, &str)] = &[
    ("status", "status"),
    ("method", "method"),
    ("path", "path"),
    ("query", "query"),
    ("time", "time"),
    ("bytes", "bytes"),
    ("duration_s", "duration"),
];

fn open(folder: &Path, name: &str) -> Option<(PathBuf, Vec<u8>)> {
    let plain = folder.join(name);
    if let Ok(bytes) = std::fs::read(&plain) {
        return Some((plain, bytes));
    }
    let packed = folder.join(format!("{name}.gz"));
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(&packed).ok()?).read_to_end(&mut bytes).ok()?;
    Some((packed, bytes))
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().filter(|l| !l.trim().is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn same(field: &str, want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Number(a), Value::Number(b)) => {
            (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= 1e-6 * (1.0 + a.as_f64().unwrap().abs())
        }
        (Value::String(a), Value::String(b)) if field == "time" => {
            a.parse::<jiff::Timestamp>().unwrap().as_microsecond() == b.parse::<jiff::Timestamp>().unwrap().as_microsecond()
        }
        (a, b) => a == b,
    }
}

/// What differs in one log.
fn differences(folder: &Path) -> Vec<String> {
    let (log, _) = open(folder, "input.log").unwrap();
    let (_, truth) = open(folder, "truth.jsonl").unwrap();
    let ran = Dir::new().run(&["records", log.to_str().unwrap(), "-o", "jsonl", "-q"]);
    let found: HashMap<u64, Value> = rows(ran.stdout().as_bytes()).into_iter().map(|r| (r["line"].as_u64().unwrap(), r)).collect();
    let mut wrong = Vec::new();
    for row in rows(&truth) {
        let line = row["line"].as_u64().unwrap();
        match (row["ok"].as_bool().unwrap(), found.get(&line)) {
            (false, Some(r)) => wrong.push(format!("{line}: taken for a response: {r}")),
            (true, None) => wrong.push(format!("{line}: no record")),
            (false, None) => {}
            (true, Some(r)) => {
                let ambiguous = |name: &str| row["ambiguous"].as_array().is_some_and(|a| a.iter().any(|v| v == name));
                let differs = |(theirs, ours): &&(&str, &str)| !ambiguous(theirs) && !same(theirs, &row[*theirs], &r[*ours]);
                wrong.extend(
                    FIELDS.iter().filter(differs).map(|(theirs, ours)| format!("{line}: {theirs} want {} got {}", row[*theirs], r[*ours])),
                );
            }
        }
    }
    wrong
}

#[test]
fn records_agree_with_the_truth_line_by_line() {
    let root =
        std::env::var_os("LOGCODES_CORPUS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if !root.is_dir() {
        // Not by a macro: what those print of a test that passes is never shown.
        let _ = writeln!(std::io::stderr(), "SKIPPED corpus: nothing at {}; LOGCODES_CORPUS names a folder", root.display());
        return;
    }
    let mut bad = Vec::new();
    for name in LOGS {
        bad.extend(differences(&root.join(name)).into_iter().take(3).map(|d| format!("{name}: {d}")));
    }
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}
