use std::collections::BTreeSet;

use super::Kuma;
use super::merge::merge;
use super::objects::{Filter, Listener, MeshGateway, Policy, TargetRef};
use crate::traffic::matches_whole;

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
            let modifiers =
                filters.iter().flat_map(|filter| [&filter.request_header_modifier, &filter.response_header_modifier]);
            for header in modifiers.flatten().flat_map(|modifier| modifier.set.iter().chain(&modifier.add)) {
                if header.value.replace("%%", "").contains(['%', '\n', '\r', '\0']) {
                    say("Envoy", format!("{}: {:?} is no value of a header", merged.policy, header.value));
                }
            }
            for found in &merged.rule.matches {
                let path = found.path.iter().filter(|path| path.kind == "RegularExpression").map(|path| &path.value);
                let named = found.headers.iter().chain(&found.query_params);
                let named = named.filter(|named| named.kind == "RegularExpression").map(|named| &named.value);
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

fn sum(backends: &[TargetRef]) -> u64 {
    backends.iter().map(|backend| backend.weight.unwrap_or(1)).sum()
}

fn backends(policy: &Policy) -> Vec<&TargetRef> {
    let rules = policy.spec.to.iter().flat_map(|to| &to.rules);
    rules.flat_map(|rule| rule.default.backend_refs.as_deref().unwrap_or_default()).collect()
}
