//! `logcodes explain CODE...`

use super::args::{ExplainArgs, ExplainFormat};
use super::error::Failure;
use super::{Exit, plan, stdout};
use crate::catalogue::{self, Entry};
use crate::output::{ExplainOutput, write_explanation, write_list};

pub(super) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let output = match args.output {
        ExplainFormat::Json => ExplainOutput::Json,
        ExplainFormat::Md => ExplainOutput::Markdown,
        ExplainFormat::Text => ExplainOutput::Text {
            width: plan::width().unwrap_or(100).min(100),
            color: plan::colors(super::args::Color::Auto, plan::is_terminal()),
        },
    };
    if args.list {
        stdout::with(None, |out| Ok(write_list(catalogue::entries(), output, out)?))?;
        return Ok(Exit::Success);
    }
    let mut entries = Vec::new();
    for code in &args.codes {
        entries.extend(find(code)?);
    }
    stdout::with(None, |out| Ok(write_explanation(&entries, output, out)?))?;
    Ok(Exit::Success)
}

/// The entries that a word of the user means.
fn find(word: &str) -> Result<Vec<&'static Entry>, Failure> {
    if let Some(entry) = catalogue::by_key(word) {
        return Ok(if entry.primary { catalogue::lookup(entry.code) } else { vec![entry] });
    }
    let Ok(code) = word.parse::<i16>() else {
        return Err(Failure::Usage(format!("'{word}' is no status code; 'logcodes explain --list' shows all")));
    };
    let found = catalogue::lookup(code);
    if found.is_empty() {
        let class = match code {
            100..=199 => "an interim response",
            200..=299 => "a success, like 200",
            300..=399 => "a redirection, like 300",
            400..=499 => "a client error, like 400",
            500..=599 => "a server error, like 500",
            _ => "an invalid number",
        };
        return Err(Failure::Usage(format!(
            "{code} is not in the catalogue: nobody has registered it, and clients treat it as {class} (RFC 9110 §15)"
        )));
    }
    Ok(found)
}
