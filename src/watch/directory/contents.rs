//! What the files of a directory hold, and which objects a look at them has touched.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use dataflows::model::{ObjectName, Settings, Update};

use super::places::Places;
use crate::documents::{
    self, Document, DocumentError, Identity, Listing, Problem, Reading, Stamp, TextHash, Unlisted, printable,
};
use crate::output::files::OutputDirectory;
use crate::vault::CopyValue;

/// What a look at the directory came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Everything that could be read is known.
    Seen,
    /// The same, but something is gone: look once more, for only then it is believed.
    Unsettled,
    /// The directory is not there, cannot be listed, or is empty as if it were not there: everything stays as it was.
    Missing,
}

/// What one object says in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) updates: Vec<Update>,
    pub(super) copy: Option<CopyValue>,
    pub(super) api_version: String,
}

/// The files and the objects they hold.
pub(super) struct Contents {
    settings: Settings,
    root: PathBuf,
    output: OutputDirectory,
    files: BTreeMap<PathBuf, File>,
    places: Places,
    /// Why the directory could not be looked at, if it could not.
    missing: Option<String>,
    /// Which directory it was that files were last found in, or that was found to be empty.
    identity: Option<Identity>,
    /// What could not be listed at the last look.
    unlisted: BTreeSet<PathBuf>,
    /// Files that were gone at the last look.
    gone_before: BTreeSet<PathBuf>,
    /// What was told about the directory, so that it is told once.
    told: Vec<String>,
    /// What was told about objects that no file holds any more.
    told_missed: Vec<String>,
}

/// One file as it was last read.
#[derive(Default)]
struct File {
    /// `None` if it must be read again in any case.
    stamp: Option<Stamp>,
    text_hash: Option<TextHash>,
    /// A text that lacks objects which were there: believed when it is seen a second time.
    doubtful: Option<TextHash>,
    objects: BTreeMap<ObjectName, Facts>,
    /// Where in it something cannot be read.
    unreadable: Vec<String>,
    /// What was told about it, so that it is told once.
    told: Vec<String>,
}

impl Contents {
    pub(super) fn new(settings: Settings, root: PathBuf, output: OutputDirectory) -> Self {
        Self {
            settings,
            root,
            output,
            files: BTreeMap::new(),
            places: Places::default(),
            missing: None,
            identity: None,
            unlisted: BTreeSet::new(),
            gone_before: BTreeSet::new(),
            told: Vec::new(),
            told_missed: Vec::new(),
        }
    }

    /// What an object says now.
    pub(super) fn current(&self, object: &ObjectName) -> Option<&Facts> {
        match self.places.file(object) {
            Some(path) => self.files.get(path)?.objects.get(object),
            None => self.places.missed(object),
        }
    }

    /// Whether any file holds a Mesh.
    pub(super) fn has_mesh(&self) -> bool {
        self.places.has_mesh()
    }

    /// The objects that may say something else than when this was last asked.
    pub(super) fn take_touched(&mut self) -> BTreeSet<ObjectName> {
        self.places.take_touched()
    }

    /// What cannot be read, as places: documents, files, directories.
    pub(super) fn unreadable(&self) -> Vec<String> {
        let shown = |path: &Path| printable(&path.display().to_string());
        let root = self.missing.iter().map(|_| shown(&self.root));
        let unlisted = self.unlisted.iter().map(|path| shown(path));
        let inside = self.files.values().flat_map(|file| file.unreadable.iter().cloned());
        root.chain(unlisted).chain(inside).collect()
    }

    /// Reads what is new or different. What is gone stays until a second look in a row says the same: editors replace
    /// or empty a file before they write it, and a directory that is being deleted loses its files first. It stays as
    /// well while anything cannot be read, for it may have been moved there.
    pub(super) fn look(&mut self) -> Look {
        let Some(listing) = self.list() else { return Look::Missing };
        let mut settled = true;
        for path in &listing.files {
            settled &= self.read(path);
        }
        let gone = self.gone(&listing);
        for path in &gone {
            if self.gone_before.contains(path) {
                tracing::debug!(file = ?path, "the file is gone");
                let file = self.files.remove(path).unwrap_or_default();
                self.places.replace(path, file.objects, std::iter::empty());
            } else {
                settled = false;
            }
        }
        self.gone_before = gone;
        self.judge_missed();
        if !settled {
            return Look::Unsettled;
        }
        self.places.doubles().iter().for_each(|note| warn(note));
        Look::Seen
    }

    /// What no file holds any more is gone, if everything could be read.
    fn judge_missed(&mut self) {
        let unreadable = self.unreadable();
        let mut told = Vec::new();
        match (unreadable.first(), self.places.missed_count()) {
            (None, _) => self.places.forget_missed(),
            (Some(_), 0) => {}
            (Some(first), count) => told.push(format!(
                "{count} of the objects that no file holds any more stay as they were last read, for they may lie in what \
                cannot be read: mend {first}{}",
                and_more(unreadable.len())
            )),
        }
        tell(&mut self.told_missed, told);
    }

    fn gone(&self, listing: &Listing) -> BTreeSet<PathBuf> {
        let known = |path: &Path| listing.files.contains(path);
        let unlisted = |path: &Path| listing.unlisted.iter().any(|unlisted| path.starts_with(&unlisted.path));
        self.files.keys().filter(|path| !known(path) && !unlisted(path)).cloned().collect()
    }

    fn list(&mut self) -> Option<Listing> {
        let root = self.root.display();
        let (listing, missing) = match documents::list(&self.root) {
            Ok(listing) => {
                let missing = self.is_empty_like_missing(&listing).then(|| {
                    format!(
                        "{root}: the directory holds no *.yaml, *.yml or *.json file, as if it were not mounted yet: \
                        everything stays as it is until it does; if all is to go, put an empty file there"
                    )
                });
                (Some(listing), missing)
            }
            Err(error) => {
                let reason = format!(
                    "{root}: the directory cannot be read ({error}): bring it back or make it readable; \
                    until then everything stays as it is"
                );
                (None, Some(reason))
            }
        };
        if let Some(reason) = missing {
            if self.missing.as_ref() != Some(&reason) {
                warn(&reason);
            }
            self.missing = Some(reason);
            return None;
        }
        if self.missing.take().is_some() {
            tracing::info!(directory = ?self.root, "the directory can be read again");
        }
        let listing = listing?;
        self.identity = Identity::of(&self.root);
        tell(&mut self.told, listing.unlisted.iter().map(unlisted_text).collect());
        let unlisted = listing.unlisted.iter().map(|unlisted| unlisted.path.clone()).collect();
        for path in std::mem::replace(&mut self.unlisted, unlisted).difference(&self.unlisted) {
            tracing::info!(path = ?path, "can be read again, or is gone");
        }
        Some(listing)
    }

    /// Whether an empty directory has to be taken for one that is not there, say a mount that is not there yet or any
    /// more: what was generated must have been generated from something. Files that are deleted one by one while this
    /// watches are another matter.
    fn is_empty_like_missing(&self, listing: &Listing) -> bool {
        if !listing.files.is_empty() || !listing.unlisted.is_empty() {
            return false;
        }
        match self.identity {
            Some(identity) => Identity::of(&self.root) != Some(identity),
            None => self.output.holds_ours(),
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
                self.files.entry(path.to_owned()).or_default().refused(path, &error);
                return true;
            }
        };
        let text_hash = Some(TextHash::of(&bytes));
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
        let file = self.files.entry(path.to_owned()).or_default();
        let before = std::mem::take(&mut file.objects);
        let mut told: Vec<String> = notes.iter().map(ToString::to_string).collect();
        if !problems.is_empty() {
            let kept = before.iter().filter(|(object, _)| !objects.contains_key(object));
            let kept: Vec<_> = kept.map(|(object, facts)| (object.clone(), facts.clone())).collect();
            let consequence = match kept.len() {
                0 => String::new(),
                count => format!(" (until then {count} of its objects stay as they were last read)"),
            };
            told.extend(problems.iter().map(|problem| format!("{problem}{consequence}")));
            objects.extend(kept);
        }
        file.objects = objects;
        file.note(path, problems.iter().map(|problem| problem.origin.place()).collect(), told);
        self.places.replace(path, before, file.objects.keys());
    }

    fn decode(&self, document: &Document) -> Result<Facts, DocumentError> {
        let decoded = documents::decode(&self.settings, document)?;
        Ok(Facts { updates: decoded.updates, copy: decoded.copy, api_version: document.api_version.clone() })
    }
}

impl File {
    /// Notes where it cannot be read, and tells of it.
    fn note(&mut self, path: &Path, unreadable: Vec<String>, told: Vec<String>) {
        if unreadable.is_empty() && !self.unreadable.is_empty() {
            tracing::info!(file = ?path, "all of the file can be read again");
        }
        self.unreadable = unreadable;
        tell(&mut self.told, told);
    }

    /// Notes that it cannot be read at all; what it held stays.
    fn refused(&mut self, path: &Path, error: &io::Error) {
        (self.stamp, self.text_hash) = (None, None);
        let place = path.display().to_string();
        let told = format!("{place}: cannot be read: {error}: make it readable");
        self.note(path, vec![printable(&place)], vec![told]);
    }

    fn loses_objects(&self, reading: &Reading) -> bool {
        let held: BTreeSet<&ObjectName> = reading.documents.iter().map(|document| &document.object).collect();
        self.objects.keys().any(|object| !held.contains(object))
    }
}

fn unlisted_text(unlisted: &Unlisted) -> String {
    let Unlisted { path, error } = unlisted;
    format!("{}: cannot be read: {error}: make it readable; what was read from it before stays", path.display())
}

/// What follows the first of several.
pub(super) fn and_more(count: usize) -> String {
    if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() }
}

/// Tells what was not told before.
fn tell(before: &mut Vec<String>, now: Vec<String>) {
    now.iter().filter(|line| !before.contains(line)).for_each(|line| warn(line));
    *before = now;
}

fn warn(line: &str) {
    tracing::warn!("{}", printable(line));
}
