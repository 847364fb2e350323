//! Which HTTP status codes, on which routes, when; what each code means; what to do.
//!
//! The library behind the `logcodes` command. One line of a log flows like this, and nothing flows back:
//!
//! ```text
//!  service  path of an input -> the application that it is a log of
//!    │
//!  input    bytes: mapped, read, decompressed; cut into chunks at line ends
//!    │
//!  format   one line -> Record, borrowed from it; or why it is none
//!    │
//!  filter   does the record count?
//!    │
//!  route    method and target -> route, by shape and by what a sample of the log taught
//!    │
//!  tally    the monoid: services x routes x codes x windows, bytes, durations; one a worker, merged at the end
//!    │
//!  scan     the room that knows threads (diagnosing may start one): drives the six above
//!    │
//!  diagnose evidence -> findings, by the causes that the catalogue declares  <── rule: the language they are written in
//!    │
//!  report   Tally -> Report: owned, folded, sorted, serialisable  <── catalogue: what each code means
//!    │
//!  baseline Report -> what of it is kept, small: for compare (two of them -> what changed) and gate (rules -> verdict)
//!    │
//!  output   Report, Comparison, Verdict -> table, json, csv, md, html …; one file an output
//!    │
//!  config   file and environment -> Config, every mistake with its place
//!    │
//!  cli      what the user typed -> a plan -> the rooms -> an exit code
//! ```
//!
//! A room imports only rooms above it in this picture (and `model`, which is plain values); `tests/architecture.rs` keeps
//! that, and keeps each big dependency in the one room that it is for. Formats (`src/format/builtin/`), status codes
//! (`src/catalogue/codes/`) and causes (`src/catalogue/causes/`) are data files that the build checks.
//!
//! ```no_run
//! use logcodes::input::Origin;
//! use logcodes::report::{Report, ReportSpec};
//! use logcodes::scan::{ScanSpec, Silent, scan};
//!
//! let scan = scan(&[Origin::File("access.log".into())], &ScanSpec::default(), &Silent)?;
//! let report = Report::new(&scan, &ReportSpec::default());
//! println!("{} responses with {}", report.codes[0].count, report.codes[0].code);
//! # Ok::<(), logcodes::input::InputError>(())
//! ```

pub mod model;

pub mod catalogue;
pub mod format;
pub mod route;
pub mod rule;
pub mod service;
pub mod stats;

pub mod filter;
pub mod input;
pub mod tally;

pub mod scan;

pub mod diagnose;

pub mod report;

pub mod baseline;

pub mod compare;
pub mod gate;

pub mod output;

pub mod config;

pub mod cli;
