//! What `-o` means, for all that is written.

use super::View;
use std::io::{self, Write};

/// Writes what is told of something.
pub type Writer<T> = fn(&T, &View, &mut dyn Write) -> io::Result<()>;

/// A way to write something.
pub struct Output<W> {
    /// The name that `-o` takes.
    pub name: &'static str,
    /// What the names of files end like that mean it.
    pub extensions: &'static [&'static str],
    /// What writes it.
    pub write: W,
}

/// What `-o` means: an output for standard output (`junit`), for a file by its extension (`report.xml`, the longest that fits),
/// or for a file of any name (`gitlab=report.json`).
pub fn find<'r, 'w, W>(registry: &'r [Output<W>], wanted: &'w str) -> Option<(&'r Output<W>, Option<&'w str>)> {
    let named = |name: &str| registry.iter().find(|o| o.name == name);
    if let Some(output) = named(wanted) {
        return Some((output, None));
    }
    if let Some((name, file)) = wanted.split_once('=')
        && let Some(output) = named(name)
    {
        return (!file.is_empty()).then_some((output, Some(file)));
    }
    let lower = wanted.to_ascii_lowercase();
    let fits = |extension: &&str| lower.strip_suffix(extension).is_some_and(|rest| rest.ends_with('.'));
    let longest = |output: &Output<W>| output.extensions.iter().filter(|x| fits(x)).map(|x| x.len()).max();
    registry.iter().filter(|o| longest(o).is_some()).max_by_key(|o| longest(o)).map(|output| (output, Some(wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_an_extension_or_both() {
        let output = |name, extensions| Output { name, extensions, write: () };
        let registry = [
            output("json", &["json"][..]),
            output("junit", &["xml"]),
            output("gitlab", &["codequality.json"]),
            output("sarif", &["sarif", "sarif.json"]),
        ];
        let means = |wanted| find(&registry, wanted).map(|(output, file)| (output.name, file));
        assert_eq!(means("junit"), Some(("junit", None)));
        assert_eq!(means("out/report.XML"), Some(("junit", Some("out/report.XML"))));
        assert_eq!(means("gitlab=gl.json"), Some(("gitlab", Some("gl.json"))));
        assert_eq!(means("gl.codequality.json"), Some(("gitlab", Some("gl.codequality.json"))));
        assert_eq!(means("x.sarif.json"), Some(("sarif", Some("x.sarif.json"))));
        assert_eq!(means("a=b.json"), Some(("json", Some("a=b.json"))));
        assert_eq!([means("junit="), means("xml"), means("report.pdf"), means("")], [None; 4]);
    }
}
