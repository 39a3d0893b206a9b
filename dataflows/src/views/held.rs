use crate::model::{Held, Key, Kind, ManagedGateway, Observed};
use crate::operators::Rows;
use crate::rules;

/// The objects that stay as they are while their Gateway has lost its parameters: the last good state, with the copies
/// that the MeshGateway names. Keyed by the object.
pub(crate) fn held<'s>(managed: Rows<'s, ManagedGateway>, observed: Rows<'s, Observed>) -> Rows<'s, Held> {
    let anchors = managed.flat_map(|gateway, managed| {
        let of = &managed.gateway;
        let mesh_gateway = rules::names::mesh_gateway(&of.namespace, &of.name);
        let anchors = [
            Key::of(Kind::MeshGateway, "", &mesh_gateway),
            Key::of(Kind::MeshGatewayInstance, &of.namespace, &of.name),
        ];
        let held = rules::gateways::is_held(managed);
        anchors.into_iter().filter(move |_| held).map(move |anchor| (anchor, Held { gateway }))
    });
    let observed = observed.rekey(|_, observed| Some(observed.anchor)).arrange("observed by anchor");
    anchors.arrange("held by anchor").join(observed, |_, held, observed| {
        let held = Held::clone(held);
        let keys: Vec<_> = observed.copies().iter().copied().chain([observed.object.key()]).collect();
        keys.into_iter().map(move |key| (key, held.clone()))
    })
}
