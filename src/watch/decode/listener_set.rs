use dataflows::model::{Age, Fact, Key, Kind, ListenerSet};

use super::source::Source;
use super::{DecodeError, listener};
use crate::kubernetes::ListenerSetSpec;

/// A ListenerSet and its listeners, if its parent is a Gateway: no other parent is known.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenerset>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: ListenerSetSpec<'_> = source.section("spec")?;
    let parent = &spec.parent_ref;
    if Kind::find(parent.group, parent.kind) != Some(Kind::Gateway) {
        return Ok(Vec::new());
    }
    let gateway = Key::of(Kind::Gateway, &source.namespace(parent.namespace), parent.name);
    let (namespace, name) = (source.name.namespace.clone(), source.name.name.clone());
    let set = ListenerSet { gateway, age: Age::new(source.created()?, namespace, name) };
    let mut facts = vec![source.generation(), Fact::listener_set(set)];
    facts.extend(listener::decode(source, gateway, Some(&source.name.name), &spec.listeners)?);
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use dataflows::model::{Key, Kind, Listener, ListenerSet};

    use crate::watch::decode::testing::{decoded, error, rows};

    fn set(spec: &str) -> String {
        format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: ListenerSet, metadata: {{name: more, namespace: shop, \
             creationTimestamp: 1970-01-01T00:00:07Z}}, spec: {{{spec}}}}}"
        )
    }

    #[test]
    fn a_listener_set_brings_its_listeners_to_its_gateway() {
        let object = decoded(&set(
            "parentRef: {name: edge, namespace: infra}, listeners: [{name: web, port: 80, protocol: HTTP}]",
        ));
        let gateway = Key::of(Kind::Gateway, "infra", "edge");
        let found = &rows::<ListenerSet>(&object)[0];
        assert_eq!((found.gateway, found.age.created), (gateway, Some(7)));
        let listener = &rows::<Listener>(&object)[0];
        assert_eq!((listener.gateway, listener.holder()), (gateway, Key::of(Kind::ListenerSet, "shop", "more")));
    }

    #[test]
    fn the_parent_is_a_gateway_of_its_own_namespace_unless_it_is_said() {
        let object = decoded(&set("parentRef: {name: edge}, listeners: []"));
        assert_eq!(rows::<ListenerSet>(&object)[0].gateway, Key::of(Kind::Gateway, "shop", "edge"));
        let object = decoded(&set("parentRef: {kind: Service, group: '', name: edge}, listeners: []"));
        assert!(rows::<ListenerSet>(&object).is_empty(), "no other parent is known");
    }

    #[test]
    fn what_cannot_be_a_listener_is_told() {
        let text = error(&set("parentRef: {name: edge}, listeners: [{name: ../web, port: 80, protocol: HTTP}]"));
        assert!(text.contains("spec.listeners[0].name"), "{text}");
    }
}
