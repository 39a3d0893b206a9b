//! Gives the test user what `deploy/rbac.yaml` gives to the controller's service account, no more and no less.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kube::Client;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::{HarnessError, POLL, User, objects};

/// Time for the API server to notice what it was just told.
const EFFECT_LIMIT: Duration = Duration::from_secs(30);

/// Applies the objects together with a twin of each binding for the user, and waits until every rule has an effect.
pub(super) async fn grant(client: &Client, file: &[DynamicObject], user: User) -> Result<(), HarnessError> {
    objects::apply(client, &namespaces(file)?).await?;
    objects::apply(client, file).await?;
    let twins: Vec<DynamicObject> =
        file.iter().filter(|object| kind(object).ends_with("RoleBinding")).map(|binding| twin(binding, user)).collect();
    objects::apply(client, &twins).await?;
    let deadline = Instant::now() + EFFECT_LIMIT;
    for role in file.iter().filter(|object| kind(object).ends_with("Role")) {
        for question in questions(role, user) {
            wait_until_allowed(client, &question, deadline).await?;
        }
    }
    Ok(())
}

/// The namespaces that the objects of the file live in.
fn namespaces(file: &[DynamicObject]) -> Result<Vec<DynamicObject>, HarnessError> {
    let names: BTreeSet<&str> = file.iter().filter_map(|object| object.metadata.namespace.as_deref()).collect();
    names
        .into_iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .map(|value| serde_json::from_value(value).map_err(HarnessError::because("writing a Namespace")))
        .collect()
}

/// The same binding for the user.
fn twin(binding: &DynamicObject, user: User) -> DynamicObject {
    let mut twin = binding.clone();
    let name = binding.metadata.name.as_deref().unwrap_or_default();
    twin.metadata.name = Some(format!("{name}-user-{user}"));
    twin.data["subjects"] = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user.name()}]);
    twin
}

/// One question for each rule of a role: roles come into effect as a whole, so its first verb and resource will do.
fn questions(role: &DynamicObject, user: User) -> Vec<Value> {
    let rules = role.data["rules"].as_array().map_or(&[][..], Vec::as_slice);
    rules
        .iter()
        .map(|rule| {
            let resource = rule["resources"][0].as_str().unwrap_or_default();
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            json!({
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {"user": user.name(), "groups": [user.group()], "resourceAttributes": {
                    "namespace": role.metadata.namespace,
                    "verb": rule["verbs"][0],
                    "group": rule["apiGroups"][0],
                    "resource": resource,
                    "subresource": subresource,
                    "name": rule["resourceNames"][0],
                }},
            })
        })
        .collect()
}

async fn wait_until_allowed(client: &Client, question: &Value, deadline: Instant) -> Result<(), HarnessError> {
    loop {
        let asking = || format!("asking the API server about {question}");
        let request = http::Request::post("/apis/authorization.k8s.io/v1/subjectaccessreviews")
            .header("content-type", "application/json")
            .body(question.to_string().into_bytes())
            .map_err(HarnessError::because(asking()))?;
        let answer: Value = objects::bounded(asking(), client.request(request)).await?;
        if answer["status"]["allowed"] == true {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(HarnessError::new(format!("not allowed within {EFFECT_LIMIT:?}: {question}")));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn kind(object: &DynamicObject) -> &str {
    object.types.as_ref().map_or("", |types| types.kind.as_str())
}
