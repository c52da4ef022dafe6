//! All integration tests that need no browser, one module a feature:
//!
//! - `models`: attention patterns against reference tensors, and model folders that cannot be used
//! - `site`: what a site consists of, what it replaces and what it refuses to
//! - `serve`: the web server, asked by hand

#![expect(clippy::print_stdout, reason = "numeric tests print the largest difference")]

mod models;
mod serve;
mod site;
