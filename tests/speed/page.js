// Runs in the measured page from its very beginning: takes the steps one after the other, looks once a frame whether a
// step is done, and notes when that was. A step without an act goes on from the act before it.
window.speed = (() => {
    const steps = [/* steps */];
    const notes = { steps: [], tasks: [], over: steps.length === 0 };
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) notes.tasks.push([task.startTime, task.duration]);
    }).observe({ type: "longtask", buffered: true });
    let at = 0;
    let begun = 0;
    let acted = false;
    const is_done = (step) => {
        try {
            return step.done();
        } catch {
            return false;
        }
    };
    const look = () => {
        while (at < steps.length) {
            const step = steps[at];
            if (step.act && !acted) {
                acted = true;
                begun = performance.now();
                step.act();
            }
            if (!is_done(step)) break;
            const note = { begun, done: performance.now(), painted: null };
            notes.steps.push(note);
            requestAnimationFrame(() => requestAnimationFrame((now) => (note.painted = now)));
            at += 1;
            acted = false;
            // What is done by the reader takes a frame of its own.
            if (steps[at]?.act) break;
        }
        notes.over = at === steps.length && notes.steps.every((note) => note.painted !== null);
        if (!notes.over) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);

    // Scrolls the page from its top to its bottom; the milliseconds between frames.
    notes.scroll = (ms) => new Promise((end) => {
        const page = document.scrollingElement;
        const way = page.scrollHeight - page.clientHeight;
        const gaps = [];
        let first = null;
        let last = null;
        const frame = (now) => {
            if (last !== null) gaps.push(now - last);
            first ??= now;
            last = now;
            page.scrollTop = (way * (now - first)) / ms;
            if (now - first < ms) requestAnimationFrame(frame);
            else end(gaps);
        };
        requestAnimationFrame(frame);
    });

    // The next movement of the mouse: milliseconds from the input until the text of an element is another, and until
    // the frame with it is finished.
    notes.hover = (selector) => {
        const element = () => document.querySelector(selector)?.textContent;
        const before = element();
        notes.hovered = new Promise((end) => {
            let input = null;
            addEventListener("pointermove", (event) => (input ??= event.timeStamp), { capture: true, once: true });
            const give_up = setTimeout(() => end(null), 2000);
            const observer = new MutationObserver(() => {
                if (input === null || element() === before) return;
                observer.disconnect();
                clearTimeout(give_up);
                const text = performance.now() - input;
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => end([text, performance.now() - input]);
                requestAnimationFrame(() => port2.postMessage(null));
            });
            observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        });
    };
    return notes;
})();
