//! Where etcd, kube-apiserver and kube-controller-manager come from: a folder that the environment names, or one build
//! of `tests/cluster`.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::HarnessError;

/// The programs that every control plane here consists of.
const PROGRAMS: [&str; 2] = ["etcd", "kube-apiserver"];

/// The program that only some have.
pub(super) const CONTROLLERS: &str = "kube-controller-manager";

/// What the build depends on; everything else in the folder is data.
const BUILD_INPUTS: [&str; 3] = ["go.mod", "go.sum", "main.go"];

/// Says which Kubernetes this is: unstamped, `/version` would answer `v0.0.0`.
const LINKER_FLAGS: &str = "-s -w \
    -X k8s.io/component-base/version.gitMajor=1 \
    -X k8s.io/component-base/version.gitMinor=37 \
    -X k8s.io/component-base/version.gitVersion=v1.37.2";

/// The folder that holds the programs `etcd` and `kube-apiserver`.
///
/// `KUBEBUILDER_ASSETS` names it when set. Otherwise it is `target/cluster`, filled by one build of `tests/cluster`
/// that needs Go and takes minutes; other test processes wait for it, and it is done again only when the
/// module changes.
pub fn binaries() -> Result<PathBuf, HarnessError> {
    match env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty()) {
        Some(folder) => given(PathBuf::from(folder)),
        None => built(),
    }
}

fn given(folder: PathBuf) -> Result<PathBuf, HarnessError> {
    match PROGRAMS.iter().find(|name| !folder.join(name).is_file()) {
        None => Ok(folder),
        Some(missing) => {
            Err(HarnessError::new(format!("KUBEBUILDER_ASSETS is {}, which has no {missing}", folder.display())))
        }
    }
}

fn built() -> Result<PathBuf, HarnessError> {
    let (module, folder) = (module(), cluster_folder());
    let failed = |doing: &str| HarnessError::because::<io::Error>(format!("{doing} {}", folder.display()));
    fs::create_dir_all(&folder).map_err(failed("creating"))?;
    let lock = File::create(folder.join("lock")).map_err(failed("locking"))?;
    lock.lock().map_err(failed("locking"))?;
    let (stamp, wanted) = (folder.join("stamp"), fingerprint(&module)?);
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && folder.join("cluster").is_file() {
        return Ok(folder);
    }
    build(&module, &folder)?;
    for program in PROGRAMS.into_iter().chain([CONTROLLERS]) {
        let link = folder.join(program);
        if fs::symlink_metadata(&link).is_err() {
            symlink("cluster", &link).map_err(failed("linking in"))?;
        }
    }
    fs::write(&stamp, wanted).map_err(failed("stamping"))?;
    Ok(folder)
}

fn build(module: &Path, folder: &Path) -> Result<(), HarnessError> {
    say("building etcd and kube-apiserver from source, about 8 minutes on two cores, once for all tests");
    // Built beside its place and then renamed: a running program cannot be overwritten, and half of one never counts.
    let partial = folder.join("cluster.partial");
    let output = partial.to_string_lossy();
    go(module, &["build", "-trimpath", "-ldflags", LINKER_FLAGS, "-o", &output, "."])?;
    fs::rename(&partial, folder.join("cluster"))
        .map_err(HarnessError::because(format!("renaming {}", partial.display())))?;
    say("built etcd and kube-apiserver");
    Ok(())
}

/// Tells the person who waits: the test runner would keep back what `eprintln` prints.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn fingerprint(module: &Path) -> Result<String, HarnessError> {
    let mut hash = blake3::Hasher::new();
    hash.update(LINKER_FLAGS.as_bytes());
    for name in BUILD_INPUTS {
        let path = module.join(name);
        let bytes = fs::read(&path).map_err(HarnessError::because(format!("reading {}", path.display())))?;
        hash.update(&bytes);
    }
    Ok(hash.finalize().to_hex().to_string())
}

/// The folder of the Gateway API module, at the version that `tests/cluster/go.mod` names.
pub(super) fn gateway_api_module() -> Result<PathBuf, HarnessError> {
    const NAME: &str = "sigs.k8s.io/gateway-api";
    let list = ["list", "-m", "-f", "{{.Dir}}", NAME];
    let mut folder = go(&module(), &list)?;
    if folder.is_empty() {
        go(&module(), &["mod", "download", NAME])?;
        folder = go(&module(), &list)?;
    }
    Ok(PathBuf::from(folder))
}

fn go(module: &Path, arguments: &[&str]) -> Result<String, HarnessError> {
    let Output { status, stdout, stderr } =
        Command::new("go").args(arguments).current_dir(module).output().map_err(HarnessError::because(
            "starting `go` (the tests need Go 1.26; KUBEBUILDER_ASSETS spares the build, not the Gateway API module)",
        ))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).trim().to_owned())
    } else {
        Err(HarnessError::new(format!(
            "`go {}` failed with {status}:\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&stderr)
        )))
    }
}

/// The Go module that is built, which also holds the CRDs of our own.
pub(super) fn module() -> PathBuf {
    crate::crds::workspace().join("tests/cluster")
}

/// Where the programs and the files of running servers are.
pub(super) fn cluster_folder() -> PathBuf {
    crate::crds::workspace().join("target/cluster")
}
