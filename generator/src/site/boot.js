// Starts the viewer; where that is not possible the page says why, instead of staying blank.
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
    const say = (text) => {
        status.textContent = text;
        status.hidden = false;
    };
    if (location.protocol === "file:") {
        say("Browsers do not let a page that was opened from disk read its data. " +
            "Serve this folder and open the address that is printed: lens-build serve --out FOLDER");
    } else if (typeof WebAssembly !== "object") {
        say("This browser has no WebAssembly, or it is switched off. The viewer needs it.");
    } else {
        import(asset(script.dataset.js))
            .then((viewer) => viewer.default({ module_or_path: asset(script.dataset.wasm) }))
            .then(() => status.remove())
            .catch((error) => {
                say("The viewer did not start: " + error + ". Reload the page; if that does not help, " +
                    "the site was not copied whole.");
                throw error;
            });
    }
}
