//! Turns the data files of the catalogue and of the built-in formats into Rust, and refuses what is not right in them: an
//! unknown, missing or misspelt key, two entries of one name, a reference that points nowhere.

#[path = "../format/builtin/schema.rs"]
mod formats;
#[path = "schema.rs"]
mod schema;
#[path = "../diagnose/signature/schema.rs"]
mod signatures;

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let (codes, builtin) = (root.join("src/catalogue/codes"), root.join("src/format/builtin"));
    let marks = root.join("src/diagnose/signature");
    let lists = marks.join("signatures.toml");
    for path in
        [&codes, &builtin, &lists, &marks.join("schema.rs"), &root.join("src/catalogue/schema.rs"), &root.join("src/catalogue/build.rs")]
    {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let generated = schema::generate(&toml_files(&codes)).and_then(|entries| {
        let formats = formats::generate(&toml_files(&builtin))?;
        let lists = fs::read_to_string(&lists).map_err(|e| e.to_string())?;
        fs::write(out.join("signatures.rs"), signatures::generate(&lists)?).map_err(|e| e.to_string())?;
        fs::write(out.join("catalogue.rs"), entries).map_err(|e| e.to_string())?;
        fs::write(out.join("formats.rs"), formats).map_err(|e| e.to_string())
    });
    if let Err(message) = generated {
        println!("cargo::error={}", message.replace('\n', " "));
        std::process::exit(1);
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
