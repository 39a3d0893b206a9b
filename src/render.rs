//! One shot: objects in, generated objects and statuses out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use dataflows::model::{Kind, ObjectName, Settings, Update, Written};
use serde_json::{Map, Value, json};

use crate::documents::{self, Document, DocumentError, Format, Origin, Problem, Reading, to_yaml};
use crate::output::memory::{Memory, Unsettled};
use crate::output::sightings::outdated;
use crate::output::{observation, separate, status};
use crate::vault::Vault;
use crate::watch::decode::Decoded;

/// How the result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A stream of YAML documents.
    #[default]
    Yaml,
    /// One `v1` `List`.
    Json,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Generated objects, then statuses, each in the order of kind, namespace, name.
    pub documents: Vec<Value>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What the user should know besides.
    pub notes: Vec<Problem>,
}

impl Rendered {
    /// The documents as text.
    pub fn text(&self, form: Form) -> String {
        match form {
            Form::Yaml => self.documents.iter().fold(String::new(), |mut text, document| {
                let _ = write!(text, "---\n{}", to_yaml(document));
                text
            }),
            Form::Json => {
                let list = json!({"apiVersion": "v1", "items": self.documents, "kind": "List"});
                format!("{list:#}\n")
            }
        }
    }
}

/// Reads all documents below these paths; `-` is standard input.
pub fn read(paths: &[PathBuf]) -> Reading {
    let mut reading = Reading::default();
    for path in paths {
        if path.as_os_str() == "-" {
            reading.extend(read_standard_input());
        } else if path.is_dir() {
            reading.extend(read_directory(path));
        } else {
            read_into(&mut reading, path);
        }
    }
    reading
}

fn read_standard_input() -> Reading {
    let mut bytes = Vec::new();
    match io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => documents::read_bytes("-", Format::Guess, &bytes),
        Err(error) => unreadable(Path::new("-"), &error),
    }
}

fn read_directory(directory: &Path) -> Reading {
    let listing = match documents::list(directory) {
        Ok(listing) => listing,
        Err(error) => return unreadable(directory, &error),
    };
    let mut reading = Reading::default();
    if listing.files.is_empty() && listing.unlisted.is_empty() {
        let reason = "holds no *.yaml, *.yml or *.json file".to_owned();
        reading.notes.push(Problem { origin: Origin::file(&directory.display().to_string()), reason });
    }
    for unlisted in &listing.unlisted {
        reading.extend(unreadable(&unlisted.path, &unlisted.error));
    }
    for file in &listing.files {
        read_into(&mut reading, file);
    }
    reading
}

fn read_into(reading: &mut Reading, path: &Path) {
    reading.extend(documents::read_file(path).unwrap_or_else(|error| unreadable(path, &error)));
}

fn unreadable(path: &Path, error: &io::Error) -> Reading {
    let origin = Origin::file(&path.display().to_string());
    let cure = match error.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "make it readable",
        _ => "check the file",
    };
    let reason = format!("cannot be read: {error}: {cure}");
    Reading { problems: vec![Problem { origin, reason }], ..Reading::default() }
}

/// One input object with its facts.
struct Input {
    document: Document,
    updates: Vec<Update>,
}

/// Converts what was read.
pub fn render(settings: &Settings, reading: Reading) -> Result<Rendered, Unsettled> {
    let mut rendered = Rendered { problems: reading.problems, notes: reading.notes, ..Rendered::default() };
    let vault = Vault::default();
    let mut inputs: BTreeMap<ObjectName, Input> = BTreeMap::new();
    for document in reading.documents {
        match documents::decode(settings, &document) {
            Ok(Decoded { updates, copy, .. }) => {
                vault.keep(&document.object, copy);
                insert(&mut inputs, &mut rendered.notes, Input { document, updates });
            }
            Err(DocumentError::Ignore(reason)) => rendered.notes.push(Problem { origin: document.origin, reason }),
            Err(DocumentError::Broken(reason)) => rendered.problems.push(Problem { origin: document.origin, reason }),
        }
    }
    if !inputs.keys().any(|object| object.kind == Kind::Mesh) {
        let document = documents::assumed_mesh();
        if let Ok(Decoded { updates, .. }) = documents::decode(settings, &document) {
            inputs.insert(document.object.clone(), Input { document, updates });
        }
    }
    let mut memory = Memory::default();
    let mut updates = Vec::new();
    for (object, input) in &mut inputs {
        let separated = separate(object, std::mem::take(&mut input.updates));
        updates.extend(separated.facts);
        let Some(observed) = separated.observed else { continue };
        if object.kind.written() != Written::Status && observed.ours {
            memory.objects.insert(object.clone(), applied_form(&input.document.value));
        }
        // What already is as it should be gives no task; it is shown all the same.
        updates.push(observation(outdated(observed)));
    }
    memory.settle(settings, &vault, updates)?;
    rendered.documents = memory.objects.values().cloned().collect();
    sort(&mut rendered.documents);
    let mut statuses: Vec<Value> =
        inputs.iter().filter_map(|(object, input)| status_document(settings, &memory, object, input)).collect();
    sort(&mut statuses);
    rendered.documents.extend(statuses);
    Ok(rendered)
}

/// Of two documents for one object the later counts.
fn insert(inputs: &mut BTreeMap<ObjectName, Input>, notes: &mut Vec<Problem>, input: Input) {
    let origin = input.document.origin.clone();
    let object = input.document.object.clone();
    if let Some(before) = inputs.insert(object.clone(), input) {
        let earlier = before.document.origin.place();
        notes.push(Problem { origin, reason: format!("{object} is in {earlier} too: this one counts") });
    }
}

/// What is left of a stored object when that which the API server adds is taken away.
fn applied_form(stored: &Value) -> Value {
    let mut value = stored.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            const APPLIED: &[&str] = &["name", "namespace", "labels", "annotations", "ownerReferences"];
            metadata.retain(|name, _| APPLIED.contains(&name.as_str()));
        }
    }
    value
}

/// The status of an input object, if there is or was something of ours in it.
fn status_document(settings: &Settings, memory: &Memory, object: &ObjectName, input: &Input) -> Option<Value> {
    let ours = memory.statuses.get(object);
    if ours.is_none() && !memory.cleared.contains(object) {
        return None;
    }
    let mut ours = ours.cloned();
    if let Some(ours) = &mut ours {
        status::stamp(ours, None, status::EPOCH_START);
    }
    let ours = ours.as_ref().and_then(|document| document.get("status"));
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(&*object.name));
    if !object.namespace.is_empty() {
        metadata.insert("namespace".to_owned(), json!(&*object.namespace));
    }
    Some(json!({
        "apiVersion": input.document.api_version,
        "kind": object.kind.name(),
        "metadata": metadata,
        "status": status::merge(&settings.controller_name, input.document.value.get("status"), ours),
    }))
}

/// By the texts of kind, namespace and name: the order of [`Kind`] itself is that of its variants.
fn sort(documents: &mut [Value]) {
    let part = |document: &Value, pointer: &str| {
        document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    documents.sort_by_cached_key(|document| {
        (part(document, "/kind"), part(document, "/metadata/namespace"), part(document, "/metadata/name"))
    });
}
