use crate::model::{ListenerState, SecretCopyPlan, Settings};
use crate::operators::Rows;
use crate::rules::certificates;

/// The copies of TLS Secrets that the `MeshGateways` name: one per mesh and Secret, whoever uses it. Keyed by the copy.
///
/// A copy that several listeners use is there several times, which means the same.
pub(crate) fn secret_copies<'s>(listeners: Rows<'s, ListenerState>, settings: &Settings) -> Rows<'s, SecretCopyPlan> {
    let settings = settings.clone();
    listeners.flat_map(move |_, state| {
        let keyed = |plan| (certificates::copy_key(&settings, &plan), plan);
        certificates::copies(state).map(keyed).collect::<Vec<_>>()
    })
}
