//! The scores of a model: those of its prompts side by side, and what only all prompts together give.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use lens_schema::LayerHead;
use lens_schema::score::{Column, HeadDistances, HeadEntry, ScoreTable, number};

use super::{PromptScores, Score, divergence, embedding, per_prompt, random, variability};

/// How many of a head's nearest heads are listed.
const NEAREST: usize = 5;

/// What a model's files of scores hold.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelScores {
    pub table: ScoreTable,
    pub heads: Vec<HeadEntry>,
    pub distances: HeadDistances,
}

/// Scores of the random-token diagnostic, `[score][layer, head]` in the order of [`random::SCORES`]; or why there
/// are none.
pub type RandomScores = Result<Vec<Vec<f32>>, String>;

/// Gathers the scores of these prompts; `None` if no prompt has any. `read` is asked twice for each prompt, so that not
/// all of them have to be in memory.
///
/// # Errors
/// What `read` fails with; a prompt's scores of another number of heads.
pub fn gather(
    shape: (usize, usize),
    prompts: &[String],
    read: impl Fn(&str) -> Result<Option<PromptScores>>,
    random: &RandomScores,
) -> Result<Option<ModelScores>> {
    let (n_layers, n_heads) = shape;
    let all = n_layers * n_heads;
    let mut table = ScoreTable { n_layers, n_heads, ..Default::default() };
    let mut columns = vec![Vec::new(); per_prompt().count()];
    let mut differences = vec![0.0f64; all * all.saturating_sub(1) / 2];
    let mut mean = variability::Mean::new(all);
    for hash in prompts {
        let Some(scores) = read(hash)? else { continue };
        let found = (scores.n_layers, scores.n_heads);
        ensure!(
            found == shape,
            "the scores of prompt {hash} are of {found:?} layers and heads, the model has {shape:?}"
        );
        table.prompts.push(hash.clone());
        columns.iter_mut().zip(&scores.values).for_each(|(column, values)| column.extend_from_slice(values));
        differences.iter_mut().zip(&scores.divergence).for_each(|(sum, d)| *sum += f64::from(*d));
        mean.add(&scores.corner);
    }
    let n_prompts = table.prompts.len();
    if n_prompts == 0 {
        return Ok(None);
    }
    let (mut deviation, mut mass) = (vec![0.0; all], vec![0.0; all]);
    for hash in &table.prompts {
        if let Some(scores) = read(hash)? {
            mean.compare(&scores.corner, &mut deviation, &mut mass);
        }
    }

    for (score, values) in per_prompt().zip(columns) {
        add(&mut table, score, true, values);
    }
    let variability = |(d, m): (&f64, &f64)| if n_prompts > 1 { (d / (2.0 * m)) as f32 } else { f32::NAN };
    add(&mut table, &variability::SCORE, false, deviation.iter().zip(&mass).map(variability).collect());
    match random {
        Ok(values) => random::SCORES.iter().zip(values).for_each(|(s, v)| add(&mut table, s, false, v.clone())),
        Err(why) => table.absent.extend(random::SCORES.iter().map(|s| (s.name.to_owned(), why.clone()))),
    }
    let distances = distances(shape, &differences, n_prompts);
    let heads = heads(&table, &distances);
    Ok(Some(ModelScores { table, heads, distances }))
}

/// Adds a column, or where it has no value at all the reason.
fn add(table: &mut ScoreTable, score: &Score, per_prompt: bool, values: Vec<f32>) {
    if values.iter().all(|v| v.is_nan()) {
        table.absent.insert(score.name.to_owned(), score.undefined.to_owned());
        return;
    }
    let mut entry = score.entry(per_prompt);
    entry.undefined = values.iter().any(|v| v.is_nan()).then(|| score.undefined.to_owned());
    table.columns.push(Column { entry, values });
}

fn distances((n_layers, n_heads): (usize, usize), differences: &[f64], n_prompts: usize) -> HeadDistances {
    let n = n_layers * n_heads;
    let cell = |a: usize, b: usize| match a == b {
        true => 0.0,
        false => (differences[divergence::pair(a.min(b), a.max(b), n)] / n_prompts as f64) as f32,
    };
    let divergence: Vec<f32> = (0..n * n).map(|at| cell(at / n, at % n)).collect();
    let embedding = embedding::plane(&divergence, n);
    HeadDistances { n_layers, n_heads, divergence, embedding }
}

fn heads(table: &ScoreTable, distances: &HeadDistances) -> Vec<HeadEntry> {
    let averages: BTreeMap<&str, Vec<f32>> =
        table.columns.iter().map(|column| (column.entry.name.as_str(), table.average(column))).collect();
    let entry = |at: usize| {
        let nearest = distances.nearest(at, NEAREST);
        let name = |at: usize| LayerHead { layer: at / table.n_heads, head: at % table.n_heads }.to_string();
        let names = table.columns.iter().map(|column| column.entry.name.as_str());
        HeadEntry {
            layer: at / table.n_heads,
            head: at % table.n_heads,
            embedding: [distances.embedding[2 * at], distances.embedding[2 * at + 1]],
            nearest: nearest.iter().map(|(other, _)| name(*other)).collect(),
            nearest_divergence: nearest.iter().map(|(_, divergence)| *divergence).collect(),
            scores: names.map(|name| (name.to_owned(), number(averages[name][at]))).collect(),
        }
    };
    (0..table.n_layers * table.n_heads).map(entry).collect()
}
