//! Which responses are the server's own error pages, by their size: proof that the server made the error and not the
//! application behind it, and for nginx and Apache what hides behind a logged 400. Knows sizes only, no request.
//!
//! The sizes differ from host to host by a constant: the line that names the server, a signature, headers that are counted too.
//! So it is learnt first, as the constant that explains the pages of several codes at once.

mod apache;
mod nginx;
mod tables;

use std::collections::BTreeMap;
use tables::{HAPROXY, REASONS, TRAEFIK};

/// A size that makes up less than this part of its status' responses is not learnt from: a page of a fixed size stands out.
const COMMON: f64 = 0.05;
/// Sizes of a status that are learnt from.
const MOST: usize = 8;

/// The frequent sizes of the responses of each status.
struct Sizes(BTreeMap<u16, Vec<u64>>);

impl Sizes {
    fn of(&self, status: u16) -> &[u64] {
        self.0.get(&status).map_or(&[], Vec::as_slice)
    }
}

/// How sure a constant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    /// Fits a page, and is one that many hosts have.
    Likely,
    /// Fits pages of different sizes, more than chance would.
    Proven,
}

/// The servers' own pages, as they look in one log.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    nginx: Option<nginx::Fit>,
    apache: Option<apache::Fit>,
}

impl Pages {
    /// From what was seen: server as the log tells it (`nginx`, `apache`, `unknown`), status, bytes, how many responses. Best
    /// only of responses that no upstream gave.
    pub(super) fn learn<'a>(seen: impl IntoIterator<Item = (&'a str, u16, u64, u64)>) -> Self {
        let mut counts: Vec<(u16, u64, u64)> = Vec::new();
        let (mut nginx, mut apache, mut unknown) = (false, false, false);
        for (server, status, bytes, count) in seen {
            nginx |= server == "nginx";
            apache |= server == "apache";
            unknown |= server == "unknown";
            if status >= 300 && bytes > 0 {
                counts.push((status, bytes, count));
            }
        }
        counts.sort_unstable();
        let sizes = Sizes(counts.chunk_by(|a, b| a.0 == b.0).map(|of| (of[0].0, frequent(of))).collect());
        let mut pages = Self {
            nginx: (nginx || unknown).then(|| nginx::Fit::of(&sizes, nginx)).flatten(),
            apache: (apache || unknown).then(|| apache::Fit::of(&sizes, apache)).flatten(),
        };
        pages.choose(nginx, apache);
        pages
    }

    /// Of a log whose server is not known only one can be right: the one that explains more codes, or none.
    fn choose(&mut self, nginx: bool, apache: bool) {
        if let (Some(n), Some(a), false, false) = (&self.nginx, &self.apache, nginx, apache) {
            let order = n.strength().cmp(&a.strength());
            if order.is_le() {
                self.nginx = None;
            }
            if order.is_ge() {
                self.apache = None;
            }
        }
    }

    /// The code whose built-in page a response is: 494 to 497 for what is logged as 400, else the status itself. `None` for
    /// what is none or may come from elsewhere.
    pub(super) fn code(&self, server: &str, status: u16, bytes: u64) -> Option<u16> {
        if bytes == 0 {
            return None;
        }
        let nginx = || self.nginx.as_ref().and_then(|fit| fit.code(status, bytes));
        let apache = || self.apache.as_ref().and_then(|fit| fit.code(status, bytes));
        let listed = |list: &[(u16, u64)]| list.contains(&(status, bytes)).then_some(status);
        let reasons = || REASONS.iter().filter(|(code, _)| *code == status).map(|(_, reason)| reason.len() as u64);
        match server {
            "nginx" => nginx(),
            "apache" => apache(),
            "haproxy" => listed(HAPROXY),
            "traefik" => listed(TRAEFIK),
            // Older ones wrote "404 - Not Found".
            "lighttpd" => reasons().any(|reason| matches!(bytes.checked_sub(323 + 2 * reason), Some(0 | 4))).then_some(status),
            // The page ends in the request's number, of five digits on a fresh server and up to ten later.
            "varnish" => reasons().any(|reason| (1..=10).contains(&bytes.saturating_sub(217 + 3 * reason))).then_some(status),
            "unknown" => nginx().or_else(apache),
            _ => None,
        }
    }

    /// The server that wrote the log, where the sizes prove it.
    pub(super) fn server_guess(&self) -> Option<&'static str> {
        let nginx = self.nginx.as_ref().is_some_and(|fit| fit.proof == Proof::Proven);
        let apache = self.apache.as_ref().is_some_and(|fit| fit.proof == Proof::Proven);
        match (nginx, apache) {
            (true, false) => Some("nginx"),
            (false, true) => Some("apache"),
            _ => None,
        }
    }
}

/// The sizes that make up a good part of a status' responses, the most frequent first.
fn frequent(counts: &[(u16, u64, u64)]) -> Vec<u64> {
    let count = |of: &[(u16, u64, u64)]| of.iter().map(|(.., count)| count).sum::<u64>();
    let all = count(counts);
    let sizes = counts.chunk_by(|a, b| a.1 == b.1).map(|of| (of[0].1, count(of)));
    let mut sizes: Vec<(u64, u64)> = sizes.filter(|(_, count)| *count as f64 >= COMMON * all as f64).collect();
    sizes.sort_by_key(|(bytes, count)| (std::cmp::Reverse(*count), *bytes));
    sizes.truncate(MOST);
    sizes.into_iter().map(|(bytes, _)| bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(server: &str, seen: &[(u16, u64)]) -> Pages {
        Pages::learn(seen.iter().map(|(status, bytes)| (server, *status, *bytes, 10)))
    }

    #[test]
    fn nginx_is_known_by_two_pages_or_by_the_padding() {
        for tail in [46, 52, 53, 61, 62] {
            let pages = learn("unknown", &[(404, 100 + tail), (502, 104 + tail), (200, 1234)]);
            assert_eq!(pages.server_guess(), Some("nginx"), "{tail}");
            assert_eq!(pages.code("unknown", 404, 100 + tail), Some(404));
            assert_eq!(pages.code("unknown", 404, 100 + tail + 402), Some(404));
            assert_eq!(pages.code("unknown", 404, 100 + tail + 1), None);
            for code in [494, 495, 496, 497] {
                let page = tables::NGINX.iter().find(|p| p.code == code).unwrap().bytes;
                assert_eq!(pages.code("unknown", 400, page + tail), Some(code));
            }
            assert_eq!(pages.code("unknown", 400, 104 + tail), Some(400));
        }
        assert_eq!(learn("unknown", &[(400, 226), (400, 628)]).server_guess(), Some("nginx"));
        assert_eq!(learn("nginx", &[(400, 242)]).code("nginx", 400, 242), Some(494));
        // Before 2018 every page was 16 bytes longer, which is a constant like any other.
        assert_eq!(learn("unknown", &[(404, 168), (502, 172), (301, 184)]).server_guess(), Some("nginx"));
    }

    #[test]
    fn redirects_are_not_padded() {
        let pages = learn("nginx", &[(301, 162), (404, 146)]);
        assert_eq!(pages.code("nginx", 301, 162), Some(301));
        assert_eq!(pages.code("nginx", 301, 162 + 402), None);
    }

    #[test]
    fn apache_is_known_with_bodies_signatures_and_headers() {
        // %b, no signature, and older pages.
        for less in [0, 40] {
            let pages = learn("unknown", &[(404, 236 - less), (403, 239 - less), (400, 266 - less)]);
            assert_eq!(pages.server_guess(), Some("apache"), "{less}");
            assert_eq!(pages.code("unknown", 400, 318 - less), Some(494));
            assert_eq!(pages.code("unknown", 400, 402 - less), Some(497));
            assert_eq!(pages.code("unknown", 503, 339 - less), Some(503));
        }
        // %b with a signature of 91 bytes.
        let pages = learn("apache", &[(404, 236 + 91), (403, 239 + 91)]);
        assert_eq!(pages.code("apache", 400, 266 + 91), Some(400));
        // %O with `Server: Apache`: some of the connections close.
        let pages = learn("apache", &[(404, 381), (400, 432), (503, 513)]);
        assert_eq!(pages.server_guess(), Some("apache"));
        assert_eq!(pages.code("apache", 403, 384), Some(403));
        assert_eq!(pages.code("apache", 408, 431), Some(408));
        assert_eq!(pages.code("apache", 500, 747), Some(500));
        assert_eq!(pages.code("apache", 404, 382), None);
        // %O with the version, to clients that ask to keep the connection.
        let pages = learn("apache", &[(404, 236 + 161 + 56), (403, 239 + 161 + 56), (400, 448)]);
        assert_eq!(pages.code("apache", 400, 448), Some(400));
        assert_eq!(pages.code("apache", 404, 397), Some(404));
    }

    #[test]
    fn pages_of_applications_prove_nothing() {
        for seen in [
            &[(404, 210), (401, 25), (500, 20), (422, 64)][..],
            &[(404, 162), (403, 162), (500, 162), (401, 162)],
            &[(404, 1337)],
            &[(404, 150)],
            &[(302, 154), (303, 162)],
            &[],
            &[(200, 146), (204, 150)],
        ] {
            let pages = learn("unknown", seen);
            assert_eq!(pages.server_guess(), None, "{seen:?}");
        }
        let pages = learn("nginx", &[(404, 210), (500, 20)]);
        assert_eq!((pages.code("nginx", 404, 210), pages.code("nginx", 500, 20)), (None, None));
        assert_eq!(pages.code("nginx", 404, 0), None);
    }

    /// Bodies of all lengths, as JSON has: chance alone must not make a server of them.
    #[test]
    fn sizes_by_chance_prove_nothing() {
        let mut state = 7_u64;
        let mut next = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        let mut wrong = 0;
        for _ in 0..1000 {
            let seen: Vec<(u16, u64)> =
                [400, 401, 403, 404, 409, 500].iter().flat_map(|s| [(*s, 100 + next(500)), (*s, 100 + next(500))]).collect();
            wrong += usize::from(learn("unknown", &seen).server_guess().is_some());
        }
        assert!(wrong <= 20, "{wrong} of 1000");
    }

    #[test]
    fn other_servers_have_fixed_sizes() {
        let pages = Pages::default();
        assert_eq!(pages.code("haproxy", 503, 217), Some(503));
        assert_eq!(pages.code("haproxy", 503, 212), Some(503));
        assert_eq!(pages.code("haproxy", 503, 339), None);
        assert_eq!(pages.code("lighttpd", 403, 341), Some(403));
        assert_eq!(pages.code("lighttpd", 404, 345), Some(404));
        assert_eq!(pages.code("lighttpd", 431, 385), Some(431));
        assert_eq!(pages.code("lighttpd", 404, 1200), None);
        assert_eq!(pages.code("varnish", 503, 282), Some(503));
        assert_eq!(pages.code("varnish", 503, 283), Some(503));
        assert_eq!(pages.code("varnish", 503, 20), None);
        assert_eq!(pages.code("traefik", 404, 19), Some(404));
        assert_eq!(pages.code("caddy", 404, 19), None);
    }
}
