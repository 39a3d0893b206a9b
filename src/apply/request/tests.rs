use dataflows::model::{
    Bundle, Certificate, ClassParameters, ClassStatus, ClassVerdict, Content, Generation, RouteRules, RouteStatus,
    SecretCopyPlan,
};

use super::*;
use crate::vault::{CopyValue, Vault};

const UID: &str = "5f0f9a3c-0000-4000-8000-000000000001";

fn settings() -> Settings {
    Settings::default()
}

fn print(desired: &Desired) -> Fingerprint {
    manifest::fingerprint(&settings(), desired)
}

fn now() -> Timestamp {
    "2026-06-06T06:06:06Z".parse().unwrap()
}

fn class() -> ObjectName {
    ObjectName::new(Kind::GatewayClass, "", "edge")
}

fn class_desired() -> Desired {
    class_in_use(false)
}

fn class_in_use(in_use: bool) -> Desired {
    let verdict = ClassVerdict {
        class: class().key(),
        name: "edge".into(),
        parameters: Ok(ClassParameters::default().into()),
        leaving: false,
    };
    let content = Content::ClassStatus(
        ClassStatus { generation: 3, verdict: verdict.into(), bundle: Bundle::default().into(), in_use }.into(),
    );
    Desired::new(class(), content)
}

fn route() -> ObjectName {
    ObjectName::new(Kind::HttpRoute, "n", "r")
}

fn route_desired() -> Desired {
    let status = RouteStatus {
        of: Generation { kind: Kind::HttpRoute, generation: 1, namespace: "n".into(), name: "r".into() }.into(),
        parents: Box::default(),
        rules: RouteRules { rules: Vec::new().into(), dropped: Vec::new().into() }.into(),
        refused: dataflows::model::Few::new(),
    };
    Desired::new(route(), Content::RouteStatus(status.into()))
}

fn mesh_gateway() -> ObjectName {
    ObjectName::new(Kind::MeshGateway, "", "a")
}

fn pending(object: ObjectName, action: Action) -> Pending {
    Pending { object, action, present: false, copies: Vec::new(), refusal: None }
}

fn remove(object: ObjectName) -> Pending {
    let anchor = object.key();
    pending(object, Action::Remove { then: None, anchor })
}

fn write(desired: &Desired) -> Pending {
    pending(desired.object.clone(), Action::Write(desired.clone().into()))
}

fn entry(object: &Value, kind: Kind, shown: Option<Fingerprint>, ours: bool) -> Entry {
    let memory = Memory::of(&settings().controller_name, kind, object);
    Entry::new(Identity::of(kind, object).unwrap(), shown, ours, memory)
}

fn stored(name: &ObjectName, status: Value) -> Value {
    let metadata = json!({"name": *name.name, "namespace": *name.namespace, "uid": UID, "resourceVersion": "7"});
    json!({"metadata": metadata, "status": status})
}

fn at_once(pending: &Pending, entry: Option<&Entry>) -> Option<Request> {
    plan((&settings(), &Vault::default()), pending, entry, Step::Write, now())
}

#[test]
fn the_status_of_a_class_is_applied_to_the_version_that_was_seen() {
    let desired = class_desired();
    let entry = entry(&stored(&class(), json!({})), Kind::GatewayClass, None, false);
    let request = at_once(&write(&desired), Some(&entry)).unwrap();
    assert_eq!(request.verb, Verb::ApplyStatus);
    assert_eq!(
        request.target("deltagate", "v1"),
        "/apis/gateway.networking.k8s.io/v1/gatewayclasses/edge/status?fieldManager=deltagate&force=true"
    );
    assert_eq!(request.body["metadata"], json!({"name": "edge", "resourceVersion": "7"}));
    for condition in status_conditions(&request.body) {
        assert_eq!(condition["lastTransitionTime"], "2026-06-06T06:06:06Z");
    }
    assert_eq!(request.http("deltagate", "v1").unwrap().headers()["content-type"], "application/apply-patch+yaml");
}

#[test]
fn a_status_that_goes_is_not_even_empty() {
    let shown = Some(print(&class_desired()));
    let entry = entry(&stored(&class(), json!({})), Kind::GatewayClass, shown, true);
    let request = at_once(&remove(class()), Some(&entry)).unwrap();
    assert_eq!(request.verb, Verb::ApplyStatus);
    assert!(request.body.get("status").is_none());
}

#[test]
fn what_is_ours_leaves_a_route_and_the_rest_stays() {
    let theirs = json!({"controllerName": "theirs", "parentRef": {"name": "x"}, "conditions": []});
    let ours = json!({"controllerName": &*settings().controller_name, "parentRef": {"name": "g"}, "conditions": []});
    let object = stored(&route(), json!({"parents": [ours, theirs]}));
    let entry = entry(&object, Kind::HttpRoute, Some(print(&route_desired())), true);
    let request = at_once(&remove(route()), Some(&entry)).unwrap();
    assert_eq!(request.verb, Verb::MergeStatus);
    assert_eq!(request.body, json!({"metadata": {"resourceVersion": "7"}, "status": {"parents": [theirs]}}));
}

#[test]
fn a_delete_is_bound_to_what_was_seen() {
    let object = stored(&mesh_gateway(), json!({}));
    let request = at_once(&remove(mesh_gateway()), Some(&entry(&object, Kind::MeshGateway, None, true))).unwrap();
    assert_eq!(request.verb, Verb::Delete);
    assert_eq!(request.target("deltagate", "v1alpha1"), "/apis/kuma.io/v1alpha1/meshgateways/a");
    assert_eq!(request.body["preconditions"], json!({"uid": UID, "resourceVersion": "7"}));
}

#[test]
fn an_apply_is_bound_to_the_version_seen_where_nobody_else_keeps_writing() {
    for (kind, version) in [
        (Kind::MeshGateway, json!("7")),
        (Kind::MeshHttpRoute, json!("7")),
        (Kind::Secret, json!("7")),
        (Kind::MeshGatewayInstance, Value::Null),
    ] {
        let name = ObjectName::new(kind, if kind.namespaced() { "n" } else { "" }, "a");
        let seen = Identity::of(kind, &stored(&name, json!({}))).unwrap();
        let mut metadata = json!({"name": "a"});
        bind(&mut metadata, &seen);
        assert_eq!((&metadata["uid"], &metadata["resourceVersion"]), (&json!(UID), &version), "{kind}");
    }
}

#[test]
fn a_copy_is_posted_if_none_is_there_and_applied_if_one_is() {
    let value = CopyValue::new("a2V5".to_owned());
    let certificate = Certificate { namespace: "infra".into(), name: "shop".into(), content: Ok(value.content()) };
    let plan_of = SecretCopyPlan { mesh: "default".into(), certificate: certificate.into(), content: value.content() };
    let copy = ObjectName::new(Kind::Secret, "kuma-system", "copy");
    let desired = Desired::new(copy.clone(), Content::SecretCopy(plan_of.into()));
    let vault = Vault::default();
    vault.keep(&ObjectName::new(Kind::Secret, "infra", "shop"), Some(value));
    let planned =
        |entry: Option<&Entry>| plan((&settings(), &vault), &write(&desired), entry, Step::Write, now()).unwrap();
    let request = planned(None);
    assert_eq!(request.verb, Verb::Post);
    assert_eq!(request.target("deltagate", "v1"), "/api/v1/namespaces/kuma-system/secrets?fieldManager=deltagate");
    assert_eq!(request.http("deltagate", "v1").unwrap().method(), Method::POST);
    assert!(request.body["metadata"].get("resourceVersion").is_none(), "the API server takes none");
    let seen = entry(&stored(&copy, json!({})), Kind::Secret, None, true);
    assert_eq!(planned(Some(&seen)).verb, Verb::Apply);
}

#[test]
fn the_newest_observation_may_leave_nothing_to_do() {
    let desired = class_desired();
    let seen = stored(&class(), json!({}));
    let shows = entry(&seen, Kind::GatewayClass, Some(print(&desired)), true);
    assert_eq!(at_once(&write(&desired), Some(&shows)), None, "it shows what is asked for");
    assert!(
        plan((&settings(), &Vault::default()), &write(&desired), Some(&shows), Step::Insist, now()).is_some(),
        "unless it is insisted on"
    );
    assert_eq!(at_once(&write(&desired), None), None, "the user's object is gone");
    assert_eq!(at_once(&remove(mesh_gateway()), None), None, "our object is gone");

    let foreign = entry(&stored(&mesh_gateway(), json!({})), Kind::MeshGateway, None, false);
    assert_eq!(
        plan((&settings(), &Vault::default()), &remove(mesh_gateway()), Some(&foreign), Step::Insist, now()),
        None,
        "it is not ours"
    );
    let obstructed = Pending { action: Action::Obstructed(class_desired().into()), ..remove(mesh_gateway()) };
    assert_eq!(plan((&settings(), &Vault::default()), &obstructed, None, Step::Insist, now()), None, "it never is");
}

#[test]
fn replacing_a_status_keeps_what_does_not_count_as_ours() {
    let desired = class_desired();
    let mut answered = manifest::render(&settings(), &desired);
    status::stamp(Kind::GatewayClass, &mut answered, &Memory::default(), now());
    assert_eq!(replacement((&settings(), &Vault::default()), &desired, &answered), None);

    let condition = |kind: &str| json!({"type": kind, "status": "True", "reason": "R", "message": ""});
    let mut foreign = answered.clone();
    foreign["status"]["conditions"].as_array_mut().unwrap().push(condition("example.io/Seen"));
    assert_eq!(
        replacement((&settings(), &Vault::default()), &desired, &foreign),
        None,
        "conditions of others do not count"
    );

    foreign["status"]["supportedFeatures"] = json!([{"name": "Nonsense"}]);
    let request = replacement((&settings(), &Vault::default()), &desired, &foreign).unwrap();
    assert_eq!(request.verb, Verb::ReplaceStatus);
    assert_eq!(shown(&settings(), Kind::GatewayClass, &request.body), Some(print(&desired)));
    let kept = status_conditions(&request.body).iter().any(|kept| kept["type"] == "example.io/Seen");
    assert!(kept);
    assert!(status_conditions(&request.body).iter().all(|kept| kept["lastTransitionTime"] != "1970-01-01T00:00:00Z"));
}

#[test]
fn replacing_an_object_keeps_labels_of_others() {
    let rendered = json!({"kind": "K", "metadata": {"labels": {"ours": "1"}}, "spec": {"a": 1}});
    let answered = json!({
        "kind": "K", "status": {"x": 1}, "spec": {"a": 1, "b": 2},
        "metadata": {"uid": UID, "resourceVersion": "7", "labels": {"ours": "1", "theirs": "2"}},
    });
    let clean_spec = |object: &Value| object["spec"] == json!({"a": 1});
    let body = whole_replacement(&answered, &rendered, clean_spec);
    assert_eq!(body["spec"], json!({"a": 1}));
    assert_eq!(body["metadata"], answered["metadata"]);
    assert_eq!(body["status"], answered["status"]);

    let clean_labels = |object: &Value| object["metadata"]["labels"] == json!({"ours": "1"});
    let body = whole_replacement(&answered, &rendered, clean_labels);
    assert_eq!(body["metadata"]["labels"], json!({"ours": "1"}));
    assert_eq!(body["metadata"]["resourceVersion"], "7");
}

#[test]
fn the_finalizer_of_a_class_is_written_with_those_of_others_and_nothing_else() {
    const OURS: &str = manifest::CLASS_FINALIZER;
    let held = |finalizers: Value| {
        let mut object = stored(&class(), json!({}));
        object["metadata"]["finalizers"] = finalizers;
        object
    };
    let table = [
        (true, json!(["a", "b"]), json!(["a", "b", OURS])),
        (true, Value::Null, json!([OURS])),
        (false, json!(["a", OURS, "b"]), json!(["a", "b"])),
        (false, json!([OURS]), json!([])),
    ];
    for (in_use, before, after) in table {
        let entry = entry(&held(before), Kind::GatewayClass, Some(print(&class_in_use(!in_use))), true);
        let request = at_once(&write(&class_in_use(in_use)), Some(&entry)).unwrap();
        assert_eq!(request.verb, Verb::MergeFinalizers);
        assert_eq!(request.body, json!({"metadata": {"resourceVersion": "7", "finalizers": after}}));
        let target = request.target("deltagate", "v1");
        assert_eq!(target, "/apis/gateway.networking.k8s.io/v1/gatewayclasses/edge?fieldManager=deltagate");
    }
}

#[test]
fn the_status_of_a_class_is_written_before_its_finalizer() {
    let entry = entry(&stored(&class(), json!({})), Kind::GatewayClass, None, false);
    assert_eq!(at_once(&write(&class_in_use(true)), Some(&entry)).unwrap().verb, Verb::ApplyStatus);
    let mut answered = manifest::render(&settings(), &class_in_use(false));
    status::stamp(Kind::GatewayClass, &mut answered, &Memory::default(), now());
    let replaced = replacement((&settings(), &Vault::default()), &class_in_use(true), &answered);
    assert_eq!(replaced, None, "what lacks only the finalizer needs no other status");
}
