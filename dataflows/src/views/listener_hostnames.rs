use crate::model::{ListenerHostname, Serving};
use crate::operators::Rows;
use crate::rules;

/// The hostnames that TLSRoutes have on each listener, however many routes have them. Keyed by the Gateway, whose
/// MeshGateway has to hold them all.
pub(crate) fn listener_hostnames(servings: Rows<'_, Serving>) -> Rows<'_, ListenerHostname> {
    servings.flat_map(|_, serving| rules::server_names::of_serving(serving)).distinct("hostnames by listener")
}
