//! Status codes, each service's for itself, as small numbers: most logs hold a dozen of the thousand that there are.

use crate::model::{ServiceId, StatusCode};
use std::collections::BTreeMap;

/// Numbers codes in the order in which they come.
#[derive(Clone, Debug)]
pub struct CodeSlots {
    /// The numbers of the present service's codes.
    slots: Slots,
    service: ServiceId,
    /// Those of the services that had their turn.
    resting: BTreeMap<ServiceId, Slots>,
    keys: Vec<(ServiceId, StatusCode)>,
}

type Slots = Box<[u32; StatusCode::COUNT]>;

const NONE: u32 = u32::MAX;

impl Default for CodeSlots {
    fn default() -> Self {
        Self { slots: no_slots(), service: ServiceId::NONE, resting: BTreeMap::new(), keys: Vec::new() }
    }
}

fn no_slots() -> Slots {
    Box::new([NONE; StatusCode::COUNT])
}

impl CodeSlots {
    /// The number of a code of the present service.
    #[inline(always)]
    pub fn slot(&mut self, code: StatusCode) -> usize {
        let slot = self.slots[usize::from(code.get())];
        if slot == NONE { self.add(code) } else { slot as usize }
    }

    #[cold]
    fn add(&mut self, code: StatusCode) -> usize {
        let slot = self.keys.len();
        self.slots[usize::from(code.get())] = slot as u32;
        self.keys.push((self.service, code));
        slot
    }

    /// From now on codes are those of this service.
    pub fn set_service(&mut self, service: ServiceId) {
        if service != self.service {
            let next = self.resting.remove(&service).unwrap_or_else(no_slots);
            let before = std::mem::replace(&mut self.slots, next);
            self.resting.insert(std::mem::replace(&mut self.service, service), before);
        }
    }

    /// For each number of `theirs`, the number here of the same code and service.
    pub fn numbers_of(&mut self, theirs: &Self) -> Vec<usize> {
        let present = self.service;
        let number = |&(service, code): &(ServiceId, StatusCode)| {
            self.set_service(service);
            self.slot(code)
        };
        let numbers = theirs.keys.iter().map(number).collect();
        self.set_service(present);
        numbers
    }

    /// All codes with their services, by number.
    pub fn keys(&self) -> &[(ServiceId, StatusCode)] {
        &self.keys
    }
}
