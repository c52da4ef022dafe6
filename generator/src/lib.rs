//! Runs transformer language models on prompts, keeps every head's attention pattern, draws figures
//! from them and emits a self-contained static site. See ARCHITECTURE.md for the map.

pub mod cli;
pub mod data;
pub mod demo;
pub mod figure;
pub mod fs;
pub mod image;
pub mod linalg;
pub mod lock;
pub mod memory;
pub mod model;
pub mod observer;
pub mod pattern;
pub mod pipeline;
pub mod plan;
pub mod plot;
mod program;
pub mod prompt;
pub mod score;
pub mod serve;
pub mod site;
pub mod tokens;

pub use program::run;
