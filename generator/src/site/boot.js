// Starts the viewer; where that is not possible the page says why, and shows what it has for readers without scripts.
{
    const script = document.currentScript;
    // The theme that was chosen is there before anything is painted; the viewer reads it from the same places.
    let theme = new URLSearchParams(location.search).get("theme");
    try {
        theme ??= localStorage.getItem("theme");
    } catch {
        // Storage is switched off.
    }
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    const asset = (name) => new URL(name, script.src).href;
    const status = document.getElementById("status");
    // Strings become paragraphs, those in arrays commands.
    const say = (title, ...lines) => {
        const add = (name, text) => status.appendChild(document.createElement(name)).textContent = text;
        status.textContent = "";
        add("h2", title);
        for (const line of lines) Array.isArray(line) ? add("pre", line[0]) : add("p", line);
        status.hidden = false;
        const show = () => {
            document.querySelector(".page-skeleton")?.remove();
            const plain = document.getElementById("plain");
            plain?.before(status);
            // The page's own markup, in which all texts are escaped.
            if (plain) plain.outerHTML = plain.textContent;
        };
        document.readyState === "loading" ? addEventListener("DOMContentLoaded", show) : show();
    };
    if (location.protocol === "file:") {
        let folder = decodeURIComponent(location.pathname.replace(/[^/]*$/, "").replace(/^\/(?=[a-z]:)/i, ""));
        if (folder.length > 1) folder = folder.slice(0, -1);
        if (/[^\w./:-]/.test(folder)) folder = '"' + folder + '"';
        say("This page has to be served",
            "Browsers do not let a page that was opened from disk read its data. Run this, and open the address that it prints:",
            ["lens-build serve --out " + folder],
            "Any other web server will do:",
            ["python3 -m http.server --directory " + folder]);
    } else if (typeof WebAssembly !== "object") {
        say("The viewer needs WebAssembly",
            "This browser has none, or it is switched off. Another browser, or its normal security level, will do.");
    } else {
        import(asset(script.dataset.js))
            .then((viewer) => viewer.default({ module_or_path: asset(script.dataset.wasm) }))
            .then(() => status.remove())
            .catch((error) => {
                say("The viewer did not start",
                    error + ". Reload the page; if that does not help, the site was not copied whole.");
                throw error;
            });
    }
}
