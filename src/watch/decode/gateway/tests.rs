use dataflows::model::{
    AllowedNamespaces, CertificateRef, ClientCertificates, Gateway, Generation, Infrastructure, Key, Kind, Listener,
    ListenerTls, ParametersRef, Protocol, RequestedAddress, RouteKindRef, Selector, SelectorRequirement, TlsMode,
};

use crate::watch::decode::testing::{decoded, error, rows};

fn gateway(spec: &str) -> String {
    format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: edge, namespace: infra, \
         uid: u-1, annotations: {{kuma.io/mesh: blue}}}}, spec: {{gatewayClassName: kuma, {spec}}}}}"
    )
}

#[track_caller]
fn listener(fields: &str) -> Listener {
    let object = decoded(&gateway(&format!("listeners: [{{name: web, port: 80, protocol: HTTP, {fields}}}]")));
    let mut listeners = rows::<Listener>(&object);
    assert_eq!(listeners.len(), 1);
    listeners.remove(0)
}

#[test]
fn a_gateway_has_defaults() {
    for spec in ["", "listeners: null, addresses: null, infrastructure: null", "listeners: [], infrastructure: {}"] {
        let object = decoded(&gateway(spec));
        let expected = Gateway {
            namespace: "infra".into(),
            name: "edge".into(),
            uid: Some("u-1".into()),
            class: Key::of(Kind::GatewayClass, "", "kuma"),
            class_name: "kuma".into(),
            mesh: Some("blue".into()),
            infrastructure: Infrastructure::default(),
            addresses: Vec::new(),
            allowed_listeners: AllowedNamespaces::None,
            client_certificates: ClientCertificates::default(),
            backend_certificate: None,
        };
        assert_eq!(rows::<Gateway>(&object), [expected]);
        assert_eq!(rows::<Generation>(&object)[0].generation, 1);
        assert!(rows::<Listener>(&object).is_empty());
    }
}

#[test]
fn what_is_asked_of_the_infrastructure_is_carried_over() {
    let object = decoded(&gateway(
        "addresses: [{value: 10.0.0.1}, {type: Hostname}], infrastructure: {labels: {a: b}, annotations: {c: d}, \
         parametersRef: {group: kuma.io, kind: MeshGatewayConfig, name: small}}",
    ));
    let parameters = ParametersRef {
        group: "kuma.io".into(),
        kind: "MeshGatewayConfig".into(),
        name: "small".into(),
        namespace: None,
    };
    let gateway = &rows::<Gateway>(&object)[0];
    assert_eq!(
        gateway.infrastructure,
        Infrastructure {
            labels: [("a".into(), "b".into())].into(),
            annotations: [("c".into(), "d".into())].into(),
            parameters: Some(parameters),
        }
    );
    assert_eq!(
        gateway.addresses,
        [
            RequestedAddress { kind: "IPAddress".into(), value: "10.0.0.1".into() },
            RequestedAddress { kind: "Hostname".into(), value: "".into() },
        ]
    );
}

#[test]
fn a_listener_has_defaults() {
    for fields in ["", "hostname: null, tls: null, allowedRoutes: null", "hostname: '', allowedRoutes: {kinds: []}"] {
        let listener = listener(fields);
        assert_eq!((&*listener.name, listener.port, &listener.protocol), ("web", 80, &Protocol::Http));
        assert_eq!(listener.hostname, None);
        assert_eq!(listener.namespaces, AllowedNamespaces::Same);
        assert_eq!((listener.kinds, listener.tls), (None, None));
    }
    assert_eq!(
        listener("hostname: '*.Example.com'").hostname.map(|name| name.to_string()).as_deref(),
        Some("*.example.com")
    );
    assert_eq!(listener("tls: {}").tls, Some(ListenerTls { mode: TlsMode::Terminate, certificates: Vec::new() }));
}

#[test]
fn a_listener_says_which_namespaces_it_takes() {
    #[track_caller]
    fn check(namespaces: &str, expected: AllowedNamespaces) {
        assert_eq!(listener(&format!("allowedRoutes: {{namespaces: {namespaces}}}")).namespaces, expected);
    }
    check("null", AllowedNamespaces::Same);
    check("{from: null}", AllowedNamespaces::Same);
    check("{from: All}", AllowedNamespaces::All);
    check("{from: None}", AllowedNamespaces::None);
    check("{from: Here}", AllowedNamespaces::Unknown("Here".into()));
    check("{from: Selector}", AllowedNamespaces::None);
    check("{from: Selector, selector: {}}", AllowedNamespaces::Selector(Selector::default()));
    let requirements = vec![
        SelectorRequirement::In { label: "a".into(), values: vec!["b".into()] },
        SelectorRequirement::In { label: "c".into(), values: vec!["d".into(), "e".into()] },
        SelectorRequirement::NotIn { label: "c".into(), values: Vec::new() },
        SelectorRequirement::Exists { label: "f".into() },
        SelectorRequirement::DoesNotExist { label: "g".into() },
        SelectorRequirement::Unknown { operator: "Like".into() },
    ];
    check(
        "{from: Selector, selector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d, e]}, \
         {key: c, operator: NotIn, values: null}, {key: f, operator: Exists}, {key: g, operator: DoesNotExist}, \
         {key: h, operator: Like}]}}",
        AllowedNamespaces::Selector(Selector { requirements }),
    );
}

#[test]
fn references_have_defaults() {
    let listener = listener(
        "allowedRoutes: {kinds: [{kind: HTTPRoute}, {group: '', kind: Pod}]}, \
         tls: {mode: Passthrough, certificateRefs: [{name: a}, {name: b, namespace: other, kind: Pem, group: x}]}",
    );
    let kind = |group: &str, kind: &str| RouteKindRef { group: group.into(), kind: kind.into() };
    assert_eq!(listener.kinds, Some(vec![kind("gateway.networking.k8s.io", "HTTPRoute"), kind("", "Pod")]));
    let certificate = |group: &str, kind: &str, namespace: &str, name: &str| CertificateRef {
        group: group.into(),
        kind: kind.into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let certificates = vec![certificate("", "Secret", "infra", "a"), certificate("x", "Pem", "other", "b")];
    assert_eq!(listener.tls, Some(ListenerTls { mode: TlsMode::Passthrough, certificates }));
}

#[test]
fn a_gateway_says_what_is_wrong() {
    #[track_caller]
    fn check(spec: &str, expected: &str) {
        assert_eq!(error(&gateway(spec)), format!("Gateway/infra/edge: {expected}"));
    }
    check(
        "listeners: [{name: web, port: 80, protocol: HTTP}, {name: web, port: 81, protocol: HTTP}]",
        "spec.listeners[1].name: another listener is named \"web\"; give each listener a name of its own",
    );
    check(
        "listeners: [{name: ../web, port: 80, protocol: HTTP}]",
        "spec.listeners[0].name: \"../web\" is not a DNS-1123 name; use lower-case letters, digits, dashes and dots",
    );
    check(
        "listeners: {name: web}",
        "spec.listeners: invalid type: map, expected a sequence; write the field as the schema of its kind has it",
    );
}

#[test]
fn certificates_of_clients_are_asked_for_by_port() {
    let asked = |frontend: &str| {
        let object = decoded(&gateway(&format!("listeners: [], tls: {{frontend: {frontend}}}")));
        let gateway = &rows::<Gateway>(&object)[0];
        [443, 8443].map(|port| gateway.client_certificates.are_asked_on(port))
    };
    assert_eq!(asked("null"), [false, false]);
    assert_eq!(asked("{default: {}}"), [false, false]);
    assert_eq!(asked("{default: {validation: {caCertificateRefs: [{name: ca}]}}}"), [true, true]);
    assert_eq!(asked("{default: {validation: {}}, perPort: [{port: 443}]}"), [false, true]);
    assert_eq!(
        asked("{default: {}, perPort: [{port: 443, tls: {validation: {mode: AllowValidOnly}}}]}"),
        [true, false]
    );
}

#[test]
fn what_a_listener_can_say_itself_leaves_the_gateway_readable() {
    let object = decoded(&gateway(
        "listeners: [{name: a, port: 65536, protocol: HTTPS, tls: {mode: Loud}}, {name: b, port: -1, protocol: HTTP}]",
    ));
    let listeners = rows::<Listener>(&object);
    assert_eq!(listeners.iter().map(|listener| listener.port).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(listeners[0].tls.as_ref().map(|tls| tls.mode), Some(TlsMode::Unknown));
}

#[test]
fn a_gateway_may_be_very_large() {
    let listeners: Vec<String> =
        (0..10_000).map(|index| format!("{{name: l{index}, port: 80, protocol: HTTP}}")).collect();
    let object = decoded(&gateway(&format!("listeners: [{}]", listeners.join(","))));
    let listeners = rows::<Listener>(&object);
    assert_eq!((listeners.len(), listeners[9_999].index), (10_000, 9_999));
}

#[test]
fn a_gateway_says_which_certificate_backends_are_to_be_shown() {
    let shown = |tls: &str| {
        let object = decoded(&gateway(&format!("listeners: [], tls: {tls}")));
        rows::<Gateway>(&object)[0].backend_certificate.clone()
    };
    assert_eq!(shown("{backend: {clientCertificateRef: {name: cert, namespace: certs}}}").as_deref(), Some("cert"));
    assert_eq!(shown("{backend: {clientCertificateRef: null}}"), None);
    assert_eq!(shown("null"), None);
}
