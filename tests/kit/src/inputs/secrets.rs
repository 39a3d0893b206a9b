use k8s_openapi::ByteString;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::SECRETS;
use super::{Taste, pick};

/// Pairs that were made for tests and protect nothing.
macro_rules! pem {
    ($file:literal) => {
        include_str!(concat!("../../../../src/watch/decode/secret/pairs/", $file))
    };
}

/// Key and certificate of Secrets that listeners can serve.
const PAIRS: &[(&str, &str)] = &[
    (pem!("ec.key"), pem!("ec.crt")),
    (pem!("rsa-pkcs8.key"), pem!("rsa.crt")),
    (pem!("ec-with-parameters.key"), pem!("ec.crt")),
    (pem!("ec.key"), pem!("ec-expired.crt")),
];

/// What is no pair, or none that Kuma serves.
const NASTY_PAIRS: &[(&str, &str)] = &[
    (pem!("ec.crt"), pem!("ec.key")),
    (pem!("other.key"), pem!("ec.crt")),
    (pem!("ed25519.key"), pem!("ed25519.crt")),
    (pem!("rsa-1024.key"), pem!("rsa-1024.crt")),
    (pem!("encrypted-pkcs8.key"), pem!("ec.crt")),
    ("garbage", "garbage"),
    ("", ""),
];

/// The Secrets that listeners name, each there or not.
pub(super) fn secrets(taste: Taste) -> impl Strategy<Value = Vec<Value>> {
    let all: Vec<_> = SECRETS.iter().map(|(namespace, name)| secret(taste, namespace, name)).collect();
    all.prop_map(|all| all.into_iter().flatten().collect())
}

fn secret(taste: Taste, namespace: &'static str, name: &'static str) -> impl Strategy<Value = Option<Value>> {
    const SHAPES: &[&str] = &["pair", "pair", "pair", "pair", "half", "opaque", "missing"];
    let odd = prop::bool::weighted(if taste == Taste::Nasty { 0.5 } else { 0.0 });
    (pick(SHAPES), pick(PAIRS), odd, pick(NASTY_PAIRS)).prop_map(move |(shape, pair, odd, nasty_pair)| {
        let (key, certificate) = if odd { nasty_pair } else { pair };
        let key = if shape == "half" { "" } else { key };
        let bytes = |text: &str| json!(ByteString(text.as_bytes().to_vec()));
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": if shape == "opaque" { "Opaque" } else { "kubernetes.io/tls" },
            "metadata": {"namespace": namespace, "name": name},
            "data": {"tls.key": bytes(key), "tls.crt": bytes(certificate)},
        });
        (shape != "missing").then_some(secret)
    })
}
