//! `status` of a GatewayClass.

use serde_json::{Value, json};

use super::conditions::{GLOBAL, condition, parameters_text};
use crate::model::{ClassStatus, ControlPlaneMode, Settings};

/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassconditionreason>
pub(super) fn status(settings: &Settings, class: &ClassStatus) -> Value {
    let accepted = match (&class.verdict.parameters, settings.mode) {
        (_, ControlPlaneMode::Global) => condition("Accepted", false, "Unsupported", GLOBAL, class.generation),
        (Err(problem), _) => {
            condition("Accepted", false, "InvalidParameters", &parameters_text(problem), class.generation)
        }
        (Ok(_), _) => condition("Accepted", true, "Accepted", "", class.generation),
    };
    json!({ "conditions": [accepted] })
}
