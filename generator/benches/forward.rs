//! The forward pass at the size of GPT-2-small, beside the matrix products that it cannot do without.
//!
//! `cargo bench --bench forward` prints GFLOP/s as items: both count the same multiplications and additions, so
//! the ratio of the two is the share of the machine's GEMM rate that the whole forward pass reaches.

use std::path::Path;

use divan::Bencher;
use divan::counter::ItemsCount;
use lens_build::model::files::ModelFiles;
use lens_build::model::{LoadOptions, Model};
use rand::{Rng as _, SeedableRng as _};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

const LAYERS: usize = 12;
const HEADS: usize = 12;
const D_MODEL: usize = 768;
const D_MLP: usize = 4 * D_MODEL;

fn main() {
    divan::main();
}

/// A random GPT-2-small in a folder of its own. The vocabulary is small; it does not take part in the arithmetic.
fn write_model(folder: &Path) {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut add = |name: String, shape: &[usize], scale: f32, center: f32| {
        let values = (0..shape.iter().product()).map(|_| center + scale * (random.random::<f32>() - 0.5));
        let bytes = values.flat_map(|v| half::f16::from_f32(v).to_le_bytes()).collect();
        tensors.push((name, shape.to_vec(), bytes));
    };
    add("wte.weight".to_owned(), &[1000, D_MODEL], 0.1, 0.0);
    add("wpe.weight".to_owned(), &[1024, D_MODEL], 0.1, 0.0);
    for layer in 0..LAYERS {
        let maps = [("attn.c_attn", D_MODEL, 3 * D_MODEL), ("attn.c_proj", D_MODEL, D_MODEL)];
        for (name, d_in, d_out) in
            maps.into_iter().chain([("mlp.c_fc", D_MODEL, D_MLP), ("mlp.c_proj", D_MLP, D_MODEL)])
        {
            add(format!("h.{layer}.{name}.weight"), &[d_in, d_out], 0.1, 0.0);
            add(format!("h.{layer}.{name}.bias"), &[d_out], 0.1, 0.0);
        }
        for name in ["ln_1", "ln_2"] {
            add(format!("h.{layer}.{name}.weight"), &[D_MODEL], 0.1, 1.0);
            add(format!("h.{layer}.{name}.bias"), &[D_MODEL], 0.1, 0.0);
        }
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name.clone(), TensorView::new(Dtype::F16, shape.clone(), bytes).expect("shape fits the bytes"))
    });
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).expect("the folder can be written");
    let config =
        json!({"model_type": "gpt2", "vocab_size": 1000, "n_layer": LAYERS, "n_head": HEADS, "n_embd": D_MODEL});
    std::fs::write(folder.join("config.json"), config.to_string()).expect("the folder can be written");
}

/// Multiplications and additions of the linear maps of `tokens` tokens up to the last layer's patterns.
fn linear_flop(tokens: usize) -> usize {
    let whole = 4 * D_MODEL * D_MODEL + 2 * D_MODEL * D_MLP;
    2 * tokens * ((LAYERS - 1) * whole + 2 * D_MODEL * D_MODEL)
}

/// The same of the attention of one prompt of `n` tokens, without what the causal mask saves.
fn attention_flop(n: usize) -> usize {
    2 * n * n * D_MODEL * (2 * (LAYERS - 1) + 1)
}

/// Prompts and their length: the README's comparison, and long ones.
const SHAPES: [(usize, usize); 3] = [(10, 206), (4, 512), (2, 1024)];

#[divan::bench(args = SHAPES, sample_count = 5, sample_size = 1)]
fn forward(bencher: Bencher<'_, '_>, (prompts, n): (usize, usize)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_model(folder.path());
    let files = ModelFiles::folder(folder.path()).expect("the folder exists");
    let model = Model::load(&files, &LoadOptions::default()).expect("the model is supported");
    let ids: Vec<u32> = (0..n as u32).map(|i| i * 37 % 1000).collect();
    let batch = vec![ids.as_slice(); prompts];
    let flop = linear_flop(prompts * n) + prompts * attention_flop(n);
    bencher.counter(ItemsCount::new(flop)).bench_local(|| model.patterns(&batch).expect("the input is valid"));
}

/// The machine's rate on the largest of the shapes, by the library that the forward pass uses.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn gemm(bencher: Bencher<'_, '_>) {
    let (m, k, n) = (10 * 206, D_MODEL, D_MLP);
    let (a, b, mut c) = (vec![0.5f32; m * k], vec![0.25f32; k * n], vec![0f32; m * n]);
    let parallelism = gemm::Parallelism::Rayon(0);
    bencher.counter(ItemsCount::new(2 * m * k * n)).bench_local(|| {
        let (k_stride, n_stride) = (k as isize, n as isize);
        let (c, a, b) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr());
        // SAFETY: the three buffers are row-major matrices of exactly these shapes.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                c,
                1,
                n_stride,
                false,
                a,
                1,
                k_stride,
                b,
                1,
                n_stride,
                0.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
    });
}
