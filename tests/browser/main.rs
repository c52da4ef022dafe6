//! The pages in a real browser, on a site that the generator's library builds.
//!
//! - [`harness`]: one visit to a site; at its end the console must be empty and no request may have left the site
//! - [`report`]: what a clean page does not do
//! - [`chromium`], [`cdp`]: starting the browser, and speaking to one of its pages
//! - [`fixture`], [`pictures`]: the site that is visited
//! - [`itself`]: what the harness must notice
//! - [`grid`]: many patterns at once; [`heads`], [`prompts`], [`look`]: what is chosen there, and how it is shown;
//!   [`tiles`]: what the figures tell and do
//! - [`single`]: one pattern in full; [`single_address`]: what its address says and keeps; [`single_views`]: the ways to
//!   look at it
//! - [`expression`]: matrices derived from a pattern; [`compare`]: patterns side by side
//! - [`export`]: what is taken away; [`embed`]: a view in a frame of another page
//! - [`precision`]: sites that keep more or less of each value
//! - [`worker`]: unpacking beside the page
//! - [`access`]: what axe-core finds in both pages; [`still`]: what does not move
//! - [`finder`]: heads found by their scores; [`finder_address`]: what its address says, and what is said instead
//! - [`plain`]: pages without scripts, without WebAssembly, and opened from disk
//! - [`hostile`]: texts and pictures that would run scripts if they were more than data
//! - [`shell`]: what surrounds both pages: title, theme, what a damaged site says

#![expect(clippy::print_stderr, reason = "a failed visit tells what the page looked like")]

mod access;
mod cdp;
mod chromium;
mod compare;
mod embed;
mod export;
mod expression;
mod finder;
mod finder_address;
mod fixture;
mod grid;
mod harness;
mod heads;
mod hostile;
mod itself;
mod look;
mod parts;
mod pictures;
mod plain;
mod precision;
mod prompts;
mod report;
mod shell;
mod single;
mod single_address;
mod single_views;
mod still;
mod tiles;
mod worker;
