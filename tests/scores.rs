//! Head scores: what they say about heads that are known, and that they are complete however they came about.

use std::fs;

use lens_schema::Manifest;
use lens_schema::npz::Reader;
use lens_schema::path::{self, prompt_hash};
use lens_schema::score::{HeadDistances, HeadEntry, ScoreTable};

use crate::harness::{Test, assert_same, texts};

const ALL: &str = "--model tiny -p p.jsonl --min-chars 1";

fn with_prompts(count: usize) -> (Test, Vec<String>) {
    let test = Test::new();
    test.model("gpt2", "tiny");
    let texts = texts(count, 20);
    test.prompts("p.jsonl", &texts.iter().map(String::as_str).collect::<Vec<_>>());
    (test, texts)
}

fn table(test: &Test, folder: &str) -> ScoreTable {
    ScoreTable::read(&test.read(&format!("{folder}/{}", path::scores("tiny")))).unwrap()
}

/// The built-in model of two layers has a previous-token head, and an induction head that uses it.
#[test]
fn heads_that_are_known_are_found() {
    let test = Test::new();
    test.run("--model attn-only-2l-demo -n 6 --no-index-html").succeeds();
    let model = "attn-only-2l-demo";
    let table = ScoreTable::read(&test.read(&format!("site/{}", path::scores(model)))).unwrap();
    let best = |name: &str| {
        let average = table.average(table.column(name).unwrap());
        let best = (0..average.len()).max_by(|a, b| average[*a].total_cmp(&average[*b])).unwrap();
        (best, average[best])
    };
    let (induction, value) = best("induction_random");
    assert!(induction >= 4 && value > 0.5, "L{}H{}: {value}", induction / 4, induction % 4);
    assert_eq!((best("prefix_matching").0, best("induction").0), (induction, induction));
    let (previous, value) = best("prev_token_random");
    assert!(previous < 4 && value > 0.3, "{previous}: {value}");
    assert_eq!((best("prev_token").0, best("previous_token_head_mul").0), (previous, previous));
    // Nothing is left out but what a causal model cannot have.
    assert!(table.absent.keys().eq(["symmetry"]), "{:?}", table.absent);
    assert!(table.columns.iter().all(|c| c.entry.undefined.is_none() && c.values.iter().all(|v| v.is_finite())));

    let heads: Vec<HeadEntry> = test
        .jsonl(&format!("site/{}", path::heads(model)))
        .into_iter()
        .map(|h| serde_json::from_value(h).unwrap())
        .collect();
    assert_eq!(heads.len(), 8);
    assert_eq!(heads[0].scores.len(), table.columns.len());
    let distances = HeadDistances::read(&test.read(&format!("site/{}", path::head_distances(model))), 2, 4).unwrap();
    assert_eq!(heads[3].nearest_divergence[0], distances.nearest(3, 1)[0].1);
    let manifest: Manifest = serde_json::from_slice(&test.read("site/lens.json")).unwrap();
    assert!(manifest.models[0].scores);
    for file in [path::scores(model), path::heads(model), path::head_distances(model)] {
        assert!(test.read(&format!("attn_data/{file}")) == test.read(&format!("site/{file}")), "{file}");
    }
}

#[test]
fn rows_are_in_the_order_of_the_prompts() {
    let (test, _) = with_prompts(4);
    test.run(&format!("{ALL} --shuffle --seed 3")).succeeds();
    let listed = |folder: &str| -> Vec<String> {
        let prompts = test.jsonl(&format!("{folder}/{}", path::prompts("tiny")));
        prompts.iter().map(|p| p["hash"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(table(&test, "attn_data").prompts, listed("attn_data"));
    assert_eq!(table(&test, "site").prompts, listed("site"));
    // A site of some prompts has their scores; the data directory keeps all.
    test.run("site -n 2").succeeds();
    let (all, some) = (table(&test, "attn_data"), table(&test, "site"));
    assert_eq!(some.prompts, all.prompts[..2]);
    let values = |table: &ScoreTable| table.column("entropy").unwrap().values.clone();
    assert_eq!(values(&some), values(&all)[..2 * 9]);
    assert_ne!(some.column("variability"), all.column("variability"));

    // An array a score, for numpy.
    let file = test.read("attn_data/tiny/scores.npz");
    let npy = Reader::new(&file[..]).unwrap().get("self.npy").unwrap().unwrap();
    assert!(String::from_utf8_lossy(&npy).contains("'descr': '<f4', 'fortran_order': False, 'shape': (4, 3, 3)"));
}

#[test]
fn what_is_lost_is_computed_again() {
    let (test, texts) = with_prompts(3);
    test.run(ALL).succeeds();
    let data = test.files("attn_data");
    // Scores of a prompt, whole or damaged.
    let scores = |i: usize| format!("attn_data/{}/{}", path::prompt_dir("tiny", &prompt_hash(&texts[i])), path::SCORES);
    fs::remove_file(test.path(&scores(0))).unwrap();
    test.write(&scores(1), &test.read(&scores(1))[..300]);
    test.run("site -o part")
        .succeeds()
        .notes("2 of 3 prompts of tiny have no head scores; run `lens-build figures` to compute them");
    assert_eq!(table(&test, "part").prompts, [prompt_hash(&texts[2])]);
    test.run("figures").succeeds().prints("figures: 0 drawn, 27 already there\nscores: 2 computed, 1 already there\n");
    assert_same(&data, &test.files("attn_data"));
    // What is gathered from the prompts.
    for file in [path::scores("tiny"), path::heads("tiny")] {
        fs::remove_file(test.path(&format!("attn_data/{file}"))).unwrap();
    }
    test.run("index").succeeds();
    assert_same(&data, &test.files("attn_data"));
    // What the model did on random tokens.
    test.write("attn_data/tiny/random_tokens.npz", "damaged");
    test.run("figures").succeeds();
    assert!(table(&test, "attn_data").absent["induction_random"].contains("lens-build activations does that"));
    test.run(&format!("activations {ALL}")).succeeds().prints("prompts: 0 run, 3 already there\n");
    assert_same(&data, &test.files("attn_data"));

    // A prompt that is gone takes its row along.
    fs::remove_dir_all(test.path("attn_data").join(path::prompt_dir("tiny", &prompt_hash(&texts[1])))).unwrap();
    test.run("index").succeeds();
    assert_eq!(table(&test, "attn_data").prompts, [prompt_hash(&texts[0]), prompt_hash(&texts[2])]);
}

#[test]
fn scores_are_of_the_patterns_that_are_there() {
    let (test, texts) = with_prompts(2);
    test.run(ALL).succeeds();
    let first = test.read("attn_data/tiny/scores.npz");
    test.run(&format!("activations {ALL} --force")).succeeds();
    assert!(test.read("attn_data/tiny/scores.npz") == first);
    // Of other patterns none stays.
    test.run(&format!("activations {ALL} --force --max-tokens 7")).succeeds();
    assert!(!test.path("attn_data/tiny/scores.npz").exists());
    assert!(
        !test.path("attn_data").join(path::prompt_dir("tiny", &prompt_hash(&texts[0]))).join(path::SCORES).exists()
    );
    test.run("figures").succeeds();
    assert_ne!(table(&test, "attn_data").columns[0], ScoreTable::read(&first).unwrap().columns[0]);
}

#[test]
fn nothing_is_loaded_for_the_sake_of_what_is_there() {
    let (test, _) = with_prompts(2);
    test.run(ALL).succeeds();
    let data = test.files("attn_data");
    let weights = test.read("tiny/model.safetensors");
    test.write("tiny/model.safetensors", &weights[..weights.len() / 2]);
    // Other weights are refused, and these cannot be loaded; neither is asked for.
    test.run("figures").succeeds();
    assert_same(&data, &test.files("attn_data"));
}
