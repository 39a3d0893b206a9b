//! The incremental answer equals recomputation from scratch: at every epoch, to the last task, with no change too many.
//!
//! `DELTAGATE_SEEDS=<count>` plays more histories, `DELTAGATE_SEED=<seed>` only one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::num::NonZeroUsize;

use dataflows::model::{Action, Fact, Key, ObjectName, Settings, Task, Update};
use kit::oracle::{self, difference};
use kit::processes::{Shape, Subject};
use kit::world::{Answers, Event, History, Random};

/// Histories that are played unless more are asked for.
const SEEDS: u64 = 320;
/// The same with several workers, which take longer for each epoch.
const SEEDS_OF_WORKERS: u64 = 24;
/// The same with several processes, which take longer still.
const SEEDS_OF_PROCESSES: u64 = 6;
const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();
const FOUR: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// How often the cluster may have to answer until nothing is left to do.
const ROUNDS_MAX: usize = 8;

type Tasks = BTreeMap<Key, Task>;
type Facts = BTreeMap<Key, Vec<Fact>>;
type Changes = Vec<(Key, Option<Task>)>;

/// What went wrong, and in which epoch.
struct Failure {
    epoch: usize,
    what: String,
}

/// An engine, what it was told, and what it has asked for since.
struct Run {
    subject: Subject,
    shape: Shape,
    settings: Settings,
    facts: Facts,
    tasks: Tasks,
    epochs: usize,
}

impl Run {
    fn new(settings: &Settings, shape: Shape) -> Self {
        let subject = shape.start(settings);
        Self { subject, shape, settings: settings.clone(), facts: Facts::new(), tasks: Tasks::new(), epochs: 0 }
    }

    /// What sources say when all this happens now.
    fn updates(&self, events: &[Event]) -> Vec<Update> {
        let mut updates = Vec::new();
        for event in events {
            match event {
                Event::Change(update) => updates.push(update.clone()),
                Event::Answers(answers) => updates.extend(answers.updates(&self.settings, &self.tasks)),
            }
        }
        updates
    }

    /// Closes an epoch without a question.
    fn advance(&mut self, updates: Vec<Update>) -> Changes {
        for update in &updates {
            self.facts.insert(update.source, update.facts.clone());
        }
        self.epochs += 1;
        let changes = self.subject.step(updates);
        let changes: Changes = changes.iter().map(|(key, task)| (*key, task.as_deref().cloned())).collect();
        for (key, task) in &changes {
            match task {
                Some(task) => drop(self.tasks.insert(*key, task.clone())),
                None => drop(self.tasks.remove(key)),
            }
        }
        changes
    }

    /// Closes an epoch and holds what it changed against the answers of the oracle before and after.
    fn check(&mut self, updates: Vec<Update>) -> Result<Changes, Failure> {
        let before = self.tasks.clone();
        let changes = self.advance(updates);
        let fail = |what| Err(Failure { epoch: self.epochs - 1, what });
        let expected = oracle::tasks(&self.settings, &self.facts);
        if self.tasks != expected {
            return fail(difference("the engine", &self.tasks, "the oracle", &expected));
        }
        for (key, task) in &changes {
            if before.get(key) == task.as_ref() {
                return fail(format!("reported as a change, but is as before: {task:#?}"));
            }
        }
        match stuck(&self.tasks) {
            stuck if stuck.is_empty() => Ok(changes),
            stuck => fail(format!("wait for each other or for nothing: {stuck:?}")),
        }
    }
}

/// Tasks that would never be done although everything that can be done is.
fn stuck(tasks: &Tasks) -> BTreeSet<String> {
    let mut waiting: BTreeMap<Key, &Task> = tasks.iter().map(|(key, task)| (*key, task)).collect();
    loop {
        let free = |task: &Task| {
            task.blocked_by.iter().all(|by| tasks.contains_key(&by.key()) && !waiting.contains_key(&by.key()))
        };
        let done: Vec<_> = waiting.iter().filter(|(_, task)| free(task)).map(|(key, _)| *key).collect();
        if done.is_empty() {
            return waiting.values().map(|task| task.pending.object.to_string()).collect();
        }
        waiting.retain(|key, _| !done.contains(key));
    }
}

/// What a history comes to, with its answers made out.
struct Played {
    epochs: Vec<(Vec<Update>, Changes)>,
    tasks: Tasks,
}

/// Plays a history with every check there is.
fn play(history: &History, seed: u64, shape: Shape) -> Result<(), Failure> {
    let mut run = Run::new(&history.settings, shape);
    let mut played = Played { epochs: Vec::new(), tasks: Tasks::new() };
    for events in &history.epochs {
        let updates = run.updates(events);
        let changes = run.check(updates.clone())?;
        played.epochs.push((updates, changes));
    }
    played.tasks.clone_from(&run.tasks);
    settle(&mut run)?;
    undo(&mut run)?;
    regroup(history, &played, seed, run.shape)
}

/// Once every write succeeds, nothing is left but what stands in the way.
fn settle(run: &mut Run) -> Result<(), Failure> {
    for _ in 0..ROUNDS_MAX {
        let answers = Answers::obedient().updates(&run.settings, &run.tasks);
        if answers.is_empty() {
            break;
        }
        run.check(answers)?;
    }
    // What waits for something in the way cannot be done either, nor can what waits for that.
    let mut in_the_way: BTreeSet<_> = run.tasks.values().filter(|task| is_obstructed(task)).map(object).collect();
    loop {
        let waits = |task: &&Task| task.blocked_by.iter().any(|by| in_the_way.contains(by));
        let more: Vec<_> = run.tasks.values().filter(waits).map(object).collect();
        let before = in_the_way.len();
        in_the_way.extend(more);
        if in_the_way.len() == before {
            break;
        }
    }
    let in_the_way = |task: &&Task| in_the_way.contains(&task.pending.object);
    match run.tasks.values().find(|task| !in_the_way(task)) {
        None => Ok(()),
        Some(task) => Err(Failure { epoch: run.epochs, what: format!("never comes to rest: {task:#?}") }),
    }
}

fn is_obstructed(task: &Task) -> bool {
    matches!(task.pending.action, Action::Obstructed(_))
}

fn object(task: &Task) -> ObjectName {
    task.pending.object.clone()
}

/// Nothing is asked for once nothing is asserted.
fn undo(run: &mut Run) -> Result<(), Failure> {
    let sources: Vec<Key> = run.facts.keys().copied().collect();
    run.check(sources.into_iter().map(|source| Update { source, facts: Vec::new() }).collect())?;
    match run.tasks.values().next() {
        None => Ok(()),
        Some(task) => Err(Failure { epoch: run.epochs, what: format!("left after everything is gone: {task:#?}") }),
    }
}

/// The order inside an epoch means nothing, and where epochs end means nothing for the outcome.
fn regroup(history: &History, played: &Played, seed: u64, shape: Shape) -> Result<(), Failure> {
    let mut random = Random::new(seed);
    let last = played.epochs.len();
    let mut shuffled = Run::new(&history.settings, shape);
    for (epoch, (updates, changes)) in played.epochs.iter().enumerate() {
        if shuffled.advance(shuffle(&mut random, updates)) != *changes {
            return Err(Failure { epoch, what: "another order inside the epoch changes the outcome".to_owned() });
        }
    }
    let all: Vec<Update> = played.epochs.iter().flat_map(|(updates, _)| updates.clone()).collect();
    let mut together = Run::new(&history.settings, shape);
    together.advance(shuffle(&mut random, &all));
    let mut single = Run::new(&history.settings, shape);
    for update in all {
        single.advance(vec![update]);
    }
    for (name, run) in [("all in one epoch", together), ("an epoch per update", single)] {
        if run.tasks != played.tasks {
            let what = difference(name, &run.tasks, "the history", &played.tasks);
            return Err(Failure { epoch: last, what });
        }
    }
    Ok(())
}

/// The last update of each source, in another order, the facts of each in another order.
fn shuffle(random: &mut Random, updates: &[Update]) -> Vec<Update> {
    let latest: BTreeMap<Key, &Update> = updates.iter().map(|update| (update.source, update)).collect();
    let mut shuffled: Vec<Update> = latest.into_values().cloned().collect();
    random.shuffle(&mut shuffled);
    for update in &mut shuffled {
        random.shuffle(&mut update.facts);
    }
    shuffled
}

/// Drops epochs and events as long as anything still fails.
fn shrink(mut history: History, seed: u64, shape: Shape) -> History {
    loop {
        let epochs = (0..history.epochs.len()).map(|epoch| {
            let mut cut = history.clone();
            cut.epochs.remove(epoch);
            cut
        });
        let events = history.epochs.iter().enumerate().flat_map(|(epoch, events)| {
            let history = &history;
            (0..events.len()).map(move |event| {
                let mut cut = history.clone();
                cut.epochs[epoch].remove(event);
                cut
            })
        });
        match epochs.chain(events).find(|cut| play(cut, seed, shape).is_err()) {
            Some(cut) => history = cut,
            None => return history,
        }
    }
}

fn explain(history: &History, seed: u64, shape: Shape) -> String {
    let history = shrink(history.clone(), seed, shape);
    let mut text =
        format!("seed {seed}, {shape:?}: DELTAGATE_SEED={seed} cargo test --test oracle\n{:?}\n", history.settings);
    for (epoch, events) in history.epochs.iter().enumerate() {
        let _ = writeln!(text, "epoch {epoch}");
        for event in events {
            let _ = match event {
                Event::Answers(answers) => writeln!(text, "  {answers:?}"),
                Event::Change(update) if update.facts.is_empty() => writeln!(text, "  {:?} is gone", update.source),
                Event::Change(update) => writeln!(text, "  {:?} asserts", update.source),
            };
            if let Event::Change(update) = event {
                for fact in &update.facts {
                    let _ = writeln!(text, "    {:?}", fact.row);
                }
            }
        }
    }
    if let Err(failure) = play(&history, seed, shape) {
        let _ = writeln!(text, "in epoch {}:\n{}", failure.epoch, failure.what);
    }
    text
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn the_engine_answers_as_the_oracle_does_at_every_epoch() {
    answer(SEEDS, Shape::Workers(NonZeroUsize::MIN));
}

#[test]
fn however_many_workers_there_are_the_answer_is_the_same() {
    for workers in [TWO, FOUR] {
        answer(SEEDS_OF_WORKERS, Shape::Workers(workers));
    }
}

#[test]
fn however_many_processes_there_are_the_answer_is_the_same() {
    for (processes, workers) in [(TWO, NonZeroUsize::MIN), (FOUR, NonZeroUsize::MIN), (TWO, TWO)] {
        answer(SEEDS_OF_PROCESSES, Shape::Processes(processes, workers));
    }
}

/// Plays so many histories, unless others are asked for.
fn answer(seeds: u64, shape: Shape) {
    let seeds = number("DELTAGATE_SEED").map_or(0..number("DELTAGATE_SEEDS").unwrap_or(seeds), |seed| seed..seed + 1);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let failures: Vec<String> = std::thread::scope(|scope| {
        let share = |thread| {
            let mut share = seeds.clone().filter(move |seed| seed % threads == thread);
            scope.spawn(move || {
                share.find_map(|seed| {
                    let history = History::random(seed);
                    play(&history, seed, shape).is_err().then(|| explain(&history, seed, shape))
                })
            })
        };
        let running: Vec<_> = (0..threads).map(share).collect();
        running.into_iter().filter_map(|thread| thread.join().expect("an engine must not panic")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What has to occur among tasks.
const EVENTS: [&str; 10] = [
    "move",
    "remove",
    "obstructed",
    "refused",
    "waiting",
    "MeshHTTPRoute",
    "MeshTCPRoute",
    "GatewayClass",
    "ListenerSet",
    "Secret",
];

/// What has to occur in what is written.
const TEXTS: [&str; 17] = [
    "InvalidCertificateRef",
    "Shadowed",
    "RefNotPermitted",
    "NotAllowedByListeners",
    "NoMatchingListenerHostname",
    "Pending",
    "PortNotHTTP",
    "UnsupportedProtocol",
    "is headless",
    "producer-route-",
    "consumer-route-",
    "producer-unmatched-",
    "Conflicted",
    "deltagate.io/hostname",
    "MeshMultiZoneService",
    "MeshExternalService",
    "bank",
];

/// In how many histories each of them has to occur.
const HISTORIES_MIN: usize = 4;

/// A test that finds nothing because nothing happens is worth nothing. The rarest of it occurs in one history of twenty.
#[test]
fn histories_are_full_of_events() {
    let mut missing: BTreeMap<&str, usize> = EVENTS.into_iter().chain(TEXTS).map(|it| (it, HISTORIES_MIN)).collect();
    for seed in 0..SEEDS {
        for event in events_of(&History::random(seed)) {
            missing.entry(event).and_modify(|count| *count = count.saturating_sub(1));
        }
        missing.retain(|_, count| *count > 0);
        if missing.is_empty() {
            return;
        }
    }
    panic!("{SEEDS} histories have too few of these: {missing:?}");
}

/// What occurs in a history.
fn events_of(history: &History) -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    let mut run = Run::new(&history.settings, Shape::Workers(NonZeroUsize::MIN));
    for events in &history.epochs {
        let updates = run.updates(events);
        run.advance(updates);
        run.tasks.values().for_each(|task| note(&mut seen, task));
    }
    seen
}

fn note(seen: &mut BTreeSet<&'static str>, task: &Task) {
    seen.insert(task.pending.object.kind.name());
    seen.insert(match &task.pending.action {
        Action::Write(_) => "write",
        Action::Remove { then: Some(_), .. } => "move",
        Action::Remove { then: None, .. } => "remove",
        Action::Obstructed(_) => "obstructed",
    });
    seen.extend(task.pending.refusal.as_ref().map(|_| "refused"));
    seen.extend(task.blocked_by.first().map(|_| "waiting"));
    if let Action::Write(desired) = &task.pending.action {
        let text = dataflows::manifest::render(&Settings::default(), desired).to_string();
        seen.extend(TEXTS.into_iter().filter(|expected| text.contains(*expected)));
    }
}
