//! The contract of `deltagate render`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kit::shop::{CLASS, GATEWAY, ROUTE, SERVICE};
use serde_json::Value;

/// The beginning of a Gateway and of a route of which something is wrong.
const WRONG_GATEWAY: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: wrong}";
const WRONG_ROUTE: &str = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: wrong}";

/// A directory of its own for each test, below `target`.
fn scratch(test: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("render-{test}"));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn stream(documents: &[&str]) -> String {
    documents.join("---\n")
}

fn render(directory: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deltagate"))
        .arg("render")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A process that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Kind, namespace and name of each item of a JSON answer, and whether it is a status.
fn items(output: &Output) -> Vec<(String, String, String, bool)> {
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list["apiVersion"], &list["kind"]), (&"v1".into(), &"List".into()));
    let text = |item: &Value, pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
    let item = |item: &Value| {
        let status = item.get("status").is_some();
        (text(item, "/kind"), text(item, "/metadata/namespace"), text(item, "/metadata/name"), status)
    };
    list["items"].as_array().unwrap().iter().map(item).collect()
}

fn status_of(output: &Output, kind: &str) -> Value {
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = list["items"].as_array().unwrap().iter().find(|item| item["kind"] == kind);
    found.unwrap_or_else(|| panic!("no status of a {kind} in {list:#}")).clone()
}

#[test]
fn objects_come_first_then_statuses_each_in_alphabetical_order() {
    let directory = scratch("order");
    let input = stream(&[SERVICE, ROUTE, GATEWAY, CLASS]);
    let output = render(&directory, &["-f", "-", "-o", "json"], &input);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    let items = items(&output);
    let (statuses, objects): (Vec<_>, Vec<_>) = items.iter().cloned().partition(|item| item.3);
    assert_eq!([objects.clone(), statuses.clone()].concat(), items);
    for mut part in [objects.clone(), statuses.clone()] {
        let before = part.clone();
        part.sort();
        assert_eq!(part, before);
    }
    let kinds: Vec<&str> = statuses.iter().map(|item| item.0.as_str()).collect();
    assert_eq!(kinds, ["Gateway", "GatewayClass", "HTTPRoute"]);
    assert_eq!(objects[0].0, "MeshGateway");
    assert_eq!(objects[0].2, "edge.default");
    assert!(objects.iter().any(|item| item.0 == "MeshGatewayInstance" && item.1 == "default" && item.2 == "edge"));
    assert!(objects.iter().any(|item| item.0 == "MeshHTTPRoute"));
}

#[test]
fn a_status_bears_nothing_but_its_name_and_a_fixed_time() {
    let directory = scratch("status");
    let output = render(&directory, &["-f", "-", "-o", "json"], &stream(&[CLASS, GATEWAY, ROUTE, SERVICE]));
    let route = status_of(&output, "HTTPRoute");
    let fields: Vec<&String> = route.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["apiVersion", "kind", "metadata", "status"]);
    assert_eq!(route["metadata"], serde_json::json!({"name": "cart", "namespace": "default"}));
    let conditions = route.pointer("/status/parents/0/conditions").unwrap().as_array().unwrap();
    assert!(!conditions.is_empty());
    for condition in conditions {
        assert_eq!(condition["lastTransitionTime"], "1970-01-01T00:00:00Z");
        assert_eq!(condition["observedGeneration"], 1);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_order() {
    let directory = scratch("shuffled");
    let documents = [CLASS, GATEWAY, ROUTE, SERVICE];
    let expected = render(&directory, &["-f", "-"], &stream(&documents));
    assert!(stdout(&expected).starts_with("---\n"));
    for (order, form) in [[3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]].iter().zip(["", "\n---\n# nothing\n---\n", "---\n"])
    {
        let shuffled = order.map(|index| documents[index]).join("---\n");
        let output = render(&directory, &["-f", "-"], &format!("{form}{shuffled}"));
        assert_eq!(stdout(&output), stdout(&expected), "{}", stderr(&output));
    }
    for (index, document) in documents.iter().enumerate() {
        fs::write(directory.join(format!("{}.yaml", 9 - index)), document).unwrap();
    }
    assert_eq!(stdout(&render(&directory, &["-f", "."], "")), stdout(&expected));
    assert_eq!(
        stdout(&render(&directory, &["-f", "6.yaml", "9.yaml", "-f", "7.yaml", "8.yaml"], "")),
        stdout(&expected)
    );
}

#[test]
fn what_kubectl_prints_can_be_piped_in() {
    let directory = scratch("list");
    let documents = [CLASS, GATEWAY, ROUTE, SERVICE];
    let read = |document: &&str| serde_yaml_ng::from_str::<Value>(document).unwrap();
    let items: Vec<Value> = documents.iter().map(read).collect();
    let list =
        serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}});
    let expected = stdout(&render(&directory, &["-f", "-"], &stream(&documents)));
    assert!(!expected.is_empty());
    assert_eq!(stdout(&render(&directory, &["-f", "-"], &list.to_string())), expected);
    fs::write(directory.join("list.json"), list.to_string()).unwrap();
    assert_eq!(stdout(&render(&directory, &["-f", "list.json"], "")), expected);
    let yaml = serde_yaml_ng::to_string(&list).unwrap();
    assert_eq!(stdout(&render(&directory, &["-f", "-"], &yaml)), expected);
}

#[test]
fn an_older_version_counts_and_its_status_keeps_it() {
    let directory = scratch("v1beta1");
    let older = GATEWAY.replace("k8s.io/v1", "k8s.io/v1beta1");
    let output = render(&directory, &["-f", "-", "-o", "json"], &stream(&[CLASS, &older, ROUTE, SERVICE]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(status_of(&output, "Gateway")["apiVersion"], "gateway.networking.k8s.io/v1beta1");
    assert_eq!(status_of(&output, "HTTPRoute")["apiVersion"], "gateway.networking.k8s.io/v1");
    let parents = status_of(&output, "HTTPRoute").pointer("/status/parents").cloned().unwrap();
    assert_eq!(parents.as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_rendered() {
    let directory = scratch("broken");
    fs::write(directory.join("good.yaml"), stream(&[CLASS, GATEWAY, SERVICE, ROUTE])).unwrap();
    let expected = stdout(&render(&directory, &["-f", "good.yaml"], ""));
    assert!(!expected.is_empty());
    fs::write(directory.join("syntax.yaml"), format!("{}---\na: [\n---\n{CLASS}", SERVICE.replace("cart", "other")))
        .unwrap();
    fs::write(directory.join("nameless.yaml"), "apiVersion: v1\nkind: Service\nmetadata: {}\n---\n7\n").unwrap();
    let long = ROUTE.replace("name: cart\nspec", &format!("name: {}\nspec", "x".repeat(254)));
    fs::write(directory.join("long.yml"), long).unwrap();
    fs::write(directory.join("broken.json"), "{\"kind\": ").unwrap();
    fs::write(directory.join("bytes.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    let output = render(&directory, &["-f", ".", "missing.yaml"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), expected);
    let messages = stderr(&output);
    let line = |start: &str| messages.lines().find(|line| line.starts_with(start));
    for start in [
        "./syntax.yaml:2: is not valid YAML",
        "./nameless.yaml:1: Service has no metadata.name",
        "./nameless.yaml:2: ",
        "./long.yml:1: HTTPRoute: the name \"xxx",
        "./broken.json:1: is not valid JSON",
        "./bytes.yaml: is not UTF-8",
        "missing.yaml: cannot be read",
    ] {
        assert!(line(start).is_some(), "no line begins with {start:?} in:\n{messages}");
    }
    assert!(line("./long.yml:1:").unwrap().len() < 250, "{messages}");
    assert_eq!(messages.lines().count(), 7, "{messages}");
}

/// What no API server stores, with what is said of it: nothing could be said in the status of the object, whose schema
/// refuses the same values.
#[test]
fn a_wrong_field_is_named_and_other_documents_count() {
    let directory = scratch("fields");
    let doubled = "{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}";
    let of_route =
        |parent: &str| format!("{WRONG_ROUTE}, spec: {{parentRefs: [{{name: edge}}, {{name: edge, {parent}}}]}}}}");
    let of_gateway =
        |listeners: &str| format!("{WRONG_GATEWAY}, spec: {{gatewayClassName: kuma, listeners: [{listeners}]}}}}");
    let table = [
        (
            of_gateway("{name: a, port: eighty, protocol: HTTP}"),
            "Gateway/default/wrong: spec.listeners[0].port: ",
            "schema",
        ),
        (
            of_gateway(doubled),
            "Gateway/default/wrong: spec.listeners[1].name: ",
            "give each listener a name of its own",
        ),
        (
            of_gateway("{name: A_b, port: 80, protocol: HTTP}"),
            "Gateway/default/wrong: spec.listeners[0].name: ",
            "use lower-case",
        ),
        (of_route("port: 0"), "HTTPRoute/default/wrong: spec.parentRefs[1].port: 0 ", "write a number from 1 to 65535"),
        (
            of_route("port: 70000"),
            "HTTPRoute/default/wrong: spec.parentRefs[1].port: 70000 ",
            "write a number from 1 to 65535",
        ),
        (
            of_route("port: -1"),
            "HTTPRoute/default/wrong: spec.parentRefs[1].port: -1 ",
            "write a number from 1 to 65535",
        ),
    ];
    let expected = stdout(&render(&directory, &["-f", "-"], &stream(&[CLASS, GATEWAY, SERVICE, ROUTE])));
    assert!(!expected.is_empty());
    for (wrong, problem, cure) in table {
        let wrong = format!("{wrong}\n");
        let output = render(&directory, &["-f", "-"], &stream(&[CLASS, &wrong, GATEWAY, SERVICE, ROUTE]));
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        let messages = stderr(&output);
        assert!(messages.starts_with(&format!("-:2: {problem}")) && messages.contains(cure), "{messages}");
        assert_eq!(stdout(&output), expected, "{wrong}");
    }
}

#[test]
fn kinds_that_are_not_read_are_ignored_with_a_note() {
    let directory = scratch("unknown");
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\n";
    let documents = [CLASS, GATEWAY, ROUTE, SERVICE];
    let output = render(&directory, &["-f", "-"], &format!("{deployment}---\n{}", stream(&documents)));
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).starts_with("note: -:1: Deployment of apps/v1"), "{}", stderr(&output));
    assert_eq!(stdout(&output), stdout(&render(&directory, &["-f", "-"], &stream(&documents))));
}

#[test]
fn a_version_that_nobody_knows_is_an_error() {
    let directory = scratch("versions");
    let output = render(&directory, &["-f", "-"], &GATEWAY.replace("k8s.io/v1", "k8s.io/v7"));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("v7") && stderr(&output).contains("v1"), "{}", stderr(&output));
}

#[test]
fn of_two_documents_the_later_counts_with_a_note() {
    let directory = scratch("twice");
    let first = GATEWAY.replace("port: 80", "port: 81");
    let output = render(&directory, &["-f", "-"], &stream(&[CLASS, &first, GATEWAY]));
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("-:3: Gateway/default/edge is in -:2 too"), "{}", stderr(&output));
    assert_eq!(stdout(&output), stdout(&render(&directory, &["-f", "-"], &stream(&[CLASS, GATEWAY]))));
    assert!(!stdout(&output).contains("81"));
}

#[test]
fn a_mesh_is_assumed_until_one_is_written() {
    let directory = scratch("mesh");
    let accepted = |input: &str| {
        let output = render(&directory, &["-f", "-", "-o", "json"], input);
        let status = status_of(&output, "Gateway");
        let conditions = status["status"]["conditions"].as_array().unwrap().clone();
        conditions.iter().find(|condition| condition["type"] == "Accepted").unwrap()["status"] == "True"
    };
    let other = "apiVersion: kuma.io/v1alpha1\nkind: Mesh\nmetadata:\n  name: other\n";
    assert!(accepted(&stream(&[CLASS, GATEWAY])));
    assert!(!accepted(&stream(&[CLASS, GATEWAY, other])));
    assert!(accepted(&stream(&[CLASS, GATEWAY, other, &other.replace("other", "default")])));
}

#[test]
fn what_is_there_already_is_rendered_all_the_same() {
    let directory = scratch("again");
    let input = stream(&[CLASS, GATEWAY, ROUTE, SERVICE]);
    let first = stdout(&render(&directory, &["-f", "-"], &input));
    let objects: Vec<&str> = first.split("---\n").filter(|document| document.contains("kind: Mesh")).collect();
    assert!(objects.len() >= 3, "{first}");
    let again = render(&directory, &["-f", "-"], &format!("{input}---\n{}", objects.join("---\n")));
    assert_eq!(stderr(&again), "");
    assert_eq!(stdout(&again), first);
}

#[test]
fn entries_of_other_controllers_stay_and_ours_go_when_nothing_asks_for_them() {
    let directory = scratch("others");
    let route = format!(
        "{}status:\n  parents:\n  - controllerName: example.com/other\n    parentRef:\n      name: theirs\n  \
         - controllerName: gateways.kuma.io/controller\n    parentRef:\n      name: gone\n    conditions: []\n",
        ROUTE.replace("name: edge", "name: theirs")
    );
    let output = render(&directory, &["-f", "-", "-o", "json"], &stream(&[CLASS, GATEWAY, &route]));
    let parents = status_of(&output, "HTTPRoute").pointer("/status/parents").cloned().unwrap();
    let controllers: Vec<&Value> = parents.as_array().unwrap().iter().map(|entry| &entry["controllerName"]).collect();
    assert_eq!(controllers, ["example.com/other"]);
}

#[test]
fn a_wrong_command_line_is_two() {
    let directory = scratch("usage");
    for arguments in
        [&["-o", "xml", "-f", "-"][..], &[], &["-f", "-", "--zone", "No Zone"], &["-f", "-", "--controller-name", "x"]]
    {
        let output = render(&directory, arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("error:"), "{}", stderr(&output));
    }
}

#[test]
fn nothing_in_nothing_out() {
    let directory = scratch("nothing");
    let output = render(&directory, &["-f", "."], "");
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), String::new()));
    assert!(stderr(&output).contains("holds no"), "{}", stderr(&output));
    let output = render(&directory, &["-f", "-", "-o", "json"], "");
    assert_eq!(items(&output), []);
}
