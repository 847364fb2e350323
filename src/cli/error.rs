//! Failures, told in a sentence on stderr.

use super::{Exit, stderr};
use crate::config::ConfigErrors;
use crate::filter::FilterError;
use crate::format::TemplateError;
use crate::input::InputError;
use crate::route::PatternError;
use crate::service::ServiceError;
use std::io;

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A log format that is none.
    #[error("-f: {0}")]
    Format(#[from] TemplateError),
    /// A filter that is none.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A route that is none.
    #[error("--route: {0}")]
    Route(#[from] PatternError),
    /// A service that is none.
    #[error("--service: {0}")]
    Service(#[from] ServiceError),
    /// A configuration that is none.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// Anything else that the user can put right.
    #[error("{0}")]
    Usage(String),
    /// No line of the input is a record.
    #[error("{0}")]
    Nothing(String),
    /// Writing the output failed.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// Says it on stderr and gives the exit code. A reader that has gone, as `head` does, is no failure.
    pub(super) fn report(&self) -> Exit {
        match self {
            _ if self.is_gone_reader() => Exit::Success,
            Self::Nothing(_) => {
                stderr::say(&self.to_string());
                Exit::Nothing
            }
            _ => {
                stderr::say(&self.to_string());
                Exit::Usage
            }
        }
    }

    /// The reader of the output has gone, as `head` does.
    pub(super) fn is_gone_reader(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
