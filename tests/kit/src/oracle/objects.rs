use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::{
    AttachPoint, Certificate, Content, Desired, Floor, InstancePlan, Key, Kind, MeshGatewayPlan, MeshHttpRoutePlan,
    ObjectName, Ref, RouteKind, RouteRules, SecretCopyPlan, ServiceFloor, ServiceRoutePlan, Serving, Settings,
};
use dataflows::rules::{names, service_routes};

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
    let plans = servings.values().filter_map(|serving| plan(serving, routes.get(&serving.route)?)).map(Ref::new);
    let (on_listeners, on_services): (Vec<_>, Vec<_>) =
        plans.partition(|plan: &Ref<MeshHttpRoutePlan>| plan.serving.point.listener().is_some());
    desired.extend(on_listeners.iter().map(|plan| of_route(settings, plan, Content::MeshHttpRoute(plan.clone()))));
    desired.extend(of_services(settings, &on_services));
    desired.extend(service_floors(settings, &on_services));
    desired
}

/// One object per route and Service.
fn of_services(settings: &Settings, plans: &[Ref<MeshHttpRoutePlan>]) -> Vec<Desired> {
    let mut by_service: BTreeMap<(Key, Key), Vec<Ref<MeshHttpRoutePlan>>> = BTreeMap::new();
    for plan in plans {
        by_service.entry((plan.serving.route, plan.serving.point.parent)).or_default().push(plan.clone());
    }
    let object = |mut ports: Vec<Ref<MeshHttpRoutePlan>>| {
        ports.sort_by_key(|plan| {
            let port = plan.serving.point.service_port();
            (port.map(|port| (port.port, port.section.clone())), plan.serving.point.key)
        });
        let first = ports[0].clone();
        of_route(settings, &first, Content::ServiceRoute(ServiceRoutePlan { ports }.into()))
    };
    by_service.into_values().map(object).collect()
}

/// One floor per port that has routes of which none answers everything.
fn service_floors(settings: &Settings, plans: &[Ref<MeshHttpRoutePlan>]) -> Vec<Desired> {
    let mut points: BTreeMap<Key, (Ref<AttachPoint>, bool)> = BTreeMap::new();
    for plan in plans {
        let point = &plan.serving.point;
        points.entry(point.key).or_insert((point.clone(), false)).1 |= service_routes::serves_everything(plan);
    }
    let floor = |(point, everything): (Ref<AttachPoint>, bool)| {
        let port = point.service_port().filter(|port| port.tag.is_some() && !everything)?;
        let object = names::service_floor_object(settings, &point)?;
        let content = Content::ServiceFloor(ServiceFloor { point: point.clone() }.into());
        Some(Desired::new(object, port.service.clone(), point.mesh.clone(), content))
    };
    points.into_values().filter_map(floor).collect()
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

fn plan(serving: &Ref<Serving>, rules: &Ref<RouteRules>) -> Option<MeshHttpRoutePlan> {
    let becomes_something = serving.point.is_usable() && serving.route_kind == RouteKind::Http;
    (becomes_something && anything_left(serving, rules))
        .then(|| MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() })
}

fn of_route(settings: &Settings, plan: &MeshHttpRoutePlan, content: Content) -> Desired {
    let serving = &plan.serving;
    let object = names::route_object(settings, serving);
    let owner = ObjectName::new(Kind::HttpRoute, &serving.age.namespace, &serving.age.name);
    Desired::new(object, owner, serving.point.mesh.clone(), content)
}

/// Whether the route holds at least one match for at least one hostname.
fn anything_left(serving: &Serving, rules: &RouteRules) -> bool {
    let per_hostname: usize = rules.rules.iter().map(|planned| planned.rule.matches.len()).sum();
    let lost = serving.shadowed.iter().map(|shadowed| &shadowed.claim);
    let lost: BTreeSet<_> = lost.map(|claim| (claim.hostname.as_ref(), claim.rule, claim.index)).collect();
    per_hostname * serving.hostnames.len().max(1) > lost.len()
}
