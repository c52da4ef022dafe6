//! Closures behind pointers. Leptos compiles its machinery for every closure that it is given; for these it does so
//! once for every type of value, which is what most of the program's size depends on.

use std::sync::Arc;

use leptos::prelude::*;

/// A closure that a view follows.
pub type Live<T> = Arc<dyn Fn() -> T + Send + Sync>;

/// An attribute's, class's, style's or property's value that follows what it reads.
pub fn live<T: 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Live<T> {
    Arc::new(value)
}

/// [`Effect::new`] for a closure that keeps nothing.
pub fn effect(run: impl FnMut() + 'static) {
    fn erased(run: Box<dyn FnMut()>) {
        Effect::new(run);
    }
    erased(Box::new(run));
}

/// A part of a view that is made anew when what it reads changes.
pub fn part<V: IntoAny>(view: impl Fn() -> V + Send + Sync + 'static) -> AnyView {
    fn erased(view: Live<AnyView>) -> AnyView {
        (move || view()).into_any()
    }
    erased(Arc::new(move || view().into_any()))
}

/// An event listener.
pub fn on<E: 'static>(listen: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(listen)
}
