//! Turns the data files of the catalogue and of the built-in formats into Rust, and refuses what is not right in them: an
//! unknown, missing or misspelt key, two entries of one name, a reference that points nowhere, a rule that cannot be read.

#[path = "cause_schema.rs"]
mod causes;
#[path = "../format/builtin/schema.rs"]
mod formats;
#[path = "../rule/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports)] // The build only parses: the program asks too.
mod rule;
#[path = "schema.rs"]
mod schema;
#[path = "../diagnose/signature/schema.rs"]
mod signatures;

use std::path::{Path, PathBuf};
use std::{env, fs};

/// What the build reads, below `src/`.
const READ: [&str; 8] = [
    "catalogue/codes",
    "catalogue/causes",
    "catalogue/build.rs",
    "catalogue/schema.rs",
    "catalogue/cause_schema.rs",
    "format/builtin",
    "diagnose/signature",
    "rule",
];

fn main() {
    let src = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    for path in READ {
        println!("cargo::rerun-if-changed={}", src.join(path).display());
    }
    let codes = toml_files(&src.join("catalogue/codes"));
    let signatures = fs::read_to_string(src.join("diagnose/signature/signatures.toml")).expect("the signatures");
    let parts = [
        ("catalogue.rs", schema::generate(&codes).map_err(|e| vec![e])),
        ("causes.rs", causes::generate(&toml_files(&src.join("catalogue/causes")))),
        ("signatures.rs", signatures::generate(&signatures).map_err(|e| vec![e])),
        ("formats.rs", formats::generate(&toml_files(&src.join("format/builtin"))).map_err(|e| vec![e])),
    ];
    let mut wrong = Vec::new();
    for (name, generated) in parts {
        match generated {
            Ok(rust) => fs::write(out.join(name), rust).unwrap_or_else(|e| panic!("{name}: {e}")),
            Err(messages) => wrong.extend(messages),
        }
    }
    // Cargo stops at these.
    for line in wrong.iter().flat_map(|message| message.lines()) {
        println!("cargo::error={line}");
    }
}

/// Stem and text of each TOML file of a folder, by name.
fn toml_files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|x| x == "toml"))
        .map(|path| {
            let stem = path.file_stem().expect("a file name").to_string_lossy().into_owned();
            (stem, fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        })
        .collect();
    files.sort();
    files
}
