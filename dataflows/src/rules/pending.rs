//! What has to be done about an object: the difference between what should be and what is.

use crate::manifest;
use crate::model::{Action, Desired, Observed, Pending, Ref, Refusal, Settings};

/// What has to be done, if anything.
///
/// There is no memory of past writes in this: a row is pending exactly as long as the cluster shows something else,
/// whoever made it so.
pub fn pending(
    settings: &Settings,
    desired: Option<&Ref<Desired>>,
    observed: Option<&Ref<Observed>>,
    held: bool,
    refusal: Option<&Ref<Refusal>>,
) -> Option<Pending> {
    let (object, action) = match (desired, observed) {
        (Some(desired), None) => (&desired.object, Action::Write(desired.clone())),
        (Some(desired), Some(observed)) => (&desired.object, difference(settings, desired, observed)?),
        (None, Some(observed)) if observed.ours && !held => {
            (&observed.object, Action::Remove { then: None, anchor: observed.anchor })
        }
        (None, _) => return None,
    };
    let attempted = || match &action {
        Action::Write(desired) => Some(manifest::fingerprint(settings, desired)),
        Action::Remove { .. } | Action::Obstructed(_) => None,
    };
    let refusal = refusal.filter(|refusal| refusal.fingerprint == attempted()).map(|refusal| refusal.reason.clone());
    // What is somebody else's is nothing of which others could have to wait.
    let ours = observed.filter(|observed| observed.ours);
    let copies = ours.map(|observed| observed.copies.clone()).unwrap_or_default();
    Some(Pending { object: object.clone(), action, present: ours.is_some(), copies, refusal })
}

fn difference(settings: &Settings, desired: &Ref<Desired>, observed: &Observed) -> Option<Action> {
    if !observed.ours {
        Some(Action::Obstructed(desired.clone()))
    } else if observed.mesh != desired.mesh {
        // Kuma cannot move an object to another mesh: its owner reference would stay behind.
        Some(Action::Remove { then: Some(desired.clone()), anchor: observed.anchor })
    } else if observed.fingerprint == manifest::fingerprint(settings, desired) {
        None
    } else {
        Some(Action::Write(desired.clone()))
    }
}
