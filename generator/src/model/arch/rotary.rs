//! The keys of `config.json` that describe rotary position embedding, in their old and new spellings.

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::model::rope::{Rotary, Scaling};

/// Keys at the top level of `config.json`. Versions 4 and 5 of the library spell them differently, and read some
/// of them differently too; each spelling is read as its own version does.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(default)]
pub(super) struct RotaryFields {
    pub rope_theta: Option<f64>,
    /// The share of each head's dimensions that is turned.
    pub partial_rotary_factor: Option<f64>,
    /// Up to version 4.
    pub rope_scaling: Option<Value>,
    /// From version 5 on, with theta and share; some architectures have one set per kind of layer.
    pub rope_parameters: Option<Value>,
    pub original_max_position_embeddings: Option<usize>,
}

#[derive(Deserialize, Debug, Clone, Default)]
#[serde(default)]
struct Parameters {
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
        let (parameters, version_5) = match (&self.rope_scaling, &self.rope_parameters) {
            (Some(value), _) if !is_empty(value) => (read("rope_scaling", value)?, false),
            (_, Some(value)) => (read("rope_parameters", value)?, true),
            _ => (Parameters::default(), false),
        };
        self.build(&parameters, version_5, d_head, n_ctx)
    }

    /// The rotary embedding of all layers, of an architecture that always turns whole heads.
    pub fn whole(&self, d_head: usize, n_ctx: usize) -> Result<Rotary> {
        let rotary = self.rotary(d_head, n_ctx)?;
        ensure!(
            rotary.dims == d_head,
            "partial_rotary_factor is not supported for this model_type, whose heads turn whole"
        );
        Ok(rotary)
    }

    /// The rotary embedding of one kind of layers, as `rope_parameters` names them. Without such a set it is
    /// `otherwise`.
    pub fn of_layers(&self, kind: &str, otherwise: &RotaryFields, d_head: usize, n_ctx: usize) -> Result<Rotary> {
        let Some(sets) = self.rope_parameters.as_ref().filter(|sets| !is_empty(sets)) else {
            return otherwise.whole(d_head, n_ctx);
        };
        let set = sets.get(kind).filter(|set| set.is_object());
        let set = set.with_context(|| format!("rope_parameters has no set of parameters for {kind}"))?;
        let fields = RotaryFields { rope_parameters: Some(set.clone()), rope_scaling: None, ..otherwise.clone() };
        fields.whole(d_head, n_ctx)
    }

    /// Renames a rope type.
    pub fn rename_type(&mut self, old: &str, new: &str) {
        for parameters in [&mut self.rope_scaling, &mut self.rope_parameters].into_iter().flatten() {
            for key in ["rope_type", "type"] {
                if let Some(kind) = parameters.get_mut(key).filter(|kind| *kind == old) {
                    *kind = new.into();
                }
            }
        }
    }

    fn build(&self, p: &Parameters, version_5: bool, d_head: usize, n_ctx: usize) -> Result<Rotary> {
        let share = p.partial_rotary_factor.or(self.partial_rotary_factor).unwrap_or(1.0);
        let theta = p.rope_theta.or(self.rope_theta).unwrap_or(10_000.0);
        let trained = Trained { above: self.original_max_position_embeddings, version_5, n_ctx };
        Ok(Rotary { scaling: p.scaling(&trained)?, ..Rotary::new((d_head as f64 * share) as usize, theta) })
    }
}

fn is_empty(parameters: &Value) -> bool {
    parameters.as_object().is_some_and(|p| p.is_empty())
}

fn read(key: &'static str, value: &Value) -> Result<Parameters> {
    if let Some((kind, _)) = value.as_object().into_iter().flatten().find(|(_, value)| value.is_object()) {
        bail!("{key} has a set of parameters for {kind:?}; this model_type has one for all layers");
    }
    serde_json::from_value(value.clone()).context(key)
}

/// What tells the context length that the model was trained with before its frequencies were stretched.
struct Trained {
    /// `original_max_position_embeddings` beside the parameters, not in them.
    above: Option<usize>,
    version_5: bool,
    n_ctx: usize,
}

impl Parameters {
    fn kind(&self) -> Result<&str> {
        match (self.rope_type.as_deref(), self.old_type.as_deref()) {
            (Some(new), Some(old)) if new != old => {
                bail!("the parameters of rotary embedding have rope_type {new:?} and type {old:?}; remove one")
            }
            (None, None) if self.factor.is_some() || self.short_factor.is_some() => {
                bail!("the parameters of rotary embedding have no rope_type")
            }
            (new, old) => Ok(new.or(old).unwrap_or("default")),
        }
    }

    fn scaling(&self, trained: &Trained) -> Result<Scaling> {
        let kind = self.kind()?;
        let missing = |key: &str| format!("rope type {kind:?} needs {key}");
        let needed = |value: Option<f64>, key: &str| value.with_context(|| missing(key));
        let list = |value: &Option<Vec<f64>>, key: &str| value.clone().with_context(|| missing(key));
        let factor = || needed(self.factor, "factor");
        Ok(match kind {
            "default" => Scaling::None,
            "linear" => Scaling::Linear { factor: factor()? },
            "dynamic" => Scaling::Dynamic { factor: factor()?, trained: trained.n_ctx },
            "llama3" => Scaling::Llama3 {
                factor: factor()?,
                low: needed(self.low_freq_factor, "low_freq_factor")?,
                high: needed(self.high_freq_factor, "high_freq_factor")?,
                trained: needed(trained.length(self), "original_max_position_embeddings")?,
            },
            "yarn" => {
                let factor = factor()?;
                Scaling::Yarn {
                    factor,
                    beta_fast: set(self.beta_fast).unwrap_or(32.0),
                    beta_slow: set(self.beta_slow).unwrap_or(1.0),
                    trained: set(trained.length(self)).unwrap_or(trained.n_ctx as f64),
                    attention: self.attention_factor.unwrap_or(self.temperature(factor)),
                    truncate: self.truncate.unwrap_or(true),
                }
            }
            "longrope" => {
                let (factor, trained) = self.long_context(trained);
                let attention = match (self.attention_factor, factor) {
                    (Some(attention), _) => attention,
                    (None, None) => bail!(missing("factor")),
                    (None, Some(factor)) if factor <= 1.0 => 1.0,
                    (None, Some(factor)) => (1.0 + factor.ln() / (trained as f64).ln()).sqrt(),
                };
                let (short, long) =
                    (list(&self.short_factor, "short_factor")?, list(&self.long_factor, "long_factor")?);
                Scaling::LongRope { short, long, trained, attention }
            }
            other => bail!(
                "rope type {other:?} is not supported; supported are default, linear, dynamic, llama3, yarn, longrope"
            ),
        })
    }

    /// The paper's temperature: rotations grow with the logarithm of the stretch.
    fn temperature(&self, factor: f64) -> f64 {
        let grown = |m: f64| if factor <= 1.0 { 1.0 } else { 0.1 * m * factor.ln() + 1.0 };
        match (set(self.mscale), set(self.mscale_all_dim)) {
            (Some(m), Some(all)) => grown(m) / grown(all),
            _ => grown(1.0),
        }
    }

    /// How far the context was stretched, and from which length. Version 4 looks for the latter beside the
    /// parameters only, and then derives the former from it.
    fn long_context(&self, trained: &Trained) -> (Option<f64>, usize) {
        let Trained { above, version_5, n_ctx } = *trained;
        let within = self.original_max_position_embeddings.filter(|_| version_5).map(|n| n as usize);
        let ratio = |from: usize| n_ctx as f64 / from as f64;
        match above.or(within) {
            Some(from) if version_5 => (self.factor.or(Some(ratio(from))), from),
            Some(from) => (Some(ratio(from)), from),
            None => (self.factor.or(version_5.then_some(1.0)), n_ctx),
        }
    }
}

impl Trained {
    /// In the parameters; from version 5 on what stands beside them comes first.
    fn length(&self, parameters: &Parameters) -> Option<f64> {
        let above = self.above.filter(|_| self.version_5).map(|n| n as f64);
        above.or(parameters.original_max_position_embeddings).or(self.version_5.then_some(self.n_ctx as f64))
    }
}

/// 0 stands for a value that is not set.
fn set(value: Option<f64>) -> Option<f64> {
    value.filter(|v| *v != 0.0)
}
