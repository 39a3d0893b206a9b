use std::collections::BTreeSet;

use serde_json::Value;

use super::metadata::{is_hostname, is_subdomain};
use super::target_ref::{PLACEHOLDER, fits, is_named, on_gateway, rules};
use super::{Check, items, text};

const HTTP: &[&str] = &["MeshHTTPRoute"];
const TCP: &[&str] = &["MeshTCPRoute"];

/// <https://kuma.io/docs/2.14.x/policies/meshhttproute/>, <https://kuma.io/docs/2.14.x/policies/meshtcproute/>
pub(super) const CHECKS: &[Check] = &[
    Check {
        kinds: HTTP,
        name: "only a route on a MeshGateway has hostnames",
        holds: |object| on_gateway(object) || items(&object["spec"]["to"]).all(|to| to.get("hostnames").is_none()),
    },
    Check {
        kinds: HTTP,
        name: "hostnames are DNS names, perhaps below *",
        holds: |object| {
            items(&object["spec"]["to"])
                .flat_map(|to| items(&to["hostnames"]))
                .all(|name| is_subdomain(text(name).strip_prefix("*.").unwrap_or(text(name))))
        },
    },
    Check {
        kinds: HTTP,
        name: "a path prefix begins with a slash and ends in none, or is the slash",
        holds: |object| {
            paths(object, "PathPrefix").all(|path| path == "/" || path.starts_with('/') && !path.ends_with('/'))
        },
    },
    Check {
        kinds: HTTP,
        name: "an exact path begins with a slash",
        holds: |object| paths(object, "Exact").all(|path| path.starts_with('/')),
    },
    Check {
        kinds: HTTP,
        name: "a match names a query parameter once",
        holds: |object| {
            matches(object).all(|found| once(items(&found["queryParams"]).map(|query| text(&query["name"]).to_owned())))
        },
    },
    Check {
        kinds: HTTP,
        name: "a filter has the section of its type and no other",
        holds: |object| {
            filters(object).all(|(_, filter)| {
                let fields = filter.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
                fields.filter(|name| *name != "type").eq(section(filter))
            })
        },
    },
    Check {
        kinds: HTTP,
        name: "a header modifier sets, adds or removes something",
        holds: |object| {
            modifiers(object)
                .all(|modifier| ["set", "add", "remove"].iter().any(|list| items(&modifier[list]).next().is_some()))
        },
    },
    Check {
        kinds: HTTP,
        name: "a header modifier names a header once",
        holds: |object| {
            modifiers(object).all(|modifier| {
                let named = |list: &str| items(&modifier[list]).map(|header| text(&header["name"])).collect::<Vec<_>>();
                once(
                    named("set")
                        .into_iter()
                        .chain(named("add"))
                        .chain(items(&modifier["remove"]).map(text))
                        .map(str::to_ascii_lowercase),
                )
            })
        },
    },
    Check {
        kinds: HTTP,
        name: "a prefix is replaced only where all matches of the rule are prefixes",
        holds: |object| {
            filters(object)
                .filter(|(_, filter)| path_of(filter)["type"] == "ReplacePrefixMatch")
                .all(|(rule, _)| items(&rule["matches"]).all(|found| found["path"]["type"] == "PathPrefix"))
        },
    },
    Check {
        kinds: HTTP,
        name: "a path modifier has the field of its type and no other",
        holds: |object| {
            filters(object).map(|(_, filter)| path_of(filter)).filter(|path| !path.is_null()).all(|path| {
                match text(&path["type"]) {
                    "ReplaceFullPath" => {
                        path["replaceFullPath"].is_string() && path.get("replacePrefixMatch").is_none()
                    }
                    _ => path["replacePrefixMatch"].is_string() && path.get("replaceFullPath").is_none(),
                }
            })
        },
    },
    Check {
        kinds: HTTP,
        name: "a redirect or rewrite leads to a hostname, not to an address",
        holds: |object| {
            filters(object)
                .filter_map(|(_, filter)| filter[section(filter)?].get("hostname"))
                .all(|name| is_hostname(text(name)))
        },
    },
    Check {
        kinds: HTTP,
        name: "the hostname of the backend is taken only on a MeshGateway and for no other",
        holds: |object| {
            filters(object)
                .map(|(_, filter)| &filter["urlRewrite"])
                .filter(|rewrite| rewrite["hostToBackendHostname"] == true)
                .all(|rewrite| on_gateway(object) && rewrite.get("hostname").is_none())
        },
    },
    Check {
        kinds: HTTP,
        name: "a rule on a MeshGateway has a backend or redirects",
        holds: |object| {
            !on_gateway(object)
                || rules(object).all(|rule| {
                    let redirects =
                        items(&rule["default"]["filters"]).any(|filter| filter["type"] == "RequestRedirect");
                    redirects || items(&rule["default"]["backendRefs"]).next().is_some()
                })
        },
    },
    Check {
        kinds: HTTP,
        name: "a mirror goes to a MeshService or a MeshServiceSubset that is named",
        holds: |object| {
            filters(object).filter(|(_, filter)| filter["type"] == "RequestMirror").all(|(_, filter)| {
                let backend = &filter["requestMirror"]["backendRef"];
                ["MeshService", "MeshServiceSubset"].contains(&text(&backend["kind"]))
                    && backend["name"] != PLACEHOLDER
                    && is_named(backend)
                    && fits(backend, "sectionName port weight")
            })
        },
    },
    Check {
        kinds: HTTP,
        name: "the percentage of a mirror is a number from 0 to 100",
        holds: |object| {
            let number = |share: &Value| share.as_f64().or_else(|| share.as_str()?.parse().ok());
            filters(object)
                .filter_map(|(_, filter)| filter["requestMirror"].get("percentage"))
                .all(|share| number(share).is_some_and(|share| (0.0..=100.0).contains(&share)))
        },
    },
    Check {
        kinds: TCP,
        name: "a TCP route has one rule per destination and no more",
        holds: |object| {
            items(&object["spec"]["to"]).next().is_some()
                && items(&object["spec"]["to"]).all(|to| items(&to["rules"]).count() == 1)
        },
    },
    Check {
        kinds: TCP,
        name: "a TCP rule has a backend",
        holds: |object| rules(object).all(|rule| items(&rule["default"]["backendRefs"]).next().is_some()),
    },
];

fn matches(object: &Value) -> impl Iterator<Item = &Value> {
    rules(object).flat_map(|rule| items(&rule["matches"]))
}

/// The paths of a type.
fn paths<'a>(object: &'a Value, kind: &'static str) -> impl Iterator<Item = &'a str> {
    matches(object)
        .map(|found| &found["path"])
        .filter(move |path| path["type"] == kind)
        .map(|path| text(&path["value"]))
}

/// All filters, each with its rule.
fn filters(object: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    rules(object).flat_map(|rule| items(&rule["default"]["filters"]).map(move |filter| (rule, filter)))
}

/// The field that holds what a filter of this type does.
fn section(filter: &Value) -> Option<&'static str> {
    match text(&filter["type"]) {
        "RequestHeaderModifier" => Some("requestHeaderModifier"),
        "ResponseHeaderModifier" => Some("responseHeaderModifier"),
        "RequestRedirect" => Some("requestRedirect"),
        "URLRewrite" => Some("urlRewrite"),
        "RequestMirror" => Some("requestMirror"),
        _ => None,
    }
}

fn modifiers(object: &Value) -> impl Iterator<Item = &Value> {
    let of = |filter: &'_ Value| section(filter).filter(|section| section.ends_with("Modifier"));
    filters(object).filter_map(move |(_, filter)| of(filter).map(|section| &filter[section]))
}

fn path_of(filter: &Value) -> &Value {
    section(filter).map_or(&Value::Null, |section| &filter[section]["path"])
}

fn once(mut names: impl Iterator<Item = String>) -> bool {
    let mut seen = BTreeSet::new();
    names.all(|name| seen.insert(name))
}
