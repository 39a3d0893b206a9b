//! A model of Kuma 2.14's built-in gateways and sidecars: objects in, and for a request what becomes of it.
//!
//! It follows what was measured on a running control plane, and where nothing was measured the source of Kuma. It is a
//! model of behaviour, bugs included, and knows nothing of Gateway API or of the controller. What differs from Gateway
//! API has a name, [`Quirk`], and can be taken out of the model one by one.

mod answer;
mod connections;
mod destinations;
mod frozen;
mod hosts;
mod merge;
mod objects;
#[cfg(test)]
mod sidecar_tests;
mod sidecars;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::traffic::{Answer, Place, Request};
use destinations::Destinations;
use objects::{Instance, Listener, MeshGateway, Policy};

/// Something that Kuma's gateways do and Gateway API does not want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// A path counts before a hostname: inside of a listener, a longer path of a route for all hosts wins over a route
    /// for just this one.
    PathBeforeHostname,
    /// A prefix does not match the path that is the prefix itself where another rule of the virtual host matches just
    /// that path, whatever else that rule asks for.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/gateway/gateway_route_generator.go>
    ExactHidesPrefix,
    /// The prefix `/` counts as a match of just `/` besides, and ties with rules for that.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/gateway/gateway_route_generator.go>
    PrefixIsRoot,
    /// The same where the rule for the prefix asks for a method: it comes before a rule for exactly `/` that asks for none.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/gateway/route/sorter.go>
    MethodBeforeRoot,
    /// Of several regular expressions for paths the longest wins, and of equally long ones any.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/gateway/route/sorter.go>
    LongestExpression,
    /// Of several regular expressions for query parameters in one match only the last counts.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/policies/meshhttproute/plugin/v1alpha1/gateway_routes.go>
    LastQueryExpression,
    /// Values of query parameters that stand before a regular expression for another one are regular expressions too.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/policies/meshhttproute/plugin/v1alpha1/gateway_routes.go>
    ValuesAreExpressions,
    /// The rules that come with a Service and those that a namespace has for its own calls are one set of rules in that
    /// namespace, where the latter outrank only what matches the same.
    ProducersAnswerConsumers,
    /// Where a sidecar replaces a prefix by something that ends in a slash, as paths below it need, the prefix itself gets
    /// that slash too.
    ///
    /// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/policies/meshhttproute/xds/filters/urlrewrite.go>
    SlashBehindPrefix,
    /// A sidecar leaves out backends that it cannot find, and asks the Service itself where none is left or no rule
    /// matches.
    FailsOpen,
}

/// All that a control plane knows.
pub struct Kuma {
    /// The zone that it is in.
    zone: String,
    gateways: Vec<MeshGateway>,
    instances: Vec<Instance>,
    http_routes: Vec<Policy>,
    tcp_routes: Vec<Policy>,
    secrets: BTreeSet<String>,
    destinations: Destinations,
}

impl Kuma {
    /// A control plane that has been given `objects`, among `surroundings`: the Meshes, Services and other destinations
    /// of its cluster.
    pub fn new(zone: &str, objects: &[Value], surroundings: &[Value]) -> Result<Self, String> {
        let secrets = objects.iter().filter(|object| object["type"] == "system.kuma.io/secret");
        Ok(Self {
            zone: zone.to_owned(),
            gateways: read(objects, "MeshGateway")?,
            instances: read(objects, "MeshGatewayInstance")?,
            http_routes: read(objects, "MeshHTTPRoute")?,
            tcp_routes: read(objects, "MeshTCPRoute")?,
            secrets: secrets.filter_map(|object| Some(object["metadata"]["name"].as_str()?.to_owned())).collect(),
            destinations: Destinations::of(surroundings),
        })
    }

    /// What becomes of a request, in a Kuma without some of its quirks. More than one answer: any of them, at the whim
    /// of the order in which Kuma happens to sort equals.
    pub fn answers(&self, request: &Request, without: &[Quirk]) -> Vec<Answer> {
        let mut answers = match &request.to {
            Place::Gateway { namespace, name } => self.at_gateway(namespace, name, request, without),
            Place::Service { namespace, name, from, mesh } => {
                let asked = destinations::at("Service", namespace, name, request.port);
                self.at_sidecar(from, mesh, &asked, request, without)
            }
        };
        answers.sort();
        answers.dedup();
        answers
    }

    fn at_gateway(&self, namespace: &str, name: &str, request: &Request, without: &[Quirk]) -> Vec<Answer> {
        let Some(gateway) = self.gateway_of(namespace, name) else { return vec![Answer::Closed] };
        let listeners: Vec<_> =
            gateway.spec.conf.listeners.iter().filter(|listener| listener.port == request.port).collect();
        match listeners.first().map(|listener| listener.protocol.as_str()) {
            Some("HTTP" | "HTTPS") => self.http(gateway, &listeners, request, without),
            Some("TCP" | "TLS") => vec![self.connection(gateway, &listeners, request)],
            _ => vec![Answer::Closed],
        }
    }

    /// The MeshGateway that configures the pods of an instance.
    fn gateway_of(&self, namespace: &str, name: &str) -> Option<&MeshGateway> {
        let instance = self
            .instances
            .iter()
            .find(|instance| instance.metadata.namespace == namespace && instance.metadata.name == name)?;
        let service = format!("{name}_{namespace}_svc");
        self.gateways.iter().find(|gateway| {
            let selected = gateway.spec.selectors.iter().any(|selector| {
                selector.tags.iter().all(|(key, value)| match key.as_str() {
                    "kuma.io/service" => value == "*" || *value == service,
                    key => instance.spec.tags.get(key).is_some_and(|tag| value == "*" || tag == value),
                })
            });
            selected && gateway.mesh == instance.metadata.mesh()
        })
    }

    /// The policies of a kind that apply to a listener of a gateway, strongest first: of those that target gateways the
    /// one with the largest name, then those that target everything.
    fn policies<'a>(all: &'a [Policy], gateway: &MeshGateway, listener: &Listener) -> Vec<&'a Policy> {
        let mut policies: Vec<_> = all.iter().filter(|policy| policy.applies(gateway, listener)).collect();
        policies.sort_by(|left, right| {
            let everything = |policy: &Policy| policy.spec.target_ref.kind != "MeshGateway";
            everything(left).cmp(&everything(right)).then_with(|| right.metadata.name.cmp(&left.metadata.name))
        });
        policies
    }
}

fn read<T: DeserializeOwned>(objects: &[Value], kind: &str) -> Result<Vec<T>, String> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    of_kind.map(|object| serde_json::from_value(object.clone()).map_err(|error| format!("{error}: {object}"))).collect()
}
