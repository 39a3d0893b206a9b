//! What Kuma does with the objects that we write is what Gateway API wants done with those that users wrote: for any
//! cluster and any request a model of the one and a model of the other answer alike, and no gateway freezes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use dataflows::model::Settings;
use deltagate::documents::{self, Format};
use deltagate::render;
use kit::gateway_api::Cluster;
use kit::inputs::{self, Taste};
use kit::kuma::{Kuma, Quirk};
use kit::traffic::{Answer, Place, Request};
use serde_json::{Value, json};

/// Clusters, and requests to each.
const CASES: u32 = 512;
const REQUESTS: usize = 64;

/// What Kuma's gateways do and our objects cannot keep them from doing. What is taken out of here has to hold.
const DEVIATIONS: &[Quirk] = &[
    Quirk::PathBeforeHostname,
    Quirk::ExactHidesPrefix,
    Quirk::MethodBeforeRoot,
    Quirk::LongestExpression,
    Quirk::LastQueryExpression,
    Quirk::ProducersAnswerConsumers,
    Quirk::SlashBehindPrefix,
];

/// Whether rules that tie for Kuma may be in any order, as long as the right one is among them.
const TIES_ARE_ARBITRARY: bool = false;

/// Both models of a cluster.
struct Models {
    wanted: Cluster,
    given: Kuma,
    generated: Vec<Value>,
}

/// What is made of these objects, and what of them could not be read.
fn generated(objects: &[Value]) -> Result<(Vec<Value>, Vec<String>), String> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let reading = documents::read_text("world", Format::Json, &list);
    let rendered = render::render(&Settings::default(), reading).map_err(|error| error.to_string())?;
    let unread = rendered.problems.iter().map(ToString::to_string).collect();
    let is_generated = |document: &Value| document.get("status").is_none();
    Ok((rendered.documents.into_iter().filter(is_generated).collect(), unread))
}

fn kuma(generated: &[Value], objects: &[Value]) -> Result<Kuma, String> {
    Kuma::new(&Settings::default().zone, generated, objects)
}

impl Models {
    fn of(objects: &[Value]) -> Result<Self, String> {
        let (generated, unread) = generated(objects)?;
        if !unread.is_empty() {
            return Err(unread.join("\n"));
        }
        let wanted = Cluster::new(&Settings::default().controller_name, objects)?;
        Ok(Self { wanted, given: kuma(&generated, objects)?, generated })
    }

    /// How the answers of the two differ, if they do and no deviation explains it.
    fn difference(&self, request: &Request) -> Option<String> {
        let wanted = as_is_told(request, self.wanted.answer(request));
        let given = self.given(request, &[]);
        if agrees(&given, &wanted) || agrees(&self.given(request, &deviations(request)), &wanted) {
            return None;
        }
        let generated: Vec<_> = self.generated.iter().map(ToString::to_string).collect();
        let generated = generated.join("\n");
        Some(format!("{request}\nGateway API: {wanted:#?}\nKuma: {given:#?}\n{generated}"))
    }
}

/// The deviations that are put up with in what becomes of a request.
fn deviations(request: &Request) -> Vec<Quirk> {
    let mut deviations = DEVIATIONS.to_vec();
    // Of a MeshService that was made by hand no tag is known by which a sidecar could be made to refuse.
    if matches!(&request.to, Place::Service { name, .. } if name == "remote") {
        deviations.push(Quirk::FailsOpen);
    }
    deviations
}

/// A sidecar can be made to refuse a request, but not by which status.
fn as_is_told(request: &Request, answer: Answer) -> Answer {
    match request.to {
        Place::Service { .. } => answer.of_any_error(),
        Place::Gateway { .. } => answer,
    }
}

fn agrees(given: &[Answer], wanted: &Answer) -> bool {
    given.contains(wanted) && (TIES_ARE_ARBITRARY || given.len() == 1)
}

impl Models {
    fn given(&self, request: &Request, without: &[Quirk]) -> Vec<Answer> {
        let mut given: Vec<_> =
            self.given.answers(request, without).into_iter().map(|it| as_is_told(request, it)).collect();
        given.dedup();
        given
    }
}

fn is_alive(kuma: &Kuma) -> Result<(), String> {
    let frozen = kuma.frozen();
    if frozen.is_empty() { Ok(()) } else { Err(frozen.join("\n")) }
}

/// What has to occur among requests and their answers.
const WANTED: [&str; 14] = [
    "plain",
    "by a ListenerSet",
    "by TLS",
    "to a Service",
    "closed",
    "no rule",
    "no backend",
    "redirect",
    "connection",
    "forward",
    "split",
    "rewrite",
    "mirror",
    "deviation",
];

/// A test that finds nothing because nothing happens is worth nothing.
#[test]
fn requests_come_to_every_kind_of_answer() {
    let seen: RefCell<BTreeMap<&str, usize>> = RefCell::default();
    let is_rare = |what: &&str| seen.borrow().get(what).is_none_or(|count| *count <= 2);
    inputs::hold(CASES, inputs::visited_world(Taste::Sound, REQUESTS), |(world, draws)| {
        // The rarest of them comes within a hundred worlds.
        if !WANTED.iter().any(is_rare) {
            return Ok(());
        }
        let models = Models::of(&world.objects)?;
        let without_sets: Vec<_> = world.objects.iter().filter(|it| it["kind"] != "ListenerSet").cloned().collect();
        let without_sets = Cluster::new(&Settings::default().controller_name, &without_sets)?;
        for request in world.requests(draws) {
            let see = |what| *seen.borrow_mut().entry(what).or_default() += 1;
            match (&request.to, &request.server_name) {
                (Place::Service { .. }, _) => see("to a Service"),
                (_, Some(_)) => see("by TLS"),
                _ => see("plain"),
            }
            (models.wanted.answer(&request) != without_sets.answer(&request)).then(|| see("by a ListenerSet"));
            match models.wanted.answer(&request) {
                Answer::Closed => see("closed"),
                Answer::Error(404) => see("no rule"),
                Answer::Error(_) => see("no backend"),
                Answer::Redirect(_) => see("redirect"),
                Answer::Forward(forward) if forward.path.is_empty() => see("connection"),
                Answer::Forward(forward) => {
                    see("forward");
                    (forward.shares.len() > 1).then(|| see("split"));
                    (forward.path != request.path).then(|| see("rewrite"));
                    forward.mirror.is_some().then(|| see("mirror"));
                }
            }
            (models.given(&request, &[]) != models.given(&request, DEVIATIONS)).then(|| see("deviation"));
        }
        Ok(())
    });
    let rare: Vec<_> = WANTED.into_iter().filter(is_rare).collect();
    assert!(rare.is_empty(), "too rare are {rare:?} in {:?}", seen.borrow());
}

/// A way to write something else than we do.
type Mutation = (&'static str, fn(&mut Value));

const MUTATIONS: &[Mutation] = &[
    ("padding is left out", |route| {
        each(route, "matches", |found| {
            if let Some(headers) = found.get_mut("headers").and_then(Value::as_array_mut) {
                headers.retain(|header| header["type"] != "Absent" || header["name"] == "x-deltagate-floor");
            }
        });
    }),
    ("listeners are not named", |route| drop(route["spec"]["targetRef"].as_object_mut().map(|it| it.remove("tags")))),
    ("listeners of ListenerSets are not told apart", |route| {
        if let Some(name) = route.pointer_mut("/spec/targetRef/tags/gateways.kuma.io~1listener-name") {
            let of_set = name.as_str().and_then(|tag| tag.rsplit_once('_'));
            *name = of_set.map_or_else(|| name.clone(), |(_, own)| own.into());
        }
    }),
    ("hostnames are left out", |route| {
        for to in route["spec"]["to"].as_array_mut().into_iter().flatten() {
            drop(to.as_object_mut().map(|to| to.remove("hostnames")));
        }
    }),
    ("methods are left out", |route| {
        each(route, "matches", |it| drop(it.as_object_mut().map(|it| it.remove("method"))));
    }),
    ("prefixes are taken for whole paths", |route| each(route, "matches", |it| it["path"]["type"] = "Exact".into())),
    ("weights are left out", |route| {
        each(route, "backendRefs", |it| drop(it.as_object_mut().map(|it| it.remove("weight"))));
    }),
    ("who is missing answers 503", |route| {
        each(route, "backendRefs", |it| {
            if it["name"] == "kuma.io/unresolved-backend" {
                *it = json!({"kind": "MeshServiceSubset", "name": "nobody"});
            }
        });
    }),
    ("who is missing is left out", |route| {
        each(route, "default", |rule| {
            if let Some(backends) = rule.get_mut("backendRefs").and_then(Value::as_array_mut) {
                backends.retain(|backend| backend["tags"]["deltagate.io/unresolved"].is_null());
            }
        });
    }),
    ("who asks is not told apart", |route| {
        drop(route["spec"]["targetRef"].as_object_mut().map(|it| it.remove("labels")));
    }),
    ("only who is named is asked", |route| {
        if route["spec"]["targetRef"] == json!({"kind": "Dataplane"}) {
            route["spec"]["targetRef"]["labels"] = json!({"k8s.kuma.io/namespace": "infra"});
        }
    }),
    ("Services without a match pass requests on", |route| {
        if route["metadata"]["name"].as_str().is_some_and(|name| name.contains("-unmatched-")) {
            route["spec"]["to"] = json!([]);
        }
    }),
    ("server names are not told apart", |route| {
        let tags = route.pointer_mut("/spec/targetRef/tags").and_then(Value::as_object_mut);
        drop(tags.map(|tags| tags.remove("deltagate.io/hostname")));
    }),
    ("filters are left out", |route| each(route, "default", |it| it["filters"] = json!([]))),
    ("redirects keep the port of the listener", |route| {
        each(route, "filters", |it| {
            drop(it.get_mut("requestRedirect").and_then(Value::as_object_mut).map(|it| it.remove("port")));
        });
    }),
    ("a rewritten host is said once", |route| {
        each(route, "default", |rule| {
            if let Some(filters) = rule.get_mut("filters").and_then(Value::as_array_mut) {
                filters.retain(|filter| filter["requestHeaderModifier"]["set"][0]["name"] != "host");
            }
        });
    }),
    ("a prefix is replaced without the slash behind it", |route| {
        each(route, "path", |path| {
            if let Some(replacement) = path.get_mut("replacePrefixMatch") {
                *replacement = replacement.as_str().unwrap_or_default().trim_end_matches('/').into();
            }
        });
    }),
    ("there is no floor", |route| {
        if route["metadata"]["name"].as_str().is_some_and(|name| name.contains("-floor-")) {
            route["spec"]["to"] = json!([]);
        }
    }),
];

/// Does something with each item of a field of this name, or with its value where it is no list.
fn each(value: &mut Value, field: &str, act: fn(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, field, act)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|below| each(below, field, act));
            match fields.get_mut(field) {
                Some(Value::Array(items)) => items.iter_mut().for_each(act),
                Some(value) => act(value),
                None => {}
            }
        }
        _ => {}
    }
}

/// Whatever were written wrong, these worlds and requests would show it.
#[test]
fn what_is_written_wrong_is_found() {
    let found: RefCell<BTreeSet<&str>> = RefCell::default();
    inputs::hold(3 * CASES, inputs::visited_world(Taste::Sound, REQUESTS), |(world, draws)| {
        // The rarest of them needs some hundred worlds, most are found in the first.
        if found.borrow().len() == MUTATIONS.len() {
            return Ok(());
        }
        let mut models = Models::of(&world.objects)?;
        let sound = models.generated.clone();
        for (name, mutate) in MUTATIONS.iter().filter(|(name, _)| !found.borrow().contains(name)) {
            models.generated.clone_from(&sound);
            let is_route = |it: &&mut Value| it["kind"] == "MeshHTTPRoute" || it["kind"] == "MeshTCPRoute";
            models.generated.iter_mut().filter(is_route).for_each(mutate);
            models.given = kuma(&models.generated, &world.objects)?;
            let differs = world.requests(draws).iter().any(|request| models.difference(request).is_some());
            if differs || is_alive(&models.given).is_err() {
                found.borrow_mut().insert(name);
            }
        }
        Ok(())
    });
    let missed: Vec<_> =
        MUTATIONS.iter().map(|(name, _)| name).filter(|name| !found.borrow().contains(*name)).collect();
    assert!(missed.is_empty(), "nobody would notice: {missed:?}");
}

#[test]
fn whatever_users_write_no_gateway_freezes() {
    inputs::hold(CASES, inputs::world(Taste::Nasty), |world| {
        is_alive(&kuma(&generated(&world.objects)?.0, &world.objects)?)
    });
}

#[test]
fn kuma_answers_as_gateway_api_wants() {
    inputs::hold(CASES, inputs::visited_world(Taste::Sound, REQUESTS), |(world, draws)| {
        let models = Models::of(&world.objects)?;
        is_alive(&models.given)?;
        world.requests(draws).iter().find_map(|request| models.difference(request)).map_or(Ok(()), Err)
    });
}
