//! Whether a Gateway is accepted.

use crate::model::{GatewayProblem, ListenerState, ManagedGateway};
use crate::rules::listeners;

/// The verdict on a Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance<'a> {
    /// Accepted, and nothing is wrong with any listener.
    Accepted,
    /// Accepted, and something is wrong with a listener.
    ListenersNotValid,
    /// Not accepted: no listener could ever work by its own spec.
    NoValidListener,
    /// Not accepted, whatever its listeners are.
    Refused(&'a GatewayProblem),
}

impl Acceptance<'_> {
    /// Whether the Gateway is accepted at all.
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::ListenersNotValid)
    }
}

/// The verdict on a Gateway from what became of its listeners.
///
/// <https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditionreason> (`ListenersNotValid`)
pub fn acceptance<'a, 's>(
    managed: &'a ManagedGateway,
    listeners: impl Iterator<Item = &'s ListenerState>,
) -> Acceptance<'a> {
    if let Some(problem) = &managed.problem {
        return Acceptance::Refused(problem);
    }
    let (mut any_faultless, mut any_problem) = (false, false);
    for state in listeners {
        any_faultless |= !state.problems.iter().any(listeners::is_own_fault);
        any_problem |= !state.problems.is_empty();
    }
    match (any_faultless, any_problem) {
        (false, _) => Acceptance::NoValidListener,
        (true, true) => Acceptance::ListenersNotValid,
        (true, false) => Acceptance::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::certificates::References;
    use crate::rules::listeners::{states, tests as fixture};

    #[test]
    fn a_gateway_is_accepted_while_a_listener_could_work_by_its_own_spec() {
        use Acceptance::{Accepted, ListenersNotValid, NoValidListener};
        let table: [(&[&str], Acceptance<'_>); 7] = [
            (&[], NoValidListener),
            (&["80 HTTP"], Accepted),
            (&["80 HTTP", "80 UDP"], ListenersNotValid),
            (&["80 HTTP", "81 HTTP", "81 HTTP"], ListenersNotValid),
            (&["443 TLS"], NoValidListener),
            (&["81 HTTP", "81 HTTP"], NoValidListener),
            (&["80 UDP", "81 GOPHER"], NoValidListener),
        ];
        let managed = fixture::managed(false);
        let refused = ManagedGateway { problem: Some(GatewayProblem::NoMesh), ..(*managed).clone() };
        for (listeners, expected) in table {
            let states = states(&managed, &fixture::listeners(listeners), &[], &References::default());
            assert_eq!(acceptance(&managed, states.iter()), expected, "{listeners:?}");
            assert_eq!(expected.is_accepted(), expected != NoValidListener);
            let verdict = acceptance(&refused, states.iter());
            assert_eq!(verdict, Acceptance::Refused(&GatewayProblem::NoMesh), "{listeners:?}");
            assert!(!verdict.is_accepted());
        }
    }
}
