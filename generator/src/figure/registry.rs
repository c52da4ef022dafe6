//! The figure functions that a run knows, and which of them are asked for.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail, ensure};
use globset::{Glob, GlobSetBuilder};
use lens_schema::{FigureEntry, path};

use super::{FigureFn, library};

/// Figure functions by name.
#[derive(Debug, Clone)]
pub struct Registry {
    figures: Vec<FigureFn>,
}

impl Registry {
    /// The library, and these functions besides. One that has the name of another takes its place.
    ///
    /// # Errors
    /// Two of `own` have the same name, or the name of one cannot be that of a file.
    pub fn with(own: impl IntoIterator<Item = FigureFn>) -> Result<Registry> {
        let mut library = library();
        library.sort_by(|a, b| a.name().cmp(b.name()));
        Registry { figures: library }.and(own)
    }

    /// These functions besides, as [`Registry::with`] adds them.
    pub fn and(&self, own: impl IntoIterator<Item = FigureFn>) -> Result<Registry> {
        let mut added = BTreeMap::new();
        for figure in own {
            let name = figure.name().to_owned();
            ensure!(
                !name.contains('.') && figure.figures().iter().all(|figure| path::is_safe_name(figure)),
                "the figure function {name:?}: figures are files of that name, so use A-Z, a-z, 0-9, - and _"
            );
            let mut figures = figure.figures().to_vec();
            figures.sort_unstable();
            figures.dedup();
            ensure!(
                figures.len() == figure.figures().len() && !figures.is_empty(),
                "the figure function {name}: every figure needs a name of its own"
            );
            if added.insert(name.clone(), figure).is_some() {
                bail!("two figure functions are called {name}; rename one of them");
            }
        }
        let mut all: BTreeMap<String, FigureFn> =
            self.figures.iter().map(|f| (f.name().to_owned(), f.clone())).collect();
        all.extend(added);
        Ok(Registry { figures: all.into_values().collect() })
    }

    /// All of them, sorted by name.
    pub fn all(&self) -> &[FigureFn] {
        &self.figures
    }

    /// Index entries of the figures that the viewer draws from the patterns themselves.
    pub fn derived(&self) -> Vec<FigureEntry> {
        self.figures.iter().filter(|f| f.is_derived()).flat_map(FigureFn::entries).collect()
    }

    /// The functions that match one of the globs, by their own name or that of one of their figures; without globs,
    /// those that are drawn by default.
    ///
    /// # Errors
    /// A glob is malformed or matches nothing.
    pub fn select(&self, globs: &[String]) -> Result<Vec<FigureFn>> {
        if globs.is_empty() {
            return Ok(self.figures.iter().filter(|f| f.is_default()).cloned().collect());
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let parsed = Glob::new(glob).map_err(|e| anyhow!("--figure-funcs {glob:?}: {}", e.kind()))?;
            let matcher = parsed.compile_matcher();
            if !self.figures.iter().any(|f| names(f).any(|name| matcher.is_match(name))) {
                let all = self.figures.iter().map(FigureFn::name).collect::<Vec<_>>().join(", ");
                bail!("--figure-funcs {glob:?} matches no figure function; there are: {all}");
            }
            set.add(parsed);
        }
        let set = set.build()?;
        Ok(self.figures.iter().filter(|f| names(f).any(|name| set.is_match(name))).cloned().collect())
    }
}

fn names(figure: &FigureFn) -> impl Iterator<Item = &str> {
    std::iter::once(figure.name()).chain(figure.figures().iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{About, Picture};
    use crate::image::Format;

    fn own(name: &str, figures: &[&str]) -> FigureFn {
        let picture = || Picture { format: Format::Svg, bytes: b"<svg/>".to_vec() };
        let count = figures.len().max(1);
        let about = About { name: name.to_owned(), ..About::default() };
        FigureFn::new(about, figures, Some(Format::Svg), move |_| Ok((0..count).map(|_| picture()).collect()))
    }

    #[test]
    fn the_library_is_documented_and_has_its_code() {
        let library = Registry::with([]).unwrap();
        for entry in library.all().iter().flat_map(FigureFn::entries) {
            let (name, code, doc) = (entry.func_name, entry.code.unwrap(), entry.doc.unwrap());
            assert!(code.starts_with("/// ") && code.ends_with("\n}\n"), "{name}: {code}");
            assert!(code.contains(&format!("pub fn {name}(")), "{name}: {code}");
            assert!(doc.lines().next().unwrap().len() > 15, "{name}: {doc}");
            assert_eq!(entry.source.unwrap(), format!("generator/src/figure/library/{name}.rs"));
        }
    }

    #[test]
    fn globs_select_by_name() {
        let registry = Registry::with([own("mine", &["left", "right"])]).unwrap();
        let select = |globs: &[&str]| registry.select(&globs.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>());
        let names =
            |globs: &[&str]| select(globs).unwrap().iter().map(|f| f.name().to_owned()).collect::<Vec<_>>().join(" ");
        assert_eq!(names(&[]), "mine raw");
        assert_eq!(
            (names(&["m*e"]), names(&["mine.left"]), names(&["*w"])),
            ("mine".into(), "mine".into(), "raw".into())
        );
        assert_eq!(select(&["*"]).unwrap().len(), registry.all().len());
        let error = select(&["raw", "sdv*"]).unwrap_err().to_string();
        assert!(error.starts_with("--figure-funcs \"sdv*\" matches no figure function; there are: "), "{error}");
        assert!(select(&["[a"]).unwrap_err().to_string().contains("\"[a\": "));
    }

    #[test]
    fn names_are_files_of_their_own() {
        let error = |figures: Vec<FigureFn>| Registry::with(figures).unwrap_err().to_string();
        assert!(error(vec![own("../x", &[])]).contains("figures are files"));
        assert!(error(vec![own("a.b", &[])]).contains("figures are files"));
        assert!(error(vec![own("a", &["x", "x"])]).contains("a name of its own"));
        assert!(error(vec![own("a", &[]), own("a", &[])]).contains("two figure functions are called a"));
        let replaced = Registry::with([own("raw", &[])]).unwrap();
        assert!(replaced.derived().iter().all(|entry| entry.name != "raw"));
    }
}
