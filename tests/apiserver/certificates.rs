//! TLS Secrets and their copies.

use serde_json::{Value, json};

use super::cluster::{eventually, path, shared};
use super::objects::{gateway, name, owner};
use super::world::World;

/// Pairs that were made for tests and protect nothing, from the folder of the decoder that reads them.
macro_rules! pem {
    ($file:literal) => {
        include_str!(concat!("../../src/watch/decode/secret/pairs/", $file))
    };
}

fn secret(namespace: &str, kind: &str, key: &str, certificate: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "type": kind,
           "metadata": {"namespace": namespace, "name": "shop"},
           "stringData": {"tls.key": key, "tls.crt": certificate}})
}

/// One HTTPS listener that names the Secret.
fn secured() -> Value {
    json!([{"name": "web", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "shop"}]}}])
}

/// The one copy, once it holds exactly this.
fn copy_with(world: &World<'_>, key: &str, certificate: &str) -> Value {
    let wanted = json!(k8s_openapi::ByteString([key, certificate].concat().into_bytes()));
    eventually("the copy holds the pair", || match world.copies().as_slice() {
        [copy] if copy["data"]["value"] == wanted => Ok(copy.clone()),
        found => Err(format!("{} copies", found.len())),
    })
}

fn certificate_condition(gateway: &Value) -> String {
    let conditions = gateway["status"]["listeners"][0]["conditions"].as_array().cloned().unwrap_or_default();
    let found = conditions.iter().find(|condition| condition["type"] == "ResolvedRefs");
    found.and_then(|condition| condition["reason"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn a_certificate_is_copied_renewed_restored_and_removed_and_its_key_is_told_to_nobody() {
    let world = World::with_class(shared(), "secured");
    world.permit_copies();
    let controller = world.start();
    world.apply(&secret(world.name, "kubernetes.io/tls", pem!("ec.key"), pem!("ec.crt")));
    world.apply(&gateway(world.name, "edge", world.name, &secured()));
    let copy = copy_with(&world, pem!("ec.key"), pem!("ec.crt"));
    assert_eq!((owner(&copy), &copy["type"]), ("Secret/secured/shop", &json!("system.kuma.io/secret")));
    assert_eq!(copy["metadata"]["labels"]["kuma.io/mesh"], "default");
    let tls = json!({"mode": "TERMINATE", "certificates": [{"secret": name(&copy)}]});
    let mesh_gateway = world.mesh_gateway_path("edge");
    let names_it = |now: &Value| now["spec"]["conf"]["listeners"][0]["tls"] == tls;
    let before = world.eventually(&mesh_gateway, "names the copy", names_it);

    // Renewed in place: one write, and the MeshGateway is not touched.
    let start = world.settle();
    world.apply(&secret(world.name, "kubernetes.io/tls", pem!("rsa-pkcs1.key"), pem!("rsa.crt")));
    let renewed = copy_with(&world, pem!("rsa-pkcs1.key"), pem!("rsa.crt"));
    assert_eq!(renewed["metadata"]["uid"], copy["metadata"]["uid"]);
    assert_eq!(world.settled_since(start), ["patch secrets"]);

    // Restored, whatever is done to it.
    let of_copy = path("v1", "Secret", copy["metadata"]["namespace"].as_str().unwrap_or_default(), name(&copy));
    let edit = json!({"data": {"value": "eA==", "more": "eA=="}});
    world.cluster.request_as_other(http::Method::PATCH, &of_copy, &edit).expect("anybody may edit");
    let restored = copy_with(&world, pem!("rsa-pkcs1.key"), pem!("rsa.crt"));
    world.eventually(&of_copy, "holds nothing else", |now| now["data"]["more"].is_null());
    assert_eq!(restored["metadata"]["uid"], copy["metadata"]["uid"]);
    world.cluster.delete(&of_copy);
    copy_with(&world, pem!("rsa-pkcs1.key"), pem!("rsa.crt"));
    let after = world.cluster.get(&mesh_gateway).expect("it is there");
    assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);

    // Made anew with another type it is no certificate any longer.
    world.cluster.delete(&path("v1", "Secret", world.name, "shop"));
    world.apply(&secret(world.name, "Opaque", pem!("ec.key"), pem!("ec.crt")));
    world.eventually_gone(&mesh_gateway);
    eventually("the copy is gone", || if world.copies().is_empty() { Ok(()) } else { Err("still there".to_owned()) });
    let refused = |now: &Value| certificate_condition(now) == "InvalidCertificateRef";
    world.eventually(&world.gateway_path("edge"), "says why", refused);

    let log = controller.log();
    assert!(log.contains("Secret"), "the log is a full one: {}", controller.tail());
    for pair in [pem!("ec.key"), pem!("rsa-pkcs1.key")] {
        let encoded = json!(k8s_openapi::ByteString(pair.as_bytes().to_vec())).to_string();
        let lines = pair.lines().filter(|line| !line.starts_with("-----") && line.len() > 20);
        let shown = lines.filter(|line| log.contains(line)).count();
        assert!(shown == 0 && !log.contains(&encoded[1..80]), "a key is in the log");
    }
}

#[test]
fn a_copy_whose_labels_were_taken_off_is_not_taken_back() {
    let world = World::with_class(shared(), "unlabelled");
    world.permit_copies();
    let controller = world.start();
    world.apply(&secret(world.name, "kubernetes.io/tls", pem!("ec.key"), pem!("ec.crt")));
    world.apply(&gateway(world.name, "edge", world.name, &secured()));
    let copy = copy_with(&world, pem!("ec.key"), pem!("ec.crt"));
    let of_copy = path("v1", "Secret", copy["metadata"]["namespace"].as_str().unwrap_or_default(), name(&copy));
    world.settle();

    let strip = json!({"metadata": {"labels": null, "annotations": null}, "data": {"mine": "eA=="}});
    world.cluster.request_as_other(http::Method::PATCH, &of_copy, &strip).expect("anybody may edit");
    world.eventually(&world.gateway_path("edge"), "says what is in the way", |now| {
        now["status"].to_string().contains("without the labels of ours")
    });
    let start = world.settle();
    let now = world.cluster.get(&of_copy).expect("it is left alone");
    assert!(now["metadata"]["labels"].is_null() && now["data"]["mine"] == "eA==", "{}", controller.tail());

    // Once it is out of the way ours comes back, and stays in spite of edits.
    world.cluster.delete(&of_copy);
    world.eventually(&of_copy, "is ours", |now| now["metadata"]["labels"] == copy["metadata"]["labels"]);
    world.settle();
    world.apply(&secret(world.name, "kubernetes.io/tls", pem!("rsa-pkcs1.key"), pem!("rsa.crt")));
    copy_with(&world, pem!("rsa-pkcs1.key"), pem!("rsa.crt"));
    assert!(world.settled_since(start).iter().filter(|write| write.contains("secrets")).count() <= 3);
}
