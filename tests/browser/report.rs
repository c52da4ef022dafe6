//! What a clean page does not do.

use serde_json::Value;

/// A line about an event that a clean page on `site` does not cause.
pub fn report(event: &Value, site: &str) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.consoleAPICalled" => {
            let words = params["args"].as_array()?.iter();
            let words: Vec<String> = words
                .map(|a| a["value"].as_str().map_or_else(|| a["description"].to_string(), str::to_owned))
                .collect();
            Some(format!("console.{}: {}", params["type"].as_str()?, words.join(" ")))
        }
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            Some(format!("exception: {} {}", details["text"], details["exception"]["description"]))
        }
        "Log.entryAdded" => {
            let entry = &params["entry"];
            Some(format!("log {}: {} {}", entry["level"], entry["text"], entry["url"]))
        }
        "Network.requestWillBeSent" => {
            let url = params["request"]["url"].as_str()?;
            let own = url.starts_with(&format!("{site}/")) || url.starts_with("data:") || url.starts_with("blob:");
            (!own).then(|| format!("foreign request: {url}"))
        }
        "Network.responseReceived" => {
            let response = &params["response"];
            (response["status"].as_u64()? >= 400).then(|| format!("status {}: {}", response["status"], response["url"]))
        }
        _ => None,
    }
}
