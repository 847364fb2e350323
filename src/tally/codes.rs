//! Status codes as small numbers: most logs hold a dozen of the thousand that there are.

use crate::model::StatusCode;

/// Numbers codes in the order in which they come.
#[derive(Clone, Debug)]
pub struct CodeSlots {
    slots: Box<[u16; StatusCode::COUNT]>,
    codes: Vec<StatusCode>,
}

const NONE: u16 = u16::MAX;

impl Default for CodeSlots {
    fn default() -> Self {
        Self { slots: Box::new([NONE; StatusCode::COUNT]), codes: Vec::new() }
    }
}

impl CodeSlots {
    /// The number of a code.
    #[inline]
    pub fn slot(&mut self, code: StatusCode) -> usize {
        let slot = self.slots[usize::from(code.get())];
        if slot == NONE { self.add(code) } else { usize::from(slot) }
    }

    #[cold]
    fn add(&mut self, code: StatusCode) -> usize {
        let slot = self.codes.len();
        self.slots[usize::from(code.get())] = slot as u16;
        self.codes.push(code);
        slot
    }

    /// All codes, by number.
    pub fn codes(&self) -> &[StatusCode] {
        &self.codes
    }
}
