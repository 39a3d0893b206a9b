//! Where it is measured: a control plane of our own, or the cluster of a kubeconfig.

use std::path::{Path, PathBuf};

use kit::apiserver::{ApiServer, AuditLog, Channel, KumaCrds, User};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::trouble::Trouble;

/// A cluster with the CRDs, and who asks it.
pub(crate) enum Place {
    /// Started for this run and gone with it.
    Own(Box<ApiServer>),
    /// Somebody's. Its CRDs and rights are theirs; what was asked cannot be read from its audit log.
    Given { user: PathBuf, controller: PathBuf },
}

impl Place {
    /// Starts a control plane with everything that the controller needs.
    pub(crate) fn start() -> Result<Self, Trouble> {
        let server = ApiServer::start()?;
        server.install_gateway_api(Channel::Experimental)?;
        server.install_kuma(KumaCrds::Upstream)?;
        server.apply_rbac()?;
        Ok(Self::Own(Box::new(server)))
    }

    /// The client of whoever makes the load.
    pub(crate) async fn client(&self) -> Result<Client, Trouble> {
        match self {
            Self::Own(server) => Ok(server.client(User::Admin).await?),
            Self::Given { user, .. } => {
                given(user).await.map_err(Trouble::request(format!("using {}", user.display())))
            }
        }
    }

    /// What the controller is started with.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        match self {
            Self::Own(server) => server.kubeconfig(User::Deltagate),
            Self::Given { controller, .. } => controller.clone(),
        }
    }

    /// What the API server was asked, where it can be read.
    pub(crate) fn audit(&self) -> Option<AuditLog> {
        match self {
            Self::Own(server) => Some(server.audit()),
            Self::Given { .. } => None,
        }
    }

    /// The API server, where it is ours to restart.
    pub(crate) fn server(&self) -> Option<&ApiServer> {
        match self {
            Self::Own(server) => Some(server),
            Self::Given { .. } => None,
        }
    }

    /// Where logs go.
    pub(crate) fn folder(&self) -> PathBuf {
        match self {
            Self::Own(server) => server.folder().to_owned(),
            Self::Given { .. } => std::env::temp_dir(),
        }
    }
}

async fn given(file: &Path) -> Result<Client, kube::Error> {
    let unusable = |error| kube::Error::InferKubeconfig(error);
    let file = Kubeconfig::read_from(file).map_err(unusable)?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.map_err(unusable)?;
    Client::try_from(config)
}
