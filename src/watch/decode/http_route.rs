use std::sync::Arc;

use dataflows::model::{
    Age, BackendKind, BackendRef, Fact, Hostname, Key, Kind, ParentKind, ParentRef, ParentReference, Ref, RouteKind,
    Rule, Text,
};
use dataflows::rules::expressible::{Expressed, express, is_dns_name};

use super::DecodeError;
use super::error::quote;
use super::source::{Source, present};
use crate::kubernetes::{self, HttpRouteSpec, RouteRule};

mod regular_expressions;
mod written;

/// Rules or parentRefs of one route at most: what fits the rows that refer to them. Gateway API allows 16 and 32.
const PLACES_MAX: usize = u16::MAX as usize;

/// A route in pieces: what its parents need to know, what it matches, and each rule with its backends.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httproute>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let spec: HttpRouteSpec<'_> = source.section("spec")?;
    for (field, count) in [("spec.parentRefs", spec.parent_refs.len()), ("spec.rules", spec.rules.len())] {
        if count > PLACES_MAX {
            let problem = format!("{count} entries are more than {PLACES_MAX}");
            return Err(source.invalid(field, problem, "use several routes"));
        }
    }
    let mut facts = vec![source.generation()];
    let mut kept = 0;
    for (index, written) in (0..).zip(&spec.rules) {
        let mut expressed = express(&written::rule(written));
        expressed.problems.extend(regular_expressions::problems(&expressed.matches));
        if expressed.problems.is_empty() {
            kept += 1;
            facts.extend(backend_refs(source, index, written).map(Fact::backend_ref));
        }
        facts.push(Fact::rule(rule(source.key(), index, expressed)));
    }
    let expressible = spec.rules.is_empty() || kept > 0;
    facts.extend(parent_refs(source, &spec, expressible)?.into_iter().map(Fact::parent_ref));
    Ok(facts)
}

fn rule(route: Key, index: u16, expressed: Expressed) -> Rule {
    let Expressed { matches, filters, problems } = expressed;
    Rule { route, index, matches: matches.into_iter().map(Ref::new).collect(), filters, problems }
}

/// One row per parentRef of a kind that routes can have here. The others count, but are somebody else's.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#parentreference>
fn parent_refs(
    source: &Source<'_>,
    spec: &HttpRouteSpec<'_>,
    expressible: bool,
) -> Result<Vec<ParentRef>, DecodeError> {
    let hostnames = hostnames(source, &spec.hostnames)?;
    let created = created(source)?;
    let mesh = source.mesh();
    let mut parents = Vec::with_capacity(spec.parent_refs.len());
    for (index, written) in (0..).zip(&spec.parent_refs) {
        let Some(parent_kind) = parent_kind(written.group, written.kind) else { continue };
        let port = written.port.map(|port| source.port(|| format!("spec.parentRefs[{index}].port"), port));
        let reference = ParentReference {
            group: written.group.into(),
            kind: written.kind.into(),
            namespace: present(written.namespace),
            name: written.name.into(),
            section_name: present(written.section_name),
            port: port.transpose()?,
        };
        parents.push(ParentRef {
            route: source.key(),
            route_kind: RouteKind::Http,
            index,
            parent: Key::of(object_kind(parent_kind), &source.namespace(written.namespace), written.name),
            parent_kind,
            reference,
            age: Age { created, namespace: source.name.namespace.clone(), name: source.name.name.clone() },
            mesh: mesh.clone(),
            hostnames: Arc::clone(&hostnames),
            expressible,
        });
    }
    Ok(parents)
}

/// A Service is also taken in the group that parentRefs have by default, for nothing else can be meant.
fn parent_kind(group: &str, kind: &str) -> Option<ParentKind> {
    match (Kind::find(group, kind), kind) {
        (Some(Kind::Gateway), _) => Some(ParentKind::Gateway),
        (Some(Kind::MeshService), _) => Some(ParentKind::MeshService),
        (Some(Kind::Service), _) => Some(ParentKind::Service),
        (None, "Service") if group == Kind::Gateway.group().name() => Some(ParentKind::Service),
        _ => None,
    }
}

const fn object_kind(parent: ParentKind) -> Kind {
    match parent {
        ParentKind::Gateway => Kind::Gateway,
        ParentKind::Service => Kind::Service,
        ParentKind::MeshService => Kind::MeshService,
    }
}

/// Hostnames in lower case; none at all if one of them means all hosts.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#hostname>
fn hostnames(source: &Source<'_>, written: &[&str]) -> Result<Arc<[Hostname]>, DecodeError> {
    let mut hostnames = Vec::with_capacity(written.len());
    for (index, text) in written.iter().enumerate() {
        let hostname = Hostname::parse(text);
        if let Some(Hostname::Exact(name) | Hostname::Wildcard(name)) = &hostname
            && !is_dns_name(name)
        {
            let problem = format!("{:?} is not a hostname", quote(text));
            let cure = "write a DNS name, with *. in front for all names below it";
            return Err(source.invalid(format!("spec.hostnames[{index}]"), problem, cure));
        }
        hostnames.push(hostname);
    }
    let all_named: Option<Vec<Hostname>> = hostnames.into_iter().collect();
    Ok(all_named.unwrap_or_default().into())
}

fn created(source: &Source<'_>) -> Result<Option<i64>, DecodeError> {
    let Some(text) = source.metadata.creation_timestamp else { return Ok(None) };
    let Ok(time) = text.parse::<jiff::Timestamp>() else {
        let problem = format!("{:?} is not a time", quote(text));
        return Err(source.invalid("metadata.creationTimestamp", problem, "write it like 2026-01-31T12:00:00Z"));
    };
    Ok(Some(time.as_second()))
}

/// The backends of a rule that is kept, then its mirrors.
fn backend_refs<'a>(
    source: &'a Source<'_>,
    rule: u16,
    written: &'a RouteRule<'_>,
) -> impl Iterator<Item = BackendRef> + 'a {
    let backends = (0..).zip(&written.backend_refs);
    let mirrors = (BackendRef::MIRROR..=u16::MAX).zip(&written.filters).filter_map(|(slot, filter)| {
        let mirror = filter.request_mirror.as_ref().filter(|_| filter.kind == written::MIRROR)?;
        Some((slot, &mirror.backend_ref))
    });
    let mirrors =
        mirrors.map(move |(slot, target)| BackendRef { weight: 1, ..backend_ref(source, rule, slot, target) });
    backends.map(move |(slot, target)| backend_ref(source, rule, slot, target)).chain(mirrors)
}

/// Port and weight fit, or the rule were not kept.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference>
fn backend_ref(source: &Source<'_>, rule: u16, slot: u16, written: &kubernetes::BackendRef<'_>) -> BackendRef {
    BackendRef {
        route: source.key(),
        route_kind: Kind::HttpRoute,
        route_namespace: source.name.namespace.clone(),
        rule,
        slot,
        kind: BackendKind::find(written.group, written.kind),
        namespace: source.namespace(written.namespace),
        name: Text::from(written.name),
        port: written.port.and_then(|port| u16::try_from(port).ok()),
        weight: u32::try_from(written.weight).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests;
