//! Keeps the walls of the house: a room imports only rooms on lower floors, and each big dependency stays in the room that
//! it is for. The picture stands in `src/lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by floor, the lowest first. A room may use rooms of lower floors only.
const FLOORS: &[&[&str]] = &[
    &["model"],
    &["catalogue", "format", "route", "rule", "service", "stats"],
    &["filter", "tally", "input"],
    &["scan"],
    &["diagnose"],
    &["report"],
    &["baseline"],
    &["gate"],
    &["compare"],
    &["output"],
    &["config"],
    &["cli"],
];

/// A crate or path, and the only places that may name it.
const OWNERS: &[(&str, &[&str])] = &[
    ("rayon::", &["scan/"]),
    ("std::thread", &["scan/", "diagnose/engine.rs"]),
    ("memmap2::", &["input/mmap.rs"]),
    ("libc::", &["input/mmap.rs"]),
    ("unsafe ", &["input/mmap.rs"]),
    ("aho_corasick::", &["diagnose/signature/"]),
    ("nom::", &["format/template.rs", "rule/parse.rs", "rule/token.rs", "rule/limit/parse.rs"]),
    ("strsim::", &["rule/error.rs", "cli/explain.rs"]),
    ("hdrhistogram::", &["tally/latency.rs"]),
    ("comfy_table::", &["output/table/"]),
    ("clap::", &["cli/"]),
    ("indicatif::", &["cli/"]),
    ("println!", &["cli/"]),
    ("process::exit", &["cli/"]),
    ("ExitCode", &["cli/", "main.rs"]),
    ("flate2::", &["input/decompress.rs"]),
    ("zstd_safe::", &["input/decompress.rs"]),
    ("bzip2::", &["input/decompress.rs"]),
    ("lzma_rust2::", &["input/decompress.rs"]),
    ("tar::", &["input/archive.rs"]),
    ("statrs::", &["stats/"]),
    ("walkdir::", &["input/find.rs"]),
    ("glob::", &["input/find.rs", "cli/conf.rs"]),
    ("toml::", &["config/"]),
    ("quick_junit::", &["output/gate/junit.rs"]),
    ("askama::", &["output/compare/"]),
    ("csv::Writer", &["output/csv.rs", "output/records.rs"]),
    ("std::fs", &["input/", "cli/", "scan/"]),
    ("std::env", &["cli/", "input/mmap.rs"]),
    ("TcpStream", &[]),
    ("TcpListener", &[]),
    ("UdpSocket", &[]),
    ("ToSocketAddrs", &[]),
    ("SystemTime", &["cli/"]),
    ("Instant::now", &["cli/", "scan/stages.rs"]),
    ("rustix::", &["scan/stages.rs"]),
    ("Timestamp::now", &["cli/"]),
];

/// A room, and what it must not see although the floors would allow it.
const REFUSED: &[(&str, &str)] = &[("output", "tally"), ("output", "format"), ("output", "input"), ("output", "scan"), ("report", "input")];

/// A shape of data files, which only the build reads.
fn of_the_build(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("schema.rs"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|x| x == "rs") && !path.ends_with("build.rs") && !of_the_build(&path) {
            found.push(path);
        }
    }
}

/// A file's path below `src/`, and its code without comments and unit tests.
fn code() -> Vec<(String, String)> {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 30, "the walk found only {} files", files.len());
    let read = |path: PathBuf| {
        let inside = path.strip_prefix("src").unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let lines: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
        (inside, lines.join("\n"))
    };
    files.into_iter().map(read).collect()
}

fn ident(text: &str) -> &str {
    text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")
}

/// The first segment of each path behind `crate::`, those of `crate::{a, b}` too.
fn rooms_named(code: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => rooms.push(ident(rest)),
            Some(group) => rooms.extend(group[..group.find('}').unwrap_or(group.len())].split(',').map(ident)),
        }
    }
    rooms
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn offences(inside: &str, code: &str) -> Vec<String> {
    let here = ident(inside);
    let mut bad = Vec::new();
    for room in rooms_named(code) {
        if let (Some(to), Some(from)) = (floor(room), floor(here))
            && room != here
            && to >= from
        {
            bad.push(format!("{inside} imports {room}, which is not below {here}"));
        }
        if REFUSED.contains(&(here, room)) {
            bad.push(format!("{inside} imports {room}, which {here} must not see"));
        }
    }
    for hidden in ["super::super", "use crate::*", "use super::*"] {
        if code.contains(hidden) {
            bad.push(format!("{inside} says '{hidden}', which hides where names come from"));
        }
    }
    for (name, homes) in OWNERS {
        let named = code.match_indices(name).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
        if named && !homes.iter().any(|home| inside.starts_with(home)) {
            bad.push(format!("{inside} names {name}, which lives in {homes:?}"));
        }
    }
    bad
}

#[test]
fn imports_point_down_and_crates_stay_home() {
    let bad: Vec<String> = code().iter().flat_map(|(inside, code)| offences(inside, code)).collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}

#[test]
fn every_room_has_a_floor() {
    let rooms: Vec<String> = fs::read_dir("src")
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .map(|p| p.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    for room in rooms {
        assert!(floor(&room).is_some(), "{room} stands on no floor");
    }
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = code().iter().filter(|(_, code)| code.lines().count() > 400).map(|(inside, _)| inside.clone()).collect();
    assert!(long.is_empty(), "longer than 400 lines: {long:?}");
}

#[test]
fn the_test_sees_what_it_should() {
    assert!(!offences("model/x.rs", "use crate::tally::Tally;").is_empty());
    assert!(!offences("report/x.rs", "use rayon::prelude::*;").is_empty());
    assert!(!offences("output/x.rs", "use crate::{tally, model};").is_empty());
    assert!(!offences("format/x.rs", "let x = std::env::var(\"HOME\");").is_empty());
    assert!(offences("scan/x.rs", "use crate::tally::Tally;\nuse rayon::ThreadPool;").is_empty());
}
