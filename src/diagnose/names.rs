//! Texts by number: whatever is compared, grouped or counted later is a number.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::borrow::Cow;
use std::hash::BuildHasher;

/// Numbers texts in the order in which they come. A text that stands in a sampled record is not copied.
#[derive(Default)]
pub(super) struct Names<'t> {
    hasher: DefaultHashBuilder,
    known: HashTable<u32>,
    names: Vec<Cow<'t, [u8]>>,
}

/// Not stated.
pub(super) const NONE: u32 = u32::MAX;

impl<'t> Names<'t> {
    /// The number of a text; [`NONE`] for not stated.
    pub(super) fn symbol(&mut self, text: Option<&'t [u8]>) -> u32 {
        text.map_or(NONE, |text| self.number(Cow::Borrowed(text)))
    }

    /// The same for a text that was made up.
    pub(super) fn owned(&mut self, text: Option<Vec<u8>>) -> u32 {
        text.map_or(NONE, |text| self.number(Cow::Owned(text)))
    }

    fn number(&mut self, text: Cow<'t, [u8]>) -> u32 {
        let hash = self.hasher.hash_one(&*text);
        if let Some(&symbol) = self.known.find(hash, |&symbol| self.names[symbol as usize] == text) {
            return symbol;
        }
        let symbol = self.names.len() as u32;
        self.names.push(text);
        let Self { hasher, known, names } = self;
        known.insert_unique(hash, symbol, |&symbol| hasher.hash_one(&*names[symbol as usize]));
        symbol
    }

    /// The number of a text, if it has one.
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        self.known.find(self.hasher.hash_one(text), |&symbol| *self.names[symbol as usize] == *text).copied()
    }

    /// The texts, by number.
    pub(super) fn all(&self) -> &[Cow<'t, [u8]>] {
        &self.names
    }
}
