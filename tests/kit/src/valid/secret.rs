use serde_json::Value;

use super::metadata::is_label_value;
use super::{Check, SYSTEM_NAMESPACE, text};

const SECRET: &[&str] = &["Secret"];

/// Copies of certificates: <https://kuma.io/docs/2.14.x/production/secure-deployment/secrets/>
pub(super) const CHECKS: &[Check] = &[
    Check {
        kinds: SECRET,
        name: "a Secret of Kuma's has Kuma's type and lies in the system namespace",
        holds: |object| {
            object["type"] == "system.kuma.io/secret" && object["metadata"]["namespace"] == SYSTEM_NAMESPACE
        },
    },
    Check {
        kinds: SECRET,
        name: "a Secret of Kuma's names its mesh",
        holds: |object| {
            let mesh = text(&object["metadata"]["labels"]["kuma.io/mesh"]);
            !mesh.is_empty() && is_label_value(mesh)
        },
    },
    Check {
        kinds: SECRET,
        name: "a Secret of Kuma's has a value in base64 and nothing else",
        holds: |object| {
            let data = object["data"].as_object();
            data.is_some_and(|data| data.len() == 1) && is_base64(&object["data"]["value"])
        },
    },
];

fn is_base64(value: &Value) -> bool {
    let digits = text(value).trim_end_matches('=');
    !digits.is_empty()
        && text(value).len().is_multiple_of(4)
        && text(value).len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}
