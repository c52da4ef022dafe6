//! The program as it is shipped: see [`lens_build::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    lens_build::run([])
}
