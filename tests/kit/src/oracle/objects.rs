use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::{
    AttachPoint, Certificate, Content, Desired, Floor, Hostname, InstancePlan, Key, Kind, ListenerHostname,
    ListenerState, MeshGatewayPlan, MeshHttpRoutePlan, MeshTcpRoutePlan, ObjectName, Ref, RouteKind, RouteRules,
    SecretCopyPlan, ServiceFloor, ServiceRoutePlan, ServiceTcpRoutePlan, Serving, Settings,
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
    let mut desired: Vec<_> = gateways.iter().flat_map(|gateway| of_gateway(settings, gateway, servings)).collect();
    let connections =
        servings.values().filter_map(|serving| Some(of_connections(serving, routes.get(&serving.route)?)));
    let (on_listeners, on_services): (Vec<_>, Vec<_>) =
        connections.flatten().partition(|plan| plan.serving.point.listener().is_some());
    desired.extend(on_listeners.into_iter().map(|plan| connection_route(settings, plan)));
    let served = ports_with_requests(servings);
    let held = on_services.into_iter().filter(|plan| !served.contains(&plan.serving.point.key));
    desired.extend(connections_on_services(settings, held.map(Ref::new).collect()));
    let plans = servings.values().filter_map(|serving| plan(serving, routes.get(&serving.route)?)).map(Ref::new);
    let (on_listeners, on_services): (Vec<_>, Vec<_>) =
        plans.partition(|plan: &Ref<MeshHttpRoutePlan>| plan.serving.point.listener().is_some());
    desired.extend(on_listeners.iter().map(|plan| {
        let serving = &plan.serving;
        Desired::new(names::route_object(settings, serving), Content::MeshHttpRoute(plan.clone()))
    }));
    desired.extend(of_services(settings, &on_services));
    desired.extend(service_floors(settings, servings, &on_services));
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
        let object = names::route_object(settings, &first.serving);
        Desired::new(object, Content::ServiceRoute(ServiceRoutePlan { ports }.into()))
    };
    by_service.into_values().map(object).collect()
}

/// One floor per port that has routes of which none answers everything.
fn service_floors(settings: &Settings, servings: &Servings, plans: &[Ref<MeshHttpRoutePlan>]) -> Vec<Desired> {
    let mut points: BTreeMap<Key, (Ref<AttachPoint>, bool)> =
        taking_requests(servings).map(|point| (point.key, (point.clone(), false))).collect();
    for plan in plans {
        if let Some((_, everything)) = points.get_mut(&plan.serving.point.key) {
            *everything |= service_routes::serves_everything(plan);
        }
    }
    let floor = |(point, everything): (Ref<AttachPoint>, bool)| {
        point.service_port().filter(|port| port.tag.is_some() && !everything)?;
        let object = names::service_floor_object(settings, &point)?;
        let content = Content::ServiceFloor(ServiceFloor { point: point.clone() }.into());
        Some(Desired::new(object, content))
    };
    points.into_values().filter_map(floor).collect()
}

fn of_gateway(settings: &Settings, gateway: &JudgedGateway, servings: &Servings) -> Vec<Desired> {
    let managed = &gateway.managed;
    let (namespace, name) = (&managed.gateway.namespace, &managed.gateway.name);
    let [mesh_gateway, instance, floor] = names::gateway_objects(settings, namespace, name);
    let desire = Desired::new;
    let mut desired = Vec::new();
    if gateway.accepted {
        let plan = InstancePlan { managed: managed.clone() };
        desired.push(desire(instance, Content::MeshGatewayInstance(plan.into())));
    }
    let mut listeners: Vec<_> = gateway.listeners.iter().filter(|state| state.usable).cloned().collect();
    listeners.sort_by(|left, right| left.listener.place().cmp(&right.listener.place()));
    for certificate in listeners.iter().flat_map(|state| &state.certificates) {
        let (certificate, mesh) = (certificate.clone(), managed.mesh.clone());
        let Ok(content) = certificate.content else { continue };
        let plan = SecretCopyPlan { mesh: mesh.clone(), certificate: certificate.clone(), content };
        let content = Content::SecretCopy(plan.into());
        desired.push(Desired::new(copy_of(settings, &mesh, &certificate), content));
    }
    if !listeners.is_empty() {
        // A port without any route freezes a gateway if it serves requests.
        let of_requests = |state: &Ref<ListenerState>| ["HTTP", "HTTPS"].contains(&state.listener.protocol.name());
        if listeners.iter().any(of_requests) {
            desired.push(desire(floor, Content::Floor(Floor { managed: managed.clone() }.into())));
        }
        let hostnames = hostnames_in_use(managed.key, servings);
        let plan = MeshGatewayPlan { managed: managed.clone(), listeners, hostnames };
        desired.push(desire(mesh_gateway, Content::MeshGateway(plan.into())));
    }
    desired
}

/// The copy of a Secret in a mesh.
pub(super) fn copy_of(settings: &Settings, mesh: &str, certificate: &Certificate) -> ObjectName {
    let name = names::secret_copy(settings, mesh, &certificate.namespace, &certificate.name);
    ObjectName::new(Kind::Secret, &settings.system_namespace, &name)
}

/// The hostnames that TLSRoutes have on listeners of a Gateway, each once.
fn hostnames_in_use(gateway: Key, servings: &Servings) -> Vec<Ref<ListenerHostname>> {
    let of_gateway = servings.values().filter(|serving| {
        let place = serving.point.listener();
        place.is_some_and(|place| place.gateway == gateway)
    });
    let of_gateway = of_gateway.filter(|serving| serving.route_kind == RouteKind::Tls);
    let rows = of_gateway.flat_map(|serving| {
        let row = |hostname| ListenerHostname { listener: serving.point.key, hostname };
        each_hostname(serving).into_iter().map(row)
    });
    let distinct: BTreeSet<_> = rows.collect();
    distinct.into_iter().map(Ref::new).collect()
}

fn each_hostname(serving: &Serving) -> Vec<Option<Hostname>> {
    let everywhere = serving.hostnames.is_empty().then_some(None);
    serving.hostnames.iter().cloned().map(Some).chain(everywhere).collect()
}

fn of_connections(serving: &Ref<Serving>, rules: &Ref<RouteRules>) -> Vec<MeshTcpRoutePlan> {
    let of_requests = matches!(serving.route_kind, RouteKind::Http | RouteKind::Grpc);
    if of_requests || !serving.point.is_usable() || rules.rules.is_empty() {
        return Vec::new();
    }
    let lost: BTreeSet<_> = serving.shadowed.iter().map(|shadowed| shadowed.claim.hostname.clone()).collect();
    let held = each_hostname(serving).into_iter().filter(|hostname| !lost.contains(hostname));
    held.map(|hostname| MeshTcpRoutePlan { serving: serving.clone(), rules: rules.clone(), hostname }).collect()
}

fn connection_route(settings: &Settings, plan: MeshTcpRoutePlan) -> Desired {
    let serving = plan.serving.clone();
    let (namespace, name) = (&serving.age.namespace, &serving.age.name);
    let made = names::mesh_tcp_route(namespace, name, serving.route, serving.point.key, plan.hostname.as_ref());
    let object = ObjectName::new(Kind::MeshTcpRoute, &settings.system_namespace, &made);
    Desired::new(object, Content::MeshTcpRoute(plan.into()))
}

/// One object per route of connections and Service, with the ports that the route holds.
fn connections_on_services(settings: &Settings, plans: Vec<Ref<MeshTcpRoutePlan>>) -> Vec<Desired> {
    let mut by_service: BTreeMap<(Key, Key), Vec<Ref<MeshTcpRoutePlan>>> = BTreeMap::new();
    for plan in plans {
        by_service.entry((plan.serving.route, plan.serving.point.parent)).or_default().push(plan);
    }
    let object = |mut ports: Vec<Ref<MeshTcpRoutePlan>>| {
        ports.sort_by_key(|plan| {
            let port = plan.serving.point.service_port();
            (port.map(|port| (port.port, port.section.clone())), plan.serving.point.key)
        });
        let serving = ports[0].serving.clone();
        let object = names::route_object(settings, &serving);
        Desired::new(object, Content::ServiceTcpRoute(ServiceTcpRoutePlan { ports }.into()))
    };
    by_service.into_values().map(object).collect()
}

/// The ports of Services on which routes take requests.
pub(super) fn ports_with_requests(servings: &Servings) -> BTreeSet<Key> {
    taking_requests(servings).map(|point| point.key).collect()
}

fn taking_requests(servings: &Servings) -> impl Iterator<Item = &Ref<AttachPoint>> {
    let of_requests = |serving: &&Ref<Serving>| matches!(serving.route_kind, RouteKind::Http | RouteKind::Grpc);
    let points = servings.values().filter(of_requests).map(|serving| &serving.point);
    points.filter(|point| point.service_port().is_some())
}

fn plan(serving: &Ref<Serving>, rules: &Ref<RouteRules>) -> Option<MeshHttpRoutePlan> {
    let of_requests = matches!(serving.route_kind, RouteKind::Http | RouteKind::Grpc);
    let becomes_something = serving.point.is_usable() && of_requests;
    (becomes_something && anything_left(serving, rules))
        .then(|| MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() })
}

/// Whether the route holds at least one match for at least one hostname.
fn anything_left(serving: &Serving, rules: &RouteRules) -> bool {
    let per_hostname: usize = rules.rules.iter().map(|planned| planned.rule.matches.len()).sum();
    let lost = serving.shadowed.iter().map(|shadowed| &shadowed.claim);
    let lost: BTreeSet<_> = lost.map(|claim| (claim.hostname.as_ref(), claim.rule, claim.index)).collect();
    per_hostname * serving.hostnames.len().max(1) > lost.len()
}
