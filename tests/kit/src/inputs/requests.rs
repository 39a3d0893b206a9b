use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::World;
use super::values::{PORTS, VALUES};
use crate::traffic::Request;

/// A request that is yet to be drawn from the values of a world: which of them, by number.
#[derive(Clone)]
pub struct Draw([u16; 12]);

/// On one line: what fails shows the request itself.
impl fmt::Debug for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// So many requests at most, at and around the values that occur in a world.
pub(super) fn draws(count: usize) -> impl Strategy<Value = Vec<Draw>> {
    vec(any::<[u16; 12]>().prop_map(Draw).no_shrink(), 1..=count)
}

/// The values of a world that requests can have.
#[derive(Debug, Default)]
struct Values {
    aims: Vec<Aim>,
    hosts: Vec<String>,
    paths: Vec<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

/// A match of a route at a listener of a Gateway that it names.
#[derive(Debug)]
struct Aim {
    gateway: (String, String),
    port: u16,
    hosts: Vec<String>,
    path: String,
    method: Option<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl World {
    /// The requests that are drawn from the values of this world.
    pub fn requests(&self, draws: &[Draw]) -> Vec<Request> {
        let mut values = Values::default();
        self.objects.iter().for_each(|object| values.gather(object));
        values.hosts.extend(["other.test", "y.z.a.example", "example"].map(str::to_owned));
        values.paths.extend(["/", "/a", "/a/b/c/d"].map(str::to_owned));
        for route in self.of_kind("HTTPRoute") {
            for parent in list(&route["spec"]["parentRefs"]) {
                let named = |gateway: &&Value| {
                    ["namespace", "name"].iter().all(|field| gateway["metadata"][field] == parent[field])
                };
                for gateway in self.of_kind("Gateway").filter(named) {
                    values.aims.extend(list(&gateway["spec"]["listeners"]).flat_map(|it| aims(route, gateway, it)));
                }
            }
        }
        draws.iter().filter_map(|draw| values.request(draw)).collect()
    }

    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    list(value).map(|found| (text(&found["name"]), text(&found["value"]))).collect()
}

/// One per match of the route.
fn aims(route: &Value, gateway: &Value, listener: &Value) -> Vec<Aim> {
    let of_route = list(&route["spec"]["hostnames"]).chain([&listener["hostname"]]);
    let hosts: Vec<_> = of_route.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let matches = list(&route["spec"]["rules"]).flat_map(|rule| {
        let matches: Vec<_> = list(&rule["matches"]).collect();
        if matches.is_empty() { vec![&Value::Null] } else { matches }
    });
    let aim = |found: &Value| Aim {
        gateway: (text(&gateway["metadata"]["namespace"]), text(&gateway["metadata"]["name"])),
        port: listener["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
        hosts: hosts.clone(),
        // No expression of ours is a path, but this one matches most.
        path: match found["path"]["type"].as_str() {
            Some("RegularExpression") => "/a/b".to_owned(),
            Some(_) => text(&found["path"]["value"]),
            None => "/".to_owned(),
        },
        method: found["method"].as_str().map(str::to_owned),
        headers: pairs(&found["headers"]),
        query: pairs(&found["queryParams"]),
    };
    matches.map(aim).collect()
}

impl Values {
    fn gather(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.note(name, field);
                    self.gather(field);
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, name: &str, field: &Value) {
        let list = || field.as_array().into_iter().flatten();
        let pair = |found: &Value| Some((found["name"].as_str()?.to_owned(), found["value"].as_str()?.to_owned()));
        match name {
            "hostname" => self.hosts.extend(field.as_str().map(str::to_owned)),
            "hostnames" => self.hosts.extend(list().filter_map(Value::as_str).map(str::to_owned)),
            "path" if field["type"] != "RegularExpression" => {
                self.paths.extend(field["value"].as_str().map(str::to_owned));
            }
            "headers" => self.headers.extend(list().filter_map(pair)),
            "queryParams" => self.query.extend(list().filter_map(pair)),
            _ => {}
        }
    }

    /// Mostly what the aim matches, now and then something else.
    fn request(&self, draw: &Draw) -> Option<Request> {
        let [which, port, host, label, path, tail, method, first, second, query, value, other] = draw.0;
        let aim = of(&self.aims, which)?;
        let hosts = if other % 4 == 0 || aim.hosts.is_empty() { &self.hosts } else { &aim.hosts };
        let path = if path % 4 == 0 { of(&self.paths, path / 4)?.clone() } else { aim.path.clone() };
        let trimmed = path.trim_end_matches('/');
        let path = match tail % 16 {
            0 => format!("{trimmed}/"),
            1 | 2 => format!("{trimmed}/b"),
            3 => format!("{path}x"),
            4 => format!("{trimmed}/b/c"),
            5 => path[..path.len().saturating_sub(1)].to_owned(),
            _ => path,
        };
        let mut headers = BTreeMap::new();
        let more = [of(&self.headers, first / 4).filter(|_| first % 4 == 0)];
        for (name, written) in aim.headers.iter().filter(|_| second % 6 > 0).chain(more.into_iter().flatten()) {
            headers.entry(name.to_ascii_lowercase()).or_insert_with(|| Self::value(written, value));
        }
        let mut parameters = BTreeMap::new();
        let more = [of(&self.query, query / 4).filter(|_| query % 4 == 0)];
        for (name, written) in aim.query.iter().filter(|_| query % 6 > 0).chain(more.into_iter().flatten()) {
            parameters.entry(name.clone()).or_insert_with(|| Self::value(written, value / 7));
        }
        let own = aim.method.as_deref().filter(|_| method % 8 > 0);
        Some(Request {
            gateway: aim.gateway.clone(),
            port: if port % 12 == 0 { *of(&PORTS, port / 12)? } else { aim.port },
            server_name: None,
            host: concrete(of(hosts, host)?, label),
            method: own.map_or_else(
                || of(&["GET", "POST", "DELETE"], method / 8).map(|it| (*it).to_owned()),
                |own| Some(own.to_owned()),
            )?,
            path: if path.starts_with('/') { path } else { format!("/{path}") },
            headers,
            query: parameters,
        })
    }

    /// Mostly the value as it is written, which expressions do not match, else another one.
    fn value(written: &str, draw: u16) -> String {
        let plain = written.chars().all(char::is_alphanumeric);
        let other = of(VALUES, draw / 8).filter(|_| !plain || draw.is_multiple_of(8));
        other.map_or_else(|| written.to_owned(), |other| (*other).to_owned())
    }
}

/// A host that a hostname covers, or one beside it.
fn concrete(hostname: &str, draw: u16) -> String {
    match (hostname.strip_prefix("*."), draw % 12) {
        (Some(suffix), 0) => suffix.to_owned(),
        (Some(suffix), 1) => format!("y.x.{suffix}"),
        (Some(suffix), 2..) => format!("{}.{suffix}", if draw % 4 < 2 { "x" } else { "a" }),
        (None, 0) => format!("y.{hostname}"),
        (None, _) => hostname.to_owned(),
    }
}

fn of<T>(all: &[T], draw: u16) -> Option<&T> {
    all.get(usize::from(draw) % all.len().max(1))
}
