use dataflows::rules::expressible::{
    WrittenBackend, WrittenFilter, WrittenHeader, WrittenHeaderChange, WrittenMatch, WrittenMirror, WrittenNamedMatch,
    WrittenPath, WrittenRedirect, WrittenRewrite, WrittenRule,
};

use crate::kubernetes::{
    BackendRef, Header, HeaderModifier, Mirror, PathModifier, Redirect, Rewrite, RouteFilter, RouteMatch, RouteRule,
    ValueMatch,
};

/// The type of filters that are mirrors.
pub(super) const MIRROR: &str = "RequestMirror";

/// A rule as [`dataflows::rules::expressible`] looks at it.
pub(super) fn rule<'a>(written: &RouteRule<'a>) -> WrittenRule<'a> {
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

fn backend(written: &BackendRef<'_>) -> WrittenBackend {
    WrittenBackend { port: written.port, weight: written.weight, filters: !written.filters.is_empty() }
}

fn matching<'a>(written: &RouteMatch<'a>) -> WrittenMatch<'a> {
    WrittenMatch {
        path_type: written.path.kind,
        path: written.path.value,
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
