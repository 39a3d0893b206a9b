use std::cmp::Reverse;

use super::listeners::Entry;
use super::matching::{best_hostname, seniority};
use super::objects::Reference;
use super::{Cluster, Gateway, Parent, Route};
use crate::traffic::{Answer, Forward};

impl Cluster {
    /// What becomes of a connection to a listener: of the routes that are attached to it the one with the narrowest
    /// hostname for the server name has it, of several the oldest.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute>, <https://gateway-api.sigs.k8s.io/reference/spec/#tcproute>
    pub(super) fn connect(&self, gateway: &Gateway, entry: &Entry<'_>, server_name: Option<&str>) -> Answer {
        let rank = |route: &&Route| {
            let hostname = match server_name {
                Some(name) => best_hostname(route, entry.listener, name)?,
                None => (false, 0),
            };
            Some((hostname, Reverse(seniority(&route.metadata))))
        };
        let ranked = self.attached(gateway, entry).into_iter().filter_map(|route| Some((rank(&route)?, route)));
        let first = ranked.max_by(|(left, _), (right, _)| left.cmp(right));
        first.map_or(Answer::Closed, |(_, route)| self.connection(&self.as_parent(gateway), route))
    }

    /// Where a route sends connections. Of several rules the first counts: a connection has nothing to choose by.
    pub(super) fn connection(&self, parent: &Parent, route: &Route) -> Answer {
        let backends = route.spec.rules.first().map(|rule| rule.backend_refs.as_slice()).unwrap_or_default();
        let share = |backend: &Reference| (self.destination(parent, route, backend), backend.weight.unwrap_or(1));
        Forward::connection(backends.iter().map(share))
    }
}
