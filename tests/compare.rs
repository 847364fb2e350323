//! `logcodes compare` from outside: two logs, one log in two halves, a baseline that was kept, and log text that is hostile.

mod support;

use serde_json::Value;
use support::{Dir, combined, fits};

/// Requests of two routes, two a second from a second of the day on; one in `each` of those to /pay fails.
fn log(from: u32, count: u32, each: u32) -> String {
    let line = |n: u32| match n % 2 {
        0 => combined(from + n / 2, "GET / HTTP/1.1", 200, 512),
        _ => combined(from + n / 2, "POST /pay HTTP/1.1", if (n / 2).is_multiple_of(each) { 502 } else { 200 }, 512),
    };
    (0..count).map(line).collect()
}

fn changes(json: &Value) -> Vec<(String, String, Value, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |c: &Value| (text(&c["kind"]), text(&c["outcome"]), c["route"].clone(), c["code"].clone());
    json["changes"].as_array().unwrap().iter().map(of).collect()
}

fn pay_fails() -> (String, String, Value, Value) {
    ("server-errors".into(), "worse".into(), "/pay".into(), 502.into())
}

#[test]
fn a_rise_between_two_logs_is_told() {
    let dir = Dir::new();
    dir.file("before.log", log(0, 6000, 500));
    dir.file("after.log", log(6000, 6000, 50));
    let json = dir.run(&["compare", "before.log", "after.log", "-o", "json"]).exits(0).json();
    assert_eq!(changes(&json), [pay_fails()]);
    assert_eq!((&json["before"]["requests"], &json["after"]["requests"]), (&6000.into(), &6000.into()));
    let rate = &json["routes"][0]["rates"]["5xx"];
    assert_eq!((&rate["before"]["count"], &rate["after"]["count"]), (&6.into(), &60.into()));
    assert!(rate["p_corrected"].as_f64().unwrap() < 0.01 && rate["detectable"].as_f64().unwrap() > 1.5);
    let table = dir.run(&["compare", "before.log", "after.log"]).exits(0).stdout();
    assert!(table.starts_with("requests 6,000 -> 6,000, 5xx 0.10 % -> 1.0 %: 10x (route by route 10x)\n"), "{table}");
    assert!(table.contains("✖ POST /pay\n    5xx 0.20 % (6 of 3,000) -> 2.0 % (60 of 3,000): 10x, between"), "{table}");
    assert!(table.contains("502 Bad Gateway: ") && table.contains("First: "), "{table}");
}

#[test]
fn nothing_changed_is_said_with_what_would_have_been_seen() {
    let dir = Dir::new();
    dir.file("before.log", log(0, 6000, 100));
    dir.file("after.log", log(6000, 6000, 100));
    let table = dir.run(&["compare", "before.log", "after.log"]).exits(0).stdout();
    assert!(table.contains("No change that is more than chance and large enough to matter. A rise of all 5xx to "), "{table}");
    let json = dir.run(&["compare", "before.log", "after.log", "-o", "json"]).exits(0).json();
    assert_eq!(changes(&json), []);
}

#[test]
fn one_log_is_parted_by_a_moment() {
    let dir = Dir::new();
    // From 10:00 on; 50 minutes, and 50 more from 10:50 on.
    dir.file("access.log", log(36_000, 6000, 500) + &log(39_000, 6000, 50));
    for (at, zone) in [("10:50", "UTC"), ("2025-06-15T10:50:00Z", "UTC"), ("12:50", "+02:00"), ("2025-06-15 10:50", "UTC")] {
        let json = dir.run(&["compare", "access.log", "--at", at, "--tz", zone, "-o", "json"]).exits(0).json();
        assert_eq!(json["at"], "2025-06-15T10:50:00Z", "{at}");
        assert_eq!(changes(&json), [pay_fails()], "{at}");
        assert_eq!((&json["before"]["requests"], &json["after"]["requests"]), (&6000.into(), &6000.into()), "{at}");
        assert_eq!((&json["before"]["end"], &json["after"]["start"]), (&"2025-06-15T10:49:59Z".into(), &"2025-06-15T10:50:00Z".into()));
    }
    let table = dir.run(&["compare", "access.log", "--at", "10:50"]).exits(0).stdout();
    assert!(table.contains("parted at 15 Jun 2025 10:50:00 UTC"), "{table}");
}

#[test]
fn a_moment_that_parts_nothing_is_no_verdict() {
    let dir = Dir::new();
    dir.file("access.log", log(36_000, 600, 50));
    for (at, side) in [("09:00", "BEFORE"), ("2025-06-15T09:00:00Z", "BEFORE"), ("11:00", "AFTER"), ("2025-06-16", "AFTER")] {
        let ran = dir.run(&["compare", "access.log", "--at", at]).exits(3);
        assert!(ran.stderr().contains(&format!("{side} has no request: --at is 2025-06-1")), "{at}: {}", ran.stderr());
        assert!(ran.stdout().is_empty());
    }
    let two_days = log(36_000, 600, 50) + &log(36_000, 600, 50).replace("15/Jun", "16/Jun");
    dir.file("days.log", two_days);
    let ran = dir.run(&["compare", "days.log", "--at", "10:02"]).exits(2);
    assert!(ran.stderr().contains("2 times; say which: --at 2025-06-15T10:02:00Z to --at 2025-06-16T10:02:00Z"), "{}", ran.stderr());
    dir.run(&["compare", "days.log", "--at", "2025-06-16T10:02:00Z"]).exits(0);
}

#[test]
fn a_baseline_stands_for_its_log() {
    let dir = Dir::new();
    dir.file("before.log", log(0, 6000, 500));
    dir.file("after.log", log(6000, 6000, 50));
    dir.run(&["check", "before.log", "--fail-on", "rate(5xx) > 50%", "--save-baseline", "kept.json"]).exits(0);
    let of_logs = dir.run(&["compare", "before.log", "after.log", "-o", "json"]).exits(0).json();
    let ran = dir.run(&["compare", "kept.json", "after.log", "-o", "json"]).exits(0);
    let json = ran.json();
    assert_eq!(json["before"]["baseline"], true);
    for part in ["changes", "routes", "overall"] {
        assert_eq!(json[part], of_logs[part], "{part}");
    }
    let back = dir.run(&["compare", "after.log", "kept.json", "-o", "json"]).exits(0).json();
    assert_eq!(changes(&back)[0].1, "better");
    let ran = dir.run(&["compare", "kept.json", "after.log", "-s", "5xx"]).exits(0);
    assert!(ran.stderr().contains("a baseline is taken as it was saved"), "{}", ran.stderr());
    let ran = dir.run(&["compare", "kept.json", "--at", "10:00"]).exits(2);
    assert!(ran.stderr().contains("a baseline has no times"), "{}", ran.stderr());
    dir.file("broken.json", "{\"logcodes_baseline\":1,\"span\":7}");
    let ran = dir.run(&["compare", "broken.json", "after.log"]).exits(2);
    assert!(ran.stderr().contains("broken.json: this is no baseline"), "{}", ran.stderr());
}

#[test]
fn usage_and_unreadable_sides_exit_with_2_and_empty_ones_with_3() {
    let dir = Dir::new();
    dir.file("a.log", log(0, 600, 50));
    dir.file("empty.log", "");
    for (args, code, what) in [
        (&["compare"][..], 2, "name two logs"),
        (&["compare", "a.log"], 2, "--at TIME parts a single one"),
        (&["compare", "a.log", "a.log", "a.log"], 2, "two logs, BEFORE and AFTER, not 3"),
        (&["compare", "-", "-"], 2, "not both"),
        (&["compare", "a.log", "missing.log"], 2, "missing.log"),
        (&["compare", "missing.log", "a.log"], 2, "missing.log"),
        (&["compare", "a.log", "empty.log"], 3, "AFTER: empty.log: empty"),
        (&["compare", "empty.log", "a.log"], 3, "BEFORE: empty.log: empty"),
        (&["compare", "a.log", "a.log", "--path", "/nothing"], 3, "BEFORE: a.log: 600 requests were read, and none of them passes"),
        (&["compare", "a.log", "--at", "soon"], 2, "--at: 'soon' is no time"),
        (&["compare", "a.log", "--at", "00:02", "--until", "2025-06-15"], 3, "no request that counts states a time"),
        (&["compare", "a.log", "--at", "2025-06-15T00:02Z", "--until", "2025-06-15T00:01Z"], 2, "leave out"),
        (&["compare", "-", "--at", "00:02"], 2, "--at reads its inputs twice, which '-' does not allow"),
        (&["compare", "a.log", "a.log", "-o", "csv"], 2, "neither table, json, md, html nor"),
        (&["compare", "a.log", "a.log", "-o", "a.html", "--rejects", "r.txt"], 2, "--rejects goes with one log"),
    ] {
        let ran = dir.run(args).exits(code);
        assert!(ran.stderr().contains(what), "{args:?}: {}", ran.stderr());
        assert!(ran.stdout().is_empty(), "{args:?}");
    }
    dir.run_with(&["compare", "a.log", "-"], Some(log(0, 600, 50).as_bytes())).exits(0);
    dir.file("rotten.log", log(0, 60, 50) + &"no request at all\n".repeat(40));
    let ran = dir.run(&["compare", "a.log", "rotten.log", "--max-rejects", "5%"]).exits(3);
    assert!(ran.stderr().contains("AFTER: 40.00 % of the lines are rejected"), "{}", ran.stderr());
}

#[test]
fn an_output_file_is_none_of_the_inputs() {
    let dir = Dir::new();
    dir.file("a.txt", log(0, 600, 50));
    dir.file("b.txt", log(0, 600, 50));
    for args in [["compare", "a.txt", "b.txt", "-o", "a.txt"], ["compare", "a.txt", "b.txt", "-o", "b.txt"]] {
        assert!(dir.run(&args).exits(2).stderr().contains("one of the inputs"));
    }
    dir.run(&["compare", "a.txt", "b.txt", "-o", "page.html"]).exits(0);
    assert!(std::fs::read_to_string(dir.path().join("page.html")).unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_directory_is_a_side_and_services_are_told_apart() {
    let dir = Dir::new();
    for side in ["old", "new"] {
        std::fs::create_dir(dir.path().join(side)).unwrap();
    }
    for (name, each) in [("old/api.log", 500), ("old/shop.log", 50), ("new/api.log", 50), ("new/shop.log", 50)] {
        dir.file(name, log(0, 6000, each));
    }
    let json = dir.run(&["compare", "old", "new", "--service", "auto", "-o", "json"]).exits(0).json();
    assert_eq!(changes(&json), [pay_fails()]);
    assert_eq!(json["changes"][0]["service"], "api");
    let table = dir.run(&["compare", "old", "new", "--service", "auto"]).exits(0).stdout();
    assert!(table.contains("✖ api: POST /pay"), "{table}");
}

#[test]
fn routes_that_only_one_log_folds_are_held_together() {
    let dir = Dir::new();
    let item = |n: u32, of: u32| combined(n, &format!("GET /item/tree-{}-oak HTTP/1.1", n * 7 % of), 200, 512);
    dir.file("many.log", (0..4000).map(|n| item(n, 3000)).collect::<String>());
    dir.file("few.log", (0..4000).map(|n| item(n, 5)).collect::<String>());
    for sides in [["many.log", "few.log"], ["few.log", "many.log"]] {
        let json = dir.run(&[&["compare", "-o", "json"], &sides[..]].concat()).exits(0).json();
        assert_eq!(changes(&json), [], "{sides:?}");
        assert_eq!(json["routes_total"], 1, "{sides:?}: {}", json["routes"]);
    }
}

/// Log text that wants to be markup, a command, or something else.
const HOSTILE: &[&str] = &[
    "/<script>alert(1)</script>",
    "/\"onmouseover=x&lt;b",
    "/\u{1b}[31mred\u{202e}gnp",
    "/`|@all](http://192.0.2.1)",
    "/--><style>*{}</style>{{x}}{%y%}",
    "/'><img/src=x>",
];

#[test]
fn hostile_text_stays_text() {
    let dir = Dir::new();
    let line = |n: u32, status: u16| combined(n, &format!("GET {} HTTP/1.1", HOSTILE[n as usize % HOSTILE.len()]), status, 9);
    dir.file("before.log", (0..3000).map(|n| line(n, 200)).collect::<String>());
    dir.file("after.log", (0..3000).map(|n| line(n, if n % 5 == 0 { 503 } else { 200 })).collect::<String>());
    for output in ["table", "md", "json", "html"] {
        let text = dir.run(&["compare", "before.log", "after.log", "-o", output]).exits(0).stdout();
        assert!(!text.contains(['\u{1b}', '\u{202e}']) || output == "json", "{output}");
        assert!(!text.contains('\u{1b}'), "{output}");
    }
    let html = dir.run(&["compare", "before.log", "after.log", "-o", "html"]).exits(0).stdout();
    let lower = html.to_lowercase();
    for bad in ["<script", "<img", "\"onmouseover", "javascript:", "{{", "{%"] {
        let found = lower.find(bad).map(|at| &html[at.saturating_sub(60)..at + 20]);
        assert!(found.is_none() || found.unwrap().contains("--&#62;&#60;style"), "{bad}: {found:?}");
    }
    assert_eq!(lower.matches("<style").count(), 1);
    assert!(html.contains("&#60;script&#62;"), "the text is there, as text");
    well_formed(&html);
}

/// What the page is made of: nothing that runs, loads or leads away.
const TAGS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "strong", "ul", "li", "dl", "dt", "dd", "span", "table",
    "thead", "tbody", "tr", "th", "td", "code",
];

/// Every tag is closed in its order, and attributes are quoted.
fn well_formed(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        assert!(tag.matches('"').count().is_multiple_of(2), "<{tag}>");
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        assert!(TAGS.contains(&name), "<{tag}>");
        match name {
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name)),
            "meta" => {}
            _ => open.push(name),
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn the_page_has_tables_and_a_policy() {
    let dir = Dir::new();
    dir.file("before.log", log(0, 6000, 500));
    dir.file("after.log", log(6000, 6000, 50));
    let html = dir.run(&["compare", "before.log", "after.log", "-o", "html"]).exits(0).stdout();
    well_formed(&html);
    for part in [
        "Content-Security-Policy",
        "default-src 'none'",
        "prefers-color-scheme: dark",
        "width=device-width",
        "<th scope=\"col\"",
        "lang=\"en\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains("POST /pay") && html.contains("502 Bad Gateway"));
    // As many cells in each row as the table has headings.
    for table in html.split("<table>").skip(1) {
        let table = table.split("</table>").next().unwrap();
        let mut rows = table.split("<tr").skip(1).map(|row| row.matches("<th ").count() + row.matches("<td ").count());
        let columns = rows.next().unwrap();
        assert!(columns > 4 && rows.all(|cells| cells == columns), "{table}");
    }
}

#[test]
fn the_table_fits_the_screen() {
    let dir = Dir::new();
    let long = |n: u32| format!("GET /a/rather/long/path/that/has/many/parts-{}/and/goes/on/for/a/while HTTP/1.1", n % 20);
    dir.file("before.log", (0..6000).map(|n| combined(n, &long(n), 200, 9)).collect::<String>());
    dir.file("after.log", (0..6000).map(|n| combined(n, &long(n), if n % 20 < 9 { 500 } else { 200 }, 9)).collect::<String>());
    for columns in [60, 80, 120] {
        let ran = dir.run_in_columns(&["compare", "before.log", "after.log"], columns).exits(0);
        assert!(fits(&ran.stdout(), columns), "{columns}\n{}", ran.stdout());
        assert!(ran.stdout().contains("… 20 routes in all: -n 20"), "{}", ran.stdout());
    }
    let all = dir.run(&["compare", "before.log", "after.log", "-n", "3", "-o", "json"]).exits(0).json();
    assert_eq!((all["routes"].as_array().unwrap().len(), &all["routes_total"]), (3, &20.into()));
}

#[test]
fn rules_judge_the_later_log_against_the_earlier_one() {
    let dir = Dir::new();
    let log = |fails: u32| -> String {
        let code = |n: u32| if n % fails == 7 { 502 } else { 200 };
        (0..8000).map(|n| combined(n, "GET /api/x HTTP/1.1", code(n), 9)).collect()
    };
    dir.file("before.log", log(400));
    dir.file("after.log", log(60));
    dir.file("same.log", log(380));
    let compare = |after: &str, rule: &str, code: i32| {
        dir.run(&["compare", "before.log", after, "-o", "json", "--fail-on", rule]).exits(code).json()["verdict"].clone()
    };
    let verdict = compare("after.log", "rate(5xx) by route > 2x baseline", 1);
    assert_eq!((verdict["verdict"].as_str(), verdict["baseline"].as_str()), (Some("fail"), Some("before.log")));
    assert_eq!(verdict["rules"][0]["before"]["numerator"], 20);
    assert_eq!(compare("same.log", "rate(5xx) by route > 2x baseline", 0)["verdict"], "pass");
    assert_eq!(compare("same.log", "rate(5xx) > 5% min 100000", 3)["verdict"], "inconclusive");
    for (output, what) in
        [("table", "FAIL  rate(5xx) > 2x baseline"), ("md", "| FAIL | `rate(5xx) > 2x baseline` |"), ("html", "<h2>Rules</h2>")]
    {
        let ran = dir.run(&["compare", "before.log", "after.log", "-o", output, "--fail-on", "rate(5xx) > 2x baseline"]).exits(1);
        assert!(ran.stdout().contains(what), "{output}: {}", ran.stdout());
    }
    // Without rules nobody judges.
    assert!(dir.run(&["compare", "before.log", "after.log", "-o", "json"]).exits(0).json().get("verdict").is_none());
    dir.run(&["check", "before.log", "-o", "json", "--save-baseline", "base.json"]).exits(0);
    dir.run(&["compare", "base.json", "after.log", "--fail-on", "new(5xx)"]).exits(0);
    assert!(dir.run(&["compare", "before.log", "base.json", "--fail-on", "new(5xx)"]).exits(2).stderr().contains("AFTER is a baseline"));
    assert!(dir.run(&["compare", "before.log", "after.log", "--fail-on", "new(5x)"]).exits(2).stderr().contains("--fail-on"));
}

#[test]
fn the_configuration_says_how_rules_are_judged_but_not_which() {
    let dir = Dir::new();
    let log = |each: u32| (0..400).map(|n| combined(n, "GET /x HTTP/1.1", if n % each == 7 { 502 } else { 200 }, 9)).collect::<String>();
    dir.file("before.log", log(400));
    dir.file("after.log", log(40));
    let run = |check: &str, rule: &str, code: i32| {
        dir.file("logcodes.toml", format!("[check]\n{check}\n"));
        dir.run(&["compare", "before.log", "after.log", "-o", "json", "--fail-on", rule]).exits(code)
    };
    run("", "rate(5xx) > 2.4%", 3);
    run("strict = true", "rate(5xx) > 2.4%", 1);
    run("on_inconclusive = \"pass\"", "rate(5xx) > 2.4%", 0);
    run("on_inconclusive = \"fail\"", "rate(5xx) > 2.4%", 1);
    run("", "count(5xx) > 5", 1);
    run("expect = [\"/x=502\"]", "count(5xx) > 5", 0);
    // Its rules are those of one log.
    run("fail_on = [\"count(5xx) > 5\"]", "count > 400", 0);
    dir.file("after.log", log(40) + "what is this\n");
    run("", "count > 400", 0);
    assert!(run("max_rejects = \"0.1%\"", "count > 400", 3).stderr().contains("AFTER: 0.25 % of the lines are rejected"));
}
