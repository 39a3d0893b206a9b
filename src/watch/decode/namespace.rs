use dataflows::model::{Fact, MeshChoice, NamespaceLabels};

use super::source::{Source, texts};

/// The labels of a namespace, and the mesh that it chooses for what is in it.
pub(super) fn decode(source: &Source<'_>) -> Vec<Fact> {
    let name = &source.name.name;
    let labels = Fact::namespace_labels(name, NamespaceLabels { labels: texts(&source.metadata.labels) });
    let choice = source.mesh().map(|mesh| Fact::mesh_choice(name, MeshChoice { mesh }));
    std::iter::once(labels).chain(choice).collect()
}

#[cfg(test)]
mod tests {
    use dataflows::model::{MeshChoice, NamespaceLabels};

    use crate::watch::decode::testing::{decoded, rows};

    /// The mesh that a namespace with this metadata chooses.
    #[track_caller]
    fn check(metadata: &str, expected: Option<&str>) {
        let object = decoded(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, {metadata}}}}}"));
        let chosen: Vec<_> = rows::<MeshChoice>(&object).iter().map(|choice| choice.mesh.to_string()).collect();
        assert_eq!(chosen.first().map(String::as_str), expected);
        assert_eq!(rows::<NamespaceLabels>(&object).len(), 1);
    }

    #[test]
    fn a_namespace_chooses_a_mesh_by_label_then_by_annotation() {
        check("", None);
        check("labels: null", None);
        check("labels: {kuma.io/mesh: a}, annotations: {kuma.io/mesh: b}", Some("a"));
        check("labels: {kuma.io/mesh: ''}, annotations: {kuma.io/mesh: b}", Some("b"));
        check("annotations: {kuma.io/mesh: ''}", None);
    }

    #[test]
    fn all_labels_are_kept() {
        let object =
            decoded("{apiVersion: v1, kind: Namespace, metadata: {name: shop, namespace: odd, labels: {a: b, c: ''}}}");
        let labels = [("a".into(), "b".into()), ("c".into(), "".into())].into();
        assert_eq!(rows::<NamespaceLabels>(&object), [NamespaceLabels { labels }]);
        assert_eq!(object.object.to_string(), "Namespace/shop");
    }
}
