//! Logs that change under the reader: cut, cut and grown again, replaced. Never a crash, and a word about what is missing.
//!
//! Each try starts the program on a large file, waits until it has mapped it and read some of it, and changes the file then.
//! The program is stopped meanwhile, so that it is known how far it came; once it is not, so that the change and the reading
//! race. A change that came too late proves nothing: then the try is made again with a larger file, and the test fails when
//! none of them was in time.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stderr, reason = "the test says when a change came too late")]

mod support;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{Dir, combined};

/// Bytes of the first try; a debug build takes a second and more for them.
const START: u64 = 48 << 20;
const TRIES: u32 = 5;

/// Writes a log of about so many bytes; gives its lines.
fn write_log(path: &Path, bytes: u64) -> u64 {
    let block: String = (0..2_000).map(|n| combined(n, &format!("GET /item/{n} HTTP/1.1"), 200, 10)).collect();
    let blocks = bytes.div_ceil(block.len() as u64);
    let mut file = std::io::BufWriter::new(File::create(path).unwrap());
    (0..blocks).for_each(|_| file.write_all(block.as_bytes()).unwrap());
    file.flush().unwrap();
    blocks * 2_000
}

/// Bytes that the process has read so far, other than through maps; `None` when it has ended.
fn read_so_far(child: &Child) -> Option<u64> {
    let io = fs::read_to_string(format!("/proc/{}/io", child.id())).ok()?;
    io.lines().find_map(|line| line.strip_prefix("rchar:"))?.trim().parse().ok()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

struct Outcome {
    stderr: String,
    /// `None` when nothing was left to report.
    parsed: Option<u64>,
    rejected: u64,
    /// Lines that were there.
    lines: u64,
}

/// How a log is changed, and how it is read meanwhile.
#[derive(Clone, Copy)]
struct Try<'t> {
    jobs: &'t str,
    stopped: bool,
    change: &'t dyn Fn(&Path),
}

impl Try<'_> {
    /// Changes a log of so many bytes under the reader; `None` when it was too late.
    fn attempt(self, bytes: u64) -> Option<Outcome> {
        let dir = Dir::new();
        let log = dir.path().join("access.log");
        let lines = write_log(&log, bytes);
        let mut child = Command::new(env!("CARGO_BIN_EXE_logcodes"))
            .args(["-o", "json", "--jobs", self.jobs, "access.log"])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let started = Instant::now();
        // What the scan reads is copied, and nothing else of this size is.
        while read_so_far(&child).unwrap_or(0) < 4 << 20 && child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < Duration::from_secs(60), "the log was never read");
        }
        if self.stopped {
            signal(&child, "-STOP");
        }
        // Nothing when it has ended already.
        let seen = read_so_far(&child);
        (self.change)(&log);
        if self.stopped {
            signal(&child, "-CONT");
        }
        let (mut stdout, mut stderr) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = child.wait().unwrap();
        assert!(matches!(code.code(), Some(0 | 3)), "ended with {code}: {stderr}");
        let json: Option<serde_json::Value> = (code.code() == Some(0)).then(|| serde_json::from_str(&stdout).unwrap());
        let number = |key: &str| json.as_ref().map_or(0, |json| json["lines"][key].as_u64().unwrap());
        let outcome = Outcome { parsed: json.as_ref().map(|_| number("parsed")), rejected: number("rejected"), stderr, lines };
        // Half of the file was not yet read when it was changed; where it went on meanwhile, some of it was missing at the end.
        let early = seen.is_some_and(|seen| seen < bytes / 2) && (self.stopped || outcome.parsed != Some(lines));
        if !early {
            eprintln!("too late: {} of {bytes} bytes were read", seen.unwrap_or(bytes));
        }
        early.then_some(outcome)
    }

    /// Tries until the change was in time.
    fn in_time(self) -> Outcome {
        (0..TRIES).find_map(|n| self.attempt(START << n)).expect("in none of the tries the change came during the scan")
    }
}

/// Ways to read while the log is changed.
const WAYS: [(&str, bool); 4] = [("1", true), ("2", true), ("1", false), ("2", false)];

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn cut(path: &Path, length: u64) {
    File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}

fn assert_cut(outcome: &Outcome, jobs: &str) {
    let Outcome { stderr, parsed, lines, rejected } = outcome;
    assert!(stderr.contains("access.log: the file was cut to"), "{stderr}");
    assert!(parsed.is_none_or(|parsed| parsed < *lines), "{parsed:?} of {lines}");
    // For each worker the line that it was reading, and what was left of its chunk.
    assert!(*rejected <= 2 * jobs.parse::<u64>().unwrap(), "{rejected} rejected of {lines}");
}

#[test]
fn cut_to_a_third() {
    for (jobs, stopped) in WAYS {
        let outcome = Try { jobs, stopped, change: &|log| cut(log, length(log) / 3) }.in_time();
        assert_cut(&outcome, jobs);
        let (parsed, lines) = (outcome.parsed.expect("a third is left"), outcome.lines);
        // All before the cut counts, and what was read behind it before.
        assert!(parsed + 2 >= lines / 3, "{parsed} of {lines}");
    }
}

#[test]
fn cut_to_nothing() {
    for (jobs, stopped) in WAYS {
        assert_cut(&Try { jobs, stopped, change: &|log| cut(log, 0) }.in_time(), jobs);
    }
}

#[test]
fn cut_and_grown_again() {
    let line = combined(1, "GET /new HTTP/1.1", 200, 10).repeat(10_000);
    let grow = |log: &Path, pause: u64| {
        let before = length(log);
        cut(log, 0);
        std::thread::sleep(Duration::from_millis(pause));
        let mut file = File::options().append(true).open(log).unwrap();
        (0..=before / line.len() as u64).for_each(|_| file.write_all(line.as_bytes()).unwrap());
        assert!(length(log) >= before);
    };
    for (jobs, stopped) in WAYS {
        // Stopped, it sees only that other lines are there; running, it misses a page before they come.
        let pause = if stopped { 0 } else { 20 };
        let outcome = Try { jobs, stopped, change: &|log| grow(log, pause) }.in_time();
        let told = outcome.stderr.contains("the file was cut to") || outcome.stderr.contains("the file was rewritten");
        assert!(told, "{}", outcome.stderr);
        // Old lines and new ones, which are a little shorter, and never more of both than the map had room for.
        assert!(outcome.parsed.is_none_or(|parsed| parsed <= outcome.lines * 11 / 10), "{:?} of {}", outcome.parsed, outcome.lines);
    }
}

#[test]
fn replaced_by_another_file() {
    let replace = |log: &Path| {
        fs::rename(log, log.with_extension("1")).unwrap();
        fs::write(log, combined(1, "GET /new HTTP/1.1", 200, 10)).unwrap();
    };
    for jobs in ["1", "2"] {
        let outcome = Try { jobs, stopped: true, change: &replace }.in_time();
        // The old file is still there for whoever has it open.
        assert_eq!((outcome.parsed, outcome.rejected, outcome.stderr.as_str()), (Some(outcome.lines), 0, ""));
    }
}
