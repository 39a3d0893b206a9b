use std::collections::BTreeSet;

use super::Kuma;
use super::merge::{merge, queries};
use super::objects::{Filter, Listener, MeshGateway, Policy, TargetRef};
use crate::traffic::matches_whole;

/// The names by which Kuma's gateways know the header that is a host.
pub(super) const HOST: [&str; 3] = [":authority", "Host", "host"];

/// The largest sum of weights that Envoy takes.
const WEIGHTS_MAX: u64 = u32::MAX as u64;

impl Kuma {
    /// Why gateways take no new configuration on any port, if they do not.
    pub fn frozen(&self) -> Vec<String> {
        self.gateways.iter().flat_map(|gateway| self.reasons(gateway)).collect()
    }

    fn reasons(&self, gateway: &MeshGateway) -> Vec<String> {
        let mut reasons = Vec::new();
        let mut say = |trap: &str, what: String| reasons.push(format!("{trap}: {}: {what}", gateway.metadata.name));
        let listeners = &gateway.spec.conf.listeners;
        let ports: BTreeSet<_> =
            listeners.iter().filter(|it| it.protocol.starts_with("HTTP")).map(|it| it.port).collect();
        for port in ports {
            let of_port: Vec<_> = listeners.iter().filter(|listener| listener.port == port).collect();
            let served = self.hosts(gateway, &of_port, None, &[]);
            if served.is_empty() {
                let trap = if of_port[0].protocol == "HTTPS" { "S2" } else { "S1" };
                say(trap, format!("no route acts on port {port}"));
            }
        }
        for listener in listeners {
            for certificate in listener.tls.certificates.iter().filter(|it| !self.secrets.contains(&it.secret)) {
                say("S7", format!("there is no Secret {}", certificate.secret));
            }
            self.http_traps(gateway, listener, &mut say);
            self.tcp_traps(gateway, listener, &mut say);
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }

    fn http_traps(&self, gateway: &MeshGateway, listener: &Listener, say: &mut dyn FnMut(&str, String)) {
        if !listener.protocol.starts_with("HTTP") {
            return;
        }
        let policies = Self::policies(&self.http_routes, gateway, listener);
        for merged in merge(policies.into_iter().flat_map(Policy::on_gateway)) {
            let backends = merged.rule.default.backend_refs.as_deref().unwrap_or_default();
            if backends.len() > 1 && sum(backends) == 0 {
                say("S3", format!("{}: all weights are 0", merged.policy));
            }
            if backends.len() > 1 && sum(backends) > WEIGHTS_MAX {
                say("S3", format!("{}: the sum of weights is {}", merged.policy, sum(backends)));
            }
            let filters = merged.rule.default.filters.as_deref().unwrap_or_default();
            let redirects = backends.is_empty() && filters.iter().any(|filter| filter.request_redirect.is_some());
            let is_mirror = |filter: &Filter| {
                filter.request_mirror.as_ref().is_some_and(|mirror| mirror.percentage != Some(0.into()))
            };
            if redirects && filters.iter().any(|filter| is_mirror(filter) || filter.url_rewrite.is_some()) {
                say("Kuma", format!("{}: a mirror or rewrite without a backend", merged.policy));
            }
            for trap in filters.iter().flat_map(header_traps) {
                say("Envoy", format!("{}: {trap}", merged.policy));
            }
            for found in &merged.rule.matches {
                let path = found.path.iter().filter(|path| path.kind == "RegularExpression").map(|path| &path.value);
                let headers = found.headers.iter().filter(|header| header.kind == "RegularExpression");
                let queries = queries(found, &[]).into_iter().filter(|(.., expression)| *expression);
                let named = headers.map(|header| header.value.as_str()).chain(queries.map(|(_, value, _)| value));
                let path = path.map(String::as_str);
                for expression in path.chain(named).filter(|expression| matches_whole(expression, "").is_none()) {
                    say("Envoy", format!("{}: {expression:?} does not compile", merged.policy));
                }
            }
        }
    }

    fn tcp_traps(&self, gateway: &MeshGateway, listener: &Listener, say: &mut dyn FnMut(&str, String)) {
        if !["TCP", "TLS"].contains(&listener.protocol.as_str()) {
            return;
        }
        for policy in Self::policies(&self.tcp_routes, gateway, listener) {
            let backends = backends(policy);
            if backends.len() > 1 && backends.iter().any(|backend| backend.weight == Some(0)) {
                say("S5", format!("{}: a weight is 0", policy.metadata.name));
            }
            for backend in backends.iter().filter(|backend| self.is_dangling(&gateway.mesh, backend)) {
                say("S6", format!("{}: {} leads nowhere", policy.metadata.name, backend.name));
            }
        }
    }
}

/// What Envoy refuses of header modifiers. Of a Host that a request is given Kuma makes another host to ask.
fn header_traps(filter: &Filter) -> Vec<String> {
    let of_requests = filter.request_header_modifier.iter().map(|modifier| (modifier, true));
    let of_responses = filter.response_header_modifier.iter().map(|modifier| (modifier, false));
    let mut traps = Vec::new();
    for (modifier, of_requests) in of_requests.chain(of_responses) {
        let set = modifier.set.iter().filter(|header| !(of_requests && HOST.contains(&header.name.as_str())));
        for header in set.clone().chain(&modifier.add) {
            if header.value.replace("%%", "").contains(['%', '\n', '\r', '\0']) {
                traps.push(format!("{:?} is no value of a header", header.value));
            }
        }
        let names = set.chain(&modifier.add).map(|header| &header.name).chain(&modifier.remove);
        for name in names.filter(|name| name.starts_with(':') || name.eq_ignore_ascii_case("host")) {
            traps.push(format!("{name} may not be modified"));
        }
    }
    traps
}

fn sum(backends: &[TargetRef]) -> u64 {
    backends.iter().map(|backend| backend.weight.unwrap_or(1)).sum()
}

fn backends(policy: &Policy) -> Vec<&TargetRef> {
    let rules = policy.spec.to.iter().flat_map(|to| &to.rules);
    rules.flat_map(|rule| rule.default.backend_refs.as_deref().unwrap_or_default()).collect()
}
