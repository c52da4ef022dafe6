//! What the library tells while it works, to whoever listens.

/// Who wants to know how far the work is.
pub trait Observer: Sync {
    /// Work on `total` prompts of a model begins.
    fn begin(&self, model: &str, total: usize);
    /// One prompt is done.
    fn advance(&self, prompt: &str);
    /// Of a model's weights, `done` of `total` bytes have been downloaded; all of them when both are equal.
    fn download(&self, model: &str, done: u64, total: u64);
    /// Something that the user should know and that is no error.
    fn note(&self, text: &str);
}
