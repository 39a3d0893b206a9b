//! One file per object: where it lies, whether it is ours, and how it is replaced.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use dataflows::manifest;
use dataflows::model::{Fingerprint, Key, Kind, ObjectName, Observed, Settings, Written};
use serde_json::Value;

use super::known::{Known, Sight};
use super::sightings::{Shown, outdated};
use super::status;
use crate::documents::{self, Format, Stamp, TextHash, to_yaml};

#[cfg(test)]
mod tests;

/// The first line of every file that is ours. What does not begin with it is never touched.
pub const HEADER: &str = "# Written by Deltagate: edits are overwritten, a file without this line is left alone.";

/// Bytes of a name in a file name; with a hash and an ending it must fit the 255 bytes that file systems have.
const NAME_BYTES_MAX: usize = 200;

/// How the files of a write in progress begin.
const TEMPORARY_PREFIX: &str = ".deltagate-";

/// Why a file does not hold what it should. Both are tried again later.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file system refuses.
    #[error("cannot write {path}: {source}; {cure}", path = shown(.path), cure = cure(.source))]
    Refused {
        /// What could not be read or written.
        path: PathBuf,
        /// The answer of the system.
        #[source]
        source: io::Error,
    },
    /// Somebody else's file lies there.
    #[error("{path} was not written by Deltagate, so {object} is not written: move the file away", path = shown(.path))]
    Occupied {
        /// The file.
        path: PathBuf,
        /// The object that should lie there.
        object: ObjectName,
    },
}

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The file is new or was replaced.
    Written(TextHash),
    /// It held exactly this.
    Unchanged(TextHash),
}

/// A directory that holds one file per generated object and per status.
#[derive(Clone, Debug)]
pub struct OutputDirectory {
    root: PathBuf,
}

impl OutputDirectory {
    /// The directory; it need not exist.
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where an object lies: `<Kind>/<namespace or _cluster>/<name>.yaml`, statuses below `status/`.
    pub fn path(&self, object: &ObjectName) -> PathBuf {
        let mut path = self.root.clone();
        if object.kind.written() == Written::Status {
            path.push("status");
        }
        path.push(object.kind.name());
        path.push(if object.namespace.is_empty() { "_cluster" } else { &*object.namespace });
        path.push(if object.name.len() > NAME_BYTES_MAX {
            let head = object.name.get(..NAME_BYTES_MAX).unwrap_or_default();
            format!("{head}-{}.yaml", object.key().short())
        } else {
            format!("{}.yaml", object.name)
        });
        path
    }

    /// Whether anything of ours lies in the directory, as far as can be read.
    pub fn holds_ours(&self) -> bool {
        let begins_ours = |path: &PathBuf| {
            let mut begin = Vec::with_capacity(HEADER.len());
            let file = fs::File::open(path);
            file.is_ok_and(|file| {
                file.take(HEADER.len() as u64).read_to_end(&mut begin).is_ok() && begin == HEADER.as_bytes()
            })
        };
        documents::list(&self.root).is_ok_and(|listing| listing.files.iter().any(begins_ours))
    }

    /// Adds to `sights` what the directory shows of ours, as far as that differs from `known`, which is brought up to
    /// date. Creates the directory if it is not there. What can be seen counts whatever else cannot be read.
    pub fn scan(&self, settings: &Settings, known: &mut Known, sights: &mut Vec<Sight>) -> Result<(), OutputError> {
        fs::create_dir_all(&self.root).map_err(|source| self.refused(&self.root, source))?;
        let listing = documents::list(&self.root).map_err(|source| self.refused(&self.root, source))?;
        // A link to nowhere is nothing that we wrote.
        let unlisted = listing.unlisted.into_iter().filter(|unlisted| unlisted.error.kind() != io::ErrorKind::NotFound);
        let (hidden, errors): (Vec<_>, Vec<_>) = unlisted.map(|unlisted| (unlisted.path, unlisted.error)).unzip();
        let first = hidden.first().cloned().zip(errors.into_iter().next());
        let mut unreadable = first.map(|(path, source)| OutputError::Refused { path, source });
        for path in &listing.files {
            // What was seen counts, whether the file can be closed or not.
            let seen = self.see(settings, known, path).map(|sight| sights.extend(sight));
            let is_private = known.is_ours(path) && path.starts_with(self.root.join(Kind::Secret.name()));
            if let Err(source) = seen.and_then(|()| if is_private { close(path) } else { Ok(()) }) {
                unreadable.get_or_insert_with(|| self.refused(path, source));
            }
        }
        let is_hidden = |path: &Path| hidden.iter().any(|hidden| path.starts_with(hidden));
        sights.extend(known.take_all_gone(|path| !listing.files.contains(path) && !is_hidden(path)));
        unreadable.map_or(Ok(()), Err)
    }

    /// What has to be told of one file.
    fn see(&self, settings: &Settings, known: &mut Known, path: &Path) -> io::Result<Option<Sight>> {
        let stamp = Stamp::of(path);
        if known.is_unchanged(path, stamp) {
            return Ok(None);
        }
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let hash = TextHash::of(text.as_bytes());
        let ours = text.strip_prefix(HEADER).map(|text| self.observe(settings, path, text));
        if let Some(Ok(shown)) = ours {
            return Ok(known.take(path, stamp, hash, shown));
        }
        let (is_new, sight) = known.take_strange(path, stamp, hash);
        if let (true, Some(Err(reason))) = (is_new, ours) {
            tracing::warn!(file = ?path, "{reason}");
        }
        Ok(sight)
    }

    /// What one file of ours shows, or why it shows nothing. Whatever it holds is ours, for it bears the header.
    fn observe(&self, settings: &Settings, path: &Path, text: &str) -> Result<Shown, String> {
        let reading = documents::read_text(&path.display().to_string(), Format::Yaml, text);
        let Some(document) = reading.documents.into_iter().next() else {
            let reason =
                "this file was damaged: it is replaced when its object is written, delete it if it is of no use";
            return Err(reason.to_owned());
        };
        let place = self.path(&document.object);
        if place != path {
            let (object, place) = (&document.object, shown(&place));
            return Err(format!("this file holds {object}, which belongs in {place}: delete it if it is of no use"));
        }
        let (object, api_version) = (document.object, document.api_version);
        let kind = object.kind;
        let observed = if kind.written() == Written::Status {
            manifest::observe_status(settings, kind, &document.value)
        } else {
            manifest::observe(settings, kind, &document.value)
        };
        let unknown = || Observed {
            mesh: "".into(),
            fingerprint: Fingerprint(Key::hash(&[b"damaged"])),
            anchor: object.key(),
            rare: None,
            ours: true,
            object: object.clone(),
        };
        let observed = observed.unwrap_or_else(unknown);
        let rare = Observed::rare(None, observed.copies().to_vec());
        let observed = Observed { ours: true, rare, ..observed };
        // Comments, further documents and other ways to write the same: nothing that we wrote.
        let edited = text.strip_prefix('\n').is_none_or(|text| !documents::is_canonical(text));
        Ok(Shown { observed: if edited { outdated(observed) } else { observed }, api_version })
    }

    /// Makes the file of an object hold this document, at once or not at all. A status keeps the times of those
    /// conditions that have not flipped.
    pub fn put(&self, object: &ObjectName, mut value: Value, now: &str) -> Result<Put, OutputError> {
        let path = self.path(object);
        let existing = self.existing(object, &path)?;
        if object.kind.written() == Written::Status {
            let reading = existing.as_deref().map(|text| documents::read_text("", Format::Yaml, text));
            let previous = reading.and_then(|reading| reading.documents.into_iter().next());
            status::stamp(&mut value, previous.as_ref().map(|document| &document.value), now);
        }
        let text = format!("{HEADER}\n{}", to_yaml(&value));
        let hash = TextHash::of(text.as_bytes());
        if existing.as_deref() == Some(text.as_str()) {
            return Ok(Put::Unchanged(hash));
        }
        let private = object.kind == Kind::Secret;
        replace(&path, &text, private).map_err(|source| self.refused(&path, source))?;
        Ok(Put::Written(hash))
    }

    /// Deletes the file of an object, if it is ours. Directories that become empty go with it.
    pub fn remove(&self, object: &ObjectName) -> Result<(), OutputError> {
        let path = self.path(object);
        match self.existing(object, &path) {
            Ok(Some(_)) => {}
            Ok(None) | Err(OutputError::Occupied { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
        fs::remove_file(&path).map_err(|source| self.refused(&path, source))?;
        let parents = path.ancestors().skip(1).take_while(|parent| *parent != self.root);
        for parent in parents {
            // Fails where something is left in it, which is the point.
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// The text of the file, if there is one. One without any text is nobody's: a full disk may have left it.
    fn existing(&self, object: &ObjectName, path: &Path) -> Result<Option<String>, OutputError> {
        let occupied = || OutputError::Occupied { path: path.to_owned(), object: object.clone() };
        match fs::read(path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|_| occupied())?;
                if text.is_empty() || text.starts_with(HEADER) { Ok(Some(text)) } else { Err(occupied()) }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.refused(path, source)),
        }
    }

    /// Names the root when it is the root that is wrong: one cause for many files.
    fn refused(&self, path: &Path, source: io::Error) -> OutputError {
        let path = if self.root.is_dir() { path } else { &self.root };
        OutputError::Refused { path: path.to_owned(), source }
    }
}

/// A path for messages.
fn shown(path: &Path) -> String {
    documents::printable(&path.display().to_string())
}

/// What to do about a refusal.
fn cure(refusal: &io::Error) -> &'static str {
    match refusal.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space there",
        io::ErrorKind::IsADirectory => "a directory lies in the place of the file: move it away",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file lies in the place of a directory: move it away, or choose another --to"
        }
        io::ErrorKind::PermissionDenied => "make it writable and readable for this user, or choose another --to",
        io::ErrorKind::ReadOnlyFilesystem => "mount it writable, or choose another --to",
        _ => "check what lies there, or choose another --to",
    }
}

/// Keeps a file with keys for its owner only, whatever somebody did.
fn close(path: &Path) -> io::Result<()> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode & 0o777 & !MODE_PRIVATE == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(MODE_PRIVATE))?;
    tracing::warn!(file = ?path, "others could read this file, which holds keys: it is for its owner only again");
    Ok(())
}

/// The mode of files that hold keys.
const MODE_PRIVATE: u32 = 0o600;

/// Writes a file beside its place and moves it there, so that readers see the old one or the new one.
fn replace(path: &Path, text: &str, private: bool) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(directory)?;
    let temporary = directory.join(format!("{TEMPORARY_PREFIX}{}.tmp", std::process::id()));
    let written = write_new(&temporary, text, private).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The error to report is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(path: &Path, text: &str, private: bool) -> io::Result<()> {
    // Left over by a process that was killed; its mode may be another one.
    let _ = fs::remove_file(path);
    let mode = if private { MODE_PRIVATE } else { 0o644 };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}
