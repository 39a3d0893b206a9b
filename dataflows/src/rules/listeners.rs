//! Which listeners of a Gateway can serve, and what is wrong with the others.

use std::collections::BTreeSet;

use crate::model::{
    AllowedNamespaces, AttachPoint, Kind, Listener, ListenerPlace, ListenerProblem, ListenerSet, ListenerState,
    ManagedGateway, ManagedSet, Place, Protocol, Ref, RouteKind, RouteKindRef, TlsMode, UnsupportedListenerValue,
};
use crate::rules::acceptance::acceptance;
use crate::rules::certificates::{self, References, terminates};
use crate::rules::listener_conflicts::{self, hostname_of};
use crate::rules::{hostname, names};

/// What became of each listener of a Gateway, in its order, and then of those that `ListenerSets` add.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec> (`listeners`)
pub fn states(
    managed: &Ref<ManagedGateway>,
    listeners: &[Ref<Listener>],
    sets: &[&Ref<ManagedSet>],
    references: &References<'_>,
) -> Vec<ListenerState> {
    let objects = by_precedence(listeners, sets);
    let conflicts = listener_conflicts::conflicts(&objects);
    let clear = objects.iter().flatten().filter(|listener| !conflicts.contains_key(&listener.key()));
    let overlaps = listener_conflicts::overlaps(clear);
    let state = |listener: &Ref<Listener>| {
        let key = listener.key();
        let overlaps = overlaps.get(&key).cloned().unwrap_or_default();
        ListenerState { overlaps, ..state(managed, listener, conflicts.get(&key), references) }
    };
    let mut objects: Vec<Vec<_>> = objects.iter().map(|listeners| listeners.iter().map(state).collect()).collect();
    let own = objects.first().into_iter().flatten();
    let gateway_accepted = acceptance(managed, own).is_accepted();
    for (at, states) in objects.iter_mut().enumerate() {
        let holder_accepted = gateway_accepted && (at == 0 || states.iter().any(|state| state.usable));
        for state in states {
            state.usable &= gateway_accepted;
            (state.gateway_accepted, state.holder_accepted) = (gateway_accepted, holder_accepted);
        }
    }
    objects.into_iter().flatten().collect()
}

/// The listeners object by object: those of the Gateway itself, then those of each ListenerSet that it allows, from the
/// oldest on.
///
/// <https://gateway-api.sigs.k8s.io/geps/gep-1713/#listener-precedence>
fn by_precedence(listeners: &[Ref<Listener>], sets: &[&Ref<ManagedSet>]) -> Vec<Vec<Ref<Listener>>> {
    let mut ordered: Vec<_> = listeners.to_vec();
    ordered.sort_by(|left, right| left.index.cmp(&right.index).then_with(|| left.name.cmp(&right.name)));
    let mut sets: Vec<_> = sets.iter().filter(|set| set.allowed).map(|set| &set.set).collect();
    sets.sort_by(|left, right| left.age.cmp(&right.age));
    let of_set = |set: &Ref<ListenerSet>| {
        let key = set.key();
        ordered.iter().filter(|listener| listener.set.is_some() && listener.holder() == key).cloned().collect()
    };
    let own = ordered.iter().filter(|listener| listener.set.is_none()).cloned().collect();
    std::iter::once(own).chain(sets.into_iter().map(of_set)).collect()
}

fn state(
    managed: &Ref<ManagedGateway>,
    listener: &Ref<Listener>,
    conflict: Option<&ListenerProblem>,
    references: &References<'_>,
) -> ListenerState {
    let key = listener.key();
    let cross_mesh = managed.parameters.cross_mesh;
    let mut problems = Vec::new();
    if !is_supported(&listener.protocol, cross_mesh) {
        problems.push(ListenerProblem::UnsupportedProtocol { cross_mesh: is_supported(&listener.protocol, false) });
    }
    problems.extend(conflict.cloned());
    if listener.port == 0 {
        problems.push(ListenerProblem::UnsupportedValue(UnsupportedListenerValue::Port));
    }
    if listener.hostname.as_ref().is_some_and(|name| !hostname::is_valid(name)) {
        problems.push(ListenerProblem::UnsupportedValue(UnsupportedListenerValue::Hostname));
    }
    if matches!(listener.namespaces, AllowedNamespaces::Unknown(_)) {
        problems.push(ListenerProblem::UnsupportedValue(UnsupportedListenerValue::Namespaces));
    }
    if matches!(listener.protocol, Protocol::Https | Protocol::Tls) && !cross_mesh && !has_tls(listener) {
        problems.push(ListenerProblem::UnsupportedValue(UnsupportedListenerValue::TlsMode));
    }
    if listener.protocol == Protocol::Https && managed.gateway.client_certificates.are_asked_on(listener.port) {
        problems.push(ListenerProblem::UnsupportedValue(UnsupportedListenerValue::ClientCertificates));
    }
    let faultless = problems.is_empty();
    let (certificates, of_references) =
        if cross_mesh { (Vec::new(), Vec::new()) } else { certificates::served(key, references) };
    problems.extend(of_references);
    let secured = !terminates(listener) || !certificates.is_empty();
    let usable = faultless && secured && managed.problem.is_none();
    let (supported, foreign) = route_kinds(listener, cross_mesh);
    if !foreign.is_empty() {
        problems.push(ListenerProblem::InvalidRouteKinds(foreign));
    }
    ListenerState {
        key,
        managed: managed.clone(),
        listener: listener.clone(),
        supported,
        certificates,
        problems,
        overlaps: Vec::new(),
        usable,
        gateway_accepted: true,
        holder_accepted: true,
    }
}

/// Whether a MeshGateway of this kind can have listeners of the protocol.
///
/// <https://kuma.io/docs/2.14.x/using-mesh/managing-ingress-traffic/gateway-listeners/>
fn is_supported(protocol: &Protocol, cross_mesh: bool) -> bool {
    match protocol {
        Protocol::Http => true,
        Protocol::Https | Protocol::Tls | Protocol::Tcp => !cross_mesh,
        Protocol::Udp | Protocol::Other(_) => false,
    }
}

/// Whether it is said how the listener deals with TLS: it ends it with certificates that it names, as Kuma's admission
/// refuses HTTPS without any, or passes it through, which only one for TLS can.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig>
fn has_tls(listener: &Listener) -> bool {
    let Some(tls) = &listener.tls else { return false };
    match tls.mode {
        TlsMode::Terminate => !tls.certificates.is_empty(),
        TlsMode::Passthrough => listener.protocol == Protocol::Tls,
        TlsMode::Unknown => false,
    }
}

/// The kinds of routes that a protocol can carry.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes> (`kinds`). Gateway API 1.5 withdrew TCPRoutes on TLS
/// listeners.
const fn kinds_of(protocol: &Protocol) -> &'static [RouteKind] {
    match protocol {
        Protocol::Http | Protocol::Https => &[RouteKind::Http, RouteKind::Grpc],
        Protocol::Tls => &[RouteKind::Tls],
        Protocol::Tcp => &[RouteKind::Tcp],
        Protocol::Udp | Protocol::Other(_) => &[],
    }
}

/// The kinds of routes a listener takes, and those it names but cannot take.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#allowedroutes> (`kinds`)
fn route_kinds(listener: &Listener, cross_mesh: bool) -> (Vec<RouteKind>, Vec<RouteKindRef>) {
    if !is_supported(&listener.protocol, cross_mesh) {
        return (Vec::new(), Vec::new());
    }
    let possible = kinds_of(&listener.protocol);
    let Some(kinds) = &listener.kinds else {
        return (possible.to_vec(), Vec::new());
    };
    let mut supported = Vec::new();
    let mut foreign = Vec::new();
    for kind in kinds {
        let found = possible.iter().find(|route| Kind::find(&kind.group, &kind.kind) == Some(route.kind()));
        match found {
            Some(route) if !supported.contains(route) => supported.push(*route),
            Some(_) => {}
            None => foreign.push(kind.clone()),
        }
    }
    (supported, foreign)
}

/// Whether a problem makes the listener itself unacceptable, rather than something that it refers to.
pub const fn is_own_fault(problem: &ListenerProblem) -> bool {
    match problem {
        ListenerProblem::UnsupportedProtocol { .. }
        | ListenerProblem::HostnameConflict
        | ListenerProblem::ProtocolConflict
        | ListenerProblem::UnsupportedValue(_) => true,
        ListenerProblem::InvalidRouteKinds(_) | ListenerProblem::CertificateRef { .. } => false,
    }
}

/// What routes need to know of a listener.
pub fn attach_point(state: &ListenerState) -> AttachPoint {
    let (listener, managed) = (&state.listener, &state.managed);
    let place = ListenerPlace {
        gateway: managed.key,
        namespace: listener.namespace.clone(),
        mesh_gateway: names::mesh_gateway(&managed.gateway.namespace, &managed.gateway.name).into(),
        accepted: state.holder_accepted,
        name: listener.name.clone(),
        tag: names::listener_tag(listener).into(),
        port: listener.port,
        protocol: listener.protocol.clone(),
        hostname: hostname_of(listener).cloned(),
        namespaces: listener.namespaces.clone(),
        kinds: state.supported.clone(),
        usable: state.usable,
    };
    AttachPoint {
        key: state.key,
        parent: listener.holder(),
        mesh: managed.mesh.clone(),
        mesh_services: managed.mesh_services.unwrap_or_default(),
        place: Place::Listener(place),
    }
}

/// The listeners of a MeshGateway, each given with its port: first the first one of each port, then the others.
///
/// Kuma keeps the node ports of a gateway's Service by the place of a listener in this list, but has one Service port for
/// each port that listeners share. Only while no listener comes between two ports do the places agree:
/// <https://github.com/kumahq/kuma/blob/2.14.3/pkg/plugins/runtime/k8s/controllers/gateway_instance_controller.go>.
/// Otherwise the order means nothing.
pub fn ports_first<T>(listeners: impl Iterator<Item = (u16, T)>) -> Vec<T> {
    let mut ports = BTreeSet::new();
    let (mut first, others): (Vec<_>, Vec<_>) = listeners.partition(|(port, _)| ports.insert(*port));
    first.extend(others);
    first.into_iter().map(|(_, listener)| listener).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::{
        ClassParameters, ClientCertificates, Gateway, Hostname, Infrastructure, Key, ListenerTls, MeshServices,
    };

    /// An accepted Gateway without listeners.
    pub(crate) fn managed(cross_mesh: bool) -> Ref<ManagedGateway> {
        Ref::new(ManagedGateway {
            key: Key::of(Kind::Gateway, "infra", "edge"),
            gateway: Ref::new(Gateway {
                namespace: "infra".into(),
                name: "edge".into(),
                uid: None,
                class: Key::of(Kind::GatewayClass, "", "kuma"),
                class_name: "kuma".into(),
                mesh: None,
                infrastructure: Infrastructure::default(),
                addresses: vec![],
                allowed_listeners: AllowedNamespaces::None,
                client_certificates: ClientCertificates::default(),
                backend_certificate: None,
            }),
            mesh: "default".into(),
            mesh_services: Some(MeshServices::Disabled),
            parameters: Ref::new(ClassParameters { cross_mesh, ..ClassParameters::default() }),
            problem: None,
        })
    }

    /// `"<port> <protocol> <hostname>"`; the protocol `PASS` is TLS that is passed through.
    fn listener(index: u32, text: &str) -> Ref<Listener> {
        let mut words = text.split(' ');
        let port = words.next().unwrap().parse().unwrap();
        let protocol = words.next().unwrap();
        let tls = (protocol == "PASS").then(|| ListenerTls { mode: TlsMode::Passthrough, certificates: vec![] });
        let protocol = if tls.is_some() { Protocol::Tls } else { Protocol::parse(protocol) };
        Ref::new(Listener {
            gateway: Key::of(Kind::Gateway, "infra", "edge"),
            set: None,
            namespace: "infra".into(),
            index,
            name: format!("l{index}").into(),
            port,
            protocol,
            hostname: words.next().and_then(Hostname::parse),
            namespaces: AllowedNamespaces::Same,
            kinds: None,
            tls,
        })
    }

    pub(crate) fn listeners(texts: &[&str]) -> Vec<Ref<Listener>> {
        (0..).zip(texts).map(|(index, text)| listener(index, text)).collect()
    }

    #[track_caller]
    fn check(cross_mesh: bool, texts: &[&str], expected: &[&str]) {
        let listeners = listeners(texts);
        let mut backwards = listeners.clone();
        backwards.reverse();
        let none = References::default();
        let shown = states(&managed(cross_mesh), &listeners, &[], &none);
        assert_eq!(shown, states(&managed(cross_mesh), &backwards, &[], &none), "the order of rows means nothing");
        let shown: Vec<_> = shown
            .iter()
            .map(|state| match state.problems.first() {
                None => "fine",
                Some(ListenerProblem::HostnameConflict) => "hostname",
                Some(ListenerProblem::ProtocolConflict) => "protocol",
                Some(ListenerProblem::UnsupportedProtocol { cross_mesh: false }) => "unsupported",
                Some(ListenerProblem::UnsupportedProtocol { cross_mesh: true }) => "cross-mesh",
                Some(ListenerProblem::UnsupportedValue(_)) => "value",
                Some(_) => "other",
            })
            .collect();
        assert_eq!(shown, expected, "{listeners:?}");
    }

    #[test]
    fn listeners_of_one_gateway() {
        check(false, &["80 HTTP"], &["fine"]);
        check(false, &["80 HTTP a.b", "80 HTTP c.d", "80 HTTP"], &["fine", "fine", "fine"]);
        check(false, &["80 HTTP a.b", "80 HTTP a.b", "81 HTTP a.b"], &["hostname", "hostname", "fine"]);
        check(false, &["80 HTTP", "80 HTTP *"], &["hostname", "hostname"]);
        check(false, &["80 HTTP", "80 HTTPS", "81 HTTP"], &["protocol", "protocol", "fine"]);
        check(false, &["80 HTTP", "80 TCP"], &["protocol", "protocol"]);
        check(false, &["80 TCP", "81 TCP"], &["fine", "fine"]);
        check(false, &["80 TCP a.b", "80 TCP c.d"], &["hostname", "hostname"]);
        check(false, &["443 PASS a.b", "443 PASS c.d", "443 PASS"], &["fine", "fine", "fine"]);
        check(false, &["443 PASS a.b", "443 PASS a.b"], &["hostname", "hostname"]);
        check(false, &["443 PASS", "443 HTTPS"], &["protocol", "protocol"]);
        check(false, &["443 TLS"], &["value"]);
        check(false, &["80 HTTP", "80 UDP"], &["fine", "unsupported"]);
        check(false, &["80 HTTP", "81 GOPHER"], &["fine", "unsupported"]);
        check(true, &["80 HTTP", "443 HTTPS"], &["fine", "cross-mesh"]);
        check(true, &["80 HTTP", "81 TCP", "443 PASS"], &["fine", "cross-mesh", "cross-mesh"]);
        check(false, &["80 HTTP under_score.example"], &["value"]);
        check(false, &["443 HTTPS"], &["value"]);
    }

    #[test]
    fn no_listener_comes_between_two_ports() {
        let table: [(&[u16], &[usize]); 4] = [
            (&[], &[]),
            (&[80, 443], &[0, 1]),
            (&[80, 80, 8080, 9090], &[0, 2, 3, 1]),
            (&[443, 80, 443, 81, 80], &[0, 1, 3, 2, 4]),
        ];
        for (ports, expected) in table {
            assert_eq!(ports_first(ports.iter().copied().zip(0..)), expected, "{ports:?}");
        }
    }

    #[test]
    fn a_listener_takes_the_kinds_that_its_protocol_can_carry() {
        use RouteKind::{Grpc, Http, Tcp, Tls};
        let table: [(&str, &[RouteKind]); 5] = [
            ("80 HTTP", &[Http, Grpc]),
            ("443 HTTPS", &[Http, Grpc]),
            ("443 PASS", &[Tls]),
            ("80 TCP", &[Tcp]),
            ("80 UDP", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(route_kinds(&listener(0, text), false), (expected.to_vec(), vec![]), "{text}");
        }
        assert_eq!(route_kinds(&listener(0, "80 TCP"), true).0, [], "on a cross-mesh Gateway");
    }
}
