//! What surrounds a page: the window, the system, the network, the clipboard and the folder of downloads.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{PATIENCE, Page};

impl Page {
    /// Window size in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let mobile = width < 600;
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.tab.call("Emulation.setDeviceMetricsOverride", params);
        self.tab.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": mobile }));
    }

    /// What the reader's system prefers: `("prefers-color-scheme", "dark")`.
    pub fn prefer(&mut self, feature: &str, value: &str) {
        self.emulate(feature, value);
        self.settle();
    }

    /// The same without waiting for a frame, for a page without scripts.
    pub fn emulate(&mut self, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        self.tab.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Whether pages that are loaded from now on run scripts. What waits for frames needs them.
    pub fn scripts(&mut self, run: bool) {
        self.tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    /// Answers every request later, in milliseconds.
    pub fn delay(&mut self, latency: u32) {
        let params = json!({ "offline": false, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.tab.call("Network.emulateNetworkConditions", params);
    }

    /// Runs a script before those of every page that is loaded from now on.
    pub fn before_pages(&mut self, script: &str) {
        self.tab.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Lets the page save files, into this folder.
    pub fn save_into(&mut self, folder: &Path) {
        let params = json!({ "behavior": "allow", "downloadPath": folder, "browserContextId": self.context });
        self.profile.call("Browser.setDownloadBehavior", params);
    }

    /// The one file in a folder, once it is complete: its name and its bytes. It is taken out.
    pub fn saved(&mut self, folder: &Path) -> (String, Vec<u8>) {
        let end = Instant::now() + PATIENCE;
        loop {
            let files = std::fs::read_dir(folder).expect("the folder is there");
            let name = files.flatten().map(|file| file.file_name().to_string_lossy().into_owned()).next();
            // Before that, the browser gives it another ending, and the name of a hidden file.
            if let Some(name) = name.filter(|name| !name.ends_with(".crdownload") && !name.starts_with('.')) {
                let file = folder.join(&name);
                let bytes = std::fs::read(&file).expect("a complete file can be read");
                std::fs::remove_file(&file).expect("a complete file can be removed");
                return (name, bytes);
            }
            assert!(Instant::now() < end, "waited {PATIENCE:?} for a file");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the page put on the clipboard.
    pub fn clipboard(&mut self) -> String {
        let text = self.eval("navigator.clipboard.readText()");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Lets the page read and write the clipboard.
    pub fn allow_clipboard(&mut self) {
        let permissions = json!(["clipboardReadWrite", "clipboardSanitizedWrite"]);
        let params = json!({ "permissions": permissions, "browserContextId": self.context });
        self.profile.call("Browser.grantPermissions", params);
    }
}
