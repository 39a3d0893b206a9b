//! Who else writes what we write.

use dataflows::model::{Kind, Written};
use serde_json::Value;

use super::memory::{array, text};

/// The field manager other than ours that was the last to write the status of a user's object, or an object of ours.
pub(super) fn rival(ours: &str, kind: Kind, object: &Value) -> Option<Box<str>> {
    let part = match kind.written() {
        Written::Nothing => return None,
        Written::Status => "status",
        Written::Whole => "",
    };
    let managers = array(&object["metadata"]["managedFields"]).iter();
    let others = managers.filter(|entry| text(&entry["subresource"]) == part && text(&entry["manager"]) != ours);
    // Times are in UTC, to the second, so their texts are in their order.
    let last = others.max_by_key(|entry| text(&entry["time"]))?;
    Some(text(&last["manager"])).filter(|manager| !manager.is_empty()).map(Into::into)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_to_write_the_same_is_the_rival() {
        let entry = |manager: &str, subresource: &str, second: u8| json!({"manager": manager, "subresource": subresource, "time": format!("2026-01-01T00:00:{second:02}Z")});
        let managers = json!([
            entry("kubectl", "", 30),
            entry("ours", "", 50),
            entry("ours", "status", 50),
            entry("other", "status", 20),
            entry("another", "status", 10),
        ]);
        for (kind, expected) in
            [(Kind::HttpRoute, Some("other")), (Kind::MeshGateway, Some("kubectl")), (Kind::Namespace, None)]
        {
            let object = json!({"metadata": {"managedFields": managers}});
            assert_eq!(rival("ours", kind, &object).as_deref(), expected, "{kind}");
        }
        assert_eq!(rival("ours", Kind::Gateway, &json!({})), None);
    }
}
