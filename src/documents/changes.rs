//! When to look at a directory again.

use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// Pause between looks where the system does not tell of changes, or the directory is not there.
const PAUSE_UNTOLD: Duration = Duration::from_secs(2);

/// Pause between looks where it does: network and container file systems sometimes keep changes to themselves.
const PAUSE_TOLD: Duration = Duration::from_secs(10);

/// Pause between checks that the directory is still the one that is watched; one `stat` each.
const PAUSE_IDENTITY: Duration = Duration::from_secs(1);

/// Which directory lies at a path: another one may be moved or made there, with the same inode even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    /// Not every file system knows.
    created: Option<SystemTime>,
}

impl Identity {
    /// That of the directory at a path, if there is one.
    pub fn of(directory: &Path) -> Option<Self> {
        let metadata = fs::metadata(directory).ok()?;
        Some(Self { device: metadata.dev(), inode: metadata.ino(), created: metadata.created().ok() })
    }
}

/// Tells when a directory may have changed.
///
/// Wait for [`Self::changed`] or for [`Self::pause`], whatever comes first, and ask [`Self::is_due`] after a pause.
pub struct Changes {
    directory: PathBuf,
    changed: Receiver<()>,
    /// One place, for one look answers any number of changes.
    sender: Sender<()>,
    watcher: Option<RecommendedWatcher>,
    watched: Option<Identity>,
    warned: bool,
    looked: Instant,
}

impl Changes {
    /// Begins to watch. The directory need not be there.
    pub fn of(directory: &Path) -> Self {
        let (sender, receiver) = bounded(1);
        let directory = directory.to_owned();
        let looked = Instant::now();
        let mut changes =
            Self { directory, changed: receiver, sender, watcher: None, watched: None, warned: false, looked };
        changes.watch();
        changes
    }

    /// Says when something changed.
    pub const fn changed(&self) -> &Receiver<()> {
        &self.changed
    }

    /// How long to wait for a change before asking [`Self::is_due`].
    pub fn pause(&self) -> Duration {
        (self.looked + self.trust()).saturating_duration_since(Instant::now()).min(PAUSE_IDENTITY)
    }

    /// Whether a look is due although no change was told.
    pub fn is_due(&mut self) -> bool {
        if Identity::of(&self.directory) != self.watched {
            self.watch();
            return true;
        }
        self.looked.elapsed() >= self.trust()
    }

    /// Notes that a look begins.
    pub fn looking(&mut self) {
        self.looked = Instant::now();
    }

    /// For how long it is wise to trust that there was no change.
    const fn trust(&self) -> Duration {
        if self.watcher.is_some() { PAUSE_TOLD } else { PAUSE_UNTOLD }
    }

    fn watch(&mut self) {
        self.watcher = None;
        self.watched = Identity::of(&self.directory);
        if self.watched.is_none() {
            return;
        }
        match self.begin() {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.warned = false;
            }
            Err(error) if !self.warned => {
                let seconds = PAUSE_UNTOLD.as_secs();
                tracing::warn!(
                    "{}: the system does not tell of changes ({error}): looking every {seconds} s instead",
                    self.directory.display()
                );
                self.warned = true;
            }
            Err(_) => {}
        }
    }

    fn begin(&self) -> notify::Result<RecommendedWatcher> {
        let sender = self.sender.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Our own reading shows as access; an error may have swallowed a change.
            if event.map_or(true, |event| !event.kind.is_access() || event.need_rescan()) {
                // Full: a look is due anyway.
                let _ = sender.try_send(());
            }
        })?;
        watcher.watch(&self.directory, RecursiveMode::Recursive)?;
        Ok(watcher)
    }
}

/// Tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    modified: SystemTime,
    size: u64,
    inode: u64,
}

/// Tells one text of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextHash(u64);

impl TextHash {
    /// That of a text.
    pub fn of(text: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Clocks of file systems tick in steps: a file younger than this may change once more with the same stamp.
const STAMP_AGE_MIN: Duration = Duration::from_millis(100);

impl Stamp {
    /// The stamp of a file; `None` if the next look has to read it in any case.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Self::settled(&metadata)
    }

    fn settled(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        let settled = modified.elapsed().is_ok_and(|age| age >= STAMP_AGE_MIN);
        settled.then_some(Self { modified, size: metadata.len(), inode: metadata.ino() })
    }
}
