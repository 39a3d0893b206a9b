//! What is added to a status at the edge: transition times, and the entries of other controllers.

use dataflows::model::Kind;
use jiff::Timestamp;
use serde_json::Value;

use crate::observations::Memory;
use crate::observations::memory::{condition_key, listener_scope, parent_scope};

/// Gives every condition of a rendered status the time since when it has its value: the time that the object shows
/// if it has this value already, else now.
pub fn stamp(kind: Kind, object: &mut Value, memory: &Memory, now: Timestamp) {
    // Times of conditions have whole seconds.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
    let Some(status) = object.get_mut("status") else { return };
    let (list, scope_of): (_, &dyn Fn(&Value) -> String) = if kind.is_route() {
        ("parents", &|entry| parent_scope(entry, &namespace))
    } else {
        stamp_conditions("", status, memory, now);
        ("listeners", &listener_scope)
    };
    for entry in items(status, list) {
        let scope = scope_of(entry);
        stamp_conditions(&scope, entry, memory, now);
    }
}

fn stamp_conditions(scope: &str, holder: &mut Value, memory: &Memory, now: Timestamp) {
    for condition in items(holder, "conditions") {
        let since = memory.since(condition_key(scope, condition)).unwrap_or(now);
        if let Some(fields) = condition.as_object_mut() {
            fields.insert("lastTransitionTime".to_owned(), since.to_string().into());
        }
    }
}

/// The whole list of a route: what other controllers wrote, untouched and in their order, then ours.
pub fn parents(ours: &mut Value, memory: &Memory) -> Vec<Value> {
    let mut parents = memory.foreign_parents();
    parents.append(ours["status"]["parents"].as_array_mut().unwrap_or(&mut Vec::new()));
    parents
}

/// The elements of a list field; none if it is not a list.
pub(super) fn items<'a>(holder: &'a mut Value, field: &str) -> &'a mut [Value] {
    holder.get_mut(field).and_then(Value::as_array_mut).map_or(&mut [], Vec::as_mut_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const THEN: &str = "2026-01-01T00:00:00Z";
    const NOW: &str = "2026-06-06T06:06:06Z";

    fn now() -> Timestamp {
        "2026-06-06T06:06:06.789Z".parse().unwrap()
    }

    fn condition(kind: &str, status: &str, time: Option<&str>) -> Value {
        let mut condition = json!({"type": kind, "status": status, "reason": "R", "message": "m"});
        if let Some(time) = time {
            condition["lastTransitionTime"] = time.into();
        }
        condition
    }

    #[test]
    fn a_transition_time_moves_only_when_the_value_flips() {
        let shown = json!({"metadata": {"namespace": "n"}, "status": {
            "conditions": [condition("Accepted", "True", Some(THEN)), condition("Programmed", "False", Some(THEN))],
            "listeners": [{"name": "web", "conditions": [condition("Accepted", "True", Some(THEN))]}],
        }});
        let mut wanted = json!({"metadata": {"namespace": "n"}, "status": {
            "conditions": [condition("Accepted", "True", None), condition("Programmed", "True", None)],
            "listeners": [
                {"name": "web", "conditions": [condition("Accepted", "True", None)]},
                {"name": "tls", "conditions": [condition("Accepted", "True", None)]},
            ],
        }});
        stamp(Kind::Gateway, &mut wanted, &Memory::of("ours", Kind::Gateway, &shown), now());
        let expected = json!({
            "conditions": [condition("Accepted", "True", Some(THEN)), condition("Programmed", "True", Some(NOW))],
            "listeners": [
                {"name": "web", "conditions": [condition("Accepted", "True", Some(THEN))]},
                {"name": "tls", "conditions": [condition("Accepted", "True", Some(NOW))]},
            ],
        });
        assert_eq!(wanted["status"], expected);
    }

    #[test]
    fn entries_of_other_controllers_stay_in_front_and_untouched() {
        let entry = |controller: &str, name: &str, status: &str, time: Option<&str>| {
            json!({"controllerName": controller, "parentRef": {"name": name},
                   "conditions": [condition("Accepted", status, time)]})
        };
        let route = |parents: Value| json!({"metadata": {"namespace": "n"}, "status": {"parents": parents}});
        let shown = route(json!([
            entry("ours", "gone", "True", Some(THEN)),
            entry("theirs", "b", "Odd", Some("not a time")),
            entry("ours", "kept", "True", Some(THEN)),
            entry("theirs", "a", "False", Some(NOW)),
        ]));
        let memory = Memory::of("ours", Kind::HttpRoute, &shown);
        let mut wanted = route(json!([entry("ours", "kept", "True", None), entry("ours", "fresh", "True", None)]));
        stamp(Kind::HttpRoute, &mut wanted, &memory, now());
        let expected = [
            entry("theirs", "b", "Odd", Some("not a time")),
            entry("theirs", "a", "False", Some(NOW)),
            entry("ours", "kept", "True", Some(THEN)),
            entry("ours", "fresh", "True", Some(NOW)),
        ];
        assert_eq!(parents(&mut wanted, &memory), expected);
        assert_eq!(parents(&mut json!({}), &memory).len(), 2, "ours are taken out");
    }
}
