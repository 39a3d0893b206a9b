//! What routes of all kinds have in common: parents, hostnames, and rules with backends.

use std::sync::Arc;

use dataflows::model::{
    Age, BackendKind, BackendRef, Fact, Group, Hostname, Key, Kind, ParentKind, ParentRef, ParentReference, Ref,
    RouteKind, Rule, Text,
};
use dataflows::rules::expressible::Expressed;

use super::DecodeError;
use super::source::{Source, present};
use crate::kubernetes::{self, RouteFilter};

mod regular_expressions;
pub(super) mod written;

/// Rules or parentRefs of one route at most: what fits the rows that refer to them. Gateway API allows 16 and 32.
const PLACES_MAX: usize = u16::MAX as usize;

/// A rule in the form in which it is served, with what it refers to.
pub(super) struct DecodedRule<'a> {
    expressed: Expressed,
    /// Backends and mirrors, by slot.
    backends: Vec<(u16, &'a kubernetes::BackendRef<'a>)>,
}

impl<'a> DecodedRule<'a> {
    /// A rule that sends connections to its backends.
    pub(super) fn of_connections(expressed: Expressed, backends: &'a [kubernetes::BackendRef<'a>]) -> Self {
        Self { expressed, backends: (0..).zip(backends).collect() }
    }

    /// A rule that matches requests, by a field that may hold a regular expression, and can mirror them.
    pub(super) fn of_requests(
        mut expressed: Expressed,
        path_field: &str,
        backends: &'a [kubernetes::BackendRef<'a>],
        filters: &'a [RouteFilter<'a>],
    ) -> Self {
        expressed.problems.extend(regular_expressions::problems(&expressed.matches, path_field));
        let mirrors = (BackendRef::MIRROR..=u16::MAX).zip(filters).filter_map(|(slot, filter)| {
            let mirror = filter.request_mirror.as_ref().filter(|_| filter.kind == written::MIRROR)?;
            Some((slot, &mirror.backend_ref))
        });
        Self { expressed, backends: (0..).zip(backends).chain(mirrors).collect() }
    }
}

/// Refuses lists that no row could count.
pub(super) fn check_places(source: &Source<'_>, parent_refs: usize, rules: usize) -> Result<(), DecodeError> {
    for (field, count) in [("spec.parentRefs", parent_refs), ("spec.rules", rules)] {
        if count > PLACES_MAX {
            let problem = format!("{count} entries are more than {PLACES_MAX}");
            return Err(source.invalid(field, problem, "use several routes"));
        }
    }
    Ok(())
}

/// A route in pieces: what its parents need to know, what it matches, and each rule with its backends.
pub(super) fn facts(
    source: &Source<'_>,
    parents: &[kubernetes::ParentRef<'_>],
    names: &[&str],
    rules: Vec<DecodedRule<'_>>,
) -> Result<Vec<Fact>, DecodeError> {
    let mut facts = vec![source.generation()];
    let mut kept = 0;
    let any_rules = !rules.is_empty();
    for (index, DecodedRule { expressed, backends }) in (0..).zip(rules) {
        if expressed.problems.is_empty() {
            kept += 1;
            let backends = backends.into_iter().map(|(slot, target)| backend_ref(source, index, slot, target));
            facts.extend(backends.map(Fact::backend_ref));
        }
        let Expressed { matches, filters, problems } = expressed;
        let matches = matches.into_iter().map(Ref::new).collect();
        let (filters, problems) = (filters.into(), problems.into());
        facts.push(Fact::rule(Rule { route: source.key(), index, matches, filters, problems }));
    }
    let expressible = !any_rules || kept > 0;
    let hostnames = hostnames(names);
    facts.extend(parent_refs(source, parents, &hostnames, expressible)?.into_iter().map(Fact::parent_ref));
    Ok(facts)
}

/// One row per parentRef of a kind that routes can have here. The others count, but are somebody else's.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#parentreference>
fn parent_refs(
    source: &Source<'_>,
    written: &[kubernetes::ParentRef<'_>],
    hostnames: &Arc<[Hostname]>,
    expressible: bool,
) -> Result<Vec<ParentRef>, DecodeError> {
    // Only routes are decoded here.
    let Some(route_kind) = RouteKind::of(source.name.kind) else { return Ok(Vec::new()) };
    let created = source.created()?;
    let mesh = source.mesh();
    let mut parents = Vec::with_capacity(written.len());
    for (index, written) in (0..).zip(written) {
        let Some((group, kind, parent_kind)) = parent(written.group, written.kind) else { continue };
        let port = written.port.map(|port| source.port(|| format!("spec.parentRefs[{index}].port"), port));
        let reference = ParentReference {
            group,
            kind,
            namespace: written.namespace.filter(|name| !name.is_empty()).map(|name| source.namespace(Some(name))),
            name: written.name.into(),
            section_name: present(written.section_name),
            port: port.transpose()?,
        };
        parents.push(ParentRef {
            route: source.key(),
            route_kind,
            index,
            parent: Key::of(kind, &source.namespace(written.namespace), written.name),
            parent_kind,
            reference,
            age: Age::new(created, source.name.namespace.clone(), source.name.name.clone()),
            mesh: mesh.clone(),
            hostnames: Arc::clone(hostnames),
            expressible,
        });
    }
    Ok(parents)
}

/// What a parent is: the group as it was written, the kind of the object, and what it is to the route. A Service is also
/// taken in the group that parentRefs have by default, for nothing else can be meant.
fn parent(group: &str, kind: &str) -> Option<(Group, Kind, ParentKind)> {
    let found = match (Kind::find(group, kind), kind) {
        (None, "Service") if group == Kind::Gateway.group().name() => Kind::Service,
        (found, _) => found?,
    };
    let parent = match found {
        Kind::Gateway | Kind::ListenerSet => ParentKind::Gateway,
        Kind::MeshService => ParentKind::MeshService,
        Kind::Service => ParentKind::Service,
        _ => return None,
    };
    Some((Group::find(group)?, found, parent))
}

/// Hostnames in lower case; none at all if one of them means all hosts. Those that are none are told of by the parents.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#hostname>
fn hostnames(written: &[&str]) -> Arc<[Hostname]> {
    let all_named: Option<Vec<Hostname>> = written.iter().map(|text| Hostname::parse(text)).collect();
    all_named.unwrap_or_default().into()
}

/// Port and weight fit, or the rule were not kept.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference>
fn backend_ref(source: &Source<'_>, rule: u16, slot: u16, written: &kubernetes::BackendRef<'_>) -> BackendRef {
    BackendRef {
        route: source.key(),
        route_kind: source.name.kind,
        route_namespace: source.name.namespace.clone(),
        rule,
        slot,
        kind: BackendKind::find(written.group, written.kind),
        namespace: source.namespace(written.namespace),
        name: Text::from(written.name),
        port: written.port.and_then(|port| u16::try_from(port).ok()),
        weight: if slot < BackendRef::MIRROR { u32::try_from(written.weight).unwrap_or(0) } else { 1 },
    }
}
