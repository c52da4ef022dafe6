//! The viewer of a lens site. One program for both pages: `index.html` shows many patterns at once ([`grid`]),
//! and finds heads by their scores ([`finder`]), `single.html` shows one in full ([`single`]).
//!
//! Everything a page shows follows from its URL ([`url`]) and the files of the site ([`index`], [`patterns`]).
//! What can be computed without a browser is in functions that do not touch the document, and is tested natively.

pub mod app;
pub mod canvas;
pub mod colormaps;
pub mod dom;
pub mod embed;
pub mod erase;
pub mod fetch;
pub mod finder;
pub mod frame;
pub mod grid;
pub mod help;
pub mod index;
pub mod parts;
pub mod patterns;
pub mod scores;
pub mod signal;
pub mod single;
pub mod task;
pub mod theme;
pub mod url;
pub mod worker;
