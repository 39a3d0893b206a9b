use std::collections::BTreeMap;
use std::path::Path;

use dataflows::model::{ControlPlaneMode, Settings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What behaviour it shows, in a sentence or two.
    pub description: String,
    /// Where that behaviour is specified.
    pub link: String,
    /// Settings of the controller that are not the default ones.
    #[serde(default)]
    pub settings: SettingsOverride,
    /// Whether the end depends on what came before it, so that it cannot be reached from the last objects alone.
    #[serde(default)]
    pub history_matters: bool,
    /// The objects, as users, Kuma and other controllers write them.
    pub objects: Vec<Value>,
    /// What Kuma reports as addresses of each MeshGatewayInstance, by `namespace/name`.
    #[serde(default)]
    pub addresses: BTreeMap<String, Vec<String>>,
    /// What the objects alone lead to.
    pub expect: Option<Expectation>,
    /// What happens then.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// Settings of the controller that are not the default ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SettingsOverride {
    /// `--controller-name`
    pub controller_name: Option<String>,
    /// `--system-namespace`
    pub system_namespace: Option<String>,
    /// `--zone`
    pub zone: Option<String>,
    /// Whether the control plane is the global one.
    #[serde(default)]
    pub global: bool,
}

/// One thing that happens after the objects are in place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// What happens, in words.
    pub when: String,
    /// Whole objects that are created or replaced.
    pub apply: Vec<Value>,
    /// Merge patches of objects that the scenario made.
    pub patch: Vec<Value>,
    /// Objects that are deleted, as `Kind/namespace/name`; generated ones too, `*` stands for a hash.
    pub delete: Vec<String>,
    /// Merge patches by somebody else's hand, of generated objects and statuses. `*` in a name stands for a hash.
    pub tamper: Vec<Value>,
    /// Writes that the API server refuses from now on.
    pub refuse: Vec<Refuse>,
    /// Objects whose writes it takes again.
    pub permit: Vec<String>,
    /// Addresses that Kuma reports from now on.
    pub addresses: Option<BTreeMap<String, Vec<String>>>,
    /// What that leads to.
    pub expect: Option<Expectation>,
}

/// Writes that the API server refuses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    /// The object, as `Kind/namespace/name`; `*` stands for a hash.
    pub object: String,
    /// What the API server says.
    pub reason: String,
}

/// What should be in the cluster. Partial, but strict where it speaks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// Exactly the generated objects of the kinds that are named here; of all kinds if the list is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Vec<ObjectExpectation>>,
    /// Objects that must not be there, as `Kind/namespace/name` with `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// What the statuses of objects say, by `Kind/namespace/name`; null if nothing of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<BTreeMap<String, Option<StatusExpectation>>>,
    /// What was written since the step before, in order, as `verb Kind/namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes: Option<Vec<String>>,
}

/// One generated object. Fields that are absent are not compared, those that are there are compared whole.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectExpectation {
    /// Kind.
    pub kind: String,
    /// Namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name; `*` stands for a hash.
    pub name: String,
    /// The mesh it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mesh: Option<String>,
    /// Labels, of which it may have more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations, of which it may have more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// The whole `spec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Value>,
}

/// What a status says. Conditions are rows like `Accepted=False/Invalid@2: part of the message`; generation and message
/// may be left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusExpectation {
    /// All finalizers of a class, in order. They lie beside the status, and are written by the controller like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finalizers: Option<Vec<String>>,
    /// All conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<String>>,
    /// All addresses, in order, as `IPAddress 192.0.2.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<String>>,
    /// All listeners, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listeners: Option<BTreeMap<String, ListenerExpectation>>,
    /// All parents, in order, those of other controllers too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parents: Option<Vec<ParentExpectation>>,
}

/// What a Gateway says of a listener.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ListenerExpectation {
    /// `attachedRoutes`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_routes: Option<i64>,
    /// `supportedKinds`, without groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supported_kinds: Option<Vec<String>>,
    /// All conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<String>>,
}

/// What a route says to a parent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ParentExpectation {
    /// The parentRef, without group and kind where they are the default ones.
    pub parent_ref: Value,
    /// The controller, where it is not ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// All conditions.
    pub conditions: Vec<String>,
}

impl Scenario {
    /// Reads a scenario from the text of a file.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_yaml_ng::from_str(text).map_err(|error| error.to_string())
    }

    /// Reads a scenario file.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::parse(&text)
    }
}

impl SettingsOverride {
    /// The settings.
    pub fn settings(&self) -> Settings {
        let default = Settings::default();
        let or = |text: &Option<String>, other: dataflows::model::Text| text.as_deref().map_or(other, Into::into);
        Settings {
            controller_name: or(&self.controller_name, default.controller_name),
            system_namespace: or(&self.system_namespace, default.system_namespace),
            zone: or(&self.zone, default.zone),
            mode: if self.global { ControlPlaneMode::Global } else { default.mode },
        }
    }
}
