//! Models from a hub that speaks TLS with the certificate of a private authority.

use std::fs;

use crate::hub::{Hubbed, ONE};
use crate::hub_server::certificate;

const FOLDER: &str = "or give a folder that has it with --model DIR";

#[test]
fn an_unknown_issuer_is_told_with_what_to_do() {
    let h = Hubbed::with_tls();
    h.publish("a/tiny", &["main"], "gpt2");
    let refused = "failed: model a/tiny: cannot trust HUB: the issuer of its certificate is not known;";
    h.run("--model a/tiny").fails(&format!(
        "{refused} if you trust it, name a file with the issuer's certificate (PEM) in SSL_CERT_FILE, {FOLDER}\n{ONE}"
    ));
    // The server's own certificate is not its issuer's.
    let other = certificate("server.pem").display().to_string();
    h.run_with("--model a/tiny", &[("SSL_CERT_FILE", &other)]).fails(&format!(
        "{refused} add the issuer's certificate to {other}, which SSL_CERT_FILE names, {FOLDER}\n{ONE}"
    ));
    assert!(h.hub.requests().is_empty());
}

#[test]
fn a_known_issuer_is_trusted_by_the_hub_and_its_storage_and_only_the_hub_learns_the_token() {
    let h = Hubbed::with_tls();
    h.publish("a/tiny", &["main"], "gpt2");
    h.hub.gate("a/tiny");
    h.hub.require_token("hf_valid");
    let issuer = certificate("issuer.pem").display().to_string();
    fs::create_dir(h.test.path("trusted")).unwrap();
    fs::copy(&issuer, h.test.path("trusted/issuer.pem")).unwrap();
    h.test.write("trusted/notes.txt", "no certificate");
    let folder = h.test.path("trusted").display().to_string();
    for (variable, value) in [
        ("SSL_CERT_FILE", &issuer),
        ("REQUESTS_CA_BUNDLE", &issuer),
        ("CURL_CA_BUNDLE", &issuer),
        ("REQUESTS_CA_BUNDLE", &folder),
        ("SSL_CERT_DIR", &folder),
    ] {
        let run = h.run_with("--model a/tiny", &[(variable, value), ("HF_TOKEN", "hf_valid")]);
        run.succeeds().prints("prompts: 2 run, 0 already there\n");
        h.forget();
        fs::remove_dir_all(h.test.path("hf/hub")).unwrap();
    }
}

#[test]
fn certificates_that_cannot_be_read_and_addresses_that_are_none_are_named() {
    let h = Hubbed::with_tls();
    let run = |name: &str, value: &str| h.run_with("--model a/tiny", &[(name, value)]);
    let key = certificate("server.key").display().to_string();
    run("SSL_CERT_FILE", &key).fails(&format!(
        "failed: model a/tiny: SSL_CERT_FILE is {key}: it has no certificate in the PEM format; correct it or unset it\n{ONE}"
    ));
    run("REQUESTS_CA_BUNDLE", "/nowhere.pem").fails_with(
        "failed: model a/tiny: REQUESTS_CA_BUNDLE is /nowhere.pem: cannot read /nowhere.pem: ",
        "; correct it or unset it",
    );
    run("HF_ENDPOINT", "localhost:8080").fails(&format!(
        "failed: model a/tiny: HF_ENDPOINT is localhost:8080; it must begin with https:// or http://\n{ONE}"
    ));
    let plain = h.hub.url.replace("https://", "http://");
    run("HF_ENDPOINT", &plain).fails_with(&format!("failed: model a/tiny: cannot reach {plain}: "), FOLDER);
}
