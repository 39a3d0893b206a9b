use super::keyed;
use crate::model::{ClassStatus, Content, Desired, GatewayStatus, Kind, ListenerSetStatus, ObjectName, RouteStatus};
use crate::operators::Rows;

/// The statuses that should be shown. Keyed by the object whose status it is.
pub(crate) fn desired_statuses<'s>(
    classes: Rows<'s, ClassStatus>,
    gateways: Rows<'s, GatewayStatus>,
    listener_sets: Rows<'s, ListenerSetStatus>,
    routes: Rows<'s, RouteStatus>,
) -> Rows<'s, Desired> {
    let classes = classes.flat_map(|_, status| {
        let object = ObjectName::new(Kind::GatewayClass, "", &status.verdict.name);
        Some(keyed(Desired::new(object, Content::ClassStatus(status.clone()))))
    });
    let gateways = gateways.flat_map(|_, status| {
        let gateway = &status.managed.gateway;
        let object = ObjectName::new(Kind::Gateway, &gateway.namespace, &gateway.name);
        Some(keyed(Desired::new(object, Content::GatewayStatus(status.clone()))))
    });
    let listener_sets = listener_sets.flat_map(|_, status| {
        let set = &status.set.set.age;
        let object = ObjectName::new(Kind::ListenerSet, &set.namespace, &set.name);
        Some(keyed(Desired::new(object, Content::ListenerSetStatus(status.clone()))))
    });
    let routes = routes.flat_map(|_, status| {
        let (namespace, name) = (status.of.namespace.clone(), status.of.name.clone());
        let object = ObjectName { kind: status.of.kind, namespace, name };
        Some(keyed(Desired::new(object, Content::RouteStatus(status.clone()))))
    });
    classes.concat(gateways).concat(listener_sets).concat(routes)
}
