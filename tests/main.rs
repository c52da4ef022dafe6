//! All integration tests that need no browser, one module a feature:
//!
//! - `site`: what a site consists of, what it replaces and what it refuses to
//! - `serve`: the web server, asked by hand

mod serve;
mod site;
