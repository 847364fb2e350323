//! Apache: two generations of pages; `ServerSignature` adds a line; `%O` counts the headers, among them the reason phrase and
//! what is said of the connection.

use super::tables::{APACHE, APACHE_OLDER, ApachePage};
use super::{Proof, Sizes};
use std::collections::{BTreeMap, BTreeSet};

/// What the headers say of the connection: nothing, that it closes, that it stays for 100 or for fewer requests more.
const CONNECTION: [u64; 4] = [0, 19, 56, 55];

/// The headers that each page has, without reason phrase and the name behind `Server:`.
const HEADERS: u64 = 130;

/// A signature: a rule and an address with the server's name, the host's and a port.
const SIGNATURES: std::ops::RangeInclusive<u64> = 60..=160;
/// Names behind `Server:`, and a signature with it.
const NAMES: std::ops::RangeInclusive<u64> = HEADERS + 6..=HEADERS + 230;
/// `Apache`, `Apache/2.4.62`, and with `(Unix)`, `(Debian)` or `(Ubuntu)`, `(Rocky Linux)`, `(Red Hat Enterprise Linux)`.
const USUAL_NAMES: [u64; 6] = [6, 13, 20, 22, 27, 40];

/// What is the same on every page of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Constant {
    older: bool,
    /// The headers are counted.
    headers: bool,
    bytes: u64,
}

impl Constant {
    fn is_possible(self) -> bool {
        if self.headers { NAMES.contains(&self.bytes) } else { self.bytes == 0 || SIGNATURES.contains(&self.bytes) }
    }

    fn is_usual(self) -> bool {
        if self.headers { USUAL_NAMES.contains(&(self.bytes - HEADERS)) } else { self.bytes == 0 }
    }

    /// What a fresh installation has, of today's pages.
    fn is_default(self) -> bool {
        !self.older && if self.headers { matches!(self.bytes - HEADERS, 6 | 22) } else { self.bytes == 0 }
    }

    /// The sizes of a page without the constant.
    fn sizes(self, page: &ApachePage) -> impl Iterator<Item = u64> {
        let connections: &'static [u64] = match (self.headers, page.closes) {
            (false, _) => &CONNECTION[..1],
            (true, true) => &CONNECTION[1..2],
            (true, false) => &CONNECTION,
        };
        let plain = if self.headers { page.reason } else { 0 };
        let less = if self.older { APACHE_OLDER } else { 0 };
        page.bytes.iter().flat_map(move |bytes| connections.iter().map(move |more| bytes - less + plain + more))
    }
}

/// The constant of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    constant: Constant,
    evidence: usize,
    pub(super) proof: Proof,
}

impl Fit {
    /// The constant that explains most, if it explains more than chance does.
    pub(super) fn of(sizes: &Sizes, is_apache: bool) -> Option<Self> {
        let mut votes: BTreeMap<Constant, BTreeSet<u16>> = BTreeMap::new();
        for (older, headers) in [(false, false), (false, true), (true, false), (true, true)] {
            let kind = Constant { older, headers, bytes: 0 };
            for page in APACHE {
                for (size, bytes) in kind.sizes(page).flat_map(|size| sizes.of(page.logged).iter().map(move |bytes| (size, bytes))) {
                    let Some(bytes) = bytes.checked_sub(size) else { continue };
                    let constant = Constant { bytes, ..kind };
                    if constant.is_possible() {
                        votes.entry(constant).or_default().insert(page.logged);
                    }
                }
            }
        }
        let rank =
            |constant: &Constant, codes: &BTreeSet<u16>| (codes.len() + usize::from(constant.is_usual()), std::cmp::Reverse(*constant));
        let (constant, codes) = votes.into_iter().max_by_key(|(constant, codes)| rank(constant, codes))?;
        let (evidence, usual) = (codes.len(), constant.is_usual());
        let proof = match evidence {
            4.. => Proof::Proven,
            3 if is_apache || usual => Proof::Proven,
            2 if usual && (is_apache || !constant.headers) => Proof::Proven,
            2 if is_apache || usual => Proof::Likely,
            1 if (usual && is_apache) || constant.is_default() => Proof::Likely,
            _ => return None,
        };
        Some(Self { constant, evidence, proof })
    }

    /// To compare fits of different servers.
    pub(super) fn strength(&self) -> (Proof, usize) {
        (self.proof, self.evidence)
    }

    /// The code whose page it is.
    pub(super) fn code(&self, status: u16, bytes: u64) -> Option<u16> {
        let rest = bytes.checked_sub(self.constant.bytes)?;
        APACHE.iter().find(|page| page.logged == status && self.constant.sizes(page).any(|size| size == rest)).map(|page| page.code)
    }
}
