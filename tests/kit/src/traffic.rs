//! Requests, and what becomes of them: the words in which a model of Kuma and a model of Gateway API answer, so that
//! their answers can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Whom a request is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The pods of a Gateway.
    Gateway {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
    },
    /// A Service, or what stands for one, as a pod in a mesh calls it.
    Service {
        /// Namespace.
        namespace: String,
        /// Name.
        name: String,
        /// The namespace of the pod that calls.
        from: String,
        /// The mesh of the pod that calls.
        mesh: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway { namespace, name } => write!(f, "Gateway {namespace}/{name}"),
            Self::Service { namespace, name, from, mesh } => {
                write!(f, "Service {namespace}/{name} from {from} in mesh {mesh}")
            }
        }
    }
}

/// A request, or the connection that it would come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whom it is sent to.
    pub to: Place,
    /// Port.
    pub port: u16,
    /// The server name of TLS; `None` without TLS.
    pub server_name: Option<String>,
    /// The host, without a port.
    pub host: String,
    /// Method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (mark, query) = (if query.is_empty() { "" } else { "?" }, query.join("&"));
        write!(f, "{} {}:{}{}{mark}{query}", self.method, self.host, self.port, self.path)?;
        write!(f, " {:?} to {}", self.headers, self.to)?;
        self.server_name.as_ref().map_or(Ok(()), |name| write!(f, " by TLS as {name}"))
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Nobody listens, or the connection is closed.
    Closed,
    /// An error that the gateway answers itself.
    Error(u16),
    /// A redirect.
    Redirect(Redirect),
    /// The request goes on.
    Forward(Forward),
}

impl Answer {
    /// The same without saying which error it is.
    #[must_use]
    pub fn of_any_error(self) -> Self {
        match self {
            Self::Error(_) => Self::Error(0),
            Self::Forward(forward) => {
                let shares = forward.shares.into_iter().map(|(destination, weight)| match destination {
                    Destination::Nobody(_) => (Destination::Nobody(0), weight),
                    destination @ Destination::Port { .. } => (destination, weight),
                });
                Self::Forward(Forward { shares: self::shares(shares), ..forward })
            }
            other => other,
        }
    }
}

/// A redirect as its client sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Redirect {
    /// Status code.
    pub status: u16,
    /// Scheme of the location.
    pub scheme: String,
    /// Host of the location.
    pub host: String,
    /// Port of the location, also where it goes without saying.
    pub port: u16,
    /// Path of the location.
    pub path: String,
    /// What is done to the headers of the response.
    pub response_headers: HeaderChange,
}

/// A request as its backends see it. A connection has neither host nor path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forward {
    /// Who gets it, with shares in lowest terms.
    pub shares: BTreeMap<Destination, u64>,
    /// Host.
    pub host: String,
    /// Path.
    pub path: String,
    /// What is done to the headers of the request.
    pub request_headers: HeaderChange,
    /// What is done to the headers of the response.
    pub response_headers: HeaderChange,
    /// Who gets a copy, and of how many requests in a hundred thousand.
    pub mirror: Option<(Destination, u32)>,
}

/// What is done to headers. Names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderChange {
    /// Set to a value.
    pub set: BTreeMap<String, String>,
    /// Given one more value.
    pub add: BTreeMap<String, String>,
    /// Taken away.
    pub remove: BTreeSet<String>,
}

/// Who gets a request, or a share of requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// A port of something that runs.
    Port {
        /// Its kind. A MeshService that Kuma makes from a Service is that Service.
        kind: &'static str,
        /// Namespace, empty for kinds without.
        namespace: String,
        /// Name.
        name: String,
        /// Port.
        port: u16,
    },
    /// Nobody: the gateway answers with this status.
    Nobody(u16),
}

/// Sums up the shares of each destination and puts them in lowest terms. What nobody gets is an error of the gateway.
pub fn shares(all: impl IntoIterator<Item = (Destination, u64)>) -> BTreeMap<Destination, u64> {
    let mut shares = BTreeMap::new();
    for (destination, weight) in all {
        *shares.entry(destination).or_default() += weight;
    }
    shares.retain(|_, weight| *weight > 0);
    let divisor = shares.values().copied().reduce(greatest_common_divisor).unwrap_or(1);
    for weight in shares.values_mut() {
        *weight /= divisor;
    }
    shares
}

fn greatest_common_divisor(mut left: u64, mut right: u64) -> u64 {
    while right > 0 {
        (left, right) = (right, left % right);
    }
    left
}

impl Forward {
    /// A connection that goes to these, as it is. Who gets nothing is cut off, whatever would answer a request.
    pub fn connection(all: impl IntoIterator<Item = (Destination, u64)>) -> Answer {
        let refused = |(destination, weight)| match destination {
            Destination::Nobody(_) => (Destination::Nobody(0), weight),
            destination @ Destination::Port { .. } => (destination, weight),
        };
        let shares = shares(all.into_iter().map(refused));
        if shares.keys().all(|destination| matches!(destination, Destination::Nobody(_))) {
            return Answer::Closed;
        }
        Answer::Forward(Self { shares, ..Self::default() })
    }

    /// A request that goes to one destination as it is.
    pub fn untouched(request: &Request, destination: Destination) -> Answer {
        let shares = [(destination, 1)].into();
        Answer::Forward(Self { shares, host: request.host.clone(), path: request.path.clone(), ..Self::default() })
    }

    /// What comes of it: where nobody gets anything, what else was to be done does not matter.
    pub fn answer(self) -> Answer {
        match self.shares.first_key_value() {
            None => Answer::Error(500),
            Some((Destination::Nobody(status), _)) if self.shares.len() == 1 => Answer::Error(*status),
            Some(_) => Answer::Forward(self),
        }
    }
}

/// Where the dialect of RE2 differs from that of the crate used here, in what occurs in expressions of worlds: what is
/// written, and what the crate calls that; `None` where RE2 refuses the whole expression.
///
/// Asked of google-re2 1.1.20251105 for Python.
const DIALECT: &[(&str, Option<&str>)] = &[
    ("++", None),
    ("**", None),
    ("{2}{3}", None),
    ("{500}{2}", None),
    ("((a{100}){100})", None),
    ("(?x)", None),
    ("(?-u:", None),
    ("\\u0061", None),
    ("\\p{Letter}", None),
    ("\\pL", Some("[A-Za-z]")),
    ("{,3}", Some("\\{,3\\}")),
    ("{id}", Some("\\{id\\}")),
    ("[a&&b]", Some("[a&b]")),
    ("[a~~b]", Some("[a~b]")),
];

/// Whether a text as a whole is matched by an expression; `None` where RE2 would not compile it.
pub fn matches_whole(expression: &str, text: &str) -> Option<bool> {
    // RE2 repeats nothing more than a thousand times.
    let counts = expression.split('{').skip(1).filter_map(|part| part.split(['}', ',']).next()?.parse::<u32>().ok());
    if counts.max().is_some_and(|count| count > 1000) {
        return None;
    }
    let mut translated = expression.to_owned();
    for (written, meant) in DIALECT.iter().filter(|(written, _)| expression.contains(written)) {
        translated = translated.replace(written, (*meant)?);
    }
    Some(regex::Regex::new(&format!("^(?:{translated})$")).ok()?.is_match(text))
}

/// How narrow a hostname is: exact ones before wildcards, wildcards by the length of what is given, all hosts last.
pub fn narrowness(hostname: Option<&str>) -> (bool, usize) {
    match hostname {
        None | Some("" | "*") => (false, 0),
        Some(name) => (!name.starts_with("*."), name.trim_start_matches("*.").len()),
    }
}

/// Whether a hostname of a listener or route covers a host.
pub fn covers(hostname: Option<&str>, host: &str) -> bool {
    match hostname {
        None | Some("" | "*") => true,
        Some(name) => match name.strip_prefix('*') {
            None => name == host,
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        },
    }
}
