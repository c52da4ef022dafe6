//! Prompts: what the models read. Loading, filtering, cutting and choosing them.

mod read;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use lens_schema::PromptEntry;
use lens_schema::path::prompt_hash;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Which prompts are taken, and in what pieces. The default takes all, whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Prompts with fewer Unicode scalar values are dropped; 0 drops none.
    pub min_chars: usize,
    /// Longer prompts are cut in pieces of this many Unicode scalar values; a rest below `min_chars` is dropped.
    pub max_chars: Option<usize>,
    /// How many to keep after filtering (and shuffling).
    pub n_samples: Option<usize>,
    /// Seed of a shuffle; `None` keeps the order.
    pub shuffle: Option<u64>,
}

/// Reads the prompts of `.jsonl` and `.txt` files (`-` is standard input), in order, and selects among them.
pub fn load(files: &[PathBuf], selection: &Selection) -> Result<Vec<PromptEntry>> {
    let names: Vec<String> = files.iter().map(|f| read::name(f)).collect();
    select(files.iter().flat_map(|file| read::prompts(file)), selection, &names.join(", "))
}

/// Selects among prompts; each is kept once, however often it comes. `origin` is what an error calls their source.
///
/// They are read no further than needed, and no more than the chosen ones are held. A shuffle gives every prompt a
/// random number and sorts by it; the first N of them are known without the others.
pub fn select(
    prompts: impl Iterator<Item = Result<PromptEntry>>,
    selection: &Selection,
    origin: &str,
) -> Result<Vec<PromptEntry>> {
    selection.check()?;
    let mut random = selection.shuffle.map(ChaCha8Rng::seed_from_u64);
    let n = selection.n_samples.unwrap_or(usize::MAX);
    let mut kept: BTreeMap<(u64, usize), PromptEntry> = BTreeMap::new();
    let mut position = 0;
    let count = scan(prompts, selection, |piece| {
        let place = (random.as_mut().map_or(0, ChaCha8Rng::next_u64), position);
        position += 1;
        let is_full = kept.len() == n;
        if !is_full || kept.last_key_value().is_some_and(|(last, _)| place < *last) {
            kept.insert(place, piece.entry());
        }
        if kept.len() > n {
            kept.pop_last();
        }
        if random.is_none() && kept.len() == n { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    selection.ensure_any(kept.len(), &count, origin)?;
    Ok(kept.into_values().collect())
}

/// A prompt, or a piece of a long one.
struct Piece<'a> {
    prompt: &'a PromptEntry,
    text: &'a str,
    hash: String,
}

impl Piece<'_> {
    fn entry(self) -> PromptEntry {
        PromptEntry { text: self.text.to_owned(), hash: self.hash, ..self.prompt.clone() }
    }
}

/// Hands out every piece that passes, each once, until `take` has enough.
fn scan(
    prompts: impl Iterator<Item = Result<PromptEntry>>,
    selection: &Selection,
    mut take: impl FnMut(Piece<'_>) -> ControlFlow<()>,
) -> Result<Count> {
    let mut seen = HashSet::new();
    let mut count = Count::default();
    for prompt in prompts {
        let prompt = prompt?;
        count.read += 1;
        for text in pieces(&prompt.text, selection.max_chars.unwrap_or(usize::MAX)) {
            if text.chars().take(selection.min_chars).count() < selection.min_chars {
                count.short += 1;
                continue;
            }
            let hash = prompt_hash(text);
            if !seen.insert(hash.clone()) {
                count.repeated += 1;
                continue;
            }
            if take(Piece { prompt: &prompt, text, hash }).is_break() {
                return Ok(count);
            }
        }
    }
    Ok(count)
}

impl Selection {
    /// Refuses what would select nothing whatever the prompts are.
    pub fn check(&self) -> Result<()> {
        if self.n_samples == Some(0) {
            bail!("-n 0 selects no prompts; give at least 1");
        }
        match self.max_chars {
            Some(0) => bail!("--max-chars 0 leaves nothing of any prompt; give at least 1"),
            Some(max) if max < self.min_chars => {
                bail!("--min-chars {} is above --max-chars {max}: no piece could be long enough", self.min_chars)
            }
            _ => Ok(()),
        }
    }

    fn ensure_any(&self, kept: usize, count: &Count, origin: &str) -> Result<()> {
        let remedy = match count.short {
            0 => String::new(),
            _ => format!("; lower --min-chars (now {}) to keep shorter ones", self.min_chars),
        };
        ensure!(kept > 0, "no prompt is left of {origin}: {count}{remedy}");
        Ok(())
    }
}

/// What became of the prompts that were read.
#[derive(Debug, Default)]
struct Count {
    read: usize,
    short: usize,
    repeated: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} read, {} too short, {} repeated", self.read, self.short, self.repeated)
    }
}

/// The text in pieces of `max` characters, the last one as long as it comes; an empty text is one empty piece.
fn pieces(text: &str, max: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.char_indices().nth(max).map_or(text.len(), |(end, _)| end);
        let (piece, after) = text.split_at(end);
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(prompts: &[&str], selection: &Selection) -> Result<Vec<String>> {
        let entries = prompts.iter().map(|t| Ok(PromptEntry { text: (*t).to_owned(), ..Default::default() }));
        Ok(select(entries, selection, "test")?.into_iter().map(|p| p.text).collect())
    }

    #[test]
    fn long_prompts_are_cut_between_characters() {
        let selection = Selection { min_chars: 2, max_chars: Some(3), ..Default::default() };
        assert_eq!(texts(&["é東🚀abcd", "x", "yz"], &selection).unwrap(), ["é東🚀", "abc", "yz"]);
        assert_eq!(texts(&["abcdef"], &selection).unwrap(), ["abc", "def"]);
        assert_eq!(texts(&["", "a"], &Selection::default()).unwrap(), ["", "a"]);
    }

    #[test]
    fn equal_texts_are_kept_once() {
        let selection = Selection { max_chars: Some(2), ..Default::default() };
        assert_eq!(texts(&["abab", "ab", "ba"], &selection).unwrap(), ["ab", "ba"]);
    }

    #[test]
    fn a_prompt_keeps_its_own_keys_and_gets_its_hash() {
        let entry: PromptEntry = serde_json::from_str(r#"{"text":"hello","meta":{"a":1}}"#).unwrap();
        let selection = Selection { max_chars: Some(4), ..Default::default() };
        let kept = select(std::iter::once(Ok(entry)), &selection, "test").unwrap();
        assert_eq!(kept.iter().map(|p| p.text.as_str()).collect::<Vec<_>>(), ["hell", "o"]);
        assert!(kept.iter().all(|p| p.hash == prompt_hash(&p.text) && p.rest["meta"]["a"] == 1));
    }

    #[test]
    fn a_seed_fixes_the_choice() {
        let all: Vec<String> = (0..50).map(|i| i.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let choose = |seed| Selection { n_samples: Some(5), shuffle: Some(seed), ..Default::default() };
        let first = texts(&all, &choose(0)).unwrap();
        assert_eq!(first.len(), 5);
        assert_eq!(first, texts(&all, &choose(0)).unwrap());
        assert_ne!(first, texts(&all, &choose(1)).unwrap());
        let unshuffled = Selection { n_samples: Some(3), ..Default::default() };
        assert_eq!(texts(&all, &unshuffled).unwrap(), ["0", "1", "2"]);
    }

    #[test]
    fn the_first_of_a_shuffle_are_those_of_the_whole() {
        let all: Vec<String> = (0..100).map(|i| format!("{i} {}", i % 7)).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        for max_chars in [None, Some(2)] {
            let choose = |n| {
                let selection = Selection { max_chars, n_samples: n, shuffle: Some(3), ..Default::default() };
                texts(&all, &selection).unwrap()
            };
            let whole = choose(None);
            assert_ne!(whole, texts(&all, &Selection { max_chars, ..Default::default() }).unwrap());
            for n in [1, 9, 1000] {
                assert_eq!(choose(Some(n)), whole[..n.min(whole.len())], "{n}");
            }
        }
    }

    #[test]
    fn nothing_is_read_after_enough() {
        let prompts = ["a", "b"].map(|t| Ok(PromptEntry { text: t.to_owned(), ..Default::default() })).into_iter();
        let prompts = prompts.chain(std::iter::once_with(|| panic!("read on")));
        let selection = Selection { n_samples: Some(2), ..Default::default() };
        assert_eq!(select(prompts, &selection, "test").unwrap().len(), 2);
    }

    #[test]
    fn an_empty_selection_says_what_dropped_the_prompts() {
        let selection = Selection { min_chars: 3, ..Default::default() };
        let error = texts(&["ab", "c"], &selection).unwrap_err().to_string();
        assert_eq!(
            error,
            "no prompt is left of test: 2 read, 2 too short, 0 repeated; \
             lower --min-chars (now 3) to keep shorter ones"
        );
        let error = texts(&[], &Selection::default()).unwrap_err().to_string();
        assert_eq!(error, "no prompt is left of test: 0 read, 0 too short, 0 repeated");
        let impossible = Selection { min_chars: 3, max_chars: Some(2), ..Default::default() };
        assert!(texts(&["abc"], &impossible).unwrap_err().to_string().contains("--max-chars 2"));
    }
}
