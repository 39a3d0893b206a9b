use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::cluster::ClusterArgs;
use super::logs::LogArgs;
use super::number::number;
use super::{CliError, SettingsArgs};
use crate::controller::{self, AdminAddress, Config};
use crate::engine_thread::Spread;
use crate::progress::Style;

pub(super) const LONG_ABOUT: &str = "\
Run the controller, on a cluster or on directories.

Without --from it runs against a cluster: that of your kubeconfig, or in a pod with its service account.

With --from it needs no cluster: the files of one directory are the objects (*.yaml, *.yml, *.json, with \
subdirectories), and edits of them are the watch. Generated objects and statuses are kept in the other directory, one \
file each: <Kind>/<namespace or _cluster>/<name>.yaml, statuses below status/. A file that cannot be read keeps the \
objects it held before; nothing is deleted because something could not be read, and a start beside what was generated \
before writes nothing until all could be.";

const EXAMPLES: &str = "\
Examples:
  Against the current context of your kubeconfig, or another one:
    deltagate run
    deltagate run --context staging

  On directories; edit a file below config/ and watch out/ follow:
    deltagate run --from config/ --to out/

  As one dataflow in two processes, of which this is the first:
    deltagate run --processes 2 --process 0 --hostfile hosts.txt

  As a service, with logs for machines and its pages open to the network:
    deltagate run --log-format json --admin-address 0.0.0.0:15080

While it runs:
    curl localhost:15080/readyz      is it in sync, and if not, what is it waiting for
    curl localhost:15080/metrics     epochs, pending objects, writes";

/// Runs the controller.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArgs {
    /// Read objects from this directory instead of a cluster
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kubeconfig", "context"])]
    from: Option<PathBuf>,

    /// Write generated objects and statuses to this directory [default: out]
    #[arg(long, value_name = "DIR", requires = "from")]
    to: Option<PathBuf>,

    /// The kubeconfig to use [default: $KUBECONFIG, ~/.kube/config, or the service account of the pod]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Where /livez, /readyz and /metrics are served, `off` for nowhere [default: 127.0.0.1:15080]
    #[arg(long, value_name = "ADDRESS", env = "DELTAGATE_ADMIN_ADDRESS")]
    admin_address: Option<Address>,

    /// Threads that the dataflow is spread over. More than one helps with hundreds of thousands of routes and idle
    /// processors; single changes take longer. At most 256
    #[arg(long, value_name = "N", default_value = "1", env = "DELTAGATE_WORKERS", value_parser = number)]
    workers: NonZeroUsize,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    logs: LogArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

const ADMIN_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 15_080);

/// Where generated objects go if nobody says where.
const TO: &str = "out";

/// An address or `off`.
#[derive(Clone, Copy, Debug)]
struct Address(AdminAddress);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(AdminAddress::Off));
        }
        let address = text.parse().map_err(|_| "write an IP address and a port, like 0.0.0.0:15080, or `off`")?;
        Ok(Self(AdminAddress::Required(address)))
    }
}

impl RunArgs {
    pub(super) fn run(self: Box<Self>) -> Result<(), CliError> {
        let settings = self.settings.settings()?;
        let membership = self.cluster.membership()?;
        let directories = match &self.from {
            Some(from) => Some(directories(from, self.to.as_deref().unwrap_or(Path::new(TO)))?),
            None => None,
        };
        self.logs.init()?;
        let config = Config {
            settings,
            spread: Spread { workers: self.workers, membership },
            admin: self.admin_address.map_or(AdminAddress::Preferred(ADMIN_ADDRESS), |address| address.0),
            style: Style::detect(self.logs.json()),
        };
        // One thread beside the engine's: to hand what one small change brings from thread to thread would cost more than
        // to do it.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| CliError::Failed {
                message: "cannot start".to_owned(),
                cause: Some(error.into()),
                cure: "raise the limits of this process".to_owned(),
            })?;
        let outcome = match directories {
            Some((from, to)) => runtime.block_on(controller::run_directory(config, from, to)),
            None => runtime.block_on(controller::run_cluster(config, self.kubeconfig, self.context)),
        };
        // Threads of the runtime may hang in name resolution; nothing that matters runs on them any more.
        runtime.shutdown_background();
        outcome.map_err(|error| CliError::failed(&error))
    }
}

/// The two directories, if they are fit for it.
fn directories(from: &Path, to: &Path) -> Result<(PathBuf, PathBuf), CliError> {
    let real = from.canonicalize().map_err(|error| {
        CliError::Usage(format!("--from {}: {error}: name a directory that is there", from.display()))
    })?;
    if !real.is_dir() {
        return Err(CliError::Usage(format!("--from {} is not a directory: name the one it lies in", from.display())));
    }
    if real_path(to).starts_with(&real) {
        return Err(CliError::Usage(format!(
            "--to {} is inside --from {}, so what is written would be read again: choose a directory outside, with --to",
            to.display(),
            from.display()
        )));
    }
    Ok((from.to_owned(), to.to_owned()))
}

/// Where a path that need not exist leads to.
fn real_path(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    for ancestor in path.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            return missing.into_iter().rev().fold(real, |path, name| path.join(name));
        }
        missing.extend(ancestor.file_name());
    }
    path
}
