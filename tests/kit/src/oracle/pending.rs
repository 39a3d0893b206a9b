use std::collections::{BTreeMap, BTreeSet};

use dataflows::manifest;
use dataflows::model::{
    Action, Content, Desired, Gateway, GatewayProblem, Key, Kind, MeshGatewayPlan, ObjectName, Observed, Pending, Ref,
    Settings, Task,
};
use dataflows::rules::names;

use super::cluster::Cluster;
use super::gateways::JudgedGateway;
use super::objects::copy_of;

/// Rows that are pending, by object.
pub(super) type PendingRows = BTreeMap<Key, Ref<Pending>>;

/// Whether objects of a kind are ours as a whole; of the others only a status is.
pub(super) const fn is_generated(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::MeshGateway | Kind::MeshGatewayInstance | Kind::MeshHttpRoute | Kind::MeshTcpRoute | Kind::Secret
    )
}

/// What must not be touched: all that the cluster shows of a Gateway that has lost its parameters, and the copies that
/// its MeshGateway names.
pub(super) fn held(cluster: &Cluster, gateways: &[JudgedGateway]) -> BTreeSet<Key> {
    let mut anchors = BTreeSet::new();
    for gateway in gateways {
        let lost = matches!(
            gateway.managed.problem,
            Some(
                GatewayProblem::ClassParameters(_) | GatewayProblem::OwnParameters(_) | GatewayProblem::UnknownMeshMode
            )
        );
        let (namespace, name) = (&gateway.managed.gateway.namespace, &gateway.managed.gateway.name);
        if lost {
            anchors.insert(Key::of(Kind::MeshGateway, "", &names::mesh_gateway(namespace, name)));
            anchors.insert(Key::of(Kind::MeshGatewayInstance, namespace, name));
        }
    }
    let shown = cluster.observed.iter().filter(|(_, observed)| anchors.contains(&observed.anchor));
    shown.flat_map(|(key, observed)| observed.copies().iter().chain([key])).copied().collect()
}

/// The difference between what should be and what is, over all objects of the kinds chosen.
pub(super) fn pending(
    settings: &Settings,
    cluster: &Cluster,
    desired: Vec<Desired>,
    held: &BTreeSet<Key>,
    chosen: impl Fn(Kind) -> bool,
) -> PendingRows {
    let label = |desired: &Desired| names::owner_label(settings, &desired.owner());
    let mut rows = PendingRows::new();
    let mut wanted = BTreeSet::new();
    for desired in desired {
        let key = desired.object.key();
        wanted.insert(key);
        let object = desired.object.clone();
        let action = match cluster.observed.get(&key) {
            Some(observed) if !observed.ours && observed.claim() != Some(&*label(&desired)) => {
                Some(Action::Obstructed(desired.into()))
            }
            Some(observed) if *observed.mesh != *desired.mesh() && object.kind != Kind::MeshGatewayInstance => {
                Some(Action::Remove { then: Some(desired.into()), anchor: observed.anchor })
            }
            Some(observed) if observed.fingerprint == manifest::fingerprint(settings, &desired) => None,
            _ => Some(Action::Write(desired.into())),
        };
        rows.extend(action.map(|action| (key, row(settings, cluster, object, action))));
    }
    let unwanted = |key: &Key, observed: &Observed| {
        chosen(observed.object.kind) && observed.ours && !wanted.contains(key) && !held.contains(key)
    };
    for (key, observed) in cluster.observed.iter().filter(|(key, observed)| unwanted(key, observed)) {
        let action = Action::Remove { then: None, anchor: observed.anchor };
        rows.insert(*key, row(settings, cluster, observed.object.clone(), action));
    }
    rows
}

/// A refusal counts only for exactly what was refused.
fn row(settings: &Settings, cluster: &Cluster, object: ObjectName, action: Action) -> Ref<Pending> {
    let attempted =
        if let Action::Write(desired) = &action { Some(manifest::fingerprint(settings, desired)) } else { None };
    let refusal = cluster.refusals.get(&object.key()).filter(|refusal| refusal.fingerprint == attempted);
    let there = cluster.observed.get(&object.key()).filter(|observed| observed.ours);
    let copies = there.map(|observed| observed.copies().to_vec()).unwrap_or_default();
    let refusal = refusal.map(|refusal| refusal.reason.clone());
    Ref::new(Pending { object, action, present: there.is_some(), copies, refusal })
}

/// Pending rows with what they wait for: a MeshGateway for its floor and for copies that are not there, a route that goes
/// for the MeshGateway it targets, a copy that goes for all that name it, and the status of a Gateway or ListenerSet
/// for what is made for the Gateway. Nothing but a MeshGateway waits for what cannot be done, and of what goes away only a MeshGateway is
/// waited for.
pub(super) fn tasks(settings: &Settings, rows: &PendingRows) -> BTreeMap<Key, Task> {
    let task = |row: &Ref<Pending>| {
        let others: Vec<&Ref<Pending>> = match &row.action {
            Action::Write(desired) => match &desired.content {
                Content::MeshGateway(plan) => before_gateway(settings, rows, plan),
                Content::GatewayStatus(status) => {
                    before_status(settings, rows, &status.managed.gateway, &status.pending)
                }
                Content::ListenerSetStatus(status) => {
                    before_status(settings, rows, &status.set.managed.gateway, &status.pending)
                }
                _ => Vec::new(),
            },
            Action::Remove { then: None, .. } if row.object.kind == Kind::Secret => {
                let key = row.object.key();
                rows.values().filter(|other| other.copies.contains(&key)).collect()
            }
            Action::Remove { anchor, .. } if *anchor != row.object.key() => {
                // What moves waits only for what goes: a MeshGateway that comes may wait for the floor itself.
                let moves = matches!(row.action, Action::Remove { then: Some(_), .. });
                let holds = |other: &&Ref<Pending>| {
                    let held_up = match other.action {
                        Action::Obstructed(_) => false,
                        Action::Write(_) => !moves,
                        Action::Remove { .. } => true,
                    };
                    held_up && other.refusal.is_none()
                };
                rows.get(anchor).filter(holds).into_iter().collect()
            }
            _ => Vec::new(),
        };
        let mut blocked_by: Vec<_> = others.into_iter().map(|other| other.object.clone()).collect();
        blocked_by.sort();
        blocked_by.dedup();
        Task { pending: row.clone(), blocked_by }
    };
    rows.iter().map(|(key, row)| (*key, task(row))).collect()
}

fn before_gateway<'a>(settings: &Settings, rows: &'a PendingRows, plan: &MeshGatewayPlan) -> Vec<&'a Ref<Pending>> {
    let gateway = &plan.managed.gateway;
    let [_, _, floor] = names::gateway_objects(settings, &gateway.namespace, &gateway.name);
    let floor = rows.get(&floor.key()).filter(|row| is_on_its_way(row));
    let copies = plan.listeners.iter().flat_map(|state| &state.certificates);
    let copies = copies.filter_map(|certificate| rows.get(&copy_of(settings, &plan.managed.mesh, certificate).key()));
    floor.into_iter().chain(copies.filter(|row| is_missing(row))).collect()
}

fn before_status<'a>(
    settings: &Settings,
    rows: &'a PendingRows,
    gateway: &Gateway,
    pending: &[Ref<Pending>],
) -> Vec<&'a Ref<Pending>> {
    let own = names::gateway_objects(settings, &gateway.namespace, &gateway.name).map(|object| object.key());
    let stuck = |row: &&Ref<Pending>| row.object.kind == Kind::Secret && is_missing(row) && !is_on_its_way(row);
    let gateway_is_stuck = pending.iter().any(|row| stuck(&row));
    let goes = |row: &Pending| {
        row.object.kind == Kind::MeshGateway && matches!(row.action, Action::Remove { .. }) && row.refusal.is_none()
    };
    let own = own.iter().skip(usize::from(gateway_is_stuck)).filter_map(|key| rows.get(key));
    let own = own.filter(|row| is_on_its_way(row) || goes(row));
    let copies = pending.iter().filter(|row| row.object.kind == Kind::Secret);
    let copies = copies.filter_map(|row| rows.get(&row.object.key())).filter(|row| is_on_its_way(row));
    own.chain(copies).collect()
}

/// Whether something is about to be made.
fn is_on_its_way(row: &Pending) -> bool {
    let made = matches!(row.action, Action::Write(_) | Action::Remove { then: Some(_), .. });
    made && row.refusal.is_none()
}

/// Whether a copy that should be there is not, in any form that its mesh could use.
fn is_missing(row: &Pending) -> bool {
    match &row.action {
        Action::Write(_) => !row.present,
        Action::Remove { then, .. } => then.is_some(),
        Action::Obstructed(_) => true,
    }
}
