//! What was last seen of the files of a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dataflows::model::ObjectName;

use super::sightings::Shown;
use crate::documents::Stamp;

/// The files of ours in a directory, and what they were said to show.
#[derive(Debug, Default)]
pub struct Known {
    pub(super) files: BTreeMap<PathBuf, KnownFile>,
}

#[derive(Debug)]
pub(super) struct KnownFile {
    pub(super) stamp: Option<Stamp>,
    shown: Shown,
}

/// What a file shows of an object; `None` if it is gone.
pub type Sight = (ObjectName, Option<Shown>);

impl Known {
    /// Notes that this was written, and that it is told.
    pub fn wrote(&mut self, path: &Path, shown: Shown) {
        self.files.insert(path.to_owned(), KnownFile { stamp: Stamp::of(path), shown });
    }

    /// Notes that this was deleted, and that it is told.
    pub fn removed(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// Takes what a file of ours shows now; answers what has to be told.
    pub(super) fn take(&mut self, path: &Path, stamp: Option<Stamp>, now: Option<Shown>) -> Option<Sight> {
        let before = self.files.remove(path);
        let Some(shown) = now else { return Some((before?.shown.observed.object, None)) };
        let same = before.is_some_and(|before| before.shown == shown);
        self.files.insert(path.to_owned(), KnownFile { stamp, shown: shown.clone() });
        (!same).then(|| (shown.observed.object.clone(), Some(shown)))
    }
}
