use std::collections::{BTreeMap, BTreeSet};

use dataflows::manifest;
use dataflows::model::{
    Action, Content, Desired, GatewayProblem, Key, Kind, ObjectName, Observed, Pending, Ref, Settings, Task,
};
use dataflows::rules::names;

use super::cluster::Cluster;
use super::gateways::JudgedGateway;

/// Rows that are pending, by object.
pub(super) type PendingRows = BTreeMap<Key, Ref<Pending>>;

/// Whether objects of a kind are ours as a whole; of the others only a status is.
pub(super) const fn is_generated(kind: Kind) -> bool {
    matches!(kind, Kind::MeshGateway | Kind::MeshGatewayInstance | Kind::MeshHttpRoute | Kind::MeshTcpRoute)
}

/// What must not be touched: all that the cluster shows of a Gateway that has lost its parameters.
pub(super) fn held(cluster: &Cluster, gateways: &[JudgedGateway]) -> BTreeSet<Key> {
    let mut anchors = BTreeSet::new();
    for gateway in gateways {
        let lost = matches!(
            gateway.managed.problem,
            Some(GatewayProblem::ClassParameters(_) | GatewayProblem::OwnParameters(_))
        );
        let (namespace, name) = (&gateway.managed.gateway.namespace, &gateway.managed.gateway.name);
        if lost {
            anchors.insert(Key::of(Kind::MeshGateway, "", &names::mesh_gateway(namespace, name)));
            anchors.insert(Key::of(Kind::MeshGatewayInstance, namespace, name));
        }
    }
    let shown = cluster.observed.iter().filter(|(_, observed)| anchors.contains(&observed.anchor));
    shown.map(|(key, _)| *key).collect()
}

/// The difference between what should be and what is, over all objects of the kinds chosen.
pub(super) fn pending(
    settings: &Settings,
    cluster: &Cluster,
    desired: Vec<Desired>,
    held: &BTreeSet<Key>,
    chosen: impl Fn(Kind) -> bool,
) -> PendingRows {
    let label = |desired: &Desired| names::owner_label(settings, &desired.owner);
    let mut rows = PendingRows::new();
    let mut wanted = BTreeSet::new();
    for desired in desired {
        let key = desired.object.key();
        wanted.insert(key);
        let object = desired.object.clone();
        let action = match cluster.observed.get(&key) {
            Some(observed) if !observed.ours && observed.claim.as_deref() != Some(&*label(&desired)) => {
                Some(Action::Obstructed(desired.into()))
            }
            Some(observed) if observed.mesh != desired.mesh && object.kind != Kind::MeshGatewayInstance => {
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
    Ref::new(Pending { object, action, refusal: refusal.map(|refusal| refusal.reason.clone()) })
}

/// Pending rows with what they wait for: a MeshGateway for its floor, a route that goes for the MeshGateway it
/// targets, and the status of a Gateway for what is made for the Gateway. Nothing waits for what cannot be done, and of
/// what goes away only a MeshGateway is waited for.
pub(super) fn tasks(settings: &Settings, rows: &PendingRows) -> BTreeMap<Key, Task> {
    let waits_for = |row: &Pending| -> Vec<Key> {
        let of_gateway = |gateway: &dataflows::model::Gateway| {
            names::gateway_objects(settings, &gateway.namespace, &gateway.name).map(|object| object.key())
        };
        match &row.action {
            Action::Write(desired) => match &desired.content {
                Content::MeshGateway(plan) => of_gateway(&plan.managed.gateway)[2..].to_vec(),
                Content::GatewayStatus(status) => of_gateway(&status.managed.gateway).to_vec(),
                _ => Vec::new(),
            },
            Action::Remove { anchor, .. } if row.object.kind == Kind::MeshHttpRoute => vec![*anchor],
            _ => Vec::new(),
        }
    };
    let holds_up = |row: &&Ref<Pending>| match &row.action {
        Action::Obstructed(_) => false,
        Action::Remove { then: None, .. } => row.object.kind == Kind::MeshGateway && row.refusal.is_none(),
        Action::Write(_) | Action::Remove { .. } => row.refusal.is_none(),
    };
    let task = |row: &Ref<Pending>| {
        let others = waits_for(row).into_iter().filter_map(|key| rows.get(&key)).filter(holds_up);
        // What goes waits only for what goes: a MeshGateway that comes may wait for the floor itself.
        let goes = |row: &Pending| matches!(row.action, Action::Remove { .. });
        let others = others.filter(|other| !goes(row) || goes(other));
        let mut blocked_by: Vec<_> = others.map(|other| other.object.clone()).collect();
        blocked_by.sort();
        Task { pending: row.clone(), blocked_by }
    };
    rows.iter().map(|(key, row)| (*key, task(row))).collect()
}
