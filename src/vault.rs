//! What copies of TLS Secrets have to hold: the one place where keys lie longer than it takes to read them.
//!
//! Rows know a value by its hash only. Whoever writes a copy asks here for the bytes, at the last moment.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use dataflows::manifest;
use dataflows::model::{Content, CopyContent, Desired, Key, Kind, ObjectName, Settings};
use serde_json::{Value, json};
use zeroize::{Zeroize, Zeroizing};

/// The `data.value` of a copy, as base64 text. Never shown, and wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct CopyValue(Arc<Zeroizing<String>>);

impl CopyValue {
    /// Takes a value.
    pub fn new(value: String) -> Self {
        Self(Arc::new(Zeroizing::new(value)))
    }

    /// The hash that rows know it by.
    pub fn content(&self) -> CopyContent {
        CopyContent::of(&self.0)
    }
}

impl fmt::Debug for CopyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopyValue(…)")
    }
}

/// The values of all TLS Secrets that can be copied. Shared by the source, which fills it, and whoever writes.
#[derive(Clone, Debug, Default)]
pub struct Vault(Arc<Mutex<BTreeMap<Key, CopyValue>>>);

impl Vault {
    /// Takes what a Secret holds now, in place of what it held before; nothing, if it is gone or cannot be copied.
    pub fn keep(&self, object: &ObjectName, value: Option<CopyValue>) {
        if object.kind != Kind::Secret {
            return;
        }
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => values.insert(object.key(), value),
            None => values.remove(&object.key()),
        };
    }

    /// The object or status as it is to be written. `None` for a copy of what its Secret does not hold any more: the
    /// dataflow is about to ask for something else.
    pub fn render(&self, settings: &Settings, desired: &Desired) -> Option<Value> {
        let mut rendered = manifest::render(settings, desired);
        if let Content::SecretCopy(plan) = &desired.content {
            let source = Key::of(Kind::Secret, &plan.certificate.namespace, &plan.certificate.name);
            let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let value = values.get(&source).filter(|value| value.content() == plan.content)?;
            rendered["data"] = json!({"value": value.0.as_str()});
        }
        Some(rendered)
    }
}

/// Wipes what a Secret holds out of a document of it, once that was read. What the HTTP client holds on its way is out of
/// reach.
pub fn wipe(secret: &mut Value) {
    for field in ["data", "stringData"] {
        let fields = secret.get_mut(field).and_then(Value::as_object_mut);
        for value in fields.into_iter().flat_map(serde_json::Map::values_mut) {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Certificate, Ref, SecretCopyPlan};

    use super::*;

    #[test]
    fn a_document_that_was_wiped_holds_no_secret() {
        let mut secret =
            json!({"kind": "Secret", "data": {"tls.key": "a2V5", "n": 7}, "stringData": {"tls.crt": "crt"}});
        wipe(&mut secret);
        assert_eq!(secret, json!({"kind": "Secret", "data": {"tls.key": "", "n": 7}, "stringData": {"tls.crt": ""}}));
        let mut other = json!({"kind": "Secret", "data": null});
        wipe(&mut other);
        assert_eq!(other["data"], Value::Null);
    }

    #[test]
    fn only_what_the_secret_holds_now_is_written() {
        let (vault, source) = (Vault::default(), ObjectName::new(Kind::Secret, "infra", "shop"));
        let (old, new) = (CopyValue::new("b2xk".to_owned()), CopyValue::new("bmV3".to_owned()));
        let content = old.content();
        let certificate = Certificate { namespace: "infra".into(), name: "shop".into(), content: Ok(content) };
        let plan = SecretCopyPlan { mesh: "default".into(), certificate: certificate.into(), content };
        let copy = ObjectName::new(Kind::Secret, "kuma-system", "copy");
        let content = Content::SecretCopy(Ref::new(plan));
        let desired = Desired::new(copy, content);
        let render = || vault.render(&Settings::default(), &desired).map(|rendered| rendered["data"]["value"].clone());
        assert_eq!(render(), None);
        vault.keep(&source, Some(old));
        assert_eq!(render(), Some(json!("b2xk")));
        vault.keep(&source, Some(new.clone()));
        assert_eq!(render(), None);
        vault.keep(&source, None);
        assert_eq!(render(), None);
        assert!(!format!("{new:?}").contains("bmV3"));
    }
}
