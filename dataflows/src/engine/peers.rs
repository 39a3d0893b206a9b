//! Workers beside the one that the engine's own thread steps: each on a thread of its own, with its share of all keys, in
//! this process and perhaps in others.

use std::any::Any;
use std::io;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use timely::WorkerConfig;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::{ProcessBuilder, Thread};
use timely::communication::{Allocator, AllocatorBuilder, Hooks};
use timely::worker::Worker;

use super::share::Share;

/// How long the engine's own worker sleeps at most while others still work. They wake it before.
const PATIENCE: Duration = Duration::from_millis(10);

/// The processes of a cluster as one of them sees them.
#[derive(Debug)]
pub struct Cluster {
    /// Which of them this is, from 0.
    pub process: usize,
    /// A connection to each; `None` in the place of this one.
    pub sockets: Vec<Option<TcpStream>>,
}

impl Cluster {
    /// What of all objects is this process's.
    pub const fn share(&self) -> Share {
        Share { process: self.process, processes: self.sockets.len() }
    }
}

/// The other workers of a dataflow. They end with its input.
#[derive(Default)]
pub(super) struct Peers {
    threads: Vec<JoinHandle<()>>,
    /// The threads that talk to other processes. They are waited for when this is dropped.
    network: Option<Box<dyn Any>>,
}

impl Peers {
    /// The engine's own worker, and the others beside it, each of which builds the same dataflow.
    pub(super) fn start(
        workers: NonZeroUsize,
        cluster: Option<Cluster>,
        build: impl Fn(&mut Worker) + Clone + Send + 'static,
    ) -> io::Result<(Worker, Self)> {
        let mut network: Option<Box<dyn Any>> = None;
        let locals = || {
            let hooks = Hooks::default();
            ProcessBuilder::new_typed_vector(workers.get(), hooks.refill, hooks.spill)
        };
        let builders: Vec<AllocatorBuilder> = match cluster {
            None if workers.get() == 1 => {
                return Ok((worker(Allocator::Thread(Thread::default())), Self::default()));
            }
            None => locals().into_iter().map(AllocatorBuilder::Process).collect(),
            Some(Cluster { process, sockets }) => {
                let hooks = Hooks::default();
                let (builders, threads) =
                    initialize_networking_from_sockets(locals(), sockets, process, workers.get(), hooks)?;
                network = Some(Box::new(threads));
                builders.into_iter().map(AllocatorBuilder::Tcp).collect()
            }
        };
        let mut builders = builders.into_iter();
        let own = builders.next().expect("there is a builder per worker, and at least one worker");
        let others = builders.zip(1..).map(|(builder, number)| {
            let build = build.clone();
            let thread = thread::Builder::new().name(format!("engine-{number}"));
            thread.spawn(move || follow(builder, &build))
        });
        let threads = others.collect::<io::Result<_>>()?;
        Ok((worker(allocator(own)), Self { threads, network }))
    }

    /// Lets the engine's own worker do what there is to do, or sleep until the others have something for it.
    pub(super) fn step(&self, worker: &mut Worker) {
        if self.is_alone() {
            worker.step();
        } else {
            worker.step_or_park(Some(PATIENCE));
        }
    }

    const fn is_alone(&self) -> bool {
        self.threads.is_empty() && self.network.is_none()
    }

    /// Waits for the others to end, once the input is closed; those of other processes end with theirs.
    pub(super) fn end(&mut self, worker: &mut Worker) {
        while !self.is_alone() && worker.has_dataflows() {
            worker.step_or_park(Some(PATIENCE));
        }
        for other in self.threads.drain(..) {
            // A panic has ended the process.
            let _ = other.join();
        }
    }
}

/// Made on the thread that it is for, while the others make theirs: they wait for each other.
fn allocator(builder: AllocatorBuilder) -> Allocator {
    match builder {
        AllocatorBuilder::Process(builder) => Allocator::Process(builder.build()),
        AllocatorBuilder::Tcp(builder) => Allocator::Tcp(builder.build()),
        AllocatorBuilder::Thread(_) => unreachable!("a worker that is alone needs no builder"),
    }
}

fn worker(allocator: Allocator) -> Worker {
    // Parking is the caller's business: between steps the thread is the caller's.
    let config = WorkerConfig::default().idle_spin(Duration::ZERO);
    Worker::new(config, allocator, Some(Instant::now()))
}

/// The life of another worker.
fn follow(builder: AllocatorBuilder, build: &impl Fn(&mut Worker)) {
    let _alarm = Alarm;
    let mut worker = worker(allocator(builder));
    build(&mut worker);
    while worker.has_dataflows() {
        worker.step_or_park(None);
    }
}

/// The others would wait for ever for a worker that has panicked: the process ends, and the cause was told.
struct Alarm;

impl Drop for Alarm {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}
