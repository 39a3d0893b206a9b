//! Where the engine thread waits: for events, and in a cluster of processes also for calls of the others.

use std::io;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, bounded};
use dataflows::Engine;
use dataflows::engine::Share;

use crate::events::Event;

/// Events that wait between the two threads at most. The queue in front of them is where they pile up.
const RELAYED_MAX: usize = 256;

/// What came of waiting.
pub(super) enum Waited {
    /// Something happened.
    Event(Event),
    /// Another process has closed an epoch.
    Called,
    /// Nothing until the time was over.
    Late,
    /// Nobody can tell of anything any more.
    Ended,
}

/// The events of one process.
pub(super) enum Intake {
    /// All there are.
    Whole(Receiver<Event>),
    /// Those of a share of all objects. The sources read them all, as an API server cannot tell the shares apart.
    Part(Receiver<Event>, Share),
}

impl Intake {
    /// Made on the thread of the engine, which others wake from then on.
    pub(super) fn new(events: Receiver<Event>, share: Share) -> io::Result<Self> {
        if share == Share::WHOLE {
            return Ok(Self::Whole(events));
        }
        let (relay, relayed) = bounded(RELAYED_MAX);
        let engine = thread::current();
        // A channel does not wake a thread that sleeps where the other processes can wake it.
        thread::Builder::new().name("events".to_owned()).spawn(move || {
            for event in events {
                if relay.send(event).is_err() {
                    return;
                }
                engine.unpark();
            }
            drop(relay);
            engine.unpark();
        })?;
        Ok(Self::Part(relayed, share))
    }

    /// The next event, wherever from; `None` once nobody can tell of anything any more.
    pub(super) fn next(&self) -> Option<Event> {
        match self {
            Self::Whole(events) => events.recv().ok(),
            Self::Part(events, share) => events.iter().find(|event| is_of(*share, event)),
        }
    }

    /// What is there already.
    pub(super) fn ready(&self) -> impl Iterator<Item = Event> {
        let (events, share) = match self {
            Self::Whole(events) => (events, Share::WHOLE),
            Self::Part(events, share) => (events, *share),
        };
        events.try_iter().filter(move |event| is_of(share, event))
    }

    /// Waits for something, at most until a time.
    pub(super) fn wait(&self, engine: &mut Engine, until: Option<Instant>) -> Waited {
        match self {
            Self::Whole(events) => match until {
                None => events.recv().map_or(Waited::Ended, Waited::Event),
                Some(until) => match events.recv_deadline(until) {
                    Ok(event) => Waited::Event(event),
                    Err(RecvTimeoutError::Timeout) => Waited::Late,
                    Err(RecvTimeoutError::Disconnected) => Waited::Ended,
                },
            },
            Self::Part(events, share) => wait_for_others(engine, until, || {
                loop {
                    match events.try_recv() {
                        Ok(event) if is_of(*share, &event) => return Some(Waited::Event(event)),
                        Ok(_) => {}
                        Err(TryRecvError::Disconnected) => return Some(Waited::Ended),
                        Err(TryRecvError::Empty) => return None,
                    }
                }
            }),
        }
    }
}

fn wait_for_others(engine: &mut Engine, until: Option<Instant>, mut look: impl FnMut() -> Option<Waited>) -> Waited {
    loop {
        if let Some(found) = look() {
            return found;
        }
        if engine.is_called() {
            return Waited::Called;
        }
        let rest = until.map(|until| until.saturating_duration_since(Instant::now()));
        if rest.is_some_and(|rest| rest.is_zero()) {
            return Waited::Late;
        }
        engine.rest(rest);
    }
}

/// Whether an event is about an object of this share.
fn is_of(share: Share, event: &Event) -> bool {
    match event {
        Event::Changed { trigger: object, .. } | Event::Answered { object, .. } => share.owns(object),
        Event::Complete { .. } => true,
    }
}
