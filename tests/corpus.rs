//! Real logs and other projects' test cases with the truth per line, where they are at hand: they are not part of this
//! repository. `LOGCODES_CORPUS` names the folder; without it `../shared/data` is looked for.

mod support;

use serde_json::Value;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use support::Dir;

/// Where the truth is not followed: the log, its lines, the truth's name of the field, and why.
const KNOWN: &[(&str, &[u64], &str, &str)] = &[
    ("alp-combined", &[14], "duration_s", "one line has a column more than the others, and what stands where is told by most lines"),
    ("ei-azure-frontdoor", &[1, 2, 3], "time", "the other project cuts times to milliseconds; the log has seven digits"),
    (
        "ei-iis",
        &[6],
        "referrer",
        "no heading, and `- example.com` before the status can be a cookie and a host as well as a host and a referer",
    ),
    ("ei-iis-72", &[6, 7, 8, 9, 10], "query", "the other project decodes the query; it is to be kept as logged"),
    ("fb-iis", &[16], "query", "the other project decodes the query; it is to be kept as logged"),
    ("fb-iis-xff", &[4, 5], "query", "the other project decodes the query; it is to be kept as logged"),
    ("fb-zeek-http", &[1, 2], "time", "the other project cuts times to milliseconds; the log has six digits"),
    ("lnav-w3c-1", &[7], "bytes", "the heading has a column `bytes`, which the truth leaves out"),
    ("ma-icecast2", &[1], "duration_s", "a whole number behind the user agent is seconds here and microseconds elsewhere; -f tells"),
];

/// Fields that are compared where the truth does not say which.
const USUAL: &[&str] = &["status", "method", "path", "query", "time", "bytes", "duration_s"];

/// Our name of a field of the truth.
fn ours(theirs: &str) -> &str {
    match theirs {
        "duration_s" => "duration",
        "upstream_s" => "upstream_time",
        "referrer" => "referer",
        same => same,
    }
}

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

/// The records of a log by their lines. Where each line has a format of its own, each is read by itself.
fn records(folder: &Path) -> HashMap<u64, Value> {
    let (log, bytes) = open(folder, "input.log").unwrap();
    let read = |args: &[&str]| rows(Dir::new().run(args).stdout().as_bytes());
    let Some((_, formats)) = open(folder, "formats.jsonl") else {
        let found = read(&["records", log.to_str().unwrap(), "-o", "jsonl", "-q"]);
        return found.into_iter().map(|r| (r["line"].as_u64().unwrap(), r)).collect();
    };
    let lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
    let one = |row: &Value| {
        let (line, dir) = (row["line"].as_u64().unwrap(), Dir::new());
        let file = dir.file("one.log", [lines[line as usize - 1], b"\n"].concat());
        let found = read(&["records", file.to_str().unwrap(), "-q", "-f", row["format"].as_str().unwrap()]);
        found.into_iter().map(move |record| (line, record)).next()
    };
    rows(&formats).iter().filter_map(one).collect()
}

/// What differs in one log, by line and field; and how many lines there are.
fn differences(folder: &Path) -> (Vec<(u64, String, String)>, usize) {
    let (_, truth) = open(folder, "truth.jsonl").unwrap();
    let (found, truth) = (records(folder), rows(&truth));
    let mut wrong = Vec::new();
    for row in &truth {
        let line = row["line"].as_u64().unwrap();
        match (row["ok"].as_bool().unwrap(), found.get(&line)) {
            (false, Some(r)) => wrong.push((line, "kind".to_owned(), format!("taken for a response: {r}"))),
            (true, None) => wrong.push((line, "kind".to_owned(), "no record".to_owned())),
            (false, None) => {}
            (true, Some(r)) => {
                let listed = |name: &str| row[name].as_array().map(|a| a.iter().filter_map(Value::as_str).collect::<Vec<_>>());
                let ambiguous = listed("ambiguous").unwrap_or_default();
                // The request line as a whole is no field of a record.
                let names = listed("peer_fields").filter(|names| !names.is_empty()).unwrap_or_else(|| USUAL.to_vec());
                for name in names.into_iter().filter(|name| *name != "request" && !ambiguous.contains(name)) {
                    if !same(name, &row[name], &r[ours(name)]) {
                        wrong.push((line, name.to_owned(), format!("want {} got {}", row[name], r[ours(name)])));
                    }
                }
            }
        }
    }
    (wrong, truth.len())
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
    let mut names: Vec<String> = std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| open(&root.join(name), "truth.jsonl").is_some());
    names.sort();
    let (mut bad, mut lines, mut differ) = (Vec::new(), 0, 0);
    for name in &names {
        let (wrong, total) = differences(&root.join(name));
        lines += total;
        differ += wrong.iter().map(|(line, ..)| line).collect::<std::collections::BTreeSet<_>>().len();
        let known = |line: u64, field: &str| KNOWN.iter().any(|(log, at, of, _)| log == name && at.contains(&line) && *of == field);
        let unknown = wrong.iter().filter(|(line, field, _)| !known(*line, field));
        bad.extend(unknown.take(3).map(|(line, field, what)| format!("{name}:{line}: {field} {what}")));
        // An exception that is none any more must not stay in the list.
        for (_, at, of, _) in KNOWN.iter().filter(|(log, ..)| log == name) {
            let stale = at.iter().filter(|line| !wrong.iter().any(|(l, field, _)| l == *line && field == of));
            bad.extend(stale.map(|line| format!("{name}:{line}: {of} agrees now, so it is no exception")));
        }
    }
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
    assert!(names.len() > 100 && differ * 1000 <= lines, "{} logs, {differ} of {lines} lines differ", names.len());
}
