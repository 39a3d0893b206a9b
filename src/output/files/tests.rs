use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::*;

/// A directory that goes when the test ends.
struct Scratch(OutputDirectory);

impl std::ops::Deref for Scratch {
    type Target = OutputDirectory;
    fn deref(&self) -> &OutputDirectory {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.root());
    }
}

fn scratch(name: &str) -> Scratch {
    let root = std::env::temp_dir().join(format!("deltagate-files-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    Scratch(OutputDirectory::new(root))
}

#[test]
fn a_file_is_written_once_and_goes_with_its_directories() {
    let output = scratch("once");
    let object = ObjectName::new(Kind::MeshGateway, "", "edge.default");
    let value = json!({"kind": "MeshGateway", "metadata": {"name": "edge.default"}});
    assert_eq!(output.put(&object, value.clone(), "now").unwrap(), Put::Written);
    assert_eq!(output.put(&object, value, "now").unwrap(), Put::Unchanged);
    assert!(output.root().join("MeshGateway/_cluster/edge.default.yaml").is_file());
    output.remove(&object).unwrap();
    assert_eq!(fs::read_dir(output.root()).unwrap().count(), 0);
}

#[test]
fn keys_are_for_their_owner_only() {
    let output = scratch("keys");
    let object = ObjectName::new(Kind::Secret, "kuma-system", "copy");
    output.put(&object, json!({"data": {}}), "now").unwrap();
    let mode = fs::metadata(output.path(&object)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_file_of_somebody_else_is_left_alone() {
    let output = scratch("foreign");
    let object = ObjectName::new(Kind::MeshGateway, "", "edge.default");
    let path = output.path(&object);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "mine").unwrap();
    let error = output.put(&object, json!({}), "now").unwrap_err();
    assert!(matches!(error, OutputError::Occupied { .. }), "{error}");
    output.remove(&object).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn what_can_be_read_is_seen_beside_what_cannot() {
    let output = scratch("beside");
    let route = |name: &str| ObjectName::new(Kind::MeshHttpRoute, "kuma-system", name);
    let document = |name: &str, to: Value| {
        json!({"apiVersion": "kuma.io/v1alpha1", "kind": "MeshHTTPRoute", "spec": {"to": to},
               "metadata": {"name": name, "namespace": "kuma-system", "labels": {"kuma.io/mesh": "default"}}})
    };
    for name in ["a", "b", "c"] {
        output.put(&route(name), document(name, json!([])), "now").unwrap();
    }
    let (mut known, settings) = (Known::default(), Settings::default());
    let mut look = || {
        let mut sights = Vec::new();
        let result = output.scan(&settings, &mut known, &mut sights);
        (sights.into_iter().map(|(object, _)| object.name.to_string()).collect::<Vec<_>>(), result)
    };
    assert_eq!(look().0, ["a", "b", "c"]);

    // What no user may read: a link to itself is not even listed, the memory at address 0 is.
    let middle = output.path(&route("b"));
    for (round, target) in [middle.as_path(), Path::new("/proc/self/mem")].into_iter().enumerate() {
        fs::remove_file(&middle).unwrap();
        std::os::unix::fs::symlink(target, &middle).unwrap();
        for name in ["a", "c"] {
            output.put(&route(name), document(name, json!([{"edited": round}])), "now").unwrap();
        }
        let (seen, result) = look();
        assert_eq!(seen, ["a", "c"]);
        let error = result.unwrap_err().to_string();
        assert!(error.contains("b.yaml"), "{error}");
    }
    fs::remove_file(&middle).unwrap();
    assert_eq!(look().0, ["b"], "it is gone, and nothing else has changed");
}

#[test]
fn the_longest_name_fits_a_file_name() {
    let output = scratch("long");
    let object = ObjectName::new(Kind::MeshGateway, "", &"a".repeat(253));
    assert_eq!(output.put(&object, json!({}), "now").unwrap(), Put::Written);
}
