//! `--service` and `--only-service`: what the inputs are logs of, and which of them are read.

use super::args::ScanArgs;
use super::error::Failure;
use super::stderr;
use crate::filter::WordFilter;
use crate::input::{self, Origin};
use crate::output::sanitize::{clean, cut};
use crate::service::ServiceRules;
use std::collections::BTreeSet;

/// Services that an error message names.
const NAMED: usize = 20;
/// Characters of each.
const LONGEST: usize = 60;

/// What the inputs are logs of, and which are read.
pub(super) struct Selected {
    /// `None` when services are not in use.
    pub(super) rules: Option<ServiceRules>,
    pub(super) only: Option<WordFilter>,
    pub(super) origins: Vec<Origin>,
}

/// The rules, if services are in use, and the inputs that the filter lets through: a file is of one service, so that none of its
/// lines need be read to know. Only what is in an archive has services of its own, and is chosen when it is opened.
pub(super) fn select(args: &ScanArgs, origins: Vec<Origin>) -> Result<Selected, Failure> {
    let filter = (!args.only_service.is_empty()).then(|| WordFilter::parse(&args.only_service.join(","))).transpose()?;
    if args.service.is_empty() {
        return match filter {
            Some(_) => Err(Failure::Usage(
                "--only-service has no services to choose from: --service auto takes them from the paths of the inputs, --service api='api*.log' \
                 names one"
                    .into(),
            )),
            None => Ok(Selected { rules: None, only: None, origins }),
        };
    }
    let rules = ServiceRules::parse(&args.service)?;
    let archives: Vec<bool> = origins.iter().map(input::is_archive).collect();
    let fitting: Vec<_> = origins.iter().map(|origin| rules.fitting(origin.path())).collect();
    if !args.quiet && !archives.contains(&true) {
        let used: BTreeSet<usize> = fitting.iter().flatten().map(|(rule, _)| *rule).collect();
        for (_, text) in args.service.iter().enumerate().filter(|(rule, _)| !used.contains(rule)) {
            stderr::say(&format!("warning: --service {}: no input gets its service by this", clean(text)));
        }
    }
    let inside = |label: Option<&str>| filter.as_ref().is_none_or(|f| f.accepts(label.map(str::as_bytes)));
    let labels = || fitting.iter().map(|fit| fit.as_ref().map(|(_, name)| name.as_str()));
    if !labels().any(inside) && !archives.contains(&true) {
        return Err(Failure::Usage(format!(
            "--only-service {}: no input is left; {}",
            clean(&args.only_service.join(",")),
            there_are(labels())
        )));
    }
    let all = origins.iter().zip(archives).zip(labels());
    let left = all.filter(|((_, archive), label)| *archive || inside(*label)).map(|((origin, _), _)| origin.clone()).collect();
    Ok(Selected { rules: Some(rules), only: filter, origins: left })
}

/// The services there are, in words.
fn there_are<'l>(labels: impl Iterator<Item = Option<&'l str>>) -> String {
    let labels: Vec<Option<&str>> = labels.collect();
    let names: BTreeSet<&str> = labels.iter().copied().flatten().collect();
    let none = labels.iter().filter(|label| label.is_none()).count();
    let mut parts: Vec<String> = names.iter().take(NAMED).map(|name| cut(&clean(name), LONGEST)).collect();
    if names.len() > NAMED {
        parts.push(format!("{} more", names.len() - NAMED));
    }
    let services = if parts.is_empty() { "no rule fits any input".to_owned() } else { format!("the services are {}", parts.join(", ")) };
    if none > 0 && !names.is_empty() { format!("{services}; inputs without a service: {none}") } else { services }
}
