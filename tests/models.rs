//! Attention patterns against reference tensors, and what is told of a model.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lens_build::model::files::ModelFiles;
use lens_build::model::rope::Scaling;
use lens_build::model::{BosPolicy, LoadOptions, Model, arch};
use ndarray::{Array1, Array3};
use ndarray_npy::NpzReader;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

/// Largest difference of a probability from the reference implementation's.
const TOLERANCE: f32 = 1e-5;

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/models")
}

pub fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures()).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

pub fn load(folder: &Path) -> anyhow::Result<Model> {
    Model::load(&ModelFiles::folder(folder)?, &LoadOptions::default())
}

struct Reference {
    ids: Vec<Vec<u32>>,
    /// `[prompt][layer]`
    patterns: Vec<Vec<Array3<f32>>>,
}

impl Reference {
    fn read(folder: &Path) -> Self {
        let mut npz = NpzReader::new(std::fs::File::open(folder.join("patterns.npz")).unwrap()).unwrap();
        let names = npz.names().unwrap();
        let (mut ids, mut patterns) = (Vec::new(), Vec::new());
        while names.contains(&format!("ids{}", ids.len())) {
            let prompt = ids.len();
            let own: Array1<i64> = npz.by_name(&format!("ids{prompt}")).unwrap();
            ids.push(own.iter().map(|id| *id as u32).collect());
            let layers = (0..).map(|l| format!("p{prompt}.l{l}")).take_while(|name| names.contains(name));
            patterns.push(layers.map(|name| npz.by_name(&name).unwrap()).collect());
        }
        assert!(ids.len() > 1, "{}", folder.display());
        Reference { ids, patterns }
    }
}

#[test]
fn patterns_equal_the_reference() {
    let mut covered = BTreeSet::new();
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (model, reference) = (load(&folder).unwrap(), Reference::read(&folder));
        let batch: Vec<&[u32]> = reference.ids.iter().map(Vec::as_slice).collect();
        let patterns = model.patterns(&batch).unwrap();
        let mut worst = 0f32;
        for (ours, theirs) in patterns.iter().zip(&reference.patterns) {
            assert_eq!(ours.layers.len(), theirs.len(), "{name}");
            assert_eq!(ours.layers.len(), model.entry().n_layers, "{name}");
            for (ours, theirs) in ours.layers.iter().zip(theirs) {
                assert_eq!(ours.shape(), theirs.shape(), "{name}");
                for (ours, theirs) in ours.iter().zip(theirs) {
                    worst = worst.max((ours - theirs).abs());
                    assert!(*theirs != 0.0 || *ours == 0.0, "{name}: a masked cell is {ours}");
                }
                // Less than 1 where a sink takes its share.
                for (ours, theirs) in ours.rows().into_iter().zip(theirs.rows()) {
                    assert!((ours.sum() - theirs.sum()).abs() < TOLERANCE, "{name}: a row's sum is {}", ours.sum());
                }
            }
        }
        println!("{name}: largest difference {worst:.1e}");
        assert!(worst < TOLERANCE, "{name}: {worst:e}");

        let config: Value = serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
        covered.insert(config["model_type"].as_str().unwrap().to_owned());
    }
    let supported: BTreeSet<String> = arch::model_types().map(str::to_owned).collect();
    assert_eq!(supported, covered, "every architecture has a fixture");
}

#[test]
fn a_prompt_does_not_depend_on_its_batch() {
    for folder in folders() {
        let (model, reference) = (load(&folder).unwrap(), Reference::read(&folder));
        let batch: Vec<&[u32]> = reference.ids.iter().rev().chain(&reference.ids).map(Vec::as_slice).collect();
        let together = model.patterns(&batch).unwrap();
        for (ids, patterns) in batch.iter().zip(&together) {
            assert_eq!(&model.patterns(&[ids]).unwrap()[0], patterns, "{}", folder.display());
        }
    }
}

#[test]
fn entries_have_transformer_lens_keys() {
    let model = load(&fixtures().join("gpt_neo")).unwrap();
    let entry = model.entry();
    assert_eq!((entry.model_name.as_str(), entry.n_layers, entry.n_heads), ("gpt_neo", 3, 3));
    let rest = Value::Object(entry.rest.clone());
    let expected = json!({
        "d_model": 24, "d_head": 8, "n_ctx": 40, "d_mlp": 96, "d_vocab": 64, "act_fn": "gelu_new",
        "normalization_type": "LN", "positional_embedding_type": "standard", "attention_dir": "causal",
        "window_size": 6, "use_local_attn": true, "attn_types": ["global", "local", "local"],
        "n_key_value_heads": null, "parallel_attn_mlp": false, "default_prepend_bos": true,
        "original_architecture": "GPTNeoForCausalLM", "tokenizer_name": "gpt_neo", "dtype": "torch.float32",
        "n_params": 3 * (4 * 24 * 24 + 2 * 24 * 96), "use_attn_scale": false, "attn_scale": -1.0,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&rest[key], value, "{key}");
    }
    assert_eq!((model.n_ctx(), model.bos_policy()), (40, BosPolicy::Prepend));
    assert!(model.patterns_bytes(40) > 4 * 3 * 3 * 40 * 40);
}

#[test]
fn unusable_inputs_are_refused() {
    let model = load(&fixtures().join("gpt2")).unwrap();
    let error = |ids: &[u32]| model.patterns(&[ids]).unwrap_err().to_string();
    assert_eq!(error(&[]), "input 0 of the batch has no tokens");
    assert_eq!(error(&[1, 64]), "token id 64 is outside of the model's vocabulary of 64");
    assert_eq!(error(&[1; 41]), "an input of 41 tokens; the model takes 40");
}

/// A copy of a fixture that a test may damage.
pub struct Copy(tempfile::TempDir);

impl Copy {
    pub fn of(name: &str) -> Copy {
        let copy = Copy(tempfile::tempdir().unwrap());
        for entry in std::fs::read_dir(fixtures().join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copy.path(&path.file_name().unwrap().to_string_lossy())).unwrap();
        }
        copy
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(file)
    }

    pub fn set(self, key: &str, value: Value) -> Copy {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        config[key] = value;
        std::fs::write(path, config.to_string()).unwrap();
        self
    }

    pub fn without(self, key: &str) -> Copy {
        let path = self.path("config.json");
        let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        config.as_object_mut().unwrap().remove(key);
        std::fs::write(path, config.to_string()).unwrap();
        self
    }

    /// Replaces one tensor's shape and values, or removes the tensor.
    pub fn tensor(self, name: &str, new: Option<(&[usize], f32)>) -> Copy {
        let path = self.path("model.safetensors");
        let bytes = std::fs::read(&path).unwrap();
        let old = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: Vec<(String, TensorView<'_>)> = old.tensors();
        tensors.retain(|(n, _)| n != name);
        let values = new.map(|(shape, v)| (shape, v.to_le_bytes().repeat(shape.iter().product())));
        if let Some((shape, values)) = &values {
            tensors.push((name.to_owned(), TensorView::new(Dtype::F32, shape.to_vec(), values).unwrap()));
        }
        std::fs::write(path, safetensors::serialize(tensors, None).unwrap()).unwrap();
        self
    }

    /// The whole chain of the error of loading it, with the folder's path replaced by `DIR`.
    pub fn error(&self) -> String {
        let error = format!("{:#}", load(self.0.path()).unwrap_err());
        error.replace(&*self.path("").to_string_lossy(), "DIR/")
    }
}

/// A key that is null and a key that is missing mean what they mean to the library.
#[test]
fn null_is_not_missing() {
    let config = |copy: Copy| Model::read_config(&ModelFiles::folder(copy.0.path()).unwrap()).unwrap();
    let windows = |copy: Copy| config(copy).layers.iter().map(|l| l.window).collect::<Vec<_>>();
    assert_eq!(windows(Copy::of("mistral")), [Some(6), Some(6)]);
    assert_eq!(windows(Copy::of("mistral").set("sliding_window", Value::Null)), [None, None]);
    assert_eq!(windows(Copy::of("mistral").without("sliding_window")), [Some(4096), Some(4096)]);
    assert_eq!(windows(Copy::of("mixtral_stacked").without("sliding_window")), [None, None]);

    assert_eq!(config(Copy::of("qwen3").set("head_dim", json!(10))).d_head, 10);
    assert_eq!(config(Copy::of("qwen3").set("head_dim", Value::Null)).d_head, 24 / 4);
    assert_eq!(config(Copy::of("qwen3").without("head_dim")).d_head, 128);

    let of_queries = |copy: Copy| config(copy).n_key_value_heads;
    assert_eq!(of_queries(Copy::of("granite").set("num_key_value_heads", Value::Null)), 4);
    let scaling = |copy: Copy| config(copy).rotary[0].scaling.clone();
    assert!(matches!(scaling(Copy::of("gpt_oss")), Scaling::Yarn { truncate: false, .. }));
    assert_eq!(scaling(Copy::of("gpt_oss").set("rope_scaling", Value::Null)), Scaling::None);
    let bias = Copy::of("starcoder2").set("use_bias", Value::Null);
    assert!(load(bias.0.path()).is_ok());
}

/// The names that the library gives to the sizes of every architecture count before an architecture's own.
#[test]
fn sizes_have_two_names() {
    for (name, own) in [
        ("gpt2", "n_head"),
        ("bloom", "n_head"),
        ("mpt", "n_heads"),
        ("xglm", "attention_heads"),
        ("distilbert", "n_heads"),
        ("t5", "num_heads"),
    ] {
        let heads = load(&fixtures().join(name)).unwrap().entry().n_heads;
        let copy = Copy::of(name).set("num_attention_heads", json!(heads)).set(own, json!(1));
        assert_eq!(load(copy.0.path()).unwrap().entry().n_heads, heads, "{name}");
    }
    let copy = Copy::of("falcon_groups").set("n_embed", json!(24)).set("hidden_size", json!(1));
    assert!(load(copy.0.path()).is_ok());
}

#[test]
fn entries_name_what_attention_knows_of_positions() {
    for (name, positions, prepend) in [
        ("gptj", "rotary", true),
        ("bloom", "alibi", false),
        ("mpt", "alibi", true),
        ("falcon_alibi", "alibi", true),
        ("falcon_groups", "rotary", true),
        ("opt", "standard", true),
        ("xglm", "standard", false),
    ] {
        let rest = Value::Object(load(&fixtures().join(name)).unwrap().entry().rest.clone());
        assert_eq!(rest["positional_embedding_type"], positions, "{name}");
        assert_eq!(rest["default_prepend_bos"], prepend, "{name}");
    }
}
