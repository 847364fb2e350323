//! nginx: every page ends in a line that names the server, and is padded for Chrome and Internet Explorer.

use super::tables::{NGINX, NginxPage};
use super::{Proof, Sizes};
use std::collections::{BTreeMap, BTreeSet};

/// What `msie_padding` adds, on by default, for agents with `MSIE` or `Chrome` and codes from 400 on.
const PADDING: u64 = 402;

/// Bytes of the last line where it shows no version, nginx/1.8.1, nginx/1.18.0, and the latter two with (Ubuntu) or (Debian).
const COMMON: &[u64] = &[46, 52, 53, 61, 62];
/// Of OpenResty, Tengine and others; and before 1.15.4 every page was 16 bytes longer.
const RARE: &[u64] = &[48, 50, 51, 54, 59, 68, 69, 77, 78];

/// Shorter and longer ones name no server.
const TAILS: std::ops::RangeInclusive<u64> = 45..=118;

/// The constant of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    tail: u64,
    evidence: usize,
    pub(super) proof: Proof,
}

#[derive(Default)]
struct Vote {
    /// Lengths of the pages that fit; codes whose pages are equally long speak once.
    lengths: BTreeSet<u64>,
    /// A page was seen both with and without padding.
    padded: bool,
}

impl Vote {
    fn evidence(&self) -> usize {
        self.lengths.len() + usize::from(self.padded)
    }
}

fn pads(page: &NginxPage) -> impl Iterator<Item = u64> {
    [0, PADDING].into_iter().take(if page.logged >= 400 { 2 } else { 1 })
}

impl Fit {
    /// The constant that explains most, if it explains more than chance does.
    pub(super) fn of(sizes: &Sizes, is_nginx: bool) -> Option<Self> {
        let mut votes: BTreeMap<u64, Vote> = BTreeMap::new();
        // Applications redirect too, with bodies of their own; hardly ever for good.
        for page in NGINX.iter().filter(|page| !matches!(page.code, 302 | 303 | 307)) {
            let seen = sizes.of(page.logged);
            for (pad, bytes) in pads(page).flat_map(|pad| seen.iter().map(move |bytes| (pad, bytes))) {
                let Some(tail) = bytes.checked_sub(page.bytes + pad).filter(|tail| TAILS.contains(tail)) else { continue };
                let vote = votes.entry(tail).or_default();
                vote.lengths.insert(page.bytes);
                vote.padded |= pad > 0 && seen.contains(&(bytes - pad));
            }
        }
        let rank = |tail: &u64, vote: &Vote| (vote.evidence(), COMMON.contains(tail), std::cmp::Reverse(*tail));
        let (tail, vote) = votes.into_iter().max_by_key(|(tail, vote)| rank(tail, vote))?;
        let (evidence, common) = (vote.evidence(), COMMON.contains(&tail));
        let proof = match evidence {
            3.. => Proof::Proven,
            2 if common || vote.padded => Proof::Proven,
            1 | 2 if is_nginx && (common || evidence == 2 || RARE.contains(&tail)) => Proof::Likely,
            // Of a server that is not known, only what half of all hosts have.
            1 if matches!(tail, 46 | 62) => Proof::Likely,
            2 if RARE.contains(&tail) => Proof::Likely,
            _ => return None,
        };
        Some(Self { tail, evidence, proof })
    }

    /// To compare fits of different servers.
    pub(super) fn strength(&self) -> (Proof, usize) {
        (self.proof, self.evidence)
    }

    /// The code whose page it is.
    pub(super) fn code(&self, status: u16, bytes: u64) -> Option<u16> {
        let fits = |page: &&NginxPage| page.logged == status && pads(page).any(|pad| page.bytes + pad + self.tail == bytes);
        NGINX.iter().find(fits).map(|page| page.code)
    }
}
