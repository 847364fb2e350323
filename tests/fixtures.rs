//! Logs of real servers, each held against the expectation beside it.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::{Dir, fixture};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    format: String,
    flag: String,
    lines: u64,
    parsed: u64,
    rejected: u64,
    bytes: u64,
    /// Between which times the requests were made.
    within: Option<(String, String)>,
    codes: BTreeMap<String, u64>,
    routes: BTreeMap<String, u64>,
}

fn check(folder: &Path) {
    let name = folder.file_name().unwrap().to_string_lossy();
    let expect: Expect = toml::from_str(&std::fs::read_to_string(folder.join("expect.toml")).unwrap()).unwrap();
    let log = folder.join("access.log");
    let mut args = vec!["-o", "json", log.to_str().unwrap()];
    if !expect.flag.is_empty() {
        args.extend(["-f", &expect.flag]);
    }
    if expect.parsed == 0 {
        Dir::new().run(&args).exits(3);
        return;
    }
    let json = Dir::new().run(&args).exits(0).json();
    if expect.flag.is_empty() {
        let found = json["inputs"][0]["format"].as_str().unwrap();
        assert_eq!(found.split([',', '+']).next().map(str::trim_end), Some(expect.format.as_str()), "{name}");
    }
    assert_eq!(json["inputs"][0]["lines"], expect.lines, "{name}");
    assert_eq!(
        (&json["lines"]["parsed"], &json["lines"]["rejected"]),
        (&Value::from(expect.parsed), &Value::from(expect.rejected)),
        "{name}"
    );
    if let Some((first, last)) = &expect.within {
        assert_eq!(json["untimed"], 0, "{name}");
        let (start, end) = (json["span"]["start"].as_str().unwrap(), json["span"]["end"].as_str().unwrap());
        assert!(first.as_str() <= start && end <= last.as_str(), "{name}: {start} to {end}, not within {first} and {last}");
    }
    let codes: BTreeMap<String, u64> = json["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (format!("{:03}", c["code"].as_u64().unwrap()), c["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(codes, expect.codes, "{name}");
    let bytes: u64 = json["codes"].as_array().unwrap().iter().map(|c| c["bytes"].as_u64().unwrap()).sum();
    assert_eq!(bytes, expect.bytes, "{name}");
    let routes: BTreeMap<String, u64> = json["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (format!("{} {}", r["method"].as_str().unwrap_or_default(), r["route"].as_str().unwrap()), r["count"].as_u64().unwrap()))
        .collect();
    for (route, count) in &expect.routes {
        assert_eq!(routes.get(route), Some(count), "{name}: {route} among {:?}", routes.keys());
    }
}

fn folders() -> Vec<PathBuf> {
    std::fs::read_dir(fixture("")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("access.log").exists()).collect()
}

/// However the bytes come in, and whoever takes which part of them: headings and pieces of lines reach over the borders of
/// chunks, which are small here, and of blocks.
#[test]
fn mapped_read_or_piped_the_counts_are_the_same() {
    for folder in folders() {
        let expect: Expect = toml::from_str(&std::fs::read_to_string(folder.join("expect.toml")).unwrap()).unwrap();
        let log = std::fs::read(folder.join("access.log")).unwrap();
        // A log of several blocks: the same lines again and again, which begin and end whole.
        let (dir, log) = (Dir::new(), if log.len() < 16 << 10 { log.repeat(3) } else { log });
        let file = dir.file("access.log", &log);
        let flag = ["-f", &expect.flag];
        let flag = if expect.flag.is_empty() { &flag[..0] } else { &flag[..] };
        let counts = |args: &[&str], input: Option<&[u8]>| {
            let mut json = dir.run_with(&[&["-o", "json"], flag, args].concat(), input).json();
            let inputs = json["inputs"].take();
            let format = inputs[0]["format"].clone();
            (format, json["lines"].take(), json["codes"].take(), json["routes"].take(), json["windows"].take())
        };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if expect.parsed == 0 {
            continue;
        }
        let file = file.to_str().unwrap();
        let whole = counts(&["-j1", file], None);
        assert_eq!(whole, counts(&["-j3", file], None), "{name}");
        assert_eq!(whole, counts(&["-j2", "--no-mmap", file], None), "{name}");
        assert_eq!(whole, counts(&["-j2", "-"], Some(&log)), "{name}");
    }
}

/// What collectors put before a line, one in the other too.
const PREFIXES: &[&str] = &[
    "2025-06-15T15:06:40.1Z stdout F ",
    "2025-06-15T15:06:40.123Z ",
    "[pod/web-1/nginx] ",
    "[pod/web-1/nginx] 2025-06-15T15:06:40.123Z ",
    "web-1  | ",
    "web-1  | 2025-06-15T15:06:40.123Z ",
    "2025-06-15T15:06:40.123456+02:00 web1 nginx[12]: ",
    "<190>Jun 15 15:06:40 web1 nginx: ",
    "nginx: ",
];

/// Logs that are wrapped already, whose headings change, or whose lines are not all whole ones of one program.
const NOT_TO_WRAP: &[&str] =
    &["cri", "docker-json", "journald", "journald-short", "syslog-nginx", "haproxy-syslog", "iis-w3c-changing", "uwsgi"];

#[test]
fn what_stands_around_its_lines_changes_no_record() {
    let records = |log: &[u8]| -> BTreeMap<u64, Value> {
        let records = Dir::new().run_with(&["records", "-q", "-"], Some(log)).stdout();
        let rows = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.map(|row| (row["line"].as_u64().unwrap(), row)).collect()
    };
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let expect: Expect = toml::from_str(&std::fs::read_to_string(folder.join("expect.toml")).unwrap()).unwrap();
        if !expect.flag.is_empty() || expect.parsed == 0 || NOT_TO_WRAP.contains(&name.as_str()) {
            continue;
        }
        let log = std::fs::read(folder.join("access.log")).unwrap();
        let lines: Vec<&[u8]> = log.strip_suffix(b"\n").unwrap_or(&log).split(|&b| b == b'\n').collect();
        let bare = records(&log);
        for prefix in PREFIXES {
            let wrapped = lines.iter().flat_map(|line| [prefix.as_bytes(), line, b"\n"]).collect::<Vec<_>>().concat();
            let found = records(&wrapped);
            let odd = bare.keys().chain(found.keys()).find(|line| bare.get(line) != found.get(line));
            assert!(odd.is_none(), "{name} behind {prefix:?}, line {odd:?}: {:?}", odd.map(|line| (bare.get(line), found.get(line))));
        }
    }
}

#[test]
fn every_fixture_is_read_as_its_expectation_says() {
    let folders = folders();
    assert!(folders.len() >= 50, "only {} fixtures", folders.len());
    let failed: Vec<_> = folders.iter().filter(|folder| std::panic::catch_unwind(|| check(folder)).is_err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    counts: BTreeMap<String, Counts>,
    exits: BTreeMap<String, i32>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    parsed: u64,
    rejected: u64,
}

#[test]
fn every_edge_case_too() {
    let (dir, folder) = (Dir::new(), fixture("edge"));
    let edge: Edge = toml::from_str(&std::fs::read_to_string(folder.join("expect.toml")).unwrap()).unwrap();
    for (name, counts) in &edge.counts {
        let lines = dir.run(&["-o", "json", folder.join(name).to_str().unwrap()]).exits(0).json()["lines"].clone();
        assert_eq!((lines["parsed"].as_u64(), lines["rejected"].as_u64()), (Some(counts.parsed), Some(counts.rejected)), "{name}");
    }
    for (name, code) in &edge.exits {
        dir.run(&[folder.join(name).to_str().unwrap()]).exits(*code);
    }
    let is_data = |path: &PathBuf| !path.extension().is_some_and(|x| x == "py" || x == "toml");
    let files = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).filter(is_data);
    assert_eq!(files.count(), edge.counts.len() + edge.exits.len(), "a file without an expectation");
}
