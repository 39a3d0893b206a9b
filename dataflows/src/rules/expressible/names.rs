use std::net::IpAddr;

use crate::model::RuleReason;
use crate::rules::hostname;

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
    if address.parse::<IpAddr>().is_ok() || is_sloppy_address(text) {
        Some(RuleReason::IpAddress)
    } else if text.len() > DNS_NAME_MAX {
        Some(RuleReason::TooLong)
    } else if !hostname::is_dns_name(&text.to_ascii_lowercase()) {
        Some(RuleReason::NotAHostname)
    } else {
        None
    }
}

/// Whether a text is an address with zeros before its numbers, which Kuma's webhook takes for an address too.
fn is_sloppy_address(text: &str) -> bool {
    let is_number = |part: &str| {
        let digits = part.trim_start_matches('0');
        !part.is_empty()
            && (digits.is_empty() || digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u8>().is_ok())
    };
    text.split('.').count() == 4 && text.split('.').all(is_number)
}

/// Whether a text can be the name of an object: a DNS name in lower case, but for labels that may be of any length.
///
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names>
pub fn is_object_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inner);
    text.len() <= DNS_NAME_MAX && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_have_labels_of_any_length() {
        let long = "a".repeat(64);
        for good in ["a", "a.b", "1", "a-b.c", &long, &"a".repeat(253)] {
            assert!(is_object_name(good), "{good}");
        }
        for bad in ["", "A", "a..b", ".a", "a.", "-a", "a-", "a_b", "a b", &"a".repeat(254)] {
            assert!(!is_object_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_hostname_is_a_dns_name_and_no_address() {
        let long = format!("{}.example", "a".repeat(64));
        for (text, expected) in [
            ("a.example", None),
            ("A.Example", None),
            ("010.0.0.1.example", None),
            ("256.0.0.1", None),
            ("10.0.0.1", Some(RuleReason::IpAddress)),
            ("010.0.0.1", Some(RuleReason::IpAddress)),
            ("0.0.0.000", Some(RuleReason::IpAddress)),
            ("[::1]", Some(RuleReason::IpAddress)),
            ("*.example", Some(RuleReason::NotAHostname)),
            ("", Some(RuleReason::NotAHostname)),
            (&long, Some(RuleReason::NotAHostname)),
            (&"a.".repeat(127), Some(RuleReason::TooLong)),
        ] {
            assert_eq!(hostname_problem(text), expected, "{text}");
        }
    }
}
