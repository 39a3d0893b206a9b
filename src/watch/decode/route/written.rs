use dataflows::rules::expressible::{
    WrittenBackend, WrittenFilter, WrittenHeader, WrittenHeaderChange, WrittenMatch, WrittenMirror, WrittenNamedMatch,
    WrittenPath, WrittenRedirect, WrittenRewrite, WrittenRpc, WrittenRule,
};

use crate::kubernetes::{
    BackendRef, GrpcMatch, GrpcRule, Header, HeaderModifier, Mirror, PathModifier, Redirect, Rewrite, RouteFilter,
    RouteMatch, RouteRule, ValueMatch,
};

/// The type of filters that are mirrors.
pub(super) const MIRROR: &str = "RequestMirror";

/// A rule of an HTTPRoute as [`dataflows::rules::expressible`] looks at it.
pub(in crate::watch::decode) fn http_rule<'a>(written: &RouteRule<'a>) -> WrittenRule<'a> {
    let unsupported = [
        ("timeouts", &written.timeouts),
        ("retry", &written.retry),
        ("sessionPersistence", &written.session_persistence),
    ];
    WrittenRule {
        matches: written.matches.iter().map(matching).collect(),
        filters: written.filters.iter().map(filter).collect(),
        backends: written.backend_refs.iter().map(backend).collect(),
        unsupported: unsupported.iter().filter(|(_, fields)| !fields.is_empty()).map(|(name, _)| *name).collect(),
    }
}

/// The same of a rule of a GRPCRoute.
pub(in crate::watch::decode) fn grpc_rule<'a>(written: &GrpcRule<'a>) -> WrittenRule<'a> {
    let persists = !written.session_persistence.is_empty();
    WrittenRule {
        matches: written.matches.iter().map(calling).collect(),
        filters: written.filters.iter().map(grpc_filter).collect(),
        backends: written.backend_refs.iter().map(backend).collect(),
        unsupported: persists.then_some("sessionPersistence").into_iter().collect(),
    }
}

/// Filters that only requests can have do not exist here.
fn grpc_filter<'a>(written: &RouteFilter<'a>) -> WrittenFilter<'a> {
    match written.kind {
        "RequestRedirect" | "URLRewrite" | "CORS" | "ExternalAuth" => WrittenFilter::Unknown,
        _ => filter(written),
    }
}

fn calling<'a>(written: &GrpcMatch<'a>) -> WrittenMatch<'a> {
    let rpc = written.method.as_ref();
    let rpc = rpc.map(|method| WrittenRpc { kind: method.kind, service: method.service, method: method.method });
    let headers = written.headers.iter().map(named).collect();
    WrittenMatch { path_type: "PathPrefix", path: "/", rpc, method: None, headers, query_params: Vec::new() }
}

/// What matters of a backendRef of any route.
pub(in crate::watch::decode) fn backend(written: &BackendRef<'_>) -> WrittenBackend {
    WrittenBackend { port: written.port, weight: written.weight, filters: !written.filters.is_empty() }
}

fn matching<'a>(written: &RouteMatch<'a>) -> WrittenMatch<'a> {
    WrittenMatch {
        path_type: written.path.kind,
        path: written.path.value,
        rpc: None,
        method: written.method,
        headers: written.headers.iter().map(named).collect(),
        query_params: written.query_params.iter().map(named).collect(),
    }
}

const fn named<'a>(written: &ValueMatch<'a>) -> WrittenNamedMatch<'a> {
    WrittenNamedMatch { kind: written.kind, name: written.name, value: written.value }
}

/// The section that the type of a filter names. What other sections hold counts for nothing.
fn filter<'a>(written: &RouteFilter<'a>) -> WrittenFilter<'a> {
    let (found, section) = match written.kind {
        "RequestHeaderModifier" => (
            written.request_header_modifier.as_ref().map(|it| WrittenFilter::RequestHeaders(headers(it))),
            "requestHeaderModifier",
        ),
        "ResponseHeaderModifier" => (
            written.response_header_modifier.as_ref().map(|it| WrittenFilter::ResponseHeaders(headers(it))),
            "responseHeaderModifier",
        ),
        "RequestRedirect" => {
            (written.request_redirect.as_ref().map(|it| WrittenFilter::Redirect(redirect(it))), "requestRedirect")
        }
        "URLRewrite" => (written.url_rewrite.as_ref().map(|it| WrittenFilter::Rewrite(rewrite(it))), "urlRewrite"),
        MIRROR => (written.request_mirror.as_ref().map(|it| WrittenFilter::Mirror(mirror(it))), "requestMirror"),
        "CORS" => (Some(WrittenFilter::Unsupported("cors")), ""),
        "ExtensionRef" => (Some(WrittenFilter::Unsupported("extensionRef")), ""),
        "ExternalAuth" => (Some(WrittenFilter::Unsupported("externalAuth")), ""),
        _ => (Some(WrittenFilter::Unknown), ""),
    };
    found.unwrap_or(WrittenFilter::Absent(section))
}

fn headers<'a>(written: &HeaderModifier<'a>) -> WrittenHeaderChange<'a> {
    let values = |headers: &[Header<'a>]| {
        headers.iter().map(|header| WrittenHeader { name: header.name, value: header.value }).collect()
    };
    WrittenHeaderChange { set: values(&written.set), add: values(&written.add), remove: written.remove.clone() }
}

fn redirect<'a>(written: &Redirect<'a>) -> WrittenRedirect<'a> {
    WrittenRedirect {
        scheme: written.scheme,
        hostname: written.hostname,
        path: written.path.as_ref().map(path),
        port: written.port,
        status_code: written.status_code,
    }
}

fn rewrite<'a>(written: &Rewrite<'a>) -> WrittenRewrite<'a> {
    WrittenRewrite { hostname: written.hostname, path: written.path.as_ref().map(path) }
}

const fn path<'a>(written: &PathModifier<'a>) -> WrittenPath<'a> {
    WrittenPath { kind: written.kind, full: written.replace_full_path, prefix: written.replace_prefix_match }
}

fn mirror(written: &Mirror<'_>) -> WrittenMirror {
    WrittenMirror {
        port: written.backend_ref.port,
        percent: written.percent,
        fraction: written.fraction.map(|fraction| (fraction.numerator, fraction.denominator)),
    }
}
