//! nginx's configuration: words, strings, blocks; and of its directives the three that matter here.
//!
//! Written by hand because the one crate for it, nginx-config 0.13, has had no release for years and knows a fixed list of
//! directives, log_format not among them. The grammar is that of nginx's own reader: an escape in a word keeps the next
//! character from ending it, `${` opens no block, a quote inside a word is nothing special.

use super::files::{File, Files};
use super::logpath::LogPath;
use super::{Escape, Found, FoundFormat, FoundLog, Place, Wanted};

/// Words of a directive that are kept.
const MOST_WORDS: usize = 4_096;

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// A string that goes on to the end of the file.
    Unclosed,
    End,
}

/// A block, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Http,
    /// TCP and UDP: its formats have names of their own.
    Stream,
}

pub(super) fn read(files: &mut Files<'_, '_>) -> Found {
    let (mut found, mut blocks) = (Found::default(), Vec::new());
    while let Some(file) = files.current(blocks.len()) {
        let (words, end, place) = directive(file);
        let (base, name) = (file.depth, words.first().map_or("", String::as_str));
        let scope = usize::from(blocks.last() == Some(&Block::Stream));
        let mut wrong = None;
        match end {
            Token::Open if name.ends_with("_by_lua_block") => {
                wrong = (!skip_lua(file)).then_some("a block of Lua is not closed before the end of the file");
            }
            Token::Open => {
                blocks.push(if name == "stream" { Block::Stream } else { blocks.last().copied().unwrap_or(Block::Http) });
                continue;
            }
            Token::Close if blocks.len() == base => wrong = Some("unexpected '}'"),
            Token::Close => {
                blocks.pop();
                wrong = (!words.is_empty()).then_some("a ';' is missing before '}'");
            }
            Token::Unclosed => wrong = Some("a quote is not closed before the end of the file"),
            // What is there of the last directive counts; the end comes again.
            Token::End if !words.is_empty() => wrong = Some("the file ends before a ';'"),
            Token::End => {
                wrong = (blocks.len() > base).then_some("the file ends before a '}'");
                blocks.truncate(base);
                files.done();
            }
            Token::Semicolon | Token::Word(_) => {}
        }
        if let Some(what) = wrong {
            files.warn(&place, what);
        }
        act(words, scope, place, files, &mut found);
    }
    found.warnings = files.take_warnings();
    found
}

fn act(words: Vec<String>, scope: usize, place: Place, files: &mut Files<'_, '_>, found: &mut Found) {
    if words.len() >= MOST_WORDS {
        return files.warn(&place, "the directive has too many words, and is left out");
    }
    let mut words = words.into_iter();
    match words.next().as_deref() {
        Some("include") => match words.next() {
            Some(pattern) => files.include(&place, &pattern, None, false),
            None => files.warn(&place, "'include' names no file"),
        },
        Some("log_format") => {
            let Some(name) = words.next() else { return files.warn(&place, "'log_format' has no name") };
            let mut words = words.peekable();
            let escape = words.next_if(|w| w.starts_with("escape="));
            let escape = match escape.as_deref() {
                None | Some("escape=default") => Escape::Default,
                Some("escape=json") => Escape::Json,
                Some("escape=none") => Escape::None,
                Some(other) => return files.warn(&place, &format!("log_format {name}: '{other}' is none of default, json, none")),
            };
            let text: String = words.collect();
            if text.is_empty() {
                return files.warn(&place, &format!("log_format {name} is empty"));
            }
            found.format(FoundFormat { directive: "log_format", name, text, escape, scope, place }, files);
        }
        Some("access_log") => {
            let Some(target) = words.next() else { return files.warn(&place, "'access_log' names no file") };
            if target == "off" || ["syslog:", "memory:", "pipe:"].iter().any(|kind| target.starts_with(kind)) {
                return;
            }
            let format = words.next().map_or(Wanted::Usual, Wanted::Named);
            let paths = LogPath::new(&target).into_iter().collect();
            found.log(FoundLog { directive: "access_log", target, paths, format, scope, place }, files);
        }
        _ => {}
    }
}

/// The next directive: its words, what ended it, and where it began. Only of directives that matter all words are kept.
fn directive(file: &mut File) -> (Vec<String>, Token, Place) {
    let (mut words, mut line) = (Vec::<String>::new(), None);
    loop {
        let (token, at) = token(file);
        let line = *line.get_or_insert(at);
        let matters = words.first().is_none_or(|name| matches!(name.as_str(), "log_format" | "access_log" | "include"));
        match token {
            Token::Word(word) if matters && words.len() < MOST_WORDS => words.push(word),
            Token::Word(_) => {}
            end => return (words, end, file.place(line)),
        }
    }
}

/// The next token, and the line that it begins on.
fn token(file: &mut File) -> (Token, u32) {
    let bytes = file.text.as_bytes();
    let (mut at, mut line) = (file.at, file.line);
    loop {
        match bytes.get(at) {
            Some(b'\n') => line += 1,
            Some(b' ' | b'\t' | b'\r') => {}
            Some(b'#') => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                continue;
            }
            _ => break,
        }
        at += 1;
    }
    // A byte order mark is no part of the first word.
    if at == 0 && bytes.starts_with(b"\xEF\xBB\xBF") {
        at = 3;
    }
    let (token, next) = match bytes.get(at) {
        None => (Token::End, at),
        Some(b';') => (Token::Semicolon, at + 1),
        Some(b'{') => (Token::Open, at + 1),
        Some(b'}') => (Token::Close, at + 1),
        Some(quote @ (b'"' | b'\'')) => match end_of_string(&bytes[at + 1..], *quote) {
            Some(length) => (Token::Word(unescaped(&file.text[at + 1..at + 1 + length])), at + length + 2),
            None => (Token::Unclosed, bytes.len()),
        },
        Some(_) => {
            let length = end_of_word(&bytes[at..]);
            (Token::Word(unescaped(&file.text[at..at + length])), at + length)
        }
    };
    file.at = next;
    file.line = line + memchr::memchr_iter(b'\n', &bytes[at..next]).count() as u32;
    (token, line)
}

fn end_of_string(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(quote, b'\\', &bytes[at..])?;
        if bytes[at] == quote {
            return Some(at);
        }
        // The escaped character may be missing.
        at = (at + 2).min(bytes.len());
    }
}

fn end_of_word(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        match b {
            b' ' | b'\t' | b'\r' | b'\n' | b';' => break,
            b'{' if at == 0 || bytes[at - 1] != b'$' => break,
            b'\\' => at += 1,
            _ => {}
        }
        at += 1;
    }
    at.min(bytes.len())
}

/// What nginx makes of escapes: `\"`, `\'`, `\\` and `\t`, `\r`, `\n`; others stay as they are.
fn unescaped(word: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(word.len()), word);
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let next = match rest.as_bytes().first() {
            Some(&b @ (b'"' | b'\'' | b'\\')) => Some(char::from(b)),
            Some(b't') => Some('\t'),
            Some(b'r') => Some('\r'),
            Some(b'n') => Some('\n'),
            _ => None,
        };
        text.push(next.unwrap_or('\\'));
        rest = &rest[usize::from(next.is_some())..];
    }
    text + rest
}

/// Reads past a block of Lua, whose `{` is read already, to its `}`. Braces in its strings and comments do not count.
/// Gives whether there was an end.
fn skip_lua(file: &mut File) -> bool {
    let bytes = file.text.as_bytes();
    let (mut at, mut depth) = (file.at, 1usize);
    while depth > 0 && at < bytes.len() {
        let rest = &bytes[at..];
        at += match rest[0] {
            b'{' => {
                depth += 1;
                1
            }
            b'}' => {
                depth -= 1;
                1
            }
            quote @ (b'"' | b'\'') => end_of_string(&rest[1..], quote).map_or(rest.len(), |n| n + 2),
            b'-' if rest.starts_with(b"--") => match long_bracket(&rest[2..]) {
                Some(length) => 2 + length,
                None => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
            },
            b'[' => long_bracket(rest).unwrap_or(1),
            _ => 1,
        };
    }
    file.line += memchr::memchr_iter(b'\n', &bytes[file.at..at]).count() as u32;
    file.at = at;
    depth == 0
}

/// The length of `[[…]]` or `[==[…]==]` at the start.
fn long_bracket(bytes: &[u8]) -> Option<usize> {
    let equals = bytes.strip_prefix(b"[")?.iter().take_while(|b| **b == b'=').count();
    if bytes.get(1 + equals) != Some(&b'[') {
        return None;
    }
    let end = [b"]".as_slice(), &vec![b'='; equals], b"]"].concat();
    let inside = &bytes[equals + 2..];
    Some(memchr::memmem::find(inside, &end).map_or(bytes.len(), |n| equals + 2 + n + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::conf::{Include, Loaded};

    /// Reads one file; includes are looked up in `others`.
    fn read_with(text: &str, others: &[(&str, &str)]) -> Found {
        let load: &mut crate::format::conf::Load<'_> = &mut |include: &Include<'_>| {
            let fits = |name: &str| name == include.pattern || include.pattern.strip_suffix('*').is_some_and(|p| name.starts_with(p));
            let found = others.iter().filter(|(name, _)| fits(name));
            found.map(|(path, text)| Loaded { path: (*path).to_owned(), text: Ok((*text).to_owned()) }).collect()
        };
        read(&mut Files::new("nginx.conf", text.to_owned(), load))
    }

    /// Formats as `name=text`, logs as `path format`, each with its line, then the warnings.
    fn told(found: &Found) -> Vec<String> {
        let formats = found.formats.iter().map(|f| format!("{} {}={}", f.place, f.name, f.text));
        let logs = found.logs.iter().map(|l| match &l.format {
            Wanted::Named(name) => format!("{} {} {name}", l.place, l.target),
            _ => format!("{} {}", l.place, l.target),
        });
        formats.chain(logs).chain(found.warnings.iter().cloned()).collect()
    }

    fn tokens(text: &str) -> Vec<Token> {
        let mut file = Files::new("x", text.to_owned(), &mut |_: &Include<'_>| Vec::new()).take_main();
        std::iter::from_fn(|| Some(token(&mut file).0).filter(|t| *t != Token::End)).collect()
    }

    fn words(text: &str) -> Vec<String> {
        let word = |token| if let Token::Word(word) = token { word } else { format!("{token:?}") };
        tokens(text).into_iter().map(word).collect()
    }

    #[test]
    fn words_and_strings_are_those_of_nginx() {
        assert_eq!(words(r#"a  b'c;d"e f"{'g;'"#), ["a", "b'c", "Semicolon", "d\"e", "f\"", "Open", "g;"]);
        assert_eq!(words(r#"'a\'b' "c\"d\\" 'e"f' "\t\x41\$""#), ["a'b", r#"c"d\"#, r#"e"f"#, "\t\\x41\\$"]);
        assert_eq!(words("${a}b{ $c{"), ["${a}b", "Open", "$c", "Open"]);
        assert_eq!(words(r"a\;b a\ b a\{b"), [r"a\;b", r"a\ b", r"a\{b"]);
        assert_eq!(words("a#b # c ; d\ne}f }"), ["a#b", "e}f", "Close"]);
        assert_eq!(words("'a\nb' 'open"), ["a\nb", "Unclosed"]);
        assert_eq!(words("\u{feff}a \\"), ["a", "\\"]);
    }

    #[test]
    fn formats_and_logs_with_their_lines() {
        let found = read_with(
            "http {\n  log_format main escape=json '$a '\n    \"$b \\\"c\\\"\"; # one\n  access_log /l/a.log main gzip=1 flush=5m;\n  server { access_log off;\n\
             location / { if ($x) { access_log logs/$host.log; } access_log syslog:server=x main; } }\n}\n",
            &[],
        );
        assert_eq!(told(&found), ["nginx.conf:2 main=$a $b \"c\"", "nginx.conf:4 /l/a.log main", "nginx.conf:6 logs/$host.log"]);
        assert_eq!(found.formats[0].escape, Escape::Json);
    }

    #[test]
    fn lua_is_read_past() {
        let found = read_with(
            "server { content_by_lua_block {\n -- a } comment\n local s = \"}\" .. '\\'}' --[[ } ]] .. [==[ } ]] ]==]\n if x then t = { access_log = {} } end\n}\n\
             access_log a.log main; }",
            &[],
        );
        assert_eq!(told(&found), ["nginx.conf:6 a.log main"]);
        assert_eq!(
            told(&read_with("init_by_lua_block { {", &[])),
            ["nginx.conf:1: a block of Lua is not closed before the end of the file"]
        );
    }

    #[test]
    fn streams_have_formats_of_their_own() {
        let found = read_with("stream { log_format a x; server { access_log s.log a; } } http { access_log h.log a; }", &[]);
        assert_eq!(found.formats[0].scope, 1);
        assert_eq!(found.logs.iter().map(|l| l.scope).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn faults_are_told_and_the_rest_is_read() {
        let faulty =
            "access_log a.log main }\n} http { log_format; log_format x escape=yes a; log_format y;\naccess_log;include;\naccess_log b.log";
        assert_eq!(
            told(&read_with(faulty, &[])),
            [
                "nginx.conf:1 a.log main",
                "nginx.conf:4 b.log",
                "nginx.conf:1: unexpected '}'",
                "nginx.conf:2: unexpected '}'",
                "nginx.conf:2: 'log_format' has no name",
                "nginx.conf:2: log_format x: 'escape=yes' is none of default, json, none",
                "nginx.conf:2: log_format y is empty",
                "nginx.conf:3: 'access_log' names no file",
                "nginx.conf:3: 'include' names no file",
                "nginx.conf:4: the file ends before a ';'",
                "nginx.conf:4: the file ends before a '}'",
            ]
        );
    }

    #[test]
    fn includes_come_where_they_stand() {
        let others = [("d/1", "access_log one;"), ("d/2", "include d/1; access_log two; }"), ("loop", "include loop;")];
        let found = read_with("stream {\ninclude d/*;\naccess_log three; }\ninclude loop;include none*;include", &others);
        let place = |l: &FoundLog| (l.place.to_string(), l.scope);
        let expected = [("d/1:1", 1), ("d/1:1", 1), ("d/2:1", 1), ("nginx.conf:3", 1)].map(|(at, scope)| (at.to_owned(), scope));
        assert_eq!(found.logs.iter().map(place).collect::<Vec<_>>(), expected);
        let warnings = ["d/2:1: unexpected '}'", "loop:1: 'loop' is included while it is read, and is left out this time"];
        assert_eq!(found.warnings[..2], warnings);
    }

    #[test]
    fn hostile_text_ends() {
        let deep = "a {".repeat(1 << 20);
        assert_eq!(told(&read_with(&deep, &[])), ["nginx.conf:1: the file ends before a '}'"]);
        assert_eq!(read_with(&"}".repeat(1 << 20), &[]).warnings.len(), 21);
        let long = "x".repeat(10 << 20);
        assert_eq!(read_with(&format!("access_log {long};"), &[]).logs[0].target.len(), long.len());
        assert_eq!(told(&read_with(&format!("log_format a {};", "b ".repeat(1 << 20)), &[])).len(), 1);
        for text in ["\\", "'\\", "\"\\\u{e9}", "$", "${", "\\\u{e9}\u{e9};", "a_by_lua_block{'\\", "a_by_lua_block{--[=", "\u{fffd}{"] {
            read_with(text, &[]);
        }
        // Files that include each other twice over would be read for ever.
        let names: Vec<(String, String)> = (0..40).map(|n| (format!("f{n}"), format!("include f{0};include f{0};", n + 1))).collect();
        let others: Vec<(&str, &str)> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert!(read_with("include f0;", &others).warnings[0].contains("too large"));
    }
}
