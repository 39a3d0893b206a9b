//! A tiny world of random histories: few names, few hostnames, few paths, so that things collide.
//!
//! Everything follows from a seed. A history is data: it can be shown, cut, and played again.

mod answers;
mod gateways;
mod random;
mod routes;
mod surroundings;

use dataflows::model::{BackendKind, Fact, Key, Settings, Update};

pub use answers::{Answers, Habit};
pub use random::Random;

/// Namespaces of the world.
const NAMESPACES: [&str; 3] = ["db", "infra", "shop"];
/// Meshes of the world, the last of which never exists.
const MESHES: [&str; 4] = ["default", "other", "third", "nowhere"];
/// Hostnames of listeners and routes.
const HOSTNAMES: [&str; 7] =
    ["a.example", "b.example", "*.example", "x.a.example", "*.a.example", "other.test", "no_name.example"];
/// Classes of ours: one without parameters, one with.
const CLASSES: [&str; 2] = ["kuma", "tuned"];
/// Definitions of Gateway API.
const DEFINITIONS: [&str; 2] = ["gateways", "httproutes"];
/// Parameters: of the class, and of Gateways themselves.
const PARAMETERS: [&str; 2] = ["tuning", "own"];
/// Values of the label `team`.
const TEAMS: [&str; 2] = ["blue", "red"];
/// Services, two in each namespace.
const SERVICES: [(&str, &str); 6] =
    [("db", "orders"), ("db", "users"), ("infra", "auth"), ("infra", "cart"), ("shop", "auth"), ("shop", "cart")];
/// Kinds of destinations that are no Services.
const OUTSIDERS: [BackendKind; 3] =
    [BackendKind::MeshMultiZoneService, BackendKind::MeshExternalService, BackendKind::ExternalService];
/// TLS Secrets.
const SECRETS: [(&str, &str); 3] = [("db", "cert"), ("infra", "cert"), ("infra", "spare")];
/// Gateways.
const GATEWAYS: [(&str, &str); 4] = [("db", "edge"), ("infra", "edge"), ("infra", "inner"), ("shop", "edge")];
/// `ListenerSets`.
const LISTENER_SETS: [(&str, &str); 3] = [("infra", "more"), ("infra", "most"), ("shop", "more")];
/// Routes.
const ROUTES: [(&str, &str); 10] = [
    ("db", "api"),
    ("db", "web"),
    ("infra", "api"),
    ("infra", "docs"),
    ("infra", "web"),
    ("shop", "api"),
    ("shop", "cart"),
    ("shop", "docs"),
    ("shop", "old"),
    ("shop", "web"),
];

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// A source asserts something else, or is gone.
    Change(Update),
    /// The cluster answers to some of the tasks that are outstanding at the moment.
    Answers(Answers),
}

/// What happens, epoch by epoch.
#[derive(Clone, Debug)]
pub struct History {
    /// What the operator has set.
    pub settings: Settings,
    /// The epochs, each with what happens in it.
    pub epochs: Vec<Vec<Event>>,
}

impl History {
    /// The history of a seed.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut settings = Settings::default();
        if random.one_in(16) {
            settings.mode = dataflows::model::ControlPlaneMode::Global;
        }
        let mut epochs = vec![beginning(&mut random)];
        for _ in 0..random.between(3, 9) {
            let events = random.between(1, 6);
            epochs.push((0..events).map(|_| event(&mut random, &settings)).collect());
        }
        Self { settings, epochs }
    }
}

/// Namespace and name of the one destination of a kind that is no Service. An ExternalService has no namespace.
fn outsider(kind: &BackendKind) -> (&'static str, &'static str) {
    match kind {
        BackendKind::ExternalService => ("", "bank"),
        BackendKind::MeshExternalService => ("infra", "outside"),
        _ => ("infra", "everywhere"),
    }
}

/// Most of the world at once, as after a start.
fn beginning(random: &mut Random) -> Vec<Event> {
    let mut updates: Vec<Update> = Vec::new();
    updates.extend(MESHES[..3].iter().map(|name| surroundings::mesh(random, name)));
    updates.extend(NAMESPACES.iter().map(|name| surroundings::namespace(random, name)));
    updates.extend(DEFINITIONS.map(|plural| surroundings::definition(random, plural)));
    updates.extend(CLASSES.map(|name| surroundings::class(random, name)));
    updates.extend(PARAMETERS.map(|name| surroundings::parameters(random, name)));
    updates.extend(SERVICES.iter().map(|(namespace, name)| surroundings::service(random, namespace, name)));
    updates.extend(SERVICES.iter().map(|(namespace, name)| surroundings::mesh_service(random, namespace, name)));
    updates.extend(OUTSIDERS.iter().map(|kind| surroundings::outsider(random, kind)));
    updates.extend((0..3).map(|index| surroundings::grants(random, index)));
    updates.extend(SECRETS.iter().map(|(namespace, name)| surroundings::secret(random, namespace, name)));
    updates.extend(GATEWAYS.iter().map(|(namespace, name)| gateways::gateway(random, namespace, name)));
    updates.extend(LISTENER_SETS.iter().map(|(namespace, name)| gateways::listener_set(random, namespace, name)));
    updates.extend(ROUTES.iter().map(|(namespace, name)| routes::route(random, namespace, name)));
    updates.retain(|_| !random.one_in(12));
    updates.into_iter().map(Event::Change).collect()
}

fn event(random: &mut Random, settings: &Settings) -> Event {
    let (gateway, route, service) = (*random.pick(&GATEWAYS), *random.pick(&ROUTES), *random.pick(&SERVICES));
    let (secret, set) = (*random.pick(&SECRETS), *random.pick(&LISTENER_SETS));
    let (mesh, namespace) = (*random.pick(&MESHES[..3]), *random.pick(&NAMESPACES));
    let (class, parameters, grants) = (*random.pick(&CLASSES), *random.pick(&PARAMETERS), random.below(3));
    let definition = *random.pick(&DEFINITIONS);
    let outsider = random.pick(&OUTSIDERS).clone();
    let update = match random.below(31) {
        0 => surroundings::mesh(random, mesh),
        1 | 2 => surroundings::namespace(random, namespace),
        3 => surroundings::class(random, class),
        4 | 5 => surroundings::parameters(random, parameters),
        6 | 19 => surroundings::service(random, service.0, service.1),
        7 | 8 => surroundings::grants(random, grants),
        9 => gateways::addresses(random, gateway.0, gateway.1),
        10..=12 => gateways::gateway(random, gateway.0, gateway.1),
        13..=17 => routes::route(random, route.0, route.1),
        18 => answers::stranger(random, settings, gateway.0, gateway.1),
        20 => surroundings::mesh_service(random, service.0, service.1),
        21 | 22 => surroundings::secret(random, secret.0, secret.1),
        23 => surroundings::definition(random, definition),
        24 => surroundings::outsider(random, &outsider),
        28..=30 => gateways::listener_set(random, set.0, set.1),
        _ => return Event::Answers(Answers::random(random)),
    };
    if random.one_in(6) {
        return Event::Change(Update { source: update.source, facts: Vec::new() });
    }
    Event::Change(update)
}

fn update(source: Key, facts: impl IntoIterator<Item = Fact>) -> Update {
    Update { source, facts: facts.into_iter().collect() }
}
