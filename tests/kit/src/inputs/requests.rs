use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::World;
use super::aims::Aim;
use super::values::{MESHES, NAMESPACES, PORTS, VALUES};
use crate::traffic::{Place, Request};

/// A request that is yet to be drawn from the values of a world: which of them, by number.
#[derive(Clone)]
pub struct Draw([u16; 14]);

/// On one line: what fails shows the request itself.
impl fmt::Debug for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// So many requests at most, at and around the values that occur in a world.
pub(super) fn draws(count: usize) -> impl Strategy<Value = Vec<Draw>> {
    vec(any::<[u16; 14]>().prop_map(Draw).no_shrink(), 1..=count)
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

impl World {
    /// The requests that are drawn from the values of this world.
    pub fn requests(&self, draws: &[Draw]) -> Vec<Request> {
        let mut values = Values::default();
        self.objects.iter().for_each(|object| values.gather(object));
        values.hosts.extend(["other.test", "y.z.a.example", "example"].map(str::to_owned));
        values.paths.extend(["/", "/a", "/a/b/c/d"].map(str::to_owned));
        values.aims = self.aims();
        draws.iter().filter_map(|draw| values.request(draw)).collect()
    }
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
        let [which, port, host, label, path, tail, method, first, second, query, value, other, caller, name] = draw.0;
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
        // What one rule asks for beside what another one does shows which of the two goes first.
        let more = [of(&self.headers, first / 2).filter(|_| first % 2 == 0)];
        for (name, written) in aim.headers.iter().filter(|_| second % 6 > 0).chain(more.into_iter().flatten()) {
            headers.entry(name.to_ascii_lowercase()).or_insert_with(|| Self::value(written, value));
        }
        let mut parameters = BTreeMap::new();
        let more = [of(&self.query, query / 4).filter(|_| query % 4 == 0)];
        for (name, written) in aim.query.iter().filter(|_| query % 6 > 0).chain(more.into_iter().flatten()) {
            parameters.entry(name.clone()).or_insert_with(|| Self::value(written, value / 7));
        }
        let own = aim.method.as_deref().filter(|_| method % 8 > 0);
        let server_name = concrete(of(hosts, host)?, label);
        // Now and then a client names one host by TLS and another one in its request. That is not one which has a listener
        // of its own: what becomes of it then is left open.
        let astray = aim.secure && name % 6 == 0;
        let host = if astray { "elsewhere.example.org".to_owned() } else { server_name.clone() };
        Some(Request {
            to: called_by(&aim.to, caller),
            port: if port % 12 == 0 { of(&PORTS, port / 12)?.0 } else { aim.port },
            server_name: aim.secure.then_some(server_name),
            host,
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

/// The same, where a pod calls sometimes from another namespace or mesh.
fn called_by(to: &Place, draw: u16) -> Place {
    match to {
        Place::Service { namespace, name, from, mesh } => Place::Service {
            namespace: namespace.clone(),
            name: name.clone(),
            from: of(&NAMESPACES, draw / 3)
                .filter(|_| draw.is_multiple_of(3))
                .map_or_else(|| from.clone(), |it| (*it).to_owned()),
            mesh: of(&MESHES, draw / 16).filter(|_| draw % 16 == 1).map_or_else(|| mesh.clone(), |it| (*it).to_owned()),
        },
        gateway @ Place::Gateway { .. } => gateway.clone(),
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
