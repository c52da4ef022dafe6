//! The patterns of the site, decoded: fetched when asked for, kept within a budget of memory.

use std::cell::RefCell;
use std::rc::Rc;

use lens_schema::npz::NpzError;
use lens_schema::shard::{Exact, ExactLayer, Meta, Overview, OverviewLayer};
use lens_schema::{ModelEntry, Precision, path};

use crate::fetch::{self, Cache};
use crate::worker::unpack;

thread_local! {
    static OVERVIEWS: Cache<Overview> = Cache::new(96 << 20);
    static LAYERS: Cache<OverviewLayer> = Cache::new(96 << 20);
    static EXACT: Cache<ExactLayer> = Cache::new(128 << 20);
    /// Layers and heads of the models in these directories.
    static SIZES: RefCell<Vec<(String, [usize; 2])>> = RefCell::default();
}

/// Tells how large the site's models are. What is asked for follows from that: files of others are refused.
pub fn expect(models: &[ModelEntry]) {
    SIZES.set(models.iter().map(|model| (model.dir(), [model.n_layers, model.n_heads])).collect());
}

/// An error where a file has other sizes than its model.
fn check(model: &str, meta: &Meta) -> Result<(), String> {
    let known = SIZES.with_borrow(|sizes| sizes.iter().find(|(dir, _)| dir == model).map(|(_, size)| *size));
    match known {
        Some([layers, heads]) if [layers, heads] != [meta.n_layers, meta.n_heads] => Err(format!(
            "it has {} layers of {} heads, but {} says {layers} of {heads}; was the site copied as a whole?",
            meta.n_layers,
            meta.n_heads,
            path::MODELS
        )),
        _ => Ok(()),
    }
}

/// All heads of one model on one prompt at thumbnail precision. Dropping the future aborts the request when nobody
/// else waits for it.
pub async fn overview(model: &str, hash: &str) -> Result<Rc<Overview>, String> {
    let (url, model) = (path::overview(model, hash), model.to_owned());
    let name = url.clone();
    let load = async move {
        let bytes = fetch::bytes(&url).await?;
        let size = bytes.len();
        let overview = Overview::read(bytes).map_err(|e| format!("{url}: {e}"))?;
        check(&model, &overview.meta).map_err(|e| format!("{url}: {e}"))?;
        Ok((overview, size))
    };
    OVERVIEWS.with(|cache| cache.get(&name, load)).await
}

/// One layer of an overview, unpacked.
pub async fn overview_layer(model: &str, hash: &str, layer: usize) -> Result<Rc<OverviewLayer>, String> {
    let url = path::overview(model, hash);
    let name = format!("{url}#L{layer}");
    let overview = overview(model, hash).await?;
    let load = async move {
        let wrong = |e: NpzError| format!("{url}: {e}");
        let unpacked = unpack(&overview.packed_layer(layer).map_err(wrong)?).await.map_err(wrong)?;
        let size = unpacked.len();
        Ok((OverviewLayer::of(overview.meta, unpacked).map_err(wrong)?, size))
    };
    LAYERS.with(|cache| cache.get(&name, load)).await
}

/// Why there are no exact values, and what helps.
const APPROXIMATE: &str =
    "this site was built with --precision overview; build it again with --precision exact for all digits";

/// One layer's exact values on one prompt. Where the site has none, nothing is fetched.
pub async fn exact(model: &str, hash: &str, layer: usize) -> Result<Rc<ExactLayer>, String> {
    let url = path::exact(model, hash, layer);
    let (name, model, hash) = (url.clone(), model.to_owned(), hash.to_owned());
    let load = async move {
        let heads = overview_layer(&model, &hash, layer).await?;
        if heads.meta.precision == Precision::Overview {
            return Err(APPROXIMATE.to_owned());
        }
        let wrong = |e: NpzError| format!("{url}: {e}");
        let file = Exact::read(fetch::bytes(&url).await?).map_err(wrong)?;
        let mut arrays = Vec::new();
        for packed in file.arrays(&heads.meta).map_err(wrong)? {
            arrays.push(unpack(&packed).await.map_err(wrong)?);
        }
        let size = arrays.iter().map(Vec::len).sum();
        Ok((ExactLayer::of(&heads, arrays).map_err(wrong)?, size))
    };
    EXACT.with(|cache| cache.get(&name, load)).await
}
