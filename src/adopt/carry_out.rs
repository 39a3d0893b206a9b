//! One step of the plan as a request, bound to the state that was surveyed.

use dataflows::manifest;
use dataflows::model::{ObjectName, Settings};
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use kube::Client;
use serde_json::{Value, json};

use super::label::OWNER_LABEL;
use super::plan::{Fate, Step};
use super::survey::{Seen, version};
use crate::observations::kinds::object_path;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, or somebody else did it.
    Done,
    /// There was nothing to do now.
    Nothing,
    /// It was refused, or the object has changed since.
    Failed(String),
}

/// Does what a step says.
pub async fn carry_out(client: &Client, settings: &Settings, step: &Step) -> Outcome {
    let request = match &step.fate {
        Fate::Adopt(owner) => adoption(settings, &step.seen, owner),
        Fate::Remove(_) => removal(&step.seen),
        Fate::Wait(_) | Fate::Leave(_) => return Outcome::Nothing,
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    match client.request::<Value>(request).await {
        Ok(_) => Outcome::Done,
        Err(kube::Error::Api(status)) if status.code == 404 && matches!(step.fate, Fate::Remove(_)) => Outcome::Done,
        Err(kube::Error::Api(status)) if status.code == 409 || status.code == 404 => {
            Outcome::Failed("it has changed meanwhile: run the command again".to_owned())
        }
        Err(kube::Error::Api(status)) => Outcome::Failed(status.message.clone()),
        Err(error) => Outcome::Failed(crate::causes::chain(&error)),
    }
}

/// Our labels and annotations in, Kuma's owner label out, and nothing else: the rest is what `run` repairs.
fn adoption(settings: &Settings, seen: &Seen, owner: &ObjectName) -> Result<Request<Vec<u8>>, http::Error> {
    let mut metadata = manifest::ownership(settings, owner);
    metadata["labels"][OWNER_LABEL] = Value::Null;
    metadata["uid"] = seen.uid.as_str().into();
    metadata["resourceVersion"] = seen.version.as_str().into();
    let target = format!(
        "{}?fieldManager={}-adopt",
        object_path(&seen.object, version(seen.object.kind)),
        manifest::FIELD_MANAGER
    );
    Request::builder()
        .method(Method::PATCH)
        .uri(target)
        .header(CONTENT_TYPE, "application/merge-patch+json")
        .body(json!({ "metadata": metadata }).to_string().into_bytes())
}

fn removal(seen: &Seen) -> Result<Request<Vec<u8>>, http::Error> {
    let options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": seen.uid, "resourceVersion": seen.version},
    });
    Request::builder()
        .method(Method::DELETE)
        .uri(object_path(&seen.object, version(seen.object.kind)))
        .header(CONTENT_TYPE, "application/json")
        .body(options.to_string().into_bytes())
}
