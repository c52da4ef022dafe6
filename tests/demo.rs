//! The built-in models: how large they are, what they are listed as, and whether their heads do what is said of them.

use std::collections::BTreeSet;

use lens_build::demo::{self, DemoModel};
use lens_build::model::{BosPolicy, LoadOptions, Model};
use lens_build::pattern::AttentionPatterns;
use lens_build::tokens::Tokenizer;
use ndarray::ArrayView2;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

fn model(name: &str) -> &'static DemoModel {
    demo::models().iter().find(|m| m.name == name).unwrap()
}

fn load(demo: &DemoModel) -> Model {
    Model::load(&demo.files(), &LoadOptions::default()).unwrap()
}

#[test]
fn weights_are_small() {
    let bytes = |m: &DemoModel| m.files().read("model.safetensors").unwrap().unwrap().len();
    let bytes: usize = demo::models().iter().map(bytes).sum();
    assert!(bytes <= 3_000_000, "{bytes} bytes of weights");
}

#[test]
fn sizes_are_as_described() {
    let size = |m: &DemoModel| (m.name, load(m).entry().n_layers, load(m).entry().n_heads);
    let sizes: Vec<_> = demo::models().iter().map(size).collect();
    assert_eq!(sizes, [("attn-only-1l-demo", 1, 4), ("attn-only-2l-demo", 2, 4), ("relu-4l-demo", 4, 4)]);
}

/// Models without MLPs are stored with one hidden unit that does nothing.
#[test]
fn attention_only_models_have_no_mlps() {
    for demo in demo::models() {
        let attention_only = demo.name.starts_with("attn-only");
        assert_eq!(load(demo).config().d_mlp, Some(if attention_only { 1 } else { 256 }), "{}", demo.name);
        let bytes = demo.files().read("model.safetensors").unwrap().unwrap();
        let weights = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mlps = weights.tensors().into_iter().filter(|(name, _)| name.contains(".mlp."));
        let is_zero = |f16: &[u8]| half::f16::from_le_bytes([f16[0], f16[1]]) == half::f16::ZERO;
        let zero = mlps.map(|(_, tensor)| tensor.data().chunks(2).all(is_zero)).collect::<Vec<_>>();
        assert_eq!(zero.len(), 4 * load(demo).entry().n_layers, "{}", demo.name);
        assert!(zero.iter().all(|zero| *zero == attention_only), "{}", demo.name);
    }
}

/// Every model sees every prompt whole, and the prompts are worth looking at together.
#[test]
fn every_model_runs_on_every_prompt() {
    let prompts = demo::prompts().unwrap();
    let kind = |at: usize| prompts[at].rest["meta"]["pile_set_name"].as_str().unwrap().to_owned();
    let kinds: BTreeSet<String> = (0..prompts.len()).map(kind).collect();
    assert!(prompts.len() >= 14 && kinds.len() >= 5, "{} prompts of {kinds:?}", prompts.len());
    for demo in demo::models() {
        let (model, tokenizer) = (load(demo), Tokenizer::load(&demo.files()).unwrap());
        let mut lengths = Vec::new();
        for prompt in &prompts {
            let tokens = tokenizer.encode(&prompt.text, model.bos_policy(), model.n_ctx()).unwrap();
            assert_eq!(tokens.cut_from, None, "{}: {}", demo.name, prompt.text);
            let patterns = model.patterns(&[&tokens.ids]).unwrap();
            assert_eq!((patterns[0].n_ctx(), patterns[0].n_layers()), (tokens.ids.len(), model.entry().n_layers));
            lengths.push(tokens.ids.len());
        }
        println!("{}: tokens {lengths:?}", demo.name);
        assert!(lengths.iter().filter(|n| (150..=250).contains(*n)).count() >= 3, "{lengths:?}");
    }
}

/// `<|endoftext|>`, `length` random tokens, and the same again.
fn repeated(seed: u64, length: usize, d_vocab: u32) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let run: Vec<u32> = (0..length).map(|_| rng.random_range(1..d_vocab)).collect();
    [vec![0], run.clone(), run].concat()
}

/// Mean attention to the token before.
fn previous_token(pattern: ArrayView2<'_, f32>) -> f32 {
    let rows = 1..pattern.nrows();
    rows.clone().map(|q| pattern[[q, q - 1]]).sum::<f32>() / rows.len() as f32
}

/// Mean attention of the second run to the token after the previous occurrence.
fn induction(pattern: ArrayView2<'_, f32>) -> f32 {
    let length = pattern.nrows() / 2;
    let rows = length + 1..pattern.nrows();
    rows.clone().map(|q| pattern[[q, q + 1 - length]]).sum::<f32>() / rows.len() as f32
}

/// The best head of a layer and its score.
fn best(patterns: &AttentionPatterns, layer: usize, score: fn(ArrayView2<'_, f32>) -> f32) -> (usize, f32) {
    let heads = patterns.layers[layer].outer_iter().map(score).enumerate();
    heads.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

/// Runs a model on repeated random tokens of several seeds and lengths and gives each its patterns.
fn on_repeated_tokens(name: &str, check: impl Fn(&AttentionPatterns, &str)) {
    let model = load(model(name));
    assert_eq!(model.bos_policy(), BosPolicy::Prepend);
    for (seed, length) in [(0, 20), (1, 50), (2, 50), (3, 50), (4, 80), (5, 100), (6, 127)] {
        let ids = repeated(seed, length, model.config().d_vocab as u32);
        let patterns = &model.patterns(&[&ids]).unwrap()[0];
        check(patterns, &format!("{name}, 2 × {length} random tokens (seed {seed})"));
    }
}

/// Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits": a head of the first layer attends to the
/// previous token, and with its help one of the second to what followed the last time.
#[test]
fn two_layers_have_an_induction_head() {
    on_repeated_tokens("attn-only-2l-demo", |patterns, what| {
        let (previous_head, previous) = best(patterns, 0, previous_token);
        let (induction_head, induction) = best(patterns, 1, induction);
        println!(
            "{what}: previous token L0H{previous_head} {previous:.3}, induction L1H{induction_head} {induction:.3}"
        );
        // Further back the head's gaze widens to the neighbours of the previous token.
        let enough = if patterns.n_ctx() <= 101 { 0.7 } else { 0.25 };
        assert!(previous > enough, "{what}: previous token {previous}");
        assert!(induction > 0.6, "{what}: induction {induction}");
    });
}

/// One layer cannot compose two heads, so that it is a fair thing to compare the other one with.
#[test]
fn one_layer_has_no_induction_head() {
    on_repeated_tokens("attn-only-1l-demo", |patterns, what| {
        let (head, induction) = best(patterns, 0, induction);
        println!("{what}: best L0H{head} {induction:.3}");
        assert!(induction < 0.2, "{what}: induction {induction}");
    });
}
