//! Work in slices: what draws takes turns, so that the page scrolls and answers while thousands of tiles are drawn.

use std::cell::RefCell;
use std::time::Duration;

use futures::channel::oneshot;
use leptos::prelude::{request_animation_frame, set_timeout, window};
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessagePort};

/// Milliseconds that drawing goes on before the page may answer and paint.
const SLICE_MS: f64 = 8.0;

#[derive(Default)]
struct Turns {
    /// When the slice began.
    began: f64,
    waiting: Vec<oneshot::Sender<()>>,
}

thread_local! {
    static TURNS: RefCell<Turns> = RefCell::default();
    /// A message to itself is a task of its own, without the delay of a timer and without waiting for a frame, of
    /// which half would be idle.
    static NEXT: Option<MessagePort> = next();
}

fn next() -> Option<MessagePort> {
    let channel = MessageChannel::new().ok()?;
    let begins = Closure::<dyn Fn()>::new(begin).into_js_value();
    channel.port1().set_onmessage(Some(begins.unchecked_ref()));
    Some(channel.port2())
}

/// Waits until there is time left in a slice. To be called before each small piece of work.
pub async fn turn() {
    while now() - TURNS.with_borrow(|t| t.began) > SLICE_MS {
        let (wake, woken) = oneshot::channel();
        let first = TURNS.with_borrow_mut(|t| {
            t.waiting.push(wake);
            t.waiting.len() == 1
        });
        if first && !NEXT.with(|next| next.as_ref().is_some_and(|next| next.post_message(&JsValue::NULL).is_ok())) {
            request_animation_frame(begin);
        }
        if woken.await.is_err() {
            return;
        }
    }
}

/// Does something as soon as the page was painted with all that changed so far: in a task of its own, after the next
/// frame.
pub fn after_paint(work: impl FnOnce() + 'static) {
    request_animation_frame(move || set_timeout(work, Duration::ZERO));
}

fn begin() {
    let waiting = TURNS.with_borrow_mut(|t| {
        t.began = now();
        std::mem::take(&mut t.waiting)
    });
    for wake in waiting {
        let _those_who_left_need_no_turn = wake.send(());
    }
}

/// Milliseconds since the page began.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |p| p.now())
}
