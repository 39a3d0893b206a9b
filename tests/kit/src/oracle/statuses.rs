use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::{
    AttachPoint, ClassStatus, ClassVerdict, Content, Desired, GatewayStatus, Key, Kind, ListenerReport,
    ListenerSetStatus, ObjectName, ParentProblem, ParentReport, ParentVerdict, Ref, RouteKind, RouteRules, RouteStatus,
    Serving, Settings, Text,
};
use dataflows::rules::{addresses, bundle, service_parents};

use super::attachment::JudgedParent;
use super::cluster::Cluster;
use super::gateways::{JudgedGateway, parameters_of};
use super::objects::{copy_of, ports_with_requests};
use super::pending::PendingRows;
use super::precedence::Servings;
use super::routes;

/// What statuses speak of.
pub(super) struct Statuses<'a> {
    pub(super) settings: &'a Settings,
    pub(super) cluster: &'a Cluster,
    pub(super) servings: &'a Servings,
    pub(super) pending: &'a PendingRows,
}

impl Statuses<'_> {
    pub(super) fn of_classes(&self) -> Vec<Desired> {
        let bundle: Ref<_> = bundle::bundle(self.cluster.definitions.iter()).into();
        let statuses = self.cluster.classes.iter().filter_map(|(key, class)| {
            let generation = self.cluster.generations.get(key)?.generation;
            let parameters = parameters_of(self.cluster, class);
            let in_use = !class.leaving && self.cluster.gateways.iter().any(|gateway| gateway.class == *key);
            let verdict = ClassVerdict { class: *key, name: class.name.clone(), parameters, leaving: class.leaving };
            let status = ClassStatus { generation, verdict: verdict.into(), bundle: bundle.clone(), in_use };
            Some(Self::desire(
                ObjectName::new(Kind::GatewayClass, "", &class.name),
                Content::ClassStatus(status.into()),
            ))
        });
        statuses.collect()
    }

    pub(super) fn of_gateways(&self, gateways: &[JudgedGateway]) -> Vec<Desired> {
        let of_sets = |gateway| self.of_sets(gateway);
        let of_gateway = |gateway| self.of_gateway(gateway).into_iter().chain(of_sets(gateway)).collect::<Vec<_>>();
        gateways.iter().flat_map(of_gateway).collect()
    }

    fn of_sets(&self, gateway: &JudgedGateway) -> Vec<Desired> {
        let managed = &gateway.managed;
        let name = ObjectName::new(Kind::Gateway, &managed.gateway.namespace, &managed.gateway.name);
        let statuses = gateway.sets.iter().filter_map(|set| {
            let generation = self.cluster.generations.get(&set.set.key())?.generation;
            let status = ListenerSetStatus {
                generation,
                set: set.clone(),
                listeners: self.reports(gateway, set.set.key()),
                pending: self.pending_of_gateway(gateway, &name),
            };
            let object = ObjectName::new(Kind::ListenerSet, &set.set.age.namespace, &set.set.age.name);
            Some(Self::desire(object, Content::ListenerSetStatus(status.into())))
        });
        statuses.collect()
    }

    /// The listeners of a Gateway or ListenerSet with the number of routes on each.
    fn reports(&self, gateway: &JudgedGateway, holder: Key) -> Vec<ListenerReport> {
        let attached = |listener: Key| self.servings.keys().filter(|(at, _)| *at == listener).count();
        let report = |state: &Ref<dataflows::model::ListenerState>| ListenerReport {
            state: state.clone(),
            attached_routes: i64::try_from(attached(state.key)).unwrap_or(i64::MAX),
        };
        gateway.of_holder(holder).into_iter().map(report).collect()
    }

    fn of_gateway(&self, gateway: &JudgedGateway) -> Option<Desired> {
        let managed = &gateway.managed;
        let generation = self.cluster.generations.get(&managed.key)?.generation;
        let found = self.cluster.addresses.iter().filter(|(key, _)| *key == managed.key).map(|(_, address)| address);
        let object = ObjectName::new(Kind::Gateway, &managed.gateway.namespace, &managed.gateway.name);
        let status = GatewayStatus {
            generation,
            managed: managed.clone(),
            listeners: self.reports(gateway, managed.key),
            attached_sets: gateway.attached_sets(),
            addresses: addresses::shown(&managed.gateway.addresses, found),
            pending: self.pending_of_gateway(gateway, &object),
        };
        Some(Self::desire(object, Content::GatewayStatus(status.into())))
    }

    pub(super) fn of_routes(&self, parents: &[JudgedParent], rules: &BTreeMap<Key, Ref<RouteRules>>) -> Vec<Desired> {
        let mut by_route: BTreeMap<Key, Vec<&JudgedParent>> = BTreeMap::new();
        for judged in parents {
            by_route.entry(judged.verdict.parent.route).or_default().push(judged);
        }
        let statuses = by_route.into_iter().filter_map(|(route, mut parents)| {
            let row = self.cluster.generations.get(&route).filter(|row| row.kind.is_route())?;
            parents.sort_by_key(|judged| judged.verdict.parent.index);
            let object = ObjectName::new(row.kind, &row.namespace, &row.name);
            let mut refused = self.pending_for(&object);
            refused.retain(|row| row.refusal.is_some());
            let status = RouteStatus {
                of: row.clone(),
                parents: parents.into_iter().map(|judged| self.report(judged, rules)).collect(),
                rules: rules.get(&route).cloned().unwrap_or_else(|| routes::none().into()),
                refused: refused.into(),
            };
            Some(Self::desire(object, Content::RouteStatus(status.into())))
        });
        statuses.collect()
    }

    /// What a parent hears of matches that other routes hold on its listeners, and of ports that others have.
    fn report(&self, judged: &JudgedParent, rules: &BTreeMap<Key, Ref<RouteRules>>) -> ParentReport {
        let parent = &judged.verdict.parent;
        let here = self.servings.values();
        let here = here.filter(|serving| serving.route == parent.route && serving.parents.contains(&parent.index));
        let port = |point: &AttachPoint| point.service_port().map(|port| port.port);
        let attached: BTreeSet<u16> = judged.attached.iter().filter_map(|(point, _)| port(point)).collect();
        let to_calls = judged.verdict.ports.iter().copied().filter(|port| !attached.contains(port));
        let yielded = self.yielded(here.clone(), rules);
        let on_side = yielded.iter().filter(|(_, on_side)| *on_side).map(|(port, _)| *port);
        let on_side: BTreeSet<u16> = on_side.chain(to_calls.clone()).collect();
        let conflicted =
            !judged.verdict.ports.is_empty() && judged.verdict.ports.iter().all(|port| on_side.contains(port));
        let mut verdict = ParentVerdict::clone(&judged.verdict);
        verdict.problem = verdict.problem.or(conflicted.then_some(ParentProblem::Conflicted));
        let winners: Vec<&Text> =
            here.flat_map(|serving| &serving.shadowed).filter_map(|shadowed| shadowed.winner.as_ref()).collect();
        let shadowed_matches = u32::try_from(winners.len()).unwrap_or(u32::MAX);
        let shadowed: BTreeSet<&Text> = winners.into_iter().collect();
        ParentReport {
            verdict: verdict.into(),
            shadowed: shadowed.into_iter().cloned().collect(),
            shadowed_matches,
            yielded: yielded
                .into_iter()
                .map(|(port, _)| port)
                .chain(to_calls)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        }
    }

    /// The ports that a route of connections would hold, were there no routes of requests, and whether those are on the same
    /// side.
    fn yielded<'a>(
        &self,
        servings: impl Iterator<Item = &'a Ref<Serving>>,
        rules: &BTreeMap<Key, Ref<RouteRules>>,
    ) -> Vec<(u16, bool)> {
        let served = ports_with_requests(self.servings);
        let would_hold = |serving: &&Ref<Serving>| {
            let of_connections = matches!(serving.route_kind, RouteKind::Tcp | RouteKind::Tls);
            let has_rules = rules.get(&serving.route).is_some_and(|rules| !rules.rules.is_empty());
            of_connections && has_rules && serving.shadowed.is_empty()
        };
        let ports = servings.filter(would_hold).filter_map(|serving| {
            let on_side = served.contains(&serving.point.key);
            let first = on_side || with_service(&serving.point).is_some_and(|key| served.contains(&key));
            let port = serving.point.service_port().filter(|_| first)?;
            Some((port.port, on_side))
        });
        ports.collect()
    }

    /// The pending objects of a Gateway and the pending copies that it uses, by name.
    fn pending_of_gateway(&self, gateway: &JudgedGateway, object: &ObjectName) -> Vec<Ref<dataflows::model::Pending>> {
        let usable = gateway.listeners.iter().filter(|state| state.usable);
        let certificates: BTreeSet<_> = usable.flat_map(|state| &state.certificates).collect();
        let copy = |certificate| copy_of(self.settings, &gateway.managed.mesh, certificate).key();
        let copies = certificates.into_iter().filter_map(|certificate| self.pending.get(&copy(certificate)));
        let mut rows: Vec<_> = self.pending_for(object).into_iter().chain(copies.cloned()).collect();
        rows.sort_by(|left, right| left.object.cmp(&right.object));
        rows
    }

    /// The pending objects that are to be made for an owner, by name.
    fn pending_for(&self, owner: &ObjectName) -> Vec<Ref<dataflows::model::Pending>> {
        let of_owner =
            self.pending.values().filter(|row| row.action.desired().is_some_and(|made| made.owner() == *owner));
        let mut rows: Vec<_> = of_owner.cloned().collect();
        rows.sort_by(|left, right| left.object.cmp(&right.object));
        rows
    }

    fn desire(object: ObjectName, content: Content) -> Desired {
        Desired::new(object, content)
    }
}

/// A port as it comes with the Service.
fn with_service(point: &AttachPoint) -> Option<Key> {
    let port = point.service_port()?;
    Some(service_parents::point_key(port, &port.service.namespace, &point.mesh))
}
