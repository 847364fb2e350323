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

/// A line of one of many clients, in the Combined Log Format.
fn line(n: u32, path: &str, status: u16, referer: &str) -> String {
    let (client, minute, second) = (n % 60, n / 300 % 60, n / 5 % 60);
    format!(
        "192.0.2.{client} - - [15/Jun/2025:15:{minute:02}:{second:02} +0000] \"GET {path} HTTP/1.1\" {status} 512 \"{referer}\" \
         \"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0\"\n"
    )
}

#[test]
fn a_route_whose_answer_changed_is_told() {
    let dir = Dir::new();
    let answer = |n: u32| match n % 50 {
        7 | 27 | 47 => ("/price?cur=eur", if n < 1_700 { 200 } else { 301 }),
        11 => ("/team", if n < 2_500 { 200 } else { 403 }),
        _ => ("/", 200),
    };
    dir.file("access.log", (0..3_000).map(|n| line(n, answer(n).0, answer(n).1, "-")).collect::<String>());
    let found: Vec<(Value, Value, Value)> =
        findings(&dir, &[]).into_iter().map(|f| (f["cause"].clone(), f["route"].clone(), f["codes"].clone())).collect();
    let change = |route: &str, code: u16| ("status-change".into(), route.into(), [code].as_slice().into());
    assert_eq!(found, [change("/price", 301), change("/team", 403)]);
}

#[test]
fn secrets_in_referers_stay_in_the_log() {
    let dir = Dir::new();
    let page = "http://www.example.com/reset?token=MUSTNOTSHOW&password=NORTHIS";
    let of = |n: u32| if n % 10 == 3 { line(n, "/gone.html", 404, page) } else { line(n, "/app.css", 200, page) };
    dir.file("access.log", (0..2_000).map(of).collect::<String>());
    for output in ["json", "md", "table"] {
        let text = dir.run(&["findings", "-o", output, "access.log"]).exits(0).stdout();
        assert!(text.contains("/gone.html"), "{output}: {text}");
        assert!(!text.contains("MUSTNOTSHOW") && !text.contains("NORTHIS"), "{output}: {text}");
    }
}

#[test]
fn a_healthy_site_beside_a_failing_one_changes_nothing() {
    let dir = Dir::new();
    dir.file("access.log", failing(502));
    let alone = findings(&dir, &[]);
    let other = |n: u32| format!("healthy.example:443 {}", line(n, "/orders", 200, "-"));
    dir.file("other.log", (0..1_500).map(other).collect::<String>());
    let both = findings(&dir, &["other.log"]);
    let told = |f: &Value| (f["id"].clone(), f["count"].clone(), f["of"].clone(), f["severity"].clone());
    assert!(!alone.is_empty());
    assert_eq!(alone.iter().map(told).collect::<Vec<_>>(), both.iter().map(told).collect::<Vec<_>>());
}
