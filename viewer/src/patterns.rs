//! The patterns of the site, decoded: fetched when asked for, kept within a budget of memory.

use std::rc::Rc;

use lens_schema::shard::{ExactLayer, Overview, OverviewLayer};
use lens_schema::{Precision, path};

use crate::fetch::{self, Cache};

thread_local! {
    static OVERVIEWS: Cache<Overview> = Cache::new(96 << 20);
    static LAYERS: Cache<OverviewLayer> = Cache::new(96 << 20);
    static EXACT: Cache<ExactLayer> = Cache::new(128 << 20);
}

/// All heads of one model on one prompt at thumbnail precision. Dropping the future aborts the request when nobody
/// else waits for it.
pub async fn overview(model: &str, hash: &str) -> Result<Rc<Overview>, String> {
    let url = path::overview(model, hash);
    let load = OVERVIEWS.with(|cache| {
        cache.get(&url.clone(), || async move {
            let bytes = fetch::bytes(&url).await?;
            let size = bytes.len();
            Ok((Overview::read(bytes).map_err(|e| format!("{url}: {e}"))?, size))
        })
    });
    load.await
}

/// One layer of an overview, inflated.
pub async fn overview_layer(model: &str, hash: &str, layer: usize) -> Result<Rc<OverviewLayer>, String> {
    let name = format!("{}#L{layer}", path::overview(model, hash));
    let overview = overview(model, hash).await?;
    let load = LAYERS.with(|cache| {
        cache.get(&name.clone(), || async move {
            let side = overview.meta.overview_side();
            let size = overview.meta.n_heads * side * side;
            Ok((overview.layer(layer).map_err(|e| format!("{name}: {e}"))?, size))
        })
    });
    load.await
}

/// Why there are no exact values, and what helps.
const APPROXIMATE: &str =
    "this site was built with --precision overview; build it again with --precision exact for all digits";

/// One layer's exact values on one prompt. Where the site has none, nothing is fetched.
pub async fn exact(model: &str, hash: &str, layer: usize) -> Result<Rc<ExactLayer>, String> {
    let url = path::exact(model, hash, layer);
    let (model, hash) = (model.to_owned(), hash.to_owned());
    let load = EXACT.with(|cache| {
        cache.get(&url.clone(), || async move {
            let overview = overview(&model, &hash).await?;
            if overview.meta.precision == Precision::Overview {
                return Err(APPROXIMATE.to_owned());
            }
            let bytes = fetch::bytes(&url).await?;
            let exact = ExactLayer::read(&overview, layer, &bytes).map_err(|e| format!("{url}: {e}"))?;
            Ok((exact, overview.meta.n_heads * overview.meta.n_ctx * overview.meta.n_ctx * 2))
        })
    });
    load.await
}
