use std::sync::Arc;

use dataflows::model::{
    Age, BackendKind, BackendRef, Fact, Filter, Group, Hostname, Key, Kind, Match, MatchKind, NamedMatch, ObjectName,
    ParentKind, ParentRef, ParentReference, PathMatch, PathRewrite, Redirect, Rewrite, RouteKind, Rule, RuleProblem,
    RuleReason, Update,
};

use super::{GATEWAYS, HOSTNAMES, MESHES, OUTSIDERS, Random, SERVICES, update};

/// A route with one to three parentRefs and none to three rules.
pub(super) fn route(random: &mut Random, namespace: &str, name: &str) -> Update {
    let kind = match random.below(12) {
        0 => RouteKind::Grpc,
        1 | 2 => RouteKind::Tcp,
        3 | 4 => RouteKind::Tls,
        _ => RouteKind::Http,
    };
    let object = ObjectName::new(kind.kind(), namespace, name);
    let mut facts = vec![Fact::generation(&object, i64::from(random.between(1, 3)))];
    let mut kept = 0;
    let rules = if random.one_in(12) { 0 } else { random.between(1, 3) };
    for index in 0..rules {
        let index = u16::try_from(index).unwrap_or_default();
        let rule = if kind.is_of_connections() {
            connection_rule(object.key(), index)
        } else {
            rule(random, object.key(), index)
        };
        if rule.problems.is_empty() {
            kept += 1;
            facts.extend(backends(random, &object, &rule).into_iter().map(Fact::backend_ref));
        }
        facts.push(Fact::rule(rule));
    }
    let expressible = rules == 0 || kept > 0;
    facts.extend(parents(random, &object, kind, expressible).into_iter().map(Fact::parent_ref));
    update(object.key(), facts)
}

fn parents(random: &mut Random, object: &ObjectName, route_kind: RouteKind, expressible: bool) -> Vec<ParentRef> {
    let age = Age::new(random.some(4, &[1, 2]), object.namespace.clone(), object.name.clone());
    let mesh = random.one_in(8).then(|| (*random.pick(&MESHES)).into());
    let count = if route_kind == RouteKind::Tcp { 0 } else { random.below(3) };
    // Few listeners are for TLSRoutes, so these ask for less.
    let names = if route_kind == RouteKind::Tls { &HOSTNAMES[..3] } else { &HOSTNAMES[..] };
    let hostnames: Arc<[Hostname]> = (0..count).filter_map(|_| Hostname::parse(random.pick::<&str>(names))).collect();
    let picky = if route_kind.is_of_connections() { 12 } else { 4 };
    let count = u16::try_from(random.between(1, 3)).unwrap_or(1);
    let parents = (0..count).map(|index| {
        let (kind, group, parent_kind) = match random.below(8) {
            0 | 1 => (Kind::Service, Group::Core, ParentKind::Service),
            2 => (Kind::MeshService, Group::Kuma, ParentKind::MeshService),
            3 => (Kind::ListenerSet, Group::Gateway, ParentKind::Gateway),
            _ => (Kind::Gateway, Group::Gateway, ParentKind::Gateway),
        };
        // One Gateway is in demand, so that routes meet.
        let (namespace, name) = match parent_kind {
            _ if kind == Kind::ListenerSet => *random.pick(&super::LISTENER_SETS),
            ParentKind::Gateway if random.one_in(2) => GATEWAYS[1],
            ParentKind::Gateway => *random.pick(&GATEWAYS),
            _ => *random.pick(&SERVICES),
        };
        ParentRef {
            route: object.key(),
            route_kind,
            index,
            parent: Key::of(kind, namespace, name),
            parent_kind,
            reference: ParentReference {
                group,
                kind,
                namespace: Some(namespace.into()),
                name: name.into(),
                section_name: random.one_in(picky).then(|| (*random.pick(&["a", "b", "c", "d"])).into()),
                port: random.one_in(picky + 1).then(|| *random.pick(&[80, 81, 90, 443, 8080])),
            },
            age: age.clone(),
            mesh: mesh.clone(),
            hostnames: hostnames.clone(),
            expressible,
        }
    });
    parents.collect()
}

/// Of the rules of a route of connections the first is kept.
fn connection_rule(route: Key, index: u16) -> Rule {
    let path = PathMatch::Prefix("/".into());
    let matches =
        vec![Match { path, method: None, headers: Vec::new().into(), query_params: Vec::new().into() }.into()];
    let problem = RuleProblem { field: "backendRefs".into(), reason: RuleReason::SecondRule };
    let problems = if index > 0 { vec![problem] } else { Vec::new() };
    Rule { route, index, matches: matches.into(), filters: Vec::new().into(), problems: problems.into() }
}

fn rule(random: &mut Random, route: Key, index: u16) -> Rule {
    let matches: Vec<_> = (0..random.between(1, 2)).map(|_| path_match(random).into()).collect();
    let problem = RuleProblem { field: "timeouts".into(), reason: RuleReason::NotSupported };
    let rewrite = Rewrite { hostname: None, path: Some(PathRewrite::Full("/new".into())) };
    let redirect = Redirect { hostname: Some("b.example".into()), status_code: 302, ..Redirect::default() };
    let filters = match random.below(8) {
        0 => vec![Filter::Redirect(redirect)],
        1 => vec![Filter::Rewrite(rewrite)],
        2 => vec![Filter::Mirror { slot: BackendRef::MIRROR, percentage: None }],
        _ => Vec::new(),
    };
    let problems = if random.one_in(6) { vec![problem] } else { Vec::new() };
    Rule { route, index, matches: matches.into(), filters: filters.into(), problems: problems.into() }
}

fn path_match(random: &mut Random) -> Match {
    let path = match random.below(4) {
        0 => PathMatch::Exact("/a".into()),
        1 => PathMatch::Prefix("/a".into()),
        2 => PathMatch::RegularExpression("/a.*".into()),
        _ => PathMatch::Prefix("/".into()),
    };
    let named = |random: &mut Random| {
        let mut names = if random.one_in(5) { vec!["x-beta", "x-canary"] } else { Vec::new() };
        names.retain(|_| !random.one_in(3));
        let kind = if random.one_in(4) { MatchKind::RegularExpression } else { MatchKind::Exact };
        let value = *random.pick(&["1", "2"]);
        names.into_iter().map(|name| NamedMatch { name: name.into(), kind, value: value.into() }).collect::<Vec<_>>()
    };
    let (headers, query_params) = (named(random), named(random));
    Match {
        path,
        method: random.one_in(6).then(|| "GET".into()),
        headers: headers.into(),
        query_params: query_params.into(),
    }
}

fn backends(random: &mut Random, route: &ObjectName, rule: &Rule) -> Vec<BackendRef> {
    let count = if matches!(rule.filters[..], [Filter::Redirect(_)]) { 0 } else { random.below(3) };
    let slots = (0..u16::try_from(count).unwrap_or_default())
        .chain(matches!(rule.filters[..], [Filter::Mirror { .. }]).then_some(BackendRef::MIRROR));
    let mut backend = |slot| {
        let service = *random.pick(&SERVICES);
        let other = BackendKind::find("apps", "Deployment");
        let outsider = random.pick(&OUTSIDERS).clone();
        let (kind, (namespace, name)) = match random.below(14) {
            0 => (other, service),
            1 => (BackendKind::MeshService, service),
            2 | 3 => (outsider.clone(), super::outsider(&outsider)),
            _ => (BackendKind::Service, service),
        };
        // What has no namespace is looked for where the route is, and found wherever that is.
        let namespace = if namespace.is_empty() { route.namespace.clone() } else { namespace.into() };
        BackendRef {
            route: route.key(),
            route_kind: route.kind,
            route_namespace: route.namespace.clone(),
            rule: rule.index,
            slot,
            kind,
            namespace,
            name: if random.one_in(12) { "missing".into() } else { name.into() },
            port: random.some(12, &[80, 8080]),
            weight: *random.pick(&[0, 1, 1, 3]),
        }
    };
    slots.map(&mut backend).collect()
}
