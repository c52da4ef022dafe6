//! The forward pass of GPT-2-small's shape beside the machine's GEMM rate on the very products that it is made of.
//!
//! `cargo bench --bench forward`, or `-- --model DIR` for another model of that shape. Both are counted in the
//! multiplications and additions of the linear maps and of attention without what the causal mask saves, so that
//! their ratio is the share of the machine's rate that the whole pass reaches, softmax and activations included.

mod input;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use lens_build::model::files::ModelFiles;
use lens_build::model::{LoadOptions, Model};

/// Times the forward pass and the matrix products that it is made of
#[derive(Debug, Parser)]
struct Arguments {
    /// A model folder of GPT-2-small's shape instead of the random one
    #[arg(long)]
    model: Option<PathBuf>,
    /// How often everything is run; medians are printed
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// Prompts of a pass and the length of each: as in the README's comparison, and longer ones.
const PASSES: [(usize, usize); 3] = [(9, 207), (4, 512), (2, 1024)];

const LAYERS: usize = input::LAYERS;
const WIDTH: usize = input::WIDTH;

/// Linear maps of a layer: name, inputs, outputs, and how many of them a pass computes. The last layer has queries
/// and keys only.
const MAPS: [(&str, usize, usize, usize); 5] = [
    ("queries, keys, values", WIDTH, 3 * WIDTH, LAYERS - 1),
    ("queries, keys", WIDTH, 2 * WIDTH, 1),
    ("attention output", WIDTH, WIDTH, LAYERS - 1),
    ("MLP up", WIDTH, 4 * WIDTH, LAYERS - 1),
    ("MLP down", 4 * WIDTH, WIDTH, LAYERS - 1),
];

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() -> Result<()> {
    lens_build::memory::keep_freed();
    let arguments = Arguments::parse();
    let folder = match arguments.model {
        Some(folder) => folder,
        None => input::make(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench"))?.0,
    };
    let model = Model::load(&ModelFiles::folder(&folder)?, &LoadOptions::default())?;
    let rows = PASSES[0].0 * PASSES[0].1;
    println!("{} threads; median of {} runs\n", rayon::current_num_threads(), arguments.runs);
    println!("{:<46} {:>9} {:>9} {:>9}", format!("GEMM, {rows} rows"), "ms", "GFLOP/s", "");
    let (mut all_flop, mut all_seconds) = (0.0, 0.0);
    for (name, d_in, d_out, times) in MAPS {
        let flop = (2 * rows * d_in * d_out) as f64;
        let seconds = gemm_seconds(rows, d_in, d_out, arguments.runs * 5);
        let shape = format!("{name}: {d_in} × {d_out}, {times} times");
        println!("{shape:<46} {:>9.2} {:>9.1}", seconds * 1e3, flop / seconds / 1e9);
        all_flop += times as f64 * flop;
        all_seconds += times as f64 * seconds;
    }
    let rate = all_flop / all_seconds;
    println!("{:<46} {:>9.1} {:>9.1}\n", "all of a pass", all_seconds * 1e3, rate / 1e9);
    println!("{:<46} {:>9} {:>9} {:>9}", "forward pass", "ms", "GFLOP/s", "of GEMM");
    for (prompts, n) in PASSES {
        let ids: Vec<u32> = (0..n as u32).map(|i| i * 37 % 1000).collect();
        let batch = vec![ids.as_slice(); prompts];
        let run = || model.patterns(&batch).map(drop);
        run()?;
        let mut times = Vec::new();
        for _ in 0..arguments.runs {
            let begin = Instant::now();
            run()?;
            times.push(begin.elapsed().as_secs_f64());
        }
        let seconds = median(times);
        let achieved = (prompts * prompt_flop(n)) as f64 / seconds;
        let what = format!("{prompts} prompts of {n} tokens");
        println!("{what:<46} {:>9.1} {:>9.1} {:>8.0} %", seconds * 1e3, achieved / 1e9, 100.0 * achieved / rate);
    }
    Ok(())
}

/// Multiplications and additions of one prompt of `n` tokens, up to the last layer's patterns.
fn prompt_flop(n: usize) -> usize {
    let linear: usize = MAPS.iter().map(|(_, d_in, d_out, times)| times * 2 * n * d_in * d_out).sum();
    // Scores in every layer, mixtures of values in all but the last.
    linear + 2 * n * n * WIDTH * (2 * LAYERS - 1)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Median time of a product `[m, k] · [k, n]` on all threads, by the library that the forward pass uses.
fn gemm_seconds(m: usize, k: usize, n: usize, runs: usize) -> f64 {
    let (a, b, mut c) = (vec![0.5f32; m * k], vec![0.25f32; k * n], vec![0f32; m * n]);
    let times = (0..runs).map(|_| {
        let begin = Instant::now();
        let (c, a, b) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr());
        let [k_stride, n_stride] = [k, n].map(|stride| stride as isize);
        let threads = gemm::Parallelism::Rayon(0);
        // SAFETY: the three buffers are row-major matrices of exactly these shapes.
        unsafe {
            gemm::gemm(
                m, n, k, c, 1, n_stride, false, a, 1, k_stride, b, 1, n_stride, 0.0, 1.0, false, false, false, threads,
            );
        }
        begin.elapsed().as_secs_f64()
    });
    median(times.collect())
}
