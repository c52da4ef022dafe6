//! A data directory that Python pattern-lens 0.5 wrote: two prompts of pythia-14m.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lens_build::data::DataDir;
use lens_schema::npz::{Dtype, Reader, Writer, npy_header};
use lens_schema::shard::{ExactLayer, Overview};
use lens_schema::{LayerHead, path};
use ndarray::Array4;
use ndarray_npy::NpzReader;

use crate::harness::{Test, assert_same, copy};

/// The shorter prompt, and how many tokens its text has.
const SHORT: (&str, usize) = ("m0iqfjse9QrsuNKyiOjMfA", 11);

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/pattern_lens/attn_data")
}

fn copied() -> Test {
    let test = Test::new();
    copy(&fixture(), &test.path("attn_data"));
    test
}

/// Width, height and RGB of a picture.
fn decoded(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    pixels.truncate(info.buffer_size());
    (info.width, info.height, pixels)
}

fn pictures(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, (u32, u32, Vec<u8>)> {
    files.iter().filter(|(name, _)| name.ends_with(".png")).map(|(name, png)| (name.clone(), decoded(png))).collect()
}

#[test]
fn its_pictures_are_reproduced_pixel_by_pixel() {
    let test = copied();
    let before = test.files("attn_data");
    test.run("figures").succeeds().prints("figures: 0 drawn, 48 already there\nscores: 2 computed, 0 already there\n");
    test.run("figures --force")
        .succeeds()
        .prints("figures: 48 drawn, 0 already there\nscores: 2 computed, 0 already there\n");
    let after = test.files("attn_data");
    let is_score =
        |name: &&String| ["scores.npz", "heads.jsonl", "distances.npz"].iter().any(|end| name.ends_with(end));
    assert!(before.keys().eq(after.keys().filter(|name| !is_score(name))));
    let (theirs, ours) = (pictures(&before), pictures(&after));
    assert_eq!(theirs.len(), 48);
    for (name, picture) in &theirs {
        assert!(*picture == ours[name], "{name}");
    }
    // What is not ours to change is as it was.
    let unchanged =
        |name: &&String| name.ends_with(".npz") || name.ends_with("prompt.json") || name.ends_with("cfg.json");
    before.keys().filter(unchanged).for_each(|name| assert!(before[name] == after[name], "{name}"));
    assert_eq!(test.jsonl("attn_data/models.jsonl")[0]["NTK_by_parts_factor"], 8.0);
    assert_eq!(test.jsonl("attn_data/models.jsonl")[0]["sanitized_name"], "pythia-14m");
}

#[test]
fn a_site_is_made_of_it() {
    let test = copied();
    let before = test.files("attn_data");
    test.run("site").succeeds();
    assert_same(&before, &test.files("attn_data"));
    let model = &test.jsonl("site/models.jsonl")[0];
    assert_eq!(
        (model["model_name"].as_str(), model["tokenizer_name"].as_str()),
        (Some("pythia-14m"), Some("EleutherAI/pythia-14m"))
    );
    let prompts = test.jsonl("site/pythia-14m/prompts.jsonl");
    let listed: Vec<_> =
        String::from_utf8(before["pythia-14m/prompts.jsonl"].clone()).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(prompts.iter().map(|p| serde_json::to_string(p).unwrap()).collect::<Vec<_>>().len(), listed.len());
    assert!(prompts.iter().all(|p| p["meta"]["pile_set_name"].is_string()));

    let file = |name: String| test.read(&format!("site/{name}"));
    let overview = Overview::read(file(path::overview("pythia-14m", SHORT.0))).unwrap();
    let npz = &before[&format!("{}/activations.npz", path::prompt_dir("pythia-14m", SHORT.0))];
    let mut reader = NpzReader::new(std::io::Cursor::new(npz)).unwrap();
    for layer in 0..6 {
        let exact = ExactLayer::read(&overview, layer, &file(path::exact("pythia-14m", SHORT.0, layer))).unwrap();
        let truth: Array4<f32> = reader.by_name(&path::hook_pattern(layer)).unwrap();
        assert_eq!(truth.dim(), (1, 4, SHORT.1 + 1, SHORT.1 + 1));
        for head in 0..4 {
            let truth = truth.slice(ndarray::s![0, head, .., ..]);
            let worst = exact.head(head).iter().zip(truth).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst <= 2e-5, "{}: {worst:e}", LayerHead { layer, head });
        }
    }
}

/// What pattern-lens writes has a row more than it has tokens, and the row is the first.
#[test]
fn rows_have_their_labels() {
    let data = DataDir::new(&fixture()).unwrap();
    let prompt = data.prompt("pythia-14m", SHORT.0).unwrap();
    let patterns = data.read_patterns(&data.model("pythia-14m").unwrap(), SHORT.0).unwrap();
    assert_eq!((patterns.n_ctx(), prompt.n_tokens), (SHORT.1 + 1, Some(SHORT.1)));
    let labels = prompt.row_labels(patterns.n_ctx());
    assert_eq!(labels.len(), patterns.n_ctx());
    assert_eq!(labels[0], "<BOS>");
    assert_eq!(labels[1..].concat(), prompt.text);
}

/// The same patterns in every form that numpy or an older pattern-lens may have written.
#[test]
fn every_form_of_the_patterns_is_read() {
    let reference = copied();
    reference.run("site -n 2").succeeds();
    let site = reference.files("site");
    let dir = path::prompt_dir("pythia-14m", SHORT.0);
    let npz = reference.read(&format!("attn_data/{dir}/activations.npz"));
    let arrays = Reader::new(&npz).unwrap();
    let data = |layer: usize| arrays.array(&path::hook_pattern(layer), 4 * 4 * 12 * 12).unwrap();
    let header = |descr: &str, order: &str, shape: &str| {
        let mut dict = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}");
        dict.push_str(&" ".repeat((10 + dict.len() + 1).next_multiple_of(64) - 10 - dict.len() - 1));
        let mut header = b"\x93NUMPY\x01\x00".to_vec();
        header.extend(u16::try_from(dict.len() + 1).unwrap().to_le_bytes());
        header.extend(dict.as_bytes());
        header.push(b'\n');
        header
    };
    let archive = |level: u32, entry: &dyn Fn(Vec<u8>) -> Vec<u8>, head: &[u8]| {
        let mut writer = Writer::new(level);
        for layer in (0..6).rev() {
            let name = format!("{}.npy", path::hook_pattern(layer));
            writer.entry(&name, &[head, &entry(data(layer))]).unwrap();
        }
        writer.finish().unwrap()
    };
    let same = |data: Vec<u8>| data;
    let as_f64 = |data: Vec<u8>| {
        data.as_chunks::<4>().0.iter().flat_map(|b| f64::from(f32::from_le_bytes(*b)).to_le_bytes()).collect()
    };
    let big_endian = |data: Vec<u8>| data.as_chunks::<4>().0.iter().flat_map(|b| [b[3], b[2], b[1], b[0]]).collect();
    let by_columns = |data: Vec<u8>| {
        let at = |h: usize, q: usize, k: usize| &data[4 * ((h * 12 + q) * 12 + k)..][..4];
        let order = (0..12).flat_map(|k| (0..12).flat_map(move |q| (0..4).map(move |h| (h, q, k))));
        order.flat_map(|(h, q, k)| at(h, q, k).to_vec()).collect()
    };
    let shape = "1, 4, 12, 12";
    let forms = [
        ("stored", archive(0, &same, &npy_header(Dtype::F32, &[1, 4, 12, 12]))),
        ("deflated", archive(9, &same, &npy_header(Dtype::F32, &[1, 4, 12, 12]))),
        ("f64", archive(6, &as_f64, &header("<f8", "False", shape))),
        ("big-endian", archive(6, &big_endian, &header(">f4", "False", shape))),
        ("Fortran order", archive(6, &by_columns, &header("<f4", "True", shape))),
    ];
    for (form, bytes) in forms {
        let test = copied();
        test.write(&format!("attn_data/{dir}/activations.npz"), bytes);
        test.run("site").succeeds();
        assert!(site == test.files("site"), "{form}");
    }
    let test = copied();
    std::fs::remove_file(test.path(&format!("attn_data/{dir}/activations.npz"))).unwrap();
    let stacked: Vec<u8> = (0..6).flat_map(data).collect();
    let stacked = [npy_header(Dtype::F32, &[1, 6, 4, 12, 12]), stacked].concat();
    test.write(&format!("attn_data/{dir}/{}", path::ACTIVATIONS_NPY), stacked);
    test.run("site").succeeds();
    assert_same(&site, &test.files("site"));
}

/// Half precision is what it is; prompts of old directories have no tokens, and models no second name.
#[test]
fn old_directories_are_read() {
    let test = copied();
    let dir = format!("attn_data/{}", path::prompt_dir("pythia-14m", SHORT.0));
    let npz = test.read(&format!("{dir}/activations.npz"));
    let arrays = Reader::new(&npz).unwrap();
    let mut writer = Writer::new(6);
    for layer in 0..6 {
        let data = arrays.array(&path::hook_pattern(layer), 4 * 4 * 12 * 12).unwrap();
        let half: Vec<u8> = data
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|b| half::f16::from_f32(f32::from_le_bytes(*b)).to_le_bytes())
            .collect();
        let header = String::from_utf8_lossy(&npy_header(Dtype::F32, &[1, 4, 12, 12])[10..]).replace("<f4", "<f2");
        let header =
            [b"\x93NUMPY\x01\x00", &u16::try_from(header.len()).unwrap().to_le_bytes()[..], header.as_bytes()].concat();
        writer.entry(&format!("{}.npy", path::hook_pattern(layer)), &[&header, &half]).unwrap();
    }
    test.write(&format!("{dir}/activations.npz"), writer.finish().unwrap());
    for key in ["tokens", "n_tokens", "hash"] {
        let mut prompt: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&test.read(&format!("{dir}/prompt.json"))).unwrap();
        prompt.remove(key);
        test.write(&format!("{dir}/prompt.json"), serde_json::to_vec(&prompt).unwrap());
    }
    test.run("site").succeeds();
    let overview = test.read(&format!("site/{}", path::overview("pythia-14m", SHORT.0)));
    assert_eq!(Overview::read(overview).unwrap().meta.n_ctx, 12);
    let prompt = test.jsonl("site/pythia-14m/prompts.jsonl").into_iter().find(|p| p["hash"] == SHORT.0).unwrap();
    assert!(prompt.get("tokens").is_none());
    test.run("figures --force").succeeds();
}
