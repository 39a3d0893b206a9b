use crate::model::{ClassParameters, ClassVerdict, Gateway, Key, Kind, ManagedGateway, Mesh, Settings};
use crate::operators::{Arrangement, Rows};
use crate::rules;

/// The Gateways of our classes, accepted or not, with all that class, parameters and mesh say about them. Keyed by
/// the Gateway.
pub(crate) fn managed_gateways<'s>(
    gateways: Rows<'s, Gateway>,
    classes: Rows<'s, ClassVerdict>,
    parameters: Arrangement<'s, ClassParameters>,
    meshes: Arrangement<'s, Mesh>,
    settings: &Settings,
) -> Rows<'s, ManagedGateway> {
    let settings = settings.clone();
    gateways
        .rekey(|_, gateway| Some(gateway.class))
        .arrange("gateways by class")
        .join(classes.arrange("classes"), move |_, gateway, class| {
            let key = Key::of(Kind::Gateway, &gateway.namespace, &gateway.name);
            let managed = rules::gateways::of_class(&settings, key, gateway, class);
            Some((own_parameters_key(gateway), managed))
        })
        .arrange("gateways by parameters")
        .left_join(parameters, |_, managed, found| {
            let mesh = Key::of(Kind::Mesh, "", &managed.mesh);
            Some((mesh, rules::gateways::with_own_parameters(managed, found)))
        })
        .arrange("gateways by mesh")
        .left_join(meshes, |_, managed, mesh| {
            Some((managed.key, rules::gateways::in_mesh(managed, mesh.map(|mesh| &**mesh))))
        })
        .shared("managed gateways")
}

/// The MeshGatewayConfig that a Gateway names itself; one that cannot exist if it names none.
fn own_parameters_key(gateway: &Gateway) -> Key {
    let reference = gateway.infrastructure.parameters.as_ref();
    Key::of(Kind::MeshGatewayConfig, "", reference.map_or("", |reference| &reference.name))
}
