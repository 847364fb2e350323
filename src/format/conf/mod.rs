//! The configuration of a server -> the log formats that it defines, and the logs that it writes with them.
//!
//! Formats here are what the compiler of templates makes of the text in a `log_format` or `LogFormat`. This part never opens a file:
//! it is given the main text, and asks a [`Load`] for what that includes. A configuration is read as far as it goes, since a
//! fault in one virtual host is no reason not to read the log of another; every fault is told with its file and line.

mod apache;
mod files;
mod logpath;
mod nginx;
mod pick;

pub use files::{Include, Load, Loaded};
pub use pick::Picked;

use super::template::{self, Escape, Syntax, TemplateError};
use super::{Format, builtins};
use files::{Files, MOST_WARNINGS};
use logpath::LogPath;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// nginx: `log_format`, `access_log`.
    Nginx,
    /// Apache httpd: `LogFormat`, `CustomLog`, `TransferLog`.
    Apache,
}

/// A line of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: Arc<str>,
    line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Place {
    /// The file's name without its folders.
    fn file_name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }
}

/// A format that the configuration defines, or uses without a name.
#[derive(Clone, Debug)]
pub struct Defined {
    name: String,
    directive: &'static str,
    text: String,
    escape: Escape,
    place: Option<Place>,
    reading: Result<Format, TemplateError>,
}

impl Defined {
    /// Its name; the directive where it has none.
    pub fn name(&self) -> &str {
        if self.name.is_empty() { self.directive } else { &self.name }
    }

    /// The format string, as the server understands it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it is defined; `None` for what the server has built in.
    pub const fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The format, or why lines cannot be read by it.
    ///
    /// # Errors
    /// What is wrong with the format string.
    pub const fn reading(&self) -> Result<&Format, &TemplateError> {
        self.reading.as_ref()
    }

    /// What it is and where it stands, for a sentence.
    fn told(&self) -> String {
        match (&self.place, self.name.as_str()) {
            (None, name) => format!("{name}, which is built into {}", self.directive),
            (Some(place), "") => format!("{} at {place}", self.directive),
            (Some(place), name) => format!("{} {name} at {place}", self.directive),
        }
    }
}

/// A log that the configuration writes.
#[derive(Clone, Debug)]
pub struct Log {
    directive: &'static str,
    /// As written.
    target: String,
    paths: Vec<LogPath>,
    format: Result<usize, String>,
    place: Place,
}

impl Log {
    /// Its path as the configuration states it, variables and all.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The line that says so.
    pub const fn place(&self) -> &Place {
        &self.place
    }
}

/// All that was found in the configuration of one server, or of several.
#[derive(Clone, Debug, Default)]
pub struct Conf {
    formats: Vec<Defined>,
    logs: Vec<Log>,
    warnings: Vec<String>,
    mains: Vec<String>,
}

/// What a parser finds, before names are looked up.
#[derive(Debug, Default)]
struct Found {
    formats: Vec<FoundFormat>,
    logs: Vec<FoundLog>,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct FoundFormat {
    directive: &'static str,
    name: String,
    text: String,
    escape: Escape,
    /// Where the name is known: 0 for everywhere, or a part of the configuration.
    scope: usize,
    place: Place,
}

#[derive(Debug)]
struct FoundLog {
    directive: &'static str,
    target: String,
    paths: Vec<LogPath>,
    format: Wanted,
    scope: usize,
    place: Place,
}

/// How a log says its format.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Named(String),
    /// By its text: the place of it among the formats found.
    Own(usize),
    /// Not at all.
    Usual,
}

/// Formats that are kept; no server has as many.
const MOST_FORMATS: usize = 10_000;
/// Logs that are kept.
const MOST_LOGS: usize = 100_000;
/// Bytes that a format may have.
const LONGEST: usize = 64 << 10;

impl Found {
    /// Keeps a format, and gives its place in the list.
    fn format(&mut self, format: FoundFormat, files: &mut Files<'_, '_>) -> Option<usize> {
        if self.formats.len() == MOST_FORMATS {
            files.warn(&format.place, &format!("more than {MOST_FORMATS} formats: this one is left out"));
            return None;
        }
        self.formats.push(format);
        Some(self.formats.len() - 1)
    }

    fn log(&mut self, log: FoundLog, files: &mut Files<'_, '_>) {
        if self.logs.len() == MOST_LOGS {
            return files.warn(&log.place, &format!("more than {MOST_LOGS} logs: this one is left out"));
        }
        self.logs.push(log);
    }
}

impl Conf {
    /// Reads a server's configuration, beginning with the text of its main file, and adds what it finds.
    ///
    /// # Errors
    /// When nothing in it says how a log is written.
    pub fn read(&mut self, server: Server, main: &str, text: String, load: &mut Load<'_>) -> Result<(), String> {
        let mut files = Files::new(main, text, load);
        let found = match server {
            Server::Nginx => nginx::read(&mut files),
            Server::Apache => apache::read(&mut files),
        };
        let count = files.count();
        if found.formats.is_empty() && found.logs.is_empty() {
            let mut text = nothing_in(server, main, count);
            found.warnings.iter().for_each(|w| text.push_str(&format!("\n  {w}")));
            return Err(text);
        }
        self.mains.push(main.to_owned());
        self.warnings.extend(found.warnings);
        self.resolve(server, found.formats, found.logs);
        Ok(())
    }

    /// Gives every log its format.
    fn resolve(&mut self, server: Server, formats: Vec<FoundFormat>, logs: Vec<FoundLog>) {
        let first = self.formats.len();
        // Of formats of one name the last one counts.
        let mut named: HashMap<(usize, String), usize> = HashMap::new();
        for format in formats {
            named.insert((format.scope, format.name.clone()), self.formats.len());
            self.formats.push(define(server, format));
        }
        let end = self.formats.len();
        self.formats.extend(server.built_in());
        let built_in = |name: &str| (end..self.formats.len()).find(|at| self.formats[*at].name == name);
        // A virtual host of Apache knows the formats of the whole server; nginx keeps those of HTTP and of streams apart.
        let find = |name: &str, scope: usize| {
            let everywhere = || named.get(&(0, name.to_owned())).filter(|_| server == Server::Apache);
            named.get(&(scope, name.to_owned())).or_else(everywhere).copied()
        };
        let mut unknown = 0;
        for log in logs {
            let format = match (&log.format, server) {
                (Wanted::Own(at), _) => Some(first + at),
                (Wanted::Usual, Server::Nginx) => find("combined", log.scope).or_else(|| built_in("combined")),
                (Wanted::Usual, Server::Apache) => find("", log.scope).or_else(|| built_in("common")),
                (Wanted::Named(name), Server::Nginx) => find(name, log.scope).or_else(|| built_in(name)),
                // Apache knows no name by itself: what defines it may be an include that is missing.
                (Wanted::Named(name), Server::Apache) => find(name, log.scope),
            };
            let name = if let Wanted::Named(name) = log.format { name } else { String::new() };
            let format = format.ok_or_else(|| format!("'{name}', which no {} defines", server.defines()));
            if let Err(what) = &format {
                unknown += 1;
                let more = if unknown == MOST_WARNINGS { "; more of the kind is not told" } else { "" };
                let warning = format!("{}: {} names the format {what}{more}", log.place, log.directive);
                self.warnings.extend((unknown <= MOST_WARNINGS).then_some(warning));
            }
            self.logs.push(Log { directive: log.directive, target: log.target, paths: log.paths, format, place: log.place });
        }
    }

    /// Whether lines can be read with what was found.
    ///
    /// # Errors
    /// Why not, for each format.
    pub fn usable(&self) -> Result<(), String> {
        let used = self.logs.iter().any(|l| l.format.is_ok());
        if self.formats.iter().any(|f| f.reading.is_ok() && (f.place.is_some() || used)) {
            return Ok(());
        }
        let mut text = format!("{}: no format in it can be used:", self.mains.join(", "));
        for (place, problem) in self.formats.iter().filter_map(|f| Some((f.place.as_ref()?, f.reading.as_ref().err()?))) {
            text.push_str(&format!("\n{place}: {problem}"));
        }
        self.warnings.iter().for_each(|w| text.push_str(&format!("\n{w}")));
        text.push_str("\nname the main configuration, which includes all others");
        Err(text)
    }

    /// The format that has this name in the configuration.
    ///
    /// # Errors
    /// When there is one, and lines cannot be read by it.
    pub fn named(&self, name: &str) -> Option<Result<Format, String>> {
        let defined = self.formats.iter().rev().find(|f| f.place.is_some() && f.name == name && !name.is_empty())?;
        Some(match &defined.reading {
            Ok(format) => Ok(format.clone()),
            Err(problem) => Err(format!("{}: {problem}", defined.told())),
        })
    }

    /// The formats, those that the servers have built in last.
    pub fn formats(&self) -> &[Defined] {
        &self.formats
    }

    /// The logs that are written with a format.
    pub fn logs_of(&self, format: &Defined) -> impl Iterator<Item = &Log> {
        let at = self.formats.iter().position(|f| std::ptr::eq(f, format));
        self.logs.iter().filter(move |l| l.format.as_ref().ok() == at.as_ref())
    }

    /// What is wrong with the configuration.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The main files.
    pub fn name(&self) -> String {
        self.mains.join(", ")
    }
}

fn nothing_in(server: Server, main: &str, files: usize) -> String {
    let (defines, writes, usual) = match server {
        Server::Nginx => ("log_format", "access_log", "/etc/nginx/nginx.conf"),
        Server::Apache => ("LogFormat", "CustomLog", "/etc/apache2/apache2.conf"),
    };
    let included = match files - 1 {
        0 => String::new(),
        1 => " or in the file that it includes".to_owned(),
        n => format!(" or in the {n} files that it includes"),
    };
    format!("{main}: no {defines} and no {writes} in it{included}; name the server's main configuration, such as {usual}")
}

fn define(server: Server, found: FoundFormat) -> Defined {
    let FoundFormat { directive, name, text, escape, place, .. } = found;
    let syntax = match server {
        Server::Nginx => Syntax::Nginx,
        Server::Apache => Syntax::Apache,
    };
    let label = match name.as_str() {
        "" => format!("{directive} ({}:{})", place.file_name(), place.line),
        name => format!("{name} ({})", place.file_name()),
    };
    let reader = if text.len() > LONGEST {
        Err(TemplateError::new(format!("the format is longer than {} kB", LONGEST >> 10), &text, 0))
    } else {
        template::configured(&text, syntax, escape)
    };
    let reading = reader.map(|reader| Format::bare(label, reader, Vec::new()).of_server(server.word()));
    Defined { name, directive, text, escape, place: Some(place), reading }
}

impl Server {
    /// The directive that defines formats.
    const fn defines(self) -> &'static str {
        match self {
            Self::Nginx => "log_format",
            Self::Apache => "LogFormat",
        }
    }

    /// Its name in rules.
    const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache",
        }
    }

    /// What the server can write without any definition. Apache has `common` only, but its `combined` stands in every
    /// configuration that it is delivered with, and may be in an include that is missing.
    fn built_in(self) -> impl Iterator<Item = Defined> {
        let (names, product): (&[(&str, &str)], _) = match self {
            Self::Nginx => (&[("combined", "nginx-combined")], "nginx"),
            Self::Apache => (&[("combined", "apache-combined"), ("common", "apache-common")], "Apache"),
        };
        names.iter().map(move |(name, called)| {
            let builtin = builtins().iter().find(|b| b.is_called(called)).expect("the servers' own formats are built in");
            let format =
                Format { name: format!("{name} ({product})"), others: builtin.fallbacks(), ..builtin.format().of_server(self.word()) };
            Defined {
                name: (*name).to_owned(),
                directive: product,
                text: builtin.template.to_owned(),
                escape: Escape::Default,
                place: None,
                reading: Ok(format),
            }
        })
    }
}
