//! Rules over windows from outside: what proves them, what they leave in doubt, and when they fire.

mod support;

use serde_json::Value;
use support::{Dir, combined};

/// Requests a minute for some minutes from midnight on; of each minute the first so many fail.
fn minutes(counts: &[(u32, u32)]) -> String {
    let mut log = String::new();
    for (minute, &(fails, all)) in (0..).zip(counts) {
        for n in 0..all {
            log += &combined(minute * 60 + n * 60 / all, "GET /shop HTTP/1.1", if n < fails { 500 } else { 200 }, 100);
        }
    }
    log
}

/// What `check` says of a log and a rule; also the exit code.
fn check(log: &str, rule: &str, code: i32) -> Value {
    let dir = Dir::new();
    dir.file("access.log", log);
    dir.run(&["check", "access.log", "-o", "json", "--fail-on", rule]).exits(code).json()["rules"][0].clone()
}

fn reason(rule: &Value) -> &str {
    rule["reason"].as_str().unwrap()
}

#[test]
fn what_takes_as_long_as_at_least_asks_counts_in_windows() {
    let line = |second: u32, time: &str| {
        format!(
            "{{\"time\":\"2025-06-15T00:{:02}:{:02}Z\",\"method\":\"GET\",\"path\":\"/shop\",\"status\":200,\"request_time\":{time}}}\n",
            second / 60,
            second % 60
        )
    };
    let log: String = (0..600).map(|n| line(n, if n % 2 == 0 { "0.800" } else { "0.010" })).collect();
    let worst = check(&log, "p95(duration) >= 800ms window 5m", 1);
    assert_eq!((worst["numerator"].as_u64(), worst["denominator"].as_u64()), (Some(30), Some(60)));
    assert_eq!(worst["samples"].as_array().unwrap().len(), 3);
    check(&log, "p95(duration) > 800ms window 5m", 0);
    check(&log, "p95(duration) < 800ms window 5m", 0);
    check(&log, "p95(duration) <= 800ms window 5m", 1);
}

#[test]
fn counts_are_exact() {
    let calm = check(&minutes(&[(2, 60); 10]), "count(5xx) > 3 per 1m", 0);
    assert!(!reason(&calm).contains("doubt"), "{}", reason(&calm));
}
