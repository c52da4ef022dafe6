//! Names of files hold a hash of what is in them. trunk's is of the whole program as cargo built it, which says nothing
//! of how it was split.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// Gives all files whose names begin with `name` a new hash in its place, and whatever speaks of them too.
pub fn hash_again(folder: &Path, name: &str, page: &Path) -> Result<()> {
    let (stem, old) = name.rsplit_once('-').context("trunk's names end with a hash")?;
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut files = files.collect::<Result<Vec<String>>>()?;
    files.retain(|file| file.starts_with(name));
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        hash.update(fs::read(folder.join(file))?);
    }
    let hash = format!("{:x}", hash.finalize());
    let new = format!("{stem}-{}", hash.get(..old.len()).context("trunk's hash is too long")?);
    let speak = |file: &Path| -> Result<Vec<u8>> { Ok(replaced(&fs::read(file)?, name.as_bytes(), new.as_bytes())) };
    for file in files {
        let (from, to) = (folder.join(&file), folder.join(file.replacen(name, &new, 1)));
        let content = speak(&from)?;
        fs::remove_file(from)?;
        fs::write(to, content)?;
    }
    fs::write(page, speak(page)?)?;
    Ok(())
}

/// With `to` wherever `from` was, which is as long: sizes that a module has written down stay right.
fn replaced(content: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut new = content.to_vec();
    for at in (0..=content.len().saturating_sub(from.len())).filter(|at| content[*at..].starts_with(from)) {
        new[at..at + to.len()].copy_from_slice(to);
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_what_speaks_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str| folder.path().join(file);
        let write = || {
            fs::write(at("v-0123.js"), "import './v-0123-parts.js'").unwrap();
            fs::write(at("v-0123-parts.js"), "").unwrap();
            fs::write(at("other.css"), "v-0123").unwrap();
            fs::write(at("index.html"), "<v-0123.js v-0123-parts.js>").unwrap();
            hash_again(folder.path(), "v-0123", &at("index.html")).unwrap();
        };
        write();
        let page = fs::read_to_string(at("index.html")).unwrap();
        let new = &page[1..7];
        assert!(new.starts_with("v-") && new != "v-0123" && page == format!("<{new}.js {new}-parts.js>"), "{page}");
        assert_eq!(fs::read_to_string(at(&format!("{new}.js"))).unwrap(), format!("import './{new}-parts.js'"));
        assert!(at(&format!("{new}-parts.js")).is_file() && !at("v-0123.js").exists());
        assert_eq!(fs::read_to_string(at("other.css")).unwrap(), "v-0123");
        write();
        assert_eq!(fs::read_to_string(at("index.html")).unwrap(), page, "the same files have the same names");
    }
}
