//! Apache's configuration: lines, words, `Define`d names; and of its directives those about logs.
//!
//! Conditions (`<IfModule>`, `<IfDefine>`, `<If>`) are taken as met: what a server would leave out costs nothing here.

use super::files::{File, Files};
use super::logpath::LogPath;
use super::{Escape, Found, FoundFormat, FoundLog, Place, Wanted};
use std::collections::HashMap;

/// Bytes that names may put into a configuration: each can hold others, so that few lines could make any number of bytes.
const MOST_GROWTH: usize = 16 << 20;
/// Bytes that a value of the environment may have.
const LONGEST_VALUE: usize = 4 << 10;

/// What the lines read so far have said.
#[derive(Default)]
struct State {
    names: HashMap<String, String>,
    root: Option<String>,
    /// 0 outside of virtual hosts, else the number of the one.
    scope: usize,
    hosts: usize,
    host_at: Option<Place>,
}

pub(super) fn read(files: &mut Files<'_, '_>) -> Found {
    let (mut found, mut state) = (Found::default(), State::default());
    let mut room = MOST_GROWTH;
    // Debian keeps the folder of logs there, as the environment that the server is started with.
    if let Some(text) = files.beside("envvars") {
        state.names = environment(&text);
    }
    while let Some(file) = files.current(0) {
        let Some((line, place)) = line(file) else {
            files.done();
            continue;
        };
        let Some(line) = expanded(&line, &state.names, &mut room) else {
            files.warn(&place, "the names in this configuration make it grow without end, so this line is left out");
            continue;
        };
        act(&line, place, &mut state, files, &mut found);
    }
    if let Some(place) = state.host_at {
        files.warn(&place, "<VirtualHost> is not closed");
    }
    found.warnings = files.take_warnings();
    found
}

fn act(line: &str, place: Place, state: &mut State, files: &mut Files<'_, '_>, found: &mut Found) {
    let mut rest = line;
    let Some(directive) = word(&mut rest) else { return };
    let mut next = || word(&mut rest);
    match directive.to_ascii_lowercase().as_str() {
        "<virtualhost" => {
            if let Some(open) = state.host_at.replace(place.clone()) {
                files.warn(&open, "<VirtualHost> is not closed before the next one begins");
            }
            state.hosts += 1;
            state.scope = state.hosts;
        }
        "</virtualhost>" => {
            if state.host_at.take().is_none() {
                files.warn(&place, "</VirtualHost> closes nothing");
            }
            state.scope = 0;
        }
        "serverroot" => state.root = next(),
        "define" => {
            if let Some(name) = next() {
                state.names.insert(name, next().unwrap_or_default());
            }
        }
        "undefine" => {
            next().map(|name| state.names.remove(&name));
        }
        name @ ("include" | "includeoptional") => match next() {
            Some(pattern) => files.include(&place, &pattern, state.root.as_deref(), name == "includeoptional"),
            None => files.warn(&place, &format!("'{directive}' names no file")),
        },
        "logformat" => match next() {
            // The one without a name is what TransferLog writes.
            Some(text) if !text.is_empty() => {
                let (name, directive, escape, scope) = (next().unwrap_or_default(), "LogFormat", Escape::Default, state.scope);
                found.format(FoundFormat { directive, name, text, escape, scope, place }, files);
            }
            _ => files.warn(&place, "'LogFormat' has no format"),
        },
        "customlog" => log("CustomLog", next(), next(), state.scope, place, files, found),
        "globallog" => log("GlobalLog", next(), next(), 0, place, files, found),
        "transferlog" => log("TransferLog", next(), None, state.scope, place, files, found),
        _ => {}
    }
}

fn log(
    directive: &'static str,
    target: Option<String>,
    format: Option<String>,
    scope: usize,
    place: Place,
    files: &mut Files<'_, '_>,
    found: &mut Found,
) {
    let Some(target) = target else { return files.warn(&place, &format!("'{directive}' names no file")) };
    if target.starts_with("syslog:") {
        return;
    }
    let paths = match target.strip_prefix('|') {
        Some(command) => written_by(command),
        None => LogPath::new(&target).into_iter().collect(),
    };
    let format = match format {
        None => Wanted::Usual,
        Some(text) if text.contains('%') => {
            let (name, escape, scope) = (String::new(), Escape::Default, usize::MAX);
            let own = FoundFormat { directive, name, text, escape, scope, place: place.clone() };
            let Some(at) = found.format(own, files) else { return };
            Wanted::Own(at)
        }
        // What stands for a condition is no name: the format before it was left out.
        Some(text) if text.starts_with("env=") || text.starts_with("expr=") => Wanted::Usual,
        Some(name) => Wanted::Named(name),
    };
    found.log(FoundLog { directive, target, paths, format, scope, place }, files);
}

/// The files that a program may write which logs are piped into: what looks like a path among its arguments, as in
/// `|/usr/bin/rotatelogs -l /var/log/httpd/access_log.%Y%m%d 86400`.
fn written_by(command: &str) -> Vec<LogPath> {
    let mut rest = command.trim_start_matches(['|', '$']);
    let mut words = std::iter::from_fn(|| word(&mut rest));
    let _program = words.next();
    words.filter(|w| !w.starts_with('-') && w.contains(['/', '.', '%'])).take(8).filter_map(|w| LogPath::with_times(&w)).collect()
}

/// The next line that is neither blank nor a comment, with the lines that it is continued on.
fn line(file: &mut File) -> Option<(String, Place)> {
    while file.at < file.text.len() {
        let (first, mut line, mut more) = (file.line, String::new(), true);
        while more && file.at < file.text.len() {
            let rest = &file.text[file.at..];
            let end = rest.find('\n').unwrap_or(rest.len());
            let part = rest[..end].strip_suffix('\r').unwrap_or(&rest[..end]);
            let part = if file.at == 0 { part.strip_prefix('\u{feff}').unwrap_or(part) } else { part };
            let continued = part.strip_suffix('\\');
            line.push_str(continued.unwrap_or(part));
            more = continued.is_some();
            file.line += 1;
            file.at = (file.at + end + 1).min(file.text.len());
        }
        if !matches!(line.trim_start().bytes().next(), None | Some(b'#')) {
            return Some((line, file.place(first)));
        }
    }
    None
}

/// The next word of a line, or what is in quotes; in these a backslash keeps the quote, or itself, from being special.
fn word(rest: &mut &str) -> Option<String> {
    let text = rest.trim_start();
    let quote = text.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        *rest = &text[end..];
        return Some(text[..end].to_owned());
    }
    let (mut word, mut chars) = (String::new(), text[1..].chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.clone().next() {
                Some(same) if same == quote || same == '\\' => word.extend(chars.next()),
                _ => word.push('\\'),
            },
            c if c == quote => break,
            c => word.push(c),
        }
    }
    *rest = chars.as_str();
    Some(word)
}

/// A line with `${NAME}` replaced by what the name stands for; what stands for nothing stays. `None` when there is no room
/// left for so many bytes.
fn expanded(line: &str, names: &HashMap<String, String>, room: &mut usize) -> Option<String> {
    let (mut text, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(at) = rest.find("${") {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        match rest[2..end].strip_suffix('}').and_then(|name| names.get(name)) {
            Some(value) => {
                *room = room.checked_sub(value.len())?;
                text.push_str(value);
            }
            None => text.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    Some(text + rest)
}

/// The names that a shell script of assignments sets: `export NAME=value$OTHER` and `: ${NAME:=value}`. What only a shell can
/// work out is left out.
fn environment(script: &str) -> HashMap<String, String> {
    let mut names: HashMap<String, String> = HashMap::new();
    for line in script.lines().map(str::trim) {
        let (line, weak) = match line.strip_prefix(": ${").and_then(|l| l.split_once('}')) {
            Some((inside, _)) => (inside.replacen(":=", "=", 1), true),
            None => (line.strip_prefix("export ").unwrap_or(line).to_owned(), false),
        };
        let Some((name, value)) = line.split_once('=') else { continue };
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name || (weak && names.contains_key(name)) {
            continue;
        }
        if let Some(value) = shell_value(value, &names) {
            names.insert(name.to_owned(), value);
        }
    }
    names
}

fn shell_value(value: &str, names: &HashMap<String, String>) -> Option<String> {
    let (value, literal) = match value.as_bytes().first() {
        Some(b'\'') => (value[1..].split('\'').next()?, true),
        Some(b'"') => (value[1..].split('"').next()?, false),
        _ => (value.split_whitespace().next().unwrap_or(""), false),
    };
    if literal {
        return Some(value.to_owned());
    }
    let (mut text, mut rest) = (String::new(), value);
    while let Some(at) = rest.find(['$', '`']) {
        text.push_str(&rest[..at]);
        rest = rest[at..].strip_prefix('$')?;
        let (name, after) = match rest.strip_prefix('{') {
            Some(inside) => inside.split_once('}')?,
            None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())),
        };
        text.push_str(names.get(name)?);
        rest = after;
        if text.len() > LONGEST_VALUE {
            return None;
        }
    }
    Some(text + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::conf::logpath::FilePath;
    use crate::format::conf::{Include, Load, Loaded};

    fn read_with(text: &str, others: &[(&str, &str)]) -> (Found, Vec<String>) {
        let mut asked = Vec::new();
        let load: &mut Load<'_> = &mut |include: &Include<'_>| {
            asked.push(format!("{} {}", include.pattern, include.root.unwrap_or("-")));
            let found = others.iter().filter(|(name, _)| *name == include.pattern);
            found.map(|(path, text)| Loaded { path: (*path).to_owned(), text: Ok((*text).to_owned()) }).collect()
        };
        let found = read(&mut Files::new("apache2.conf", text.to_owned(), load));
        (found, asked)
    }

    fn told(text: &str, others: &[(&str, &str)]) -> Vec<String> {
        let (found, _) = read_with(text, others);
        let formats = found.formats.iter().map(|f| format!("{} {}={}", f.place, f.name, f.text));
        let logs = found.logs.iter().map(|l| format!("{} {} {:?} {}", l.place, l.target, l.format, l.scope));
        formats.chain(logs).chain(found.warnings).collect()
    }

    fn words(line: &str) -> Vec<String> {
        let mut rest = line;
        std::iter::from_fn(|| word(&mut rest)).collect()
    }

    #[test]
    fn words_and_strings_are_those_of_apache() {
        assert_eq!(words(r#"  LogFormat "%h \"%r\" \\ \t" 'a "b" \'c' d"e"#), ["LogFormat", r#"%h "%r" \ \t"#, r#"a "b" 'c"#, "d\"e"]);
        assert_eq!(words("a \"open"), ["a", "open"]);
        assert_eq!(words("\"\\"), ["\\"]);
    }

    #[test]
    fn formats_and_logs_with_their_lines() {
        let text = r#"
            # LogFormat "%h" no
            LogFormat "%h \
                %>s" short
            logformat "%a %s"
            CustomLog "/l/a.log" short env=!quiet
            TransferLog logs/t.log
            <IfModule log_config_module>
              <VirtualHost *:80>
                CustomLog /l/v.log "%t %>s"
                GlobalLog /l/g.log short
              </VirtualHost>
            </IfModule>
            CustomLog "|/usr/bin/rotatelogs -l /l/access.%Y%m%d 86400" short
            CustomLog syslog:local1 short
            LogFormat
            CustomLog
        "#;
        assert_eq!(
            told(text, &[]),
            [
                "apache2.conf:3 short=%h                 %>s",
                "apache2.conf:5 =%a %s",
                "apache2.conf:10 =%t %>s",
                "apache2.conf:6 /l/a.log Named(\"short\") 0",
                "apache2.conf:7 logs/t.log Usual 0",
                "apache2.conf:10 /l/v.log Own(2) 1",
                "apache2.conf:11 /l/g.log Named(\"short\") 0",
                "apache2.conf:14 |/usr/bin/rotatelogs -l /l/access.%Y%m%d 86400 Named(\"short\") 0",
                "apache2.conf:16: 'LogFormat' has no format",
                "apache2.conf:17: 'CustomLog' names no file",
            ]
        );
        let (found, _) = read_with(text, &[]);
        assert!(found.logs[4].paths.iter().any(|p| p.fits(&FilePath::new("/l/access.20250614")).is_some()));
    }

    #[test]
    fn names_stand_for_their_values() {
        let script = "# x\nif a; then\n SUFFIX=\"-${A##b}\"\nelse\n SUFFIX=\nfi\nexport LOGS=/var/log/a$SUFFIX\n: ${OTHER:=\"$LOGS/o\"}\n: ${LOGS:=no}\nB=`b`\nC='$x'";
        let text = "Define site www\nDefine dir ${LOGS}/${site}\nCustomLog ${dir}/a.log ${C}\nUnDefine site\nCustomLog ${OTHER}/${site}.log c\nCustomLog ${B}/${ c";
        assert_eq!(
            told(text, &[("envvars", script)]),
            [
                "apache2.conf:3 /var/log/a/www/a.log Named(\"$x\") 0",
                "apache2.conf:5 /var/log/a/o/${site}.log Named(\"c\") 0",
                "apache2.conf:6 ${B}/${ Named(\"c\") 0",
            ]
        );
    }

    #[test]
    fn includes_begin_at_the_root() {
        let text = "Include a\nServerRoot \"/srv/httpd\"\nIncludeOptional b/*.conf\nInclude\n";
        let (found, asked) = read_with(text, &[("a", "CustomLog a.log a")]);
        assert_eq!(asked, ["envvars -", "a -", "b/*.conf /srv/httpd"]);
        assert_eq!(found.logs[0].place.to_string(), "a:1");
        assert_eq!(found.warnings, ["apache2.conf:4: 'Include' names no file"]);
    }

    #[test]
    fn hostile_text_ends() {
        let doubling: Vec<String> = (1..60).map(|n| format!("Define a{n} ${{a{0}}}${{a{0}}}x\n", n - 1)).collect();
        let (found, _) = read_with(&format!("Define a0 x\n{}", doubling.concat()), &[]);
        assert!(found.warnings[0].contains("grow without end"), "{:?}", found.warnings);
        let (found, _) = read_with(&format!("CustomLog \"{}\" x", "a".repeat(10 << 20)), &[]);
        assert_eq!(found.logs[0].target.len(), 10 << 20);
        assert_eq!(told(&"\\\n".repeat(1 << 20), &[]), [""; 0]);
        assert_eq!(told(&"</VirtualHost>\n".repeat(1 << 16), &[]).len(), 21);
        assert_eq!(told("<VirtualHost *>\n<VirtualHost *>", &[]).len(), 2);
        assert_eq!(told("Include x", &[("x", "Include x")]), ["x:1: 'x' is included while it is read, and is left out this time"]);
        for text in ["\\", "\"", "'\\", "${", "}${\u{e9}}", "\u{feff}", "Define", "CustomLog |", "CustomLog |x \u{e9}"] {
            read_with(text, &[("envvars", text)]);
        }
    }
}
