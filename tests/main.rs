//! All integration tests that need no browser, one module a feature:
//!
//! - `harness`: runs the program in a folder of its own
//! - `cli`: commands, flags, exit statuses, and what is printed where
//! - `usage`: what the command line refuses
//! - `bad_input`: errors that name the place and the remedy, and lose nothing
//! - `bad_places`: directories that are something else, in use, full, or cannot be written
//! - `resume`: runs that are stopped and go on, and runs that must give the same bytes
//! - `pattern_lens`: a data directory that Python pattern-lens wrote
//! - `demo`: what the built-in models are, and what their heads do
//! - `hub`: models from a hub: what is downloaded, and the cache
//! - `hub_errors`: what a hub refuses, and what to do about it
//! - `hub_tls`: a hub with the certificate of a private authority
//! - `hub_server`: a hub in this process
//! - `names`: the names of models, and the list of them
//! - `encoders`: models that see both directions, from a prompt to the site
//! - `models`: attention patterns against reference tensors, and what is told of a model
//! - `unusable_models`: model folders that cannot be used
//! - `weights`: the forms that weights come in, and those that are refused
//! - `figures`: figure functions: the library's, one's own, and those that fail
//! - `figure_cmd`: figures that a program in another language draws
//! - `lens_site`: reading a site in Python, at every precision
//! - `scores`: head scores in the data directory and on the site, complete however they came about
//! - `site`: what a site consists of, what it replaces and what it refuses to
//! - `serve`: the web server, asked by hand

#![expect(clippy::print_stdout, reason = "numeric tests print what they measured")]

mod bad_input;
mod bad_places;
mod cli;
mod demo;
mod encoders;
mod figure_cmd;
mod figures;
mod harness;
mod hub;
mod hub_errors;
mod hub_server;
mod hub_tls;
mod lens_site;
mod models;
mod names;
mod pattern_lens;
mod resume;
mod scores;
mod serve;
mod site;
mod unusable_models;
mod usage;
mod weights;
