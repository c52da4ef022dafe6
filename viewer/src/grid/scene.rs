//! The chosen figures, laid out: what is to be shown, of which only a part is in view.

use std::sync::Arc;

use lens_schema::path;

use crate::grid::layout::Layout;
use crate::grid::order::{Key, Tile};
use crate::grid::shade::Shade;
use crate::grid::state::State;
use crate::grid::tiles::Tiles;
use crate::url::Query;

/// The chosen figures, laid out. Each has another generation.
#[derive(Debug)]
pub struct Scene {
    pub generation: u64,
    pub tiles: Arc<Tiles>,
    pub layout: Layout,
    pub colour: Option<Key>,
    pub shade: Shade,
    /// How many of the first keys of the order have headings, and so need not be in captions.
    pub headed: Vec<Key>,
    /// What a row's label names.
    pub row: Option<Key>,
    /// The page's address when they were, for links to other choices.
    pub address: Query,
}

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        self.generation == other.generation
    }
}

impl Scene {
    /// The page of this address with the members of an average one by one.
    pub fn members_url(&self, mut query: Query, tile: &Tile) -> String {
        let mut state = State::read(&query);
        state.keep_members(&self.tiles, tile);
        state.write(&mut query);
        format!("{}?{query}", path::INDEX_HTML)
    }
}
