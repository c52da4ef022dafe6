// Fetches parts of the program when they are asked for. They use the program's own memory and table of functions.
import { initSync } from "./program.js";

const begun = new Map();

async function instantiate(file) {
    const response = await fetch(new URL(file, import.meta.url));
    if (!response.ok) throw new Error(`${file}: the server answers ${response.status}`);
    const imports = { __wasm_split: initSync() };
    // Some servers give it another media type, which is refused while it streams.
    response.headers.get("Content-Type") === "application/wasm"
        ? await WebAssembly.instantiateStreaming(response, imports)
        : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
}

// A file that several parts need must not begin anew: what it had changed in memory would be lost.
function once(file) {
    if (!begun.has(file)) begun.set(file, instantiate(file));
    return begun.get(file);
}

// Tells the function at `callback` in the table whether all files are there.
function load(files) {
    return async (callback, data) => {
        const found = await Promise.allSettled(files.map(once));
        found.forEach(({ reason }) => reason && console.error(reason));
        initSync().__indirect_function_table.get(callback)(data, !found.some(({ reason }) => reason));
    };
}

