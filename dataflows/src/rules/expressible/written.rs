/// A rule of a route as it was written, with the defaults of the CRD. Texts are whatever users wrote.
#[derive(Clone, Debug, Default)]
pub struct WrittenRule<'a> {
    /// `matches`
    pub matches: Vec<WrittenMatch<'a>>,
    /// `filters`
    pub filters: Vec<WrittenFilter<'a>>,
    /// `backendRefs`
    pub backends: Vec<WrittenBackend>,
    /// Names of fields of the rule that ask for something that no Kuma object of ours can carry: `timeouts`, `retry`, …
    pub unsupported: Vec<&'a str>,
}

/// What matters here of one entry of `backendRefs`.
#[derive(Clone, Copy, Debug)]
pub struct WrittenBackend {
    /// `port`
    pub port: Option<i64>,
    /// `weight`
    pub weight: i64,
    /// Whether it has filters of its own.
    pub filters: bool,
}

/// One entry of `matches`.
#[derive(Clone, Debug)]
pub struct WrittenMatch<'a> {
    /// `path.type`
    pub path_type: &'a str,
    /// `path.value`
    pub path: &'a str,
    /// `method` of a GRPCRoute, which stands for the path.
    pub rpc: Option<WrittenRpc<'a>>,
    /// `method` of an HTTPRoute
    pub method: Option<&'a str>,
    /// `headers`
    pub headers: Vec<WrittenNamedMatch<'a>>,
    /// `queryParams`
    pub query_params: Vec<WrittenNamedMatch<'a>>,
}

/// `method` of a match of a GRPCRoute.
#[derive(Clone, Copy, Debug)]
pub struct WrittenRpc<'a> {
    /// `type`
    pub kind: &'a str,
    /// `service`
    pub service: Option<&'a str>,
    /// `method`
    pub method: Option<&'a str>,
}

/// One entry of `headers` or `queryParams` of a match.
#[derive(Clone, Copy, Debug)]
pub struct WrittenNamedMatch<'a> {
    /// `type`
    pub kind: &'a str,
    /// `name`
    pub name: &'a str,
    /// `value`
    pub value: &'a str,
}

/// One entry of `filters`.
#[derive(Clone, Debug)]
pub enum WrittenFilter<'a> {
    /// `RequestHeaderModifier`
    RequestHeaders(WrittenHeaderChange<'a>),
    /// `ResponseHeaderModifier`
    ResponseHeaders(WrittenHeaderChange<'a>),
    /// `RequestRedirect`
    Redirect(WrittenRedirect<'a>),
    /// `URLRewrite`
    Rewrite(WrittenRewrite<'a>),
    /// `RequestMirror`
    Mirror(WrittenMirror),
    /// A type whose section is missing; the name of the section.
    Absent(&'static str),
    /// A type that Gateway API knows and Kuma does not; the name of the section.
    Unsupported(&'static str),
    /// A type that nobody knows.
    Unknown,
}

/// `requestHeaderModifier` or `responseHeaderModifier`
#[derive(Clone, Debug, Default)]
pub struct WrittenHeaderChange<'a> {
    /// `set`
    pub set: Vec<WrittenHeader<'a>>,
    /// `add`
    pub add: Vec<WrittenHeader<'a>>,
    /// `remove`
    pub remove: Vec<&'a str>,
}

/// A header with a value.
#[derive(Clone, Copy, Debug)]
pub struct WrittenHeader<'a> {
    /// `name`
    pub name: &'a str,
    /// `value`
    pub value: &'a str,
}

/// `requestRedirect`
#[derive(Clone, Copy, Debug)]
pub struct WrittenRedirect<'a> {
    /// `scheme`
    pub scheme: Option<&'a str>,
    /// `hostname`
    pub hostname: Option<&'a str>,
    /// `path`
    pub path: Option<WrittenPath<'a>>,
    /// `port`
    pub port: Option<i64>,
    /// `statusCode`
    pub status_code: i64,
}

/// `urlRewrite`
#[derive(Clone, Copy, Debug, Default)]
pub struct WrittenRewrite<'a> {
    /// `hostname`
    pub hostname: Option<&'a str>,
    /// `path`
    pub path: Option<WrittenPath<'a>>,
}

/// `path` of a redirect or rewrite.
#[derive(Clone, Copy, Debug)]
pub struct WrittenPath<'a> {
    /// `type`
    pub kind: &'a str,
    /// `replaceFullPath`
    pub full: Option<&'a str>,
    /// `replacePrefixMatch`
    pub prefix: Option<&'a str>,
}

/// What matters here of `requestMirror`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WrittenMirror {
    /// `backendRef.port`
    pub port: Option<i64>,
    /// `percent`
    pub percent: Option<i64>,
    /// Numerator and denominator of `fraction`.
    pub fraction: Option<(i64, i64)>,
}
