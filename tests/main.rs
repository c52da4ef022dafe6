//! All integration tests that need no browser, one module a feature:
//!
//! - `harness`: runs the program in a folder of its own
//! - `cli`: commands, flags, exit statuses, and what is printed where
//! - `bad_input`: errors that name the place and the remedy, and lose nothing
//! - `resume`: runs that are stopped and go on, and runs that must give the same bytes
//! - `pattern_lens`: a data directory that Python pattern-lens wrote
//! - `models`: attention patterns against reference tensors, and model folders that cannot be used
//! - `site`: what a site consists of, what it replaces and what it refuses to
//! - `serve`: the web server, asked by hand

#![expect(clippy::print_stdout, reason = "numeric tests print the largest difference")]

mod bad_input;
mod cli;
mod harness;
mod models;
mod pattern_lens;
mod resume;
mod serve;
mod site;
