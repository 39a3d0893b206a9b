//! What is in the cluster, read once.

use std::collections::{BTreeMap, BTreeSet};

use dataflows::manifest;
use dataflows::model::{Group, Kind, ObjectName, Settings};
use http::Request;
use http::header::ACCEPT;
use kube::Client;
use serde::Deserialize;
use serde_json::Value;

use super::controllers::{self, KumaControllers};
use super::label::OWNER_LABEL;
use crate::observations::kinds::{collection_path, object_path};

/// Objects per request.
const PAGE: usize = 500;

/// Annotation and label that name whom an object of ours was made for, and the label that says that it is one.
const OWNER: &str = "deltagate.io/owner";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// What a cluster holds of Gateway API and of what was made from it.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// All Gateways; true if a class of ours has them.
    pub gateways: BTreeMap<ObjectName, bool>,
    /// All `HTTPRoute`s, with what we answered to them.
    pub routes: BTreeMap<ObjectName, Answer>,
    /// What Kuma's controllers or we may have made.
    pub objects: Vec<Seen>,
    /// Whether Kuma's controllers are on.
    pub controllers: KumaControllers,
}

/// What the status of a route says of us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// Nothing that we wrote.
    #[default]
    None,
    /// At least one parent has accepted the route.
    Accepted,
    /// No parent has accepted it.
    Refused,
}

/// An object that somebody generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The object.
    pub object: ObjectName,
    /// Its uid, to which requests are bound.
    pub uid: String,
    /// Its resourceVersion, likewise.
    pub version: String,
    /// Whether it is ours already.
    pub ours: bool,
    /// Whether it is neither ours nor made by Kuma in this zone: of another installation of Deltagate, or synchronised
    /// from the global control plane.
    pub foreign: bool,
    /// The value of Kuma's owner label.
    pub label: Option<String>,
    /// What matters of its kind.
    pub part: Part,
}

/// What matters of the kinds that are generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A `MeshGateway` with the Secret copies that it names.
    MeshGateway(BTreeSet<String>),
    /// A `MeshGatewayInstance` with the name of the Gateway that is its controller.
    Instance(Option<String>),
    /// A `MeshHTTPRoute`.
    Route {
        /// The `MeshGateway` on which it acts, if it acts on one.
        target: Option<String>,
        /// Whom it was made for, if it is ours: `Kind/namespace/name`.
        owner: Option<String>,
    },
    /// The copy of a certificate.
    Copy,
}

/// What could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The cluster is away, or does not permit it.
    #[error("cannot read {what}: check that the cluster can be reached, and that you may get and list it")]
    Refused {
        /// A path of the API.
        what: String,
        /// The answer.
        #[source]
        source: Box<kube::Error>,
    },
    /// Without these objects everything would seem to be left over.
    #[error(
        "{what} is not found, so that it is not known what is still needed: check that the CRDs of Gateway API and Kuma are \
         installed and served in this version, and that nothing between you and the API server answers in its place"
    )]
    Missing {
        /// A path of the API.
        what: String,
    },
}

/// The version under which objects of a generated kind are read and written.
pub(super) const fn version(kind: Kind) -> &'static str {
    match kind.group() {
        Group::Kuma => "v1alpha1",
        Group::ApiExtensions | Group::Core | Group::Gateway => "v1",
    }
}

/// Reads the cluster.
pub async fn survey(client: &Client, settings: &Settings) -> Result<Survey, SurveyError> {
    let classes = list_needed(client, &collection_path(Kind::GatewayClass, "v1")).await?;
    let gateways = list_needed(client, &collection_path(Kind::Gateway, "v1")).await?;
    let routes = list_needed(client, &collection_path(Kind::HttpRoute, "v1")).await?;
    let our_classes: BTreeSet<&str> = classes
        .iter()
        .filter(|class| text(class, "/spec/controllerName") == &*settings.controller_name)
        .map(|class| text(class, "/metadata/name"))
        .collect();
    let controllers = controllers::look(client, settings, [&classes, &gateways, &routes].into_iter().flatten()).await?;
    let named = |kind, object: &Value| {
        ObjectName::new(kind, text(object, "/metadata/namespace"), text(object, "/metadata/name"))
    };
    let ours = |gateway: &Value| our_classes.contains(text(gateway, "/spec/gatewayClassName"));
    let mut survey = Survey {
        gateways: gateways.iter().map(|gateway| (named(Kind::Gateway, gateway), ours(gateway))).collect(),
        routes: routes.iter().map(|route| (named(Kind::HttpRoute, route), answer(settings, route))).collect(),
        objects: Vec::new(),
        controllers,
    };
    for kind in [Kind::MeshGateway, Kind::MeshGatewayInstance, Kind::MeshHttpRoute] {
        let path = collection_path(kind, version(kind));
        let found = match kind {
            // It names the copies that are in use.
            Kind::MeshGateway => list_needed(client, &path).await?,
            _ => list(client, &path, None).await?.unwrap_or_default(),
        };
        survey.objects.extend(found.iter().map(|object| seen(settings, named(kind, object), object)));
    }
    // Kuma's controllers write routes and copies nowhere else.
    let system = &*settings.system_namespace;
    survey.objects.retain(|seen| seen.object.kind != Kind::MeshHttpRoute || &*seen.object.namespace == system);
    let copies = object_path(&ObjectName::new(Kind::Secret, system, ""), version(Kind::Secret));
    let copies = format!("{}?fieldSelector=type%3Dsystem.kuma.io%2Fsecret", copies.trim_end_matches('/'));
    // Names are all that is asked for: private keys stay where they are.
    let names = Some("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
    let copies = list(client, &copies, names).await?.unwrap_or_default();
    let copies = copies.iter().filter(|copy| text(copy, "/metadata/name").starts_with("gapi-"));
    survey.objects.extend(copies.map(|copy| seen(settings, named(Kind::Secret, copy), copy)));
    Ok(survey)
}

fn seen(settings: &Settings, object: ObjectName, found: &Value) -> Seen {
    let metadata = &found["metadata"];
    let label = |key: &str| metadata["labels"][key].as_str().map(str::to_owned);
    let ours = manifest::observe(settings, object.kind, found).is_some_and(|observed| observed.ours);
    let managed = label(MANAGED_BY).is_some_and(|manager| manager == "deltagate");
    let synchronised = label("kuma.io/origin").is_some_and(|origin| origin == "global");
    let part = match object.kind {
        Kind::MeshGateway => Part::MeshGateway(secrets(found)),
        Kind::MeshGatewayInstance => Part::Instance(controlling_gateway(metadata)),
        Kind::MeshHttpRoute => Part::Route {
            target: (text(found, "/spec/targetRef/kind") == "MeshGateway")
                .then(|| text(found, "/spec/targetRef/name").to_owned()),
            owner: metadata["annotations"][OWNER].as_str().filter(|_| ours).map(str::to_owned),
        },
        _ => Part::Copy,
    };
    Seen {
        object,
        uid: text(found, "/metadata/uid").to_owned(),
        version: text(found, "/metadata/resourceVersion").to_owned(),
        ours,
        foreign: synchronised || (managed && !ours),
        label: label(OWNER_LABEL),
        part,
    }
}

fn controlling_gateway(metadata: &Value) -> Option<String> {
    let mut owners = metadata["ownerReferences"].as_array()?.iter();
    let is_gateway = |owner: &&Value| {
        owner["kind"] == "Gateway"
            && owner["controller"] == true
            && text(owner, "/apiVersion").starts_with("gateway.networking.k8s.io/")
    };
    owners.find(is_gateway).map(|owner| text(owner, "/name").to_owned())
}

fn secrets(mesh_gateway: &Value) -> BTreeSet<String> {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let listeners = mesh_gateway.pointer("/spec/conf/listeners").map(array).unwrap_or_default();
    let certificates = listeners.iter().flat_map(|listener| array(&listener["tls"]["certificates"]));
    certificates.filter_map(|certificate| certificate["secret"].as_str().map(str::to_owned)).collect()
}

/// Entries under our controllerName may be Kuma's, so our field manager must have written some of the status.
fn answer(settings: &Settings, route: &Value) -> Answer {
    let entries = route.pointer("/status/parents").and_then(Value::as_array).into_iter().flatten();
    let ours: Vec<_> = entries.filter(|entry| entry["controllerName"] == *settings.controller_name).collect();
    let accepted = |entry: &&&Value| {
        let conditions = entry["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|condition| condition["type"] == "Accepted" && condition["status"] == "True")
    };
    if ours.is_empty() || !manifest::owns_status(settings, route) {
        Answer::None
    } else if ours.iter().any(|entry| accepted(&entry)) {
        Answer::Accepted
    } else {
        Answer::Refused
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    /// Null in a list of metadata that is empty.
    #[serde(default)]
    items: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// All objects of a collection that tells what is still needed. That it is not found does not say that it is empty.
async fn list_needed(client: &Client, path: &str) -> Result<Vec<Value>, SurveyError> {
    let found = list(client, path, None).await?;
    found.ok_or_else(|| SurveyError::Missing { what: path.to_owned() })
}

/// All objects of a collection; `None` of one that is not served.
async fn list(client: &Client, path: &str, accept: Option<&str>) -> Result<Option<Vec<Value>>, SurveyError> {
    let (mut items, mut next) = (Vec::new(), None::<String>);
    loop {
        let separator = if path.contains('?') { '&' } else { '?' };
        // Tokens are of the alphabet of base64 for URLs.
        let token = next.as_ref().map(|token| format!("&continue={token}")).unwrap_or_default();
        let Some(page) = get::<Page>(client, &format!("{path}{separator}limit={PAGE}{token}"), accept).await? else {
            // A list that was begun cannot have been none.
            return if next.is_none() { Ok(None) } else { Err(SurveyError::Missing { what: path.to_owned() }) };
        };
        items.extend(page.items.into_iter().flatten());
        next = page.metadata.next.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(Some(items));
        }
    }
}

/// What is under a path, if anything is.
pub(super) async fn get<T: for<'de> Deserialize<'de>>(
    client: &Client,
    path: &str,
    accept: Option<&str>,
) -> Result<Option<T>, SurveyError> {
    let failed = |source| SurveyError::Refused { what: path.to_owned(), source: Box::new(source) };
    let request = Request::get(path).header(ACCEPT, accept.unwrap_or("application/json")).body(Vec::new());
    match client.request::<T>(request.map_err(|error| failed(kube::Error::HttpError(error)))?).await {
        Ok(found) => Ok(Some(found)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
