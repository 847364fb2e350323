//! x
pub struct Pages;
impl Pages {
    pub fn learn<'a>(_: impl Iterator<Item = (&'a str, u16, u64, u64)>) -> Self {
        Self
    }
    pub fn code(&self, _: &str, _: u16, _: u64) -> Option<u16> {
        None
    }
}
