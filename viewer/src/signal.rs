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

/// A value that is followed by who reads it: a [`RwSignal`] or a [`Memo`], as its node in the reactive graph says.
pub struct Signal<N, T> {
    node: N,
    of: PhantomData<fn() -> T>,
}

/// A value that is read and written.
pub type RwSignal<T> = Signal<Source, T>;

/// A value that follows from signals, and tells who reads it when it becomes another.
pub type Memo<T> = Signal<Derivation, T>;

type Source = reactive::RwSignal<Thing, LocalStorage>;
type Derivation = reactive::Memo<Derived>;

/// What the reactive graph knows of a signal.
pub trait Node: Copy {
    fn follow(self);

    /// Nothing once the part of the page that the node belongs to is gone.
    fn read<R>(self, read: impl FnOnce(&dyn Any) -> R) -> Option<R>;
}

impl<N: Node, T: 'static> Signal<N, T> {
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        self.try_with_untracked(read).expect("the page is there")
    }

    /// Nothing once the part of the page that the signal belongs to is gone.
    pub fn try_with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.node.read(|thing| read(thing.downcast_ref().expect("made of this type")))
    }

    /// Follows the value without reading it.
    pub fn track(self) {
        self.node.follow();
    }
}

impl<N: Node, T: Clone + 'static> Signal<N, T> {
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

impl<T: 'static> RwSignal<T> {
    pub fn new(value: T) -> Self {
        fn signal(thing: Thing) -> Source {
            Source::new_local(thing)
        }
        Signal { node: signal(Box::new(value)), of: PhantomData }
    }

    /// Changes the value and tells who follows; nothing once the signal's part of the page is gone.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        if let Some(mut thing) = self.node.try_write() {
            change(thing.downcast_mut().expect("made of this type"));
        }
    }

    pub fn set(self, value: T) {
        self.update(|now| *now = value);
    }
}

impl Node for Source {
    fn follow(self) {
        self.track();
    }

    fn read<R>(self, read: impl FnOnce(&dyn Any) -> R) -> Option<R> {
        readable(self).map(|thing| read(&**thing))
    }
}

fn readable(source: Source) -> Option<impl Deref<Target = Thing>> {
    source.try_read_untracked()
}

/// What a memo holds, and how it is compared to another of its type.
#[derive(Clone, Debug)]
pub struct Derived {
    thing: Arc<dyn Any + Send + Sync>,
    equal: fn(&dyn Any, &dyn Any) -> bool,
}

impl PartialEq for Derived {
    fn eq(&self, other: &Self) -> bool {
        (self.equal)(&*self.thing, &*other.thing)
    }
}

/// A memo of what a closure makes of the signals that it reads.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn derive(value: Live<Derived>) -> Derivation {
        Derivation::new(move |_| value())
    }
    fn equal<T: PartialEq + 'static>(a: &dyn Any, b: &dyn Any) -> bool {
        a.downcast_ref::<T>() == b.downcast_ref::<T>()
    }
    let node = derive(Arc::new(move || Derived { thing: Arc::new(value()), equal: equal::<T> }));
    Signal { node, of: PhantomData }
}

impl Node for Derivation {
    fn follow(self) {
        self.track();
    }

    fn read<R>(self, read: impl FnOnce(&dyn Any) -> R) -> Option<R> {
        remembered(self).map(|thing| read(&*thing))
    }
}

fn remembered(derivation: Derivation) -> Option<Arc<dyn Any + Send + Sync>> {
    derivation.try_read_untracked().map(|derived| derived.thing.clone())
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

impl<N: Copy, T> Clone for Signal<N, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Copy, T> Copy for Signal<N, T> {}

impl<N, T> fmt::Debug for Signal<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signal")
    }
}
