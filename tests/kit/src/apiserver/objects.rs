//! Puts YAML into the API server and takes it out, and waits until CRDs are served.

use std::fs;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::{self, Scope};
use kube::{Client, Error as ApiError};
use serde::Deserialize;
use serde_json::Value;

use super::{HarnessError, POLL};

/// The field manager of everything that tests apply: never that of a controller under test.
const FIELD_MANAGER: &str = "tests";

/// Time for one request to be answered.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// Time for all CRDs of one installation to be served.
const SERVED_LIMIT: Duration = Duration::from_secs(60);

/// The objects of a text with any number of YAML documents; empty documents are left out.
pub(super) fn parse(yaml: &str) -> Result<Vec<DynamicObject>, HarnessError> {
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(Value::deserialize)
        .filter(|document| !matches!(document, Ok(Value::Null)))
        .map(|document| {
            let value = document.map_err(HarnessError::because("reading YAML"))?;
            let object: DynamicObject = serde_json::from_value(value.clone())
                .map_err(HarnessError::because(format!("reading an object from {value}")))?;
            match (&object.types, &object.metadata.name) {
                (Some(_), Some(_)) => Ok(object),
                _ => Err(HarnessError::new(format!("an object lacks apiVersion, kind or name: {value}"))),
            }
        })
        .collect()
}

/// The objects of one file.
pub(super) fn read(path: &Path) -> Result<Vec<DynamicObject>, HarnessError> {
    let text = fs::read_to_string(path).map_err(HarnessError::because(format!("reading {}", path.display())))?;
    parse(&text)
}

/// Applies the objects one after the other and returns them as the server keeps them.
pub(super) async fn apply(client: &Client, objects: &[DynamicObject]) -> Result<Vec<DynamicObject>, HarnessError> {
    let mut applied = Vec::with_capacity(objects.len());
    for object in objects {
        let api = api_of(client, object).await?;
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let patch = Patch::Apply(object);
        let name = name(object);
        let request = api.patch(name, &parameters, &patch);
        applied.push(bounded(format!("applying {}", describe(object)), request).await?);
    }
    Ok(applied)
}

/// Deletes the objects, the last one first; one that is absent is no error.
pub(super) async fn delete(client: &Client, objects: &[DynamicObject]) -> Result<(), HarnessError> {
    for object in objects.iter().rev() {
        let api = api_of(client, object).await?;
        let parameters = DeleteParams::default();
        let request = async {
            match api.delete(name(object), &parameters).await {
                Err(ApiError::Api(status)) if status.code == 404 => Ok(()),
                other => other.map(drop),
            }
        };
        bounded(format!("deleting {}", describe(object)), request).await?;
    }
    Ok(())
}

/// Applies CRDs and waits until each of their versions can be listed.
pub(super) async fn install(client: &Client, crds: &[DynamicObject]) -> Result<(), HarnessError> {
    apply(client, crds).await?;
    let deadline = Instant::now() + SERVED_LIMIT;
    for crd in crds {
        for path in list_paths(crd)? {
            wait_until_listed(client, &path, deadline).await?;
        }
    }
    Ok(())
}

async fn wait_until_listed(client: &Client, path: &str, deadline: Instant) -> Result<(), HarnessError> {
    let path = format!("{path}?limit=1");
    loop {
        let waiting = || format!("waiting for {path} to be served");
        let request = http::Request::get(&path).body(Vec::new()).map_err(HarnessError::because(waiting()))?;
        match bounded(waiting(), client.request_text(request)).await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Where the objects of a CRD are listed, for each version that it serves.
fn list_paths(crd: &DynamicObject) -> Result<Vec<String>, HarnessError> {
    let spec = &crd.data["spec"];
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let paths: Option<Vec<String>> = versions
        .iter()
        .filter(|version| version["served"] == true)
        .map(|version| {
            let (group, plural) = (spec["group"].as_str()?, spec["names"]["plural"].as_str()?);
            Some(format!("/apis/{group}/{}/{plural}", version["name"].as_str()?))
        })
        .collect();
    paths.ok_or_else(|| HarnessError::new(format!("{} lacks a group, a plural or a version", describe(crd))))
}

/// Asks the server for the resource of an object's kind, so that no plural is guessed.
async fn api_of(client: &Client, object: &DynamicObject) -> Result<Api<DynamicObject>, HarnessError> {
    let what = format!("finding the kind of {}", describe(object));
    let types = object.types.clone().unwrap_or_default();
    let kind = GroupVersionKind::try_from(&types).map_err(HarnessError::because(what.clone()))?;
    let (resource, capabilities): (ApiResource, _) = bounded(what, discovery::pinned_kind(client, &kind)).await?;
    Ok(match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.metadata.namespace.as_deref().unwrap_or("default");
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    })
}

/// Waits for an answer, but not for ever.
pub(super) async fn bounded<T>(
    what: String,
    request: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, HarnessError> {
    match tokio::time::timeout(REQUEST_LIMIT, request).await {
        Ok(answer) => answer.map_err(HarnessError::because(what)),
        Err(_) => Err(HarnessError::new(format!("{what}: no answer within {REQUEST_LIMIT:?}"))),
    }
}

fn name(object: &DynamicObject) -> &str {
    object.metadata.name.as_deref().unwrap_or_default()
}

fn describe(object: &DynamicObject) -> String {
    let kind = object.types.as_ref().map_or("object", |types| types.kind.as_str());
    match &object.metadata.namespace {
        Some(namespace) => format!("{kind} {namespace}/{}", name(object)),
        None => format!("{kind} {}", name(object)),
    }
}
