//! The forms that weights come in, all of one model and its patterns, and those that are refused by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ndarray::Array3;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::json;

use crate::models::{Copy, fixtures, load};

const PROMPT: [u32; 12] = [1, 5, 60, 2, 33, 7, 7, 19, 40, 1, 5, 60];
const ATTENTION: &str = "transformer.h.0.attn.c_attn.weight";

fn patterns(folder: &Path) -> Vec<Array3<f32>> {
    let model = load(folder).unwrap_or_else(|e| panic!("{e:#}"));
    model.patterns(&[&PROMPT]).unwrap().swap_remove(0).layers
}

impl Copy {
    /// Without its weights.
    fn bare() -> Copy {
        let copy = Copy::of("gpt2");
        fs::remove_file(copy.path("model.safetensors")).unwrap();
        copy
    }

    /// The patterns are those of the fixture, bit by bit.
    #[track_caller]
    fn is_the_same(&self) {
        assert_eq!(patterns(&self.path("")), patterns(&fixtures().join("gpt2")));
    }

    /// Weights that torch.save wrote.
    fn with_bin(self, fixture: &str, name: &str) -> Copy {
        let path = fixtures().join("../weights").join(fixture);
        fs::write(self.path(name), fs::read(path).unwrap()).unwrap();
        self
    }

    /// The tensors that `keep` gives a name, in a file.
    fn with_tensors(self, file: &str, keep: impl Fn(usize, &str) -> Option<String>) -> Copy {
        let bytes = fs::read(fixtures().join("gpt2/model.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let all: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
        let kept = all.into_iter().enumerate().filter_map(|(i, (name, tensor))| Some((keep(i, &name)?, tensor)));
        fs::write(self.path(file), safetensors::serialize(kept, None).unwrap()).unwrap();
        self
    }

    /// The first attention matrix as something else, in the one file of weights.
    fn with_attention(self, name: &str, dtype: Dtype, shape: &[usize]) -> Copy {
        let bytes = fs::read(fixtures().join("gpt2/model.safetensors")).unwrap();
        let old = SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors: BTreeMap<String, TensorView<'_>> = old.tensors().into_iter().collect();
        tensors.remove(ATTENTION);
        let values = vec![0; shape.iter().product::<usize>() * dtype.bitsize() / 8];
        tensors.insert(name.to_owned(), TensorView::new(dtype, shape.to_vec(), &values).unwrap());
        fs::write(self.path("model.safetensors"), safetensors::serialize(tensors, None).unwrap()).unwrap();
        self
    }
}

fn whole(_: usize, name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn what_torch_saves() {
    for fixture in ["old.bin", "training.bin", "views.bin"] {
        Copy::bare().with_bin(fixture, "pytorch_model.bin").is_the_same();
    }
}

#[test]
fn names_of_files() {
    Copy::bare().with_tensors("weights.safetensors", whole).is_the_same();
    Copy::bare().with_bin("views.bin", "pytorch_model-00001-of-00001.bin").is_the_same();
    Copy::bare().with_bin("views.bin", "best.bin").with_bin("model.bin", "training_args.bin").is_the_same();
    let half = |part: usize| move |i: usize, name: &str| (i % 2 == part).then(|| name.to_owned());
    let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    Copy::bare().with_tensors(shards[0], half(0)).with_tensors(shards[1], half(1)).is_the_same();
    let error = Copy::bare().with_tensors(shards[1], half(1)).error();
    assert_eq!(error, format!("DIR/{} is not there, but {} is; get it too", shards[0], shards[1]));
    // safetensors first.
    Copy::of("gpt2").with_bin("quantised.bin", "pytorch_model.bin").is_the_same();
    let two = Copy::bare().with_tensors("a.safetensors", whole).with_tensors("b.safetensors", whole).error();
    assert!(
        two.ends_with(
            "has several files of weights (a.safetensors, b.safetensors); call the one that is meant \
        model.safetensors"
        ),
        "{two}"
    );
}

#[test]
fn indexes() {
    let index = "model.safetensors.index.json";
    let write = |copy: &Copy, map: serde_json::Value| {
        fs::write(copy.path(index), json!({"metadata": {}, "weight_map": map}).to_string()).unwrap();
    };
    let copy = Copy::bare().with_tensors("part", |_, name| (name != ATTENTION).then(|| name.to_owned()));
    let copy = copy.with_tensors("rest.safetensors", |_, name| (name == ATTENTION).then(|| name.to_owned()));
    fs::rename(copy.path("part"), copy.path("part.safetensors")).unwrap();
    // A tensor that nobody needs may be missing.
    write(
        &copy,
        json!({"transformer.wte.weight": "part.safetensors", ATTENTION: "rest.safetensors", "lm_head.weight": "rest.safetensors"}),
    );
    copy.is_the_same();
    write(&copy, json!({"transformer.wte.weight": "part.safetensors", ATTENTION: "part.safetensors"}));
    let expected = format!(
        "tensor {ATTENTION} of shape [24, 72] is missing in DIR/part.safetensors; {index} says that part.safetensors has it"
    );
    assert_eq!(copy.error(), expected);
    for (map, expected) in [
        (json!({ATTENTION: "gone.safetensors"}), "it names DIR/gone.safetensors, which is not there; get it too"),
        (
            json!({ATTENTION: "../x.safetensors"}),
            "it names the file \"../x.safetensors\", which is not in the model folder",
        ),
        (json!({}), "it names no tensors"),
    ] {
        write(&copy, map);
        assert_eq!(copy.error(), format!("cannot use DIR/{index}: {expected}"));
    }
    // Of two shards with a tensor, the index names the right one.
    let copy =
        copy.with_tensors("z.safetensors", |_, name| (name == "transformer.wte.weight").then(|| ATTENTION.to_owned()));
    write(&copy, json!({"a": "part.safetensors", ATTENTION: "rest.safetensors", "b": "z.safetensors"}));
    copy.is_the_same();
}

#[test]
fn prefixes() {
    for prefix in ["", "transformer.", "model.transformer.", "module."] {
        let name = |name: &str| format!("{prefix}{}", name.strip_prefix("transformer.").unwrap());
        Copy::bare().with_tensors("model.safetensors", |_, n| Some(name(n))).is_the_same();
    }
    // Two models in one file: neither is meant.
    let copy = Copy::bare().with_tensors("a-00001-of-00002.safetensors", |_, name| Some(format!("x.{name}")));
    let copy = copy.with_tensors("a-00002-of-00002.safetensors", |_, name| Some(format!("y.{name}")));
    let error = copy.error();
    assert!(error.starts_with("tensor transformer.wte.weight of shape [64, 24] is missing in "), "{error}");
}

/// Where the token embedding is the output embedding too, some programs keep it by that name alone.
#[test]
fn tied_embeddings() {
    let output = |name: &str| if name == "transformer.wte.weight" { "lm_head.weight" } else { name }.to_owned();
    let copy = || Copy::bare().with_tensors("model.safetensors", |_, name| Some(output(name)));
    copy().is_the_same();
    let error = copy().set("tie_word_embeddings", json!(false)).error();
    assert!(error.starts_with("tensor transformer.wte.weight of shape [64, 24] is missing in "), "{error}");
}

#[test]
fn quantised_weights_are_refused_by_name() {
    let only = "only f64, f32, f16 and bf16 weights are supported; give the original model, not a quantised one";
    let copy = |dtype, shape: &[usize]| Copy::bare().with_attention(ATTENTION, dtype, shape).error();
    for (dtype, name) in [(Dtype::F8_E4M3, "F8_E4M3"), (Dtype::I8, "I8"), (Dtype::U8, "U8"), (Dtype::I32, "I32")] {
        let expected =
            format!("cannot use tensor {ATTENTION} in DIR/model.safetensors: its values are of type {name}: {only}");
        assert_eq!(copy(dtype, &[24, 72]), expected);
        assert_eq!(copy(dtype, &[12, 9]), expected);
    }
    for (fixture, name) in [("quantised.bin", "torch.CharStorage"), ("float8.bin", "torch.float8_e4m3fn")] {
        let error = Copy::bare().with_bin(fixture, "pytorch_model.bin").error();
        let expected =
            format!("cannot use tensor {ATTENTION} in DIR/pytorch_model.bin: its values are of type {name}: {only}");
        assert_eq!(error, expected);
    }
    let packed = ATTENTION.replace(".weight", ".qweight");
    assert_eq!(
        Copy::bare().with_attention(&packed, Dtype::I32, &[3, 72]).error(),
        format!(
            "tensor {ATTENTION} is missing in DIR/model.safetensors, which has {packed} instead: quantised weights \
             (GPTQ, AWQ and their like) are not supported; give the original model"
        )
    );
}

#[test]
fn pickles_that_hold_no_weights() {
    let error = Copy::bare().with_bin("model.bin", "pytorch_model.bin").error();
    let expected = "it holds no state dict but another Python object; save model.state_dict() instead";
    assert_eq!(error, format!("cannot use DIR/pytorch_model.bin: {expected}"));
    let damaged = "DIR/pytorch_model.bin is damaged or cut short; get it again: ";
    for fixture in ["old.bin", "views.bin"] {
        let copy = Copy::bare().with_bin(fixture, "pytorch_model.bin");
        let bytes = fs::read(copy.path("pytorch_model.bin")).unwrap();
        for length in [bytes.len() - 40, bytes.len() / 2, 300, 20, 1] {
            fs::write(copy.path("pytorch_model.bin"), &bytes[..length]).unwrap();
            assert!(copy.error().starts_with(damaged), "{length}: {}", copy.error());
        }
    }
}
