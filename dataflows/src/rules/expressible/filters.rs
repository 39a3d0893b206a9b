use std::collections::BTreeSet;

use super::names::{header_problem, hostname_problem, is_header_value};
use super::{
    Problems, WrittenFilter, WrittenHeader, WrittenHeaderChange, WrittenMirror, WrittenPath, WrittenRedirect,
    WrittenRewrite, WrittenRule, is_port,
};
use crate::model::{
    BackendRef, Filter, HeaderChange, HeaderValue, PathRewrite, Percentage, Redirect, Rewrite, RuleReason, Text,
};

/// Headers that one list of a modifier may name: <https://gateway-api.sigs.k8s.io/reference/spec/#httpheaderfilter>,
/// and the schema of MeshHTTPRoute.
const HEADERS_MAX: usize = 16;

/// 100 % as a [`Percentage`].
const WHOLE: u32 = 100_000;

/// The filters of a rule, and whether they can stand beside each other and beside what the rule matches.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter>
pub(super) fn filters(rule: &WrittenRule<'_>, problems: &mut Problems) -> Vec<Filter> {
    let redirects = rule.filters.iter().any(|filter| matches!(filter, WrittenFilter::Redirect(_)));
    let prefixes_only = rule.matches.iter().all(|written| written.path_type == "PathPrefix");
    let mut mirrors = 0;
    let mut filters = Vec::new();
    for (place, written) in rule.filters.iter().enumerate() {
        let mut site = Site { place, section: section(written), problems: &mut *problems };
        match written {
            WrittenFilter::RequestHeaders(change) => {
                filters.extend(headers(change, &mut site).map(Filter::RequestHeaders));
            }
            WrittenFilter::ResponseHeaders(change) => {
                filters.extend(headers(change, &mut site).map(Filter::ResponseHeaders));
            }
            WrittenFilter::Redirect(redirect) => {
                if !rule.backends.is_empty() {
                    site.add("", RuleReason::RedirectAndBackends);
                }
                filters.push(Filter::Redirect(self::redirect(redirect, prefixes_only, &mut site)));
            }
            WrittenFilter::Rewrite(rewrite) => {
                if redirects {
                    site.add("", RuleReason::BesideRedirect);
                }
                filters.extend(self::rewrite(rewrite, prefixes_only, &mut site).map(Filter::Rewrite));
            }
            WrittenFilter::Mirror(mirror) => {
                mirrors += 1;
                // Kuma makes no configuration at all for a gateway with such a rule.
                if redirects {
                    site.add("", RuleReason::BesideRedirect);
                }
                if mirrors > 1 {
                    site.add("", RuleReason::SecondMirror);
                }
                filters.extend(self::mirror(mirror, &mut site));
            }
            WrittenFilter::Absent(_) => site.add("", RuleReason::Empty),
            WrittenFilter::Unsupported(_) => site.add("", RuleReason::NotSupported),
            WrittenFilter::Unknown => site.add("", RuleReason::UnknownValue),
        }
    }
    filters
}

/// The field that holds what the filter asks for.
fn section(written: &WrittenFilter<'_>) -> &'static str {
    match written {
        WrittenFilter::RequestHeaders(_) => "requestHeaderModifier",
        WrittenFilter::ResponseHeaders(_) => "responseHeaderModifier",
        WrittenFilter::Redirect(_) => "requestRedirect",
        WrittenFilter::Rewrite(_) => "urlRewrite",
        WrittenFilter::Mirror(_) => "requestMirror",
        WrittenFilter::Absent(section) | WrittenFilter::Unsupported(section) => section,
        WrittenFilter::Unknown => "type",
    }
}

/// The filter that is being looked at.
struct Site<'a> {
    place: usize,
    section: &'static str,
    problems: &'a mut Problems,
}

impl Site<'_> {
    /// Names a field below the section; the empty text is the section itself.
    fn add(&mut self, field: &str, reason: RuleReason) {
        let Self { place, section, .. } = self;
        let dot = if field.is_empty() { "" } else { "." };
        self.problems.add(format!("filters[{place}].{section}{dot}{field}"), reason);
    }

    fn add_if(&mut self, field: &str, reason: Option<RuleReason>) {
        if let Some(reason) = reason {
            self.add(field, reason);
        }
    }
}

/// A header modifier; `None` if it modifies nothing, which Kuma has no words for.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httpheaderfilter>. Kuma takes a header once in all three lists.
fn headers(written: &WrittenHeaderChange<'_>, site: &mut Site<'_>) -> Option<HeaderChange> {
    for (list, count) in [("set", written.set.len()), ("add", written.add.len()), ("remove", written.remove.len())] {
        if count > HEADERS_MAX {
            site.add(list, RuleReason::TooLong);
            return None;
        }
    }
    let mut names = BTreeSet::new();
    let set = values("set", &written.set, &mut names, site);
    let add = values("add", &written.add, &mut names, site);
    let mut remove = Vec::with_capacity(written.remove.len());
    for (place, name) in written.remove.iter().enumerate() {
        remove.push(header(|| format!("remove[{place}]"), name, &mut names, site));
    }
    let change = HeaderChange { set, add, remove };
    (change != HeaderChange::default()).then_some(change)
}

fn values(
    list: &str,
    written: &[WrittenHeader<'_>],
    names: &mut BTreeSet<String>,
    site: &mut Site<'_>,
) -> Vec<HeaderValue> {
    let mut values = Vec::with_capacity(written.len());
    for (place, written) in written.iter().enumerate() {
        let name = header(|| format!("{list}[{place}].name"), written.name, names, site);
        if written.value.is_empty() {
            site.add(&format!("{list}[{place}].value"), RuleReason::Empty);
        } else if !is_header_value(written.value) {
            site.add(&format!("{list}[{place}].value"), RuleReason::UnknownValue);
        }
        values.push(HeaderValue { name, value: written.value.into() });
    }
    values
}

fn header(field: impl Fn() -> String, written: &str, names: &mut BTreeSet<String>, site: &mut Site<'_>) -> Text {
    let name = written.to_ascii_lowercase();
    if let Some(reason) = header_problem(&name) {
        site.add(&field(), reason);
    } else if name == "host" {
        // A sidecar or gateway with such a modifier takes no new configuration: "`:-prefixed or host headers may not be
        // modified", <https://github.com/envoyproxy/envoy/blob/main/source/common/router/header_parser.cc>.
        site.add(&field(), RuleReason::HostHeader);
    }
    let text = Text::from(name.as_str());
    if !names.insert(name) {
        site.add(&field(), RuleReason::DuplicateHeader);
    }
    text
}

/// <https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter>
fn redirect(written: &WrittenRedirect<'_>, prefixes_only: bool, site: &mut Site<'_>) -> Redirect {
    if written.scheme.is_some_and(|scheme| !["http", "https"].contains(&scheme)) {
        site.add("scheme", RuleReason::UnknownValue);
    }
    if !is_port(written.port) {
        site.add("port", RuleReason::UnknownValue);
    }
    if ![301, 302, 303, 307, 308].contains(&written.status_code) {
        site.add("statusCode", RuleReason::UnknownValue);
    }
    Redirect {
        scheme: written.scheme.map(Text::from),
        hostname: hostname(written.hostname, site),
        path: written.path.and_then(|written| path(written, prefixes_only, site)),
        port: written.port.and_then(|port| u16::try_from(port).ok()),
        status_code: u16::try_from(written.status_code).unwrap_or(302),
    }
}

/// A rewrite; `None` if it rewrites nothing.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httpurlrewritefilter>
fn rewrite(written: &WrittenRewrite<'_>, prefixes_only: bool, site: &mut Site<'_>) -> Option<Rewrite> {
    let rewrite = Rewrite {
        hostname: hostname(written.hostname, site),
        path: written.path.and_then(|written| path(written, prefixes_only, site)),
    };
    (rewrite != Rewrite::default()).then_some(rewrite)
}

fn hostname(written: Option<&str>, site: &mut Site<'_>) -> Option<Text> {
    let written = written?;
    site.add_if("hostname", hostname_problem(written));
    Some(written.to_ascii_lowercase().into())
}

/// "`ReplacePrefixMatch` is only compatible with a `PathPrefix` HTTPRouteMatch":
/// <https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier>
fn path(written: WrittenPath<'_>, prefixes_only: bool, site: &mut Site<'_>) -> Option<PathRewrite> {
    let (field, value) = match written.kind {
        "ReplaceFullPath" => ("path.replaceFullPath", written.full),
        "ReplacePrefixMatch" => ("path.replacePrefixMatch", written.prefix),
        _ => {
            site.add("path.type", RuleReason::UnknownValue);
            return None;
        }
    };
    let Some(value) = value else {
        site.add(field, RuleReason::Empty);
        return None;
    };
    if !is_header_value(value) {
        site.add(field, RuleReason::UnknownValue);
    }
    if written.kind == "ReplaceFullPath" {
        return Some(PathRewrite::Full(value.into()));
    }
    if !prefixes_only {
        site.add(field, RuleReason::PrefixRewriteNeedsPrefixMatch);
    }
    Some(PathRewrite::Prefix(value.into()))
}

/// "Only one of Fraction or Percent may be specified. If neither field is specified, 100% of requests will be
/// mirrored": <https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter>
fn mirror(written: &WrittenMirror, site: &mut Site<'_>) -> Option<Filter> {
    if !is_port(written.port) {
        site.add("backendRef.port", RuleReason::UnknownValue);
    }
    let (field, share) = match (written.percent, written.fraction) {
        (None, None) => ("", Some(None)),
        (Some(percent), None) => ("percent", share(percent, 100).map(Some)),
        (None, Some((numerator, denominator))) => ("fraction", share(numerator, denominator).map(Some)),
        (Some(_), Some(_)) => ("fraction", None),
    };
    let Some(percentage) = share else {
        site.add(field, RuleReason::UnknownValue);
        return None;
    };
    let slot = BackendRef::MIRROR.saturating_add(u16::try_from(site.place).unwrap_or(u16::MAX));
    Some(Filter::Mirror { slot, percentage })
}

/// A share to the nearest thousandth of a percent, but no share at all only where none was asked for.
fn share(numerator: i64, denominator: i64) -> Option<Percentage> {
    if denominator < 1 || !(0..=denominator).contains(&numerator) {
        return None;
    }
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    let nearest = (numerator * i128::from(WHOLE) * 2 + denominator) / (denominator * 2);
    let least = u32::from(numerator > 0);
    Some(Percentage(u32::try_from(nearest).ok()?.max(least)))
}
