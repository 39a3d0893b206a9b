//! What was last seen of the files of a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dataflows::model::ObjectName;

use super::sightings::{Shown, outdated};
use crate::documents::{Stamp, TextHash};

/// The files in a directory, and what those of ours were said to show.
#[derive(Debug, Default)]
pub struct Known {
    files: BTreeMap<PathBuf, KnownFile>,
    /// Files that show nothing of ours: those of others, and damaged ones.
    strange: BTreeMap<PathBuf, (Option<Stamp>, TextHash)>,
}

#[derive(Debug)]
struct KnownFile {
    stamp: Option<Stamp>,
    text: TextHash,
    shown: Shown,
}

/// What a file shows of an object; `None` if it is gone.
pub type Sight = (ObjectName, Option<Shown>);

impl Known {
    /// Notes that this was written, and that it is told.
    pub fn wrote(&mut self, path: &Path, text: TextHash, shown: Shown) {
        self.strange.remove(path);
        self.files.insert(path.to_owned(), KnownFile { stamp: Stamp::of(path), text, shown });
    }

    /// Notes that this was deleted, and that it is told.
    pub fn removed(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Whether a file shows something of ours.
    pub(super) fn is_ours(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    /// Whether a file is as it was, so that it need not be read.
    pub(super) fn is_unchanged(&self, path: &Path, stamp: Option<Stamp>) -> bool {
        let strange = || self.strange.get(path).map(|(stamp, _)| *stamp);
        let before = self.files.get(path).map(|file| file.stamp).or_else(strange);
        stamp.is_some() && before == Some(stamp)
    }

    /// Takes a file that shows nothing of ours. Answers whether its text is new, and what has to be told.
    pub(super) fn take_strange(&mut self, path: &Path, stamp: Option<Stamp>, text: TextHash) -> (bool, Option<Sight>) {
        let before = self.strange.insert(path.to_owned(), (stamp, text));
        (before.is_none_or(|(_, before)| before != text), self.take_gone(path))
    }

    /// Takes what a file of ours shows now; answers what has to be told. A text that is not the one we wrote has to be
    /// written again, even if it shows the same in what we look at.
    pub(super) fn take(
        &mut self,
        path: &Path,
        stamp: Option<Stamp>,
        text: TextHash,
        mut shown: Shown,
    ) -> Option<Sight> {
        self.strange.remove(path);
        let before = self.files.remove(path);
        if before.as_ref().is_some_and(|before| before.text != text && before.shown == shown) {
            shown.observed = outdated(shown.observed);
        }
        let same = before.is_some_and(|before| before.shown == shown);
        self.files.insert(path.to_owned(), KnownFile { stamp, text, shown: shown.clone() });
        (!same).then(|| (shown.observed.object.clone(), Some(shown)))
    }

    /// Forgets all files that are gone; answers what has to be told.
    pub(super) fn take_all_gone(&mut self, is_gone: impl Fn(&Path) -> bool) -> Vec<Sight> {
        self.strange.retain(|path, _| !is_gone(path));
        let gone: Vec<PathBuf> = self.files.keys().filter(|path| is_gone(path)).cloned().collect();
        gone.iter().filter_map(|path| self.take_gone(path)).collect()
    }

    fn take_gone(&mut self, path: &Path) -> Option<Sight> {
        Some((self.files.remove(path)?.shown.observed.object, None))
    }
}
