//! The contract between the generator and the viewer.
//!
//! Everything that both sides must agree on is spelled here once: the entries of the index files
//! ([`index`]), file names and URLs ([`path`]), the head-selection grammar ([`head`]), the packed
//! pattern codec ([`shard`]), how exact it is ([`precision`]) and its container ([`npz`]), head scores ([`score`]), colour maps and scales
//! ([`scale`]), and how token strings are shown ([`token`]). There is no tensor arithmetic and no browser in here.

pub mod head;
pub mod index;
pub mod jsonl;
pub mod npz;
pub mod path;
pub mod precision;
pub mod scale;
pub mod score;
pub mod shard;
pub mod sort;
pub mod token;

pub use head::{HeadSelection, LayerHead};
pub use index::{FigureEntry, Manifest, ModelEntry, PromptEntry};
pub use path::PatternId;
pub use precision::Precision;

/// Version of the site's layout and codecs. A viewer refuses a site whose manifest names another one.
pub const SCHEMA_VERSION: u32 = 2;
