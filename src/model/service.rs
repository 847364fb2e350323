//! Services as small numbers: which application an input is a log of.

use std::collections::BTreeSet;

/// Services with a row of their own; the others are counted together as [`Services::OTHER`].
pub const MAX_SERVICES: usize = 64;

/// A service of one [`Services`]; another one numbers otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ServiceId(u8);

impl ServiceId {
    /// What belongs to no service; everything, where none are in use.
    pub const NONE: Self = Self(0);

    /// All numbers that there can be, in order: none, those of names, and that of [`Services::OTHER`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=MAX_SERVICES as u8 + 1).map(Self)
    }

    /// The number: 0 for none, at most one more than [`MAX_SERVICES`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The services of all inputs, in the order of their names: whatever the order of the inputs, each has the same number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    names: Vec<String>,
    /// How many there are beside those that have a number of their own.
    folded: usize,
}

impl Services {
    /// The name of all services that there was no room for.
    pub const OTHER: &str = "(other)";

    /// Numbers these names, each once.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.into_iter().filter(|name| name != Self::OTHER).collect();
        let folded = names.len().saturating_sub(MAX_SERVICES);
        Self { names: names.into_iter().take(MAX_SERVICES).collect(), folded }
    }

    /// The number of a name.
    pub fn id(&self, name: Option<&str>) -> ServiceId {
        let Some(name) = name else { return ServiceId::NONE };
        let at = self.names.binary_search_by(|n| n.as_str().cmp(name)).unwrap_or(MAX_SERVICES);
        ServiceId(at as u8 + 1)
    }

    /// The name of a number; `None` for [`ServiceId::NONE`].
    pub fn name(&self, id: ServiceId) -> Option<&str> {
        let at = id.index().checked_sub(1)?;
        Some(self.names.get(at).map_or(Self::OTHER, String::as_str))
    }

    /// How many services are counted together as [`Services::OTHER`].
    pub fn folded(&self) -> usize {
        self.folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_hang_on_the_names_alone() {
        let names = |of: &[&str]| Services::new(of.iter().map(|n| (*n).to_owned()));
        assert_eq!(names(&["shop", "api", "shop"]), names(&["api", "shop"]));
        let services = names(&["shop", "api"]);
        assert_eq!(["api", "shop"].map(|n| services.id(Some(n)).index()), [1, 2]);
        assert_eq!(services.name(services.id(Some("shop"))), Some("shop"));
        assert_eq!((services.id(None), services.name(ServiceId::NONE)), (ServiceId::NONE, None));
    }

    #[test]
    fn more_than_fit_are_one() {
        let services = Services::new((0..MAX_SERVICES + 9).map(|n| format!("s{n:03}")));
        let [last, over, far] = [MAX_SERVICES - 1, MAX_SERVICES, MAX_SERVICES + 8].map(|n| services.id(Some(&format!("s{n:03}"))));
        assert_eq!(services.name(last), Some("s063"));
        assert_eq!((services.name(over), over, services.folded()), (Some(Services::OTHER), far, 9));
        assert_eq!(Services::new([Services::OTHER.to_owned()]).folded(), 0);
    }
}
