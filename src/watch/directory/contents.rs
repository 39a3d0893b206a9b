//! What the files of a directory hold, and which objects a look at them has touched.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use dataflows::model::{Kind, ObjectName, Settings, Update};

use crate::documents::{self, Document, DocumentError, Listing, Problem, Reading, Stamp, Unlisted};
use crate::vault::CopyValue;

/// What a look at the directory came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Everything that could be read is known.
    Seen,
    /// The same, but something is gone: look once more, for only then it is believed.
    Unsettled,
    /// The directory is not there, or cannot be listed: everything stays as it was.
    Missing,
}

/// What one object says in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) updates: Vec<Update>,
    pub(super) copy: Option<CopyValue>,
    pub(super) api_version: String,
    pub(super) stored_version: String,
}

/// The files and the objects they hold.
pub(super) struct Contents {
    settings: Settings,
    root: PathBuf,
    files: BTreeMap<PathBuf, File>,
    /// In which files each object lies; the last counts.
    places: BTreeMap<ObjectName, BTreeSet<PathBuf>>,
    touched: BTreeSet<ObjectName>,
    missing: bool,
    /// Files that were gone at the last look.
    gone_before: BTreeSet<PathBuf>,
    /// What was told about the directory, so that it is told once.
    told: Vec<String>,
    meshes: usize,
}

/// One file as it was last read.
#[derive(Default)]
struct File {
    /// `None` if it must be read again in any case.
    stamp: Option<Stamp>,
    text_hash: Option<u64>,
    /// A text that lacks objects which were there: believed when it is seen a second time.
    doubtful: Option<u64>,
    objects: BTreeMap<ObjectName, Facts>,
    /// What was told about it, so that it is told once.
    told: Vec<String>,
}

impl Contents {
    pub(super) const fn new(settings: Settings, root: PathBuf) -> Self {
        Self {
            settings,
            root,
            files: BTreeMap::new(),
            places: BTreeMap::new(),
            touched: BTreeSet::new(),
            missing: false,
            gone_before: BTreeSet::new(),
            told: Vec::new(),
            meshes: 0,
        }
    }

    /// What an object says now.
    pub(super) fn current(&self, object: &ObjectName) -> Option<&Facts> {
        let path = self.places.get(object)?.last()?;
        self.files.get(path)?.objects.get(object)
    }

    /// Whether any file holds a Mesh.
    pub(super) const fn has_mesh(&self) -> bool {
        self.meshes > 0
    }

    /// The objects that may say something else than when this was last asked.
    pub(super) fn take_touched(&mut self) -> BTreeSet<ObjectName> {
        std::mem::take(&mut self.touched)
    }

    /// Reads what is new or different. What is gone stays until a second look in a row says the same: editors replace
    /// or empty a file before they write it, and a directory that is being deleted loses its files first.
    pub(super) fn look(&mut self) -> Look {
        let Some(listing) = self.list() else { return Look::Missing };
        let mut settled = true;
        for path in &listing.files {
            settled &= self.read(path);
        }
        let gone = self.gone(&listing);
        for path in &gone {
            if self.gone_before.contains(path) {
                tracing::debug!(file = %path.display(), "the file is gone");
                self.replace(path, BTreeMap::new());
                self.files.remove(path);
            } else {
                settled = false;
            }
        }
        self.gone_before = gone;
        if settled { Look::Seen } else { Look::Unsettled }
    }

    fn gone(&self, listing: &Listing) -> BTreeSet<PathBuf> {
        let known = |path: &Path| listing.files.contains(path);
        let unlisted = |path: &Path| listing.unlisted.iter().any(|unlisted| path.starts_with(&unlisted.path));
        self.files.keys().filter(|path| !known(path) && !unlisted(path)).cloned().collect()
    }

    fn list(&mut self) -> Option<Listing> {
        match documents::list(&self.root) {
            Ok(listing) => {
                if std::mem::take(&mut self.missing) {
                    tracing::info!(directory = %self.root.display(), "the directory can be read again");
                }
                let told: Vec<String> = listing.unlisted.iter().map(unlisted_text).collect();
                tell(&mut self.told, told);
                Some(listing)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.missing, true) {
                    tracing::warn!(
                        "{}: the directory cannot be read ({error}): bring it back or make it readable; \
                        until then everything stays as it is",
                        self.root.display()
                    );
                }
                None
            }
        }
    }

    /// Reads one file, unless it is as it was; `false` if a second look is needed.
    fn read(&mut self, path: &Path) -> bool {
        let stamp = Stamp::of(path);
        let known = self.files.get(path);
        if known.is_some_and(|known| stamp.is_some() && known.stamp == stamp) {
            return true;
        }
        let bytes = match documents::read(path) {
            Ok(bytes) => bytes,
            // Gone since the directory was listed: the next look knows.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return true,
            Err(error) => {
                let told = format!("{}: cannot be read: {error}: make it readable", path.display());
                tell(&mut self.files.entry(path.to_owned()).or_default().told, vec![told]);
                return true;
            }
        };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let text_hash = Some(hasher.finish());
        if known.is_some_and(|known| known.text_hash == text_hash) {
            if let Some(file) = self.files.get_mut(path) {
                file.stamp = stamp;
            }
            return true;
        }
        let reading = documents::read_bytes(&path.display().to_string(), documents::Format::of(path), &bytes);
        let file = self.files.entry(path.to_owned()).or_default();
        if file.loses_objects(&reading) && file.doubtful != text_hash {
            file.stamp = None;
            file.doubtful = text_hash;
            return false;
        }
        (file.stamp, file.text_hash, file.doubtful) = (stamp, text_hash, None);
        self.take_in(path, reading);
        true
    }

    /// Takes in what was read from a file. If anything in it could not be, objects it held before may be in that part.
    fn take_in(&mut self, path: &Path, reading: Reading) {
        let mut objects = BTreeMap::new();
        let mut notes = reading.notes;
        let mut problems = reading.problems;
        for document in reading.documents {
            match self.decode(&document) {
                Ok(facts) => {
                    let object = document.object;
                    if objects.insert(object.clone(), facts).is_some() {
                        let reason = format!("{object} is in this file already: this one counts");
                        notes.push(Problem { origin: document.origin, reason });
                    }
                }
                Err(DocumentError::Ignore(reason)) => notes.push(Problem { origin: document.origin, reason }),
                Err(DocumentError::Broken(reason)) => problems.push(Problem { origin: document.origin, reason }),
            }
        }
        let mut told: Vec<String> = notes.iter().map(ToString::to_string).collect();
        if !problems.is_empty() {
            let before = self.files.get(path).map(|file| file.objects.clone()).unwrap_or_default();
            let kept = before.into_iter().filter(|(object, _)| !objects.contains_key(object)).collect::<Vec<_>>();
            let consequence = match kept.len() {
                0 => String::new(),
                count => format!(" (until then {count} of its objects stay as they were last read)"),
            };
            told.extend(problems.iter().map(|problem| format!("{problem}{consequence}")));
            objects.extend(kept);
        }
        told.extend(self.elsewhere(path, &objects));
        self.replace(path, objects);
        tell(&mut self.files.entry(path.to_owned()).or_default().told, told);
    }

    fn decode(&self, document: &Document) -> Result<Facts, DocumentError> {
        let stored = document.value.get("apiVersion").and_then(serde_json::Value::as_str).unwrap_or_default();
        let decoded = documents::decode(&self.settings, document)?;
        Ok(Facts {
            updates: decoded.updates,
            copy: decoded.copy,
            api_version: document.api_version.clone(),
            stored_version: stored.to_owned(),
        })
    }

    /// Notes about objects that lie in other files too.
    fn elsewhere(&self, path: &Path, objects: &BTreeMap<ObjectName, Facts>) -> Vec<String> {
        let mut notes = Vec::new();
        for object in objects.keys() {
            let others = self.places.get(object).into_iter().flatten().filter(|other| other.as_path() != path);
            for other in others {
                let counts = path.max(other);
                notes.push(format!(
                    "{}: {object} is in {} too: the one in {} counts, delete the other",
                    path.display(),
                    other.display(),
                    counts.display()
                ));
            }
        }
        notes
    }

    /// Puts these objects in place of those that the file held.
    fn replace(&mut self, path: &Path, objects: BTreeMap<ObjectName, Facts>) {
        let file = self.files.entry(path.to_owned()).or_default();
        let before = std::mem::replace(&mut file.objects, objects);
        let names: Vec<ObjectName> = file.objects.keys().cloned().collect();
        for object in before.into_keys() {
            if let Some(paths) = self.places.get_mut(&object) {
                paths.remove(path);
                if paths.is_empty() {
                    self.places.remove(&object);
                    self.meshes -= usize::from(object.kind == Kind::Mesh);
                }
            }
            self.touched.insert(object);
        }
        for object in names {
            let paths = self.places.entry(object.clone()).or_default();
            self.meshes += usize::from(object.kind == Kind::Mesh && paths.is_empty());
            paths.insert(path.to_owned());
            self.touched.insert(object);
        }
    }
}

impl File {
    fn loses_objects(&self, reading: &Reading) -> bool {
        let held: BTreeSet<&ObjectName> = reading.documents.iter().map(|document| &document.object).collect();
        self.objects.keys().any(|object| !held.contains(object))
    }
}

fn unlisted_text(unlisted: &Unlisted) -> String {
    let Unlisted { path, error } = unlisted;
    format!("{}: cannot be listed: {error}: make it readable; what was read from it before stays", path.display())
}

/// Tells what was not told before.
fn tell(before: &mut Vec<String>, now: Vec<String>) {
    for line in now.iter().filter(|line| !before.contains(line)) {
        tracing::warn!("{line}");
    }
    *before = now;
}
