//! Several engines as the processes of one cluster, on threads of this process: what they say to each other goes through
//! sockets on the loopback, as bytes.

use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dataflows::engine::Cluster;
use dataflows::model::{Key, Ref, Settings, Task, Update};
use dataflows::{Engine, Step};

/// Time between two looks for something to do. Calls of other engines and updates wake an engine before.
const LOOK: Duration = Duration::from_millis(1);

/// What one epoch changed, in all engines.
pub type Tasks = Vec<(Key, Option<Ref<Task>>)>;

/// What an engine is made of.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// So many workers in one process.
    Workers(NonZeroUsize),
    /// So many processes with so many workers each.
    Processes(NonZeroUsize, NonZeroUsize),
}

/// Engines that answer as one.
pub enum Subject {
    /// One engine.
    One(Box<Engine>),
    /// The processes of a cluster.
    Several(Processes),
}

impl Shape {
    /// Starts it.
    pub fn start(self, settings: &Settings) -> Subject {
        match self {
            Self::Workers(workers) => {
                Subject::One(Engine::with_workers(settings.clone(), workers).expect("threads for the workers").into())
            }
            Self::Processes(processes, workers) => Subject::Several(Processes::start(settings, processes, workers)),
        }
    }
}

impl Subject {
    /// Closes an epoch, and says what that changed.
    pub fn step(&mut self, updates: Vec<Update>) -> Tasks {
        match self {
            Self::One(engine) => engine.step(updates).tasks,
            Self::Several(processes) => processes.step(updates),
        }
    }
}

/// The engines. They end with the value.
pub struct Processes {
    members: Vec<Member>,
    /// Held while updates are handed out: all have theirs before one of them calls the others.
    gate: Arc<RwLock<()>>,
    steps: Receiver<Told>,
}

/// What a process tells of an epoch.
struct Told {
    process: usize,
    /// Whether it is the one with what it was given, rather than one that it was called to.
    given: bool,
    step: Step,
}

struct Member {
    updates: Option<Sender<Vec<Update>>>,
    thread: Option<JoinHandle<()>>,
}

impl Processes {
    /// Starts so many engines with so many workers each.
    pub fn start(settings: &Settings, processes: NonZeroUsize, workers: NonZeroUsize) -> Self {
        let (told, steps) = channel();
        let gate = Arc::new(RwLock::new(()));
        let members = (0..).zip(connections(processes.get())).map(|(process, sockets)| {
            let (updates, received) = channel();
            let (settings, told, gate) = (settings.clone(), told.clone(), Arc::clone(&gate));
            let cluster = Cluster { process, sockets };
            let thread = thread::spawn(move || {
                let engine = Engine::in_cluster(settings, workers, cluster).expect("an engine on the loopback");
                follow(engine, &gate, &received, |given, step| told.send(Told { process, given, step }).is_ok());
            });
            Member { updates: Some(updates), thread: Some(thread) }
        });
        Self { members: members.collect(), gate, steps }
    }

    /// Closes an epoch in all engines, each of which asserts its share of the updates.
    pub fn step(&mut self, updates: Vec<Update>) -> Tasks {
        let count = self.members.len();
        let mut shares = vec![Vec::new(); count];
        for update in updates {
            shares[usize::from(update.source.bytes()[0]) % count].push(update);
        }
        let handing_out = self.gate.write();
        for (member, share) in self.members.iter().zip(shares) {
            if let Some(updates) = &member.updates {
                updates.send(share).expect("an engine that runs");
            }
        }
        drop(handing_out);
        // Nothing else wakes an engine that rests.
        self.members.iter().filter_map(|member| member.thread.as_ref()).for_each(|engine| engine.thread().unpark());
        // An engine that had nothing to say is called afterwards by those that had.
        let (mut epochs, mut waiting, mut tasks) = (vec![None; count], count, Tasks::new());
        while waiting > 0 || epochs.iter().any(|epoch| *epoch != epochs[0]) {
            let Told { process, given, step } = self.steps.recv().expect("engines that run");
            epochs[process] = Some(step.epoch);
            waiting -= usize::from(given);
            tasks.extend(step.tasks);
        }
        tasks.sort_by_key(|(key, _)| *key);
        tasks
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // None can end before all do.
        self.members.iter_mut().for_each(|member| member.updates = None);
        for thread in self.members.iter_mut().filter_map(|member| member.thread.take()) {
            let joined = thread.join();
            if !thread::panicking() {
                joined.expect("an engine must not panic");
            }
        }
    }
}

/// The life of an engine: closes epochs when it is told to, or called to.
fn follow(mut engine: Engine, gate: &RwLock<()>, updates: &Receiver<Vec<Update>>, tell: impl Fn(bool, Step) -> bool) {
    loop {
        let called = engine.is_called();
        let taken = {
            let _handed_out = gate.read();
            updates.try_recv()
        };
        let (given, step) = match taken {
            Ok(updates) => (true, engine.step(updates)),
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) if called => (false, engine.step([])),
            Err(TryRecvError::Empty) => {
                engine.rest(Some(LOOK));
                continue;
            }
        };
        if !tell(given, step) {
            return;
        }
    }
}

/// For each process a connection to each other one.
fn connections(processes: usize) -> Vec<Vec<Option<TcpStream>>> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback");
    let address = listener.local_addr().expect("an address");
    let mut all: Vec<Vec<Option<TcpStream>>> = Vec::with_capacity(processes);
    for _ in 0..processes {
        let mut own = Vec::with_capacity(processes);
        for earlier in &mut all {
            let near = TcpStream::connect(address).expect("a connection");
            let (far, _) = listener.accept().expect("a connection");
            for socket in [&near, &far] {
                socket.set_nodelay(true).expect("a socket");
            }
            own.push(Some(near));
            earlier.push(Some(far));
        }
        own.push(None);
        all.push(own);
    }
    all
}
