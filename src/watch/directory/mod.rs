//! The source of `run --from`: a directory of YAML and JSON, whose edits are the watch.
//!
//! Nothing is taken for deleted because it could not be read: a file that is broken keeps the objects it held when it
//! was last read, and so does the whole directory while it is not there. At the start nothing was read before: then the
//! directory does not count as read until all of it could be.

mod contents;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, select};
use dataflows::model::{Kind, ObjectName, Settings, Update};

use self::contents::{Contents, Look};
use crate::admin::metrics::Metrics;
use crate::documents::{self, Changes, Document};
use crate::engine_thread::Readiness;
use crate::events::Event;
use crate::output::files::OutputDirectory;
use crate::output::sightings::Sightings;
use crate::output::{Separated, separate};
use crate::vault::Vault;

/// The name under which the engine thread waits for the directory.
pub const INPUT: &str = "input directory";

/// What is gone is looked for once more after this.
const SECOND_LOOK: Duration = Duration::from_millis(150);

/// The same after the directory was not there: whoever brings it back may need a while to fill it.
const SECOND_LOOK_AFTER_RETURN: Duration = Duration::from_secs(2);

/// Follows a directory.
pub struct DirectorySource {
    /// The settings of the engine.
    pub settings: Settings,
    /// The directory.
    pub directory: PathBuf,
    /// What input and output show.
    pub sightings: Sightings,
    /// Where the contents of Secrets go.
    pub vault: Vault,
    /// Where what is generated lies.
    pub output: OutputDirectory,
    /// Where it is said what the start waits for.
    pub readiness: Readiness,
    /// Where what cannot be read is counted.
    pub metrics: Arc<Metrics>,
    /// Where events go.
    pub events: Sender<Event>,
}

/// The engine thread is gone: there is nobody to tell.
#[derive(Debug)]
struct Gone;

impl DirectorySource {
    /// Starts the thread. It ends when the sender of `stop` is dropped or the engine is gone.
    pub fn spawn(self, stop: Receiver<()>) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("watch".to_owned()).spawn(move || {
            // An error means that the engine is gone, and then so is the reason to watch.
            let _ = self.follow(&stop);
        })
    }

    fn follow(&self, stop: &Receiver<()>) -> Result<(), Gone> {
        let mut changes = Changes::of(&self.directory);
        let mut contents = Contents::new(self.settings.clone(), self.directory.clone(), self.output.clone());
        let mut told = Told::default();
        let mut was_missing = false;
        loop {
            changes.looking();
            let look = contents.look();
            let missing = matches!(look, Look::Missing);
            let returned = std::mem::replace(&mut was_missing, missing) && !missing;
            let touched = contents.take_touched();
            self.tell(&contents, &mut told, touched)?;
            let unreadable = contents.unreadable();
            self.metrics.unreadable(unreadable.len());
            if !told.complete && !self.is_held_up(&mut told, &unreadable) {
                self.tell_meshes(&contents, &mut told)?;
                self.events.send(Event::Complete { input: INPUT }).map_err(|_| Gone)?;
            }
            let stopped = match look {
                Look::Unsettled if returned => is_stopped(stop, SECOND_LOOK_AFTER_RETURN),
                Look::Unsettled => is_stopped(stop, SECOND_LOOK),
                Look::Seen | Look::Missing => !wait(&mut changes, stop),
            };
            if stopped {
                return Ok(());
            }
        }
    }

    /// Whether the start has to wait for what cannot be read: what was generated from it would be deleted, and what
    /// refers to it would break. Where nothing was generated yet, all the rest can go on.
    fn is_held_up(&self, told: &mut Told, unreadable: &[String]) -> bool {
        let obstacle = unreadable
            .first()
            .filter(|_| self.output.holds_ours())
            .map(|first| format!("{first}{}", contents::and_more(unreadable.len())));
        if let Some(obstacle) = obstacle.as_ref().filter(|obstacle| told.obstacle.as_ref() != Some(obstacle)) {
            tracing::warn!(
                "{obstacle} cannot be read: nothing is written or deleted until all of {} was read once; mend it, or move \
                it out of the directory",
                self.directory.display()
            );
        }
        self.readiness.explain(obstacle.as_ref().map(|obstacle| format!("{obstacle} cannot be read")));
        told.obstacle = obstacle;
        told.obstacle.is_some()
    }

    /// Tells what these objects are now, where that differs from what was told.
    fn tell(&self, contents: &Contents, told: &mut Told, touched: BTreeSet<ObjectName>) -> Result<(), Gone> {
        for object in touched {
            let facts = contents.current(&object);
            self.vault.keep(&object, facts.and_then(|facts| facts.copy.clone()));
            let updates = facts.map_or_else(Vec::new, |facts| facts.updates.clone());
            self.tell_object(told, object, facts.map(|facts| facts.api_version.as_str()), updates)?;
        }
        if told.complete { self.tell_meshes(contents, told) } else { Ok(()) }
    }

    /// Assumes a Mesh as long as no file holds one.
    fn tell_meshes(&self, contents: &Contents, told: &mut Told) -> Result<(), Gone> {
        told.complete = true;
        let assumed = documents::assumed_mesh();
        if contents.current(&assumed.object).is_some() {
            return Ok(());
        }
        let updates = if contents.has_mesh() { Vec::new() } else { decode_assumed(&self.settings, &assumed) };
        self.tell_object(told, assumed.object, None, updates)
    }

    /// What an input object shows of objects and statuses that we write lies in the output directory, and the sink tells
    /// it; only an object of somebody else, in whose place ours would be, is told from here.
    fn tell_object(
        &self,
        told: &mut Told,
        object: ObjectName,
        version: Option<&str>,
        updates: Vec<Update>,
    ) -> Result<(), Gone> {
        let Separated { facts, observed } = separate(&object, updates);
        let foreign = observed.filter(|observed| !observed.ours);
        self.sightings.input(&object, version, foreign, |observation| {
            let before = told.objects.get(&object).map_or(&[][..], Vec::as_slice);
            if before == facts && observation.is_none() {
                return Ok(());
            }
            let kept = |source| facts.iter().any(|update| update.source == source);
            let silent = before.iter().filter(|update| !kept(update.source));
            let silent = silent.map(|update| Update { source: update.source, facts: Vec::new() });
            let updates = facts.iter().cloned().chain(silent).chain(observation).collect();
            if facts.is_empty() {
                told.objects.remove(&object);
            } else {
                told.objects.insert(object.clone(), facts);
            }
            let event = Event::Changed { trigger: object.clone(), updates, heard: Instant::now() };
            self.events.send(event).map_err(|_| Gone)
        })
    }
}

/// Waits until it is time to look again; `false` if it is time to stop.
fn wait(changes: &mut Changes, stop: &Receiver<()>) -> bool {
    loop {
        select! {
            recv(stop) -> _ => return false,
            recv(changes.changed()) -> _ => return true,
            default(changes.pause()) => {}
        }
        if changes.is_due() {
            return true;
        }
    }
}

/// Waits this long, whatever changes, and says whether it is time to stop.
fn is_stopped(stop: &Receiver<()>, pause: Duration) -> bool {
    !matches!(stop.recv_timeout(pause), Err(RecvTimeoutError::Timeout))
}

/// What the engine was told last.
#[derive(Default)]
struct Told {
    objects: BTreeMap<ObjectName, Vec<Update>>,
    complete: bool,
    /// What the start waits for.
    obstacle: Option<String>,
}

fn decode_assumed(settings: &Settings, assumed: &Document) -> Vec<Update> {
    debug_assert_eq!(assumed.object.kind, Kind::Mesh);
    documents::decode(settings, assumed).map(|decoded| decoded.updates).unwrap_or_default()
}
