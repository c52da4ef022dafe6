//! Where the hub is, where its cache lies and who asks, by the variables that Python's `huggingface_hub` defines.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The hub unless `HF_ENDPOINT` names another.
const ENDPOINT: &str = "https://huggingface.co";
/// As Python's `requests` and OpenSSL name a file of certificates, or a folder of such files.
const CERTIFICATES: [&str; 3] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
/// OpenSSL's list of folders of certificates, which passes over folders that are not there.
const CERTIFICATE_FOLDERS: &str = "SSL_CERT_DIR";
/// Seconds that the hub may be silent.
const TIMEOUT: u64 = 10;

/// How the hub is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `HF_ENDPOINT`, without a slash at its end.
    pub endpoint: String,
    /// The folder that has a folder for each model: `HF_HUB_CACHE`, else `HF_HOME/hub`.
    pub cache: PathBuf,
    /// `HF_TOKEN`, else what the token file says.
    pub token: Option<Token>,
    /// `HF_HUB_OFFLINE`: nothing is asked, the cache is all there is.
    pub offline: bool,
    /// Variables that name certificates to trust instead of the usual ones, and the file or folder that each names.
    pub certificates: Vec<(&'static str, PathBuf)>,
    /// How long to wait for the beginning of an answer.
    pub answer_timeout: Duration,
    /// How long to wait for the next bytes of a file.
    pub read_timeout: Duration,
}

/// A secret, and the place that it comes from.
#[derive(Clone)]
pub struct Token {
    pub value: String,
    pub origin: String,
}

impl fmt::Debug for Token {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token from {}", self.origin)
    }
}

impl Settings {
    pub fn from_env() -> Settings {
        let variable = |name: &str| std::env::var(name).ok();
        Settings::read(&variable, &std::env::home_dir().unwrap_or_default())
    }

    fn read(variable: &dyn Fn(&str) -> Option<String>, home: &Path) -> Settings {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let path = |name: &str| variable(name).map(|value| expand(&value, &variable, home));
        let is_on = |name: &str| variable(name).is_some_and(|v| is_true(&v));
        let seconds = |name: &str| variable(name).and_then(|v| v.trim().parse().ok()).filter(|s| *s > 0);
        let timeout = |name: &str| Duration::from_secs(seconds(name).unwrap_or(TIMEOUT));

        let user_cache = path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache"));
        let hf_home = path("HF_HOME").unwrap_or_else(|| user_cache.join("huggingface"));
        let cache = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE"));
        let token_file = path("HF_TOKEN_PATH").unwrap_or_else(|| hf_home.join("token"));
        let from_variable = |name: &str| token(&variable(name)?, name);
        let from_file = || token(&std::fs::read_to_string(&token_file).ok()?, &token_file.display().to_string());
        let token = from_variable("HF_TOKEN").or_else(|| from_variable("HUGGING_FACE_HUB_TOKEN")).or_else(from_file);
        let files = CERTIFICATES.into_iter().filter_map(|name| Some((name, path(name)?)));
        let folders = variable(CERTIFICATE_FOLDERS).unwrap_or_default();
        let folders = std::env::split_paths(&folders).filter(|folder| folder.is_dir());
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        Settings {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache: cache.unwrap_or_else(|| hf_home.join("hub")),
            token: token.filter(|_| !is_on("HF_HUB_DISABLE_IMPLICIT_TOKEN")),
            offline: variable("HF_HUB_OFFLINE")
                .or_else(|| variable("TRANSFORMERS_OFFLINE"))
                .is_some_and(|v| is_true(&v)),
            certificates: files.chain(folders.map(|folder| (CERTIFICATE_FOLDERS, folder))).collect(),
            answer_timeout: timeout("HF_HUB_ETAG_TIMEOUT"),
            read_timeout: timeout("HF_HUB_DOWNLOAD_TIMEOUT"),
        }
    }
}

fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].iter().any(|yes| yes.eq_ignore_ascii_case(value))
}

/// A token without the spaces and line ends that copying it has brought along.
fn token(value: &str, origin: &str) -> Option<Token> {
    let value = value.replace(['\r', '\n'], "").trim().to_owned();
    (!value.is_empty()).then(|| Token { value, origin: origin.to_owned() })
}

/// A path with `~` and variables in it, as Python's `expanduser` and `expandvars` read it: unknown variables stay.
fn expand(value: &str, variable: &dyn Fn(&str) -> Option<String>, home: &Path) -> PathBuf {
    let mut text = match value.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", home.display()),
        _ => value.to_owned(),
    };
    let mut from = 0;
    while let Some(at) = text[from..].find('$').map(|i| i + from) {
        let rest = &text[at + 1..];
        let (name, end) = match rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
            Some((name, _)) => (name, at + name.len() + 3),
            None => {
                let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
                (name, at + 1 + name.len())
            }
        };
        match variable(name) {
            Some(value) => {
                text.replace_range(at..end, &value);
                from = at + value.len();
            }
            None => from = at + 1,
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Settings {
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Settings::read(&variable, Path::new("/home/me"))
    }

    #[test]
    fn the_cache_is_where_python_has_it() {
        let cache = |variables: &[(&str, &str)]| read(variables).cache.display().to_string();
        assert_eq!(cache(&[]), "/home/me/.cache/huggingface/hub");
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x")]), "/x/huggingface/hub");
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "~/hf")]), "/home/me/hf/hub");
        assert_eq!(cache(&[("HF_HOME", "$DISK/hf"), ("DISK", "/big")]), "/big/hf/hub");
        assert_eq!(cache(&[("HF_HOME", "${DISK}1/$NONE"), ("DISK", "/big")]), "/big1/$NONE/hub");
        assert_eq!(cache(&[("HF_HOME", "/a"), ("HUGGINGFACE_HUB_CACHE", "/b")]), "/b");
        assert_eq!(cache(&[("HUGGINGFACE_HUB_CACHE", "/b"), ("HF_HUB_CACHE", "/c")]), "/c");
        assert_eq!(cache(&[("HF_HOME", "")]), "/home/me/.cache/huggingface/hub");
    }

    #[test]
    fn switches_are_on_as_python_has_it() {
        for on in ["1", "true", "YES", "On"] {
            assert!(read(&[("HF_HUB_OFFLINE", on)]).offline, "{on}");
        }
        for off in ["0", "false", "", "2"] {
            assert!(!read(&[("HF_HUB_OFFLINE", off)]).offline, "{off}");
        }
        assert!(read(&[("TRANSFORMERS_OFFLINE", "1")]).offline);
        assert!(!read(&[("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1")]).offline);
        assert_eq!(read(&[]).endpoint, "https://huggingface.co");
        assert_eq!(read(&[("HF_ENDPOINT", "http://localhost:1/")]).endpoint, "http://localhost:1");
        assert_eq!(read(&[("HF_HUB_DOWNLOAD_TIMEOUT", "3")]).read_timeout, Duration::from_secs(3));
        assert_eq!(read(&[("HF_HUB_ETAG_TIMEOUT", "soon")]).answer_timeout, Duration::from_secs(10));
    }

    #[test]
    fn certificates_are_where_python_and_openssl_look() {
        let dir = tempfile::tempdir().unwrap();
        let folders = format!("/nowhere:{}", dir.path().display());
        let all = [("SSL_CERT_DIR", folders.as_str()), ("SSL_CERT_FILE", "~/ca.pem"), ("REQUESTS_CA_BUNDLE", "/b.pem")];
        let found = read(&all).certificates;
        let expected = [
            ("REQUESTS_CA_BUNDLE", Path::new("/b.pem")),
            ("SSL_CERT_FILE", Path::new("/home/me/ca.pem")),
            ("SSL_CERT_DIR", dir.path()),
        ];
        assert_eq!(found, expected.map(|(name, path)| (name, path.to_path_buf())));
        assert!(read(&[("SSL_CERT_DIR", "/nowhere"), ("CURL_CA_BUNDLE", "")]).certificates.is_empty());
    }

    #[test]
    fn a_token_comes_from_variables_before_files_and_is_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().display().to_string();
        std::fs::write(dir.path().join("token"), "hf_file\n").unwrap();
        let token = |variables: &[(&str, &str)]| {
            let all: Vec<_> = [("HF_HOME", home.as_str())].iter().chain(variables).copied().collect();
            read(&all).token.map(|t| (t.value, t.origin.replace(&home, "HOME")))
        };
        let found = |value: &str, origin: &str| Some((value.to_owned(), origin.to_owned()));
        assert_eq!(token(&[]), found("hf_file", "HOME/token"));
        assert_eq!(token(&[("HUGGING_FACE_HUB_TOKEN", "old")]), found("old", "HUGGING_FACE_HUB_TOKEN"));
        assert_eq!(token(&[("HUGGING_FACE_HUB_TOKEN", "old"), ("HF_TOKEN", " new\n")]), found("new", "HF_TOKEN"));
        assert_eq!(token(&[("HF_TOKEN_PATH", "/nowhere")]), None);
        assert_eq!(token(&[("HF_TOKEN", "new"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);
        assert!(!format!("{:?}", read(&[("HF_TOKEN", "secret")])).contains("secret"));
    }
}
