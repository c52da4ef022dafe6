//! The viewer's program: shows panics on the console, then mounts the page. In a worker it waits for messages.

fn main() {
    console_error_panic_hook::set_once();
    if lens_viewer::worker::is_page() {
        lens_viewer::app::mount();
    }
}
