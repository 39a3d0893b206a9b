use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::{
    Certificate, Content, Desired, Floor, InstancePlan, Key, Kind, MeshGatewayPlan, MeshHttpRoutePlan, ObjectName, Ref,
    RouteKind, RouteRules, SecretCopyPlan, Serving, Settings,
};
use dataflows::rules::names;

use super::gateways::JudgedGateway;
use super::precedence::Servings;

/// The objects that should exist.
pub(super) fn desired(
    settings: &Settings,
    gateways: &[JudgedGateway],
    servings: &Servings,
    routes: &BTreeMap<Key, Ref<RouteRules>>,
) -> Vec<Desired> {
    let mut desired: Vec<_> = gateways.iter().flat_map(|gateway| of_gateway(settings, gateway)).collect();
    for serving in servings.values() {
        if let Some(rules) = routes.get(&serving.route) {
            desired.extend(of_route(settings, serving, rules));
        }
    }
    desired
}

fn of_gateway(settings: &Settings, gateway: &JudgedGateway) -> Vec<Desired> {
    let managed = &gateway.managed;
    let (namespace, name) = (&managed.gateway.namespace, &managed.gateway.name);
    let owner = ObjectName::new(Kind::Gateway, namespace, name);
    let [mesh_gateway, instance, floor] = names::gateway_objects(settings, namespace, name);
    let desire = |object, content| Desired::new(object, owner.clone(), managed.mesh.clone(), content);
    let mut desired = Vec::new();
    if gateway.accepted {
        let plan = InstancePlan { managed: managed.clone() };
        desired.push(desire(instance, Content::MeshGatewayInstance(plan.into())));
    }
    let listeners: Vec<_> = gateway.listeners.iter().filter(|state| state.usable).cloned().collect();
    for certificate in listeners.iter().flat_map(|state| &state.certificates) {
        let owner = ObjectName::new(Kind::Secret, &certificate.namespace, &certificate.name);
        let (certificate, mesh) = (certificate.clone(), managed.mesh.clone());
        let Ok(content) = certificate.content else { continue };
        let plan = SecretCopyPlan { mesh: mesh.clone(), certificate: certificate.clone(), content };
        let content = Content::SecretCopy(plan.into());
        desired.push(Desired::new(copy_of(settings, &mesh, &certificate), owner, mesh, content));
    }
    if !listeners.is_empty() {
        desired.push(desire(floor, Content::Floor(Floor { managed: managed.clone() }.into())));
        let plan = MeshGatewayPlan { managed: managed.clone(), listeners };
        desired.push(desire(mesh_gateway, Content::MeshGateway(plan.into())));
    }
    desired
}

/// The copy of a Secret in a mesh.
pub(super) fn copy_of(settings: &Settings, mesh: &str, certificate: &Certificate) -> ObjectName {
    let name = names::secret_copy(settings, mesh, &certificate.namespace, &certificate.name);
    ObjectName::new(Kind::Secret, &settings.system_namespace, &name)
}

fn of_route(settings: &Settings, serving: &Ref<Serving>, rules: &Ref<RouteRules>) -> Option<Desired> {
    if !serving.point.usable || serving.route_kind != RouteKind::Http || !anything_left(serving, rules) {
        return None;
    }
    let name = names::mesh_http_route(&serving.age.namespace, &serving.age.name, serving.route, serving.point.key);
    let object = ObjectName::new(Kind::MeshHttpRoute, &settings.system_namespace, &name);
    let owner = ObjectName::new(Kind::HttpRoute, &serving.age.namespace, &serving.age.name);
    let plan = MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() };
    let content = Content::MeshHttpRoute(plan.into());
    Some(Desired::new(object, owner, serving.point.mesh.clone(), content))
}

/// Whether the route holds at least one match for at least one hostname.
fn anything_left(serving: &Serving, rules: &RouteRules) -> bool {
    let per_hostname: usize = rules.rules.iter().map(|planned| planned.rule.matches.len()).sum();
    let lost = serving.shadowed.iter().map(|shadowed| &shadowed.claim);
    let lost: BTreeSet<_> = lost.map(|claim| (claim.hostname.as_ref(), claim.rule, claim.index)).collect();
    per_hostname * serving.hostnames.len().max(1) > lost.len()
}
