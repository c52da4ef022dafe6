//! `layer_types`: which layers see all earlier tokens and which only a window of them.

use anyhow::{Context as _, Result, bail, ensure};

use crate::model::config::DecoderConfig;

pub(super) const FULL: &str = "full_attention";
pub(super) const SLIDING: &str = "sliding_attention";

/// Every layer's kind, by the list in `config.json` or else by its number.
pub(super) fn types(
    listed: Option<&Vec<String>>,
    n_layers: usize,
    slides: impl Fn(usize) -> bool,
) -> Result<Vec<&'static str>> {
    let Some(listed) = listed else {
        return Ok((0..n_layers).map(|layer| if slides(layer) { SLIDING } else { FULL }).collect());
    };
    ensure!(listed.len() == n_layers, "layer_types lists {} layers of {n_layers}", listed.len());
    let known = |name: &String| {
        [FULL, SLIDING]
            .into_iter()
            .find(|known| known == name)
            .with_context(|| format!("layer_types: {name:?} is not supported; supported are {FULL}, {SLIDING}"))
    };
    listed.iter().map(known).collect()
}

/// The kinds of layers when every `period`th sees everything.
pub(super) fn every(period: usize) -> Result<impl Fn(usize) -> bool> {
    ensure!(period > 0, "sliding_window_pattern is 0");
    Ok(move |layer: usize| !(layer + 1).is_multiple_of(period))
}

/// Layers that see everything know no positions.
pub(super) fn turn_windows_only(config: &mut DecoderConfig) {
    for layer in config.layers.iter_mut().filter(|layer| layer.window.is_none()) {
        layer.rotary = None;
    }
}

/// Gives the sliding layers their window.
pub(super) fn slide(config: &mut DecoderConfig, types: &[&str], window: Option<usize>) -> Result<()> {
    for (layer, kind) in config.layers.iter_mut().zip(types) {
        layer.window = match (*kind, window) {
            (SLIDING, Some(window)) => Some(window),
            (SLIDING, None) => bail!("layers are {SLIDING}, but there is no sliding_window"),
            _ => None,
        };
    }
    Ok(())
}
