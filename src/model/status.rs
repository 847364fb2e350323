//! Status codes as logs hold them: every integer is kept, none is forced into a known class.

use std::fmt;

/// A response's status as logged: 0 to 999. `000` and `009`, which nginx, CloudFront and others write, stay what they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StatusCode(u16);

impl StatusCode {
    /// How many different codes there can be.
    pub const COUNT: usize = 1000;

    /// `None` above 999.
    pub const fn new(code: u16) -> Option<Self> {
        if code < Self::COUNT as u16 { Some(Self(code)) } else { None }
    }

    /// The number as logged.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The class that RFC 9110 §15 gives by the first digit.
    pub const fn class(self) -> StatusClass {
        match self.0 / 100 {
            1 => StatusClass::Informational,
            2 => StatusClass::Successful,
            3 => StatusClass::Redirection,
            4 => StatusClass::ClientError,
            5 => StatusClass::ServerError,
            _ => StatusClass::Unknown,
        }
    }
}

impl fmt::Display for StatusCode {
    /// Always three digits, as servers write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// The class of a status code (RFC 9110 §15), with a place for the numbers outside of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StatusClass {
    /// 1xx
    Informational,
    /// 2xx
    Successful,
    /// 3xx
    Redirection,
    /// 4xx
    ClientError,
    /// 5xx
    ServerError,
    /// 000 to 099 and 600 to 999
    Unknown,
}

impl StatusClass {
    /// `1xx` to `5xx`, or `other`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Informational => "1xx",
            Self::Successful => "2xx",
            Self::Redirection => "3xx",
            Self::ClientError => "4xx",
            Self::ServerError => "5xx",
            Self::Unknown => "other",
        }
    }

    /// How much an operator wants to see it first: server errors before numbers that no server should write, before
    /// client errors, before the rest.
    pub const fn urgency(self) -> u8 {
        match self {
            Self::ServerError => 4,
            Self::Unknown => 3,
            Self::ClientError => 2,
            Self::Redirection | Self::Informational => 1,
            Self::Successful => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_numbers_keep_their_face() {
        for (code, shown, class) in [(0, "000", "other"), (9, "009", "other"), (204, "204", "2xx"), (999, "999", "other")] {
            let status = StatusCode::new(code).unwrap();
            assert_eq!((status.to_string().as_str(), status.class().label()), (shown, class));
        }
        assert_eq!(StatusCode::new(1000), None);
    }
}
