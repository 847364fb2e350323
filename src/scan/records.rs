//! The parser laid open: every line of the inputs in order.

use super::ScanSpec;
use super::inputs::{Inputs, inputs};
use super::lines::SplitLines;
use super::prepare::{Prepared, Source, Unknown};
use super::unpack::Reel;
use crate::format::{Format, Memory, Reject, is_directive, trim_line};
use crate::input::{Blocks, InputError, Origin};
use crate::model::Record;
use crate::tally::Lines;

/// An input, as records name it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Its name.
    pub name: &'a str,
    /// The service that it is a log of.
    pub service: Option<&'a str>,
}

/// A line.
pub enum Event<'a> {
    /// A record that passed the filter.
    Record(&'a Record<'a>),
    /// A line that is none, as it is.
    Rejected(Reject, &'a [u8]),
}

/// What became of the lines.
#[derive(Debug, Default)]
pub struct Told {
    /// The count of all lines.
    pub lines: Lines,
    /// Inputs that no format reads, and why not.
    pub unknown: Vec<(String, Unknown)>,
    /// Things that went wrong without stopping, in words.
    pub warnings: Vec<String>,
    /// Some of several inputs could not be opened.
    pub unreadable: bool,
}

/// Calls `each` with the input, the line's number from 1 and what the line is, in the order of the inputs and lines.
///
/// # Errors
/// When no input can be opened, or `each` fails. One of several, or one that breaks in the middle, is a warning.
pub fn each_record<E: From<InputError>>(
    origins: &[Origin],
    spec: &ScanSpec,
    each: &mut dyn FnMut(Named<'_>, u64, Event<'_>) -> Result<(), E>,
) -> Result<Told, E> {
    let Inputs { prepared, warnings, unreadable, .. } = inputs(origins, spec)?;
    let mut told = Told { warnings, unreadable, ..Told::default() };
    let mut reel = None;
    for mut prepared in prepared {
        if prepared.is_text() {
            let lines = read(&mut prepared, spec, each, &mut reel, &mut told.warnings)?;
            told.lines.add(lines);
        }
        if let Some(why) = prepared.unknown.take() {
            told.unknown.push((prepared.name, why));
        }
    }
    Ok(told)
}

fn read<E>(
    prepared: &mut Prepared,
    spec: &ScanSpec,
    each: &mut dyn FnMut(Named<'_>, u64, Event<'_>) -> Result<(), E>,
    reel: &mut Option<Reel>,
    warnings: &mut Vec<String>,
) -> Result<Lines, E> {
    let (name, service, format) = (prepared.name.clone(), prepared.label.clone(), prepared.format.clone());
    let (mut lines, mut memory) = (Lines::default(), Memory::new(spec.zone.clone()));
    let input = Named { name: &name, service: service.as_deref() };
    let mut part = |data: &[u8]| -> Result<(), E> {
        for line in SplitLines::of(data) {
            one(line, format.as_ref(), spec, &mut memory, &mut lines, &mut |number, event| each(input, number, event))?;
        }
        Ok(())
    };
    match &prepared.source {
        Source::Map(map) if map.is_empty() => {}
        Source::Map(map) => {
            part(map)?;
            warnings.extend(map.cut().map(|end| format!("{}: the file was cut to {end} bytes while it was read", prepared.name)));
        }
        _ => {
            let stream = match prepared.take_stream(reel) {
                Ok(stream) => stream,
                Err(error) => {
                    warnings.push(format!("{error}; what was read before it counts"));
                    return Ok(lines);
                }
            };
            let mut blocks = Blocks::new(stream, super::BLOCK);
            let mut block = Vec::new();
            loop {
                match blocks.next(&mut block) {
                    Ok(false) => break,
                    Ok(true) => part(&block)?,
                    Err(error) => {
                        part(&blocks.leftover())?;
                        let archive = reel.as_ref().and_then(Reel::failed);
                        let what = archive.unwrap_or_else(|| format!("{}: {error}", prepared.name));
                        let warning = format!("{what}; what was read before it counts");
                        warnings.extend((!warnings.contains(&warning)).then_some(warning));
                        break;
                    }
                }
            }
        }
    }
    Ok(lines)
}

fn one<E>(
    line: &[u8],
    format: Option<&Format>,
    spec: &ScanSpec,
    memory: &mut Memory,
    lines: &mut Lines,
    each: &mut dyn FnMut(u64, Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    lines.lines += 1;
    let (line, number) = (trim_line(line), lines.lines);
    if format.map_or_else(|| is_directive(line), |f| f.skips(line, memory)) {
        lines.directives += 1;
        return Ok(());
    }
    let mut record = Record::default();
    let read = format.map_or(Err(Reject::UnknownFormat), |f| f.parse(line, memory, &mut record));
    match read {
        Ok(()) if spec.filter.accepts(&record) => {
            lines.parsed += 1;
            each(number, Event::Record(&record))
        }
        Ok(()) => {
            lines.filtered += 1;
            Ok(())
        }
        Err(reject) => {
            lines.rejected += 1;
            each(number, Event::Rejected(reject, line))
        }
    }
}
