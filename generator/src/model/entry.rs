//! The model's entry in the indexes, with the keys of TransformerLens' `HookedTransformerConfig`.

use candle_core::{DType, Device, DeviceLocation};
use lens_schema::ModelEntry;
use serde_json::{Map, Value, json};

use super::LoadOptions;
use super::config::{BosPolicy, DecoderConfig, NormKind, Residual};
use super::mask::PositionBias;

/// Describes a model. `n_params` counts as TransformerLens does: the weight matrices of attention and MLP
/// without biases, norms and embeddings.
pub(super) fn entry(name: &str, config: &DecoderConfig, options: &LoadOptions) -> ModelEntry {
    let window = config.layers.iter().find_map(|l| l.window);
    let types: Vec<&str> = config.layers.iter().map(|l| if l.window.is_some() { "local" } else { "global" }).collect();
    let rotary = config.rotary.first();
    let relative = match &config.position_bias {
        PositionBias::Relative(buckets) => Some(buckets),
        _ => None,
    };
    let grouped = (config.n_key_value_heads != config.n_heads).then_some(config.n_key_value_heads);
    let scale = config.layers.first().map_or(1.0, |l| 1.0 / f64::from(l.scale));
    let unscaled = config.layers.first().is_some_and(|l| l.scale == 1.0);
    let rest = json!({
        "d_model": config.d_model,
        "d_head": config.d_head,
        "n_ctx": config.n_ctx,
        "d_mlp": config.d_mlp,
        "d_vocab": config.d_vocab,
        "act_fn": config.d_mlp.map(|_| config.activation.name()),
        "eps": config.norm.eps,
        "normalization_type": match config.norm.kind { NormKind::Layer => "LN", NormKind::Rms => "RMS" },
        "positional_embedding_type": config.positions,
        "attention_dir": if config.causal { "causal" } else { "bidirectional" },
        "attn_only": config.d_mlp.is_none(),
        "use_attn_scale": !unscaled,
        "attn_scale": if unscaled { -1.0 } else { scale },
        "scale_attn_by_inverse_layer_idx": config.layers.windows(2).any(|l| l[0].scale != l[1].scale),
        "n_key_value_heads": grouped,
        "use_local_attn": window.is_some(),
        "window_size": window,
        "attn_types": window.map(|_| types),
        "attn_scores_soft_cap": config.soft_cap.unwrap_or(-1.0),
        "rotary_dim": rotary.map(|r| r.dims),
        "rotary_base": rotary.map(|r| r.theta),
        "rotary_adjacent_pairs": rotary.is_some_and(|r| r.interleaved),
        "relative_attention_num_buckets": relative.map(|r| r.count),
        "relative_attention_max_distance": relative.map(|r| r.max_distance),
        "parallel_attn_mlp": config.residual == Residual::Parallel,
        "gated_mlp": config.gated_mlp,
        "num_experts": config.experts.map(|e| e.n_experts),
        "experts_per_token": config.experts.map(|e| e.per_token),
        "default_prepend_bos": config.bos == BosPolicy::Prepend,
        "original_architecture": config.architecture,
        "tokenizer_name": name,
        "n_params": n_params(config),
        "dtype": match options.dtype {
            DType::F16 => "torch.float16",
            DType::BF16 => "torch.bfloat16",
            _ => "torch.float32",
        },
        "device": device(&options.device),
    });
    let rest = match rest {
        Value::Object(rest) => rest,
        _ => Map::new(),
    };
    ModelEntry {
        model_name: name.to_owned(),
        n_layers: config.n_layers(),
        n_heads: config.n_heads,
        sanitized_name: None,
        rest,
    }
}

/// As PyTorch calls it.
fn device(device: &Device) -> String {
    match device.location() {
        DeviceLocation::Cpu => "cpu".to_owned(),
        DeviceLocation::Cuda { gpu_id } => format!("cuda:{gpu_id}"),
        DeviceLocation::Metal { .. } => "mps".to_owned(),
    }
}

fn n_params(config: &DecoderConfig) -> usize {
    let attention = 2 * config.d_model * config.d_head * (config.n_heads + config.n_key_value_heads);
    let experts = config.experts.map_or(1, |e| e.n_experts);
    let mlp = config.d_mlp.map_or(0, |d| experts * config.d_model * d * if config.gated_mlp { 3 } else { 2 });
    config.n_layers() * (attention + mlp)
}
