//! The command line: what the user typed -> a plan -> the rooms below -> an exit code.
//!
//! Only this room knows clap, the environment, the clock and the standard streams.

mod args;
mod baseline;
mod check;
mod compare;
mod conf;
mod config;
mod error;
mod explain;
mod findings;
mod formats;
mod generate;
mod output;
mod plan;
mod progress;
mod records;
mod report;
mod rules;
mod services;
mod stats;
mod stderr;
mod stdout;
mod verdict;
mod when;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// Exit codes, as the README promises them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Fine.
    Success,
    /// A rule was violated.
    Violated,
    /// Usage, unreadable input or bad configuration.
    Usage,
    /// Nothing to judge: no line is a record, or too many are rejected.
    Nothing,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Violated => 1,
            Exit::Usage => 2,
            Exit::Nothing => 3,
        })
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() };
        }
    };
    let done = config::configure(&mut cli).and_then(|loaded| run(&cli, &loaded));
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}

fn run(cli: &Cli, loaded: &config::Loaded) -> Result<Exit, error::Failure> {
    match &cli.command {
        None => report::run(&cli.report),
        Some(Command::Findings(args)) => findings::run(args),
        Some(Command::Check(args)) => check::run(args, loaded),
        Some(Command::Compare(args)) => compare::run(args, loaded),
        Some(Command::Explain(args)) => explain::run(args),
        Some(Command::Records(args)) => records::run(args),
        Some(Command::Rules(args)) => rules::run(args, loaded),
        Some(Command::Formats(args)) => formats::run(args),
        Some(Command::Generate(args)) => generate::run(args),
    }
}
