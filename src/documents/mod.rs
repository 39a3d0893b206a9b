//! API objects in files: reading them as an API server would store them, and writing them.
//!
//! Reading is total. What cannot be read becomes a [`Problem`] that names the file, the document and the cure, and
//! everything else is still read.

mod changes;
mod files;
mod normalise;
mod printable;
mod syntax;
mod yaml;

use std::fmt;
use std::io;
use std::path::Path;

use dataflows::model::{ObjectName, Settings};
use serde_json::Value;

pub use changes::{Changes, Identity, Stamp, TextHash};
pub use files::{Listing, Unlisted, is_document_file, list};
pub use printable::printable;
pub use syntax::Format;
pub use yaml::to_yaml;

use crate::watch::decode::{self, DecodeError, Decoded};

/// Bytes read of one file at most: objects are small, and a stray disk image must not fill the memory.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// One object as an API server would store it.
#[derive(Clone)]
pub struct Document {
    /// Where it was read.
    pub origin: Origin,
    /// What people call it.
    pub object: ObjectName,
    /// The `apiVersion` it was written in, which may be an older one than that of `value`.
    pub api_version: String,
    /// The object.
    pub value: Value,
}

/// Without the object: it may hold a key.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.object)
    }
}

/// Where a document was read: a file, the number of the document in it, and the place in a `List`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The path as the user gave it, `-` for standard input.
    pub file: String,
    /// The document, counted from 1; `None` for the file as a whole.
    pub document: Option<usize>,
    /// The place in a `List`, empty outside of one.
    pub item: String,
}

impl Origin {
    /// A file as a whole.
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), document: None, item: String::new() }
    }

    /// `file:document`, to name the place alone.
    pub fn place(&self) -> String {
        self.to_string().trim_end_matches([':', ' ']).to_owned()
    }

    fn document(file: &str, document: usize) -> Self {
        Self { file: file.to_owned(), document: Some(document), item: String::new() }
    }

    fn item(&self, index: usize) -> Self {
        Self { item: format!("{}items[{index}]: ", self.item), ..self.clone() }
    }
}

/// `file:document: `, so that a reason can follow.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = printable(&self.file);
        match self.document {
            Some(document) => write!(f, "{file}:{document}: {}", self.item),
            None => write!(f, "{file}: "),
        }
    }
}

/// Something a user has to know about what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub origin: Origin,
    /// What it is and what to do.
    pub reason: String,
}

/// `file:document: reason`, on one line: reasons quote what others wrote.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, printable(&self.reason))
    }
}

/// Why a document gives no facts, named for what the reader does next.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Tell the user and go on: it is nothing that Deltagate reads.
    #[error("{0}")]
    Ignore(String),
    /// Report it as not readable and go on with the other documents.
    #[error("{0}")]
    Broken(String),
}

/// All that was read from some text.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The objects, in the order of the text.
    pub documents: Vec<Document>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What was left out on purpose.
    pub notes: Vec<Problem>,
}

impl Reading {
    /// Adds what was read elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.documents.extend(other.documents);
        self.problems.extend(other.problems);
        self.notes.extend(other.notes);
    }

    fn refuse(&mut self, origin: Origin, error: DocumentError) {
        match error {
            DocumentError::Ignore(reason) => self.notes.push(Problem { origin, reason }),
            DocumentError::Broken(reason) => self.problems.push(Problem { origin, reason }),
        }
    }
}

/// Reads all documents of a text. `file` is what messages call it.
pub fn read_text(file: &str, format: Format, text: &str) -> Reading {
    let mut reading = Reading::default();
    syntax::each_value(file, format, text, &mut |origin, value| match value {
        Ok(value) => add(&mut reading, origin, value, 0),
        Err(reason) => reading.problems.push(Problem { origin, reason }),
    });
    reading
}

/// Whether a text is exactly what [`to_yaml`] makes of what it says.
pub fn is_canonical(text: &str) -> bool {
    let mut values = Vec::new();
    syntax::each_value("", Format::Yaml, text, &mut |_, value| values.push(value));
    matches!(&values[..], [Ok(value)] if to_yaml(value) == text)
}

/// The bytes of a file, if they are not too many.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    if size > FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it has {size} bytes, split it into files of at most {FILE_BYTES_MAX}")));
    }
    std::fs::read(path)
}

/// Reads all documents of a file. `Err` says why the file as a whole could not be read.
pub fn read_file(path: &Path) -> io::Result<Reading> {
    Ok(read_bytes(&path.display().to_string(), Format::of(path), &read(path)?))
}

/// Reads all documents of some bytes. `file` is what messages call them.
pub fn read_bytes(file: &str, format: Format, bytes: &[u8]) -> Reading {
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(file, format, text.trim_start_matches('\u{feff}')),
        Err(error) => {
            let byte = error.valid_up_to();
            problem(file, format!("is not UTF-8 text from byte {byte} on: save it as UTF-8"))
        }
    }
}

fn problem(file: &str, reason: String) -> Reading {
    Reading { problems: vec![Problem { origin: Origin::file(file), reason }], ..Reading::default() }
}

/// `Lists` in lists that are opened at most; nobody writes more than one.
const LIST_DEPTH_MAX: usize = 8;

fn add(reading: &mut Reading, origin: Origin, value: Value, depth: usize) {
    if value.is_null() {
        return;
    }
    match normalise::open_list(value) {
        normalise::Opened::Items(items) if depth < LIST_DEPTH_MAX => {
            for (index, item) in items.into_iter().enumerate() {
                add(reading, origin.item(index), item, depth + 1);
            }
        }
        normalise::Opened::Items(_) => {
            let reason = "holds Lists in Lists: write the objects one by one".to_owned();
            reading.problems.push(Problem { origin, reason });
        }
        normalise::Opened::Object(value) => match normalise::normalise(value) {
            Ok((object, api_version, value)) => {
                reading.documents.push(Document { origin, object, api_version, value });
            }
            Err(error) => reading.refuse(origin, error),
        },
    }
}

/// The facts of a document.
pub fn decode(settings: &Settings, document: &Document) -> Result<Decoded, DocumentError> {
    match decode::decode(settings, &document.value) {
        Ok(decoded) => Ok(decoded),
        Err(error @ DecodeError::UnknownKind { .. }) => {
            Err(DocumentError::Ignore(format!("{} is ignored: {error}", document.object)))
        }
        // These name the object themselves.
        Err(error) => Err(DocumentError::Broken(error.to_string())),
    }
}

/// The Mesh that is assumed where no input holds one.
pub fn assumed_mesh() -> Document {
    let value = serde_json::json!({
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "Mesh",
        "metadata": {"name": "default", "generation": 1},
    });
    Document {
        origin: Origin::file("(assumed)"),
        object: ObjectName::new(dataflows::model::Kind::Mesh, "", "default"),
        api_version: "kuma.io/v1alpha1".to_owned(),
        value,
    }
}
