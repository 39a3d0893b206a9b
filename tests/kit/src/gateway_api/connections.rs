use std::cmp::Reverse;

use super::matching::{best_hostname, seniority};
use super::objects::Listener;
use super::{Cluster, Gateway, Route};
use crate::traffic::{Answer, Forward};

impl Cluster {
    /// What becomes of a connection to a listener: of the routes that are attached to it the one with the narrowest
    /// hostname for the server name has it, of several the oldest.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute>, <https://gateway-api.sigs.k8s.io/reference/spec/#tcproute>
    pub(super) fn connect(&self, gateway: &Gateway, listener: &Listener, server_name: Option<&str>) -> Answer {
        let rank = |route: &&Route| {
            let hostname = match server_name {
                Some(name) => best_hostname(route, listener, name)?,
                None => (false, 0),
            };
            Some((hostname, Reverse(seniority(&route.metadata))))
        };
        let ranked = self.attached(gateway, listener).into_iter().filter_map(|route| Some((rank(&route)?, route)));
        let first = ranked.max_by(|(left, _), (right, _)| left.cmp(right));
        // "If more than one rule is given, the first one counts": a connection has nothing to choose by.
        let rule = first.and_then(|(_, route)| Some((route, route.spec.rules.first()?)));
        let Some((route, rule)) = rule else { return Answer::Closed };
        let parent = self.as_parent(gateway);
        let share = rule
            .backend_refs
            .iter()
            .map(|backend| (self.destination(&parent, route, backend), backend.weight.unwrap_or(1)));
        Forward::connection(share)
    }
}
