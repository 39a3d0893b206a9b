use dataflows::model::{BackendKind, Fact};

use super::source::Source;
use super::{DecodeError, mesh_service};

/// A MeshMultiZoneService as a destination: in what matters here it is a MeshService.
///
/// <https://kuma.io/docs/2.14.x/networking/meshmultizoneservice/>
pub(super) fn decode(source: &Source<'_>) -> Result<Vec<Fact>, DecodeError> {
    let destination = mesh_service::destination(source, BackendKind::MeshMultiZoneService)?;
    Ok(Vec::from_iter(Fact::destination(destination)))
}
