//! `status` of a ListenerSet.

use serde_json::Value;

use super::conditions::condition;
use super::json::object;
use super::listener_status::{self, faulty, unfinished};
use crate::model::ListenerSetStatus;
use crate::rules::listener_sets::{SetAcceptance, acceptance};

/// <https://gateway-api.sigs.k8s.io/reference/spec/#listenersetstatus>
pub(super) fn status(set: &ListenerSetStatus) -> Value {
    let acceptance = acceptance(&set.set, set.listeners.iter().map(|report| &*report.state));
    let conditions = vec![accepted(set, acceptance), programmed(set, acceptance)];
    let listeners = listener_status::all(set.generation, &set.listeners, &set.pending);
    object([("conditions", conditions.into()), ("listeners", listeners.into())])
}

fn accepted(set: &ListenerSetStatus, acceptance: SetAcceptance) -> Value {
    let accepted = |status, reason: &str, message: &str| condition("Accepted", status, reason, message, set.generation);
    let gateway = &set.set.managed.gateway;
    let named = format!("Gateway \"{}/{}\"", gateway.namespace, gateway.name);
    match acceptance {
        SetAcceptance::Accepted => accepted(true, "Accepted", ""),
        SetAcceptance::ListenersNotValid => accepted(true, "ListenersNotValid", &faulty(&set.listeners)),
        SetAcceptance::NoValidListener => accepted(false, "ListenersNotValid", &faulty(&set.listeners)),
        SetAcceptance::NotAllowed => {
            let namespace = &set.set.set.age.namespace;
            let message =
                format!("allowedListeners of {named} does not admit ListenerSets of namespace \"{namespace}\"");
            accepted(false, "NotAllowed", &message)
        }
        SetAcceptance::ParentNotAccepted => accepted(false, "ParentNotAccepted", &format!("{named} is not accepted")),
    }
}

/// `Programmed` says that the objects of the Gateway are in the cluster, as far as there is anything to serve.
fn programmed(set: &ListenerSetStatus, acceptance: SetAcceptance) -> Value {
    let programmed =
        |status, reason: &str, message: &str| condition("Programmed", status, reason, message, set.generation);
    let not_accepted = "the ListenerSet is not accepted";
    match (acceptance, unfinished(&set.pending)) {
        (SetAcceptance::NotAllowed, _) => programmed(false, "NotAllowed", not_accepted),
        (SetAcceptance::NoValidListener, _) => programmed(false, "ListenersNotValid", not_accepted),
        (SetAcceptance::ParentNotAccepted, _) => programmed(false, "Invalid", not_accepted),
        (_, Some((reason, message))) => programmed(false, reason, &message),
        (_, None) => programmed(true, "Programmed", ""),
    }
}
