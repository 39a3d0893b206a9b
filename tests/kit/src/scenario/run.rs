use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::format::{Expectation, Scenario};
use super::memory_cluster::{Ends, MemoryCluster, Write};
use super::object_id::ObjectId;
use super::prepare::{Edit, Prepared, Stage};
use super::ways::Way;
use super::{compact_yaml, difference, golden, invariants, noise, outcome};

/// A scenario that did not turn out as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The way in which it was run.
    pub way: String,
    /// The stage after which it was seen.
    pub stage: String,
    /// What is wrong: where it is a difference, `-` is expected and `+` is what there was.
    pub problem: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  run {}, after {}:\n{}", self.way, self.stage, self.problem)
    }
}

/// Runs a scenario file in every way. The failures are those of the first way that has any, for the others are most
/// often the same.
pub fn run(path: &Path, ends: Ends<'_>) -> Result<(), Vec<Failure>> {
    let (scenario, prepared) =
        load(path).map_err(|problem| vec![failure(&"as it is written", "reading it", problem)])?;
    let mut end = None;
    for way in Way::all().into_iter().filter(|way| way.keeps_history() || !scenario.history_matters) {
        let mut runner = Runner { prepared: &prepared, way, end: end.take(), failures: Vec::new() };
        if let Err(failure) = runner.run(ends) {
            runner.failures.push(failure);
        }
        if !runner.failures.is_empty() {
            return Err(runner.failures);
        }
        end = runner.end;
    }
    Ok(())
}

/// Puts what a scenario leads to in place of what it expects, and says whether that changed the file. What it does not
/// speak of stays unspoken of; an empty expectation becomes one that speaks of everything.
pub fn rewrite(path: &Path, ends: Ends<'_>) -> Result<bool, String> {
    let (_, prepared) = load(path)?;
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mut cluster = MemoryCluster::new(prepared.settings.clone(), ends, usize::MAX);
    let mut found = Vec::new();
    for stage in &prepared.stages {
        cluster.edit(&stage.edits)?;
        cluster.settle()?;
        let writes = cluster.take_writes();
        if let Some(expected) = &stage.expect {
            let asked =
                if *expected == Expectation::default() { outcome::everything(&cluster) } else { expected.clone() };
            found.push(outcome::actual(&asked, &cluster, &writes, &|_| true));
        }
    }
    let rewritten = golden::rewrite(&text, &found)?;
    if rewritten != text {
        std::fs::write(path, &rewritten).map_err(|error| error.to_string())?;
    }
    Ok(rewritten != text)
}

fn load(path: &Path) -> Result<(Scenario, Prepared), String> {
    let scenario = Scenario::load(path)?;
    let prepared = Prepared::new(&scenario)?;
    Ok((scenario, prepared))
}

fn failure(way: &dyn fmt::Display, stage: &str, problem: impl Into<String>) -> Failure {
    Failure { way: way.to_string(), stage: stage.to_owned(), problem: problem.into() }
}

/// One run in one way.
struct Runner<'a> {
    prepared: &'a Prepared,
    way: Way,
    /// What the way that came first ended in.
    end: Option<Value>,
    failures: Vec<Failure>,
}

impl Runner<'_> {
    fn run(&mut self, ends: Ends<'_>) -> Result<(), Failure> {
        let mut cluster = MemoryCluster::new(self.prepared.settings.clone(), ends, self.way.writes_per_round());
        let noise = self.noise()?;
        self.attempt("the unrelated objects", || cluster.edit(&noise).and_then(|()| cluster.settle()))?;
        if self.way == Way::FromTheEnd {
            self.attempt("the objects", || from_the_end(self.prepared, &mut cluster))?;
        } else {
            for stage in &self.prepared.stages {
                self.stage(&mut cluster, stage)?;
            }
        }
        if self.way == Way::PutBack {
            self.put_back(&mut cluster)?;
        }
        self.compare_ends(&cluster);
        if self.way == Way::AtOnce && !self.refuses() {
            self.attempt("the last stage", || invariants::a_restart_writes_nothing(&cluster))?;
        }
        self.attempt("a start without users' objects", || invariants::a_start_clears_up(&cluster))?;
        self.delete_everything(&mut cluster, &noise)
    }

    fn stage(&mut self, cluster: &mut MemoryCluster<'_>, stage: &Stage) -> Result<(), Failure> {
        cluster.take_writes();
        for batch in self.way.batches(&stage.edits) {
            self.attempt(&stage.when, || cluster.edit(&batch.edits))?;
            if batch.settle {
                self.attempt(&stage.when, || cluster.settle())?;
            }
        }
        self.attempt(&stage.when, || cluster.settle())?;
        self.attempt(&stage.when, || invariants::generations_are_current(cluster))?;
        let writes = cluster.take_writes();
        if let Some(expected) = &stage.expect {
            self.check(cluster, stage, expected, &writes);
        }
        Ok(())
    }

    fn check(&mut self, cluster: &MemoryCluster<'_>, stage: &Stage, expected: &Expectation, writes: &[Write]) {
        let mut expected = expected.clone();
        if expected == Expectation::default() {
            let problem = "    it expects nothing: run it with UPDATE_GOLDEN=1, then read what that wrote";
            self.failures.push(failure(&self.way, &stage.when, problem));
        }
        if self.way != Way::AtOnce {
            expected.writes = None;
        }
        let actual = outcome::actual(&expected, cluster, writes, &self.counts());
        if actual != expected {
            let problem = difference::lines(&printed(&expected), &printed(&actual));
            self.failures.push(failure(&self.way, &stage.when, problem));
        }
    }

    /// The first way decides what the end is.
    fn compare_ends(&mut self, cluster: &MemoryCluster<'_>) {
        let end = outcome::snapshot(cluster, &self.counts());
        let first = self.end.get_or_insert_with(|| end.clone());
        if *first != end {
            let problem = difference::lines(&printed(first), &printed(&end));
            self.failures.push(failure(&self.way, "the last stage, in comparison with all at once", problem));
        }
    }

    fn put_back(&mut self, cluster: &mut MemoryCluster<'_>) -> Result<(), Failure> {
        for (id, object) in &self.prepared.inputs {
            let stage = format!("{id} was deleted and put back");
            for edit in [Edit::Delete(id.to_string()), Edit::Put(object.clone())] {
                self.attempt(&stage, || cluster.edit(std::slice::from_ref(&edit)).and_then(|()| cluster.settle()))?;
            }
        }
        Ok(())
    }

    fn delete_everything(&self, cluster: &mut MemoryCluster<'_>, noise: &[Edit]) -> Result<(), Failure> {
        let made =
            noise.iter().filter_map(|edit| if let Edit::Put(object) = edit { ObjectId::of(object).ok() } else { None });
        let ours = self.prepared.objects_ever().into_iter().chain(made);
        let is_there = |id: &ObjectId| cluster.objects().get(id).is_some_and(|object| !outcome::is_ours(id, object));
        let there = ours.filter(is_there).map(|id| Edit::Delete(id.to_string()));
        let mut edits: Vec<_> =
            self.prepared.stages.iter().flat_map(|stage| &stage.edits).filter_map(permitted).collect();
        edits.extend(there);
        for batch in self.way.batches(&edits) {
            self.attempt("all objects were deleted", || cluster.edit(&batch.edits))?;
            if batch.settle {
                self.attempt("all objects were deleted", || cluster.settle())?;
            }
        }
        self.attempt("all objects were deleted", || cluster.settle())?;
        self.attempt("all objects were deleted", || invariants::nothing_is_left(cluster))
    }

    fn noise(&self) -> Result<Vec<Edit>, Failure> {
        if self.way != Way::BesideNoise {
            return Ok(Vec::new());
        }
        let edits = noise::edits(&self.prepared.settings.controller_name);
        edits.map_err(|problem| failure(&self.way, "the unrelated objects", problem))
    }

    fn counts(&self) -> impl Fn(&ObjectId) -> bool + use<> {
        let noisy = self.way == Way::BesideNoise;
        move |id| !noisy || !noise::is_noise(id)
    }

    fn refuses(&self) -> bool {
        let mut edits = self.prepared.stages.iter().flat_map(|stage| &stage.edits);
        edits.any(|edit| matches!(edit, Edit::Refuse(_)))
    }

    fn attempt<T>(&self, stage: &str, act: impl FnOnce() -> Result<T, String>) -> Result<T, Failure> {
        act().map_err(|problem| failure(&self.way, stage, format!("    {problem}")))
    }
}

/// What takes back a refusal, so that it does not keep what should be deleted.
fn permitted(edit: &Edit) -> Option<Edit> {
    match edit {
        Edit::Refuse(refuse) => Some(Edit::Permit(refuse.object.clone())),
        _ => None,
    }
}

/// The objects of the end with the surroundings of the end, all in one epoch.
fn from_the_end(prepared: &Prepared, cluster: &mut MemoryCluster<'_>) -> Result<(), String> {
    let all = prepared.stages.iter().flat_map(|stage| stage.edits.iter().cloned());
    let mut edits: Vec<_> =
        all.filter(|edit| matches!(edit, Edit::Refuse(_) | Edit::Permit(_) | Edit::Addresses(_))).collect();
    edits.extend(prepared.inputs.values().cloned().map(Edit::Put));
    cluster.edit(&edits)?;
    cluster.settle()
}

fn printed(value: &impl serde::Serialize) -> String {
    serde_yaml_ng::to_value(value).map_or_else(|error| error.to_string(), |value| compact_yaml::write(&value, 0))
}
