//! The README tells the truth: its transcripts are what the program prints, its commands exist.

mod support;

use std::path::Path;
use std::process::Command;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The blocks of a kind, fences removed.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let fence = format!("```{kind}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// How long a run took differs each time.
fn without_time(text: &str) -> String {
    let line = |line: &str| line.split_once(" kB in ").map_or(line.to_owned(), |(before, _)| format!("{before} kB"));
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn transcripts_are_what_the_program_prints() {
    let transcripts = blocks(&readme(), "console");
    assert!(!transcripts.is_empty());
    for transcript in transcripts {
        let (command, expected) = transcript.split_once('\n').unwrap();
        let args = command.strip_prefix("$ logcodes ").unwrap().split(' ');
        let output = Command::new(env!("CARGO_BIN_EXE_logcodes"))
            .args(args)
            .env("COLUMNS", "100")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(without_time(printed.trim_end()), without_time(expected), "{command}");
    }
}

#[test]
fn options_in_the_examples_exist() {
    let dir = support::Dir::new();
    let help = dir.run(&["--help"]).exits(0).stdout()
        + &dir.run(&["records", "--help"]).exits(0).stdout()
        + &dir.run(&["explain", "--help"]).exits(0).stdout()
        + &dir.run(&["compare", "--help"]).exits(0).stdout()
        + &dir.run(&["findings", "--help"]).exits(0).stdout();
    for line in blocks(&readme(), "sh").iter().flat_map(|b| b.lines()).filter(|l| l.contains("logcodes ")) {
        let command = line.split("  #").next().unwrap();
        for option in command.split(' ').filter(|w| w.starts_with("--") && w.len() > 2) {
            assert!(help.contains(option), "{option} of {line:?} is not in the help");
        }
    }
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let ci = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")).unwrap();
    assert!(readme().contains("\ncargo test ") && ci.contains("\ncargo test\n"));
    assert!(
        readme().contains("cargo run --release -- fixtures/nginx-timed/access.log")
            && ci.contains("cargo run --release --locked -- fixtures/nginx-timed/access.log")
    );
}
