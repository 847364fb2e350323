//! The parser laid open: every line of the inputs in order.

use super::ScanSpec;
use super::prepare::{self, Prepared, Source, Unknown};
use crate::format::{Format, Memory, Reject, is_directive, trim_line};
use crate::input::{Blocks, InputError, Origin};
use crate::model::Record;
use crate::tally::Lines;
use std::io;

/// A line.
pub enum Event<'a> {
    /// A record that passed the filter.
    Record(&'a Record<'a>),
    /// A line that is none, as it is.
    Rejected(Reject, &'a [u8]),
}

/// Calls `each` with the input's name, the line's number from 1 and what the line is, in the order of the inputs and lines.
/// Gives the count of all lines, and for inputs that no format reads why not.
///
/// # Errors
/// When an input cannot be opened or read, or `each` fails.
pub fn each_record<E: From<InputError>>(
    origins: &[Origin],
    spec: &ScanSpec,
    each: &mut dyn FnMut(&str, u64, Event<'_>) -> Result<(), E>,
) -> Result<(Lines, Vec<(String, Unknown)>), E> {
    let (mut total, mut unknown) = (Lines::default(), Vec::new());
    for origin in origins {
        let mut prepared = prepare::prepare(origin, spec)?;
        if let Some(format) = prepared.format.clone() {
            total.add(read(&mut prepared, &format, spec, each)?);
        } else if let Some(why) = prepared.unknown.take() {
            unknown.push((prepared.name, why));
        }
    }
    Ok((total, unknown))
}

fn read<E: From<InputError>>(
    prepared: &mut Prepared,
    format: &Format,
    spec: &ScanSpec,
    each: &mut dyn FnMut(&str, u64, Event<'_>) -> Result<(), E>,
) -> Result<Lines, E> {
    let (name, mut lines, mut memory) = (prepared.name.clone(), Lines::default(), Memory::new(spec.zone.clone()));
    let mut part = |data: &[u8]| -> Result<(), E> {
        let data = data.strip_suffix(b"\n").unwrap_or(data);
        for line in data.split(|&b| b == b'\n') {
            one(line, format, spec, &mut memory, &mut lines, &mut |number, event| each(&name, number, event))?;
        }
        Ok(())
    };
    match &prepared.source {
        Source::Map(map) if map.is_empty() => {}
        Source::Map(map) => part(map)?,
        Source::File | Source::Pipe(..) => {
            let mut blocks = Blocks::new(prepared.take_stream()?, super::BLOCK);
            let mut block = Vec::new();
            let failed = |error: io::Error| E::from(InputError::Io { path: prepared.name.clone(), error });
            while blocks.next(&mut block).map_err(failed)? {
                part(&block)?;
            }
        }
    }
    Ok(lines)
}

fn one<E>(
    line: &[u8],
    format: &Format,
    spec: &ScanSpec,
    memory: &mut Memory,
    lines: &mut Lines,
    each: &mut dyn FnMut(u64, Event<'_>) -> Result<(), E>,
) -> Result<(), E> {
    lines.lines += 1;
    let (line, number) = (trim_line(line), lines.lines);
    if is_directive(line) {
        lines.directives += 1;
        return Ok(());
    }
    let mut record = Record::default();
    match format.parse(line, memory, &mut record) {
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
