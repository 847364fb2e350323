//! Logs whose values carry their names: JSON lines, LTSV, logfmt. A map from keys to fields, and the record made of what a
//! line has of them.

pub(super) mod guess;
pub(super) mod json;
pub(super) mod pairs;
pub(super) mod template;

use super::Reject;
use super::clock::Clock;
use super::field::{Field, Wanted};
use super::value;
use crate::model::{Record, Timestamp};
use hashbrown::HashMap;
use std::ops::Range;
use std::time::Duration;

/// A key path, the field that it holds, and its rank: where two keys of a line lead to one field, the lower rank wins.
pub(super) type KeyRow = (Vec<String>, Field, u8);

/// Where each field of a keyed log stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    root: Node,
    /// The bits of the fields that the map knows: a line that fills all of them fits wholly.
    fields: u32,
    /// Some key holds a part of the request, so that every access line has one.
    of_request: bool,
}

/// One level of nested objects.
#[derive(Clone, Debug, Default)]
struct Node {
    keys: HashMap<Box<str>, Key>,
}

#[derive(Clone, Debug, Default)]
struct Key {
    /// What a plain value under this key is, with its rank among the keys that lead to one field.
    field: Option<(Field, u8)>,
    /// What stands in an object under this key.
    inside: Node,
}

/// Room for strings that had escapes: the record borrows from here.
#[derive(Debug, Default)]
pub(super) struct Strings {
    pub(super) unescaped: String,
    pub(super) mended: Vec<u8>,
}

impl Keys {
    pub(super) fn new(keys: Vec<KeyRow>) -> Self {
        let mut program = Self::default();
        for (path, field, rank) in keys {
            if field.is_skipped() {
                continue;
            }
            program.fields |= field.bit();
            program.of_request |= field == Field::Request || field.is_of_request_line();
            program.root.insert(&path, field, rank);
        }
        program
    }

    /// The bits of all fields that it knows.
    pub(super) const fn fields(&self) -> u32 {
        self.fields
    }

    pub(super) fn has(&self, field: &Field) -> bool {
        self.root.any(&|f| f.bit() == field.bit())
    }

    pub(super) fn narrowed(&self, wanted: Wanted) -> Self {
        let mut keys = self.clone();
        keys.root.retain(wanted);
        keys
    }

    /// The field that a key of the outermost level holds.
    fn of(&self, key: &str) -> Option<&(Field, u8)> {
        self.root.keys.get(key)?.field.as_ref()
    }
}

impl Node {
    fn insert(&mut self, path: &[String], field: Field, rank: u8) {
        let [name, rest @ ..] = path else { return };
        let key = self.keys.entry(name.as_str().into()).or_default();
        if rest.is_empty() {
            key.field = Some((field, rank));
        } else {
            key.inside.insert(rest, field, rank);
        }
    }

    fn any(&self, is: &dyn Fn(&Field) -> bool) -> bool {
        self.keys.values().any(|k| k.field.as_ref().is_some_and(|(f, _)| is(f)) || k.inside.any(is))
    }

    /// Drops the keys of unwanted fields, but of none that decides whether a line is a record: parts of a request do.
    fn retain(&mut self, wanted: Wanted) {
        for key in self.keys.values_mut() {
            key.field.take_if(|(f, _)| !wanted.has(f) && !f.is_of_request_line());
            key.inside.retain(wanted);
        }
        self.keys.retain(|_, k| k.field.is_some() || !k.inside.keys.is_empty());
    }
}

/// The fields found so far: as raw text of the line, or as a range of the unescaped strings.
#[derive(Default)]
struct Found<'a> {
    slots: [Option<(u8, &'a Field, Text<'a>)>; Found::SLOTS],
    /// The bits of the fields that the line has keys for, whatever these hold.
    met: u32,
}

#[derive(Clone, Copy)]
enum Text<'a> {
    Raw(&'a [u8]),
    Unescaped(usize, usize),
}

impl<'a> Found<'a> {
    /// One for each bit of [`Field::bit`].
    const SLOTS: usize = Field::BITS;

    /// Notes that the line has a key.
    fn meet(&mut self, field: &Field) {
        self.met |= field.bit();
    }

    fn put(&mut self, field: &'a Field, rank: u8, text: Text<'a>) {
        let slot = &mut self.slots[field.bit().trailing_zeros() as usize];
        if slot.as_ref().is_none_or(|(have, ..)| rank <= *have) {
            *slot = Some((rank, field, text));
        }
    }

    fn fills(&self, keys: &Keys) -> bool {
        self.slots.iter().flatten().count() == keys.fields.count_ones() as usize
    }

    /// Fills `record`, which must be empty. A request without a status is answered without one being logged, or never.
    fn fill(&self, keys: &Keys, record: &mut Record<'a>, unescaped: &'a str, clock: &mut Clock) -> Result<(), Reject> {
        let mut no_status = None;
        // The request line comes first of these; once it was one, what servers made of its parts adds nothing.
        let mut has_request = false;
        let mut end: Option<Timestamp> = None;
        for (_, field, text) in self.slots.iter().flatten() {
            let text = match *text {
                Text::Raw(text) => text,
                Text::Unescaped(from, to) => &unescaped.as_bytes()[Range { start: from, end: to }],
            };
            match field {
                Field::Status => {
                    // Some write `200.0`, some `200 OK`.
                    let number = text.split(|b| matches!(b, b'.' | b' ')).next().unwrap_or_default();
                    record.status = value::status(number);
                    no_status = Some(matches!(text, b"-" | b"" | b"-1"));
                }
                // Some writers call the path the request.
                Field::Request if text.starts_with(b"/") => record.set_target(text),
                Field::EndTime => end = clock.any(text),
                Field::Not(start) if text.starts_with(start.as_bytes()) => return Err(Reject::NotThisFormat),
                field if has_request && field.is_of_request_line() => {}
                field => {
                    value::set(record, field, text, clock);
                    has_request |= *field == &Field::Request && record.method.is_some();
                }
            }
        }
        if record.duration.is_none() {
            record.duration = record.time.zip(end).and_then(|(start, end)| between(start, end));
        }
        // A session without HTTP, as proxies tell it.
        let is_session = record.status.is_some_and(|s| s.get() == 0) && record.method.is_none() && record.path.is_none();
        match (record.status, no_status) {
            // A number that is called status or code, and no request: what some application has to say.
            _ if keys.of_request && self.met & Field::OF_REQUEST == 0 => Err(Reject::NotThisFormat),
            (Some(_), _) if is_session => Err(Reject::NoStatus),
            (Some(_), _) => Ok(()),
            (None, Some(true)) => Err(Reject::NoStatus),
            (None, Some(false)) => Err(Reject::BadStatus),
            (None, None) => Err(Reject::NotThisFormat),
        }
    }
}

fn between(start: Timestamp, end: Timestamp) -> Option<Duration> {
    let nanos = |t: Timestamp| i128::from(t.seconds) * 1_000_000_000 + i128::from(t.nanos);
    u64::try_from(nanos(end) - nanos(start)).ok().map(Duration::from_nanos)
}
