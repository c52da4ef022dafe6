// Runs the viewer's program in a worker, where it inflates for the page: one answer for each message, in their order.
let started;
onmessage = ({ data }) => {
    if (!started) {
        started = import(data.js).then((viewer) => {
            viewer.initSync({ module: data.module });
            return viewer.inflate;
        });
        return;
    }
    started
        .then((inflate) => inflate(...data))
        .catch(() => undefined) // The page inflates it itself.
        .then((content) => postMessage(content, content ? [content.buffer] : []));
};
