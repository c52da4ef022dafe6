//! Signals and memos whose values' types only their readers know. The reactive graph is compiled once for every type
//! that it holds; behind these it holds one of each kind, which saves a tenth of the program.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use leptos::prelude as reactive;
use leptos::prelude::{LocalStorage, ReadUntracked, Track, Write};

use crate::erase::{Live, effect};
use crate::task::Task;

/// A value of any type.
type Thing = Box<dyn Any>;

/// A value that is read and written, and followed by who reads it.
pub struct RwSignal<T> {
    thing: reactive::RwSignal<Thing, LocalStorage>,
    of: PhantomData<fn() -> T>,
}

impl<T: 'static> RwSignal<T> {
    pub fn new(value: T) -> Self {
        fn signal(thing: Thing) -> reactive::RwSignal<Thing, LocalStorage> {
            reactive::RwSignal::new_local(thing)
        }
        RwSignal { thing: signal(Box::new(value)), of: PhantomData }
    }

    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.try_with_untracked(read).expect("the page is there")
    }

    /// Nothing once the part of the page that the signal belongs to is gone.
    pub fn try_with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        let thing = readable(self.thing)?;
        Some(read(thing.downcast_ref().expect("made of this type")))
    }

    /// Changes the value and tells who follows; nothing once the signal's part of the page is gone.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        if let Some(mut thing) = self.thing.try_write() {
            change(thing.downcast_mut().expect("made of this type"));
        }
    }

    pub fn set(self, value: T) {
        self.update(|now| *now = value);
    }

    /// Follows the value without reading it.
    pub fn track(self) {
        self.thing.track();
    }
}

impl<T: Clone + 'static> RwSignal<T> {
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }

    pub fn try_get_untracked(self) -> Option<T> {
        self.try_with_untracked(T::clone)
    }
}

fn readable(signal: reactive::RwSignal<Thing, LocalStorage>) -> Option<impl Deref<Target = Thing>> {
    signal.try_read_untracked()
}

/// What a memo holds, and how it is compared to another of its type.
#[derive(Clone)]
struct Derived {
    thing: Arc<dyn Any + Send + Sync>,
    equal: fn(&dyn Any, &dyn Any) -> bool,
}

impl PartialEq for Derived {
    fn eq(&self, other: &Self) -> bool {
        (self.equal)(&*self.thing, &*other.thing)
    }
}

/// A value that follows from signals, and tells who reads it when it becomes another.
pub struct Memo<T> {
    derived: reactive::Memo<Derived>,
    of: PhantomData<fn() -> T>,
}

/// A memo of what a closure makes of the signals that it reads.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn derive(value: Live<Derived>) -> reactive::Memo<Derived> {
        reactive::Memo::new(move |_| value())
    }
    fn equal<T: PartialEq + 'static>(a: &dyn Any, b: &dyn Any) -> bool {
        a.downcast_ref::<T>() == b.downcast_ref::<T>()
    }
    let derived = derive(Arc::new(move || Derived { thing: Arc::new(value()), equal: equal::<T> }));
    Memo { derived, of: PhantomData }
}

impl<T: 'static> Memo<T> {
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.try_with_untracked(read).expect("the page is there")
    }

    /// Nothing once the part of the page that the memo belongs to is gone.
    pub fn try_with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        let thing = remembered(self.derived)?;
        Some(read(thing.downcast_ref().expect("made of this type")))
    }

    /// Follows the value without reading it.
    pub fn track(self) {
        self.derived.track();
    }
}

impl<T: Clone + 'static> Memo<T> {
    pub fn get(self) -> T {
        self.with(T::clone)
    }

    pub fn get_untracked(self) -> T {
        self.with_untracked(T::clone)
    }

    pub fn try_get_untracked(self) -> Option<T> {
        self.try_with_untracked(T::clone)
    }
}

fn remembered(memo: reactive::Memo<Derived>) -> Option<Arc<dyn Any + Send + Sync>> {
    memo.try_read_untracked().map(|derived| derived.thing.clone())
}

/// What a future comes to that is made anew when a signal changes that its making reads; nothing before the first one
/// is there. A future that is no longer wanted is dropped.
pub fn awaited<T: 'static, F: Future<Output = T> + 'static>(make: impl Fn() -> F + 'static) -> RwSignal<Option<T>> {
    let found = RwSignal::new(None);
    let mut _work = None;
    effect(move || {
        let coming = make();
        _work = Some(Task::new(async move { found.set(Some(coming.await)) }));
    });
    found
}

impl<T: Default + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        RwSignal::new(T::default())
    }
}

impl<T> Clone for RwSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RwSignal<T> {}

impl<T> fmt::Debug for RwSignal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RwSignal")
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Memo<T> {}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
