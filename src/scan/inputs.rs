//! From origins to the inputs of a scan: prepared, in order, without those that are no access logs.

use super::prepare::{self, Prepared, Prepares};
use super::{ScanSpec, jobs};
use crate::input::{Age, InputError, Origin, rotation, some_of};
use crate::model::Services;
use rayon::prelude::*;
use std::collections::HashMap;

/// Inputs that may be mapped: each holds a file open, and systems allow 256 or 1024 of them. Further ones are read.
const MOST_MAPS: usize = 200;
/// Bytes of samples that all inputs may take together.
const SAMPLES: usize = 64 << 20;

/// The inputs of a scan, and what there is to say about them.
pub(super) struct Inputs {
    pub(super) prepared: Vec<Prepared>,
    /// Those of inputs that could not be opened too; `None` when they are not asked for.
    pub(super) services: Option<Services>,
    pub(super) warnings: Vec<String>,
    /// Some of several could not be opened.
    pub(super) unreadable: bool,
}

/// Opens all inputs and puts them in order.
///
/// # Errors
/// When none can be opened.
pub(super) fn inputs(origins: &[Origin], spec: &ScanSpec) -> Result<Inputs, InputError> {
    let (mut prepared, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let (mut beside, mut closed) = (Vec::new(), Vec::new());
    for (origin, result) in origins.iter().zip(all(origins, spec)) {
        match result {
            Ok((inputs, warning)) => {
                prepared.extend(inputs);
                warnings.extend(warning);
            }
            Err(InputError::NoLogsInside { .. }) if matches!(origin, Origin::Found(_)) => beside.push(origin.name()),
            Err(error) => {
                errors.push(error);
                closed.push(origin);
            }
        }
    }
    if prepared.is_empty()
        && let Some(error) = errors.pop()
    {
        return Err(error);
    }
    let services = services(&mut prepared, &closed, spec)?;
    // Where nothing is left, what there is must say why.
    if prepared.iter().any(|input| !input.beside) {
        beside.extend(prepared.extract_if(.., |input| input.beside).map(|input| input.name));
    }
    if !beside.is_empty() {
        let (files, they) =
            if beside.len() == 1 { ("file", "holds no access lines and is") } else { ("files", "hold no access lines and are") };
        warnings.push(format!("{} {files} {they} left out: {}", beside.len(), some_of(&beside, ", ")));
    }
    warnings.extend(errors.iter().map(|error| format!("{error}; it is left out")));
    Ok(Inputs { prepared: in_order(prepared), services, warnings, unreadable: !errors.is_empty() })
}

/// Tells the service of each input and leaves out those that are not asked for. The logs of an archive have services of their
/// own, which nobody knows before it is opened.
fn services(prepared: &mut Vec<Prepared>, closed: &[&Origin], spec: &ScanSpec) -> Result<Option<Services>, InputError> {
    let Some(rules) = &spec.services else { return Ok(None) };
    prepared.iter_mut().for_each(|input| input.label = rules.label(input.place.as_deref()));
    if let Some(only) = &spec.only {
        prepared.retain(|input| only.accepts(input.label.as_deref().map(str::as_bytes)));
        if prepared.is_empty() && closed.is_empty() {
            return Err(InputError::NoneOfService);
        }
    }
    let opened = prepared.iter().filter(|input| !input.beside).map(|input| input.label.clone());
    let services = Services::new(opened.chain(closed.iter().map(|origin| rules.label(origin.path()))).flatten());
    prepared.iter_mut().for_each(|input| input.service = services.id(input.label.as_deref()));
    Ok(Some(services))
}

/// Prepares all, several at once: where an archive is compressed, finding its members is as much work as reading them.
fn all(origins: &[Origin], spec: &ScanSpec) -> Vec<Result<Prepares, InputError>> {
    let each = SAMPLES / origins.len().max(1);
    let one = |(at, origin): (usize, &Origin)| {
        let mut done = prepare::prepare(origin, spec, at < MOST_MAPS);
        if let Ok((inputs, _)) = &mut done {
            let each = each / inputs.len().max(1);
            inputs.iter_mut().for_each(|input| input.trim(each));
        }
        done
    };
    if origins.len() < 2 || jobs(spec) < 2 {
        return origins.iter().enumerate().map(one).collect();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs(spec).min(origins.len())).build().expect("threads can be started");
    pool.install(|| origins.par_iter().enumerate().map(one).collect())
}

/// The files of one rotated log stand together where the first of them stood, in the order of their first times; those
/// without a time keep their places in the order of their names, the oldest first.
fn in_order(prepared: Vec<Prepared>) -> Vec<Prepared> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut sets: Vec<Vec<(Age, Prepared)>> = Vec::new();
    for input in prepared {
        let (log, age) = rotation(&input.name);
        let place = *places.entry(log).or_insert(sets.len());
        if place == sets.len() {
            sets.push(Vec::new());
        }
        sets[place].push((age, input));
    }
    sets.into_iter().flat_map(by_content).collect()
}

fn by_content(mut set: Vec<(Age, Prepared)>) -> Vec<Prepared> {
    set.sort_by(|(a, one), (b, other)| (a, &one.name).cmp(&(b, &other.name)));
    let timed: Vec<bool> = set.iter().map(|(_, input)| input.first.is_some()).collect();
    let (mut with, without): (Vec<_>, Vec<_>) = set.into_iter().map(|(_, input)| input).partition(|input| input.first.is_some());
    with.sort_by_key(|input| input.first);
    let (mut with, mut without) = (with.into_iter(), without.into_iter());
    timed.into_iter().filter_map(|timed| if timed { with.next() } else { without.next() }).collect()
}
