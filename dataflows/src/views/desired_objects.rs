use super::keyed;
use crate::model::{
    Content, Desired, Floor, InstancePlan, Key, Kind, ManagedGateway, MeshGatewayPlan, MeshHttpRoutePlan,
    MeshTcpRoutePlan, SecretCopyPlan, ServiceFloor, ServiceRoutePlan, ServiceTcpRoutePlan, Settings,
};
use crate::operators::Rows;
use crate::rules::{self, names};

/// The objects that should exist. Keyed by the object.
pub(crate) fn desired_objects<'s>(
    gateways: Rows<'s, MeshGatewayPlan>,
    instances: Rows<'s, InstancePlan>,
    (http_routes, tcp_routes, service_routes, connections): (
        Rows<'s, MeshHttpRoutePlan>,
        Rows<'s, MeshTcpRoutePlan>,
        Rows<'s, ServiceRoutePlan>,
        Rows<'s, ServiceTcpRoutePlan>,
    ),
    service_floors: Rows<'s, ServiceFloor>,
    copies: Rows<'s, SecretCopyPlan>,
    settings: &Settings,
) -> Rows<'s, Desired> {
    let [for_gateways, for_instances, for_http, for_tcp, for_services, for_connections, for_floors, for_copies] =
        [(); 8].map(|()| settings.clone());
    let gateways = gateways.flat_map(move |_, plan| {
        let floor = rules::order::needs_a_floor(plan).then(|| Floor { managed: plan.managed.clone() });
        let contents = floor.map(|floor| Content::Floor(floor.into())).into_iter();
        let contents: Vec<_> = contents.chain([Content::MeshGateway(plan.clone())]).collect();
        contents.into_iter().map(|content| of_gateway(&for_gateways, &plan.managed, content)).collect::<Vec<_>>()
    });
    let instances = instances.flat_map(move |_, plan| {
        Some(of_gateway(&for_instances, &plan.managed, Content::MeshGatewayInstance(plan.clone())))
    });
    let http_routes = http_routes.flat_map(move |_, plan| {
        let on_listener = plan.serving.point.listener().is_some();
        let object = || names::route_object(&for_http, &plan.serving);
        on_listener.then(|| keyed(Desired::new(object(), Content::MeshHttpRoute(plan.clone()))))
    });
    let tcp_routes = tcp_routes.flat_map(move |_, plan| {
        let on_listener = plan.serving.point.listener().is_some();
        let object = || names::connection_route_object(&for_tcp, &plan.serving, plan.hostname.as_ref());
        on_listener.then(|| keyed(Desired::new(object(), Content::MeshTcpRoute(plan.clone()))))
    });
    let service_routes = service_routes.flat_map(move |_, plan| {
        let serving = &plan.ports.first()?.serving;
        Some(keyed(Desired::new(names::route_object(&for_services, serving), Content::ServiceRoute(plan.clone()))))
    });
    let connections = connections.flat_map(move |_, plan| {
        let serving = &plan.ports.first()?.serving;
        let object = names::route_object(&for_connections, serving);
        Some(keyed(Desired::new(object, Content::ServiceTcpRoute(plan.clone()))))
    });
    let service_floors = service_floors.flat_map(move |_, floor| {
        let object = names::service_floor_object(&for_floors, &floor.point)?;
        Some(keyed(Desired::new(object, Content::ServiceFloor(floor.clone()))))
    });
    let copies = copies.flat_map(move |_, plan| Some(of_secret(&for_copies, Content::SecretCopy(plan.clone()), plan)));
    let of_routes = http_routes.concat(tcp_routes).concat(service_routes).concat(connections).concat(service_floors);
    gateways.concat(instances).concat(of_routes).concat(copies)
}

fn of_gateway(settings: &Settings, managed: &ManagedGateway, content: Content) -> (Key, Desired) {
    let gateway = &managed.gateway;
    let [mesh_gateway, instance, floor] = names::gateway_objects(settings, &gateway.namespace, &gateway.name);
    let object = match content {
        Content::MeshGateway(_) => mesh_gateway,
        Content::MeshGatewayInstance(_) => instance,
        _ => floor,
    };
    keyed(Desired::new(object, content))
}

fn of_secret(settings: &Settings, content: Content, plan: &SecretCopyPlan) -> (Key, Desired) {
    let certificate = &plan.certificate;
    let name = names::secret_copy(settings, &plan.mesh, &certificate.namespace, &certificate.name);
    let object = settings.system_object(Kind::Secret, &name);
    keyed(Desired::new(object, content))
}
