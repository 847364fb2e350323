//! What the documentation tells CI to run, run here: the steps of the GitHub action, the script of the GitLab job, and the
//! shell script around a deploy.
#![cfg(unix)]

mod support;

use saphyr::{LoadableYamlNode, Yaml};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{Dir, combined};

fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn load(text: &str) -> Yaml<'_> {
    Yaml::load_from_str(text).unwrap().into_iter().next().unwrap()
}

/// A search path on which the built program comes first.
fn path() -> String {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_logcodes"));
    format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap())
}

/// So many lines from a second on, every n-th of them a 502 if n is not 0.
fn log(from: u32, lines: u32, every: u32) -> String {
    let status = |n| if every > 0 && n % every == 0 { 502 } else { 200 };
    (0..lines).map(|n| combined(from + n, "GET /pay HTTP/1.1", status(n), 10)).collect()
}

fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A step of a composite action as a runner runs it, with the inputs that are given.
fn run_step(dir: &Dir, step: &Yaml, defaults: &Yaml, inputs: &[(&str, &str)]) -> Output {
    let script = dir.file("step.sh", step["run"].as_str().unwrap());
    assert_eq!(step["shell"].as_str(), Some("bash"), "a composite action must name its shell");
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(script).current_dir(dir.path()).env("PATH", path());
    command.env("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR")).env("GITHUB_ACTIONS", "true");
    for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        command.env(name, dir.path().join(name));
    }
    for (key, value) in step.as_mapping_get("env").and_then(Yaml::as_mapping).into_iter().flatten() {
        let name = value.as_str().unwrap().strip_prefix("${{ inputs.").and_then(|v| v.strip_suffix(" }}")).unwrap();
        assert!(defaults.as_mapping_get(name).is_some(), "{name} is no input");
        let given = inputs.iter().find(|(input, _)| *input == name).map(|(_, value)| *value);
        let default = || defaults[name].as_mapping_get("default").and_then(Yaml::as_str).unwrap_or_default();
        command.env(key.as_str().unwrap(), given.unwrap_or_else(default));
    }
    command.output().unwrap()
}

/// All steps of the action; what the last one said, its exit code, and its verdict.
fn action(dir: &Dir, inputs: &[(&str, &str)]) -> (String, Option<i32>, String) {
    let text = document("action.yml");
    let action = load(&text);
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    let given: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        assert!(input["description"].as_str().is_some_and(|d| d.len() > 10), "{name:?}");
        let required = input.as_mapping_get("required").and_then(Yaml::as_bool).unwrap_or(false);
        assert!(!required || given.contains(&name.as_str().unwrap()), "{name:?} is required");
    }
    let mut last = None;
    for step in action["runs"]["steps"].as_sequence().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "an input in a script is a way into it");
        last = Some(run_step(dir, step, &action["inputs"], inputs));
    }
    let output = last.unwrap();
    let verdict = std::fs::read_to_string(dir.path().join("GITHUB_OUTPUT")).unwrap_or_default();
    (told(&output), output.status.code(), verdict.lines().last().unwrap_or_default().to_owned())
}

#[test]
fn the_github_action_fails_a_job_and_says_why() {
    let dir = Dir::new();
    dir.file("bad 1.log", log(0, 900, 10));
    let inputs =
        [("files", "\n  bad 1.log  \n"), ("fail-on", "rate(5xx) > 1%\n\nrate(4xx) > 50%\n"), ("output", "junit=out.xml\nout.sarif\n")];
    let (told, code, verdict) = action(&dir, &inputs);
    assert_eq!((code, verdict.as_str()), (Some(1), "verdict=fail"), "{told}");
    assert!(told.contains("\n::error title=rate(5xx) > 1%25") || told.starts_with("::error title=rate(5xx) > 1%25"), "{told}");
    let summary = std::fs::read_to_string(dir.path().join("GITHUB_STEP_SUMMARY")).unwrap();
    assert!(summary.contains("logcodes check failed") && summary.contains("90 of 900"), "{summary}");
    assert!(std::fs::read_to_string(dir.path().join("out.xml")).unwrap().contains("<failure "));
    assert!(std::fs::read_to_string(dir.path().join("out.sarif")).unwrap().contains("2.1.0"));
}

#[test]
fn the_github_action_keeps_a_baseline_and_passes_on_exit_codes() {
    let dir = Dir::new();
    dir.file("good.log", log(0, 2000, 0));
    let inputs = [("files", "good.log"), ("fail-on", "rate(5xx) > 1%"), ("baseline", "base.json"), ("save-baseline", "base.json")];
    let (told, code, verdict) = action(&dir, &inputs);
    assert_eq!((code, verdict.as_str()), (Some(0), "verdict=pass"), "{told}");
    assert!(told.contains("::warning title=logcodes::The baseline is not there yet"), "{told}");
    let (told, code, _) = action(&dir, &inputs);
    assert!(code == Some(0) && !told.contains("not there yet"), "{told}");
    dir.file("short.log", log(0, 3, 0));
    let short = [("files", "short.log"), ("fail-on", "rate(5xx) > 1%")];
    let (told, code, verdict) = action(&dir, &short);
    assert_eq!((code, verdict.as_str()), (Some(3), "verdict=inconclusive"), "{told}");
    assert!(told.contains("::error title=logcodes::The log cannot tell"), "a step that fails says why: {told}");
    assert_eq!(action(&dir, &[short[0], short[1], ("on-inconclusive", "pass")]).1, Some(0));
    let (told, code, verdict) = action(&dir, &[("files", "$(touch owned)"), ("fail-on", "`touch owned`")]);
    assert_eq!((code, verdict.as_str()), (Some(2), "verdict=error"), "{told}");
    assert!(!dir.path().join("owned").exists());
}

#[test]
fn the_gitlab_job_leaves_the_reports_that_it_names() {
    let text = document("docs/gitlab-ci.yml");
    let jobs = load(&text);
    let job = &jobs["access-log"];
    let dir = Dir::new();
    dir.file("access.log", log(0, 900, 10));
    let lines: Vec<&str> = job["script"].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let script = dir.file("script.sh", lines.join("\n"));
    let mut command = Command::new("sh");
    command.arg("-e").arg(script).current_dir(dir.path()).env("PATH", path());
    for (name, value) in job["variables"].as_mapping().unwrap() {
        command.env(name.as_str().unwrap(), value.as_str().unwrap());
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("FAIL"), "{}", told(&output));
    let reports = &job["artifacts"]["reports"];
    let read = |kind: &str| std::fs::read_to_string(dir.path().join(reports[kind].as_str().unwrap())).unwrap();
    assert!(quick_junit::Report::deserialize_from_str(&read("junit")).unwrap().test_suites.len() == 2);
    let issues: serde_json::Value = serde_json::from_str(&read("codequality")).unwrap();
    assert!(!issues.as_array().unwrap().is_empty());
    assert_eq!(job["artifacts"]["when"].as_str(), Some("always"), "a failed job must keep its reports");
}

/// The script around a deploy that appends `after` to the log.
fn deploy(dir: &Dir, before: &str, after: &str, how: &str) -> (String, Option<i32>) {
    dir.file("access.log", before);
    dir.file("after.log", after);
    dir.file("deploy.sh", format!("echo deployed >> trail\ncat after.log {how} access.log\n"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pre-deploy.sh");
    let mut command = Command::new("sh");
    command.arg(script).args(["access.log", "sh", "deploy.sh"]).current_dir(dir.path());
    command.env("PATH", path()).env("WAIT", "0").env("ROLLBACK", "echo rolled back >> trail");
    let output = command.output().unwrap();
    (told(&output), output.status.code())
}

#[test]
fn the_deploy_script_deploys_looks_and_takes_back() {
    let trail = |dir: &Dir| std::fs::read_to_string(dir.path().join("trail")).unwrap_or_default();
    let well = log(0, 2000, 400);

    let dir = Dir::new();
    let (told, code) = deploy(&dir, &well, &log(3000, 2000, 400), ">>");
    assert_eq!((code, trail(&dir).as_str()), (Some(0), "deployed\n"), "{told}");
    assert!(dir.path().join("logcodes-baseline.json").exists());

    let dir = Dir::new();
    let (told, code) = deploy(&dir, &well, &log(3000, 500, 5), ">>");
    assert_eq!((code, trail(&dir).as_str()), (Some(1), "deployed\nrolled back\n"), "{told}");

    // A log that was rotated by the deploy.
    let dir = Dir::new();
    let (told, code) = deploy(&dir, &well, &log(3000, 500, 5), ">");
    assert_eq!((code, trail(&dir).as_str()), (Some(1), "deployed\nrolled back\n"), "{told}");

    let dir = Dir::new();
    let (told, code) = deploy(&dir, &log(0, 2000, 5), "", ">>");
    assert_eq!((code, trail(&dir).as_str()), (Some(1), ""), "an ill service gets no deploy: {told}");

    let dir = Dir::new();
    let (told, code) = deploy(&dir, &well, "", ">>");
    assert_eq!((code, trail(&dir).as_str()), (Some(3), "deployed\n"), "no traffic is no answer: {told}");
}

#[test]
fn the_page_lists_what_there_is() {
    let page = document("docs/ci.md");
    for output in logcodes::output::VERDICTS {
        let extensions: Vec<String> = output.extensions.iter().map(|x| format!("`.{x}`")).collect();
        assert!(page.contains(&format!("| `{}` | {}", output.name, extensions.join(", "))), "{}", output.name);
    }
    let text = document("action.yml");
    let listed = page.split("Its inputs are ").nth(1).unwrap().split(';').next().unwrap();
    let inputs: Vec<String> =
        load(&text)["inputs"].as_mapping().unwrap().keys().map(|name| format!("`{}`", name.as_str().unwrap())).collect();
    let (last, rest) = inputs.split_last().unwrap();
    assert_eq!(listed, format!("{} and {last}", rest.join(", ")));
    for file in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file).exists(), "{file}");
    }
}
