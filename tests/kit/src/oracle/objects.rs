use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::{
    Content, Desired, Floor, Hostname, InstancePlan, Key, Kind, ListenerHostname, ListenerState, MeshGatewayPlan,
    MeshHttpRoutePlan, MeshTcpRoutePlan, ObjectName, Ref, RouteKind, RouteRules, Serving, Settings,
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
    let mut desired: Vec<_> = gateways.iter().flat_map(|gateway| of_gateway(settings, gateway, servings)).collect();
    for serving in servings.values() {
        if let Some(rules) = routes.get(&serving.route) {
            desired.extend(of_route(settings, serving, rules));
        }
    }
    desired
}

fn of_gateway(settings: &Settings, gateway: &JudgedGateway, servings: &Servings) -> Vec<Desired> {
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

/// The hostnames that TLSRoutes have on listeners of a Gateway, each once.
fn hostnames_in_use(gateway: Key, servings: &Servings) -> Vec<Ref<ListenerHostname>> {
    let of_gateway = servings.values().filter(|serving| serving.point.gateway == gateway);
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

fn of_route(settings: &Settings, serving: &Ref<Serving>, rules: &Ref<RouteRules>) -> Vec<Desired> {
    if !serving.point.usable {
        return Vec::new();
    }
    let (namespace, name) = (&serving.age.namespace, &serving.age.name);
    let owner_kind = match serving.route_kind {
        RouteKind::Http => Kind::HttpRoute,
        RouteKind::Grpc => Kind::GrpcRoute,
        RouteKind::Tcp => Kind::TcpRoute,
        RouteKind::Tls => Kind::TlsRoute,
    };
    let desire = |kind, made: &str, content| {
        let object = ObjectName::new(kind, &settings.system_namespace, made);
        let owner = ObjectName::new(owner_kind, namespace, name);
        Desired::new(object, owner, serving.point.mesh.clone(), content)
    };
    let (route, listener) = (serving.route, serving.point.key);
    if matches!(serving.route_kind, RouteKind::Http | RouteKind::Grpc) {
        let made = names::mesh_http_route(namespace, name, route, listener);
        let plan = MeshHttpRoutePlan { serving: serving.clone(), rules: rules.clone() };
        let desired = desire(Kind::MeshHttpRoute, &made, Content::MeshHttpRoute(plan.into()));
        return anything_left(serving, rules).then_some(desired).into_iter().collect();
    }
    let lost: BTreeSet<_> = serving.shadowed.iter().map(|shadowed| shadowed.claim.hostname.clone()).collect();
    let held = each_hostname(serving).into_iter().filter(|hostname| !lost.contains(hostname));
    let object = |hostname: Option<Hostname>| {
        let made = names::mesh_tcp_route(namespace, name, route, listener, hostname.as_ref());
        let plan = MeshTcpRoutePlan { serving: serving.clone(), rules: rules.clone(), hostname };
        desire(Kind::MeshTcpRoute, &made, Content::MeshTcpRoute(plan.into()))
    };
    held.filter(|_| !rules.rules.is_empty()).map(object).collect()
}

/// Whether the route holds at least one match for at least one hostname.
fn anything_left(serving: &Serving, rules: &RouteRules) -> bool {
    let per_hostname: usize = rules.rules.iter().map(|planned| planned.rule.matches.len()).sum();
    let lost = serving.shadowed.iter().map(|shadowed| &shadowed.claim);
    let lost: BTreeSet<_> = lost.map(|claim| (claim.hostname.as_ref(), claim.rule, claim.index)).collect();
    per_hostname * serving.hostnames.len().max(1) > lost.len()
}
