//! What of Gateway API holds: the one table from which `status.supportedFeatures` of a class and the table in the README
//! are made. `ours`, the fourth column, decides what is claimed.

/// How far something is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// All of it.
    Yes,
    /// Some of it.
    Partly,
    /// Not at all.
    No,
}

impl Support {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partly => "partly",
            Self::No => "no",
        }
    }
}

/// One feature.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// What people call it.
    pub name: &'static str,
    /// What Gateway API calls it, or the parts of it, in `status.supportedFeatures`.
    pub supported_features: &'static [&'static str],
    /// What Kuma 2.14's own controllers do with it.
    pub kuma: Support,
    /// What we do with it. Only what is `Yes` is claimed.
    pub ours: Support,
    /// The scenario that shows it, or that shows what is said where it is not supported.
    pub scenario: Option<&'static str>,
}

const fn row(
    name: &'static str,
    supported_features: &'static [&'static str],
    kuma: Support,
    ours: Support,
    scenario: &'static str,
) -> Feature {
    let scenario = if scenario.is_empty() { None } else { Some(scenario) };
    Feature { name, supported_features, kuma, ours, scenario }
}

/// Every feature.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassstatus> (`supportedFeatures`)
pub const FEATURES: &[Feature] = {
    use Support::{No, Partly, Yes};
    &[
        // Classes and Gateways.
        row("GatewayClass with `parametersRef`", &[], Yes, Yes, "mesh_gateway_config"),
        row(
            "Last good objects held while parameters are missing",
            &[],
            No,
            Yes,
            "b08_class_parameters_lost_holds_the_objects",
        ),
        row("`SupportedVersion` and `supportedFeatures` of a class", &[], No, Yes, "supported_version"),
        row("A class in use is held by a finalizer", &[], Yes, Yes, "b50_class_in_use_is_held"),
        row("Gateway with HTTP listeners", &["Gateway"], Yes, Yes, "gateway_becomes_its_objects"),
        row("Any port", &["GatewayPort8080"], Yes, Yes, "section_name_and_port"),
        row("`allowedRoutes` by namespace and kind", &[], Partly, Yes, "b01_namespace_labels_select_routes"),
        row("Listener isolation", &["GatewayHTTPListenerIsolation"], Yes, Yes, "b19_listener_isolation"),
        row("Conflicts between listeners", &[], Partly, Yes, "b45_protocol_conflict"),
        row(
            "`infrastructure` labels, annotations, parameters",
            &["GatewayInfrastructurePropagation"],
            No,
            Yes,
            "b27_infrastructure",
        ),
        row(
            "`addresses`: an IP address, or any",
            &["GatewayAddressEmpty", "GatewayStaticAddresses"],
            No,
            Yes,
            "b27_requested_address",
        ),
        row("Hosts that several listeners for TLS take are told", &[], No, Yes, "overlapping_tls_listeners"),
        row("HTTPS listeners with certificates", &[], Partly, Yes, "tls_certificate_is_copied"),
        row(
            "Certificates that backends are shown",
            &["GatewayBackendClientCertificate"],
            No,
            No,
            "b36_certificate_for_backends",
        ),
        row(
            "Certificates of clients",
            &["GatewayFrontendClientCertificateValidation"],
            No,
            No,
            "b36_certificates_of_clients",
        ),
        row("TLS listeners, passing through or terminating", &[], No, Yes, "tls_listener_modes"),
        row("TCP listeners", &[], No, Yes, "tcp_listener_conflicts"),
        row("Several replicas with a lease", &[], Yes, No, ""),
        row("ListenerSet", &["ListenerSet"], No, Yes, "listener_set"),
        // References.
        row(
            "ReferenceGrant for backends and mirrors",
            &["ReferenceGrant"],
            Partly,
            Yes,
            "reference_grant_comes_and_goes",
        ),
        // Routes on Gateways.
        row("HTTPRoute on Gateways", &["HTTPRoute"], Yes, Yes, "matches"),
        row(
            "`sectionName` and `port` of a parentRef",
            &["HTTPRouteDestinationPortMatching", "HTTPRouteParentRefPort"],
            Yes,
            Yes,
            "section_name_and_port",
        ),
        row("Names of rules", &["GRPCRouteNamedRouteRule", "HTTPRouteNamedRouteRule"], Yes, Yes, "rules_have_names"),
        row("Method matches", &["HTTPRouteMethodMatching"], Yes, Yes, "matches"),
        row("Query parameter matches", &["HTTPRouteQueryParamMatching"], Yes, Yes, "matches"),
        row("Rules that tie are put in order", &[], No, Yes, "s09_ties_are_padded"),
        row("The oldest route keeps a match, and the other is told", &[], No, Yes, "b43_oldest_route_keeps_a_match"),
        row("Response header changes", &["HTTPRouteResponseHeaderModification"], Yes, Yes, "filter_header_modifiers"),
        row(
            "Redirects",
            &[
                "HTTPRoute303RedirectStatusCode",
                "HTTPRoute307RedirectStatusCode",
                "HTTPRoute308RedirectStatusCode",
                "HTTPRoutePathRedirect",
                "HTTPRoutePortRedirect",
                "HTTPRouteSchemeRedirect",
            ],
            Yes,
            Yes,
            "filter_redirect_ports",
        ),
        row("Rewrites", &["HTTPRouteHostRewrite", "HTTPRoutePathRewrite"], Yes, Yes, "filter_rewrite"),
        row("One mirror per rule", &["HTTPRouteRequestMirror"], Yes, Yes, "filter_mirror"),
        row("Mirrors of a share of the requests", &["HTTPRouteRequestPercentageMirror"], No, Yes, "filter_mirror"),
        row("Several mirrors per rule", &["HTTPRouteRequestMultipleMirrors"], No, No, "b15_second_mirror"),
        row("CORS", &["HTTPRouteCORS"], No, No, "b36_cors"),
        row("Timeouts", &["HTTPRouteBackendTimeout", "HTTPRouteRequestTimeout"], No, No, "b36_partially_invalid"),
        row("Retries and session persistence", &["HTTPRouteRetry"], No, No, "b36_retry_and_session_persistence"),
        row("Filters of a backend", &["HTTPRouteBackendRequestHeaderModification"], No, No, "b36_filters_of_a_backend"),
        row("Weights", &[], Yes, Yes, "weights"),
        row("GRPCRoute", &["GRPCRoute"], No, Yes, "grpc_route"),
        row("HTTPRoutes and GRPCRoutes with one hostname are told apart", &[], No, Yes, "grpc_and_http_routes_meet"),
        row("TLSRoute", &["TLSRoute"], No, Yes, "tls_route"),
        row(
            "TLSRoute on listeners that terminate, beside others on one port",
            &["TLSRouteModeMixed", "TLSRouteModeTerminate"],
            No,
            Yes,
            "tls_modes_on_one_port",
        ),
        row("TCPRoute", &["TCPRoute"], No, Yes, "tcp_route"),
        row("UDPRoute", &["UDPRoute"], No, No, ""),
        row("BackendTLSPolicy", &["BackendTLSPolicy"], No, No, ""),
        // The mesh.
        row(
            "Backends of Kuma: MeshService, MeshMultiZoneService, MeshExternalService",
            &[],
            No,
            Yes,
            "backends_of_kuma",
        ),
        row("Backends of type ExternalService", &[], Partly, Yes, "b04_external_service_comes_changes_and_goes"),
        row(
            "Several meshes, by label or annotation of object or namespace",
            &[],
            Partly,
            Yes,
            "b09_mesh_of_an_object_changes",
        ),
        row("Cross-mesh Gateways", &[], Yes, Yes, "cross_mesh_gateway"),
        // Names of mesh features are not claimed on a class: they are not for it to say.
        row(
            "HTTPRoute and GRPCRoute on Services and MeshServices (mesh routing)",
            &[],
            Partly,
            Yes,
            "mesh_service_parents",
        ),
        row("TCPRoute on Services and MeshServices", &[], No, Yes, "tcp_route_on_a_service"),
        row("One kind of routes per port of a Service", &[], No, Yes, "routes_of_several_kinds_on_a_service"),
        row("TLSRoute on Services, without hostnames", &[], No, Partly, "tcp_route_on_services_that_cannot_serve"),
    ]
};

/// What a class of ours claims, in order.
pub fn supported() -> Vec<&'static str> {
    let claimed = FEATURES.iter().filter(|feature| feature.ours == Support::Yes);
    let mut names: Vec<_> = claimed.flat_map(|feature| feature.supported_features).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_is_claimed() {
        let supported = supported();
        assert!(supported.is_sorted());
        for core in ["Gateway", "HTTPRoute", "ReferenceGrant"] {
            assert!(supported.contains(&core), "{core}");
        }
        assert!(!supported.iter().any(|name| name.starts_with("Mesh")), "{supported:?}");
        for refused in ["HTTPRouteCORS", "HTTPRouteRequestMultipleMirrors", "HTTPRouteRequestTimeout"] {
            assert!(!supported.contains(&refused), "{refused}");
        }
    }

    #[test]
    fn each_name_stands_in_one_row() {
        let mut names: Vec<_> = FEATURES.iter().flat_map(|feature| feature.supported_features).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
