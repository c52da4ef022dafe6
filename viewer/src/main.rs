//! The viewer's program: shows panics on the console, then mounts the page.

fn main() {
    console_error_panic_hook::set_once();
    lens_viewer::app::mount();
}
