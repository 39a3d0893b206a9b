//! What labels and annotations of a Gateway's infrastructure can be.

use std::collections::BTreeMap;

use crate::model::{Infrastructure, Text};

/// Labels of the pods that Kuma makes for a MeshGatewayInstance. Its Deployment selects them by the first; by the others
/// they get into their mesh as a gateway. What a template says would come after what Kuma says.
///
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/k8s/controllers/gateway_instance_controller.go>
const LABELS: [&str; 3] = ["app", "kuma.io/mesh", "kuma.io/sidecar-injection"];

/// Annotations likewise: that the pods are a gateway, and by which tags the MeshGateway finds them.
const ANNOTATIONS: [&str; 2] = ["kuma.io/gateway", "kuma.io/tags"];

/// The labels and annotations among these that Kuma has to set itself.
pub fn reserved<'a>(
    labels: &'a BTreeMap<Text, Text>,
    annotations: &'a BTreeMap<Text, Text>,
) -> impl Iterator<Item = &'a Text> {
    labels.keys().filter(|key| is_label(key)).chain(annotations.keys().filter(|key| is_annotation(key)))
}

/// Those that a Gateway asks for and does not get.
///
/// "An implementation may choose to add additional implementation-specific labels":
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure>
pub fn left_out(infrastructure: &Infrastructure) -> Vec<&Text> {
    reserved(&infrastructure.labels, &infrastructure.annotations).collect()
}

/// Whether Kuma has to set a label itself.
pub fn is_label(key: &str) -> bool {
    LABELS.contains(&key)
}

/// Whether Kuma has to set an annotation itself.
pub fn is_annotation(key: &str) -> bool {
    ANNOTATIONS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kuma_needs_for_itself_is_left_out() {
        let map = |keys: &[&str]| keys.iter().map(|key| (Text::from(*key), Text::from("x"))).collect();
        let table: [(&[&str], &[&str], &[&str]); 4] = [
            (&["team"], &["note"], &[]),
            (&["app", "team"], &[], &["app"]),
            (
                &["kuma.io/mesh", "kuma.io/sidecar-injection"],
                &["kuma.io/tags", "kuma.io/gateway"],
                &["kuma.io/mesh", "kuma.io/sidecar-injection", "kuma.io/gateway", "kuma.io/tags"],
            ),
            (&["kuma.io/tags"], &["app"], &[]),
        ];
        for (labels, annotations, expected) in table {
            let infrastructure =
                Infrastructure { labels: map(labels), annotations: map(annotations), parameters: None };
            let shown: Vec<_> = left_out(&infrastructure).into_iter().map(|key| &**key).collect();
            assert_eq!(shown, expected, "{labels:?} {annotations:?}");
        }
    }
}
