//! Whether Kuma's own Gateway API controllers are on.

use std::fmt;

use dataflows::model::{Kind, ObjectName, Settings};
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;

use super::survey::{SurveyError, get, text};

/// The kinds that Kuma's control plane looks for when it starts; it runs its controllers if all are served.
const KINDS: [Kind; 4] = [Kind::GatewayClass, Kind::Gateway, Kind::HttpRoute, Kind::ReferenceGrant];

/// The version in which it looks for them.
const VERSION: &str = "v1beta1";

/// The controllerName that Kuma's controllers answer to. It cannot be changed.
const CONTROLLER_NAME: &str = "gateways.kuma.io/controller";

/// The field manager of Kuma's control plane.
const FIELD_MANAGER: &str = "kuma-cp";

const CLASSES: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gatewayclasses.gateway.networking.k8s.io";

/// What tells whether Kuma's controllers are on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KumaControllers {
    /// Kinds that are not served in the version that Kuma looks for.
    pub unserved: Vec<Kind>,
    /// The last status that Kuma's control plane wrote in Gateway API.
    pub last_write: Option<(Timestamp, ObjectName)>,
    /// Place of that version in the definition of the GatewayClass.
    pub index: Option<usize>,
    /// Whether they would answer to the same controllerName as we.
    pub same_name: bool,
    /// The namespace of the control plane.
    pub namespace: String,
}

impl KumaControllers {
    /// Whether a control plane that starts now runs them.
    pub const fn would_start(&self) -> bool {
        self.unserved.is_empty()
    }

    /// Whether they would undo what is adopted.
    pub const fn in_the_way(&self) -> bool {
        self.would_start() && self.same_name
    }

    /// The commands that switch them off.
    pub fn switch_off(&self) -> String {
        let index = self.index.unwrap_or_default();
        let patch = format!(
            r#"[{{"op":"test","path":"/spec/versions/{index}/name","value":"{VERSION}"}},{{"op":"replace","path":"/spec/versions/{index}/served","value":false}}]"#
        );
        format!(
            "kubectl patch crd gatewayclasses.gateway.networking.k8s.io --type json -p '{patch}'\n{}",
            self.restart()
        )
    }

    fn restart(&self) -> String {
        format!("kubectl -n {} rollout restart deployment kuma-control-plane", self.namespace)
    }
}

/// What an operator should know, with the commands to use.
impl fmt::Display for KumaControllers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.would_start() {
            writeln!(out, "Kuma's own Gateway API controllers are on, or will be when Kuma's control plane restarts:")?;
            writeln!(out, "GatewayClass, Gateway, HTTPRoute and ReferenceGrant are all served as {VERSION}.")?;
        } else {
            let unserved: Vec<_> = self.unserved.iter().map(|kind| kind.name()).collect();
            writeln!(out, "A control plane of Kuma that starts now leaves Gateway API alone:")?;
            writeln!(out, "not served as {VERSION}: {}.", unserved.join(", "))?;
        }
        if let Some((time, object)) = &self.last_write {
            writeln!(out, "Kuma's control plane last wrote a status at {time}, of {object}.")?;
        }
        if self.would_start() {
            writeln!(out, "To switch them off (other users of {VERSION} of GatewayClass have to move to v1):")?;
            self.switch_off().lines().try_for_each(|line| writeln!(out, "  {line}"))
        } else if self.last_write.is_some() {
            writeln!(out, "If that was after its last start, it still runs them. To restart it:")?;
            writeln!(out, "  {}", self.restart())
        } else {
            Ok(())
        }
    }
}

/// Asks what is served, and looks who wrote statuses.
pub(super) async fn look<'a>(
    client: &Client,
    settings: &Settings,
    objects: impl Iterator<Item = &'a Value>,
) -> Result<KumaControllers, SurveyError> {
    let path = format!("/apis/gateway.networking.k8s.io/{VERSION}");
    let resources = get::<Value>(client, &path, None).await?.unwrap_or_default();
    let definition = get::<Value>(client, CLASSES, None).await?.unwrap_or_default();
    let served = |kind: Kind| {
        let resources = resources["resources"].as_array().into_iter().flatten();
        resources.into_iter().any(|resource| resource["name"] == kind.plural())
    };
    let mut versions = definition.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten();
    Ok(KumaControllers {
        unserved: KINDS.into_iter().filter(|kind| !served(*kind)).collect(),
        last_write: objects.filter_map(last_write).max(),
        index: versions.position(|version| version["name"] == VERSION),
        same_name: *settings.controller_name == *CONTROLLER_NAME,
        namespace: settings.system_namespace.to_string(),
    })
}

/// When Kuma's control plane wrote the status of an object.
fn last_write(object: &Value) -> Option<(Timestamp, ObjectName)> {
    let entries = object.pointer("/metadata/managedFields")?.as_array()?.iter();
    let by_kuma = entries.filter(|entry| entry["manager"] == FIELD_MANAGER && entry["subresource"] == "status");
    let time = by_kuma.filter_map(|entry| text(entry, "/time").parse().ok()).max()?;
    let group = text(object, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
    let kind = Kind::find(group, text(object, "/kind"))?;
    Some((time, ObjectName::new(kind, text(object, "/metadata/namespace"), text(object, "/metadata/name"))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn they_start_only_if_all_four_kinds_are_served() {
        let on = KumaControllers { index: Some(1), same_name: true, ..KumaControllers::default() };
        assert!(on.in_the_way());
        assert!(on.to_string().contains(r#""path":"/spec/versions/1/served","value":false"#), "{on}");
        let other_name = KumaControllers { same_name: false, ..on.clone() };
        assert!(other_name.would_start() && !other_name.in_the_way());
        let off = KumaControllers { unserved: vec![Kind::GatewayClass], ..on };
        assert!(!off.in_the_way());
        assert!(off.to_string().contains("not served as v1beta1: GatewayClass."), "{off}");
    }

    #[test]
    fn the_time_of_a_status_is_that_of_its_last_writer() {
        let entry = |manager: &str, subresource: &str, time: &str| json!({"manager": manager, "subresource": subresource, "time": time});
        let object = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"namespace": "infra", "name": "edge", "managedFields": [
            entry("kuma-cp", "status", "2026-01-02T03:04:05Z"),
            entry("kuma-cp", "", "2026-02-02T03:04:05Z"),
            entry("deltagate", "status", "2026-03-02T03:04:05Z"),
        ]}});
        let (time, name) = last_write(&object).expect("Kuma wrote it");
        assert_eq!(
            (time.to_string().as_str(), name.to_string().as_str()),
            ("2026-01-02T03:04:05Z", "Gateway/infra/edge")
        );
    }
}
