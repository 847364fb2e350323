//! Logs that are made to be misread: findings stay right, or at least bounded.

mod support;

use serde_json::Value;
use support::{Dir, combined};

/// Requests of many seconds of which one in ten fails with a code.
fn failing(code: u16) -> String {
    (0..2_000).map(|n| combined(n, "GET /orders HTTP/1.1", if n % 10 == 0 { code } else { 200 }, 500)).collect()
}

fn findings(dir: &Dir, args: &[&str]) -> Vec<Value> {
    let args = [&["-o", "json"], args, &["access.log"]].concat();
    dir.run(&args).exits(0).json()["findings"].as_array().expect("a list").clone()
}

#[test]
fn a_filter_by_status_leaves_findings_as_they_are() {
    let dir = Dir::new();
    dir.file("access.log", failing(502));
    let all = findings(&dir, &[]);
    assert!(!all.is_empty());
    for status in ["5xx", "502", "!200"] {
        assert_eq!(findings(&dir, &["-s", status]), all, "{status}");
    }
    assert_eq!(findings(&dir, &["-s", "200"]), Vec::<Value>::new(), "no finding of what was not asked for");
    let traffic = dir.run(&["-o", "json", "-s", "5xx", "access.log"]).exits(0).json()["traffic"]["others"]["count"].clone();
    assert_eq!(traffic, 200, "traffic is that of the report");
}

#[test]
fn other_filters_narrow_the_findings_too() {
    let dir = Dir::new();
    dir.file("access.log", failing(502));
    let hour = findings(&dir, &["--until", "2025-06-15T00:10:00Z"]);
    assert!(hour.iter().all(|f| f["count"].as_u64() <= Some(60) && f["of"].as_u64() <= Some(600)), "{hour:?}");
}

#[test]
fn sizes_at_the_end_of_numbers_are_sizes() {
    let dir = Dir::new();
    let line = |n: u32| combined(n, "GET / HTTP/1.1", if n.is_multiple_of(3) { 404 } else { 200 }, u64::MAX - u64::from(n % 4));
    dir.file("access.log", (0..3_000).map(line).collect::<String>());
    findings(&dir, &[]);
}

#[test]
fn samples_of_a_stream_have_the_numbers_of_its_lines() {
    let dir = Dir::new();
    let log = failing(500);
    let lines: Vec<&str> = log.lines().collect();
    let json = dir.run_with(&["-o", "json", "-"], Some(log.as_bytes())).exits(0).json();
    let samples: Vec<&Value> = json["findings"].as_array().unwrap().iter().flat_map(|f| f["samples"].as_array().unwrap()).collect();
    assert!(!samples.is_empty());
    for sample in samples {
        assert_eq!(sample["text"], lines[sample["line"].as_u64().unwrap() as usize - 1]);
    }
}

#[test]
fn a_client_that_is_sent_to_the_slash_and_arrives_runs_in_no_loop() {
    let dir = Dir::new();
    let log = |code: u16| {
        let target = |n: u32| if n.is_multiple_of(2) { ("/docs", 301) } else { ("/docs/", code) };
        let line = |n: u32| combined(7, &format!("GET {} HTTP/1.1", target(n).0), target(n).1, 100);
        (0..20_000).map(line).collect::<String>()
    };
    for (code, loops) in [(200, false), (301, true)] {
        dir.file("access.log", log(code));
        let found = findings(&dir, &[]);
        assert_eq!(found.iter().any(|f| f["cause"].as_str().unwrap().starts_with("redirect-loop")), loops, "{found:?}");
    }
}
