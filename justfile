# Everything one does with this repository. `just` lists it; every recipe installs what it lacks first.

# Compiled tools lie outside of the checkout, one folder a version, so that a second clone finds them built.
tools := cache_directory() / "lens-build" / "tools"
target := env("CARGO_TARGET_DIR", justfile_directory() / "target")

# wasm-bindgen's command must be of the very version that the viewer links.
wasm_bindgen := `sed -n '/^name = "wasm-bindgen"$/{n;s/.*"\(.*\)"/\1/p}' Cargo.lock`
trunk := "0.21.14"

export PATH := tools / "wasm-bindgen-cli-" + wasm_bindgen / "bin:" + tools / "trunk-" + trunk / "bin:" + env("PATH")

[private]
default:
    @{{ just_executable() }} --list --unsorted

# Build the viewer and the release binary that carries it, target/release/lens-build; for a GPU: just build --features cuda (or metal)
[group('use')]
build *flags: viewer
    cargo build --release --package lens-build {{ flags }}

# Build, run the built-in models on the built-in prompts, and serve the site
[group('use')]
demo *flags: (site flags) serve

# Build, then run the whole pipeline with these flags, for example: just site --model DIR --prompts FILE
[group('use')]
site *flags: build
    "{{ target }}/release/lens-build" {{ flags }}

# Serve the site that was built
[group('use')]
serve *flags: build
    "{{ target }}/release/lens-build" serve {{ flags }}

# Check format and lints, and run every test: units, command line, numbers, documentation, pages in a browser
[group('check')]
test: fmt-check viewer lint test-native test-web

# Only the tests that need no browser: units, command line, numbers, documentation
[group('check')]
test-native: _numpy
    cargo test --workspace --no-fail-fast --doc
    cargo test --workspace --no-fail-fast --lib --bins --examples --test all

# Only the tests in the browser, with the viewer as it is now; flags go to cargo test
[group('check')]
test-web *flags: viewer _chromium
    cargo test --workspace --test browser {{ flags }}

# Lints of the generator, of the viewer as the browser gets it, and of all tests; warnings are errors
[group('check')]
lint: _wasm-target
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy --package lens-viewer --target wasm32-unknown-unknown -- -D warnings

# Is everything formatted?
[group('check')]
fmt-check:
    cargo fmt --all --check

# Time every family beside the machine's GEMM, scores and figures beside the forward pass, the whole pipeline, and the pages; alone: just bench --bench forward -- --only llama, just bench --bench figures -- --only svd, just bench --bench pipeline -- --model DIR --prompts FILE
[group('check')]
bench *flags: viewer _chromium
    cargo bench --package lens-build {{ flags }}

# Time the pages in headless Chromium, at 0 and 40 ms a request; for one's own data: just bench-viewer --site DIR --model NAME, and beside pattern-lens' pages: --pattern-lens DIR
[group('check')]
bench-viewer *flags: viewer _chromium
    cargo bench --package lens-build --bench viewer -- {{ flags }}

# What the continuous integration runs
[group('check')]
ci:
    .ci/run

# Format everything
[group('work')]
fmt:
    cargo fmt --all

# Build the viewer into viewer/dist
[group('work')]
viewer: _wasm-target _wasm-bindgen _trunk
    #!/usr/bin/env bash
    set -euo pipefail
    # What the program says of an error names files of libraries: not where they lie on this machine, since sites are
    # for everyone. Cargo splits the flags at spaces.
    cargo fetch --quiet --locked --target wasm32-unknown-unknown
    flags="--remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust/="
    for libraries in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do flags+=" --remap-path-prefix=$libraries="; done
    [[ "${flags// --remap/}" == *" "* ]] || export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$flags"
    cd viewer
    trunk build --release

# Train the built-in models anew, into generator/assets/demo; names of models choose some of them
[group('work')]
train-demo *flags:
    cargo run --release --package lens-build --example train_demo -- {{ flags }}

# Install every tool that the other recipes use, and nothing else
[group('work')]
setup: _wasm-target _wasm-bindgen _trunk _chromium _numpy

_wasm-target:
    @rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

# Not with --locked: that lock file names a version that was withdrawn.
_wasm-bindgen: (_cargo-install "wasm-bindgen-cli" wasm_bindgen)

_trunk: (_cargo-install "trunk" trunk "--locked")

_chromium:
    @test -n "${CHROMIUM:-}" || {{ just_executable() }} _apt-install chromium chromium chromium-browser google-chrome google-chrome-stable

# For tests of what Python reads and draws.
_numpy:
    @for python in python3 /usr/bin/python3; do "$python" -c 'import numpy' 2>/dev/null && exit; done; {{ just_executable() }} _apt-install python3-numpy

# Optimising a tool that runs for seconds would take longer than all that it saves; trunk's own profile takes minutes.
_cargo-install crate version *flags:
    #!/usr/bin/env bash
    set -euo pipefail
    folder="{{ tools }}/{{ crate }}-{{ version }}"
    [ -d "$folder/bin" ] && exit
    echo "Installing {{ crate }} {{ version }} into $folder (once, a few minutes)"
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1
    cargo install {{ crate }} --version {{ version }} --root "$folder" --target-dir "$folder/build" {{ flags }}
    rm -rf "$folder/build"

# Nothing is done when one of the commands is there already, wherever it comes from.
_apt-install package *commands:
    #!/usr/bin/env bash
    set -euo pipefail
    for command in {{ commands }}; do command -v "$command" >/dev/null && exit; done
    command -v apt-get >/dev/null || { echo "error: install {{ package }}, then run this again" >&2; exit 1; }
    sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {{ package }}
