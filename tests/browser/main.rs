//! The pages in a real browser: built by the real program, served by the real server.
//!
//! - [`harness`]: one visit to a site; at its end the console must be empty and no request may have left the site
//! - [`chromium`], [`cdp`]: starting the browser, and speaking to one of its pages
//! - [`fixture`]: the sites that are visited
//! - [`itself`]: what the harness must notice

mod cdp;
mod chromium;
mod fixture;
mod harness;
mod itself;
