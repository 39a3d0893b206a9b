//! In which files each object lies, and what stays of those that no file holds any more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dataflows::model::{Kind, ObjectName};

use super::contents::Facts;

/// Where the objects lie.
#[derive(Default)]
pub(super) struct Places {
    /// The files of each object; the last counts.
    files: BTreeMap<ObjectName, BTreeSet<PathBuf>>,
    /// What no file holds any more, as it was last read: it may lie in what cannot be read.
    missed: BTreeMap<ObjectName, Facts>,
    meshes: BTreeSet<ObjectName>,
    touched: BTreeSet<ObjectName>,
    /// Objects of which nobody has looked yet whether they lie in several files.
    unchecked: BTreeSet<ObjectName>,
    /// Objects that were said to lie in these files.
    told: BTreeMap<ObjectName, BTreeSet<PathBuf>>,
}

impl Places {
    /// The file whose word about an object counts.
    pub(super) fn file(&self, object: &ObjectName) -> Option<&Path> {
        self.files.get(object)?.last().map(PathBuf::as_path)
    }

    /// What an object said that no file holds any more.
    pub(super) fn missed(&self, object: &ObjectName) -> Option<&Facts> {
        self.missed.get(object)
    }

    /// Number of objects that no file holds any more.
    pub(super) fn missed_count(&self) -> usize {
        self.missed.len()
    }

    /// Whether there is any Mesh.
    pub(super) fn has_mesh(&self) -> bool {
        !self.meshes.is_empty()
    }

    /// The objects that may say something else than when this was last asked.
    pub(super) fn take_touched(&mut self) -> BTreeSet<ObjectName> {
        std::mem::take(&mut self.touched)
    }

    /// Notes that a file holds these objects, in place of those that it held. What now lies nowhere is missed until
    /// [`Self::forget_missed`].
    pub(super) fn replace<'o>(
        &mut self,
        path: &Path,
        before: BTreeMap<ObjectName, Facts>,
        now: impl Iterator<Item = &'o ObjectName>,
    ) {
        for (object, facts) in before {
            self.touch(&object);
            let Some(paths) = self.files.get_mut(&object) else { continue };
            paths.remove(path);
            if paths.is_empty() {
                self.files.remove(&object);
                self.missed.insert(object, facts);
            }
        }
        for object in now {
            self.touch(object);
            self.missed.remove(object);
            if object.kind == Kind::Mesh {
                self.meshes.insert(object.clone());
            }
            self.files.entry(object.clone()).or_default().insert(path.to_owned());
        }
    }

    /// Believes that what no file holds any more is gone.
    pub(super) fn forget_missed(&mut self) {
        for object in std::mem::take(&mut self.missed).into_keys() {
            self.meshes.remove(&object);
            self.touched.insert(object);
        }
    }

    /// What has to be said about objects that lie in several files, once for the same files. For when all files that are
    /// gone are known to be.
    pub(super) fn doubles(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        for object in std::mem::take(&mut self.unchecked) {
            let paths = self.files.get(&object).filter(|paths| paths.len() > 1).cloned().unwrap_or_default();
            let before = self.told.remove(&object);
            let Some(last) = paths.last() else { continue };
            if before.as_ref() != Some(&paths) {
                let all: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                let (all, last) = (all.join(" and in "), last.display());
                notes.push(format!("{object} is in {all}: the one in {last} counts, delete the other"));
            }
            self.told.insert(object, paths);
        }
        notes
    }

    fn touch(&mut self, object: &ObjectName) {
        self.touched.insert(object.clone());
        self.unchecked.insert(object.clone());
    }
}
