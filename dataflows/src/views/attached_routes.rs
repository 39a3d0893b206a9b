use crate::model::{Count, Serving};
use crate::operators::Rows;

/// How many routes are attached to each listener that has any. Keyed by the listener. Counted by difference: no work
/// here grows with the number of routes.
pub(crate) fn attached_routes(servings: Rows<'_, Serving>) -> Rows<'_, Count> {
    servings.rekey(|_, serving| serving.point.listener().map(|_| serving.point.key)).count("servings by listener")
}
