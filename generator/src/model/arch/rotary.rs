//! The keys of `config.json` that describe rotary position embedding, in their old and new spellings.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::model::rope::{Rotary, Scaling};

/// Keys at the top level of `config.json`.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(default)]
pub(super) struct RotaryFields {
    pub rope_theta: Option<f64>,
    /// The share of each head's dimensions that is turned.
    pub partial_rotary_factor: Option<f64>,
    /// Up to version 4 of the library.
    pub rope_scaling: Option<Parameters>,
    /// From version 5 on, with theta and share; some architectures have one set per kind of layer.
    pub rope_parameters: Option<Value>,
    pub original_max_position_embeddings: Option<usize>,
}

#[derive(Deserialize, Debug, Clone, Default)]
#[serde(default)]
pub(super) struct Parameters {
    rope_type: Option<String>,
    #[serde(rename = "type")]
    old_type: Option<String>,
    rope_theta: Option<f64>,
    partial_rotary_factor: Option<f64>,
    factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    attention_factor: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    truncate: Option<bool>,
    short_factor: Option<Vec<f64>>,
    long_factor: Option<Vec<f64>>,
}

impl RotaryFields {
    /// The rotary embedding of all layers.
    pub fn rotary(&self, d_head: usize, n_ctx: usize) -> Result<Rotary> {
        let parameters = match &self.rope_parameters {
            Some(value) => Some(read(value)?),
            None => self.rope_scaling.clone(),
        };
        self.build(parameters.unwrap_or_default(), d_head, n_ctx)
    }

    fn build(&self, p: Parameters, d_head: usize, n_ctx: usize) -> Result<Rotary> {
        let share = p.partial_rotary_factor.or(self.partial_rotary_factor).unwrap_or(1.0);
        let theta = p.rope_theta.or(self.rope_theta).unwrap_or(10_000.0);
        let scaling = p.scaling(self.original_max_position_embeddings, n_ctx)?;
        Ok(Rotary { scaling, ..Rotary::new((d_head as f64 * share) as usize, theta) })
    }
}

fn read(value: &Value) -> Result<Parameters> {
    serde_json::from_value(value.clone()).context("rope_parameters")
}

impl Parameters {
    fn scaling(self, trained: Option<usize>, n_ctx: usize) -> Result<Scaling> {
        let kind = self.rope_type.as_deref().or(self.old_type.as_deref()).unwrap_or("default");
        let needed = |value: Option<f64>, key: &str| value.with_context(|| format!("rope type {kind:?} needs {key}"));
        let factor = || needed(self.factor, "factor");
        Ok(match kind {
            "default" => Scaling::None,
            "linear" => Scaling::Linear { factor: factor()? },
            "dynamic" => Scaling::Dynamic { factor: factor()?, trained: n_ctx },
            "llama3" => Scaling::Llama3 {
                factor: factor()?,
                low: needed(self.low_freq_factor, "low_freq_factor")?,
                high: needed(self.high_freq_factor, "high_freq_factor")?,
                trained: needed(self.original_max_position_embeddings, "original_max_position_embeddings")?,
            },
            "yarn" => {
                let factor = factor()?;
                // The paper's temperature: rotations grow with the logarithm of the stretch.
                let temperature = |m: f64| if factor <= 1.0 { 1.0 } else { 0.1 * m * factor.ln() + 1.0 };
                let derived = match (self.mscale, self.mscale_all_dim) {
                    (Some(m), Some(all)) if m != 0.0 && all != 0.0 => temperature(m) / temperature(all),
                    _ => temperature(1.0),
                };
                Scaling::Yarn {
                    factor,
                    beta_fast: self.beta_fast.unwrap_or(32.0),
                    beta_slow: self.beta_slow.unwrap_or(1.0),
                    trained: self.original_max_position_embeddings.unwrap_or(n_ctx as f64),
                    attention: self.attention_factor.unwrap_or(derived),
                    truncate: self.truncate.unwrap_or(true),
                }
            }
            "longrope" | "su" => {
                let trained = trained.or(self.original_max_position_embeddings.map(|n| n as usize));
                let factor = trained.map_or(self.factor.unwrap_or(1.0), |t| n_ctx as f64 / t as f64);
                let trained = trained.unwrap_or(n_ctx);
                let derived = if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / (trained as f64).ln()).sqrt() };
                Scaling::LongRope {
                    short: self
                        .short_factor
                        .clone()
                        .with_context(|| format!("rope type {kind:?} needs short_factor"))?,
                    long: self.long_factor.clone().with_context(|| format!("rope type {kind:?} needs long_factor"))?,
                    trained,
                    attention: self.attention_factor.unwrap_or(derived),
                }
            }
            other => bail!(
                "rope type {other:?} is not supported; supported are default, linear, dynamic, llama3, yarn, longrope"
            ),
        })
    }
}
