//! Memory stays bounded whatever a log holds: the program runs under a limit that an unbounded one would hit.
#![cfg(target_os = "linux")]

mod support;

use std::fmt::Write;
use std::process::Command;
use support::{Dir, combined, pack};

/// Runs under a limit on private memory, which counts the threads' stacks too, and gives the counted requests.
fn parsed_within(dir: &Dir, mebibytes: usize, args: &str) -> u64 {
    parsed_of(dir, mebibytes, &format!("{args} access.log"))
}

/// The same of the inputs that the arguments name.
fn parsed_of(dir: &Dir, mebibytes: usize, args: &str) -> u64 {
    let script = format!("ulimit -d {}; exec '{}' {args} -j 2 -o json", mebibytes * 1024, env!("CARGO_BIN_EXE_logcodes"));
    let output = Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    json["lines"]["parsed"].as_u64().unwrap()
}

const LINES: u32 = 150_000;

#[test]
fn every_url_and_every_method_new() {
    let dir = Dir::new();
    let mut log = String::new();
    for n in 0..LINES {
        log += &combined(n % 80_000, &format!("M{n:X} /x{n:x}/y{:x}z HTTP/1.1", n.wrapping_mul(2_654_435_761)), 200 + (n % 400) as u16, 10);
    }
    dir.file("access.log", log);
    assert_eq!(parsed_within(&dir, 128, ""), u64::from(LINES));
    assert_eq!(parsed_within(&dir, 128, "--no-mmap"), u64::from(LINES));
}

#[test]
fn routes_that_no_rule_folds_with_many_codes_and_seconds() {
    let dir = Dir::new();
    let mut log = String::new();
    let word = |n: u32| [n % 26, n / 26 % 26, n / 676 % 26].map(|c| char::from(b'a' + c as u8)).iter().collect::<String>();
    for n in 0..LINES {
        let path = format!("GET /{}/{} HTTP/1.1", word(n % 100), word(n / 100 % 90));
        let line = combined(n % 86_400, &path, 200 + (n % 300) as u16, 10);
        let _ = writeln!(log, "{} 0.{:03}", line.trim_end(), n % 1000);
    }
    dir.file("access.log", log);
    assert_eq!(parsed_within(&dir, 128, "--window 1s"), u64::from(LINES));
}

#[test]
fn streams_archives_and_many_files() {
    let dir = Dir::new();
    let log: String = (0..LINES).map(|n| combined(n % 80_000, &format!("GET /item/{n} HTTP/1.1"), 200, 10)).collect();
    let names: Vec<String> = (0..8).map(|n| format!("{n}.log.gz")).collect();
    let packed = pack::gz(log.as_bytes());
    names.iter().for_each(|name| drop(dir.file(name, &packed)));
    let members = [("access.log", log.as_bytes()), ("b.log", log.as_bytes()), ("c.log.gz", &packed)];
    dir.file("logs.tar.zst", pack::zst(&pack::tar(&members)));
    dir.file("access.log", combined(0, "GET / HTTP/1.1", 200, 1));
    assert_eq!(parsed_within(&dir, 64, &format!("{} logs.tar.zst", names.join(" "))), u64::from(LINES) * 11 + 1);
}

/// Systems let a process have so many files open at once; some as few as 256.
#[test]
fn more_files_than_may_be_open() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path().join("d")).unwrap();
    for n in 0..700 {
        dir.file(&format!("d/{n}.log"), combined(n, "GET / HTTP/1.1", 200, 1));
    }
    for jobs in [1, 4] {
        let script = format!("ulimit -n 256; exec '{}' -o json -j {jobs} d", env!("CARGO_BIN_EXE_logcodes"));
        let output = Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["lines"]["parsed"], 700, "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn many_services_with_every_code_in_every_window() {
    let dir = Dir::new();
    let files = 80;
    for file in 0..files {
        let line = |n: u32| combined(n * 41 % 86_400, &format!("GET /{file}/a HTTP/1.1"), (n % 1000) as u16, 10);
        dir.file(&format!("s{file}.log"), (0..LINES / files).map(line).collect::<String>());
    }
    // Counts of every code of 65 services in each of 2,048 windows would take a gibibyte.
    let lines = u64::from(LINES / files * files);
    assert_eq!(parsed_of(&dir, 288, "--service auto 's*.log'"), lines);
    assert_eq!(parsed_of(&dir, 288, "--service auto --window 1s 's*.log'"), lines);
}
