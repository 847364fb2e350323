//! Logs whose values carry their names: JSON lines, LTSV, logfmt. A map from keys to fields, and the record made of what a
//! line has of them.

mod found;
pub(super) mod guess;
pub(super) mod json;
mod learn;
mod look;
pub(super) mod pairs;
mod shape;
pub(super) mod template;
mod within;

use super::field::{Field, Wanted};
use found::Found;
use hashbrown::HashMap;
use pairs::Order;
use shape::Shapes;
use std::sync::Arc;

/// A key path, the field that it holds, and its rank: where two keys of a line lead to one field, the lower rank wins.
pub(super) type KeyRow = (Vec<String>, Field, u8);

/// Where each field of a keyed log stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    root: Node,
    /// All fields that keys lead to, each as often as there are keys.
    rows: Vec<Field>,
    /// The bits of the fields that the map knows: a line that fills all of them fits wholly.
    fields: u32,
    /// Some key holds a part of the request, so that every access line has one.
    of_request: bool,
    /// Known by its address: what was learnt with one map holds for its clones, and for no other.
    identity: Arc<()>,
}

/// A row of [`Keys`], with what is asked of it for every value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    at: u16,
    /// The number of the field's bit.
    bit: u8,
    rank: u8,
}

/// One level of nested objects.
#[derive(Clone, Debug, Default)]
struct Node {
    keys: HashMap<Box<str>, Key>,
}

#[derive(Clone, Debug, Default)]
struct Key {
    /// What a plain value under this key is, with its rank among the keys that lead to one field.
    row: Option<Row>,
    /// What stands in an object under this key.
    inside: Node,
}

/// Room for strings that had escapes: the record borrows from here. And what was learnt from the lines before.
#[derive(Debug, Default)]
pub(super) struct Strings {
    pub(super) unescaped: String,
    mended: Vec<u8>,
    found: Found,
    shapes: Shapes,
    order: Order,
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
            let at = u16::try_from(program.rows.len()).expect("a map has fewer keys than a sample has bytes");
            program.root.insert(&path, Row { at, bit: field.bit().trailing_zeros() as u8, rank });
            program.rows.push(field);
        }
        program
    }

    /// The bits of all fields that it knows.
    pub(super) const fn fields(&self) -> u32 {
        self.fields
    }

    pub(super) fn has(&self, field: &Field) -> bool {
        self.root.any(field.bit().trailing_zeros() as u8)
    }

    pub(super) fn narrowed(&self, wanted: Wanted) -> Self {
        let mut keys = Self { identity: Arc::default(), ..self.clone() };
        keys.root.retain(&keys.rows, wanted);
        keys
    }

    /// The row of a key of the outermost level.
    fn of(&self, key: &str) -> Option<Row> {
        self.root.keys.get(key)?.row
    }
}

impl Node {
    fn insert(&mut self, path: &[String], row: Row) {
        let [name, rest @ ..] = path else { return };
        let key = self.keys.entry(name.as_str().into()).or_default();
        if rest.is_empty() {
            key.row = Some(row);
        } else {
            key.inside.insert(rest, row);
        }
    }

    fn any(&self, bit: u8) -> bool {
        self.keys.values().any(|k| k.row.is_some_and(|row| row.bit == bit) || k.inside.any(bit))
    }

    /// Drops the keys of unwanted fields, but of none that decides whether a line is a record: parts of a request do.
    fn retain(&mut self, rows: &[Field], wanted: Wanted) {
        for key in self.keys.values_mut() {
            key.row.take_if(|row| {
                let field = &rows[usize::from(row.at)];
                !wanted.has(field) && !field.is_of_request_line()
            });
            key.inside.retain(rows, wanted);
        }
        self.keys.retain(|_, k| k.row.is_some() || !k.inside.keys.is_empty());
    }
}
