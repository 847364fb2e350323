//! What is written of a verdict: every output with every kind of verdict, and each format held against its readers' rules.

mod support;
#[path = "support/verdicts.rs"]
mod verdicts;

use logcodes::gate::Verdict;
use logcodes::output::{RulesFile, VERDICTS, View, find, write_summary};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use support::{Dir, combined, fits};

fn written(verdict: &Verdict, name: &str, view: &View) -> String {
    let mut bytes = Vec::new();
    (find(VERDICTS, name).unwrap().0.write)(verdict, view, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn summary(verdict: &Verdict, used: usize) -> String {
    let mut bytes = Vec::new();
    write_summary(verdict, &View::default(), used, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Views that differ in what a verdict's outputs look at.
fn views() -> Vec<View> {
    let rules = Some(RulesFile { path: "ci/logcodes, rules: 1.toml".into(), lines: vec![7, 12] });
    vec![
        View::default(),
        View { width: Some(80), doubt_fails: true, ..View::default() },
        View { width: Some(40), rules, ..View::default() },
    ]
}

#[test]
fn golden_verdicts() {
    for (name, verdict) in [("pass", verdicts::pass()), ("fail", verdicts::fail()), ("inconclusive", verdicts::inconclusive())] {
        insta::assert_snapshot!(format!("verdict_{name}_table"), written(&verdict, "table", &View { width: Some(80), ..View::default() }));
    }
    for output in VERDICTS.iter().filter(|o| o.name != "table") {
        // The version of the tool changes, what is said does not.
        let text = written(&verdicts::fail(), output.name, &View::default()).replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(format!("verdict_fail_{}", output.name), text);
    }
}

#[test]
fn no_output_lets_a_log_speak_for_itself() {
    for (kind, verdict) in verdicts::all() {
        for view in views() {
            for output in VERDICTS {
                let text = written(&verdict, output.name, &view);
                let what = format!("{} of {kind}", output.name);
                assert!(text.ends_with('\n'), "{what}");
                if output.name != "json" {
                    let control = |c: char| c.is_control() && c != '\n';
                    assert!(!text.contains(control), "{what}: {text:?}");
                    assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{feff}', '\u{2066}']), "{what}");
                    assert!(!text.contains(&"/long".repeat(200)), "{what}: a text of 10 kB is cut");
                }
                if output.name == "table" {
                    assert!(fits(&text, view.width.unwrap_or(usize::MAX)), "{what}: {text}");
                    assert!(commands(&text).is_empty() && !text.contains("##["), "{what}: {text}");
                }
            }
        }
    }
}

#[test]
fn colours_only_underline() {
    let verdict = verdicts::fail();
    let plain = written(&verdict, "table", &View { width: Some(80), ..View::default() });
    let mut colored = written(&verdict, "table", &View { width: Some(80), color: true, ..View::default() });
    assert!(colored.contains("\u{1b}[1;31mFAIL\u{1b}[0m"));
    while let Some(at) = colored.find('\u{1b}') {
        let end = at + colored[at..].find('m').unwrap();
        colored.replace_range(at..=end, "");
    }
    assert_eq!(colored, plain);
}

#[test]
fn json_is_what_the_contract_says() {
    let json: Value = serde_json::from_str(&written(&verdicts::fail(), "json", &View::default())).unwrap();
    let rule = &json["rules"][0];
    assert_eq!([&json["verdict"], &rule["verdict"], &rule["method"]], ["fail", "fail", "POST"]);
    assert_eq!([&rule["value"], &rule["threshold"]], [0.3144, 0.02]);
    assert_eq!(rule["interval"], serde_json::json!([0.2451, 0.3931]));
    assert_eq!(rule["window"], serde_json::json!({"start": "2025-06-15T15:05:00Z", "end": "2025-06-15T15:10:00Z"}));
}

/// From a log whose every request tries something, through the program, to all outputs at once.
#[test]
fn a_hostile_log_is_judged_and_harms_no_reader() {
    let dir = Dir::new();
    let mut log = String::new();
    for (n, trick) in verdicts::TRICKS.iter().cycle().take(2000).enumerate() {
        // What would end the line or the field a server writes as an escape, or it is none of its lines.
        let trick = trick.replace('\n', "").replace('"', "\\x22");
        log += &combined(n as u32, &format!("GET /{trick} HTTP/1.1"), if n % 3 == 0 { 502 } else { 200 }, 1);
    }
    dir.file("access.log", log);
    let mut args = vec!["check", "access.log", "--fail-on", "rate(5xx) by route > 1%", "--fail-on", "spike(5xx)"];
    let files = ["out.txt", "out.json", "out.xml", "github=out.github", "gl.codequality.json", "out.sarif", "out.md"];
    assert_eq!(files.len(), VERDICTS.len());
    files.iter().for_each(|file| args.extend(["-o", file]));
    dir.run(&args).exits(1);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    for name in ["out.txt", "out.xml", "out.github", "gl.codequality.json", "out.sarif", "out.md"] {
        let text = read(name);
        assert!(text.contains("GET /") && !text.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{name}: {text}");
    }
    assert!(commands(&read("out.txt")).is_empty() && commands(&read("out.github")).len() > 5);
    check_junit(roxmltree::Document::parse(&read("out.xml")).unwrap().root_element());
    assert!(read("out.sarif").parse::<Value>().unwrap()["runs"][0]["results"].as_array().unwrap().len() > 5);
    assert!(outside(&read("out.md")).1, "a fence is open");
    assert_eq!(read("out.json").parse::<Value>().unwrap()["verdict"], "fail");
}

// ---------------------------------------------------------------------------------------------------------------- JUnit

/// What readers of JUnit XML allow in an element, and demand of it: the rules of the schema that Jenkins' xUnit plugin reads
/// by, and `disabled` and `skipped`, which others have beside these.
fn junit_allows(element: &str) -> (&'static [&'static str], &'static [&'static str], &'static [&'static str]) {
    match element {
        "testsuites" => (&["testsuite"], &[], &["name", "tests", "failures", "errors", "skipped", "time", "timestamp"]),
        "testsuite" => (
            &["properties", "testcase", "system-out", "system-err"],
            &["name", "tests", "failures", "errors"],
            &["name", "tests", "failures", "errors", "skipped", "disabled", "time", "timestamp", "id"],
        ),
        "properties" => (&["property"], &[], &[]),
        "property" => (&[], &["name", "value"], &["name", "value"]),
        "testcase" => (&["skipped", "error", "failure", "system-out", "system-err"], &["name"], &["name", "classname", "time"]),
        "failure" | "skipped" => (&[], &[], &["type", "message"]),
        other => panic!("no element of JUnit: {other}"),
    }
}

fn check_junit(node: roxmltree::Node) {
    let name = node.tag_name().name();
    let (children, demanded, allowed) = junit_allows(name);
    for child in node.children().filter(roxmltree::Node::is_element) {
        assert!(children.contains(&child.tag_name().name()), "{} in {name}", child.tag_name().name());
        check_junit(child);
    }
    let has: Vec<&str> = node.attributes().map(|a| a.name()).collect();
    assert!(has.iter().all(|a| allowed.contains(a)) && demanded.iter().all(|a| has.contains(a)), "{name}: {has:?}");
    if name == "testsuite" {
        let of = |what: &str| node.descendants().filter(|n| n.has_tag_name(what)).count().to_string();
        assert_eq!([node.attribute("tests"), node.attribute("failures")], [Some(of("testcase").as_str()), Some(of("failure").as_str())]);
    }
}

#[test]
fn junit_is_read_by_others() {
    for (kind, verdict) in verdicts::all() {
        for view in views() {
            let text = written(&verdict, "junit", &view);
            let document = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{kind}: {e}\n{text}"));
            check_junit(document.root_element());
            let cases: Vec<_> = document.descendants().filter(|n| n.has_tag_name("testcase")).collect();
            assert_eq!(cases.len(), verdict.rules.iter().map(|r| 1 + r.others.len()).sum::<usize>(), "{kind}");
            let report = quick_junit::Report::deserialize_from_str(&text).unwrap();
            assert_eq!(report.test_suites.len(), verdict.rules.len());
        }
    }
    let count = |verdict, view: &View, what: &str| written(verdict, "junit", view).matches(what).count();
    let (doubt, harsh) = (verdicts::inconclusive(), View { doubt_fails: true, ..View::default() });
    assert_eq!([count(&doubt, &View::default(), "<skipped "), count(&doubt, &View::default(), "<failure ")], [1, 0]);
    assert_eq!([count(&doubt, &harsh, "<skipped "), count(&doubt, &harsh, "<failure ")], [0, 1]);
    assert_eq!(count(&verdicts::pass(), &harsh, "<failure "), 0);
}

// --------------------------------------------------------------------------------------------------------------- GitHub

struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    data: String,
}

/// A line as the runner reads it: `::name key=value,…::data`, and each value with its escapes undone.
fn command(line: &str) -> Option<Command> {
    let (info, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    let undone = |text: &str, escapes: &[(&str, &str)]| escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let properties = properties.trim().split(',').filter_map(|pair| pair.split_once('=')).filter(|(_, value)| !value.is_empty());
    let property = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
    Some(Command {
        name: name.to_owned(),
        properties: properties.map(|(key, value)| (key.to_owned(), undone(value, &property))).collect(),
        data: undone(data, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]),
    })
}

fn commands(text: &str) -> Vec<Command> {
    text.lines().filter_map(command).collect()
}

#[test]
fn github_reads_what_was_meant() {
    for (kind, verdict) in verdicts::all() {
        for view in views() {
            let text = written(&verdict, "github", &view);
            let commands = commands(&text);
            assert_eq!(commands.len(), text.lines().count(), "{kind}: each line is a command\n{text}");
            for command in &commands {
                assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{kind}: {}", command.name);
                assert!(command.properties.keys().all(|key| ["title", "file", "line"].contains(&key.as_str())), "{:?}", command.properties);
                assert!(!command.properties["title"].is_empty() && !command.data.is_empty());
                let file = view.rules.as_ref().filter(|_| command.name != "notice").map(|r| r.path.as_str());
                assert_eq!(command.properties.get("file").map(String::as_str), file);
            }
            let of = |name: &str| commands.iter().filter(|c| c.name == name).count();
            assert!(of("error") <= 10 && of("warning") <= 10 && of("notice") == 1, "{kind}");
        }
    }
    let all = commands(&written(&verdicts::fail(), "github", &View::default()));
    let names: Vec<&str> = all.iter().map(|c| c.name.as_str()).collect();
    // The worst part and another one; a part in doubt, the rule in doubt and the one that only warns; what was judged.
    assert_eq!(names, ["error", "error", "warning", "warning", "warning", "notice"]);
    assert!(all[0].data.contains("\nvalue: 31.4 %, the limit is 2 %: 83 of 264 requests"), "{}", all[0].data);
    let many = commands(&written(&verdicts::hostile(), "github", &View::default()));
    let said = many.iter().rfind(|c| c.name == "error").unwrap().data.lines().last().unwrap().to_owned();
    // Of nine rules six are no warnings, and each has 15 violated parts.
    assert_eq!(said, "and 80 more: see the summary of the step");
}

// --------------------------------------------------------------------------------------------------------- code quality

#[test]
fn gitlab_reads_each_issue_once() {
    for (kind, verdict) in verdicts::all() {
        for view in views() {
            let issues: Value = serde_json::from_str(&written(&verdict, "gitlab", &view)).unwrap();
            let mut prints = HashSet::new();
            for issue in issues.as_array().unwrap() {
                let text = |key: &str| issue[key].as_str().filter(|t| !t.is_empty()).unwrap_or_else(|| panic!("{kind}: {key} of {issue}"));
                let keys: Vec<&str> = issue.as_object().unwrap().keys().map(String::as_str).collect();
                assert_eq!(keys, ["check_name", "description", "fingerprint", "location", "severity"]);
                assert!(!text("description").is_empty() && !text("check_name").is_empty());
                assert!(["info", "minor", "major", "critical", "blocker"].contains(&text("severity")));
                assert!(prints.insert(text("fingerprint").to_owned()), "{kind}: GitLab drops the second of two fingerprints");
                assert!(issue["location"]["path"].as_str().is_some_and(|p| !p.is_empty() && !p.starts_with("./")));
                assert!(issue["location"]["lines"]["begin"].as_u64().is_some_and(|line| line >= 1));
            }
            let holds = |r: &&logcodes::gate::Ruling| r.verdict != logcodes::gate::Outcome::Pass;
            assert_eq!(prints.len(), verdict.rules.iter().filter(holds).map(|r| 1 + r.others.len()).sum::<usize>(), "{kind}");
        }
    }
}

// ----------------------------------------------------------------------------------------------------------------- SARIF

#[test]
fn sarif_is_as_its_schema_wants_it() {
    // One pattern of the schema, of a language that is not written here, is no regular expression: a bracket is missing.
    let (broken, meant) = ("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    let schema: Value = serde_json::from_str(&include_str!("schemas/sarif-2.1.0.json").replace(broken, meant)).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for (kind, verdict) in verdicts::all() {
        for view in views() {
            let log: Value = serde_json::from_str(&written(&verdict, "sarif", &view)).unwrap();
            let errors: Vec<String> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{kind}: {errors:#?}");
            let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
            let ids: HashSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), rules.len(), "{kind}: ids are unique");
            let mut prints = HashSet::new();
            for result in log["runs"][0]["results"].as_array().unwrap() {
                assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
                assert!(prints.insert(result["partialFingerprints"]["logcodesRulePart/v1"].as_str().unwrap().to_owned()));
                // What a reader of messages would take for a placeholder or a link.
                let text = result["message"]["text"].as_str().unwrap();
                assert!(!text.contains("](") && !text.replace("{{", "").contains("{0}"), "{kind}: {text}");
            }
        }
    }
    let broken = serde_json::json!({"version": "2.1.0", "runs": [{"results": []}]});
    assert!(!validator.is_valid(&broken), "the schema sees a run without a tool");
}

fn fingerprints(verdict: &Verdict) -> Vec<String> {
    let issues: Value = serde_json::from_str(&written(verdict, "gitlab", &View::default())).unwrap();
    issues.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn fingerprints_are_of_rule_and_part() {
    let before = fingerprints(&verdicts::fail());
    let mut numbers = verdicts::fail();
    for ruling in &mut numbers.rules {
        (ruling.part.value, ruling.part.numerator, ruling.reason) = (Some(0.9), 9, "other numbers".into());
    }
    assert_eq!(fingerprints(&numbers), before);
    let mut elsewhere = verdicts::fail();
    elsewhere.rules[0].part.route = Some("/api/v2/payments".into());
    let after = fingerprints(&elsewhere);
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1..], before[1..]);
}

// -------------------------------------------------------------------------------------------------------------- Markdown

/// The text outside of fenced blocks, and whether all fences are closed.
fn outside(text: &str) -> (String, bool) {
    let (mut kept, mut fence) = (String::new(), None::<String>);
    for line in text.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("text").to_owned()),
            None => kept.push_str(&format!("{line}\n")),
        }
    }
    (kept, fence.is_none())
}

#[test]
fn markdown_is_closed_and_mentions_nobody() {
    for (kind, verdict) in verdicts::all() {
        for (text, most) in [
            (written(&verdict, "md", &View::default()), 60_000),
            (summary(&verdict, 0), 1 << 20),
            (summary(&verdict, (1 << 20) - 3000), 3000),
        ] {
            assert!(text.len() <= most, "{kind}: {} bytes", text.len());
            let (plain, closed) = outside(&text);
            assert!(closed, "{kind}: a fence is open\n{text}");
            // No text of a log has a backtick left that could end the code it stands in.
            let code_aside: String = plain.lines().flat_map(|line| line.split('`').step_by(2).chain(["\n"])).collect();
            assert_eq!(code_aside.matches("<details>").count(), code_aside.matches("</details>").count(), "{kind}");
            for bad in ["@everyone", "@team", "https://evil", "www.evil", "#12 ", "](http"] {
                assert!(!code_aside.replace("\\]", "").contains(bad), "{kind}: {bad} in\n{plain}");
            }
            // Of angle brackets only these tags are left, and such as a backslash makes text of.
            let tags = ["<details>", "</details>", "<summary>", "</summary>"];
            let tagless = tags.iter().fold(code_aside.replace("\\<", ""), |text, tag| text.replace(tag, ""));
            assert!(!tagless.contains('<'), "{kind}: {tagless}");
        }
    }
    assert!(summary(&verdicts::hostile(), (1 << 20) - 3000).contains("did not fit"));
    assert!(!summary(&verdicts::fail(), 0).contains("did not fit"));
    assert_eq!(summary(&verdicts::fail(), 1 << 20), "", "a file that is full takes nothing");
}

#[test]
fn long_lines_of_the_log_take_two_lines_at_most_and_say_that_they_are_cut() {
    let mut verdict = verdicts::fail();
    let kept: Vec<usize> = [1, 9]
        .into_iter()
        .map(|words| {
            verdict.rules[0].samples.truncate(1);
            verdict.rules[0].samples[0].text = "GET /a/rather/long/path/to/somewhere ".repeat(words);
            let table = written(&verdict, "table", &View { width: Some(60), ..View::default() });
            assert!(fits(&table, 60), "{table}");
            assert_eq!(table.lines().any(|line| line.ends_with('…')), words > 1, "{table}");
            table.lines().count()
        })
        .collect();
    assert!(kept[1] <= kept[0] + 1, "{kept:?}");
}
