//! Scores: of each prompt beside its patterns, and of each model, gathered from its prompts.

use anyhow::Result;
use lens_schema::npz::{Dtype, NpzError, Reader, Writer};
use lens_schema::score::{bytes, floats};
use lens_schema::{ModelEntry, jsonl, path};
use serde::{Deserialize, Serialize};

use super::DataDir;
use crate::fs;
use crate::score::random::{self, NOT_RUN, RandomTokens};
use crate::score::table::{ModelScores, RandomScores, gather};
use crate::score::{PromptScores, VERSION, per_prompt};

/// Entry that says what the arrays are.
const META: &str = "meta.json";
/// Arrays of a prompt's file that are no scores.
const CORNER: &str = "corner";
const DIVERGENCE: &str = "divergence";

/// What a prompt's scores are.
#[derive(Serialize, Deserialize)]
struct Meta {
    version: u32,
    n_layers: usize,
    n_heads: usize,
    /// Rows and columns of `corner`.
    corner: usize,
}

impl DataDir {
    /// A prompt's scores; `None` if there are none, or none that this version can use.
    pub fn prompt_scores(&self, model: &ModelEntry, hash: &str) -> Result<Option<PromptScores>> {
        let file = self.prompt_dir(&model.dir(), hash)?.join(path::SCORES);
        // Whatever is damaged is computed again.
        Ok(std::fs::read(file).ok().and_then(|file| read_prompt(&file, model).ok().flatten()))
    }

    pub fn write_prompt_scores(&self, model: &str, hash: &str, scores: &PromptScores) -> Result<()> {
        let file = self.prompt_dir(model, hash)?.join(path::SCORES);
        fs::write(&file, &write_prompt(scores)?)
    }

    pub fn remove_prompt_scores(&self, model: &str, hash: &str) -> Result<()> {
        fs::remove_file(&self.prompt_dir(model, hash)?.join(path::SCORES))
    }

    /// What the model did on random tokens, and on which; `None` if it was not run on any.
    pub fn random_tokens(&self, model: &ModelEntry) -> Option<(RandomTokens, RandomScores)> {
        let file = std::fs::read(self.root.join(path::random_tokens(&model.dir()))).ok()?;
        // Whatever is damaged is run again.
        read_random(&file, model.n_layers * model.n_heads).ok().filter(|(tokens, _)| tokens.version == VERSION)
    }

    pub fn write_random_tokens(&self, model: &ModelEntry, tokens: &RandomTokens, scores: &[Vec<f32>]) -> Result<()> {
        let mut npz = Writer::new(6);
        npz.entry(META, &[&serde_json::to_vec(tokens)?])?;
        for (score, values) in random::SCORES.iter().zip(scores) {
            npz.array(score.name, Dtype::F32, &[model.n_layers, model.n_heads], &bytes(values))?;
        }
        fs::write(&self.root.join(path::random_tokens(&model.dir())), &npz.finish()?)
    }

    /// Gathers the scores of these prompts of a model; `None` if none of them has any.
    pub fn gather_scores(&self, model: &ModelEntry, hashes: &[String]) -> Result<Option<ModelScores>> {
        let random = self.random_tokens(model).map_or_else(|| Err(NOT_RUN.to_owned()), |(_, scores)| scores);
        let shape = (model.n_layers, model.n_heads);
        gather(shape, hashes, |hash| self.prompt_scores(model, hash), &random)
    }

    /// Writes a model's scores, of all its prompts that have some; without any, removes what was written before.
    pub fn write_scores_index(&self, model: &ModelEntry) -> Result<()> {
        let dir = model.dir();
        let hashes = self.hashes(&dir)?;
        match self.gather_scores(model, &hashes)? {
            Some(scores) => {
                let files = files(&dir, &scores)?;
                files.iter().try_for_each(|(path, bytes)| fs::write(&self.root.join(path), bytes))
            }
            None => [path::scores(&dir), path::heads(&dir), path::head_distances(&dir)]
                .iter()
                .try_for_each(|path| fs::remove_file(&self.root.join(path))),
        }
    }
}

/// The files of a model's scores: path and content, for the data directory and the site alike.
pub fn files(dir: &str, scores: &ModelScores) -> Result<[(String, Vec<u8>); 3]> {
    Ok([
        (path::scores(dir), scores.table.write()?),
        (path::heads(dir), jsonl::to_string(&scores.heads)?.into_bytes()),
        (path::head_distances(dir), scores.distances.write()?),
    ])
}

fn write_prompt(scores: &PromptScores) -> Result<Vec<u8>> {
    let PromptScores { n_layers, n_heads, values, corner, divergence } = scores;
    let (n_layers, n_heads) = (*n_layers, *n_heads);
    let rows = (corner.len() / (n_layers * n_heads).max(1)).isqrt();
    let mut npz = Writer::new(0);
    npz.entry(META, &[&serde_json::to_vec(&Meta { version: VERSION, n_layers, n_heads, corner: rows })?])?;
    for (score, values) in per_prompt().zip(values) {
        npz.array(score.name, Dtype::F32, &[n_layers, n_heads], &bytes(values))?;
    }
    npz.array(CORNER, Dtype::F32, &[n_layers, n_heads, rows, rows], &bytes(corner))?;
    npz.array(DIVERGENCE, Dtype::F32, &[divergence.len()], &bytes(divergence))?;
    Ok(npz.finish()?)
}

/// `None` if it is of another version or of a model of another size.
fn read_prompt(file: &[u8], model: &ModelEntry) -> Result<Option<PromptScores>> {
    let npz = Reader::new(file)?;
    let meta: Meta = serde_json::from_slice(&npz.get(META)?.unwrap_or_default())?;
    let (n_layers, n_heads) = (model.n_layers, model.n_heads);
    if (meta.version, meta.n_layers, meta.n_heads) != (VERSION, n_layers, n_heads) {
        return Ok(None);
    }
    let heads = n_layers * n_heads;
    let array = |name: &str, n: usize| Ok::<_, NpzError>(floats(&npz.array(name, n * size_of::<f32>())?));
    Ok(Some(PromptScores {
        n_layers,
        n_heads,
        values: per_prompt().map(|score| array(score.name, heads)).collect::<Result<_, _>>()?,
        corner: array(CORNER, heads.saturating_mul(meta.corner.saturating_mul(meta.corner)))?,
        divergence: array(DIVERGENCE, heads * heads.saturating_sub(1) / 2)?,
    }))
}

fn read_random(file: &[u8], heads: usize) -> Result<(RandomTokens, RandomScores)> {
    let npz = Reader::new(file)?;
    let tokens: RandomTokens = serde_json::from_slice(&npz.get(META)?.unwrap_or_default())?;
    let array = |name: &str| Ok::<_, NpzError>(floats(&npz.array(name, heads * size_of::<f32>())?));
    let scores = match &tokens.absent {
        Some(why) => Err(why.clone()),
        None => Ok(random::SCORES.iter().map(|score| array(score.name)).collect::<Result<_, _>>()?),
    };
    Ok((tokens, scores))
}

#[cfg(test)]
mod tests {
    use lens_schema::PromptEntry;
    use lens_schema::score::ScoreTable;
    use ndarray::Array3;

    use super::*;
    use crate::pattern::AttentionPatterns;
    use crate::score;

    fn model() -> ModelEntry {
        serde_json::from_str(r#"{"model_name":"m","n_layers":2,"n_heads":3}"#).unwrap()
    }

    fn scores(n: usize) -> PromptScores {
        let cell = |(h, q, k): (usize, usize, usize)| if k <= q { (1 + (h + k) % 3) as f32 } else { 0.0 };
        let mut layer = Array3::from_shape_fn((3, n, n), cell);
        for mut head in layer.outer_iter_mut() {
            for mut row in head.outer_iter_mut() {
                let sum = row.sum();
                row.mapv_inplace(|v| v / sum);
            }
        }
        let patterns = AttentionPatterns { layers: vec![layer; 2], causal: true };
        score::of_prompt(&patterns, &PromptEntry::default())
    }

    fn data() -> (tempfile::TempDir, DataDir) {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path()).unwrap();
        for hash in ["one", "two"] {
            data.write_prompt("m", &PromptEntry { hash: hash.into(), ..Default::default() }).unwrap();
        }
        (dir, data)
    }

    #[test]
    fn a_prompts_scores_come_back_and_damaged_ones_are_none() {
        let (_dir, data) = data();
        assert_eq!(data.prompt_scores(&model(), "one").unwrap(), None);
        for n in [1, 4, 30] {
            let scores = scores(n);
            data.write_prompt_scores("m", "one", &scores).unwrap();
            let back = data.prompt_scores(&model(), "one").unwrap().unwrap();
            // NaN is not equal to itself.
            assert_eq!(format!("{back:?}"), format!("{scores:?}"));
        }
        let other = ModelEntry { n_heads: 4, ..model() };
        assert_eq!(data.prompt_scores(&other, "one").unwrap(), None);
        let file = data.root().join("m/prompts/one/scores.npz");
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() - 20]).unwrap();
        assert_eq!(data.prompt_scores(&model(), "one").unwrap(), None);
        data.remove_prompt_scores("m", "one").unwrap();
        assert!(!file.exists());
    }

    #[test]
    fn a_models_scores_are_an_index_of_its_prompts() {
        let (_dir, data) = data();
        data.write_scores_index(&model()).unwrap();
        assert!(!data.root().join("m/scores.npz").exists());
        data.write_prompt_scores("m", "two", &scores(20)).unwrap();
        data.write_scores_index(&model()).unwrap();
        let table = || ScoreTable::read(&fs::read(&data.root().join("m/scores.npz")).unwrap()).unwrap();
        assert_eq!(table().prompts, ["two"]);
        assert!(table().absent["variability"].contains("there is only one"), "{:?}", table().absent);
        assert_eq!(table().absent["induction_random"], NOT_RUN);
        assert!(table().absent["symmetry"].starts_with("the pattern is causal"));
        data.write_prompt_scores("m", "one", &scores(1)).unwrap();
        data.write_scores_index(&model()).unwrap();
        let both = table();
        assert_eq!(both.prompts, ["one", "two"]);
        // A prompt of one token has no token before; that is said, and the average is that of the other prompt.
        let previous = both.column("prev_token").unwrap();
        assert!(previous.values[0].is_nan() && !previous.values[6].is_nan());
        assert_eq!(previous.entry.undefined.as_deref(), Some("the prompt has one token"));
        assert_eq!(both.average(previous)[0], previous.values[6]);
        assert_eq!(both.column("self").unwrap().entry.undefined, None);
        assert_eq!(both.column("variability").unwrap().values.len(), 6);
        for hash in ["one", "two"] {
            data.remove_prompt_scores("m", hash).unwrap();
        }
        data.write_scores_index(&model()).unwrap();
        assert!(!data.root().join("m/scores.npz").exists() && !data.root().join("m/heads.jsonl").exists());
    }

    #[test]
    fn random_tokens_come_back() {
        let (_dir, data) = data();
        assert!(data.random_tokens(&model()).is_none());
        let sequences = random::sequences(&(0..300).collect::<Vec<_>>(), 512, 1).unwrap();
        let (before, after) = (vec![7], Vec::new());
        let model_checksum = "c".to_owned();
        let mut tokens = RandomTokens { version: VERSION, model_checksum, before, after, sequences, absent: None };
        let values = vec![vec![0.5; 6]; random::SCORES.len()];
        data.write_random_tokens(&model(), &tokens, &values).unwrap();
        assert_eq!(data.random_tokens(&model()), Some((tokens.clone(), Ok(values))));
        tokens.absent = Some("too short".to_owned());
        data.write_random_tokens(&model(), &tokens, &[]).unwrap();
        assert_eq!(data.random_tokens(&model()), Some((tokens, Err("too short".to_owned()))));
    }
}
