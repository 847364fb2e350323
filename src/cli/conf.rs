//! `--nginx-conf` and `--apache-conf`: reads the files of a configuration, and makes of it how formats are chosen.

use super::args::{ConfArgs, ScanArgs};
use super::error::Failure;
use super::stderr;
use crate::format::Format;
use crate::format::conf::{Conf, Defined, Include, Load, Loaded, Server};
use crate::output::sanitize::clean;
use crate::scan::Choice;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes that a file of configuration may have: lists of networks come to some megabytes.
const LARGEST: u64 = 32 << 20;
/// Bytes that one include may load.
const MOST_AT_ONCE: usize = 128 << 20;
/// Files that a pattern or a folder may give.
const MOST_FILES: usize = 20_000;

/// How formats are chosen.
pub(super) fn choice(args: &ScanArgs) -> Result<Choice, Failure> {
    let conf = read(&args.conf, args.quiet)?;
    match (&args.format, conf) {
        (None, None) => Ok(Choice::Detect),
        (None, Some(conf)) => Ok(Choice::Configured(conf.into())),
        (Some(text), None) => Ok(Choice::Given(Format::from_user(text)?)),
        (Some(text), Some(conf)) => match conf.named(text.trim()) {
            Some(named) => named.map(Choice::Given).map_err(Failure::Usage),
            None => Format::from_user(text).map(Choice::Given).map_err(|error| unknown(text, &conf).unwrap_or(error.into())),
        },
    }
}

/// What to say about a single word that names no format at all.
fn unknown(text: &str, conf: &Conf) -> Option<Failure> {
    let word = !text.contains(['$', '%', ' ']);
    let names: BTreeSet<&str> = conf.formats().iter().map(Defined::name).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    word.then(|| {
        Failure::Usage(format!(
            "-f: '{text}' is neither a format in {} (it has {names}) nor one that 'logcodes formats' lists",
            conf.name()
        ))
    })
}

/// The configuration that was named, if any.
pub(super) fn read(args: &ConfArgs, quiet: bool) -> Result<Option<Conf>, Failure> {
    let named = [(Server::Nginx, "--nginx-conf", &args.nginx_conf), (Server::Apache, "--apache-conf", &args.apache_conf)];
    let mut conf = Conf::default();
    let mut any = false;
    for (server, option, main) in named {
        let Some(main) = main else { continue };
        any = true;
        let text = main_text(main).map_err(|what| Failure::Usage(format!("{option}: {}: {what}", main.display())))?;
        let dump = dumped(&text);
        let (main, text) = match dump.first() {
            Some((main, text)) => (PathBuf::from(main), text.clone()),
            None => (main.clone(), text),
        };
        let folder = main.parent().unwrap_or(Path::new(""));
        let load: &mut Load<'_> = &mut |include| load(server, folder, &dump, include);
        conf.read(server, &main.to_string_lossy(), text, load).map_err(|what| Failure::Usage(format!("{option}: {}", shown(&what))))?;
    }
    if !any {
        return Ok(None);
    }
    conf.usable().map_err(|what| Failure::Usage(shown(&what)))?;
    if !quiet {
        conf.warnings().iter().for_each(|warning| stderr::say(&format!("warning: {}", shown(warning))));
    }
    Ok(Some(conf))
}

/// Text of a configuration for the terminal; its line ends are ours.
fn shown(text: &str) -> String {
    text.split('\n').map(|line| clean(line).into_owned()).collect::<Vec<_>>().join("\n")
}

fn main_text(main: &Path) -> Result<String, String> {
    if main.is_dir() {
        return Err("this is a directory; name the server's main configuration in it".into());
    }
    let text = text_of(main)?;
    if text.contains('\0') { Err("this is a binary file, not a configuration".into()) } else { Ok(text) }
}

fn text_of(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err("no such file".into()),
        Err(error) => Err(error.to_string()),
        Ok(read) if read as u64 > LARGEST => Err(format!("it is larger than {} MB, which no configuration is", LARGEST >> 20)),
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The files of a dump, as `nginx -T` prints its configuration, the main one first; none if the text is no dump.
fn dumped(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let path = line.strip_prefix("# configuration file ").and_then(|rest| rest.trim_end().strip_suffix(':'));
        match (path, files.last_mut()) {
            (Some(path), _) => files.push((path.to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            // What nginx says before it, if it is in the same file, is no configuration.
            (None, None) if line.starts_with("nginx: ") => {}
            (None, None) => return Vec::new(),
        }
    }
    files
}

/// The files that an include means: relative to where the server looks, else near the file that it stands in. A configuration
/// that was copied from its server is found too: what it names by its absolute path is looked for below the copy.
fn load(server: Server, main: &Path, dump: &[(String, String)], include: &Include<'_>) -> Vec<Loaded> {
    let pattern = Path::new(include.pattern);
    let from = Path::new(include.from).parent().unwrap_or(Path::new(""));
    let mut places = vec![include.root.map_or_else(|| main.join(pattern), |root| Path::new(root).join(pattern))];
    places.extend([main.join(pattern), from.join(pattern)]);
    // Red Hat keeps the main file one folder below the server's root.
    places.extend(main.parent().filter(|_| server == Server::Apache).map(|above| above.join(pattern)));
    let folder = std::path::absolute(main.join("x")).unwrap_or_default();
    let folder = folder.parent().and_then(Path::file_name);
    let below: PathBuf = pattern.iter().skip_while(|part| Some(*part) != folder).skip(1).collect();
    if pattern.is_absolute() && below != Path::new("") {
        places.push(main.join(below));
    }
    for place in &places {
        let files = if dump.is_empty() { files(server, place) } else { in_dump(dump, place) };
        if !files.is_empty() {
            return files;
        }
    }
    if include.pattern.contains(['*', '?', '[']) {
        return Vec::new();
    }
    vec![Loaded { path: places[0].to_string_lossy().into_owned(), text: Err("no such file".into()) }]
}

fn in_dump(dump: &[(String, String)], place: &Path) -> Vec<Loaded> {
    let place = place.to_string_lossy();
    let pattern = glob::Pattern::new(&place);
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let fits = |path: &str| path == place || pattern.as_ref().is_ok_and(|pattern| pattern.matches_with(path, options));
    let found = dump.iter().filter(|(path, _)| fits(path));
    found.map(|(path, text)| Loaded { path: path.clone(), text: Ok(text.clone()) }).collect()
}

/// What a file, a pattern or, for Apache, a folder holds, in the order of the names.
fn files(server: Server, place: &Path) -> Vec<Loaded> {
    let mut paths: Vec<PathBuf> = match fs::metadata(place) {
        Ok(_) => vec![place.to_owned()],
        Err(_) => matching(&place.to_string_lossy()),
    };
    if server == Server::Apache {
        paths = paths.into_iter().flat_map(|path| if path.is_dir() { inside(path) } else { vec![path] }).collect();
    }
    let mut bytes = 0;
    let mut loaded = |path: PathBuf| {
        let text = match path.is_file() {
            _ if bytes > MOST_AT_ONCE => Err("the files of this include are too many".into()),
            true => text_of(&path),
            // A pipe or a device among the includes would wait, or never end.
            false => Err("this is no file".into()),
        };
        bytes += text.as_ref().map_or(0, String::len);
        Loaded { path: path.to_string_lossy().into_owned(), text }
    };
    paths.into_iter().map(&mut loaded).collect()
}

/// What a pattern fits. Servers know no `**`, which would search all folders below.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let mut pattern = pattern.to_owned();
    while pattern.contains("**") {
        pattern = pattern.replace("**", "*");
    }
    glob::glob(&pattern).map(|found| found.filter_map(Result::ok).take(MOST_FILES).collect()).unwrap_or_default()
}

/// All files in a folder and the folders in it; links to folders are not followed.
fn inside(folder: PathBuf) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) if found.len() < MOST_FILES => {
                    found.insert(entry.path());
                }
                _ => {}
            }
        }
    }
    found.into_iter().collect()
}
