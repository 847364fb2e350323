//! `logcodes explain WORD...`

use super::args::{ExplainArgs, ExplainFormat};
use super::error::Failure;
use super::{Exit, plan, stdout};
use crate::catalogue::{self, Entry, cause};
use crate::output::sanitize::cut;
use crate::output::{ExplainOutput, Topic, write_explanation, write_list, write_rules};

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
    if args.rules {
        stdout::with(None, |out| Ok(write_rules(cause::causes(), output, out)?))?;
        return Ok(Exit::Success);
    }
    let mut topics = Vec::new();
    for word in &args.words {
        topics.extend(find(word)?);
    }
    stdout::with(None, |out| Ok(write_explanation(&topics, output, out)?))?;
    Ok(Exit::Success)
}

/// What a word of the user means: a code, a rule, or a cause.
fn find(word: &str) -> Result<Vec<Topic>, Failure> {
    let lower = word.to_ascii_lowercase();
    // The id of a finding is that of its rule, with a number behind it where the rule found several.
    let name = lower.rsplit_once('.').filter(|(_, n)| n.parse::<u32>().is_ok()).map_or(lower.as_str(), |(name, _)| name);
    let rule = cause::rule(name).map(|(cause, rule)| Topic::Rule(cause, rule));
    if let Some(entry) = catalogue::by_key(word) {
        let entries = if entry.primary { catalogue::lookup(entry.code) } else { vec![entry] };
        // Some rules are called as the one code is that they judge.
        return Ok(entries.into_iter().map(Topic::Code).chain(rule).collect());
    }
    if let Some(topic) = rule.or_else(|| cause::by_id(name).map(Topic::Cause)) {
        return Ok(vec![topic]);
    }
    match word.parse::<i16>() {
        Ok(code) => Ok(entries(code)?.into_iter().map(Topic::Code).collect()),
        Err(_) => Err(unknown(word, name)),
    }
}

/// Names that are offered for one that is none.
const OFFERED: usize = 4;

fn unknown(word: &str, name: &str) -> Failure {
    let names = cause::causes().iter().flat_map(|cause| cause.rules.iter().map(|rule| rule.id).chain([cause.id]));
    let mut near: Vec<(f64, &str)> = names
        .chain(catalogue::entries().iter().map(|entry| entry.key))
        .map(|known| {
            (if name.len() > 2 && known.contains(name) { 1.0 } else { strsim::normalized_damerau_levenshtein(name, known) }, known)
        })
        .filter(|(alike, _)| *alike >= 0.6)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.truncate(OFFERED);
    let offer = match near.as_slice() {
        [] => String::new(),
        near => format!("did you mean {}? ", near.iter().map(|(_, known)| *known).collect::<Vec<_>>().join(", ")),
    };
    Failure::Usage(format!(
        "'{}' is no status code, rule or cause; {offer}'logcodes explain --list' shows all codes, --rules all rules with their causes",
        cut(word, 60)
    ))
}

/// The entries of a code.
fn entries(code: i16) -> Result<Vec<&'static Entry>, Failure> {
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
