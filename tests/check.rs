//! The gate from outside: what it says, and its exit codes.

mod support;

use serde_json::Value;
use support::{Dir, combined};

/// An hour: two requests a second, of which `errors` say which of them fail, on which route.
fn hour(fails: impl Fn(u32) -> bool) -> String {
    let mut text = String::new();
    for n in 0..7200 {
        let (route, method) = if n % 3 == 0 { ("/api/pay", "POST") } else { ("/shop", "GET") };
        let code = if fails(n) { 502 } else { 200 };
        text += &combined(n / 2, &format!("{method} {route} HTTP/1.1"), code, 100);
    }
    text
}

/// One of 400 fails, all the time.
fn healthy() -> String {
    hour(|n| n % 400 == 7)
}

fn verdicts(json: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    json["rules"].as_array().unwrap().iter().map(|rule| (text(&rule["rule"]), text(&rule["verdict"]))).collect()
}

/// Checks a log against one rule.
fn check(dir: &Dir, rule: &str, more: &[&str], code: i32) -> Value {
    let args: Vec<&str> = ["check", "access.log", "-o", "json", "--fail-on", rule].into_iter().chain(more.iter().copied()).collect();
    let json = dir.run(&args).exits(code).json();
    json["rules"][0].clone()
}

#[test]
fn a_healthy_log_passes_the_default_rules_and_says_which_they_are() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    let json = dir.run(&["check", "access.log", "-o", "json"]).exits(0).json();
    assert_eq!((json["verdict"].as_str(), json["default_rules"].as_bool()), (Some("pass"), Some(true)));
    let rules: Vec<String> = verdicts(&json).into_iter().map(|(rule, verdict)| format!("{verdict} {rule}")).collect();
    assert_eq!(rules, ["pass rate(5xx) > 2%", "pass spike(5xx)", "pass share(unparsed) > 1%"]);
    assert_eq!(json["rules"][0]["numerator"], 18);
    assert_eq!(json["rules"][0]["denominator"], 7200);
}

#[test]
fn a_spike_fails_with_its_window_its_lines_its_finding_and_its_fix() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 400 == 7 || (n % 3 == 0 && (3600..3840).contains(&n))));
    let json = dir.run(&["check", "access.log", "-o", "json"]).exits(1).json();
    assert_eq!(json["verdict"], "fail");
    let spike = &json["rules"][1];
    assert_eq!(
        (spike["verdict"].as_str(), spike["route"].as_str(), spike["method"].as_str()),
        (Some("fail"), Some("/api/pay"), Some("POST"))
    );
    let window = (spike["window"]["start"].as_str().unwrap(), spike["window"]["end"].as_str().unwrap());
    assert!(("2025-06-15T00:29:50Z".."2025-06-15T00:30:10Z").contains(&window.0), "{window:?}");
    assert!(("2025-06-15T00:31:50Z".."2025-06-15T00:32:10Z").contains(&window.1), "{window:?}");
    assert_eq!(spike["samples"].as_array().unwrap().len(), 3);
    assert!(spike["samples"][0]["text"].as_str().unwrap().contains("POST /api/pay"));
    let finding = spike["findings"][0].as_str().unwrap();
    assert!(json["findings"].as_array().unwrap().iter().any(|f| f["id"] == finding && f["title"].is_string()));
    assert!(!spike["fixes"].as_array().unwrap().is_empty());
}

#[test]
fn shares_pass_fail_and_are_in_doubt() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 100 == 7));
    assert_eq!(check(&dir, "rate(5xx) > 0.5%", &[], 1)["threshold"], 0.005);
    check(&dir, "rate(5xx) > 2%", &[], 0);
    let doubt = check(&dir, "rate(5xx) > 0.9%", &[], 3);
    assert_eq!(doubt["verdict"], "inconclusive");
    assert!(doubt["needed"].as_u64().unwrap() > 7200, "{doubt}");
    assert!(doubt["reason"].as_str().unwrap().contains("too few to say"), "{doubt}");
    check(&dir, "rate(5xx) > 0.9%", &["--strict"], 1);
    check(&dir, "rate(5xx) > 1.1%", &["--strict"], 0);
    check(&dir, "rate(5xx) > 0.9%", &["--on-inconclusive", "fail"], 1);
    check(&dir, "rate(5xx) > 0.9%", &["--on-inconclusive", "pass"], 0);
    check(&dir, "rate(2xx) < 95%", &[], 0);
    check(&dir, "rate(2xx) < 99.9%", &[], 1);
    // A warning is said and is no violation.
    assert_eq!(check(&dir, "rate(5xx) > 0.5% severity warning", &[], 0)["verdict"], "fail");
}

#[test]
fn counts_are_exact_and_windows_are_looked_at_each() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| (1200..1212).contains(&n) || n == 6000));
    check(&dir, "count(502, 504) > 12", &[], 1);
    check(&dir, "count(502, 504) > 13", &[], 0);
    let worst = check(&dir, "count(5xx) > 11 per 1m", &[], 1);
    assert_eq!((worst["numerator"].as_u64(), worst["window"]["start"].as_str()), (Some(12), Some("2025-06-15T00:10:00Z")));
    assert_eq!(worst["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(worst["alerts"][0]["cleared"], "2025-06-15T00:12:00Z");
    check(&dir, "count(5xx) > 12 per 1m", &[], 0);
    check(&dir, "count(5xx) > 11 per 1m for 2m", &[], 0);
    assert_eq!(check(&dir, "count(5xx) by route > 7 per 1m", &[], 1)["route"], "/shop");
    check(&dir, "count(5xx) by route > 8 per 1m", &[], 0);
    check(&dir, "rate(5xx) > 2% window 1m", &[], 1);
    check(&dir, "count < 100 per 1m", &[], 0);
    check(&dir, "count < 121 per 1m", &[], 1);
    check(&dir, "rate(5xx) < 0.1% over 30d burn 14.4x", &[], 0);
}

#[test]
fn burning_an_error_budget_fails() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 20 == 0));
    let burnt = check(&dir, "rate(5xx) < 0.1% over 30d burn 14.4x", &[], 1);
    assert!((burnt["threshold"].as_f64().unwrap() - 0.0144).abs() < 1e-9, "{burnt}");
}

#[test]
fn what_is_normal_on_a_route_is_not_counted() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 3 == 0 && n % 30 == 0));
    check(&dir, "rate(5xx) > 1%", &[], 1);
    check(&dir, "rate(5xx) > 1%", &["--expect", "/api/*=502"], 0);
    check(&dir, "rate(5xx) > 1%", &["--expect", "/shop=502"], 1);
    check(&dir, r#"rate(5xx) where route = "/shop" > 1%"#, &[], 0);
    check(&dir, r#"rate(5xx and not (502 and route = "/api/*")) > 1%"#, &[], 0);
}

#[test]
fn durations() {
    let dir = Dir::new();
    let mut text = String::new();
    for n in 0..6000 {
        let line = combined(n, "GET /api/x HTTP/1.1", 200, 9);
        let slow = if (3000..3600).contains(&n) { n % 2 == 0 } else { n % 100 == 0 };
        text += &format!("{} {}\n", line.trim_end(), if slow { "1.500" } else { "0.020" });
    }
    dir.file("access.log", text);
    assert_eq!(check(&dir, "p95(duration) > 800ms", &[], 1)["unit"], "seconds");
    check(&dir, "p95(duration) > 2s", &[], 0);
    check(&dir, "p90(duration) > 800ms", &[], 0);
    let worst = check(&dir, "p95(duration) > 800ms window 5m", &[], 1);
    assert_eq!(worst["alerts"].as_array().unwrap().len(), 1, "{worst}");
    assert!(worst["samples"][0]["text"].as_str().unwrap().ends_with("1.500"), "{worst}");
    check(&dir, "p95(duration) > 2s window 5m", &[], 0);
}

#[test]
fn against_a_baseline() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    dir.run(&["check", "access.log", "-o", "json", "--save-baseline", "base.json"]).exits(0);
    let same = dir.run(&["check", "access.log", "-o", "json", "--baseline", "base.json"]).exits(0).json();
    assert_eq!(verdicts(&same).len(), 5);
    assert_eq!(same["baseline"], "base.json");
    // Five times as many, and a code that the route never had.
    dir.file("access.log", hour(|n| n % 80 == 7).replacen("GET /shop HTTP/1.1\" 502", "GET /shop HTTP/1.1\" 503", 8));
    let worse = dir.run(&["check", "access.log", "-o", "json", "--baseline", "base.json"]).exits(1).json();
    let failed: Vec<String> = verdicts(&worse).into_iter().filter(|(_, verdict)| verdict == "fail").map(|(rule, _)| rule).collect();
    assert_eq!(failed, ["rate(5xx) by route > 1.5x baseline", "new(5xx)"], "{worse:#}");
    let new = &worse["rules"][4];
    assert_eq!((new["code"].as_u64(), new["route"].as_str(), new["numerator"].as_u64()), (Some(503), Some("/shop"), Some(8)));
    let rate = &worse["rules"][3];
    assert!(rate["p"].as_f64().unwrap() < 0.01 && rate["detectable"].as_f64().unwrap() > 1.0, "{rate}");
    check(&dir, "rate(5xx) > 2x baseline", &["--baseline", "base.json"], 1);
    check(&dir, "rate(5xx) > 10x baseline", &["--baseline", "base.json"], 0);
    // A log that fails is no measure for later ones.
    let before = std::fs::read(dir.path().join("base.json")).unwrap();
    let said = dir.run(&["check", "access.log", "-o", "json", "--baseline", "base.json", "--save-baseline", "base.json"]).exits(1).stderr();
    assert!(said.contains("base.json: not saved"), "{said}");
    assert_eq!(std::fs::read(dir.path().join("base.json")).unwrap(), before);
}

#[test]
fn a_shift_of_traffic_is_no_regression() {
    // Of every route as many fail as before, but more requests go to the one where more fail.
    let log = |of_ten: u32| {
        let mut text = String::new();
        for n in 0..20_000 {
            let pay = n % 10 < of_ten;
            let fails = if pay { n / 10 % 10 == 1 } else { n / 10 % 500 == 1 };
            let request = if pay { "POST /api/pay HTTP/1.1" } else { "GET /shop HTTP/1.1" };
            text += &combined(n / 4, request, if fails { 503 } else { 200 }, 9);
        }
        text
    };
    let dir = Dir::new();
    dir.file("access.log", log(1));
    dir.run(&["check", "access.log", "-o", "json", "--fail-on", "count > 99999", "--save-baseline", "base.json"]).exits(0);
    dir.file("access.log", log(5));
    let rates = |rule| check(&dir, rule, &["--baseline", "base.json"], 0);
    assert!(rates("rate(5xx) > 1.5x baseline")["value"].as_f64().unwrap() < 1.2);
    rates("rate(5xx) by route > 1.5x baseline");
    // The share of all is what it is.
    check(&dir, "rate(5xx) > 3%", &["--baseline", "base.json"], 1);
}

#[test]
fn few_hits_on_one_of_many_routes_prove_nothing() {
    let dir = Dir::new();
    let mut text = healthy();
    for n in 0..5 {
        // Each of these routes has three requests, and one of them fails.
        for m in 0..3 {
            text += &combined(
                100 + n,
                &format!("GET /only{} HTTP/1.1", ["a", "b", "c", "d", "e"][n as usize]),
                if m == 0 { 500 } else { 200 },
                9,
            );
        }
    }
    dir.file("access.log", text);
    check(&dir, "rate(5xx) by route > 1%", &[], 0);
    check(&dir, "rate(5xx) by route > 1%", &["--strict"], 1);
    dir.file("access.log", combined(0, "GET / HTTP/1.1", 500, 9));
    check(&dir, "rate(5xx) > 10%", &[], 3);
}

#[test]
fn codes_are_held_against_all_requests_of_their_group() {
    let dir = Dir::new();
    dir.file("access.log", hour(|_| false));
    let none = check(&dir, "rate(5xx) by status > 1%", &[], 0);
    assert_eq!((none["numerator"].as_u64(), none["denominator"].as_u64()), (Some(0), Some(7200)), "{none}");
    check(&dir, "count(5xx) by status > 5 per 1m", &[], 0);
    let several: String = (0..400).map(|n| combined(n, "GET / HTTP/1.1", [200, 200, 500, 502, 503][n as usize % 5], 9)).collect();
    dir.file("access.log", several);
    let each = check(&dir, "rate(5xx) by status > 3%", &[], 1);
    assert_eq!((each["numerator"].as_u64(), each["denominator"].as_u64()), (Some(80), Some(400)), "{each}");
    check(&dir, "rate(5xx) by status > 3% min 1000", &[], 3);
}

#[test]
fn what_the_baseline_lacks_is_not_passed_over() {
    let dir = Dir::new();
    let base = |rule: &str| {
        dir.run(&["check", "access.log", "-o", "json", "--fail-on", rule, "--save-baseline", "base.json"]).exits(0);
    };
    dir.file("access.log", hour(|n| n % 300 == 7));
    base("count < 1");
    // Half of the requests go to a route that was not there, and half of those fail.
    let moved =
        hour(|n| n % 2 == 0).replace("GET /shop", "GET /v2/store").replace("POST /api/pay HTTP/1.1\" 502", "POST /api/pay HTTP/1.1\" 200");
    dir.file("access.log", moved);
    for rule in ["rate(5xx) > 2x baseline", "rate(5xx) by route > 2x baseline", "rate(5xx) by route > 2x baseline window 5m"] {
        let ruling = check(&dir, rule, &["--baseline", "base.json"], 1);
        assert_eq!(ruling["verdict"], "fail", "{ruling}");
    }
    // A code that was not there.
    dir.file("access.log", hour(|n| n % 300 == 7).replace("\" 502 ", "\" 500 "));
    base("count < 1");
    dir.file("access.log", hour(|n| n % 2 == 0));
    assert_eq!(check(&dir, "rate(5xx) by status > 2x baseline", &["--baseline", "base.json"], 1)["code"], 502);
}

#[test]
fn counts_are_held_against_a_baseline_by_time() {
    let dir = Dir::new();
    let every = |seconds: u32, of: u32| -> String {
        (0..3600 * of / seconds).map(|n| combined(n * seconds / of, "GET / HTTP/1.1", 200, 9)).collect()
    };
    dir.file("access.log", every(2, 1));
    dir.run(&["check", "access.log", "-o", "json", "--fail-on", "count < 1", "--save-baseline", "base.json"]).exits(0);
    check(&dir, "count > 2x baseline", &["--baseline", "base.json"], 0);
    dir.file("access.log", every(1, 12));
    let more = check(&dir, "count > 2x baseline", &["--baseline", "base.json"], 1);
    assert!((23.5..24.5).contains(&more["value"].as_f64().unwrap()), "{more}");
    check(&dir, "count < 0.5x baseline", &["--baseline", "base.json"], 0);
    dir.file("access.log", every(20, 1));
    check(&dir, "count < 0.5x baseline", &["--baseline", "base.json"], 1);
}

#[test]
fn durations_against_a_baseline_are_those_that_the_rule_asks_for() {
    let dir = Dir::new();
    let log = |api: &str, shop: &str| -> String {
        let line = |n: u32| {
            let (path, took) = if n.is_multiple_of(2) { ("/api/x", api) } else { ("/shop", shop) };
            format!("{} {took}\n", combined(n / 2, &format!("GET {path} HTTP/1.1"), 200, 9).trim_end())
        };
        (0..4000).map(line).collect()
    };
    dir.file("access.log", log("0.500", "0.010"));
    dir.run(&["check", "access.log", "-o", "json", "--fail-on", "count < 1", "--save-baseline", "base.json"]).exits(0);
    check(&dir, r#"p50(duration) where route = "/api/*" > 2x baseline"#, &["--baseline", "base.json"], 0);
    dir.file("access.log", log("5.000", "0.010"));
    check(&dir, r#"p50(duration) where route = "/api/*" > 2x baseline"#, &["--baseline", "base.json"], 1);
    check(&dir, "p50(duration) by route > 2x baseline", &["--baseline", "base.json"], 1);
    let first = log("0.500", "0.010").lines().next().map(|line| format!("{line}\n")).unwrap();
    dir.file("access.log", first);
    check(&dir, "p95(duration) > 2x baseline", &["--baseline", "base.json"], 3);
}

#[test]
fn a_log_of_which_much_cannot_be_read_proves_nothing() {
    let dir = Dir::new();
    dir.file("access.log", healthy() + &"ERROR 500 of an application\n".repeat(400));
    let args = ["check", "access.log", "-o", "json", "--fail-on", "rate(5xx) > 4%"];
    let json = dir.run(&args).exits(3).json();
    assert_eq!((json["verdict"].as_str(), json["rules"][0]["verdict"].as_str()), (Some("inconclusive"), Some("pass")));
    assert!(json["warnings"][0].as_str().unwrap().contains("400 of 7,600 lines could not be read"), "{json}");
    dir.run(&[&args[..], &["--max-rejects", "10%"]].concat()).exits(0);
    dir.run(&[&args[..], &["--fail-on", "share(unparsed) > 10%"]].concat()).exits(0);
    dir.run(&[&args[..], &["--fail-on", "share(unparsed) > 2%"]].concat()).exits(1);
}

#[test]
fn min_is_asked_for_by_every_rule() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    dir.run(&["check", "access.log", "-o", "json", "--save-baseline", "base.json"]).exits(0);
    for rule in ["rate(5xx) > 2x baseline min 100000", "new(5xx) min 100000", "count(5xx) > 0 min 100000", "spike(5xx) min 100000"] {
        check(&dir, rule, &["--baseline", "base.json"], 3);
    }
}

#[test]
fn saving_a_baseline_takes_nothing_away() {
    let dir = Dir::new();
    dir.file("base.tmp", healthy());
    dir.file("other.tmp", "mine");
    dir.run(&["check", "base.tmp", "--save-baseline", "base.json"]).exits(0);
    dir.run(&["check", "base.tmp", "--save-baseline", "other.json"]).exits(0);
    assert_eq!(std::fs::read(dir.path().join("other.tmp")).unwrap(), b"mine");
    assert!(dir.path().join("base.tmp").exists());
    std::fs::create_dir(dir.path().join("folder")).unwrap();
    assert!(dir.run(&["check", "base.tmp", "--save-baseline", "folder"]).exits(2).stderr().contains("no file"));
    let before = std::fs::read(dir.path().join("base.json")).unwrap();
    for (args, code) in [
        (&["--fail-on", "rate(5xx) > 0.25%", "--on-inconclusive", "fail"][..], 1),
        (&["--fail-on", "rate(5xx) > 0.1%"], 1),
        (&["--max-rejects", "0.001%"], 3),
    ] {
        dir.file("less.log", hour(|n| n % 400 == 9) + "garbage\n");
        dir.run(&[&["check", "less.log", "--save-baseline", "base.json"], args].concat()).exits(code);
        assert_eq!(std::fs::read(dir.path().join("base.json")).unwrap(), before, "{args:?}");
    }
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count(),
        0
    );
    let said = dir.run(&["check", "base.tmp", "--baseline", "base.json", "-o", "json=base.json"]).exits(2).stderr();
    assert!(said.contains("just read"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_violation_is_one_when_nobody_reads_on() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 3 == 0));
    let script = format!("{} check access.log -o json | true; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_logcodes"));
    let ran = std::process::Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn the_configuration_counts() {
    let dir = Dir::new();
    dir.file("access.log", hour(|n| n % 100 == 7));
    dir.file(
        "logcodes.toml",
        "[check]\nfail_on = [\"rate(5xx) > 5%\"]\n[[rule]]\nname = \"pay\"\nwhen = 'count(5xx) where route = \"/api/*\" > 3'\nfix = \"Call the \
         team.\"\n[profile.calm.check]\nexpect = [\"/api/*=5xx\"]\n",
    );
    let json = dir.run(&["check", "access.log", "-o", "json"]).exits(1).json();
    let rules: Vec<String> = verdicts(&json).into_iter().map(|(rule, verdict)| format!("{verdict} {rule}")).collect();
    assert_eq!(rules, ["pass rate(5xx) > 5%", "fail count(5xx) where route = \"/api/*\" > 3"]);
    assert_eq!((json["rules"][1]["name"].as_str(), json["rules"][1]["fixes"][0].as_str()), (Some("pay"), Some("Call the team.")));
    let gitlab = dir.run(&["check", "access.log", "-o", "gitlab"]).exits(1).json();
    assert_eq!(
        (gitlab[0]["location"]["path"].as_str(), gitlab[0]["location"]["lines"]["begin"].as_u64()),
        (Some("logcodes.toml"), Some(5))
    );
    dir.run(&["check", "access.log", "--profile", "calm"]).exits(0);
    dir.run(&["check", "access.log", "--fail-on", "rate(5xx) > 9%"]).exits(0);
    assert!(dir.run(&["check", "access.log", "--profile", "clam"]).exits(2).stderr().contains("calm"));
    dir.file("logcodes.toml", "[check]\nfial_on = []\n[[rule]]\nname = \"x\"\nwhen = \"rat(5xx) > 1%\"\n");
    let said = dir.run(&["access.log"]).exits(2).stderr();
    assert!(
        said.contains("logcodes.toml:2:1") && said.contains("'fail_on'?") && said.contains("logcodes.toml:5:") && said.contains("'rate'?"),
        "{said}"
    );
}

#[test]
fn nothing_to_judge_is_never_green() {
    let dir = Dir::new();
    for text in ["", "garbage\n", "# a directive\n"] {
        dir.file("access.log", text);
        for more in [&[][..], &["--on-inconclusive", "pass"], &["--strict"]] {
            let args: Vec<&str> = ["check", "access.log", "-o", "json"].into_iter().chain(more.iter().copied()).collect();
            assert_eq!(dir.run(&args).exits(3).json()["verdict"], "inconclusive", "{text:?} {more:?}");
        }
    }
    dir.file("access.log", healthy());
    check(&dir, r#"rate(5xx) where route = "/none" > 1%"#, &[], 3);
    check(&dir, "rate(5xx) > 1% min 10000", &[], 3);
    check(&dir, "p95(duration) > 1s", &[], 3);
    dir.run(&["check", "access.log", "-o", "json", "-s", "404"]).exits(3);
    dir.file("few.log", combined(0, "GET / HTTP/1.1", 200, 1));
    dir.run(&["check", "few.log", "-o", "json"]).exits(3);
}

#[test]
fn mistakes_are_2_and_say_what_to_do() {
    let dir = Dir::new();
    dir.file("access.log", healthy());
    for (args, what) in [
        (&["--fail-on", "rate(5xx) > 5", "--fail-on", "rat(5xx) > 5%"][..], "did you mean 'rate'?"),
        (&["--fail-on", "new(5xx)"], "--save-baseline"),
        (&["--fail-on", "rate(5xx) > 2x baseline"], "needs a baseline"),
        (&["--baseline", "none.json"], "none.json"),
        (&["--baseline", "access.log"], "this is no baseline"),
        (&["--expect", "/login"], "ROUTE=CODES"),
        (&["--on-inconclusive", "maybe"], "possible values: fail, pass, report"),
        (&["--window", "5m"], "rules say how wide their windows are"),
    ] {
        let args: Vec<&str> = ["check", "access.log", "-o", "json"].into_iter().chain(args.iter().copied()).collect();
        let said = dir.run(&args).exits(2).stderr();
        assert!(said.contains(what), "{args:?}: {said}");
    }
    dir.run(&["check", "none.log", "-o", "json"]).exits(2);
}
