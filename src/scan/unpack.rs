//! Archives in a scan: every log in one is an input of its own.

use super::prepare::{self, Prepared, Prepares, Source};
use super::sample::Sample;
use super::{Choice, ScanSpec};
use crate::format::Detection;
use crate::input::{InputError, Map, Members, Opened, Origin, open};
use std::collections::HashSet;
use std::io::Read;

/// Bytes of samples that the members of one archive may take together.
const SAMPLES: usize = 32 << 20;

/// The logs of an archive as inputs. Where members have one name the last one counts: it is what unpacking would leave.
pub(super) fn members(origin: &Origin, mut members: Members, map: Option<&Map>, spec: &ScanSpec) -> Result<Prepares, InputError> {
    let mut inputs: Vec<Prepared> = Vec::new();
    let mut each = SAMPLES;
    while let Some(member) = members.next_log() {
        let mut input = if let Some(map) = map {
            prepare::prepare_member(origin, &member.name, spec, map.part(member.at, member.size))
        } else {
            let sample = Sample::taken(&mut members.read());
            prepare::settle(origin, Some(&member.name), spec, Source::Member(member.number, member.size), sample)
        };
        input.trim(each);
        inputs.push(input);
        if inputs.len() * each > 2 * SAMPLES {
            each /= 2;
            inputs.iter_mut().for_each(|input| input.trim(each));
        }
    }
    let mut names = HashSet::new();
    inputs.reverse();
    inputs.retain(|input| names.insert(input.name.clone()));
    inputs.reverse();
    let failed = members.failed().map(|failed| format!("{}: {failed}; what was read before it counts", origin.name()));
    if inputs.is_empty() {
        return Err(match failed {
            Some(failed) => InputError::Archive(failed),
            None => InputError::NoLogsInside { path: origin.name(), members: members.count() },
        });
    }
    Ok((inputs, failed))
}

/// The formats of the logs in an archive.
pub(super) fn formats(origin: &Origin, mut members: Members, choice: &Choice) -> Result<Vec<(String, Detection)>, InputError> {
    let mut found = Vec::new();
    while let Some(member) = members.next_log() {
        let sample = Sample::taken(&mut members.read());
        let (name, place) = (prepare::named_in(origin, Some(&member.name)), prepare::place(origin, Some(&member.name)));
        found.push((name, prepare::detection(place.as_deref(), &sample.blocks, choice)));
    }
    if found.is_empty() {
        return Err(InputError::NoLogsInside { path: origin.name(), members: members.count() });
    }
    Ok(found)
}

/// An archive that is being walked.
pub(super) struct Reel {
    origin: Origin,
    members: Members,
    /// The next member that can be reached.
    next: u32,
}

impl Reel {
    /// Goes on to a member, in an archive opened anew if it lies behind.
    pub(super) fn seek(reel: &mut Option<Self>, origin: &Origin, number: u32) -> Result<Box<dyn Read + Send>, InputError> {
        if reel.as_ref().is_none_or(|reel| reel.origin != *origin || reel.next > number) {
            let Opened::Archive(members, _) = open(origin, false)? else {
                return Err(InputError::Changed(origin.name()));
            };
            *reel = Some(Self { origin: origin.clone(), members, next: 0 });
        }
        let here = reel.as_mut().expect("it was set above");
        while let Some(member) = here.members.next_log() {
            here.next = member.number + 1;
            if member.number == number {
                return Ok(here.members.read());
            }
        }
        Err(InputError::Changed(origin.name()))
    }

    /// What is wrong with the archive itself, and not with what one of its members holds.
    pub(super) fn failed(&self) -> Option<String> {
        Some(format!("{}: {}", self.origin.name(), self.members.failed()?))
    }
}
