//! The pattern that a tile shows where it is an average: fetched and summed up.

use std::fmt::Write;

use futures::future::join_all;

use crate::grid::mean::{MOST_PROMPTS, Sum};
use crate::grid::order::Tile;
use crate::grid::tiles::Tiles;
use crate::{frame, patterns};

/// The mean of several patterns.
#[derive(Debug)]
pub struct Average {
    /// High bytes of `side` × `side` cells.
    pub cells: Vec<u8>,
    pub side: usize,
    pub range: (f32, f32),
    /// Tokens, and tokens along one side of a cell.
    pub n_ctx: usize,
    pub pool: usize,
    pub causal: bool,
    /// What it is the average of, in words.
    pub note: String,
    /// The same in as few as there is room for below a figure.
    pub short: String,
}

/// Fetches and averages the members of a tile. Where prompts differ in length, the tokens that all of them have are
/// averaged; prompts so long that their cells stand for more tokens are left out.
pub async fn average(tiles: &Tiles, tile: &Tile) -> Result<Average, String> {
    let dir = &tiles.models[tile.model as usize].dir;
    let mut members = tiles.members(tile);
    let n_members = members.len();
    let mut prompts: Vec<u32> = members.iter().map(|m| m.prompt).collect();
    prompts.dedup();
    let n_prompts = prompts.len();
    prompts.truncate(MOST_PROMPTS);
    let hash = |prompt: u32| &tiles.prompts[prompt as usize].hash;
    let overviews = join_all(prompts.iter().map(|&p| patterns::overview(dir, hash(p)))).await;
    let overviews = overviews.into_iter().collect::<Result<Vec<_>, String>>()?;
    let Some(shortest) = overviews.iter().map(|o| o.meta).min_by_key(|meta| meta.n_ctx) else {
        return Err("there is nothing to average".to_owned());
    };
    let longest = overviews.iter().map(|o| o.meta.n_ctx).max().unwrap_or(0);
    let alike: Vec<u32> =
        prompts.iter().zip(&overviews).filter(|(_, o)| o.meta.pool == shortest.pool).map(|(p, _)| *p).collect();
    members.retain(|member| alike.contains(&member.prompt));
    let side = shortest.overview_side();
    let mut sum = Sum::new(side);
    for member in &members {
        frame::turn().await;
        let layer = patterns::overview_layer(dir, hash(member.prompt), member.layer as usize).await?;
        let own = overviews[prompts.iter().position(|p| *p == member.prompt).unwrap_or(0)].meta.overview_side();
        sum.add(&layer.head(member.head as usize), own);
    }
    let mut note = match n_prompts {
        1 => format!("mean of {n_members} heads"),
        n if alike.len() < n => format!("mean of {} of {n} prompts", alike.len()),
        n => format!("mean of {n} prompts"),
    };
    if longest > shortest.n_ctx {
        let _strings_take_all = write!(note, ", first {} tokens", shortest.n_ctx);
    }
    let short = format!("mean of {}", if n_prompts == 1 { n_members } else { alike.len() });
    let (cells, range) = sum.mean();
    let (n_ctx, pool, causal) = (shortest.n_ctx, shortest.pool, shortest.causal);
    Ok(Average { cells, side, range, n_ctx, pool, causal, note, short })
}
