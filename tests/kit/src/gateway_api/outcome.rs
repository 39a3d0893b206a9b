use super::matching::{Candidate, trimmed};
use super::objects::{Filter, Mirror, Modifier, PathModifier, Redirect};
use super::{Cluster, Parent};
use crate::traffic::{self, Answer, Destination, Forward, HeaderChange, Request};

impl Cluster {
    /// What the rule that a request has come to does with it.
    pub(super) fn outcome(&self, parent: &Parent, request: &Request, candidate: &Candidate<'_>) -> Answer {
        let rule = candidate.rule;
        let filter = |kind: &str| rule.filters.iter().find(|filter| filter.kind == kind);
        let headers =
            |kind: &str, of: fn(&Filter) -> &Modifier| filter(kind).map(|it| change(of(it))).unwrap_or_default();
        let response_headers = headers("ResponseHeaderModifier", |filter| &filter.response_header_modifier);
        if let Some(filter) = filter("RequestRedirect") {
            let redirect = &filter.request_redirect;
            return Answer::Redirect(location(request, candidate, redirect, response_headers));
        }
        let rewrite = filter("URLRewrite").map(|filter| &filter.url_rewrite);
        let path = rewrite.and_then(|rewrite| rewrite.path.as_ref());
        let shares = rule
            .backend_refs
            .iter()
            .map(|backend| (self.destination(parent, candidate.route, backend), backend.weight.unwrap_or(1)));
        let mirror = filter("RequestMirror").map(|filter| &filter.request_mirror);
        let forward = Forward {
            shares: traffic::shares(shares),
            host: rewrite.and_then(|rewrite| rewrite.hostname.as_ref()).unwrap_or(&request.host).clone(),
            path: new_path(path, request, candidate),
            request_headers: headers("RequestHeaderModifier", |filter| &filter.request_header_modifier),
            response_headers,
            mirror: mirror.and_then(|mirror| self.mirror(parent, candidate, mirror)),
        };
        forward.answer()
    }

    /// Who gets copies. A mirror that cannot be resolved has nobody to notice.
    ///
    /// <https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter>
    fn mirror(&self, parent: &Parent, candidate: &Candidate<'_>, mirror: &Mirror) -> Option<(Destination, u32)> {
        let share = match (mirror.percent, &mirror.fraction) {
            (Some(percent), _) => percent * 1000,
            (None, Some(fraction)) => {
                // To the nearest thousandth of a percent.
                let doubled = fraction.numerator * 200_000 / fraction.denominator;
                u32::try_from(doubled.div_ceil(2)).ok()?
            }
            (None, None) => 100_000,
        };
        let destination = self.destination(parent, candidate.route, &mirror.backend_ref);
        // Kuma copies to tags alone.
        let tagged = mirror.backend_ref.kind.as_ref().is_none_or(|kind| kind == "Service" || kind == "ExternalService");
        (share > 0 && tagged && !matches!(destination, Destination::Nobody(_))).then_some((destination, share))
    }
}

fn change(modifier: &Modifier) -> HeaderChange {
    let name = |name: &str| name.to_ascii_lowercase();
    HeaderChange {
        set: modifier.set.iter().map(|header| (name(&header.name), header.value.clone())).collect(),
        add: modifier.add.iter().map(|header| (name(&header.name), header.value.clone())).collect(),
        remove: modifier.remove.iter().map(|header| name(header)).collect(),
    }
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter>
fn location(
    request: &Request,
    candidate: &Candidate<'_>,
    redirect: &Redirect,
    response_headers: HeaderChange,
) -> traffic::Redirect {
    let of_listener = if request.server_name.is_some() { "https" } else { "http" };
    // "If no port is specified, … the well-known port associated with the scheme, [or else] the Gateway listener port."
    let port = match (redirect.port, redirect.scheme.as_deref()) {
        (Some(port), _) => port,
        (None, Some("https")) => 443,
        (None, Some(_)) => 80,
        (None, None) => request.port,
    };
    traffic::Redirect {
        status: redirect.status_code.unwrap_or(302),
        scheme: redirect.scheme.clone().unwrap_or_else(|| of_listener.to_owned()),
        host: redirect.hostname.as_ref().unwrap_or(&request.host).clone(),
        port,
        path: new_path(redirect.path.as_ref(), request, candidate),
        response_headers,
    }
}

/// The path after a filter, by the table at
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier> (`replacePrefixMatch`).
fn new_path(modifier: Option<&PathModifier>, request: &Request, candidate: &Candidate<'_>) -> String {
    let Some(modifier) = modifier else { return request.path.clone() };
    if modifier.kind == "ReplaceFullPath" {
        return modifier.replace_full_path.clone();
    }
    let written = &candidate.found.path.value;
    let rest = if written == "/" && request.path == "/" { "" } else { &request.path[trimmed(written).len()..] };
    match format!("{}{rest}", trimmed(&modifier.replace_prefix_match)) {
        path if path.is_empty() => "/".to_owned(),
        path => path,
    }
}
