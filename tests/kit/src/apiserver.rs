//! A real control plane for tests: etcd and kube-apiserver, started for one test and gone with it.
//!
//! Guaranteed: every wait has a limit; every error names what failed and quotes the log of the program that did; the
//! programs end with the value, and with the test process however that dies. Not there unless a test asks for them: the
//! controllers of Kubernetes. Without them deleting a Namespace never completes, nothing is collected by owner
//! references, and a Service gets no endpoints.
//!
//! All functions block and may be called with or without an async runtime around them. A test that runs a controller in
//! its own runtime gives that runtime more than one thread, so that the controller goes on meanwhile.

mod audit;
mod binaries;
mod error;
mod objects;
mod permissions;
mod process;
mod run;

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::future::Future;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use kube::api::DynamicObject;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

pub use audit::{AuditLog, Mark, Request};
pub use binaries::binaries;
pub use error::HarnessError;
use process::Process;
use run::Run;

use crate::crds;

/// Time between two looks at something that will be so soon.
const POLL: Duration = Duration::from_millis(50);

/// Time for a server to be ready: it needs three seconds on an idle machine, and tests run where others build.
const READY_LIMIT: Duration = Duration::from_secs(180);

/// Starts that may fail because another process took a port first.
const STARTS_MAX: usize = 3;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// The person who runs the cluster; may do everything.
    Admin,
    /// The controller under test; may do what [`ApiServer::apply_rbac`] grants.
    Deltagate,
    /// Another controller that writes to the same objects; may do everything.
    Other,
}

impl User {
    const ALL: [Self; 3] = [Self::Admin, Self::Deltagate, Self::Other];

    /// The name under which the API server knows the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Deltagate => "deltagate",
            Self::Other => "other",
        }
    }

    fn group(self) -> &'static str {
        match self {
            Self::Admin | Self::Other => "system:masters",
            Self::Deltagate => "deltagate",
        }
    }

    /// No secret: the server listens on the loopback interface only.
    fn token(self) -> String {
        format!("{self}-token")
    }
}

impl fmt::Display for User {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Which of the two sets of Gateway API CRDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// What is stable.
    Standard,
    /// The same kinds with the fields that are not, and more kinds.
    Experimental,
}

/// Which CRDs of Kuma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KumaCrds {
    /// Those of `tests/cluster/crds`, for the kinds that the controller reads and writes.
    Ours,
    /// Kuma's own, where they are at hand ([`crate::crds::upstream`]); else ours.
    Upstream,
}

/// A running etcd and kube-apiserver with nothing installed. Dropping it ends both.
pub struct ApiServer {
    // In this order they are dropped: first who asks, then who answers, then the files of all.
    controllers: Mutex<Option<Process>>,
    api: Mutex<Option<Process>>,
    etcd: Mutex<Process>,
    run: Run,
    binaries: PathBuf,
}

impl ApiServer {
    /// Starts both programs on free ports and waits until the API server is ready.
    pub fn start() -> Result<Self, HarnessError> {
        let binaries = binaries()?;
        for _ in 1..STARTS_MAX {
            match Self::start_once(binaries.clone()) {
                Err(error) if error.is_port_taken() => {}
                result => return result,
            }
        }
        Self::start_once(binaries)
    }

    fn start_once(binaries: PathBuf) -> Result<Self, HarnessError> {
        let run = Run::create()?;
        let etcd = Process::start(&binaries, "etcd", &run.etcd_flags(), run.path("etcd.log"))?;
        let server =
            Self { controllers: Mutex::new(None), api: Mutex::new(None), etcd: Mutex::new(etcd), run, binaries };
        server.restart()?;
        Ok(server)
    }

    /// Starts those controllers of Kubernetes that make Pods of Deployments, empty namespaces that are deleted, and collect
    /// what has lost its owner.
    pub fn start_controllers(&self) -> Result<(), HarnessError> {
        let (flags, log) = (self.run.controllers_flags(), self.run.path("kube-controller-manager.log"));
        *lock(&self.controllers) = Some(Process::start(&self.binaries, binaries::CONTROLLERS, &flags, log)?);
        Ok(())
    }

    /// Kills the API server; etcd and all objects stay. Without effect on one that is stopped.
    pub fn stop(&self) {
        drop(lock(&self.api).take());
    }

    /// Stops the API server, starts it again on the same port and waits until it is ready.
    pub fn restart(&self) -> Result<(), HarnessError> {
        self.stop();
        let flags = self.run.api_server_flags();
        let log = self.run.path("kube-apiserver.log");
        let process = Process::start(&self.binaries, "kube-apiserver", &flags, log)?;
        *lock(&self.api) = Some(process);
        self.wait_until_ready()
    }

    fn wait_until_ready(&self) -> Result<(), HarnessError> {
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            lock(&self.etcd).check()?;
            let mut api = lock(&self.api);
            let api = api.as_mut().ok_or_else(|| HarnessError::new("the API server was stopped while it started"))?;
            api.check()?;
            // Without the certificate there is nobody to ask yet.
            if self.run.certificate().is_file() && block_on(self.is_ready()) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(api.report(format!("kube-apiserver was not ready within {READY_LIMIT:?}")));
            }
            thread::sleep(POLL);
        }
    }

    /// Ready means here that the namespace `default` exists too: the server says ready a moment before it creates it.
    async fn is_ready(&self) -> bool {
        let Ok(client) = self.connect(User::Admin).await else {
            return false;
        };
        for path in ["/readyz", "/api/v1/namespaces/default"] {
            let Ok(request) = http::Request::get(path).body(Vec::new()) else {
                return false;
            };
            let answer = objects::bounded(path.into(), client.request_text(request)).await;
            if answer.is_err() {
                return false;
            }
        }
        true
    }

    /// Where the API server listens.
    pub fn url(&self) -> String {
        self.run.url()
    }

    /// The folder with the logs of both programs, `etcd.log` and `kube-apiserver.log`.
    pub fn folder(&self) -> &Path {
        self.run.folder()
    }

    /// A kubeconfig file of the user; it stays valid when the server restarts.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        self.run.kubeconfig(user)
    }

    /// A client of the user for the async runtime that this is called in.
    pub async fn client(&self, user: User) -> Result<Client, HarnessError> {
        self.connect(user).await
    }

    async fn connect(&self, user: User) -> Result<Client, HarnessError> {
        let failed = || format!("making a client from {}", self.kubeconfig(user).display());
        let file = Kubeconfig::read_from(self.kubeconfig(user)).map_err(HarnessError::because(failed()))?;
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .map_err(HarnessError::because(failed()))?;
        Client::try_from(config).map_err(HarnessError::because(failed()))
    }

    /// Applies all objects of a text as the user, in order, by server-side apply under the field manager `tests`.
    ///
    /// An object without a namespace goes to `default` where its kind needs one. Returns the objects as stored.
    pub fn apply_yaml(&self, user: User, yaml: &str) -> Result<Vec<DynamicObject>, HarnessError> {
        let objects = objects::parse(yaml)?;
        block_on(async { objects::apply(&self.connect(user).await?, &objects).await })
    }

    /// Deletes all objects that a text names as the user, the last one first; absent ones are passed over.
    pub fn delete_yaml(&self, user: User, yaml: &str) -> Result<(), HarnessError> {
        let objects = objects::parse(yaml)?;
        block_on(async { objects::delete(&self.connect(user).await?, &objects).await })
    }

    /// Installs the CRDs of Gateway API at the version that `tests/cluster/go.mod` names, and waits
    /// until all are served.
    pub fn install_gateway_api(&self, channel: Channel) -> Result<(), HarnessError> {
        let folder = match channel {
            Channel::Standard => "config/crd/standard",
            Channel::Experimental => "config/crd/experimental",
        };
        self.install(&binaries::gateway_api_module()?.join(folder))
    }

    /// Installs the CRDs of Kuma, waits until all are served, and returns the folder that they came from.
    pub fn install_kuma(&self, which: KumaCrds) -> Result<PathBuf, HarnessError> {
        let folder = match which {
            KumaCrds::Ours => crds::ours(),
            KumaCrds::Upstream => crds::upstream().unwrap_or_else(crds::ours),
        };
        self.install(&folder)?;
        Ok(folder)
    }

    fn install(&self, folder: &Path) -> Result<(), HarnessError> {
        let mut crds = Vec::new();
        for file in yaml_files(folder)? {
            crds.extend(objects::read(&file)?);
        }
        // Gateway API ships a policy beside its CRDs that refuses to change the channel; tests do that.
        crds.retain(|object| object.types.as_ref().is_some_and(|types| types.kind == "CustomResourceDefinition"));
        if crds.is_empty() {
            return Err(HarnessError::new(format!("there is no CRD in {}", folder.display())));
        }
        block_on(async { objects::install(&self.connect(User::Admin).await?, &crds).await })
    }

    /// Applies `deploy/rbac.yaml` and the namespaces it needs, and binds [`User::Deltagate`] to its roles.
    pub fn apply_rbac(&self) -> Result<(), HarnessError> {
        let file = objects::read(&crds::workspace().join("deploy/rbac.yaml"))?;
        block_on(async { permissions::grant(&self.connect(User::Admin).await?, &file, User::Deltagate).await })
    }

    /// All requests since the start, over restarts of the API server.
    pub fn audit(&self) -> AuditLog {
        AuditLog::new(self.run.path("audit.log"))
    }
}

/// The YAML files of a folder by name.
fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, HarnessError> {
    let failed = || format!("reading {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(HarnessError::because(failed()))? {
        let path = entry.map_err(HarnessError::because(failed()))?.path();
        let is_yaml = path.extension() == Some(OsStr::new("yaml"));
        if is_yaml && path.file_name() != Some(OsStr::new("kustomization.yaml")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Runs a future to its end on a thread of its own: inside of a runtime a thread must not wait for another one.
fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a process can have one more runtime")
            .block_on(future)
    };
    thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|cause| panic::resume_unwind(cause))
}

/// A test that panicked with the lock held does not keep the others from going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
