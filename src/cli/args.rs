//! What the user may type.

use crate::diagnose::Severity;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Which HTTP status codes an access log holds, on which routes, when, what they mean and what to do first.
#[derive(Debug, Parser)]
#[command(
    name = "logcodes",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "EXAMPLES:
  logcodes access.log                       the report
  logcodes /var/log/nginx                   all logs in a directory, rotated and compressed ones too
  kubectl logs deploy/web | logcodes        the same from a pipe
  logcodes -s 5xx --since -1h access.log    server errors of the last hour
  logcodes -o csv access.log > codes.csv    for a spreadsheet
  logcodes findings access.log              what went wrong, with all that the lines say for it
  logcodes compare old.log new.log          what changed between two logs
  logcodes explain 502 499                  what codes mean and what to do

EXIT CODES:
  0 fine, 2 usage or unreadable input, 3 nothing to judge (no line is a request, or too many are rejected)"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) report: ReportArgs,
}

impl Cli {
    /// How logs are read and which routes the user names, for the commands that read logs so.
    pub(super) fn reading(&mut self) -> Option<(&mut ScanArgs, Option<&mut Vec<String>>)> {
        let tally = match &mut self.command {
            None => &mut self.report.tally,
            Some(Command::Findings(args)) => &mut args.tally,
            Some(Command::Check(args)) => &mut args.tally,
            Some(Command::Compare(args)) => &mut args.tally,
            Some(Command::Rules(RulesArgs { what: RulesCommand::Test(args) })) => &mut args.tally,
            Some(Command::Records(args)) => return Some((&mut args.scan, None)),
            Some(Command::Explain(_) | Command::Formats(_) | Command::Generate(_)) => return None,
        };
        Some((&mut tally.scan, Some(&mut tally.route)))
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What went wrong: every finding with its evidence, fixes, what speaks against it, who is affected, and lines.
    Findings(Box<FindingsArgs>),
    /// The CI gate: exits with 1 when a rule is violated, 3 when the log cannot tell.
    Check(Box<CheckArgs>),
    /// What changed between two logs, or in one log since a moment such as a deploy.
    #[command(override_usage = "logcodes compare [OPTIONS] BEFORE AFTER\n       logcodes compare [OPTIONS] FILE... --at TIME")]
    Compare(Box<CompareArgs>),
    /// Rules tried on logs that are history.
    Rules(RulesArgs),
    /// Meaning, causes and fixes of status codes, causes and rules (offline).
    Explain(ExplainArgs),
    /// Every line normalised, one record a line.
    Records(Box<RecordsArgs>),
    /// The log formats known; with FILE, which one it is and why.
    Formats(FormatsArgs),
    /// Files to begin with.
    Generate(GenerateArgs),
}

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    #[command(subcommand)]
    pub(super) what: Generated,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Generated {
    /// A commented logcodes.toml with every key and its default.
    #[command(after_help = "EXAMPLE:\n  logcodes generate config > logcodes.toml")]
    Config,
}

#[derive(Clone, Debug, Default, Args)]
pub(super) struct ConfigArgs {
    /// Configuration (default: the file that LOGCODES_CONFIG names, ./logcodes.toml, or logcodes/config.toml in the user's
    /// configuration folder, the first that there is).
    #[arg(short, long, value_name = "FILE", help_heading = "Configuration")]
    pub(super) config: Option<PathBuf>,
    /// The profile of the configuration to use (default: the one that LOGCODES_PROFILE names, else none).
    #[arg(long, value_name = "NAME", help_heading = "Configuration")]
    pub(super) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) tally: TallyArgs,
    /// Routes at the most (default: 12 in the table, 20 in Markdown, all elsewhere).
    #[arg(short = 'n', long, value_name = "N", help_heading = "Report")]
    pub(super) limit: Option<usize>,
    /// What routes are ordered by, largest first (default: errors in table and Markdown, count elsewhere).
    #[arg(long, value_name = "KEY", help_heading = "Report")]
    pub(super) sort: Option<Sort>,
    /// Order the other way round.
    #[arg(short, long, help_heading = "Report")]
    pub(super) reverse: bool,
    /// table, json, csv or md; a file whose extension says which, or NAME=FILE.
    #[arg(short, long, value_name = "FORMAT|FILE", default_value = "table", help_heading = "Report")]
    pub(super) output: String,
    /// What a row of CSV stands for; route,window and service,window go together.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "route", help_heading = "Report")]
    pub(super) by: Vec<Dimension>,
}

/// What the report and its findings have in common.
#[derive(Clone, Debug, Args)]
pub(super) struct TallyArgs {
    #[command(flatten)]
    pub(super) scan: ScanArgs,
    /// A route of your own, which wins over the automatic ones: /users/{id}, /files/**. Repeatable.
    #[arg(long, value_name = "PATTERN", help_heading = "Report")]
    pub(super) route: Vec<String>,
    /// The width of time windows: 30s, 5m, 1h, 1d (default: by the span of the log).
    #[arg(long, value_name = "WIDTH", help_heading = "Report")]
    pub(super) window: Option<String>,
    /// Exit with 3 when more than this share of lines is rejected: 5 or 5%.
    #[arg(long, value_name = "PERCENT", help_heading = "Report")]
    pub(super) max_rejects: Option<String>,
    /// Say on standard error how fast it went, where the time went and what memory it took.
    #[arg(long, help_heading = "Report")]
    pub(super) stats: bool,
    /// Colours in the table; NO_COLOR is honoured.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    pub(super) color: Color,
}

#[derive(Debug, Args)]
pub(super) struct FindingsArgs {
    #[command(flatten)]
    pub(super) tally: TallyArgs,
    /// Only findings that are at least this severe: info, notice, warning, error or critical.
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = severity, help_heading = "Report")]
    pub(super) severity: Severity,
    /// table, json or md; a file whose extension says which, or NAME=FILE.
    #[arg(short, long, value_name = "FORMAT|FILE", default_value = "table", help_heading = "Report")]
    pub(super) output: String,
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::named(text).ok_or_else(|| "it is info, notice, warning, error or critical".to_owned())
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) tally: TallyArgs,
    /// What is a violation: 'rate(5xx) > 1%', 'count(502,504) by route > 5 per 1m'. Repeatable (default: rules that suit most logs).
    #[arg(long, value_name = "RULE", help_heading = "Gate")]
    pub(super) fail_on: Vec<String>,
    /// A log that was well, as --save-baseline wrote it, for rules such as 'rate(5xx) by route > 2x baseline'.
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub(super) baseline: Option<PathBuf>,
    /// Keep what this log was like, if it does not fail.
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub(super) save_baseline: Option<PathBuf>,
    #[command(flatten)]
    pub(super) judging: JudgingArgs,
    /// table (default), json, junit, github, gitlab, sarif or md; a file whose extension says which; or NAME=FILE. Repeatable.
    #[arg(short, long, value_name = "FORMAT|FILE", help_heading = "Gate")]
    pub(super) output: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    pub(super) tally: TallyArgs,
    /// Part one log in two: before and from this moment on. A time as --since takes it; 14:02 is meant on the day of the log.
    #[arg(long, value_name = "TIME", help_heading = "Report", allow_hyphen_values = true)]
    pub(super) at: Option<String>,
    /// What of AFTER is a violation, BEFORE being the baseline: 'rate(5xx) by route > 2x baseline', 'new(5xx)'. Repeatable; without
    /// rules the comparison is told and judged by nobody.
    #[arg(long, value_name = "RULE", help_heading = "Gate")]
    pub(super) fail_on: Vec<String>,
    #[command(flatten)]
    pub(super) judging: JudgingArgs,
    /// Routes at the most (default: 12 in the table, 20 in Markdown, 500 in HTML, all in JSON).
    #[arg(short = 'n', long, value_name = "N", help_heading = "Report")]
    pub(super) limit: Option<usize>,
    /// table, json, md or html; a file whose extension says which, or NAME=FILE.
    #[arg(short, long, value_name = "FORMAT|FILE", default_value = "table", help_heading = "Report")]
    pub(super) output: String,
}

/// How rules are judged.
#[derive(Clone, Debug, Args)]
pub(super) struct JudgingArgs {
    /// What it means that a log cannot tell: report is to exit with 3 (default: report).
    #[arg(long, value_name = "WHAT", help_heading = "Gate")]
    pub(super) on_inconclusive: Option<Inconclusive>,
    /// Take shares and quantiles as they are, without asking whether so few requests can prove them.
    #[arg(long, help_heading = "Gate")]
    pub(super) strict: bool,
    /// Codes that are normal on a route, which no rule counts: /login=401,302 or '/api/*=404'. Repeatable.
    #[arg(long, value_name = "ROUTE=CODES", help_heading = "Gate")]
    pub(super) expect: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub(super) what: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// What rules would have said: verdict, when they would have fired and how soon, and which threshold would be quiet. No gate:
    /// it exits with 0 whatever fired.
    #[command(after_help = "EXAMPLES:
  logcodes rules test --rule 'rate(5xx) by route > 2% window 5m' access.log
  logcodes rules test --explain 'rate(5xx) > 2% window 5m' --at 10:05 access.log")]
    Test(Box<RulesTestArgs>),
}

#[derive(Debug, Args)]
pub(super) struct RulesTestArgs {
    #[command(flatten)]
    pub(super) tally: TallyArgs,
    /// A rule to try: 'rate(5xx) > 1% window 5m'. Repeatable (default: those that check uses when none are given).
    #[arg(long, value_name = "RULE", help_heading = "Rules")]
    pub(super) rule: Vec<String>,
    /// A log that was well, as 'logcodes check --save-baseline' wrote it, for rules such as 'rate(5xx) by route > 2x baseline'.
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub(super) baseline: Option<PathBuf>,
    /// Take shares and quantiles as they are, without asking whether so few requests can prove them.
    #[arg(long, help_heading = "Rules")]
    pub(super) strict: bool,
    /// Codes that are normal on a route, which no rule counts: /login=401,302 or '/api/*=404'. Repeatable.
    #[arg(long, value_name = "ROUTE=CODES", help_heading = "Rules")]
    pub(super) expect: Vec<String>,
    /// Say instead why this rule did or did not fire at a time.
    #[arg(long, value_name = "RULE", requires = "at", conflicts_with = "rule", help_heading = "Rules")]
    pub(super) explain: Option<String>,
    /// That time: as --since takes it, but 10:05 alone is on the log's last day that has it.
    #[arg(long, value_name = "TIME", requires = "explain", allow_hyphen_values = true, help_heading = "Rules")]
    pub(super) at: Option<String>,
    /// table, json or md; a file whose extension says which, or NAME=FILE.
    #[arg(short, long, value_name = "FORMAT|FILE", default_value = "table", help_heading = "Rules")]
    pub(super) output: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Inconclusive {
    Fail,
    Pass,
    Report,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ScanArgs {
    /// Logs: files (plain, gzip, zstd, bzip2, xz, tar), directories with all below them, patterns in quotes, or - for standard
    /// input.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// The log format: a name ('logcodes formats' lists them), or a format string of nginx, Apache or GoAccess (default: detected).
    #[arg(short, long, value_name = "FORMAT", help_heading = "Reading")]
    pub(super) format: Option<String>,
    #[command(flatten)]
    pub(super) conf: ConfArgs,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// Which service a file is a log of: api='api*.log', shop='/var/log/shop/**' (by path, absolute path or file name), or auto to
    /// take it from the path. Repeatable; the first that fits wins.
    #[arg(long, value_name = "NAME=PATTERN|auto", help_heading = "Reading")]
    pub(super) service: Vec<String>,
    /// Workers (default: one a core).
    #[arg(short, long, value_name = "N", help_heading = "Reading")]
    pub(super) jobs: Option<usize>,
    /// Read files instead of mapping them.
    #[arg(long, help_heading = "Reading")]
    pub(super) no_mmap: bool,
    /// Write rejected lines to this file: input, line, reason and text, separated by tabs.
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    pub(super) rejects: Option<PathBuf>,
    /// The zone to show times in, and of times that state none: Europe/Berlin, +02:00, local (default: UTC).
    #[arg(long, allow_hyphen_values = true, value_name = "ZONE", help_heading = "Reading")]
    pub(super) tz: Option<String>,
    /// No progress bar.
    #[arg(long, help_heading = "Reading")]
    pub(super) no_progress: bool,
    /// No warnings, no progress.
    #[arg(short, long, help_heading = "Reading")]
    pub(super) quiet: bool,
    /// Only these status codes: 5xx,!502,400-404. Repeatable, as are the next four.
    #[arg(short, long, value_name = "CODES", help_heading = "Selecting")]
    pub(super) status: Vec<String>,
    /// Only these paths: /api (and below), /api/*/orders, wp- (anywhere), !/healthz.
    #[arg(short, long, value_name = "PATTERN", help_heading = "Selecting")]
    pub(super) path: Vec<String>,
    /// Only these methods: GET,POST or !HEAD.
    #[arg(short, long, value_name = "METHODS", help_heading = "Selecting")]
    pub(super) method: Vec<String>,
    /// Only these hosts: www.example.com, *.example.com, !static.*.
    #[arg(long, value_name = "HOSTS", help_heading = "Selecting")]
    pub(super) host: Vec<String>,
    /// Only the files of these services, which --service names: api,shop-*, or !static.
    #[arg(long, value_name = "SERVICES", help_heading = "Selecting")]
    pub(super) only_service: Vec<String>,
    /// Not before: 2025-06-15T15:00, 15:00 (today), -3h (before now), yesterday.
    #[arg(long, value_name = "TIME", help_heading = "Selecting", allow_hyphen_values = true)]
    pub(super) since: Option<String>,
    /// Before: as --since.
    #[arg(long, value_name = "TIME", help_heading = "Selecting", allow_hyphen_values = true)]
    pub(super) until: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ConfArgs {
    /// nginx's main configuration: its log_formats, includes too, and the one that each log is written with.
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    pub(super) nginx_conf: Option<PathBuf>,
    /// Apache's main configuration: its LogFormats, includes too, and the one that each log is written with.
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    pub(super) apache_conf: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Status codes, keys such as 499-nginx, rules and ids of findings such as 502-refused, or causes such as upstream-refused.
    #[arg(value_name = "WORD", allow_negative_numbers = true, required_unless_present_any = ["list", "rules"])]
    pub(super) words: Vec<String>,
    /// Every code in a line.
    #[arg(long, conflicts_with = "words")]
    pub(super) list: bool,
    /// Every rule in a line, with the cause that it finds.
    #[arg(long, conflicts_with_all = ["words", "list"])]
    pub(super) rules: bool,
    /// How to write it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: ExplainFormat,
}

#[derive(Debug, Args)]
pub(super) struct RecordsArgs {
    #[command(flatten)]
    pub(super) scan: ScanArgs,
    /// jsonl or csv; a file whose extension says which, or NAME=FILE.
    #[arg(short, long, value_name = "FORMAT|FILE", default_value = "jsonl")]
    pub(super) output: String,
    /// Records at the most.
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) limit: Option<u64>,
    /// Keep rejected lines in their place, with the reason.
    #[arg(long)]
    pub(super) all_lines: bool,
}

#[derive(Debug, Args)]
pub(super) struct FormatsArgs {
    /// Logs to look at.
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) conf: ConfArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ExplainFormat {
    Text,
    Json,
    Md,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dimension {
    Route,
    Window,
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Sort {
    Count,
    Errors,
    ErrorRate,
    Bytes,
    P50,
    P95,
    P99,
    Max,
    Route,
}
