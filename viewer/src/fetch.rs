//! Files of the site: fetched once however many ask, aborted when nobody waits any more, kept within a budget.
//!
//! What is drawn anew asks again for what it already waited for, a moment after it stopped waiting. So what nobody
//! waits for lingers before it is aborted.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, Shared, WeakShared};
use leptos::prelude::{set_timeout, window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};

use crate::task::Task;

/// How long what nobody waits for goes on: longer than drawing anew takes on a busy machine, and too short to hold up
/// what is asked for instead.
const LINGER: Duration = Duration::from_millis(300);

/// A file's bytes. Dropping the future aborts the request. Errors are sentences to show.
pub async fn bytes(url: &str) -> Result<Vec<u8>, String> {
    let abort = AbortOnDrop(AbortController::new().map_err(|_| "this browser cannot abort requests".to_owned())?);
    let init = RequestInit::new();
    init.set_signal(Some(&abort.0.signal()));
    let unreachable = |_| format!("{url} could not be fetched; is the server still running?");
    let response = JsFuture::from(window().fetch_with_str_and_init(url, &init)).await.map_err(unreachable)?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(match response.status() {
            404 => format!("{url} is missing (404); was the site copied as a whole?"),
            status => format!("{url} could not be fetched: the server answers {status} {}", response.status_text()),
        });
    }
    let broken = |_| format!("{url} broke off while it was being fetched; reload the page to try again");
    let buffer = JsFuture::from(response.array_buffer().map_err(broken)?).await.map_err(broken)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// A file's text, which must be UTF-8.
pub async fn text(url: &str) -> Result<String, String> {
    String::from_utf8(bytes(url).await?).map_err(|_| format!("{url} is not UTF-8 text"))
}

struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        // Does nothing to a request that is complete.
        self.0.abort();
    }
}

/// A thing of any type, so that there is one cache and not one of each type.
type Thing = Rc<dyn Any>;

/// What makes a thing and tells its size in bytes.
type Making = LocalBoxFuture<'static, Result<(Thing, usize), String>>;

/// Things made from files, by name: each is made once while it is wanted or fits the budget, and errors are
/// not kept, so that asking again tries again.
pub struct Cache<T: 'static> {
    store: Rc<RefCell<Store>>,
    things: PhantomData<T>,
}

impl<T> fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.store.borrow().kept.iter().map(|(name, _, size)| (name, size))).finish()
    }
}

struct Store {
    /// Newest use last; with sizes in bytes.
    kept: Vec<(String, Thing, usize)>,
    budget: usize,
    loading: Vec<(String, WeakShared<Making>)>,
    /// Goes on for a while with what nobody waits for.
    linger: fn(LocalBoxFuture<'static, ()>),
}

impl<T: 'static> Cache<T> {
    /// Keeps what was used last, up to `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Cache::lingering(budget, |work| {
            let task = Task::new(work);
            set_timeout(|| drop(task), LINGER);
        })
    }

    fn lingering(budget: usize, linger: fn(LocalBoxFuture<'static, ()>)) -> Self {
        let store = Store { kept: Vec::new(), budget, loading: Vec::new(), linger };
        Cache { store: Rc::new(RefCell::new(store)), things: PhantomData }
    }

    /// The thing called `name`, if it is there already.
    pub fn ready(&self, name: &str) -> Option<Rc<T>> {
        self.store.borrow_mut().touch(name).and_then(|thing| thing.downcast().ok())
    }

    /// The thing called `name`: kept, or in the making for somebody else, or made by `make`, which also tells its
    /// size in bytes. Once the last future that waits for it is dropped, the making lingers and is then dropped.
    pub fn get(
        &self,
        name: &str,
        make: impl Future<Output = Result<(T, usize), String>> + 'static,
    ) -> LocalBoxFuture<'static, Result<Rc<T>, String>> {
        let make = async move { make.await.map(|(thing, size)| (Rc::new(thing) as Thing, size)) };
        let thing = wanted(&self.store, name, Box::pin(make));
        Box::pin(async move { Ok(thing.await?.downcast().expect("a cache's things are all of its type")) })
    }
}

/// The thing called `name`; what `make` makes is not begun if there is one already, or in the making.
fn wanted(store: &Rc<RefCell<Store>>, name: &str, make: Making) -> LocalBoxFuture<'static, Result<Thing, String>> {
    let mut state = store.borrow_mut();
    if let Some(kept) = state.touch(name) {
        return Box::pin(ready(Ok(kept)));
    }
    let begun = state.loading.iter().find(|(loading, _)| loading == name).and_then(|(_, load)| load.upgrade());
    let load = begun.unwrap_or_else(|| {
        let load = make.shared();
        state.loading.retain(|(loading, load)| loading != name && load.upgrade().is_some());
        state.loading.extend(load.downgrade().map(|weak| (name.to_owned(), weak)));
        load
    });
    let (linger, load_again) = (state.linger, load.downgrade());
    let work = Box::pin(made(store.clone(), name.to_owned(), load));
    Box::pin(Waiter { work: Some(work), load: load_again, linger })
}

/// One who waits for a thing in the making.
struct Waiter {
    work: Option<LocalBoxFuture<'static, Result<Thing, String>>>,
    load: Option<WeakShared<Making>>,
    linger: fn(LocalBoxFuture<'static, ()>),
}

impl Future for Waiter {
    type Output = Result<Thing, String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let made = self.work.as_mut().map_or(Poll::Pending, |work| work.poll_unpin(context));
        if made.is_ready() {
            self.work = None;
        }
        made
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        let load = self.load.as_ref().and_then(WeakShared::upgrade);
        // The other one is in the work.
        if load.is_some_and(|load| load.strong_count() == Some(2)) {
            (self.linger)(Box::pin(work.map(drop)));
        }
    }
}

/// The thing in the making, put among what is kept.
async fn made(store: Rc<RefCell<Store>>, name: String, load: Shared<Making>) -> Result<Thing, String> {
    let (thing, size) = load.await?;
    store.borrow_mut().keep(name, thing.clone(), size);
    Ok(thing)
}

impl Store {
    fn touch(&mut self, name: &str) -> Option<Thing> {
        let place = self.kept.iter().rposition(|(n, ..)| n == name)?;
        let used = self.kept.remove(place);
        let thing = used.1.clone();
        self.kept.push(used);
        Some(thing)
    }

    fn keep(&mut self, name: String, thing: Thing, size: usize) {
        self.loading.retain(|(loading, _)| *loading != name);
        if self.touch(&name).is_some() {
            return;
        }
        self.kept.push((name, thing, size));
        let mut total: usize = self.kept.iter().map(|(.., size)| size).sum();
        while total > self.budget && self.kept.len() > 1 {
            total -= self.kept.remove(0).2;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::channel::oneshot;
    use futures::executor::block_on;
    use futures::future::join;

    use super::*;

    #[test]
    fn made_once_for_all_who_wait() {
        let cache = Cache::new(100);
        let made = Rc::new(Cell::new(0));
        let make = || {
            let made = made.clone();
            async move {
                made.set(made.get() + 1);
                Ok((7, 1))
            }
        };
        let (a, b) = block_on(join(cache.get("x", make()), cache.get("x", make())));
        assert_eq!((*a.unwrap(), *b.unwrap(), made.get()), (7, 7, 1));
        assert_eq!((cache.ready("x").map(|x| *x), cache.ready("y")), (Some(7), None));
    }

    #[test]
    fn dropped_with_the_last_who_waits() {
        let cache: Cache<u8> = Cache::lingering(100, drop);
        let (hold, held) = oneshot::channel::<()>();
        let first = cache.get("x", async move {
            held.await.ok();
            Ok((1, 1))
        });
        let second = cache.get("x", ready(Ok((2, 1))));
        drop(first);
        assert!(!hold.is_canceled());
        drop(second);
        assert!(hold.is_canceled());
        assert_eq!(block_on(cache.get("x", ready(Ok((3, 1))))).as_deref(), Ok(&3));
    }

    #[test]
    fn asked_for_again_while_it_lingers() {
        thread_local! {
            static LINGERING: RefCell<Vec<LocalBoxFuture<'static, ()>>> = RefCell::default();
        }
        let cache: Cache<u8> = Cache::lingering(100, |work| LINGERING.with_borrow_mut(|l| l.push(work)));
        let (send, sent) = oneshot::channel();
        let making = async move { Ok((sent.await.unwrap(), 1)) };
        let waiters = [cache.get("x", making), cache.get("x", ready(Ok((2, 1))))];
        drop(waiters);
        assert_eq!(LINGERING.with_borrow(Vec::len), 1);
        let again = cache.get("x", ready(Ok((3, 1))));
        LINGERING.with_borrow_mut(Vec::clear);
        send.send(1).unwrap();
        assert_eq!(block_on(again).as_deref(), Ok(&1));
        drop(cache.get("x", ready(Ok((4, 1)))));
        assert_eq!(LINGERING.with_borrow(Vec::len), 0);
    }

    #[test]
    fn errors_are_tried_again() {
        let cache: Cache<u8> = Cache::new(100);
        assert_eq!(block_on(cache.get("x", ready(Err("no".to_owned())))), Err("no".to_owned()));
        assert_eq!(block_on(cache.get("x", ready(Ok((1, 1))))).as_deref(), Ok(&1));
    }

    #[test]
    fn least_recently_used_goes_first() {
        let cache: Cache<u8> = Cache::new(10);
        for name in ["a", "b", "a", "c"] {
            block_on(cache.get(name, ready(Ok((0, 5))))).unwrap();
        }
        assert_eq!(["a", "b", "c"].map(|n| cache.ready(n).is_some()), [true, false, true]);
        block_on(cache.get("huge", ready(Ok((0, 99))))).unwrap();
        assert_eq!(["a", "c", "huge"].map(|n| cache.ready(n).is_some()), [false, false, true]);
    }
}
