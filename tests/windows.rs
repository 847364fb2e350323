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
    // Half of them are no more than half.
    check(&log, "p50(duration) < 800ms window 5m", 0);
    check(&log, "p50(duration) <= 800ms window 5m", 1);
}

#[test]
fn counts_are_exact() {
    let calm = check(&minutes(&[(2, 60); 10]), "count(5xx) > 3 per 1m", 0);
    assert!(!reason(&calm).contains("doubt"), "{}", reason(&calm));
}

#[test]
fn what_is_told_lies_within_the_log() {
    let burnt = check(&minutes(&[(30, 60); 20]), "rate(5xx) < 0.1% over 30d burn 14.4x", 1);
    let times = [&burnt["window"]["start"], &burnt["alerts"][0]["began"]].map(|time| time.as_str().unwrap());
    assert_eq!(times, ["2025-06-15T00:00:00Z"; 2]);
}

#[test]
fn what_no_window_proves_and_all_together_violate_is_no_pass() {
    let few = check(&minutes(&[(2, 8); 60]), "rate(5xx) > 1% window 1m", 3);
    assert_eq!((few["verdict"].as_str(), few["numerator"].as_u64()), (Some("inconclusive"), Some(2)));
    assert!(reason(&few).contains("all together 120 of 480, 25 %, is more than 1 %: take a longer window"), "{}", reason(&few));
    check(&minutes(&[(2, 8); 60]), "rate(5xx) > 1% window 10m", 1);
    // Every other minute proves it, and none lasts.
    let turns: Vec<(u32, u32)> = (0..60).map(|minute| if minute % 2 == 0 { (30, 60) } else { (0, 60) }).collect();
    let turns = check(&minutes(&turns), "rate(5xx) > 1% window 1m for 5m", 3);
    assert!(reason(&turns).contains("never true beyond doubt for 300 s, but all together 900 of 3,600"), "{}", reason(&turns));
    // Few minutes of a short log look bad, and nothing says that they are not.
    let mut log = [(0, 40); 20];
    log[7] = (4, 40);
    let some = check(&minutes(&log), "rate(5xx) > 1% window 1m", 3);
    assert_eq!(some["window"]["start"], "2025-06-15T00:07:00Z");
    assert!(reason(&some).contains("in the worst window: too few to say"), "{}", reason(&some));
}

#[test]
fn a_window_that_looks_bad_is_nothing_where_all_together_refute_it() {
    let mut log = [(0, 120); 60];
    (log[3], log[9], log[40]) = ((2, 120), (2, 120), (3, 120));
    let calm = check(&minutes(&log), "rate(5xx) > 1% window 1m", 0);
    assert_eq!((calm["numerator"].as_u64(), calm["denominator"].as_u64()), (Some(3), Some(120)));
    check(&minutes(&log), "rate(5xx) by route > 1% window 5m", 0);
}

#[test]
fn a_log_that_ends_before_a_rule_could_fire_is_no_pass() {
    let outage = check(&minutes(&[(60, 60); 3]), "rate(5xx) > 1% window 1m for 5m", 3);
    let told = "true since 2025-06-15T00:01:00Z, and the log ends before 2025-06-15T00:06:00Z, when it would fire";
    assert_eq!(reason(&outage), told);
    let late = [[(0, 60); 60].as_slice(), &[(60, 60); 4]].concat();
    let late = check(&minutes(&late), "rate(5xx) by route > 1% window 1m for 5m", 3);
    assert!(reason(&late).starts_with("GET /shop: true since 2025-06-15T01:01:00Z, and the log ends before"), "{}", reason(&late));
    let short = check(&minutes(&[(0, 600); 5]), "rate(5xx) > 1% window 1m for 5m", 3);
    assert!(reason(&short).contains("the log is shorter"), "{}", reason(&short));
    check(&minutes(&[(0, 600); 6]), "rate(5xx) > 1% window 1m for 5m", 0);
    check(&minutes(&[(60, 60); 7]), "rate(5xx) > 1% window 1m for 5m", 1);
}
