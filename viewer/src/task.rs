//! Work that ends when nobody wants it any more.

use std::future::Future;
use std::pin::Pin;

use futures::future::{AbortHandle, abortable};
use wasm_bindgen_futures::spawn_local;

/// Dropping it drops the work.
#[derive(Debug)]
pub struct Task(AbortHandle);

impl Task {
    pub fn new(work: impl Future<Output = ()> + 'static) -> Self {
        let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(work);
        let (work, handle) = abortable(work);
        spawn_local(async move {
            let _aborted_work_ends_quietly = work.await;
        });
        Task(handle)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
