//! What has to be said about statuses at the edge: times, and the parts of others.

use serde_json::{Map, Value};

/// The time in statuses that must be the same on each run.
pub const EPOCH_START: &str = "1970-01-01T00:00:00Z";

/// Gives each condition the time of its last transition: that of the same condition in `previous` unless its status
/// value flipped, else `now`.
pub fn stamp(document: &mut Value, previous: Option<&Value>, now: &str) {
    let previous = previous.and_then(|document| document.get("status"));
    let Some(status) = document.get_mut("status").and_then(Value::as_object_mut) else { return };
    stamp_conditions(status, previous, now);
    for (list, identity) in [("listeners", &["name"][..]), ("parents", &["parentRef", "controllerName"][..])] {
        let before = previous.and_then(|status| status.get(list)).and_then(Value::as_array);
        for entry in status.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let before = before.and_then(|entries| entries.iter().find(|before| agree(before, entry, identity)));
            if let Some(entry) = entry.as_object_mut() {
                stamp_conditions(entry, before, now);
            }
        }
    }
}

fn agree(left: &Value, right: &Value, fields: &[&str]) -> bool {
    fields.iter().all(|field| left.get(field) == right.get(field))
}

fn stamp_conditions(holder: &mut Map<String, Value>, previous: Option<&Value>, now: &str) {
    let before = previous.and_then(|holder| holder.get("conditions")).and_then(Value::as_array);
    for condition in holder.get_mut("conditions").and_then(Value::as_array_mut).into_iter().flatten() {
        let same = before
            .and_then(|conditions| conditions.iter().find(|before| agree(before, condition, &["type", "status"])));
        let time = same.and_then(|before| before.get("lastTransitionTime")).and_then(Value::as_str).unwrap_or(now);
        if let Some(fields) = condition.as_object_mut() {
            fields.insert("lastTransitionTime".to_owned(), Value::String(time.to_owned()));
        }
    }
}

/// The whole status of an object once ours is in it: what other controllers say in `input` is kept.
///
/// `ours` is a status document with only our entries; `None` if we have nothing to say any more.
pub fn merge(controller_name: &str, input: Option<&Value>, ours: Option<&Value>) -> Value {
    let mut status = input.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    if !status.is_object() {
        status = Value::Object(Map::new());
    }
    let Some(fields) = status.as_object_mut() else { return status };
    let empty = Map::new();
    let ours = ours.and_then(Value::as_object).unwrap_or(&empty);
    let of_route = fields.contains_key("parents") || ours.contains_key("parents");
    if of_route {
        let mut parents = others(fields, "parents", |entry| {
            entry.get("controllerName").and_then(Value::as_str) != Some(controller_name)
        });
        parents.extend(list(ours, "parents"));
        fields.insert("parents".to_owned(), Value::Array(parents));
        return status;
    }
    let conditions = list(ours, "conditions");
    let mut kept = others(fields, "conditions", |entry| {
        let kind = entry.get("type").and_then(Value::as_str).unwrap_or_default();
        !OWN_CONDITIONS.contains(&kind) && !conditions.iter().any(|ours| ours.get("type") == entry.get("type"))
    });
    kept.extend(conditions);
    fields.retain(|name, _| !OWN_FIELDS.contains(&name.as_str()));
    fields.extend(ours.clone());
    fields.insert("conditions".to_owned(), Value::Array(kept));
    status
}

/// Conditions of Gateways and their classes that only their controller writes.
const OWN_CONDITIONS: &[&str] =
    &["Accepted", "Programmed", "ResolvedRefs", "SupportedVersion", "Scheduled", "Ready", "Conflicted"];

/// Other fields of those statuses that only their controller writes.
const OWN_FIELDS: &[&str] = &["listeners", "addresses", "supportedFeatures", "attachedListenerSets"];

fn list(fields: &Map<String, Value>, name: &str) -> Vec<Value> {
    fields.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn others(fields: &Map<String, Value>, name: &str, foreign: impl Fn(&Value) -> bool) -> Vec<Value> {
    list(fields, name).into_iter().filter(|entry| foreign(entry)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_kept_until_the_status_flips() {
        let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "X"});
        let document = |accepted: &str, resolved: &str| {
            json!({"status": {"parents": [{
                "parentRef": {"name": "edge"},
                "controllerName": "us",
                "conditions": [condition("Accepted", accepted), condition("ResolvedRefs", resolved)],
            }]}})
        };
        let mut before = document("True", "True");
        stamp(&mut before, None, "then");
        let mut after = document("True", "False");
        stamp(&mut after, Some(&before), "now");
        let conditions = &after["status"]["parents"][0]["conditions"];
        assert_eq!(conditions[0]["lastTransitionTime"], "then");
        assert_eq!(conditions[1]["lastTransitionTime"], "now");
    }

    #[test]
    fn what_others_say_about_a_route_stays() {
        let entry =
            |controller: &str, gateway: &str| json!({"controllerName": controller, "parentRef": {"name": gateway}});
        let input = json!({"parents": [entry("them", "a"), entry("us", "b")]});
        let ours = json!({"parents": [entry("us", "c")]});
        assert_eq!(merge("us", Some(&input), Some(&ours)), json!({"parents": [entry("them", "a"), entry("us", "c")]}));
        assert_eq!(merge("us", Some(&input), None), json!({"parents": [entry("them", "a")]}));
    }

    #[test]
    fn what_others_say_about_a_gateway_stays() {
        let input = json!({
            "addresses": [{"value": "10.0.0.1"}],
            "conditions": [{"type": "Accepted", "status": "Unknown"}, {"type": "example.com/Audited", "status": "True"}],
        });
        let ours = json!({"conditions": [{"type": "Accepted", "status": "True"}], "listeners": []});
        assert_eq!(
            merge("us", Some(&input), Some(&ours)),
            json!({
                "conditions": [
                    {"type": "example.com/Audited", "status": "True"},
                    {"type": "Accepted", "status": "True"},
                ],
                "listeners": [],
            })
        );
    }
}
