//! The pattern that a tile shows where it is an average: fetched and summed up.

use std::rc::Rc;

use futures::future::join_all;
use lens_schema::shard::Overview;

use crate::grid::mean::{MOST_PROMPTS, Sum};
use crate::grid::order::{MEAN, Tile};
use crate::grid::tiles::{Tiles, counted};
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
    /// The prompt that all of it is on, if it is one.
    pub prompt: Option<u32>,
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
    let is_alike = |(_, overview): &(&u32, &Rc<Overview>)| overview.meta.pool == shortest.pool;
    let (alike, lengths): (Vec<u32>, Vec<usize>) = prompts
        .iter()
        .zip(&overviews)
        .filter(is_alike)
        .map(|(prompt, overview)| (*prompt, overview.meta.n_ctx))
        .unzip();
    let cut = lengths.iter().any(|n_ctx| *n_ctx > shortest.n_ctx).then_some(shortest.n_ctx);
    members.retain(|member| alike.contains(&member.prompt));
    let side = shortest.overview_side();
    let mut sum = Sum::new(side);
    for member in &members {
        frame::turn().await;
        let layer = patterns::overview_layer(dir, hash(member.prompt), member.layer as usize).await?;
        let own = overviews[prompts.iter().position(|p| *p == member.prompt).unwrap_or(0)].meta.overview_side();
        sum.add(&layer.head(member.head as usize), own);
    }
    let of = match tile.prompt {
        MEAN => Of::Prompts { averaged: alike.len(), chosen: n_prompts, cut },
        _ => Of::Heads(n_members),
    };
    let (note, short) = of.words();
    let (cells, range) = sum.mean();
    let (n_ctx, pool, causal) = (shortest.n_ctx, shortest.pool, shortest.causal);
    let prompt = (n_prompts == 1).then(|| prompts[0]);
    Ok(Average { cells, side, range, n_ctx, pool, causal, prompt, note, short })
}

/// What is averaged.
enum Of {
    Heads(usize),
    /// Of the chosen prompts, so many; of each, so many tokens where they differ in length.
    Prompts {
        averaged: usize,
        chosen: usize,
        cut: Option<usize>,
    },
}

impl Of {
    /// In words, and in few of them.
    fn words(&self) -> (String, String) {
        match *self {
            Of::Heads(n) => (format!("mean of {}", counted(n, "head", "heads")), format!("mean of {n}")),
            Of::Prompts { averaged, chosen, cut } => {
                let all = counted(chosen, "prompt", "prompts");
                let what = if averaged < chosen { format!("{averaged} of {all}") } else { all };
                let cut = cut.map(|n| format!(", first {}", counted(n, "token", "tokens"))).unwrap_or_default();
                (format!("mean of {what}{cut}"), format!("mean of {averaged}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_say_what_they_are_of() {
        let words = |of: Of| of.words();
        let pair = |note: &str, short: &str| (note.to_owned(), short.to_owned());
        assert_eq!(words(Of::Heads(1)), pair("mean of 1 head", "mean of 1"));
        assert_eq!(words(Of::Heads(12)), pair("mean of 12 heads", "mean of 12"));
        let prompts = |averaged, chosen, cut| words(Of::Prompts { averaged, chosen, cut });
        assert_eq!(prompts(1, 1, None), pair("mean of 1 prompt", "mean of 1"));
        assert_eq!(prompts(3, 4, Some(9)), pair("mean of 3 of 4 prompts, first 9 tokens", "mean of 3"));
        assert_eq!(prompts(2, 2, Some(1)), pair("mean of 2 prompts, first 1 token", "mean of 2"));
    }
}
