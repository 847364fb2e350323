//! Where the configuration is found: the file, the profile and the variables, handed to the room that reads them.

use super::args::{Cli, ConfigArgs, ScanArgs};
use super::error::Failure;
use super::stderr;
use crate::config::{self, Config, FILE_VARIABLE, PREFIX, PROFILE_VARIABLE, Sources};
use crate::gate::Rule;
use crate::output::RulesFile;
use crate::output::sanitize::clean;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Bytes that a configuration may have: whoever names a log by mistake is told so.
const LARGEST: u64 = 1 << 20;

/// What is in force, and the file that it stands in.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) config: Config,
    /// Its path and its text.
    file: Option<(String, String)>,
}

impl Loaded {
    /// Its path.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| Path::new(path))
    }

    /// Where rules stand in it.
    pub(super) fn place_of(&self, rules: &[Rule]) -> Option<RulesFile> {
        let (path, text) = self.file.as_ref()?;
        // A rule in a list or a table is on one line, mostly as it is, sometimes with its quotes escaped.
        let holds = |line: &str, rule: &str| line.contains(rule) || line.contains(&rule.replace('"', "\\\""));
        let line_of = |rule: &Rule| text.lines().position(|line| holds(line, &rule.limit.text)).map_or(1, |at| at as u32 + 1);
        Some(RulesFile { path: path.clone(), lines: rules.iter().map(line_of).collect() })
    }
}

/// Puts the configuration below what the command line says of reading.
pub(super) fn configure(cli: &mut Cli) -> Result<Loaded, Failure> {
    let Some((scan, routes)) = cli.reading() else { return Ok(Loaded::default()) };
    let loaded = load(&scan.config)?;
    if !scan.quiet {
        loaded.config.warnings.iter().for_each(|warning| stderr::say(&format!("warning: {warning}")));
    }
    fill(scan, routes, &loaded.config.read);
    Ok(loaded)
}

/// The configuration that is in force: profile and variables have been put over the file.
fn load(args: &ConfigArgs) -> Result<Loaded, Failure> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let file = match place(args, &variable, is_there) {
        None => None,
        Some((path, from)) => Some((clean(&path.display().to_string()).into_owned(), text(&path, from)?)),
    };
    let profile = match &args.profile {
        Some(name) => Some((name.clone(), "--profile")),
        None => variable(PROFILE_VARIABLE).map(|name| words(PROFILE_VARIABLE, name)).transpose()?.map(|name| (name, PROFILE_VARIABLE)),
    };
    let ours = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok().filter(|name| name.starts_with(PREFIX))?, value)));
    let variables = ours.map(|(name, value)| words(&name, value).map(|value| (name, value))).collect::<Result<_, _>>()?;
    let config = Config::read(&Sources { file: file.clone(), profile, variables })?;
    Ok(Loaded { config, file })
}

/// What the configuration says of reading, where the command line says nothing of it.
fn fill(scan: &mut ScanArgs, routes: Option<&mut Vec<String>>, read: &config::Read) {
    let single =
        [(&mut scan.format, &read.format), (&mut scan.tz, &read.tz), (&mut scan.since, &read.since), (&mut scan.until, &read.until)];
    for (own, configured) in single.into_iter().filter(|(own, _)| own.is_none()) {
        own.clone_from(configured);
    }
    let lists = [
        (&mut scan.service, &read.service),
        (&mut scan.status, &read.status),
        (&mut scan.path, &read.path),
        (&mut scan.method, &read.method),
        (&mut scan.host, &read.host),
    ];
    // As elsewhere, a list on the command line stands instead of the other one, not behind it.
    for (own, configured) in lists.into_iter().chain(routes.map(|own| (own, &read.route))).filter(|(own, _)| own.is_empty()) {
        *own = configured.clone().unwrap_or_default();
    }
}

/// The file, and what says so where it must be there: an option or a variable.
fn place(
    args: &ConfigArgs,
    variable: &dyn Fn(&str) -> Option<OsString>,
    is_there: impl Fn(&Path) -> bool,
) -> Option<(PathBuf, &'static str)> {
    if let Some(path) = &args.config {
        return Some((path.clone(), "--config: "));
    }
    if let Some(path) = variable(FILE_VARIABLE) {
        return Some((path.into(), "LOGCODES_CONFIG: "));
    }
    // As the base directory specification has it, a relative folder is none.
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = folder("XDG_CONFIG_HOME").or_else(|| folder("APPDATA")).or_else(|| Some(folder("HOME")?.join(".config")));
    let known = [Some(PathBuf::from("logcodes.toml")), home.map(|home| home.join("logcodes").join("config.toml"))];
    known.into_iter().flatten().find(|path| is_there(path)).map(|path| (path, ""))
}

/// Something of the name is there, be it a link to nowhere: that is to be said, not passed over.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().map_or_else(|e| !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory), |_| true)
}

fn text(path: &Path, from: &str) -> Result<String, Failure> {
    let fails = |what: String| Failure::Usage(format!("{from}{}: {what}", clean(&path.display().to_string())));
    // A pipe may be named, but one that lies there by itself would be waited for.
    if from.is_empty() && path.exists() && !path.is_file() {
        return Err(fails("this is no file: name another configuration with --config".into()));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(fails(format!("the configuration cannot be read: {error}; 'logcodes generate config' prints one to begin with")));
    }
    if bytes.len() as u64 > LARGEST {
        return Err(fails("this is larger than 1 MiB and no configuration; logs are named without --config".into()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = memchr::memchr_iter(b'\n', &error.as_bytes()[..error.utf8_error().valid_up_to()]).count() + 1;
        fails(format!("line {line} is no UTF-8 text: save the file as UTF-8"))
    })
}

fn words(name: &str, value: OsString) -> Result<String, Failure> {
    value.into_string().map_err(|_| Failure::Usage(format!("{name}: its value is no UTF-8 text")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::TallyArgs;
    use clap::Parser;

    fn found(config: Option<&str>, variables: &[(&str, &str)], files: &[&str]) -> Option<(PathBuf, &'static str)> {
        let args = ConfigArgs { config: config.map(Into::into), profile: None };
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
        place(&args, &variable, |path| files.iter().any(|file| path == Path::new(file)))
    }

    #[cfg(unix)]
    #[test]
    fn the_first_place_wins() {
        let (here, home, xdg) = ("logcodes.toml", "/home/a/.config/logcodes/config.toml", "/x/logcodes/config.toml");
        let variables = [("HOME", "/home/a"), ("LOGCODES_CONFIG", "v.toml")];
        assert_eq!(found(Some("o.toml"), &variables, &[here, home]), Some(("o.toml".into(), "--config: ")));
        assert_eq!(found(None, &variables, &[here, home]), Some(("v.toml".into(), "LOGCODES_CONFIG: ")));
        assert_eq!(found(None, &variables[..1], &[here, home]), Some((here.into(), "")));
        assert_eq!(found(None, &variables[..1], &[home]), Some((home.into(), "")));
        assert_eq!(found(None, &[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/x")], &[home, xdg]), Some((xdg.into(), "")));
        assert_eq!(found(None, &[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "x")], &[home, xdg]), Some((home.into(), "")));
        assert_eq!(found(None, &variables[..1], &[]), None);
    }

    #[test]
    fn the_command_line_wins() {
        let text = "[read]\nformat = 'f'\ntz = 'UTC'\nsince = '-1h'\nuntil = 'now'\nservice = 'auto'\nstatus = '5xx'\npath = '/a'\n\
                    method = 'GET'\nhost = 'h'\nroute = '/r'";
        let config = Config::read(&Sources { file: Some(("f".into(), text.into())), ..Sources::default() }).unwrap();
        let filled = |typed: &[&str]| {
            let TallyArgs { mut scan, mut route, .. } = Cli::try_parse_from([&["logcodes"], typed].concat()).unwrap().report.tally;
            fill(&mut scan, Some(&mut route), &config.read);
            let lists = [scan.service, scan.status, scan.path, scan.method, scan.host, route].map(|list| list.join(" "));
            let single = [scan.format, scan.tz, scan.since, scan.until].map(Option::unwrap_or_default);
            [&lists[..], &single[..]].concat().join(" ")
        };
        assert_eq!(filled(&["a.log"]), "auto 5xx /a GET h /r f UTC -1h now");
        let typed = [
            "a.log",
            "--service",
            "s=*",
            "-s",
            "4xx",
            "-s",
            "!404",
            "-p",
            "/b",
            "-m",
            "PUT",
            "--host",
            "i",
            "--route",
            "/q",
            "-f",
            "g",
            "--tz",
            "local",
            "--since",
            "-2h",
            "--until",
            "today",
        ];
        assert_eq!(filled(&typed), "s=* 4xx !404 /b PUT i /q g local -2h today");
    }

    #[test]
    fn files_that_are_none_are_told() {
        let fails = |path: &Path| load(&ConfigArgs { config: Some(path.into()), profile: None }).map(|_| ()).unwrap_err().to_string();
        let folder = env::temp_dir().join(format!("logcodes-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        assert!(fails(&folder.join("none.toml")).contains("cannot be read"));
        for (name, bytes, what) in [
            ("large", vec![b'#'; (1 << 20) + 1], "larger than 1 MiB"),
            ("latin", b"a = 1\n# caf\xe9\n".to_vec(), "line 2 is no UTF-8"),
            ("wrong", b"[check]\nstrct = true\n".to_vec(), "wrong.toml:2:1: [check] has no key 'strct', did you mean 'strict'?"),
        ] {
            let path = folder.join(format!("{name}.toml"));
            std::fs::write(&path, bytes).unwrap();
            let said = fails(&path);
            assert!(said.contains(what), "{said}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
