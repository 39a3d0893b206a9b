use std::collections::BTreeMap;

use serde_json::Value;

use super::metadata::{is_label_value, is_subdomain};
use super::{Check, items, text};

const GATEWAY: &[&str] = &["MeshGateway"];
const INSTANCE: &[&str] = &["MeshGatewayInstance"];

/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway/>
pub(super) const CHECKS: &[Check] = &[
    Check { kinds: GATEWAY, name: "the spec of a MeshGateway has only fields that Kuma decodes", holds: only_known },
    Check { kinds: GATEWAY, name: "a MeshGateway selects by kuma.io/service", holds: selects },
    Check {
        kinds: GATEWAY,
        name: "a MeshGateway across meshes has one selector",
        holds: |object| {
            !listeners(object).any(is_cross_mesh)
                || object["spec"]["selectors"].as_array().is_some_and(|all| all.len() == 1)
        },
    },
    Check {
        kinds: GATEWAY,
        name: "tags of a MeshGateway and its listeners are well-formed and not reserved",
        holds: |object| {
            tags_fit(&object["spec"]["tags"]) && listeners(object).all(|listener| tags_fit(&listener["tags"]))
        },
    },
    Check { kinds: GATEWAY, name: "a MeshGateway has a listener", holds: |object| listeners(object).next().is_some() },
    Check {
        kinds: GATEWAY,
        name: "the hostname of a listener is empty, * or a DNS name, perhaps below *",
        holds: |object| listeners(object).all(|listener| is_listener_hostname(text(&listener["hostname"]))),
    },
    Check {
        kinds: GATEWAY,
        name: "a listener has a port from 1 to 65535",
        holds: |object| {
            listeners(object).all(|listener| listener["port"].as_u64().is_some_and(|port| (1..=65_535).contains(&port)))
        },
    },
    Check {
        kinds: GATEWAY,
        name: "the protocol of a listener is TCP, TLS, HTTP or HTTPS",
        holds: |object| {
            listeners(object).all(|listener| ["TCP", "TLS", "HTTP", "HTTPS"].contains(&text(&listener["protocol"])))
        },
    },
    Check {
        kinds: GATEWAY,
        name: "an HTTPS listener terminates TLS and is not across meshes",
        holds: |object| {
            listeners(object)
                .filter(|listener| listener["protocol"] == "HTTPS")
                .all(|listener| mode(listener) == Some("TERMINATE") && !is_cross_mesh(listener))
        },
    },
    Check {
        kinds: GATEWAY,
        name: "only a listener across meshes has the TLS mode NONE",
        holds: |object| listeners(object).all(|listener| mode(listener) != Some("NONE") || is_cross_mesh(listener)),
    },
    Check {
        kinds: GATEWAY,
        name: "a listener that terminates TLS has one or two certificates",
        holds: |object| {
            listeners(object)
                .filter(|listener| mode(listener) == Some("TERMINATE"))
                .all(|listener| (1..=2).contains(&certificates(listener).count()))
        },
    },
    Check {
        kinds: GATEWAY,
        name: "a certificate of a listener is the name of a Secret",
        holds: |object| {
            listeners(object).flat_map(certificates).all(|certificate| is_subdomain(text(&certificate["secret"])))
        },
    },
    Check {
        kinds: GATEWAY,
        name: "a listener across meshes has no TLS",
        holds: |object| {
            listeners(object).filter(|listener| is_cross_mesh(listener)).all(|listener| {
                matches!(mode(listener), None | Some("NONE")) && certificates(listener).next().is_none()
            })
        },
    },
    Check {
        kinds: GATEWAY,
        name: "all listeners of a port have one protocol",
        holds: |object| agree(object, |listener| Some(text(&listener["protocol"]).to_owned())),
    },
    Check {
        kinds: GATEWAY,
        name: "all listeners of a port have one connection limit",
        holds: |object| {
            agree(object, |listener| listener["resources"]["connectionLimit"].as_u64().filter(|limit| *limit > 0))
        },
    },
    Check {
        kinds: GATEWAY,
        name: "no two listeners of a port have one hostname",
        holds: |object| {
            let hostname = |listener: &Value| {
                Some(text(&listener["hostname"])).filter(|name| *name != "*").unwrap_or("").to_owned()
            };
            let mut all: Vec<_> =
                listeners(object).map(|listener| (listener["port"].as_u64(), hostname(listener))).collect();
            let count = all.len();
            all.sort();
            all.dedup();
            all.len() == count
        },
    },
    Check {
        kinds: GATEWAY,
        name: "the mesh of a MeshGateway is a name that fits a label",
        holds: |object| {
            let mesh = text(&object["mesh"]);
            !mesh.is_empty() && is_label_value(mesh) && !mesh.bytes().any(|byte| byte.is_ascii_uppercase())
        },
    },
    Check {
        kinds: INSTANCE,
        name: "the tags of a MeshGatewayInstance are well-formed and do not name the service",
        holds: |object| {
            let value = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
            object["spec"]["tags"]
                .as_object()
                .into_iter()
                .flatten()
                .all(|(key, tag)| key != "kuma.io/service" && tag.as_str().is_some_and(value))
        },
    },
];

fn listeners(object: &Value) -> impl Iterator<Item = &Value> {
    items(&object["spec"]["conf"]["listeners"])
}

fn is_cross_mesh(listener: &Value) -> bool {
    listener["crossMesh"] == true
}

/// The TLS mode of a listener, if it has a section on TLS at all; NONE is what is meant where no mode is given.
fn mode(listener: &Value) -> Option<&str> {
    listener.get("tls").map(|tls| tls["mode"].as_str().unwrap_or("NONE"))
}

fn certificates(listener: &Value) -> impl Iterator<Item = &Value> {
    items(&listener["tls"]["certificates"])
}

fn only_known(object: &Value) -> bool {
    const LISTENER: [&str; 7] = ["hostname", "port", "protocol", "tls", "tags", "crossMesh", "resources"];
    let known = |value: &Value, names: &[&str]| {
        value.as_object().into_iter().flatten().all(|(name, field)| names.contains(&name.as_str()) && !field.is_null())
    };
    known(&object["spec"], &["selectors", "tags", "conf"])
        && known(&object["spec"]["conf"], &["listeners"])
        && items(&object["spec"]["selectors"]).all(|selector| known(selector, &["match"]))
        && listeners(object).all(|listener| {
            known(listener, &LISTENER)
                && known(&listener["tls"], &["mode", "certificates", "options"])
                && known(&listener["resources"], &["connectionLimit"])
                && certificates(listener).all(|source| known(source, &["secret", "file", "inline", "inlineString"]))
        })
}

fn selects(object: &Value) -> bool {
    let mut selectors = items(&object["spec"]["selectors"]).peekable();
    selectors.peek().is_some()
        && selectors.all(|selector| {
            let tags = selector["match"].as_object();
            tags.is_some_and(|tags| {
                tags.contains_key("kuma.io/service")
                    && tags.iter().all(|(key, value)| is_tag_key(key) && (value == "*" || is_tag_value(text(value))))
            })
        })
}

fn tags_fit(tags: &Value) -> bool {
    const RESERVED: [&str; 4] =
        ["kuma.io/service", "kuma.io/zone", "kuma.io/protocol", "kuma.io/external-service-name"];
    let fits = |(key, value): (&String, &Value)| {
        !RESERVED.contains(&key.as_str()) && is_tag_key(key) && is_tag_value(text(value))
    };
    tags.as_object().into_iter().flatten().all(fits)
}

fn is_tag_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte))
}

fn is_tag_value(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

fn is_listener_hostname(hostname: &str) -> bool {
    hostname.is_empty() || hostname == "*" || is_subdomain(hostname.strip_prefix("*.").unwrap_or(hostname))
}

/// Whether the listeners of each port agree on something, those that have no say left aside.
fn agree<T: PartialEq>(object: &Value, on: impl Fn(&Value) -> Option<T>) -> bool {
    let mut ports: BTreeMap<Option<u64>, T> = BTreeMap::new();
    listeners(object).filter_map(|listener| Some((listener["port"].as_u64(), on(listener)?))).all(|(port, value)| {
        let same = ports.get(&port).is_none_or(|first| *first == value);
        ports.entry(port).or_insert(value);
        same
    })
}
