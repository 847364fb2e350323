//! What the tests share: a folder of its own for each, the built binary, lines to feed it.
#![allow(dead_code, unreachable_pub, reason = "every test file uses a part of this")]

pub mod pack;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use unicode_width::UnicodeWidthStr;

/// A folder that goes with the test.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("logcodes-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs the program in the folder.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, None)
    }

    /// Runs the program as on a screen of so many columns.
    pub fn run_in_columns(&self, args: &[&str], columns: usize) -> Ran {
        self.run_as(args, None, Some(columns))
    }

    /// Runs the program with bytes on its standard input.
    pub fn run_with(&self, args: &[&str], input: Option<&[u8]>) -> Ran {
        self.run_as(args, input, None)
    }

    fn run_as(&self, args: &[&str], input: Option<&[u8]>, columns: Option<usize>) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logcodes"));
        command.args(args).current_dir(&self.0).env_remove("NO_COLOR").env_remove("COLUMNS").stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(columns.map(|columns| ("COLUMNS", columns.to_string())));
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.spawn().unwrap();
        let writer = input.map(|bytes| {
            let (mut stdin, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
            std::thread::spawn(move || {
                let _ = std::io::Write::write_all(&mut stdin, &bytes);
            })
        });
        let output = child.wait_with_output().unwrap();
        if let Some(writer) = writer {
            writer.join().unwrap();
        }
        Ran { line: format!("logcodes {}", args.join(" ")), output }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run of the program left behind.
pub struct Ran {
    line: String,
    output: Output,
}

impl Ran {
    pub fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("the program writes UTF-8")
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Checks the exit code, and shows the whole run where it is another.
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}\n--- stdout\n{}\n--- stderr\n{}", self.line, self.stdout(), self.stderr());
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|e| panic!("{}: {e}\n{}", self.line, self.stdout()))
    }
}

/// A line of nginx's combined format.
pub fn combined(second: u32, request: &str, status: u16, bytes: u64) -> String {
    let (h, m, s) = (second / 3600 % 24, second / 60 % 60, second % 60);
    format!("192.0.2.7 - - [15/Jun/2025:{h:02}:{m:02}:{s:02} +0000] \"{request}\" {status:03} {bytes} \"-\" \"curl/8.5.0\"\n")
}

/// The project's fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Whether no line of a report is wider, but for what is to be pasted into a configuration, which must be whole.
pub fn fits(text: &str, width: usize) -> bool {
    text.split("\nTO LEARN MORE").next().unwrap().lines().all(|line| line.width() <= width)
}
