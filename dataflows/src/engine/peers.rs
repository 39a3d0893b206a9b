//! Workers beside the one that the engine's own thread steps: each on a thread of its own, with its share of all keys.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use timely::communication::allocator::Thread;
use timely::communication::{Allocator, AllocatorBuilder};
use timely::worker::Worker;
use timely::{CommunicationConfig, WorkerConfig};

/// How long the engine's own worker sleeps at most while others still work. They wake it before.
const PATIENCE: Duration = Duration::from_millis(10);

/// The other workers of a dataflow. They end with its input.
#[derive(Default)]
pub(super) struct Peers(Vec<JoinHandle<()>>);

impl Peers {
    /// The engine's own worker, and the others beside it, each of which builds the same dataflow.
    pub(super) fn start(workers: usize, build: impl Fn(&mut Worker) + Clone + Send + 'static) -> (Worker, Self) {
        if workers == 1 {
            return (worker(Allocator::Thread(Thread::default())), Self::default());
        }
        let built = CommunicationConfig::Process(workers).try_build();
        let (builders, _guard) = built.expect("workers of one process need nothing that could fail");
        let mut builders = builders.into_iter();
        let own = builders.next().expect("there is at least one worker");
        let others = builders.zip(1..).map(|(builder, number)| {
            let build = build.clone();
            let thread = thread::Builder::new().name(format!("engine-{number}"));
            thread.spawn(move || follow(builder, &build)).expect("the system has threads for the workers")
        });
        let others = others.collect();
        (worker(allocator(own)), Self(others))
    }

    /// Lets the engine's own worker do what there is to do, or sleep until the others have something for it.
    pub(super) fn step(&self, worker: &mut Worker) {
        if self.0.is_empty() {
            worker.step();
        } else {
            worker.step_or_park(Some(PATIENCE));
        }
    }

    /// Waits for the others to end, once the input is closed.
    pub(super) fn end(&mut self, worker: &mut Worker) {
        if self.0.is_empty() {
            return;
        }
        while worker.has_dataflows() {
            worker.step_or_park(Some(PATIENCE));
        }
        for other in self.0.drain(..) {
            // A panic has ended the process.
            let _ = other.join();
        }
    }
}

/// Made on the thread that it is for, while the others make theirs: they wait for each other.
fn allocator(builder: AllocatorBuilder) -> Allocator {
    match builder {
        AllocatorBuilder::Process(builder) => Allocator::Process(builder.build()),
        AllocatorBuilder::Thread(_) | AllocatorBuilder::Tcp(_) => unreachable!("the workers are those of one process"),
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
