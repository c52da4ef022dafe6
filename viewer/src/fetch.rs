//! Files of the site: fetched once however many ask, aborted when nobody waits any more, kept within a budget.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, Shared, WeakShared};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};

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

type Load<T> = LocalBoxFuture<'static, Result<(Rc<T>, usize), String>>;

/// Things made from files, by name: each is made once while it is wanted or fits the budget, and errors are
/// not kept, so that asking again tries again.
pub struct Cache<T: 'static> {
    state: Rc<RefCell<State<T>>>,
}

impl<T> fmt::Debug for Cache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.state.borrow().kept.iter().map(|(name, _, size)| (name, size))).finish()
    }
}

struct State<T: 'static> {
    /// Newest use last; with sizes in bytes.
    kept: Vec<(String, Rc<T>, usize)>,
    budget: usize,
    loading: BTreeMap<String, WeakShared<Load<T>>>,
}

impl<T: 'static> Cache<T> {
    /// Keeps what was used last, up to `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Cache { state: Rc::new(RefCell::new(State { kept: Vec::new(), budget, loading: BTreeMap::new() })) }
    }

    /// The thing called `name`, if it is there already.
    pub fn ready(&self, name: &str) -> Option<Rc<T>> {
        self.state.borrow_mut().touch(name)
    }

    /// The thing called `name`: kept, or in the making for somebody else, or made by `make`, which also tells its
    /// size in bytes. Dropping the last future that waits for it drops the making.
    pub fn get<M, F>(&self, name: &str, make: M) -> impl Future<Output = Result<Rc<T>, String>> + use<T, M, F>
    where
        M: FnOnce() -> F,
        F: Future<Output = Result<(T, usize), String>> + 'static,
    {
        let mut state = self.state.borrow_mut();
        let waiting = match state.touch(name) {
            Some(kept) => Err(kept),
            None => Ok(match state.loading.get(name).and_then(WeakShared::upgrade) {
                Some(load) => load,
                None => {
                    let load: Shared<Load<T>> =
                        make().map(|made| made.map(|(thing, size)| (Rc::new(thing), size))).boxed_local().shared();
                    state.loading.retain(|_, load| load.upgrade().is_some());
                    state.loading.extend(load.downgrade().map(|weak| (name.to_owned(), weak)));
                    load
                }
            }),
        };
        let (state, name) = (self.state.clone(), name.to_owned());
        async move {
            match waiting {
                Err(kept) => Ok(kept),
                Ok(load) => {
                    let (thing, size) = load.await?;
                    state.borrow_mut().keep(name, thing.clone(), size);
                    Ok(thing)
                }
            }
        }
    }
}

impl<T> State<T> {
    fn touch(&mut self, name: &str) -> Option<Rc<T>> {
        let place = self.kept.iter().rposition(|(n, ..)| n == name)?;
        let used = self.kept.remove(place);
        let thing = used.1.clone();
        self.kept.push(used);
        Some(thing)
    }

    fn keep(&mut self, name: String, thing: Rc<T>, size: usize) {
        self.loading.remove(&name);
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
    use futures::future::{join, ready};

    use super::*;

    #[test]
    fn made_once_for_all_who_wait() {
        let cache = Cache::new(100);
        let made = Rc::new(Cell::new(0));
        let make = || {
            made.set(made.get() + 1);
            ready(Ok((7, 1)))
        };
        let (a, b) = block_on(join(cache.get("x", make), cache.get("x", make)));
        assert_eq!((*a.unwrap(), *b.unwrap(), made.get()), (7, 7, 1));
        assert_eq!((cache.ready("x").map(|x| *x), cache.ready("y")), (Some(7), None));
    }

    #[test]
    fn dropped_with_the_last_who_waits() {
        let cache: Cache<u8> = Cache::new(100);
        let (hold, held) = oneshot::channel::<()>();
        let first = cache.get("x", || async move {
            held.await.ok();
            Ok((1, 1))
        });
        let second = cache.get("x", || ready(Ok((2, 1))));
        drop(first);
        assert!(!hold.is_canceled());
        drop(second);
        assert!(hold.is_canceled());
        assert_eq!(block_on(cache.get("x", || ready(Ok((3, 1))))).as_deref(), Ok(&3));
    }

    #[test]
    fn errors_are_tried_again() {
        let cache: Cache<u8> = Cache::new(100);
        assert_eq!(block_on(cache.get("x", || ready(Err("no".to_owned())))), Err("no".to_owned()));
        assert_eq!(block_on(cache.get("x", || ready(Ok((1, 1))))).as_deref(), Ok(&1));
    }

    #[test]
    fn least_recently_used_goes_first() {
        let cache: Cache<u8> = Cache::new(10);
        for name in ["a", "b", "a", "c"] {
            block_on(cache.get(name, || ready(Ok((0, 5))))).unwrap();
        }
        assert_eq!(["a", "b", "c"].map(|n| cache.ready(n).is_some()), [true, false, true]);
        block_on(cache.get("huge", || ready(Ok((0, 99))))).unwrap();
        assert_eq!(["a", "c", "huge"].map(|n| cache.ready(n).is_some()), [false, false, true]);
    }
}
