//! Scores of heads: the files `scores.npz`, `heads.jsonl` and `head_distances.npz` of a model.
//!
//! - **scores.npz**: an array per score, f32 `[n_prompts, n_layers, n_heads]`; of scores that belong to no prompt
//!   `[1, n_layers, n_heads]`. `prompts.json`: hashes of the prompts, in the order of the rows. `scores.json`: what the
//!   scores are and which are left out, why ([`ScoreTable`]).
//! - **heads.jsonl**: a line per head ([`HeadEntry`]).
//! - **head_distances.npz**: `divergence`, f32 `[n_layers, n_heads, n_layers, n_heads]`, and `embedding`, f32
//!   `[n_layers, n_heads, 2]` ([`HeadDistances`]).
//!
//! In Python, score `induction` of head L5H1 on every prompt: `np.load("scores.npz")["induction"][:, 5, 1]`; the table
//! of heads: `pandas.read_json("heads.jsonl", lines=True)`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::npz::{Dtype, NpzError, Reader, Writer};
use crate::sort;

const PROMPTS: &str = "prompts.json";
const LEGEND: &str = "scores.json";
const DIVERGENCE: &str = "divergence";
const EMBEDDING: &str = "embedding";

/// What a score is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreEntry {
    pub name: String,
    /// Formula, range, source, and what holds where it has no ordinary value.
    pub doc: String,
    /// Such as `probability`, `nats` or `tokens`.
    pub unit: String,
    /// Bounds of the values; `None`: no bound.
    pub min: Option<f32>,
    pub max: Option<f32>,
    /// A value per prompt; else one for all of them.
    pub per_prompt: bool,
    /// Why some values are NaN; absent where none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

/// One score of all heads.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub entry: ScoreEntry,
    /// `[n_prompts or 1, n_layers, n_heads]` in C order.
    pub values: Vec<f32>,
}

/// `scores.npz`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreTable {
    pub n_layers: usize,
    pub n_heads: usize,
    /// Hashes of the prompts, in the order of the rows.
    pub prompts: Vec<String>,
    pub columns: Vec<Column>,
    /// Scores that have no value at all, and why.
    pub absent: BTreeMap<String, String>,
}

/// `scores.json` inside of `scores.npz`.
#[derive(Serialize, Deserialize)]
struct Legend {
    n_layers: usize,
    n_heads: usize,
    scores: Vec<ScoreEntry>,
    absent: BTreeMap<String, String>,
}

impl ScoreTable {
    /// The file.
    pub fn write(&self) -> Result<Vec<u8>, NpzError> {
        let mut npz = Writer::new(6);
        npz.entry(PROMPTS, &[&json(&self.prompts)?])?;
        let legend = Legend {
            n_layers: self.n_layers,
            n_heads: self.n_heads,
            scores: self.columns.iter().map(|column| column.entry.clone()).collect(),
            absent: self.absent.clone(),
        };
        npz.entry(LEGEND, &[&json(&legend)?])?;
        for Column { entry, values } in &self.columns {
            let shape = [self.rows(entry), self.n_layers, self.n_heads];
            npz.array(&entry.name, Dtype::F32, &shape, &bytes(values))?;
        }
        npz.finish()
    }

    /// Reads what [`ScoreTable::write`] wrote.
    pub fn read(file: &[u8]) -> Result<Self, NpzError> {
        let npz = Reader::new(file)?;
        let Legend { n_layers, n_heads, scores, absent } = npz.json(LEGEND)?;
        let mut table = ScoreTable { n_layers, n_heads, prompts: npz.json(PROMPTS)?, columns: Vec::new(), absent };
        for entry in scores {
            let n = table.rows(&entry).saturating_mul(n_layers).saturating_mul(n_heads);
            let values = floats(&npz.array(&entry.name, n.saturating_mul(size_of::<f32>()))?);
            table.columns.push(Column { entry, values });
        }
        Ok(table)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.entry.name == name)
    }

    /// Each head's mean over the prompts where the score has a value; NaN if there is none.
    pub fn average(&self, column: &Column) -> Vec<f32> {
        let heads = self.n_layers * self.n_heads;
        let mean = |head: usize| {
            let values = column.values.iter().skip(head).step_by(heads.max(1)).filter(|v| !v.is_nan());
            let (sum, n) = values.fold((0.0, 0usize), |(sum, n), v| (sum + f64::from(*v), n + 1));
            (sum / n as f64) as f32
        };
        (0..heads).map(mean).collect()
    }

    fn rows(&self, entry: &ScoreEntry) -> usize {
        if entry.per_prompt { self.prompts.len() } else { 1 }
    }
}

/// One line of `heads.jsonl`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadEntry {
    pub layer: usize,
    pub head: usize,
    /// Its place in the plane of [`HeadDistances::embedding`].
    pub embedding: [f32; 2],
    /// The heads that differ least from this one, nearest first, as `L5H1`.
    pub nearest: Vec<String>,
    /// How much each of them differs: the mean Jensen–Shannon divergence in nats.
    pub nearest_divergence: Vec<f32>,
    /// Averages over the prompts, by the names of the scores; null where no prompt gives one.
    #[serde(flatten)]
    pub scores: Map<String, Value>,
}

/// A number as short as f32 allows; null for NaN.
pub fn number(value: f32) -> Value {
    // The shortest decimal of the f32, which its f64 would not give.
    value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// `head_distances.npz`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeadDistances {
    pub n_layers: usize,
    pub n_heads: usize,
    /// `[n_layers, n_heads, n_layers, n_heads]`: Jensen–Shannon divergence in nats, 0 to ln 2.
    pub divergence: Vec<f32>,
    /// `[n_layers, n_heads, 2]`: a plane in which similar heads are near each other.
    pub embedding: Vec<f32>,
}

impl HeadDistances {
    /// The file.
    pub fn write(&self) -> Result<Vec<u8>, NpzError> {
        let (l, h) = (self.n_layers, self.n_heads);
        let mut npz = Writer::new(6);
        npz.array(DIVERGENCE, Dtype::F32, &[l, h, l, h], &bytes(&self.divergence))?;
        npz.array(EMBEDDING, Dtype::F32, &[l, h, 2], &bytes(&self.embedding))?;
        npz.finish()
    }

    /// Reads what [`HeadDistances::write`] wrote, of a model of this size.
    pub fn read(file: &[u8], n_layers: usize, n_heads: usize) -> Result<Self, NpzError> {
        let npz = Reader::new(file)?;
        let n = n_layers.saturating_mul(n_heads);
        let array = |name, n: usize| Ok(floats(&npz.array(name, n.saturating_mul(size_of::<f32>()))?));
        let (divergence, embedding) = (array(DIVERGENCE, n.saturating_mul(n))?, array(EMBEDDING, n.saturating_mul(2))?);
        Ok(HeadDistances { n_layers, n_heads, divergence, embedding })
    }

    /// The `k` heads that differ least from head number `head` (counted through the layers), nearest first, and by
    /// how much.
    pub fn nearest(&self, head: usize, k: usize) -> Vec<(usize, f32)> {
        let n = self.n_layers * self.n_heads;
        let differs = |other: usize| self.divergence[head * n + other];
        let order = sort::indexes(n, &mut |a, b| differs(a).total_cmp(&differs(b)));
        order.into_iter().filter(|other| *other != head).take(k).map(|other| (other, differs(other))).collect()
    }
}

/// Little-endian bytes.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// What [`bytes`] gave.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, NpzError> {
    serde_json::to_vec(value).map_err(|e| NpzError(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, per_prompt: bool) -> ScoreEntry {
        let (doc, unit) = ("What it is.".to_owned(), "probability".to_owned());
        ScoreEntry { name: name.to_owned(), doc, unit, min: Some(0.0), max: Some(1.0), per_prompt, undefined: None }
    }

    fn table() -> ScoreTable {
        let values = |rows: usize| (0..rows * 6).map(|i| i as f32 / 8.0).collect::<Vec<_>>();
        ScoreTable {
            n_layers: 2,
            n_heads: 3,
            prompts: vec!["one".to_owned(), "two".to_owned()],
            columns: vec![
                Column { entry: entry("self", true), values: values(2) },
                Column { entry: entry("variability", false), values: values(1) },
            ],
            absent: BTreeMap::from([("symmetry".to_owned(), "causal".to_owned())]),
        }
    }

    #[test]
    fn a_table_comes_back() {
        let file = table().write().unwrap();
        assert_eq!(ScoreTable::read(&file).unwrap(), table());
        let npz = Reader::new(&file[..]).unwrap();
        let header = npz.get("self.npy").unwrap().unwrap();
        assert!(
            String::from_utf8_lossy(&header).contains("'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 3)")
        );
        assert!(ScoreTable::read(&file[..file.len() - 9]).is_err());
        assert!(ScoreTable::read(&Writer::new(0).finish().unwrap()).unwrap_err().0.contains("no entry scores.json"));
    }

    #[test]
    fn averages_leave_out_what_has_no_value() {
        let mut table = table();
        assert_eq!(table.average(&table.columns[0])[1], (1.0 / 8.0 + 7.0 / 8.0) / 2.0);
        assert_eq!(table.average(&table.columns[1])[1], 1.0 / 8.0);
        table.columns[0].values[1] = f32::NAN;
        table.columns[0].values[2] = f32::NAN;
        table.columns[0].values[8] = f32::NAN;
        let average = table.average(&table.columns[0]);
        assert_eq!(average[1], 7.0 / 8.0);
        assert!(average[2].is_nan());
    }

    #[test]
    fn distances_come_back_and_sort() {
        let divergence = vec![0.0, 0.3, 0.1, 0.3, 0.0, 0.3, 0.1, 0.3, 0.0];
        let distances = HeadDistances { n_layers: 1, n_heads: 3, divergence, embedding: vec![0.5; 6] };
        let file = distances.write().unwrap();
        assert_eq!(HeadDistances::read(&file, 1, 3).unwrap(), distances);
        assert!(HeadDistances::read(&file, 1, 4).is_err());
        assert_eq!(distances.nearest(0, 5), [(2, 0.1), (1, 0.3)]);
        assert_eq!(distances.nearest(1, 1), [(0, 0.3)]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.1).to_string(), "0.1");
        assert_eq!(number(1e-9).to_string(), "1e-9");
        assert_eq!((number(f32::NAN), number(f32::INFINITY)), (Value::Null, Value::Null));
        let line = HeadEntry { scores: Map::from_iter([("self".to_owned(), number(0.3))]), ..Default::default() };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(
            text,
            r#"{"layer":0,"head":0,"embedding":[0.0,0.0],"nearest":[],"nearest_divergence":[],"self":0.3}"#
        );
        assert_eq!(serde_json::from_str::<HeadEntry>(&text).unwrap(), line);
    }
}
