use std::net::IpAddr;

use crate::model::RuleReason;

/// Longest header name that Kuma takes.
const HEADER_NAME_MAX: usize = 256;

/// Longest DNS name.
const DNS_NAME_MAX: usize = 253;

/// What keeps a text from being the name of a header, if anything: it has to be a token by
/// <https://www.rfc-editor.org/rfc/rfc7230#section-3.2.6>.
pub(super) fn header_problem(name: &str) -> Option<RuleReason> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.len() > HEADER_NAME_MAX {
        Some(RuleReason::TooLong)
    } else if name.is_empty() || !name.bytes().all(token) {
        Some(RuleReason::HeaderName)
    } else {
        None
    }
}

/// Whether a text can be sent as the value of a header. Envoy refuses the whole configuration of a gateway over one
/// that cannot: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/base.proto>.
pub(super) fn is_header_value(value: &str) -> bool {
    !value.bytes().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
}

/// What keeps a text from being a hostname without wildcard, if anything.
///
/// "This matches the RFC 1123 definition of a hostname with 1 notable exception that numeric IP addresses are not
/// allowed": <https://gateway-api.sigs.k8s.io/reference/spec/#precisehostname>
pub fn hostname_problem(text: &str) -> Option<RuleReason> {
    let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if address.parse::<IpAddr>().is_ok() {
        Some(RuleReason::IpAddress)
    } else if text.len() > DNS_NAME_MAX {
        Some(RuleReason::TooLong)
    } else if !is_dns_name(&text.to_ascii_lowercase()) {
        Some(RuleReason::NotAHostname)
    } else {
        None
    }
}

/// Whether a text is a DNS name in lower case, as names of objects are.
///
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>
pub fn is_dns_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inner);
    text.len() <= DNS_NAME_MAX && text.split('.').all(label)
}
