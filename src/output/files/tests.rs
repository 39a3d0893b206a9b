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
    assert!(matches!(output.put(&object, value.clone(), "now").unwrap(), Put::Written(_)));
    assert!(matches!(output.put(&object, value, "now").unwrap(), Put::Unchanged(_)));
    assert!(output.root().join("MeshGateway/_cluster/edge.default.yaml").is_file());
    output.remove(&object).unwrap();
    assert_eq!(fs::read_dir(output.root()).unwrap().count(), 0);
}

#[test]
fn keys_are_for_their_owner_only() {
    let output = scratch("keys");
    let object = ObjectName::new(Kind::Secret, "kuma-system", "copy");
    output.put(&object, json!({"data": {}}), "now").unwrap();
    let path = output.path(&object);
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);

    // Somebody opens them, before a start and while it runs; what is not ours is not touched.
    let theirs = path.with_file_name("theirs.yaml");
    fs::write(&theirs, "kind: Secret\n").unwrap();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o644)).unwrap();
    let (mut known, settings) = (Known::default(), Settings::default());
    let copy = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "copy", "namespace": "kuma-system"}});
    output.put(&object, copy, "now").unwrap();
    for _ in 0..2 {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        output.scan(&settings, &mut known, &mut Vec::new()).unwrap();
        assert_eq!(mode(), 0o600);
    }
    assert_eq!(fs::metadata(&theirs).unwrap().permissions().mode() & 0o777, 0o644);

    // A link says of itself that all may read it; what counts is the file.
    let moved = output.root().join("moved");
    fs::rename(&path, &moved).unwrap();
    fs::set_permissions(&moved, fs::Permissions::from_mode(0o400)).unwrap();
    std::os::unix::fs::symlink(&moved, &path).unwrap();
    output.scan(&settings, &mut known, &mut Vec::new()).unwrap();
    assert_eq!(mode(), 0o400);
}

#[test]
fn a_file_without_any_text_is_ours() {
    let output = scratch("truncated");
    let object = ObjectName::new(Kind::MeshGateway, "", "edge.default");
    let path = output.path(&object);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "").unwrap();
    assert!(matches!(output.put(&object, json!({}), "now").unwrap(), Put::Written(_)));
    fs::write(&path, "").unwrap();
    output.remove(&object).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_refusal_names_its_cure() {
    let output = scratch("cures");
    let object = ObjectName::new(Kind::MeshGateway, "", "edge.default");
    let path = output.path(&object);
    let told = || output.put(&object, json!({}), "now").unwrap_err().to_string();
    fs::create_dir_all(&path).unwrap();
    assert!(told().ends_with("a directory lies in the place of the file: move it away"), "{}", told());
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path.parent().unwrap(), "").unwrap();
    assert!(told().contains("a file lies in the place of a directory: move it away"), "{}", told());
    let full = OutputError::Refused { path, source: io::ErrorKind::StorageFull.into() };
    assert!(full.to_string().ends_with("free some space there"), "{full}");
}

/// Whether a look at a directory asks for a file to be written anew.
fn is_outdated(sights: &[Sight]) -> bool {
    matches!(sights, [(_, Some(shown))] if *shown == Shown { observed: outdated(shown.observed.clone()), ..shown.clone() })
}

#[test]
fn whatever_is_edited_is_seen() {
    let output = scratch("edited");
    let object = ObjectName::new(Kind::MeshHttpRoute, "kuma-system", "a");
    let value = json!({"apiVersion": "kuma.io/v1alpha1", "kind": "MeshHTTPRoute", "spec": {"to": []},
                       "metadata": {"name": "a", "namespace": "kuma-system", "labels": {"kuma.io/mesh": "default"}}});
    let path = output.path(&object);
    output.put(&object, value, "now").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let settings = Settings::default();
    let look = |known: &mut Known| {
        let mut sights = Vec::new();
        output.scan(&settings, known, &mut sights).unwrap();
        sights
    };
    let mut known = Known::default();
    assert!(!is_outdated(&look(&mut known)));
    assert_eq!(look(&mut known), []);
    let edits = [
        format!("{text}---\nkind: Mine\n"),
        format!("{text}# a comment\n"),
        text.replace("apiVersion", "mine: 1\napiVersion"),
        text.replace("kuma-system\n", "kuma-system\n  uid: x\n"),
    ];
    for (round, edited) in edits.iter().enumerate() {
        let mut known = Known::default();
        fs::write(&path, &text).unwrap();
        look(&mut known);
        fs::write(&path, edited).unwrap();
        assert!(is_outdated(&look(&mut known)), "{edited}");
        // A start knows no text of its own: it sees what we never write.
        assert_eq!(is_outdated(&look(&mut Known::default())), round < 3, "{edited}");
    }
}

#[test]
fn a_strange_file_is_told_once() {
    let output = scratch("strange");
    let object = ObjectName::new(Kind::MeshGateway, "", "edge.default");
    let value = json!({"apiVersion": "kuma.io/v1alpha1", "kind": "MeshGateway", "mesh": "default",
                       "metadata": {"name": "edge.default"}});
    output.put(&object, value, "now").unwrap();
    let path = output.path(&object);
    let copy = path.with_file_name("copy.yaml");
    fs::copy(&path, &copy).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let reason = output.observe(&Settings::default(), &copy, &text[HEADER.len()..]).unwrap_err();
    assert!(reason.contains("this file holds MeshGateway/edge.default, which belongs in "), "{reason}");
    let mut known = Known::default();
    let hash = TextHash::of(text.as_bytes());
    assert_eq!(known.take_strange(&copy, None, hash), (true, None));
    assert_eq!(known.take_strange(&copy, None, hash), (false, None));
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
    assert!(matches!(output.put(&object, json!({}), "now").unwrap(), Put::Written(_)));
}
