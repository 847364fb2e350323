//! What stays the same of a violation from run to run: a name for its rule, and a fingerprint of its rule and part. Numbers
//! are no part of it, so that CI systems see the same violation again and not a new one.

use crate::gate::{Part, Ruling};
use std::collections::HashSet;

/// Characters of a rule's text in its id, and of a name that is one as it stands.
const SLUG: usize = 48;
const NAME: usize = 100;

/// The rule's name; without a short one its words, and a digest of its text that tells apart rules of the same words.
pub(super) fn rule_id(ruling: &Ruling) -> String {
    let text = match &ruling.name {
        Some(name) if name.len() <= NAME => return name.clone(),
        Some(name) => name,
        None => &ruling.rule,
    };
    let mut slug = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
        if slug.len() >= SLUG {
            break;
        }
    }
    format!("{}-{:08x}", slug.trim_end_matches('-'), digest([text.as_str()]) as u32)
}

/// Fingerprints of one output: none is given twice, as readers drop the second of two.
#[derive(Default)]
pub(super) struct Fingerprints(HashSet<u128>);

impl Fingerprints {
    pub(super) fn of(&mut self, ruling: &Ruling, part: &Part) -> String {
        let code = part.code.map(|code| code.to_string());
        let named = [part.service.as_deref(), part.method.as_deref(), part.route.as_deref(), code.as_deref()];
        let id = rule_id(ruling);
        // What is not there is told apart from what is empty.
        let texts = [id.as_str()].into_iter().chain(named.into_iter().flat_map(|n| n.map_or(["-", ""], |text| ["+", text])));
        let mut print = digest(texts);
        while !self.0.insert(print) {
            print = print.wrapping_add(1);
        }
        format!("{print:032x}")
    }
}

/// FNV-1a of 128 bits: it must be the same in every version and on every machine, and hold no secret.
fn digest<'t>(texts: impl IntoIterator<Item = &'t str>) -> u128 {
    const START: u128 = 0x6c62272e07bb014262b821756295c58d;
    const PRIME: u128 = 0x0000000001000000000000000000013b;
    let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    // A zero byte ends each text: "ab", "c" is not "a", "bc".
    texts.into_iter().fold(START, |hash, text| text.bytes().chain([0]).fold(hash, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_stay() {
        assert_eq!(digest([]), 0x6c62272e07bb014262b821756295c58d);
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
        // Known value of FNV-1a 128 for "a" and then the byte that ends a text.
        let a = 0xd228cb696f1a8caf78912b704e4a8964_u128;
        assert_eq!(digest(["a"]), a.wrapping_mul(0x0000000001000000000000000000013b));
    }
}
