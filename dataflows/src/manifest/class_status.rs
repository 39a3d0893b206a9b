//! `status` of a GatewayClass.

use serde_json::{Value, json};

use super::conditions::{GLOBAL, condition, join, parameters_text};
use crate::model::{ClassStatus, ControlPlaneMode, Settings, Text};
use crate::rules::{bundle, features};

/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassconditionreason>
pub(super) fn status(settings: &Settings, class: &ClassStatus) -> Value {
    let refused = |reason: &str, message: &str| condition("Accepted", false, reason, message, class.generation);
    let refusal = match (&class.verdict.parameters, settings.mode) {
        (_, ControlPlaneMode::Global) => Some(refused("Unsupported", GLOBAL)),
        (Err(problem), _) => Some(refused("InvalidParameters", &parameters_text(problem))),
        (Ok(_), _) => None,
    };
    let is_accepted = refusal.is_none();
    let accepted = refusal.unwrap_or_else(|| condition("Accepted", true, "Accepted", "", class.generation));
    let mut status = json!({"conditions": [accepted, supported_version(class)]});
    if is_accepted {
        status["supportedFeatures"] = features::supported().into_iter().map(|name| json!({"name": name})).collect();
    }
    status
}

/// A class works as well as it can with definitions of other versions: it is accepted all the same.
fn supported_version(class: &ClassStatus) -> Value {
    let unknown = &class.bundle.unknown;
    let says = |status, reason, message: &str| condition("SupportedVersion", status, reason, message, class.generation);
    if class.bundle.unreadable {
        let mut unsaid = says(false, "Pending", UNREADABLE);
        unsaid["status"] = "Unknown".into();
        return unsaid;
    }
    if unknown.is_empty() {
        return says(true, "SupportedVersion", "");
    }
    let known = bundle::KNOWN.map(|(major, minor)| format!("v{major}.{minor}")).join(" or ");
    let definition = |(name, version): &(Text, Option<Text>)| match version {
        Some(version) => format!("CustomResourceDefinition \"{name}\" is of version {version}"),
        None => format!("CustomResourceDefinition \"{name}\" does not say its version"),
    };
    let message = format!("{}: install those of Gateway API {known}", join(unknown.iter().map(definition)));
    says(false, "UnsupportedVersion", &message)
}

/// Why nothing is said of the version.
const UNREADABLE: &str =
    "CustomResourceDefinitions may not be read, so their version is not known: permit get, list and watch";
