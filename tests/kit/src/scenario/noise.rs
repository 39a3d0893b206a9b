//! Objects that have nothing to do with any scenario.

use serde_json::Value;

use super::format::{Scenario, Step};
use super::object_id::ObjectId;
use super::prepare::{Edit, Prepared};

const NOISE: &str = include_str!("noise.yaml");

/// A gateway with routes and a Service with one in another mesh and namespace, a class of another controller with a Gateway and a route,
/// objects of Kuma's kinds that somebody else made, and kinds that are nobody's business here.
pub(super) fn edits(controller_name: &str) -> Result<Vec<Edit>, String> {
    let text = NOISE.replace("CONTROLLER", controller_name);
    let objects: Vec<Value> = serde_yaml_ng::from_str(&text).map_err(|error| error.to_string())?;
    let scenario = Scenario {
        description: String::new(),
        link: String::new(),
        settings: super::SettingsOverride::default(),
        history_matters: false,
        objects,
        addresses: std::collections::BTreeMap::new(),
        expect: None,
        steps: Vec::<Step>::new(),
    };
    let prepared = Prepared::new(&scenario)?;
    let edits = prepared.stages.into_iter().flat_map(|stage| stage.edits);
    Ok(edits.filter(|edit| matches!(edit, Edit::Put(_))).collect())
}

/// Whether an object belongs to the noise, or was generated from it.
pub(super) fn is_noise(id: &ObjectId) -> bool {
    id.name.contains("noise") || id.namespace.contains("noise")
}
