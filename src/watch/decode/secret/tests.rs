use dataflows::manifest;
use dataflows::model::{Certificate, Kind, ObjectName, Observed, Settings};
use serde_json::json;

use super::super::{Decoded, decode};
use super::*;

/// A file beside this one. All were made for these tests with `openssl`, and protect nothing.
macro_rules! pem {
    ($file:literal) => {
        include_str!(concat!("pairs/", $file))
    };
}

fn base64(bytes: &[u8]) -> Value {
    json!(ByteString(bytes.to_vec()))
}

fn secret(key: &str, certificate: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop", "namespace": "infra"},
        "type": TLS_SECRET,
        "data": {"tls.key": base64(key.as_bytes()), "tls.crt": base64(certificate.as_bytes())},
    })
}

fn decoded(object: &Value) -> Decoded {
    decode(&Settings::default(), object).expect("a Secret can be decoded")
}

fn problem(object: &Value) -> Option<CertificateProblem> {
    let decoded = decoded(object);
    let fact = &decoded.updates[0].facts[0];
    let content = fact.row.get::<Certificate>().expect("a TLS Secret is a certificate").content;
    assert_eq!(content.ok(), decoded.copy.as_ref().map(CopyValue::content), "bytes for what rows say, and no others");
    content.err()
}

/// What a copy holds, through the one door there is.
fn copied(key: &str, certificate: &str) -> String {
    let decoded = decoded(&secret(key, certificate));
    let certificate = decoded.updates[0].facts[0].row.get::<Certificate>().expect("a certificate").clone();
    let content = certificate.content.expect("a good pair");
    let plan = dataflows::model::SecretCopyPlan { mesh: "default".into(), certificate, content };
    let copy = ObjectName::new(Kind::Secret, "kuma-system", "copy");
    let desired = dataflows::model::Desired::new(copy, dataflows::model::Content::SecretCopy(plan.into()));
    let vault = crate::vault::Vault::default();
    vault.keep(&decoded.object, decoded.copy);
    let rendered = vault.render(&Settings::default(), &desired).expect("the vault holds it");
    let observed = manifest::observe(&Settings::default(), Kind::Secret, &rendered).expect("it has a name");
    assert_eq!(observed.fingerprint, manifest::fingerprint(&Settings::default(), &desired), "it shows what is desired");
    let value: ByteString = serde_json::from_value(rendered["data"]["value"].clone()).expect("base64");
    String::from_utf8(value.0).expect("text")
}

#[test]
fn a_copy_holds_the_key_and_then_the_certificates_as_they_are() {
    for (key, certificate) in [
        (pem!("ec.key"), pem!("ec.crt")),
        (pem!("ec-pkcs8.key"), pem!("ec.crt")),
        (pem!("p384.key"), pem!("p384.crt")),
        (pem!("rsa-pkcs1.key"), pem!("rsa.crt")),
        (pem!("rsa-pkcs8.key"), pem!("rsa.crt")),
        (pem!("ec.key"), pem!("ec-expired.crt")),
        // Signed by the other one, and of version 1, as older tools make them.
        (pem!("other.key"), pem!("other.crt")),
    ] {
        assert_eq!(copied(key, certificate), [key, certificate].concat());
        let chain = [certificate, pem!("rsa.crt")].concat();
        assert_eq!(copied(key, &chain), [key, &chain].concat());
    }
}

#[test]
fn what_kuma_cannot_read_is_left_out_of_the_copy() {
    let clean = [pem!("ec.key"), pem!("ec.crt")].concat();
    assert_eq!(copied(pem!("ec-with-parameters.key"), pem!("ec.crt")), clean);
    assert_eq!(copied(pem!("ec.key").trim_end(), pem!("ec.crt").trim_end()), clean);
    assert_eq!(copied(pem!("ec.key"), &format!("subject=CN = a.example\n\n{}", pem!("ec.crt"))), clean);
    assert_eq!(copied(&pem!("ec.key").replace('\n', "\r\n"), pem!("ec.crt")), clean);
    // A whole pair in one file, and put into both halves.
    assert_eq!(copied(&clean, &clean), clean);
}

#[test]
fn what_cannot_be_served_says_which_half_and_why() {
    use CertificateProblem::{Encrypted, Malformed, Mismatch, Missing, SeveralKeys, Swapped, UnsupportedKey};
    let check = |key: &str, certificate: &str, expected| {
        assert_eq!(problem(&secret(key, certificate)), Some(expected), "{key}{certificate}");
    };
    let (key, certificate) = (pem!("ec.key"), pem!("ec.crt"));
    check("", certificate, Missing(Half::Key));
    check(key, "", Missing(Half::Certificate));
    check("garbage", certificate, Malformed(Half::Key));
    check(key, "garbage", Malformed(Half::Certificate));
    check(&key[..120], certificate, Malformed(Half::Key));
    check(key, &certificate.replacen("MII", "AAA", 1), Malformed(Half::Certificate));
    check(key, &[certificate, &certificate.replacen("MII", "AAA", 1)].concat(), Malformed(Half::Certificate));
    check(certificate, key, Swapped(Half::Key));
    check(key, key, Swapped(Half::Certificate));
    check(pem!("encrypted-pkcs8.key"), certificate, Encrypted);
    check(pem!("encrypted-sec1.key"), certificate, Encrypted);
    check(&[key, key].concat(), certificate, SeveralKeys);
    check(pem!("ed25519.key"), pem!("ed25519.crt"), UnsupportedKey);
    check(pem!("rsa-1024.key"), pem!("rsa-1024.crt"), UnsupportedKey);
    check(pem!("other.key"), certificate, Mismatch);
    check(pem!("rsa-pkcs1.key"), certificate, Mismatch);
    // The certificate of the issuer first.
    check(pem!("other.key"), &[pem!("ec.crt"), pem!("other.crt")].concat(), Mismatch);
}

#[test]
fn data_of_any_shape_is_no_certificate() {
    let with = |data: Value| {
        let mut object = secret(pem!("ec.key"), pem!("ec.crt"));
        object["data"] = data;
        problem(&object)
    };
    assert_eq!(with(Value::Null), Some(CertificateProblem::Missing(Half::Key)));
    assert_eq!(with(json!("text")), Some(CertificateProblem::Missing(Half::Key)));
    assert_eq!(with(json!({"tls.key": 5, "tls.crt": []})), Some(CertificateProblem::Malformed(Half::Key)));
    assert_eq!(with(json!({"tls.key": "%%%", "tls.crt": "x"})), Some(CertificateProblem::Malformed(Half::Key)));
    let huge = base64(&vec![b'x'; SECRET_BYTES_MAX]);
    assert_eq!(with(json!({"tls.key": "eA==", "tls.crt": huge})), Some(CertificateProblem::TooLarge));
}

#[test]
fn other_secrets_are_not_read() {
    let mut object = secret(pem!("ec.key"), pem!("ec.crt"));
    object["type"] = json!("Opaque");
    let opaque = decoded(&object);
    assert_eq!((opaque.updates[0].facts.len(), opaque.copy), (0, None));
    // Whatever lies where copies lie is observed, for one of them could be in its way.
    object["type"] = json!(SECRET_TYPE);
    object["metadata"]["namespace"] = json!("kuma-system");
    let facts = &decoded(&object).updates[0].facts;
    assert!(!facts[0].row.get::<Observed>().expect("observed").ours);
}

#[test]
fn no_part_of_a_key_is_shown() {
    let decoded = decoded(&secret(pem!("ec.key"), pem!("ec.crt")));
    let secret: ByteString = serde_json::from_value(base64(pem!("ec.key").as_bytes())).expect("base64");
    let value = serde_json::to_string(&secret).expect("text");
    assert!(!format!("{decoded:?}").contains(&value[1..60]));
}
