//! The folder of one running control plane: what its programs read, and the flags that say so.

use std::error::Error;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{io, process};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::{HarnessError, User, binaries};

/// Everything except what the API server asks itself.
const AUDIT_POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: ['system:apiserver']
  - level: Metadata
";

/// An address of a range that is reserved for documentation: the server insists on one that is not a loopback address.
const ADVERTISED: &str = "192.0.2.1";

/// Ports on 127.0.0.1 that nobody listened on when they were chosen.
#[derive(Clone, Copy)]
pub(super) struct Ports {
    etcd: u16,
    etcd_peers: u16,
    api: u16,
}

impl Ports {
    /// All three are held until all are known, so that they differ.
    fn choose() -> io::Result<Self> {
        let held =
            [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
        Ok(Self {
            etcd: held[0].local_addr()?.port(),
            etcd_peers: held[1].local_addr()?.port(),
            api: held[2].local_addr()?.port(),
        })
    }
}

/// `target/cluster/run-<process>-<number>`, removed at the end unless the test panics.
pub(super) struct Run {
    folder: PathBuf,
    ports: Ports,
}

impl Run {
    pub(super) fn create() -> Result<Self, HarnessError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let parent = binaries::cluster_folder();
        remove_abandoned(&parent);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("run-{}-{number}", process::id()));
        let failed = || HarnessError::because(format!("preparing {}", folder.display()));
        let ports = Ports::choose().map_err(HarnessError::because("choosing free ports"))?;
        let run = Self { folder: folder.clone(), ports };
        run.write().map_err(failed())?;
        Ok(run)
    }

    fn write(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        fs::create_dir_all(&self.folder)?;
        let tokens = User::ALL.map(|user| format!("{},{user},{user},\"{}\"", user.token(), user.group()));
        fs::write(self.path("tokens.csv"), tokens.join("\n"))?;
        fs::write(self.path("audit-policy.yaml"), AUDIT_POLICY)?;
        fs::write(self.path("audit.log"), "")?;
        self.write_keys()?;
        for user in User::ALL {
            fs::write(self.kubeconfig(user), self.kubeconfig_text(user))?;
        }
        Ok(())
    }

    /// The key pair that service account tokens are signed with.
    fn write_keys(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        let private = pair.to_pkcs8v1()?;
        for (file, label, bytes) in
            [("sa.key", "PRIVATE KEY", private.as_ref()), ("sa.pub", "PUBLIC KEY", public.as_ref())]
        {
            fs::write(self.path(file), pem::encode(&pem::Pem::new(label, bytes)))?;
        }
        Ok(())
    }

    fn kubeconfig_text(&self, user: User) -> String {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {
                "server": self.url(),
                "certificate-authority": self.certificate(),
            }}],
            "users": [{"name": user.name(), "user": {"token": user.token()}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user.name()}}],
            "current-context": "test",
        })
        .to_string()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api)
    }

    pub(super) fn kubeconfig(&self, user: User) -> PathBuf {
        self.path(&format!("{user}.kubeconfig"))
    }

    /// The server makes its own certificate and the authority behind it, and puts both into one file.
    pub(super) fn certificate(&self) -> PathBuf {
        self.path("certificates/apiserver.crt")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn etcd_flags(&self) -> Vec<String> {
        let clients = format!("http://127.0.0.1:{}", self.ports.etcd);
        let peers = format!("http://127.0.0.1:{}", self.ports.etcd_peers);
        vec![
            self.file_flag("data-dir", "etcd"),
            format!("--listen-client-urls={clients}"),
            format!("--advertise-client-urls={clients}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=default={peers}"),
            "--unsafe-no-fsync".into(),
            "--log-level=warn".into(),
        ]
    }

    pub(super) fn api_server_flags(&self) -> Vec<String> {
        vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd),
            "--bind-address=127.0.0.1".into(),
            format!("--secure-port={}", self.ports.api),
            format!("--advertise-address={ADVERTISED}"),
            self.file_flag("cert-dir", "certificates"),
            self.file_flag("token-auth-file", "tokens.csv"),
            "--authorization-mode=RBAC".into(),
            self.file_flag("audit-policy-file", "audit-policy.yaml"),
            self.file_flag("audit-log-path", "audit.log"),
            // A request is not answered before it is logged, and the log stays one file.
            "--audit-log-mode=blocking".into(),
            "--audit-log-maxsize=100000".into(),
            "--service-cluster-ip-range=10.0.0.0/16".into(),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            self.file_flag("service-account-key-file", "sa.pub"),
            self.file_flag("service-account-signing-key-file", "sa.key"),
            "--endpoint-reconciler-type=none".into(),
            // Nobody creates the default service accounts here.
            "--disable-admission-plugins=ServiceAccount".into(),
        ]
    }

    pub(super) fn controllers_flags(&self) -> Vec<String> {
        const CONTROLLERS: &str = "namespace-controller,garbage-collector-controller,deployment-controller,\
            replicaset-controller,endpointslice-controller";
        vec![
            format!("--kubeconfig={}", self.kubeconfig(User::Admin).display()),
            format!("--controllers={CONTROLLERS}"),
            "--leader-elect=false".into(),
            // It answers nobody.
            "--secure-port=0".into(),
            "--kube-api-qps=200".into(),
            "--kube-api-burst=400".into(),
            "--concurrent-namespace-syncs=20".into(),
        ]
    }

    fn file_flag(&self, flag: &str, file: &str) -> String {
        format!("--{flag}={}", self.path(file).display())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the API server's files are kept in {}", self.folder.display());
        } else {
            // What is left here goes when a later run starts.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Removes the folders of processes that are no more: of killed tests, and of failed ones once they were looked at.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("run-")?.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
