//! Who asks, by the `User-Agent` header.

use super::lists;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// A kind of client. What it says of itself is believed, for want of better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Actor {
    /// Looks for weaknesses.
    Scanner,
    /// Asks whether the server lives.
    HealthCheck,
    /// Reads sites: search engines, feed readers, link previews.
    Crawler,
    /// Library or command-line program without a product's name, or something that only claims to be a browser.
    Tool,
    /// Program of a product: a mobile app, an integration.
    App,
    /// Browser.
    Browser,
    /// Says nothing.
    None,
}

impl Actor {
    /// The word of the rule language.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::HealthCheck => "health-check",
            Self::Crawler => "crawler",
            Self::Tool => "tool",
            Self::App => "app",
            Self::Browser => "browser",
            Self::None => "none",
        }
    }
}

/// What a word says where it stands. The first ones outweigh the others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Scanner,
    HealthCheck,
    Crawler,
    Tool,
    App,
    Engine,
    NoCrawler,
}

struct Word {
    says: Says,
    /// Letters may stand before it, behind it.
    open: (bool, bool),
    /// Only at the start.
    first: bool,
}

struct Words {
    finder: AhoCorasick,
    words: Vec<Word>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let lists = [
        (Says::Scanner, lists::SCANNERS),
        (Says::HealthCheck, lists::HEALTH_CHECKS),
        (Says::Crawler, lists::CRAWLERS),
        (Says::Tool, lists::TOOLS),
        (Says::App, lists::APPS),
        (Says::Engine, lists::ENGINES),
        (Says::NoCrawler, lists::NO_CRAWLERS),
    ];
    let patterns = || lists.iter().flat_map(|(says, list)| list.iter().map(move |pattern| (*says, *pattern)));
    let words = patterns().map(|(says, p)| Word { says, open: (p.starts_with('*'), p.ends_with('*')), first: p.starts_with('^') });
    Words { words: words.collect(), finder: finder(patterns().map(|(_, pattern)| pattern.trim_matches(['*', '^']))) }
});

static BROWSERS: LazyLock<AhoCorasick> = LazyLock::new(|| finder(lists::BROWSERS.iter().map(|(token, _)| *token)));

fn finder<'a>(words: impl Iterator<Item = &'a str>) -> AhoCorasick {
    let built = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(words);
    built.expect("a list of a few hundred words is far below the limits")
}

/// Who asks.
pub(crate) fn actor(user_agent: Option<&[u8]>) -> Actor {
    stated(user_agent).map_or(Actor::None, |agent| classify(agent).0)
}

/// Product and version: of a browser its name and major version (`Chrome/131`), of others what they call themselves
/// (`ShopApp/5.2.0`, `Googlebot/2.1`). Empty for none.
pub(crate) fn agent_family(user_agent: Option<&[u8]>) -> Cow<'_, str> {
    let Some(agent) = stated(user_agent) else { return Cow::Borrowed("") };
    let family = match classify(agent) {
        (Actor::Browser, _) => match browser(agent) {
            Some(browser) => return Cow::Owned(browser),
            None => product(agent),
        },
        (_, Some(found)) => token_around(agent, found).unwrap_or_else(|| product(agent)),
        (_, None) => product(agent),
    };
    String::from_utf8_lossy(&family[..family.len().min(LONGEST)])
}

/// A name longer than this is none.
const LONGEST: usize = 64;

fn stated(user_agent: Option<&[u8]>) -> Option<&[u8]> {
    user_agent.map(<[u8]>::trim_ascii).filter(|agent| !matches!(*agent, b"" | b"-"))
}

/// The kind, and where the word that decided it stands, if it is one that names the program.
fn classify(agent: &[u8]) -> (Actor, Option<Range<usize>>) {
    let mut best: Option<(Says, Range<usize>)> = None;
    let (mut engine, mut no_crawler) = (false, 0);
    for found in WORDS.finder.find_overlapping_iter(agent) {
        let word = &WORDS.words[found.pattern()];
        let bound = |open: bool, at: Option<&u8>| open || !at.is_some_and(u8::is_ascii_alphanumeric);
        let before = found.start().checked_sub(1).and_then(|at| agent.get(at));
        if !bound(word.open.0, before) || !bound(word.open.1, agent.get(found.end())) || (word.first && found.start() > 0) {
            continue;
        }
        match word.says {
            Says::Engine => engine = true,
            Says::NoCrawler => no_crawler = found.end(),
            says if best.as_ref().is_none_or(|(other, _)| says < *other) => best = Some((says, found.range())),
            _ => {}
        }
    }
    let claims = [b"Mozilla/".as_slice(), b"Opera/"].iter().any(|name| agent.starts_with(name));
    match best {
        Some((Says::Scanner, at)) => (Actor::Scanner, Some(at)),
        Some((Says::HealthCheck, at)) => (Actor::HealthCheck, Some(at)),
        Some((Says::Crawler, at)) if at.end != no_crawler => (Actor::Crawler, Some(at)),
        Some((Says::Tool, at)) => (Actor::Tool, Some(at)),
        _ if claims && engine => (Actor::Browser, None),
        _ if claims => (Actor::Tool, None),
        _ if [b"Lynx/".as_slice(), b"w3m/", b"Links", b"ELinks"].iter().any(|name| agent.starts_with(name)) => (Actor::Browser, None),
        // A product with a version is somebody's program; a bare word is a script.
        Some((Says::App, _)) => (Actor::App, None),
        _ if agent.contains(&b'/') => (Actor::App, None),
        _ => (Actor::Tool, None),
    }
}

/// Name and major version.
fn browser(agent: &[u8]) -> Option<String> {
    let found = BROWSERS.find_overlapping_iter(agent).min_by_key(aho_corasick::Match::pattern)?;
    let (_, name) = lists::BROWSERS[found.pattern()];
    let version: String = agent[found.end()..].iter().take_while(|b| b.is_ascii_digit()).take(6).map(|&b| b as char).collect();
    Some(if version.is_empty() { name.to_owned() } else { format!("{name}/{version}") })
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
}

/// The whole token that a word stands in, with its version; `None` for a word in a URL.
fn token_around(agent: &[u8], found: Range<usize>) -> Option<&[u8]> {
    let start = agent[..found.start].iter().rposition(|&b| !is_token(b)).map_or(0, |at| at + 1);
    if start > 0 && matches!(agent[start - 1], b'/' | b'@') {
        return None;
    }
    let token_end = |from: usize| agent[from..].iter().position(|&b| !is_token(b)).map_or(agent.len(), |n| from + n);
    let mut end = token_end(found.end);
    if agent.get(end) == Some(&b'/') {
        end = token_end(end + 1);
    }
    Some(agent[start..end].strip_suffix(b"/").unwrap_or(&agent[start..end]))
}

/// The first product, `Name/1.2`; where the name has spaces, all of it.
fn product(agent: &[u8]) -> &[u8] {
    let first = agent.split(|b| matches!(b, b' ' | b';' | b',')).next().unwrap_or(agent);
    if first.contains(&b'/') {
        return first;
    }
    let stop = agent.iter().position(|b| matches!(b, b'(' | b';' | b',' | b'/')).unwrap_or(agent.len());
    if agent.get(stop) != Some(&b'/') {
        return agent[..stop].trim_ascii_end();
    }
    let end = agent[stop..].iter().position(|b| matches!(b, b' ' | b'(' | b';' | b',')).map_or(agent.len(), |n| stop + n);
    &agent[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str =
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

    #[test]
    fn agents_are_told_apart() {
        for (agent, kind, family) in [
            ("-", "none", ""),
            ("", "none", ""),
            (CHROME, "browser", "Chrome/131"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                "browser",
                "Edge/130",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 OPR/116.0.0.0",
                "browser",
                "Opera/116",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
                "browser",
                "Samsung Internet/26",
            ),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "browser", "Firefox/133"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "browser",
                "Safari/18",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
                "browser",
                "Chrome/131",
            ),
            ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "browser", "Internet Explorer/11"),
            (
                "Mozilla/5.0 (Linux; Android 9; CUBOT_X18) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
                "browser",
                "Chrome/120",
            ),
            ("Lynx/2.9.0 libwww-FM/2.14", "browser", "Lynx/2.9.0"),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
                "tool",
                "HeadlessChrome/131.0.0.0",
            ),
            ("curl/8.5.0", "tool", "curl/8.5.0"),
            ("Wget/1.21.3", "tool", "Wget/1.21.3"),
            ("python-requests/2.32.3", "tool", "python-requests/2.32.3"),
            ("Go-http-client/1.1", "tool", "Go-http-client/1.1"),
            ("Apache-HttpClient/5.3.1 (Java/21.0.4)", "tool", "Apache-HttpClient/5.3.1"),
            ("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "tool", "node-fetch/1.0"),
            ("axios/1.7.7", "tool", "axios/1.7.7"),
            ("Mozilla/5.0", "tool", "Mozilla/5.0"),
            ("okhttp/4.9.1", "app", "okhttp/4.9.1"),
            ("ShopApp/5.2.0 (iOS 18.1; iPhone16,1)", "app", "ShopApp/5.2.0"),
            ("Shop App/5.2 (Android 14)", "app", "Shop App/5.2"),
            ("ShopApp/123 CFNetwork/1474 Darwin/23.0.0", "app", "ShopApp/123"),
            ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A125F)", "app", "Dalvik/2.1.0"),
            ("acme-sync/3.4.1", "app", "acme-sync/3.4.1"),
            ("deploybot", "crawler", "deploybot"),
            ("kube-probe/1.29", "health-check", "kube-probe/1.29"),
            ("ELB-HealthChecker/2.0", "health-check", "ELB-HealthChecker/2.0"),
            ("Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "health-check", "UptimeRobot/2.0"),
            ("Consul Health Check", "health-check", "Consul Health Check"),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler", "Googlebot/2.1"),
            ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "crawler", "bingbot/2.0"),
            ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "crawler", "AhrefsBot/7.0"),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "crawler", "facebookexternalhit/1.1"),
            ("acme-reader/2.0 (+https://example.com/bot.html)", "crawler", "acme-reader/2.0"),
            ("Mozilla/5.0 (compatible; Nuclei - Open-source project (github.com/projectdiscovery/nuclei))", "scanner", "Nuclei"),
            ("Mozilla/5.0 zgrab/0.x", "scanner", "zgrab/0.x"),
            ("Mozilla/4.0 (Hydra)", "scanner", "Hydra"),
            ("sqlmap/1.7.2#stable (https://sqlmap.org)", "scanner", "sqlmap/1.7.2"),
            ("Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "scanner", "Nmap"),
            ("python-httpx/0.27.0", "tool", "python-httpx/0.27.0"),
        ] {
            let bytes = Some(agent.as_bytes());
            assert_eq!((actor(bytes).word(), &*agent_family(bytes)), (kind, family), "{agent}");
        }
        assert_eq!(actor(None), Actor::None);
    }

    #[test]
    fn hostile_agents_stay_short_and_valid() {
        let long = vec![b'\xff'; 100_000];
        assert!(agent_family(Some(&long)).chars().count() <= LONGEST);
        assert_eq!(agent_family(Some(b"/")), "/");
        let _ = (agent_family(Some(b"bot/")), actor(Some(b"(((;")), agent_family(Some(b"(((;")));
    }
}
