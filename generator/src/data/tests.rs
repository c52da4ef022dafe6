use lens_schema::FigureEntry;
use ndarray::Array3;

use super::*;

fn model() -> ModelEntry {
    serde_json::from_str(r#"{"model_name":"m","n_layers":2,"n_heads":3,"attention_dir":"causal"}"#).unwrap()
}

fn prompt(text: &str) -> PromptEntry {
    PromptEntry { text: text.to_owned(), hash: path::prompt_hash(text), ..Default::default() }
}

fn patterns(n_layers: usize) -> AttentionPatterns {
    let layer = Array3::from_shape_fn((3, 4, 4), |(_, q, k)| if k <= q { 1.0 / (q + 1) as f32 } else { 0.0 });
    AttentionPatterns { layers: vec![layer; n_layers], causal: true }
}

fn data() -> (tempfile::TempDir, DataDir) {
    let dir = tempfile::tempdir().unwrap();
    let data = DataDir::new(&dir.path().join("attn_data")).unwrap();
    data.write_model(&model()).unwrap();
    (dir, data)
}

#[test]
fn what_is_written_is_read() {
    let (_dir, data) = data();
    let prompt = prompt("some text");
    for format in [PatternFormat::Npz { level: 1 }, PatternFormat::Stacked, PatternFormat::Npz { level: 0 }] {
        data.write_patterns("m", &prompt.hash, &patterns(2), format).unwrap();
        data.write_prompt("m", &prompt).unwrap();
        assert!(data.has_patterns("m", &prompt.hash).unwrap());
        assert_eq!(data.read_patterns(&model(), &prompt.hash).unwrap(), patterns(2));
        // The other form is gone.
        assert_eq!(fs::list(&data.prompt_dir("m", &prompt.hash).unwrap()).unwrap().len(), 2);
    }
    assert_eq!(data.models().unwrap()[0].sanitized_name.as_deref(), Some("m"));
    assert_eq!(data.hashes("m").unwrap(), [prompt.hash.as_str()]);
    assert_eq!(data.prompt("m", &prompt.hash).unwrap(), prompt);
}

#[test]
fn prompts_keep_their_listed_order() {
    let (_dir, data) = data();
    let texts = ["one", "two", "three", "four"].map(prompt);
    texts.iter().for_each(|p| data.write_prompt("m", p).unwrap());
    let order = [texts[2].hash.as_str(), &texts[0].hash];
    data.write_prompts_index("m", &order).unwrap();
    assert_eq!(data.hashes("m").unwrap()[..2], order);
    // A second run's prompts come first; the others stay as they were.
    assert_eq!(data.write_prompts_index("m", &[&texts[1].hash]).unwrap(), 4);
    assert_eq!(data.hashes("m").unwrap()[..3], [1, 2, 0].map(|i| texts[i].hash.clone()));
}

#[test]
fn unknown_keys_survive() {
    let (_dir, data) = data();
    let file = data.root().join("m/model_cfg.json");
    fs::write(&file, br#"{"model_name":"m","n_layers":2,"n_heads":3,"mine":{"a":1}}"#).unwrap();
    data.write_model(&model()).unwrap();
    assert_eq!(data.model("m").unwrap().rest["mine"]["a"], 1);

    fs::write(&data.root().join(path::FIGURES), br#"{"name":"svd","mine":1}"#).unwrap();
    let raw = FigureEntry { name: "raw".into(), ..Default::default() };
    let index = data.merged_figures(&[raw]).unwrap();
    assert_eq!((index[0].name.as_str(), index[1].name.as_str()), ("raw", "svd"));
    data.write_figures_index(&index).unwrap();
    assert_eq!(data.figures().unwrap()[1].rest["mine"], 1);
}

#[test]
fn another_model_of_the_same_name_is_refused() {
    let (_dir, data) = data();
    let other = ModelEntry { n_layers: 7, ..model() };
    let error = data.write_model(&other).unwrap_err().to_string();
    assert!(error.contains("another model called m (2 layers of 3 heads; this one has 7 of 3)"), "{error}");
}

#[test]
fn damage_names_the_file_and_the_remedy() {
    let (_dir, data) = data();
    let prompt = prompt("text");
    let missing = data.read_patterns(&model(), &prompt.hash).unwrap_err().to_string();
    assert!(missing.ends_with("activations.npz is missing; run `lens-build activations` to make it"), "{missing}");

    data.write_patterns("m", &prompt.hash, &patterns(2), PatternFormat::Npz { level: 1 }).unwrap();
    let npz = data.prompt_dir("m", &prompt.hash).unwrap().join(path::ACTIVATIONS_NPZ);
    let whole = fs::read(&npz).unwrap();
    fs::write(&npz, &whole[..whole.len() - 30]).unwrap();
    let error = data.read_patterns(&model(), &prompt.hash).unwrap_err().to_string();
    assert!(error.contains("activations.npz is damaged; delete it and run `lens-build activations` again"), "{error}");

    data.write_patterns("m", &prompt.hash, &patterns(3), PatternFormat::Npz { level: 1 }).unwrap();
    let error = data.read_patterns(&model(), &prompt.hash).unwrap_err().to_string();
    assert!(error.contains("layer 0 of 3 is (3, 4, 4); m has 2 layers of 3 heads"), "{error}");

    let mut nan = patterns(2);
    nan.layers[1][[2, 3, 3]] = f32::NAN;
    data.write_patterns("m", &prompt.hash, &nan, PatternFormat::Npz { level: 1 }).unwrap();
    let error = data.read_patterns(&model(), &prompt.hash).unwrap_err().to_string();
    assert!(error.contains("activations.npz is damaged") && error.contains("layer 1 has NaN"), "{error}");

    fs::write(&data.prompt_dir("m", &prompt.hash).unwrap().join(path::PROMPT), b"{\"text\":").unwrap();
    let error = data.prompt("m", &prompt.hash).unwrap_err().to_string();
    assert!(error.contains("prompt.json is damaged; delete its folder"), "{error}");

    fs::write(&data.root().join(path::prompts("m")), b"{}\n").unwrap();
    let error = format!("{:#}", data.hashes("m").unwrap_err());
    let expected = "prompts.jsonl:1: the index is damaged; delete it and run `lens-build index`: missing field";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn names_never_leave_the_directory() {
    let (_dir, data) = data();
    for bad in ["..", "/etc", "", "a/b", "nul"] {
        assert!(data.write_prompt(bad, &prompt("x")).is_err());
        assert!(data.write_prompt("m", &PromptEntry { hash: bad.into(), ..prompt("x") }).is_err());
        let entry = ModelEntry { sanitized_name: Some(bad.into()), ..model() };
        assert!(data.write_model(&entry).unwrap_err().to_string().contains("cannot be the name of a directory"));
    }
}

#[test]
fn a_site_is_not_a_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(&dir.path().join(path::MANIFEST), b"{}").unwrap();
    assert!(DataDir::new(dir.path()).unwrap_err().to_string().contains("is a site, not a data directory"));
}

#[test]
fn bidirectional_patterns_are_kept_whole() {
    let (_dir, data) = data();
    let full = AttentionPatterns { layers: vec![Array3::from_elem((3, 2, 2), 0.5); 2], causal: false };
    data.write_patterns("m", "hash", &full, PatternFormat::Npz { level: 1 }).unwrap();
    // Whatever the configuration says, nothing above the diagonal may get lost.
    assert_eq!(data.read_patterns(&model(), "hash").unwrap(), full);
}
