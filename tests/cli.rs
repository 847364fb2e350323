//! The built program from outside: exit codes, outputs, and a sentence for every kind of bad input.

mod support;

use support::{Dir, combined};

fn log() -> String {
    let mut text = String::new();
    for n in 0..600 {
        text += &combined(n * 10, &format!("GET /api/users/{n} HTTP/1.1"), 200, 100);
    }
    for n in 0..30 {
        text += &combined(3000 + n, "POST /api/payments HTTP/1.1", 502, 157);
    }
    text += "garbage that is no log line\n\n";
    text
}

#[test]
fn a_report_is_0() {
    let dir = Dir::new();
    dir.file("access.log", log());
    let ran = dir.run(&["access.log"]).exits(0);
    let text = ran.stdout();
    for part in [
        "access.log   nginx-combined",
        "631 lines = 630 requests + 1 rejected",
        "502  Bad Gateway",
        "GET  /api/users/{id}",
        "Rejected 1: not an access line",
        "access.log:631  garbage",
    ] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(ran.stderr().is_empty(), "{}", ran.stderr());
}

#[test]
fn json_keeps_its_promises() {
    let dir = Dir::new();
    dir.file("access.log", log());
    let json = dir.run(&["-o", "json", "access.log"]).exits(0).json();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["inputs"][0]["path"], "access.log");
    assert_eq!(json["inputs"][0]["format"], "nginx-combined");
    assert_eq!(json["inputs"][0]["lines"], 632);
    assert_eq!(json["lines"], serde_json::json!({"read": 631, "parsed": 630, "filtered": 0, "rejected": 1, "directives": 1}));
    assert_eq!(json["span"], serde_json::json!({"start": "2025-06-15T00:00:00Z", "end": "2025-06-15T01:39:50Z"}));
    assert_eq!(json["window_seconds"], 30);
    assert_eq!(json["codes"][0]["code"], 200);
    assert_eq!(json["codes"][1]["count"], 30);
    assert_eq!(json["codes"][1]["bytes"], 30 * 157);
    assert_eq!(json["routes"][0]["route"], "/api/users/{id}");
    assert_eq!(json["routes"][1]["codes"]["502"], 30);
    assert!(json["routes"][0]["latency"].is_null());
    assert_eq!(json["findings"][0]["codes"], serde_json::json!([502]));
    assert_eq!((json["findings"][0]["route"].as_str(), json["findings"][0]["count"].as_u64()), (Some("/api/payments"), Some(30)));
    assert_eq!(json["rejects"][0]["samples"][0]["line"], 631);
    let windows = json["windows"].as_array().unwrap();
    assert_eq!(windows.iter().map(|w| w["codes"]["502"].as_u64().unwrap_or(0)).sum::<u64>(), 30);
}

#[test]
fn any_number_of_jobs_gives_the_same_bytes() {
    let dir = Dir::new();
    dir.file("access.log", log());
    let of = |jobs: &str| dir.run(&["-o", "json", "-j", jobs, "access.log"]).exits(0).stdout();
    assert!(of("1") == of("2") && of("2") == of("7"));
    let piped = dir.run_with(&["-o", "json"], Some(log().as_bytes())).exits(0).stdout();
    assert_eq!(
        piped.replace("\"path\": \"-\"", "\"path\": \"access.log\"").replace("\"input\": \"-\"", "\"input\": \"access.log\""),
        of("3")
    );
    assert_eq!(dir.run(&["-o", "json", "--no-mmap", "access.log"]).exits(0).stdout(), of("1"));
}

#[test]
fn stats_stand_on_standard_error_alone() {
    let dir = Dir::new();
    dir.file("access.log", log());
    dir.file("access.log.gz", support::pack::gz(log().as_bytes()));
    let plain = dir.run(&["-o", "json", "access.log"]).exits(0).stdout();
    let ran = dir.run(&["-o", "json", "--stats", "-q", "-j1", "access.log"]).exits(0);
    assert_eq!(ran.stdout(), plain);
    let said = ran.stderr();
    let row = |said: &str, name: &str| -> Option<Vec<String>> {
        let words: Vec<String> = said.lines().find(|line| line.starts_with(name))?.split_whitespace().map(str::to_owned).collect();
        Some(words)
    };
    assert_eq!(row(&said, "lines").unwrap()[1], "632");
    assert_eq!(row(&said, "workers").unwrap()[1], "1");
    assert!(row(&said, "file bytes").is_none(), "{said}");
    let wall = |name: &str| row(&said, name).unwrap_or_else(|| panic!("no {name} in\n{said}"))[1].parse::<f64>().unwrap();
    let stages = ["plan", "open", "sample", "scan", "merge", "report", "diagnose", "output"].map(wall);
    // Each is rounded to a tenth.
    assert!((stages.iter().sum::<f64>() - wall("total")).abs() < 0.5, "{said}");
    assert!(wall("total") > 0.0, "{said}");
    let said = dir.run(&["--stats", "access.log.gz"]).exits(0).stderr();
    let packed = std::fs::metadata(dir.path().join("access.log.gz")).unwrap().len();
    assert!(packed < 10_000 && row(&said, "file bytes").is_some(), "{packed}\n{said}");
    assert!(dir.run(&["access.log"]).exits(0).stderr().is_empty());
}

#[test]
fn csv_opens_in_a_spreadsheet() {
    let dir = Dir::new();
    dir.file("access.log", combined(0, "GET =cmd()|x HTTP/1.1", 200, 1) + &combined(61, "GET /a,b HTTP/1.1", 404, 2));
    let text = dir.run(&["-o", "csv", "access.log"]).exits(0).stdout();
    let rows: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(rows[0], "method,route,code,name,class,count,share,bytes,p50_ms,p95_ms,p99_ms,first_seen,last_seen");
    assert!(rows.contains(&"GET,'=cmd()|x,200,OK,2xx,1,0.5,1,,,,2025-06-15T00:00:00Z,2025-06-15T00:00:00Z"), "{text}");
    assert!(rows.contains(&"GET,\"/a,b\",404,Not Found,4xx,1,0.5,2,,,,2025-06-15T00:01:01Z,2025-06-15T00:01:01Z"), "{text}");
    let text = dir.run(&["-o", "csv", "--by", "window", "--window", "1m", "access.log"]).exits(0).stdout();
    assert!(text.contains("2025-06-15T00:01:00Z,2025-06-15T00:02:00Z,404,Not Found,4xx,1,1\r\n"), "{text}");
    let text = dir.run(&["-o", "csv", "--by", "route,window", "--window", "1m", "access.log"]).exits(0).stdout();
    assert!(text.contains("2025-06-15T00:01:00Z,2025-06-15T00:02:00Z,GET,\"/a,b\",404,Not Found,4xx,1,1\r\n"), "{text}");
}

#[test]
fn an_output_file_is_written_by_its_extension() {
    let dir = Dir::new();
    dir.file("access.log", log());
    let ran = dir.run(&["-o", "codes.csv", "access.log"]).exits(0);
    assert!(ran.stdout().is_empty());
    assert!(std::fs::read_to_string(dir.path().join("codes.csv")).unwrap().starts_with("method,route,"));
}

#[test]
fn selection_and_accounting() {
    let dir = Dir::new();
    dir.file("access.log", log());
    let parsed = |args: &[&str]| {
        let json = dir.run(&[args, &["-o", "json", "access.log"]].concat()).exits(0).json();
        let lines = &json["lines"];
        let n = |key: &str| lines[key].as_u64().unwrap();
        assert_eq!(n("read"), n("parsed") + n("filtered") + n("rejected"));
        n("parsed")
    };
    assert_eq!(parsed(&["-s", "5xx"]), 30);
    assert_eq!(parsed(&["-s", "!5xx"]), 600);
    assert_eq!(parsed(&["-p", "/api/payments"]), 30);
    assert_eq!(parsed(&["-m", "!POST"]), 600);
    assert_eq!(parsed(&["--since", "2025-06-15T01:00:00Z"]), 240);
    assert_eq!(parsed(&["--since", "2025-06-15T02:00", "--tz", "+01:00", "--until", "2025-06-15T01:00:10Z"]), 1);
}

#[test]
fn routes_limit_sort_and_patterns() {
    let dir = Dir::new();
    dir.file("access.log", log() + &combined(9000, "GET /u/alice HTTP/1.1", 200, 1) + &combined(9001, "GET /u/bob HTTP/1.1", 200, 1));
    let routes = |args: &[&str]| {
        let json = dir.run(&[args, &["-o", "json", "access.log"]].concat()).exits(0).json();
        json["routes"].as_array().unwrap().iter().map(|r| r["route"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(routes(&["--route", "/u/{name}"]), ["/api/users/{id}", "/api/payments", "/u/{name}"]);
    assert_eq!(routes(&["-n", "1", "--sort", "errors"]), ["/api/payments"]);
    assert_eq!(routes(&["-n", "1", "--sort", "route"]), ["/u/bob"]);
    assert_eq!(routes(&["-n", "1", "--sort", "route", "-r"]), ["/api/payments"]);
}

#[test]
fn records_lay_the_parser_open() {
    let dir = Dir::new();
    dir.file("access.log", combined(0, "GET /a?b=%20 HTTP/1.1", 200, 5) + "nonsense\n");
    let ran = dir.run(&["records", "access.log", "--all-lines", "--rejects", "bad.tsv"]).exits(0);
    let rows: Vec<serde_json::Value> = ran.stdout().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows[0]["path"], "/a");
    assert_eq!(rows[0]["query"], "b=%20");
    assert_eq!(rows[0]["time"], "2025-06-15T00:00:00Z");
    assert!(rows[0]["duration"].is_null() && rows[0].as_object().unwrap().len() == 24);
    assert_eq!(rows[1], serde_json::json!({"input": "access.log", "line": 2, "rejected": "not an access line of this format"}));
    assert!(ran.stderr().contains("2 lines = 1 records + 0 filtered + 1 rejected"), "{}", ran.stderr());
    assert_eq!(
        std::fs::read_to_string(dir.path().join("bad.tsv")).unwrap(),
        "access.log\t2\tnot an access line of this format\tnonsense\n"
    );
    let csv = dir.run(&["records", "access.log", "-o", "csv"]).exits(0).stdout();
    assert!(csv.starts_with("input,line,time,remote,"), "{csv}");
}

#[test]
fn explain_says_what_a_code_means() {
    let dir = Dir::new();
    let text = dir.run(&["explain", "502", "499"]).exits(0).stdout();
    for part in ["502 Bad Gateway", "proxy_next_upstream", "499 Client Closed Request", "Example", "HTTP/1.1 502 Bad Gateway"] {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    let json = dir.run(&["explain", "000", "-o", "json"]).exits(0).json();
    assert_eq!(json[0]["code"], 0);
    assert!(dir.run(&["explain", "404", "-o", "md"]).exits(0).stdout().starts_with("## 404 Not Found\n"));
    assert_eq!(dir.run(&["explain", "--list"]).exits(0).stdout().lines().count(), 107);
    assert_eq!(dir.run(&["explain", "-1"]).exits(0).stdout().lines().next().unwrap().split(' ').next(), Some("-1"));
}

#[test]
fn explain_says_what_a_rule_and_a_cause_are() {
    let dir = Dir::new();
    let rule = dir.run(&["explain", "502-refused"]).exits(0).stdout();
    for part in
        ["502-refused: ", "a rule that finds upstream-refused", "\nWhere     status = 502", "\nWhen      ", "\nNeeds     ", "\nFixes\n"]
    {
        assert!(rule.contains(part), "no {part:?} in\n{rule}");
    }
    assert!(rule.lines().all(|line| line.chars().count() <= 100), "{rule}");
    // The id of a finding is that of its rule, numbered where there are several.
    assert_eq!(dir.run(&["explain", "502-REFUSED.12"]).exits(0).stdout(), rule);
    let cause = dir.run(&["explain", "upstream-refused"]).exits(0).stdout();
    assert!(cause.starts_with("upstream-refused: ") && cause.contains("\n502-refused\nCodes     502\n"), "{cause}");
    let both = dir.run(&["explain", "upstream-refused", "502-refused"]).exits(0).stdout();
    assert_eq!(both, format!("{cause}\n{rule}"));

    let json = dir.run(&["explain", "502-refused", "upstream-refused", "502", "-o", "json"]).exits(0).json();
    assert_eq!(json[0]["kind"], "rule");
    assert_eq!(json[0]["cause"]["id"], "upstream-refused");
    assert!(json[0]["where"].as_str().unwrap().contains("connect_time") && json[0]["when"].is_string(), "{}", json[0]);
    assert_eq!((json[1]["kind"].as_str(), json[1]["id"].as_str()), (Some("cause"), Some("upstream-refused")));
    assert!(json[1]["rules"].as_array().unwrap().iter().any(|rule| rule["id"] == "502-refused"));
    assert_eq!((json[2]["kind"].as_str(), json[2]["code"].as_i64()), (Some("code"), Some(502)));
    assert!(json[2]["rules"].as_array().unwrap().contains(&"502-refused".into()), "{}", json[2]["rules"]);

    let md = dir.run(&["explain", "502-refused", "-o", "md"]).exits(0).stdout();
    assert!(md.starts_with("## 502-refused: ") && md.contains("- **Where:** `status = 502") && md.contains("\n### Fixes\n"), "{md}");
    let judged = dir.run(&["explain", "502"]).exits(0).stdout();
    assert!(judged.split_once("logcodes judges it by: ").unwrap().1.split("\n\n").next().unwrap().contains("502-refused"), "{judged}");
}

#[test]
fn explain_lists_rules_and_offers_names() {
    let dir = Dir::new();
    let causes = logcodes::catalogue::cause::causes();
    let rules: usize = causes.iter().map(|cause| cause.rules.len()).sum();
    assert_eq!(dir.run(&["explain", "--rules"]).exits(0).stdout().lines().count(), rules);
    assert_eq!(dir.run(&["explain", "--rules", "-o", "json"]).exits(0).json().as_array().unwrap().len(), rules);
    assert_eq!(dir.run(&["explain", "--rules", "-o", "md"]).exits(0).stdout().lines().count(), rules + 2);
    for (word, offered) in [("502-refusd", "502-refused"), ("upstream-refuse", "upstream-refused"), ("499-ngnix", "499-nginx")] {
        let said = dir.run(&["explain", word]).exits(2).stderr();
        assert!(said.contains("did you mean") && said.contains(offered), "{said}");
    }
    // Every rule and cause can be explained by its name.
    let names: Vec<&str> = causes.iter().flat_map(|cause| cause.rules.iter().map(|rule| rule.id).chain([cause.id])).collect();
    let json = dir.run(&[&["explain", "-o", "json"], names.as_slice()].concat()).exits(0).json();
    // A code may have the name of a rule; then both are told.
    let topics = json.as_array().unwrap().iter().filter(|topic| topic["kind"] != "code");
    assert_eq!(topics.map(|topic| topic["id"].as_str().unwrap()).collect::<Vec<_>>(), names);
    for output in ["text", "md"] {
        let text = dir.run(&[&["explain", "-o", output], names.as_slice()].concat()).exits(0).stdout();
        assert!(names.iter().all(|name| text.contains(name)) && !text.contains("\n\n\n\n"), "{text}");
    }
}

#[test]
fn findings_are_written_by_themselves() {
    let dir = Dir::new();
    dir.file("access.log", log());
    dir.file("fine.log", (0..300).map(|n| combined(n, "GET / HTTP/1.1", 200, 100)).collect::<String>());
    let json = dir.run(&["findings", "-o", "json", "access.log"]).exits(0).json();
    let report = dir.run(&["-o", "json", "access.log"]).exits(0).json();
    for key in ["schema_version", "inputs", "lines", "span", "traffic", "findings", "advice", "warnings"] {
        assert_eq!(json[key], report[key], "{key}");
    }
    assert!(json.get("codes").is_none());
    let fine = dir.run(&["findings", "fine.log"]).exits(0).stdout();
    assert!(fine.contains("✔ Nothing looks wrong") && !fine.contains("CODE"), "{fine}");
    assert!(dir.run(&["findings", "-o", "md", "fine.log"]).exits(0).stdout().starts_with("## Findings of fine.log"));
    dir.run(&["findings", "--severity", "warning", "-s", "5xx", "--since", "2025-06-15", "-o", "f.md", "access.log"]).exits(0);
    assert!(std::fs::read_to_string(dir.path().join("f.md")).unwrap().contains("30 requests + 600 filtered out"));
    // The exit codes are those of the report.
    dir.file("none.log", "nothing\nof\nthe kind\n");
    dir.run(&["findings", "none.log"]).exits(3);
    dir.run(&["findings", "-s", "418", "access.log"]).exits(3);
    assert!(dir.run(&["findings", "--max-rejects", "0", "access.log"]).exits(3).stderr().contains("--max-rejects"));
    dir.run(&["findings", "missing.log"]).exits(2);
}

#[test]
fn usage_is_2() {
    let dir = Dir::new();
    dir.file("access.log", log());
    dir.file("sub.txt", "x");
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["missing.log"], "missing.log: no such file or directory"),
        (&["empty"], "empty: no log in this directory"),
        (&["nothing-*.log"], "no file fits this pattern"),
        (&["-f", "$remote_addr $nosuch", "access.log"], "the format has no $status"),
        (&["-f", "nonsense", "access.log"], "neither the name of a known format nor a template"),
        (&["-s", "abc", "access.log"], "'abc' is no status"),
        (&["--since", "soon", "access.log"], "'soon' is no time"),
        (&["--window", "0", "access.log"], "no width"),
        (&["--route", "users", "access.log"], "must begin with '/'"),
        (&["--tz", "Mars/Base", "access.log"], "is no zone"),
        (&["-o", "pdf", "access.log"], "-o: 'pdf'"),
        (&["-j", "0", "access.log"], "--jobs must be at least 1"),
        (&["explain", "abc"], "'abc' is no status code"),
        (&["explain", "502-nosuch-rule"], "is no status code, rule or cause"),
        (&["findings", "-o", "csv", "access.log"], "'csv' is neither table, json, md nor"),
        (&["findings", "--severity", "awful", "access.log"], "it is info, notice, warning, error or critical"),
        (&["findings", "-o", "access.log.md/x.json", "access.log"], "x.json"),
        (&["explain", "299"], "299 is not in the catalogue"),
        (&["-o", "json", "--by", "window", "access.log"], "it goes with -o csv"),
        (&["records", "--all-lines", "-o", "csv", "access.log"], "goes with -o jsonl"),
        (&["--service", "api", "access.log"], "--service: 'api' names no pattern: write NAME=PATTERN"),
        (&["--service", "=x", "access.log"], "has no name"),
        (&["--service", "api=[", "access.log"], "is no pattern"),
        (&["--only-service", "api", "access.log"], "--service auto takes them from the paths"),
        (&["--service", "api=*", "--only-service", "shop,x*", "access.log"], "no input is left; the services are api"),
        (&["--service", "api=*", "--only-service", "!api", "access.log"], "no input is left"),
        (&["--service", "x=y*", "--only-service", "x", "access.log"], "no rule fits any input"),
        (&["--service", "a=*", "--only-service", " ,", "access.log"], "the filter is empty"),
        (&["-o", "csv", "--by", "service", "access.log"], "--by service needs services"),
        (&["--no-such-flag"], "unexpected argument"),
        (&["records"], ""),
    ];
    for (args, message) in cases {
        // Standard input is closed here, so that reading it ends at once.
        let code = if *args == ["records"] { 3 } else { 2 };
        let ran = dir.run(args).exits(code);
        assert!(ran.stderr().contains(message), "{args:?}: {}", ran.stderr());
        assert!(ran.stdout().is_empty(), "{args:?}");
    }
}

#[test]
fn nothing_to_judge_is_3() {
    let dir = Dir::new();
    dir.file("empty.log", "");
    dir.file("blank.log", "\n  \n# comment\n");
    dir.file("binary.log", (0..4096u32).map(|n| (n * 7 % 251) as u8 & 3).collect::<Vec<u8>>());
    dir.file("unknown.log", "2025-06-15 INFO started\n2025-06-15 INFO stopped\n");
    dir.file("access.log", log());
    let cases: &[(&[&str], &str)] = &[
        (&["empty.log"], "empty.log: empty: there is no request to report on"),
        (&["blank.log"], "blank.log: empty"),
        (&["binary.log"], "binary.log: this is a binary file"),
        (&["unknown.log"], "no known format reads these lines"),
        (&["-s", "418", "access.log"], "none of them passes the filters"),
        (&["-f", "%h %>s", "unknown.log"], "none of 2 lines is a request"),
        (&["--max-rejects", "0.1%", "access.log"], "more than --max-rejects allows"),
        (&["records", "unknown.log"], "2025-06-15 INFO started"),
    ];
    for (args, message) in cases {
        let ran = dir.run(args).exits(3);
        assert!(ran.stderr().contains(message), "{args:?}: {}", ran.stderr());
    }
    dir.run(&["--max-rejects", "1", "access.log"]).exits(0);
}

#[test]
fn nothing_is_overwritten_and_nothing_passed_over() {
    let dir = Dir::new();
    dir.file("access.log", log());
    dir.file("other.txt", "some other program's lines\nand more\n");
    std::fs::hard_link(dir.path().join("access.log"), dir.path().join("link.jsonl")).unwrap();
    for args in [
        &["access.log", "--rejects", "access.log"][..],
        &["access.log", "-o", "./access.log"],
        &["records", "access.log", "--rejects", "access.log"],
        &["records", "access.log", "-o", "link.jsonl"],
        &["access.log", "-o", "new.json", "--rejects", "./new.json"],
    ] {
        dir.run(args).exits(2);
        assert_eq!(std::fs::read_to_string(dir.path().join("access.log")).unwrap(), log());
    }
    let json = dir.run(&["-o", "json", "access.log", "other.txt"]).exits(0).json();
    assert_eq!(json["lines"]["rejected"], 3);
    assert_eq!(json["inputs"][1]["lines"], 2);
    assert_eq!(json["inputs"][1]["format"], serde_json::Value::Null);
    let ran = dir.run(&["-o", "json", "access.log", "missing/../access.log"]).exits(2);
    assert!(ran.stderr().contains("no such file"), "{}", ran.stderr());
    // What can be found but not opened, here a socket, is left out with a word, and the rest is still there.
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("closed.log")).unwrap();
    assert_eq!(dir.run(&["-o", "json", "access.log", "closed.log"]).exits(2).json()["lines"]["parsed"], json["lines"]["parsed"]);
    let records = dir.run(&["records", "closed.log", "access.log"]).exits(2);
    assert_eq!(Some(records.stdout().lines().count() as u64), json["lines"]["parsed"].as_u64());
    assert!(records.stderr().contains("closed.log"), "{}", records.stderr());
    dir.run(&["records", "closed.log"]).exits(2);
}

#[test]
fn odd_requests_and_objects_are_no_crash() {
    let dir = Dir::new();
    dir.file("a.log", combined(0, "GET /;.css HTTP/1.1", 200, 1) + &combined(1, "GET /.;a.b/;/..;x HTTP/1.1", 200, 1));
    assert_eq!(dir.run(&["a.log", "-o", "json"]).exits(0).json()["lines"]["parsed"], 2);
    let deep = format!("{{\"status\":{}200{}}}\n{{\"status\":200,\"uri\":\"/a\"}}\n", "[".repeat(100_000), "]".repeat(100_000));
    dir.file("deep.json", deep);
    assert_eq!(dir.run(&["deep.json", "-o", "json"]).exits(0).json()["lines"]["parsed"], 1);
}

#[test]
fn the_last_line_needs_no_line_end_in_a_pipe() {
    let dir = Dir::new();
    let line = combined(0, "GET / HTTP/1.1", 200, 1);
    assert_eq!(dir.run_with(&["-o", "json"], Some(line.trim_end().as_bytes())).exits(0).json()["lines"]["parsed"], 1);
}

#[test]
fn hosts_colours_and_quiet() {
    let dir = Dir::new();
    let line = |host: &str| format!("{host} {}", combined(0, "GET / HTTP/1.1", 200, 1));
    dir.file("access.log", line("www.example.com:443") + &line("api.example.com:443") + "garbage\n");
    let parsed = |host: &str| dir.run(&["-o", "json", "--host", host, "access.log"]).exits(0).json()["lines"]["parsed"].clone();
    assert_eq!((parsed("www.example.com"), parsed("*.example.com:443"), parsed("!api.*")), (1.into(), 2.into(), 1.into()));
    assert!(dir.run(&["--color", "always", "access.log"]).exits(0).stdout().contains("\u{1b}["));
    assert!(!dir.run(&["access.log"]).exits(0).stdout().contains('\u{1b}'));
    assert!(
        dir.run(&["-q", "records", "access.log"]).stderr().contains("cannot be used with")
            || dir.run(&["records", "-q", "access.log"]).exits(0).stderr().is_empty()
    );
}

/// Two services, one of them in two files, and a file that no rule fits.
fn services() -> Dir {
    let dir = Dir::new();
    let root = |n: u32, status| combined(n, "GET / HTTP/1.1", status, 10);
    std::fs::create_dir(dir.path().join("shop")).unwrap();
    dir.file("api.access.log", root(0, 200) + &root(1, 502));
    dir.file("api.access.log.1", root(2, 200) + "garbage\n");
    dir.file("shop/access.log", root(3, 200) + &root(4, 404) + &root(64, 200));
    dir.file("other.log", root(5, 301));
    dir
}

const SERVICES: [&str; 8] = ["--service", "api=api*", "--service", "shop=**/shop/**", "api.access.log*", "shop", "other.log", "-q"];

#[test]
fn services_tell_routes_apart() {
    let dir = services();
    let json = dir.run(&[&SERVICES[..], &["-o", "json"]].concat()).exits(0).json();
    let rows = |list: &str, keys: &[&str]| {
        let row = |row: &serde_json::Value| keys.iter().map(|key| row[key].clone()).collect::<Vec<_>>();
        serde_json::Value::from(json[list].as_array().unwrap().iter().map(|r| row(r).into()).collect::<Vec<serde_json::Value>>())
    };
    assert_eq!(
        rows("services", &["service", "count", "bytes", "errors", "codes", "last_seen"]),
        serde_json::json!([
            ["api", 3, 30, 1, {"200": 2, "502": 1}, "2025-06-15T00:00:02Z"],
            ["shop", 3, 30, 0, {"200": 2, "404": 1}, "2025-06-15T00:01:04Z"],
            [null, 1, 10, 0, {"301": 1}, "2025-06-15T00:00:05Z"],
        ])
    );
    assert_eq!(json["services"][0]["error_rate"].as_f64(), Some(1.0 / 3.0));
    assert_eq!(json["services"][1]["windows"].as_array().unwrap().len(), 3);
    assert_eq!(rows("routes", &["service", "route", "count"]), serde_json::json!([["api", "/", 3], ["shop", "/", 3], [null, "/", 1]]));
    assert_eq!(rows("inputs", &["service"]), serde_json::json!([["api"], ["api"], ["shop"], [null]]));
    assert_eq!(json["codes"][1]["top_route"]["service"], serde_json::Value::Null);
    let text = dir.run(&SERVICES).exits(0).stdout();
    assert!(text.contains("\nSERVICE  REQUESTS") && text.contains("\nSERVICE  ROUTE"), "{text}");
    let auto = dir.run(&["--service", "auto", "-o", "json", "api.access.log.1", "shop/access.log"]).exits(0).json();
    assert_eq!(auto["services"].as_array().unwrap().iter().map(|s| &s["service"]).collect::<Vec<_>>(), ["shop", "api"]);
    let piped =
        dir.run_with(&["--service", "pipe=-", "-o", "json"], Some(combined(0, "GET / HTTP/1.1", 200, 1).as_bytes())).exits(0).json();
    assert_eq!(piped["routes"][0]["service"], "pipe");
}

#[test]
fn without_services_no_output_speaks_of_them() {
    let dir = services();
    for args in [&["-o", "json"][..], &["-o", "csv"], &["-o", "csv", "--by", "route,window"], &["-o", "md"], &["-o", "table"]] {
        let text = dir.run(&[args, &["other.log", "api.access.log"]].concat()).exits(0).stdout().to_lowercase();
        assert!(
            !text.contains("\"service") && !text.contains("service,") && !text.contains("| service") && !text.contains("\nservice"),
            "{text}"
        );
    }
    for format in ["jsonl", "csv"] {
        let text = dir.run(&["records", "-o", format, "other.log"]).exits(0).stdout();
        assert!(!text.contains("service"), "{text}");
    }
}

#[test]
fn services_are_filtered_before_a_line_is_read() {
    let dir = services();
    let of = |only: &str| {
        let json = dir.run(&[&SERVICES[..], &["--only-service", only, "-o", "json"]].concat()).exits(0).json();
        (json["inputs"].as_array().unwrap().len(), json["lines"]["read"].as_u64().unwrap())
    };
    assert_eq!([of("api"), of("API,sh*"), of("!api"), of("*,!shop")], [(2, 4), (3, 7), (2, 4), (2, 4)]);
    let ran = dir.run(&["--service", "api=api*", "--service", "gone=gone*", "api.access.log", "-o", "json"]).exits(0);
    assert!(ran.stderr().contains("--service gone=gone*: no input gets its service by this"), "{}", ran.stderr());
    let rejects = dir.run(&[&SERVICES[..], &["--only-service", "shop", "--rejects", "bad.tsv"]].concat()).exits(0);
    assert!(rejects.stderr().is_empty());
    assert_eq!(std::fs::read_to_string(dir.path().join("bad.tsv")).unwrap(), "");
}

#[test]
fn csv_and_records_have_a_column_of_services() {
    let dir = services();
    let csv = |by: &str| {
        let text = dir.run(&[&SERVICES[..], &["-o", "csv", "--window", "1m", "--by", by]].concat()).exits(0).stdout();
        text.split_terminator("\r\n").map(str::to_owned).collect::<Vec<_>>()
    };
    let routes = csv("route");
    assert!(routes[0].ends_with(",first_seen,last_seen,service"), "{routes:?}");
    assert!(routes[1..].iter().any(|row| row.starts_with("GET,/,502,") && row.ends_with(",api")), "{routes:?}");
    assert!(routes[1..].iter().any(|row| row.starts_with("GET,/,301,") && row.ends_with("Z,")), "{routes:?}");
    let services = csv("service");
    assert_eq!(services[0], "service,code,name,class,count,share");
    assert!(services.contains(&"api,502,Bad Gateway,5xx,1,0.333333".to_owned()), "{services:?}");
    assert!(services.contains(&",301,Moved Permanently,3xx,1,1".to_owned()), "{services:?}");
    let windows = csv("service,window");
    assert_eq!(windows[0], "start,end,service,code,name,class,count,share");
    assert!(windows.contains(&"2025-06-15T00:01:00Z,2025-06-15T00:02:00Z,shop,200,OK,2xx,1,1".to_owned()), "{windows:?}");
    assert!(csv("route,window")[0].ends_with(",count,share,service"));
    let records = dir.run(&[&["records"], &SERVICES[..]].concat()).exits(0).stdout();
    let rows: Vec<serde_json::Value> = records.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(
        rows.iter().map(|r| r["service"].as_str()).collect::<Vec<_>>(),
        [Some("api"), Some("api"), Some("api"), Some("shop"), Some("shop"), Some("shop"), None]
    );
    assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 25));
    dir.file("=1+1.log", combined(0, "GET / HTTP/1.1", 200, 1));
    let records = dir.run(&["records", "-o", "csv", "--service", "auto", "=1+1.log"]).exits(0).stdout();
    assert!(records.starts_with("input,") && records.contains(",cache_status,service\r\n") && records.ends_with(",'=1+1\r\n"), "{records}");
}

#[test]
fn an_interrupt_ends_it_as_signals_do() {
    use std::os::unix::process::ExitStatusExt;
    let dir = Dir::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_logcodes"))
        .current_dir(dir.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    // A shell shows an end by SIGINT as 130.
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

#[test]
fn a_closed_pipe_is_0() {
    let dir = Dir::new();
    let long: String = (0..50_000).map(|n| combined(n, &format!("GET /{n}x/y HTTP/1.1"), 200, 1)).collect();
    dir.file("access.log", long);
    let script = format!("set -o pipefail; '{}' records access.log -q | head -n 1", env!("CARGO_BIN_EXE_logcodes"));
    let output = std::process::Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn odd_bytes_are_counted_and_never_a_crash() {
    let dir = Dir::new();
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    bytes.extend(combined(0, "GET /bom HTTP/1.1", 200, 1).bytes());
    bytes.extend(combined(1, "GET /crlf HTTP/1.1", 200, 1).trim_end().bytes().chain(*b"\r\n"));
    bytes.extend(b"192.0.2.1 - - [15/Jun/2025:00:00:02 +0000] \"GET /\xff\x00 HTTP/1.1\" 200 1 \"-\" \"\xfe\"\n");
    bytes.extend(b"\x00\xff\xfe garbage\n");
    bytes.extend(b"\n");
    bytes.extend(combined(3, &format!("GET /{} HTTP/1.1", "a".repeat(10 << 20)), 414, 1).bytes());
    bytes.extend(combined(4, "GET /last HTTP/1.1", 200, 1).trim_end().bytes());
    dir.file("access.log", &bytes);
    for args in [&["access.log", "-o", "json"][..], &["access.log", "-o", "json", "--no-mmap"], &["access.log", "-o", "json", "-j", "3"]] {
        let json = dir.run(args).exits(0).json();
        assert_eq!(json["inputs"][0]["lines"], 7);
        assert_eq!(json["lines"], serde_json::json!({"read": 6, "parsed": 5, "filtered": 0, "rejected": 1, "directives": 1}));
        assert_eq!(json["codes"][1]["code"], 414);
    }
    let records = dir.run(&["records", "access.log"]).exits(0).stdout();
    assert!(records.contains("\"path\":\"/\u{fffd}\\u0000\""), "{}", &records[..2000]);
}

#[test]
fn gzip_directories_and_patterns() {
    let dir = Dir::new();
    dir.file("access.log", combined(3, "GET /3 HTTP/1.1", 200, 1));
    dir.file("access.log.1", combined(2, "GET /2 HTTP/1.1", 200, 1));
    dir.file("error.log", "2025/06/15 00:00:00 [error] 1#1: x\n");
    let member = |line: &str| {
        use std::io::Write;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(line.as_bytes()).unwrap();
        gz.finish().unwrap()
    };
    dir.file(
        "access.log.2.gz",
        [member(&combined(0, "GET /0 HTTP/1.1", 200, 1)), member(&combined(1, "GET /1 HTTP/1.1", 200, 1))].concat(),
    );
    let json = dir.run(&["-o", "json", "."]).exits(0).json();
    assert_eq!(json["lines"]["parsed"], 4);
    assert_eq!(json["inputs"].as_array().unwrap().len(), 3);
    let records = dir.run(&["records", "access.log*"]).exits(0).stdout();
    let times: Vec<&str> = records.lines().map(|l| &l[l.find("T00:00:0").unwrap()..][..9]).collect();
    assert_eq!(times, ["T00:00:00", "T00:00:01", "T00:00:02", "T00:00:03"]);
}

#[test]
fn formats_are_listed_and_told() {
    let dir = Dir::new();
    dir.file("access.log", log());
    assert!(dir.run(&["formats"]).exits(0).stdout().contains("apache-vhost-combined"));
    assert!(dir.run(&["formats", "access.log"]).exits(0).stdout().starts_with("access.log: nginx-combined\n"));
    dir.file("x.log", "no log\n");
    dir.run(&["formats", "x.log"]).exits(3);
}

#[test]
fn help_and_version() {
    let dir = Dir::new();
    assert!(dir.run(&["--help"]).exits(0).stdout().contains("EXIT CODES"));
    assert_eq!(dir.run(&["-V"]).exits(0).stdout(), format!("logcodes {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn formats_points_at_the_place_where_a_line_stopped() {
    let dir = Dir::new();
    let broken = combined(3, "GET /c HTTP/1.1", 200, 1).replace(" 200 ", " 2x0 ");
    let file = dir.file("access.log", [combined(1, "GET /a HTTP/1.1", 200, 1), combined(2, "GET /b HTTP/1.1", 404, 1), broken].concat());
    let told = dir.run(&["formats", file.to_str().unwrap()]).exits(0).stdout();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].ends_with("access.log: nginx-combined"), "{told}");
    assert!(lines[1].contains("2 of 3 sampled lines are records, 2 fit to their end"), "{told}");
    // The runners-up come behind it.
    assert!(lines[2].trim_start().starts_with("apache-combined"), "{told}");
    let [.., line, mark] = lines[..] else { panic!("{told}") };
    assert_eq!(mark.find('^'), line.find("2x0"), "{told}");
}

#[test]
fn rejected_lines_are_shown_three_times_where_they_stand_and_without_secrets() {
    let dir = Dir::new();
    let bad = |n: u32| format!("this is line {n} with /login?token=sesame\n");
    let log: String = (1..=5).map(|n| combined(n, "GET / HTTP/1.1", 200, 1) + &bad(2 * n)).collect();
    let file = dir.file("access.log", log);
    let json = dir.run(&["-o", "json", file.to_str().unwrap()]).exits(0).json();
    let reject = &json["rejects"][0];
    let lines: Vec<u64> = reject["samples"].as_array().unwrap().iter().map(|s| s["line"].as_u64().unwrap()).collect();
    assert_eq!((&reject["count"], lines), (&5.into(), vec![2, 4, 6]));
    let sample = &reject["samples"][0];
    assert!(sample["input"].as_str().unwrap().ends_with("access.log") && !sample["text"].as_str().unwrap().contains("sesame"), "{sample}");
    dir.run(&["--max-rejects", "1%", file.to_str().unwrap()]).exits(3);
}

#[test]
fn times_without_a_zone_and_out_of_order() {
    let dir = Dir::new();
    let line = |time: &str| format!("{time} 192.0.2.1 GET /a - 80 - 192.0.2.7 curl/8 - 200 0 0 5\n");
    let log = [line("2025-07-15 12:00:00"), line("2025-01-15 12:00:00"), line("2025-07-15 11:59:59")].concat();
    let file = dir.file("u_ex250715.log", log);
    let times = |args: &[&str]| -> Vec<String> {
        let records = dir.run(&[&["records", file.to_str().unwrap()], args].concat()).exits(0).stdout();
        records.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["time"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(times(&[]), ["2025-07-15T12:00:00Z", "2025-01-15T12:00:00Z", "2025-07-15T11:59:59Z"]);
    // An hour behind in winter and two in summer.
    assert_eq!(times(&["--tz", "Europe/Berlin"]), ["2025-07-15T10:00:00Z", "2025-01-15T11:00:00Z", "2025-07-15T09:59:59Z"]);
    let json = dir.run(&["-o", "json", file.to_str().unwrap()]).exits(0).json();
    assert_eq!(json["span"], serde_json::json!({"start": "2025-01-15T12:00:00Z", "end": "2025-07-15T12:00:00Z"}));
}

#[test]
fn a_file_of_any_name_takes_the_output_that_is_named() {
    let dir = Dir::new();
    std::fs::write(dir.path().join("access.log"), combined(0, "GET / HTTP/1.1", 200, 1)).unwrap();
    for (args, starts) in [
        (&["-o", "json=a.txt", "access.log"][..], "{"),
        (&["findings", "-o", "md=a.txt", "access.log"], "## Findings"),
        (&["records", "-o", "csv=a.txt", "access.log"], "input,"),
    ] {
        assert_eq!(dir.run(args).exits(0).stdout(), "", "{args:?}");
        let text = std::fs::read_to_string(dir.path().join("a.txt")).unwrap();
        assert!(text.starts_with(starts), "{args:?}: {text}");
    }
}
