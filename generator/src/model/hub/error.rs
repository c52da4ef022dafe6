//! What the hub refuses, and what to do about it.

use std::fmt;

use hf_hub::Repo;

use super::settings::Settings;
use crate::model::names;

/// Why a request got no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubError {
    /// No connection.
    Unreachable {
        url: String,
        cause: String,
    },
    /// A server whose certificate is not to be trusted.
    Untrusted {
        url: String,
        cause: String,
        unknown_issuer: bool,
    },
    /// A connection that broke in the middle of a file.
    Broken(String),
    /// An answer that no hub gives.
    Odd {
        url: String,
        what: String,
    },
    /// There is no such model, or it is private: the hub does not tell the difference.
    NoModel,
    NoRevision,
    NoFile,
    /// The model's owner decides who gets it.
    Gated,
    /// The token is not a valid one.
    BadToken,
    /// Any other refusal.
    Status {
        code: u16,
        message: String,
    },
}

impl HubError {
    /// By the status and by the headers `X-Error-Code` and `X-Error-Message`.
    pub(super) fn refused(code: u16, error: &str, message: &str) -> Self {
        match (error, code) {
            ("RepoNotFound", _) => HubError::NoModel,
            ("RevisionNotFound", _) => HubError::NoRevision,
            ("EntryNotFound", _) => HubError::NoFile,
            ("GatedRepo", _) => HubError::Gated,
            (_, 401) if message.contains("Invalid credentials") => HubError::BadToken,
            // Who has no token learns nothing about what there is.
            (_, 401) => HubError::NoModel,
            _ => HubError::Status { code, message: message.to_owned() },
        }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            HubError::Unreachable { .. } | HubError::Broken(_) => true,
            HubError::Status { code, .. } => matches!(code, 408 | 429 | 500..),
            _ => false,
        }
    }

    /// Whether what the cache has may take the place of an answer. What the hub says is not there is not.
    pub fn leaves_the_cache(&self) -> bool {
        !matches!(self, HubError::NoRevision | HubError::NoFile)
    }

    /// What to tell the user.
    pub fn explain(&self, repo: &Repo, settings: &Settings) -> String {
        let (id, revision, endpoint) = (repo.url(), repo.revision(), &settings.endpoint);
        let folder = "or give a folder that has it with --model DIR";
        let log_in =
            format!("set HF_TOKEN to a token of yours ({endpoint}/settings/tokens), or log in with `hf auth login`");
        match self {
            HubError::Unreachable { .. } | HubError::Broken(_) | HubError::Odd { .. } => {
                let meant = names::meant(&id);
                format!("{self}; see to the connection, to HF_ENDPOINT and to the proxy, {folder}{meant}")
            }
            HubError::Untrusted { unknown_issuer: true, .. } => match settings.certificates.first() {
                Some((variable, path)) => format!(
                    "{self}; add the issuer's certificate to {}, which {variable} names, {folder}",
                    path.display()
                ),
                None => format!(
                    "{self}; if you trust it, name a file with the issuer's certificate (PEM) in SSL_CERT_FILE, {folder}"
                ),
            },
            HubError::Untrusted { .. } => {
                format!("{self}; see to that certificate, to HF_ENDPOINT and to the proxy, {folder}")
            }
            HubError::NoModel => {
                let private = match &settings.token {
                    Some(token) => format!("or the token from {} may not see it", token.origin),
                    None => format!("or it is private or gated: then {log_in}"),
                };
                let meant = names::meant(&id);
                format!("{endpoint} has no model {id}, {private}; `lens-build models` lists names, {folder}{meant}")
            }
            HubError::NoRevision => {
                format!("{id} has no revision {revision}; {endpoint}/{id}/tree/main lists its branches and tags")
            }
            HubError::NoFile => format!("{id} at {revision} has no config.json, so it is no model that can be run"),
            HubError::Gated => match &settings.token {
                Some(token) => format!(
                    "{id} is gated, and the token from {} has no access to it: ask for access and accept the licence at \
                     {endpoint}/{id} with the account that the token belongs to, and let the token read gated \
                     repositories; {folder}",
                    token.origin
                ),
                None => format!("{id} is gated: accept its licence at {endpoint}/{id}, then {log_in}; {folder}"),
            },
            HubError::BadToken => match &settings.token {
                Some(token) => format!(
                    "{endpoint} does not accept the token from {}: correct or remove it; \
                     {endpoint}/settings/tokens has yours",
                    token.origin
                ),
                None => format!("{endpoint} asks for a token: {log_in}"),
            },
            HubError::Status { code: 403, .. } => {
                format!("{self}: {id} may be gated or private; see {endpoint}/{id}, then {log_in}; {folder}")
            }
            HubError::Status { .. } => format!("{self}; try again later, {folder}"),
        }
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HubError::Unreachable { url, cause } => write!(f, "cannot reach {url}: {cause}"),
            HubError::Untrusted { url, cause, .. } => write!(f, "cannot trust {url}: {cause}"),
            HubError::Broken(cause) => write!(f, "the connection broke: {cause}"),
            HubError::Odd { url, what } => write!(f, "{url} does not answer like a hub: {what}"),
            HubError::NoModel => f.write_str("there is no such model"),
            HubError::NoRevision => f.write_str("there is no such revision"),
            HubError::NoFile => f.write_str("there is no such file"),
            HubError::Gated => f.write_str("the model is gated"),
            HubError::BadToken => f.write_str("the token is not valid"),
            HubError::Status { code, message } if message.is_empty() => write!(f, "the hub answers with status {code}"),
            HubError::Status { code, message } => write!(f, "the hub answers with status {code} ({message})"),
        }
    }
}

impl std::error::Error for HubError {}
