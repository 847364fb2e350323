//! Texts of a file and of variables -> [`Config`]: what a command would otherwise be told by its options.
//!
//! ```text
//! default.toml   the reference, which `logcodes generate config` prints
//! keys           the table of what can be set: the walk, the variables and the reference share it
//! walk           a file's tables, by the keys; profiles behind them
//! source         where a text stands, so that each mistake is pointed at
//! ```
//!
//! The room opens no file and asks for no variable: both are handed in. All mistakes are told at once.

mod error;
mod keys;
mod source;
mod variables;
mod walk;

pub use error::{ConfigError, ConfigErrors};
pub use keys::percent;

use crate::gate::{Expected, Rule};
use crate::rule::Limit;
use source::{Source, Text};

/// The commented reference: each key, what it does, and its default.
pub const REFERENCE: &str = include_str!("default.toml");

/// What begins the name of each variable.
pub const PREFIX: &str = "LOGCODES_";
/// Names the file.
pub const FILE_VARIABLE: &str = "LOGCODES_CONFIG";
/// Names the profile.
pub const PROFILE_VARIABLE: &str = "LOGCODES_PROFILE";

/// What is set; `None` for what is left to the command's own default.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[check]`
    pub check: Check,
    /// `[[rule]]`, in the order of the file: each has a name, and the key `severity` has been put into its limit.
    pub rules: Vec<Rule>,
    /// `[read]`
    pub read: Read,
    /// What is odd and stops nothing, in words.
    pub warnings: Vec<String>,
}

/// What a gate is told.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Limits without a name.
    pub fail_on: Option<Vec<Limit>>,
    /// Codes that are normal on a route.
    pub expect: Option<Vec<Expected>>,
    /// A file with a baseline.
    pub baseline: Option<String>,
    /// What becomes of a check that could not decide.
    pub on_inconclusive: Option<OnInconclusive>,
    /// Whether values are taken as they are, without asking how sure they are.
    pub strict: Option<bool>,
    /// The share of lines that may be no record, as `--max-rejects` takes it: see [`percent`].
    pub max_rejects: Option<String>,
    /// Each as `-o` takes it.
    pub output: Option<Vec<String>>,
}

/// How logs are read: each as the option of its name.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// `-f`
    pub format: Option<String>,
    /// `--tz`
    pub tz: Option<String>,
    /// `--service`
    pub service: Option<Vec<String>>,
    /// `--route`
    pub route: Option<Vec<String>>,
    /// `-s`
    pub status: Option<Vec<String>>,
    /// `-p`
    pub path: Option<Vec<String>>,
    /// `-m`
    pub method: Option<Vec<String>>,
    /// `--host`
    pub host: Option<Vec<String>>,
    /// `--since`
    pub since: Option<String>,
    /// `--until`
    pub until: Option<String>,
}

/// What becomes of a check that could not decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnInconclusive {
    /// It counts as failed.
    Fail,
    /// It counts as passed.
    Pass,
    /// It has an exit code of its own.
    #[default]
    Report,
}

impl OnInconclusive {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Fail, Self::Pass, Self::Report];

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Pass => "pass",
            Self::Report => "report",
        }
    }
}

/// What a configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Name and text of the file, if there is one.
    pub file: Option<(String, String)>,
    /// The profile that is asked for, and by what: `--profile` or a variable.
    pub profile: Option<(String, &'static str)>,
    /// Names and values of all variables; those that do not begin with [`PREFIX`] are passed over.
    pub variables: Vec<(String, String)>,
}

impl Config {
    /// Reads the file, then the profile over it, then the variables over both.
    ///
    /// # Errors
    /// All that is wrong, each with its place.
    pub fn read(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut config = Self::default();
        let mut errors = Vec::new();
        let profile = sources.profile.as_ref().map(|(name, from)| (name.as_str(), *from));
        match &sources.file {
            Some((name, text)) => walk::file(&Source::file(name, text), profile, &mut config, &mut errors),
            None => errors.extend(profile.map(|(name, from)| {
                ConfigError::plain(format!(
                    "{from}: there is no configuration file that could have a profile '{name}': name one with --config"
                ))
            })),
        }
        variables::read(&sources.variables, &mut config, &mut errors);
        if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
    }
}
