use std::collections::BTreeMap;

use dataflows::manifest;
use dataflows::model::{
    Action, Desired, Fact, Fingerprint, Key, Kind, ObjectName, Observed, Refusal, Settings, Task, Update, status_source,
};
use dataflows::rules::names;

use super::{MESHES, Random, SECRETS, update};

/// How the cluster answers to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// What is asked for is done.
    Obeys,
    /// Every write is refused.
    Refuses,
    /// The write lands, and somebody changes the result.
    Tampers,
    /// Each task by itself.
    Mixed,
}

/// Answers to some of the tasks that are outstanding when the epoch begins. Which and how follows from the seed and
/// the object, so that answers stay the same while a history is cut.
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    seed: u64,
    habit: Habit,
    /// Whether tasks that wait for others are answered too, as if someone had written them by hand.
    out_of_order: bool,
    /// One task in so many gets no answer.
    silence: u32,
}

impl Answers {
    pub(super) fn random(random: &mut Random) -> Self {
        let habits = [Habit::Obeys, Habit::Obeys, Habit::Obeys, Habit::Refuses, Habit::Tampers, Habit::Mixed];
        let habit = *random.pick(&habits);
        Self { seed: random.next(), habit, out_of_order: random.one_in(4), silence: *random.pick(&[2, 4, 1000]) }
    }

    /// Everything that can be done is done.
    pub const fn obedient() -> Self {
        Self { seed: 0, habit: Habit::Obeys, out_of_order: false, silence: u32::MAX }
    }

    /// What the cluster shows and says after these tasks.
    pub fn updates(&self, settings: &Settings, tasks: &BTreeMap<Key, Task>) -> Vec<Update> {
        let mut updates = Vec::new();
        for (key, task) in tasks {
            let mut random = Random::new(self.seed ^ u64::from_be_bytes(first_half(*key)));
            let ready = self.out_of_order || task.blocked_by.is_empty();
            if ready && !random.one_in(self.silence) {
                updates.extend(self.answer(&mut random, settings, task));
            }
        }
        updates
    }

    fn answer(&self, random: &mut Random, settings: &Settings, task: &Task) -> Option<Update> {
        let object = &task.pending.object;
        let habit = match self.habit {
            Habit::Mixed => *random.pick(&[Habit::Obeys, Habit::Refuses, Habit::Tampers]),
            habit => habit,
        };
        let attempted = match &task.pending.action {
            Action::Write(desired) => Some(manifest::fingerprint(settings, desired)),
            Action::Remove { .. } => None,
            Action::Obstructed(_) => return None,
        };
        if habit == Habit::Refuses {
            let reason = *random.pick(&["denied", "try later"]);
            let refusal = Refusal { fingerprint: attempted, reason: reason.into() };
            return Some(update(object.key().part("refusal", ""), [Fact::refusal(object.key(), refusal)]));
        }
        let mut observed = match &task.pending.action {
            Action::Write(desired) => written(settings, desired),
            _ => None,
        };
        if let (Habit::Tampers, Some(desired)) = (habit, task.pending.action.desired()) {
            let claim = names::owner_label(settings, &desired.owner());
            observed = observed.and_then(|observed| tampered(random, observed, &claim));
        }
        Some(update(source(object), observed.map(Fact::observed)))
    }
}

/// Where what the cluster shows of an object comes from.
fn source(object: &ObjectName) -> Key {
    let whole = matches!(object.kind, Kind::MeshGateway | Kind::MeshGatewayInstance | Kind::Secret);
    if whole || object.kind.is_mesh_route() { object.key() } else { status_source(object.key()) }
}

fn written(settings: &Settings, desired: &Desired) -> Option<Observed> {
    let rendered = manifest::render(settings, desired);
    let kind = desired.object.kind;
    if desired.content.is_status() {
        manifest::observe_status(settings, kind, &rendered)
    } else {
        // A copy is rendered without the key that it holds.
        let fingerprint = manifest::fingerprint(settings, desired);
        manifest::observe(settings, kind, &rendered).map(|observed| Observed { fingerprint, ..observed })
    }
}

/// What is left of an object after somebody has had a hand in it.
fn tampered(random: &mut Random, observed: Observed, claim: &str) -> Option<Observed> {
    let other = Fingerprint(Key::hash(&[b"tampered"]));
    let status = source(&observed.object) != observed.object.key();
    match random.below(if status { 2 } else { 5 }) {
        0 => None,
        1 => Some(Observed { fingerprint: other, ..observed }),
        2 => Some(Observed { fingerprint: other, mesh: (*random.pick(&MESHES)).into(), ..observed }),
        3 => Some(Observed { fingerprint: other, ours: false, ..observed }),
        _ => {
            let rare = Observed::rare(Some(claim.into()), Vec::new());
            Some(Observed { fingerprint: other, ours: false, rare, ..observed })
        }
    }
}

/// An object that was there before us, ours or not, where one of a Gateway would be or aimed at its MeshGateway.
pub(super) fn stranger(random: &mut Random, settings: &Settings, namespace: &str, name: &str) -> Update {
    let copy = |random: &mut Random| {
        let (namespace, name) = *random.pick(&SECRETS);
        names::secret_copy(settings, random.pick::<&str>(&MESHES), namespace, name)
    };
    let [mesh_gateway, instance, floor] = names::gateway_objects(settings, namespace, name);
    let anchor = mesh_gateway.key();
    let orphan = ObjectName::new(Kind::MeshHttpRoute, &settings.system_namespace, "orphan");
    let orphan_of_connections = ObjectName::new(Kind::MeshTcpRoute, &settings.system_namespace, "orphan");
    let secret = ObjectName::new(Kind::Secret, &settings.system_namespace, &copy(random));
    let object =
        random.pick(&[mesh_gateway, instance, floor, orphan.clone(), orphan, orphan_of_connections, secret]).clone();
    let anchor = if matches!(object.kind, Kind::MeshGatewayInstance | Kind::Secret) { object.key() } else { anchor };
    let named = ObjectName::new(Kind::Secret, &settings.system_namespace, &copy(random));
    let copies = if object.kind == Kind::MeshGateway && random.one_in(2) { vec![named.key()] } else { Vec::new() };
    let observed = Observed {
        ours: !random.one_in(3),
        mesh: (*random.pick(&MESHES)).into(),
        fingerprint: Fingerprint(Key::hash(&[b"stranger"])),
        anchor,
        rare: Observed::rare(None, copies),
        object,
    };
    update(observed.object.key(), [Fact::observed(observed)])
}

fn first_half(key: Key) -> [u8; 8] {
    let mut half = [0; 8];
    half.copy_from_slice(&key.bytes()[..8]);
    half
}
