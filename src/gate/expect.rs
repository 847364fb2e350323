//! Codes that are normal on a route: a login answers 401 all day, and no rule is to count that.

use crate::filter::{FilterError, StatusFilter};
use crate::model::StatusCode;
use crate::rule::{Case, Pattern};

/// `/login=401,302`: codes that no rule counts as hits on a route.
#[derive(Clone, Debug)]
pub struct Expected {
    route: Pattern,
    codes: StatusFilter,
}

/// Why a text is none.
#[derive(Debug, thiserror::Error)]
pub enum ExpectedError {
    /// The sign between the two is missing.
    #[error("'{0}' is not ROUTE=CODES, such as /login=401,302 or '/api/*=404'")]
    Shape(String),
    /// The codes are none.
    #[error(transparent)]
    Codes(#[from] FilterError),
}

impl Expected {
    /// Reads `ROUTE=CODES`; `*` in the route stands for any run of characters.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, ExpectedError> {
        let shape = || ExpectedError::Shape(text.to_owned());
        let (route, codes) =
            text.rsplit_once('=').filter(|(route, codes)| !route.trim().is_empty() && !codes.trim().is_empty()).ok_or_else(shape)?;
        Ok(Self { route: Pattern::new(route.trim()), codes: StatusFilter::parse(codes)? })
    }

    pub(super) fn covers(&self, route: &str, code: u16) -> bool {
        self.route.matches(route.as_bytes(), Case::Same) && StatusCode::new(code).is_some_and(|code| self.codes.accepts(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_codes() {
        let expected = Expected::parse("/api/*=404,5xx,!503").unwrap();
        assert!(expected.covers("/api/users/{id}", 404) && expected.covers("/API/x", 502));
        assert!(!expected.covers("/api/x", 503) && !expected.covers("/shop", 404));
        for wrong in ["", "/login", "=401", "/login=", "/login=some"] {
            assert!(Expected::parse(wrong).is_err(), "{wrong}");
        }
    }
}
