//! Inflating beside the page. A worker runs this same program, and the page stays quick however large a file is.
//!
//! The page posts what [`inflate`] takes as an array, and the worker posts what it returns: one answer for each message,
//! in their order, null where there is none. The worker's script, `worker.js`, first gets the address of the module
//! and the compiled program, `{ js, module }`. Where no worker is to be had, or it has no answer, the page inflates
//! itself, which also finds out what is wrong with a damaged file.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use futures::channel::oneshot;
use js_sys::{Array, Object, Reflect, Uint8Array};
use lens_schema::npz::{self, NpzError, Packed};
use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Url, Worker, WorkerOptions, WorkerType};

use crate::frame;

/// Contents shorter than this take no longer than a message.
const WORTH: usize = 1 << 17;

/// Whether the program runs in a page, not in a worker.
pub fn is_page() -> bool {
    web_sys::window().is_some()
}

/// The worker's work.
#[wasm_bindgen]
pub fn inflate(deflated: &[u8], length: usize, crc: u32) -> Option<Vec<u8>> {
    npz::inflate(deflated, length, crc)
}

/// Unpacks an entry of an archive, without holding up the page.
pub async fn unpack(packed: &Packed<'_>) -> Result<Vec<u8>, NpzError> {
    if packed.is_deflated
        && packed.length >= WORTH
        && let Some(answer) = Helper::with(|helper| helper.ask(packed)).flatten()
        && let Ok(Some(content)) = answer.await
    {
        return Ok(content);
    }
    frame::turn().await;
    packed.unpack()
}

type Answer = Option<Vec<u8>>;

/// The worker, as the page sees it.
struct Helper {
    worker: Worker,
    /// Those who wait for an answer, in the order of the messages.
    waiting: Rc<RefCell<VecDeque<oneshot::Sender<Answer>>>>,
}

thread_local! {
    /// `None` before it was needed, and then `Some(None)` where there is none.
    static HELPER: RefCell<Option<Option<Helper>>> = const { RefCell::new(None) };
}

impl Helper {
    /// Starts the worker if it was not needed before.
    fn with<T>(does: impl FnOnce(&Helper) -> T) -> Option<T> {
        HELPER.with_borrow_mut(|helper| helper.get_or_insert_with(Helper::start).as_ref().map(does))
    }

    fn start() -> Option<Helper> {
        let script = document().query_selector("script[data-worker]").ok()??;
        let source = Reflect::get(&script, &"src".into()).ok()?.as_string()?;
        let asset = |name: &str| Some(Url::new_with_base(&script.get_attribute(name)?, &source).ok()?.href());
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&asset("data-worker")?, &options).ok()?;
        let start = Object::new();
        Reflect::set(&start, &"js".into(), &asset("data-js")?.into()).ok()?;
        Reflect::set(&start, &"module".into(), &wasm_bindgen::module()).ok()?;
        worker.post_message(&start).ok()?;
        let waiting = Rc::new(RefCell::new(VecDeque::<oneshot::Sender<Answer>>::new()));
        let asked = waiting.clone();
        let answered = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(who) = asked.borrow_mut().pop_front() {
                let content = event.data().dyn_into::<Uint8Array>().ok().map(|content| content.to_vec());
                let _those_who_left_need_no_answer = who.send(content);
            }
        });
        worker.set_onmessage(Some(answered.into_js_value().unchecked_ref()));
        let failed = Closure::<dyn FnMut()>::new(|| {
            // Those who wait learn that there is no answer.
            HELPER.set(Some(None));
        });
        worker.set_onerror(Some(failed.into_js_value().unchecked_ref()));
        Some(Helper { worker, waiting })
    }

    fn ask(&self, packed: &Packed<'_>) -> Option<oneshot::Receiver<Answer>> {
        let deflated = Uint8Array::from(packed.bytes);
        let message = Array::of3(&deflated, &JsValue::from(packed.length as u32), &JsValue::from(packed.crc));
        self.worker.post_message_with_transfer(&message, &Array::of1(&deflated.buffer())).ok()?;
        let (who, answer) = oneshot::channel();
        self.waiting.borrow_mut().push_back(who);
        Some(answer)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.worker.terminate();
        self.waiting.borrow_mut().clear();
    }
}
