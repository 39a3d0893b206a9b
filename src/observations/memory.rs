//! What a status write needs of an object and no row may hold.

use dataflows::model::{Key, Kind};
use jiff::Timestamp;
use serde_json::Value;

/// Transition times of conditions, and what other controllers wrote into a list that is shared with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// When a condition took the value it has, by [`condition_key`]. Sorted.
    times: Box<[(Key, Timestamp)]>,
    /// Entries of `status.parents` that are not ours, as JSON, in their order.
    foreign: Option<Box<str>>,
    /// Finalizers of a class, in their order.
    finalizers: Box<[Box<str>]>,
}

impl Memory {
    /// What an object of this kind shows.
    pub fn of(controller_name: &str, kind: Kind, object: &Value) -> Self {
        let status = &object["status"];
        match kind {
            Kind::GatewayClass => {
                let finalizers = array(&object["metadata"]["finalizers"]).iter().map(|name| text(name).into());
                Self { finalizers: finalizers.collect(), ..Self::from_times(conditions("", status)) }
            }
            Kind::Gateway | Kind::ListenerSet => {
                let listeners = array(&status["listeners"]).iter();
                let times = listeners.flat_map(|entry| conditions(&listener_scope(entry), entry));
                Self::from_times(conditions("", status).into_iter().chain(times))
            }
            kind if kind.is_route() => Self::of_route(controller_name, object),
            _ => Self::default(),
        }
    }

    fn of_route(controller_name: &str, route: &Value) -> Self {
        let namespace = text(&route["metadata"]["namespace"]);
        let (ours, foreign): (Vec<&Value>, Vec<&Value>) = array(&route["status"]["parents"])
            .iter()
            .partition(|entry| text(&entry["controllerName"]) == controller_name);
        let times = ours.iter().flat_map(|entry| conditions(&parent_scope(entry, namespace), entry));
        let foreign = (!foreign.is_empty()).then(|| serde_json::to_string(&foreign).ok()).flatten();
        Self { foreign: foreign.map(String::into_boxed_str), ..Self::from_times(times) }
    }

    fn from_times(times: impl IntoIterator<Item = (Key, Timestamp)>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        times.dedup_by_key(|(key, _)| *key);
        Self { times: times.into(), ..Self::default() }
    }

    /// When the condition took this value, if it has it.
    pub fn since(&self, condition: Key) -> Option<Timestamp> {
        let at = self.times.binary_search_by_key(&condition, |(key, _)| *key).ok()?;
        Some(self.times[at].1)
    }

    /// Finalizers of a class, in their order, ours among them if it bears it.
    pub fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.finalizers.iter().map(|finalizer| &**finalizer)
    }

    /// Entries of `status.parents` that other controllers wrote, in their order.
    pub fn foreign_parents(&self) -> Vec<Value> {
        self.foreign.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
}

/// Key of a condition with a value: a flip of the value is another key, so that the old time is not found for it.
pub(crate) fn condition_key(scope: &str, condition: &Value) -> Key {
    let field = |name: &str| text(&condition[name]).as_bytes();
    Key::hash(&[scope.as_bytes(), field("type"), field("status")])
}

/// Which listener an entry of `status.listeners` is about.
pub(crate) fn listener_scope(entry: &Value) -> String {
    format!("listener/{}", text(&entry["name"]))
}

/// Which parent an entry of `status.parents` is about, whether or not the API server has filled in defaults.
pub(crate) fn parent_scope(entry: &Value, namespace: &str) -> String {
    let reference = &entry["parentRef"];
    let field = |name: &str, default: &str| reference[name].as_str().unwrap_or(default).to_owned();
    let port = reference["port"].as_i64().unwrap_or_default();
    [
        field("group", "gateway.networking.k8s.io"),
        field("kind", "Gateway"),
        field("namespace", namespace),
        field("name", ""),
        field("sectionName", ""),
        port.to_string(),
    ]
    .join("/")
}

fn conditions(scope: &str, holder: &Value) -> Vec<(Key, Timestamp)> {
    let known = |condition: &Value| {
        let time = text(&condition["lastTransitionTime"]).parse().ok()?;
        Some((condition_key(scope, condition), time))
    };
    array(&holder["conditions"]).iter().filter_map(known).collect()
}

pub(super) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(status: &str, time: &str) -> Value {
        json!({"type": "Accepted", "status": status, "lastTransitionTime": time})
    }

    #[test]
    fn a_time_is_found_only_for_the_value_it_belongs_to() {
        let gateway = json!({"status": {
            "conditions": [condition("True", "2026-01-02T03:04:05Z")],
            "listeners": [{"name": "web", "conditions": [condition("False", "2026-05-05T05:05:05Z")]}],
        }});
        let memory = Memory::of("ours", Kind::Gateway, &gateway);
        let since = |scope: &str, status: &str| {
            memory.since(condition_key(scope, &condition(status, ""))).map(|time| time.to_string())
        };
        assert_eq!(since("", "True").as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(since("", "False"), None);
        assert_eq!(since("listener/web", "False").as_deref(), Some("2026-05-05T05:05:05Z"));
        assert_eq!(since("listener/web", "True"), None);
    }

    #[test]
    fn entries_of_others_are_kept_as_they_are_and_in_their_order() {
        let parent = |controller: &str, name: &str| {
            json!({"controllerName": controller, "parentRef": {"name": name}, "odd": [1, {"b": 2, "a": 1.5}],
                   "conditions": [condition("True", "2026-01-01T00:00:00Z")]})
        };
        let parents = [parent("z", "1"), parent("ours", "2"), parent("a", "3")];
        let route = json!({"metadata": {"namespace": "n"}, "status": {"parents": parents}});
        let memory = Memory::of("ours", Kind::HttpRoute, &route);
        assert_eq!(memory.foreign_parents(), [parent("z", "1"), parent("a", "3")]);

        let defaulted = json!({"parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway",
                                             "namespace": "n", "name": "2"}});
        let scope = parent_scope(&defaulted, "elsewhere");
        assert!(memory.since(condition_key(&scope, &condition("True", ""))).is_some());
    }
}
