use serde::{Deserialize, Serialize};

use super::{Few, Key, Ref, Text};

/// One rule of a route without its backends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Key of the route.
    pub route: Key,
    /// Place in `spec.rules`.
    pub index: u16,
    /// What it matches; never empty, as no match means `PathPrefix /`. Shared with what competes with other routes, so
    /// that editing a filter leaves precedence alone.
    pub matches: Box<[Ref<Match>]>,
    /// What it does to requests and responses, in order, as far as Kuma can express it.
    pub filters: Few<Filter>,
    /// What Kuma cannot express. A rule with problems is dropped.
    pub problems: Few<RuleProblem>,
}

/// One match of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Match {
    /// Path.
    pub path: PathMatch,
    /// Method, in upper case.
    pub method: Option<Text>,
    /// Headers, sorted by name; names in lower case, the first of equal names.
    pub headers: Few<NamedMatch>,
    /// Query parameters, sorted by name, the first of equal names.
    pub query_params: Few<NamedMatch>,
}

/// How a path is matched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PathMatch {
    /// The whole path.
    Exact(Text),
    /// Leading path elements; without a trailing slash unless it is `/` alone.
    Prefix(Text),
    /// A regular expression for the whole path.
    RegularExpression(Text),
}

/// How a header or query parameter is matched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NamedMatch {
    /// Name.
    pub name: Text,
    /// Kind of match.
    pub kind: MatchKind,
    /// Value or expression.
    pub value: Text,
}

/// Kinds of value matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // Each variant is the type whose name it bears.
pub enum MatchKind {
    Exact,
    RegularExpression,
}

/// One filter that Kuma can express.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Filter {
    /// `RequestHeaderModifier`
    RequestHeaders(HeaderChange),
    /// `ResponseHeaderModifier`
    ResponseHeaders(HeaderChange),
    /// `RequestRedirect`
    Redirect(Redirect),
    /// `URLRewrite`
    Rewrite(Rewrite),
    /// `RequestMirror`
    Mirror {
        /// The slot of the mirror among the backendRefs of the rule, see [`super::BackendRef::slot`].
        slot: u16,
        /// The share of requests to mirror; `None` is all.
        percentage: Option<Percentage>,
    },
}

/// A share in thousandths of a percent, so that rows stay comparable. 100 % is 100,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Percentage(pub u32);

/// What to do to headers. Names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HeaderChange {
    /// Replace the value.
    pub set: Vec<HeaderValue>,
    /// Add a value.
    pub add: Vec<HeaderValue>,
    /// Remove the header.
    pub remove: Vec<Text>,
}

/// A header with a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HeaderValue {
    /// Name in lower case.
    pub name: Text,
    /// Value.
    pub value: Text,
}

/// `requestRedirect`, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Redirect {
    /// `http` or `https`.
    pub scheme: Option<Text>,
    /// Hostname.
    pub hostname: Option<Text>,
    /// Path.
    pub path: Option<PathRewrite>,
    /// Port.
    pub port: Option<u16>,
    /// Status code; the default of the CRD is 302.
    pub status_code: u16,
}

/// `urlRewrite`
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rewrite {
    /// Hostname.
    pub hostname: Option<Text>,
    /// Path.
    pub path: Option<PathRewrite>,
}

/// How a path is changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PathRewrite {
    /// `ReplaceFullPath`
    Full(Text),
    /// `ReplacePrefixMatch`
    Prefix(Text),
}

/// What makes a rule inexpressible in Kuma: which field, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleProblem {
    /// The field, as a path below the rule: `timeouts`, `filters[1].cors`.
    pub field: Text,
    /// Why Kuma cannot express it.
    pub reason: RuleReason,
}

/// Why a field of a rule cannot be expressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)] // The texts in `text` say it.
pub enum RuleReason {
    NotSupported,
    UnknownValue,
    DuplicateHeader,
    DuplicateQueryParam,
    SecondMirror,
    IpAddress,
    NotAHostname,
    PrefixRewriteNeedsPrefixMatch,
    DoubleSlash,
    NotAbsolute,
    HeaderName,
    HostHeader,
    BesideRedirect,
    RedirectAndBackends,
    Empty,
    TooLong,
    RegularExpression,
    SecondRule,
}

impl RuleReason {
    /// The reason as a fragment that follows the name of the field.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotSupported => "is not supported by Kuma",
            Self::UnknownValue => "has an unknown value",
            Self::DuplicateHeader => "names one header more than once",
            Self::DuplicateQueryParam => "names one query parameter more than once",
            Self::SecondMirror => "is a second mirror, and Kuma serves one per rule",
            Self::IpAddress => "must be a hostname, not an IP address",
            Self::NotAHostname => "is not a hostname",
            Self::PrefixRewriteNeedsPrefixMatch => "needs every match of the rule to be a PathPrefix",
            Self::DoubleSlash => "must not end in more than one slash",
            Self::NotAbsolute => "must start with a slash",
            Self::HeaderName => "is not a header name",
            Self::HostHeader => "names Host, which Envoy changes in no header modifier: use urlRewrite.hostname",
            Self::BesideRedirect => "cannot stand beside a redirect",
            Self::RedirectAndBackends => "cannot stand beside backendRefs",
            Self::Empty => "must not be empty",
            Self::TooLong => "is too long",
            Self::RegularExpression => "is not a regular expression that RE2 takes",
            Self::SecondRule => "is out of reach, as nothing tells connections apart: put its backends into rule 0",
        }
    }
}
