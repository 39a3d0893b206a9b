//! Where the CRDs of Kuma's kinds are.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let kit = Path::new(env!("CARGO_MANIFEST_DIR"));
    kit.ancestors().nth(2).unwrap_or(kit).to_owned()
}

/// Our own, which describe what the controller reads and writes.
pub fn ours() -> PathBuf {
    workspace().join("tests/cluster/crds")
}

/// Kuma's own: in the folder that the environment variable `KUMA_CRDS` names, else in `shared/kuma-crds` beside the
/// checkout. `None` if there is neither.
pub fn upstream() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("KUMA_CRDS") {
        return Some(named.into());
    }
    let beside = workspace().parent()?.join("shared/kuma-crds");
    beside.is_dir().then_some(beside)
}
