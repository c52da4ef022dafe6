//! Tokens by themselves, without a text: the ordinary ones, and those that are put around a text.

use anyhow::Result;

use super::Tokenizer;
use crate::model::BosPolicy;

/// The part of a vocabulary that is neither most nor least common: ids of nearly all vocabularies are in the order of
/// frequency. Of GPT-2's it is about the ids 1000 to 20000.
const MIDDLE: (f64, f64) = (0.02, 0.4);
/// Fewer tokens than this are too few to be choosy.
const FEW: usize = 200;

impl Tokenizer {
    /// Ids of words and parts of words that are neither very common nor very rare, ascending; of a small vocabulary all
    /// words, else all tokens that are not special.
    pub fn ordinary_ids(&self) -> Vec<u32> {
        let added = self.inner.get_added_tokens_decoder();
        let mut ids: Vec<u32> = self.inner.get_vocab(true).into_values().collect();
        let known = |id: &u32| (*id as usize) < self.d_vocab.unwrap_or(usize::MAX);
        ids.retain(|id| known(id) && !added.contains_key(id) && !self.beginning.contains(id));
        ids.sort_unstable();
        ids.dedup();
        let words: Vec<u32> = ids.iter().copied().filter(|id| self.is_word(*id)).collect();
        let at = |share: f64| (words.len() as f64 * share) as usize;
        let middle = &words[at(MIDDLE.0)..at(MIDDLE.1)];
        match (middle.len(), words.len()) {
            (FEW.., _) => middle.to_vec(),
            (_, FEW..) => words,
            _ => ids,
        }
    }

    fn is_word(&self, id: u32) -> bool {
        let text = self.spelling.readable(id, &self.spelled(id));
        let text = text.trim().trim_start_matches("##");
        text.chars().nth(1).is_some() && text.chars().all(char::is_alphabetic)
    }

    /// Ids that are put before and after a text.
    pub fn special_ids(&self, special: BosPolicy) -> Result<(Vec<u32>, Vec<u32>)> {
        Ok(match special {
            BosPolicy::None => Default::default(),
            BosPolicy::Prepend => (self.beginning()?.to_vec(), Vec::new()),
            BosPolicy::Template => self.template.clone(),
        })
    }
}
