//! The wiring: source -> engine thread -> sink, readiness, shutdown.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;
use dataflows::model::Settings;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::admin::metrics::Metrics;
use crate::admin::{self, Admin};
use crate::apply::Writer;
use crate::engine_thread::{self, Readiness, Spread};
use crate::events::{EpochReport, Event};
use crate::observations::{self, Feed};
use crate::output::directory::{self as output_directory, DirectorySink};
use crate::output::{files::OutputDirectory, sightings::Sightings};
use crate::progress::{Progress, Style};
use crate::vault::Vault;
use crate::watch::cluster::{self, ConnectError, Requests};
use crate::watch::directory::{self as input_directory, DirectorySource};

/// Events that wait for the engine at most; sources wait when it is full.
const EVENTS_MAX: usize = 16_384;

/// How long threads may take to end what they are at.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// What every way to run needs.
#[derive(Debug)]
pub struct Config {
    /// The settings of the dataflow.
    pub settings: Settings,
    /// Over what the dataflow is spread.
    pub spread: Spread,
    /// Where operators may ask.
    pub admin: AdminAddress,
    /// How epochs are told.
    pub style: Style,
}

/// Where `/livez`, `/readyz` and `/metrics` are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// Nowhere.
    Off,
    /// Here, and it is an error if that is not possible.
    Required(SocketAddr),
    /// Here if possible: nobody asked for it.
    Preferred(SocketAddr),
}

/// Why a controller could not run, named for what the user does next.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Free the address or choose another one.
    #[error("cannot listen on {address}; free the port, or choose another one with --admin-address (or `off`)")]
    Address {
        /// The address.
        address: SocketAddr,
        /// The answer of the system.
        #[source]
        source: std::io::Error,
    },
    /// Name another kubeconfig or context.
    #[error("the kubeconfig cannot be used; check --kubeconfig and --context")]
    Kubeconfig {
        /// What is wrong with it.
        #[source]
        source: KubeconfigError,
    },
    /// Say where the cluster is.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The system gives no more threads or signals.
    #[error("the system refuses threads or signal handlers; raise the limits of this process")]
    System(#[from] std::io::Error),
    /// Look at what was logged before.
    #[error("the engine stopped")]
    Stopped,
}

/// The engine with its two ends.
struct Core {
    readiness: Readiness,
    metrics: Arc<Metrics>,
    thread: JoinHandle<()>,
    events: Sender<Event>,
    reports: mpsc::UnboundedReceiver<EpochReport>,
}

impl Core {
    fn start(settings: &Settings, spread: Spread, inputs: Vec<&'static str>) -> Result<Self, RunError> {
        let (events, received) = crossbeam_channel::bounded(EVENTS_MAX);
        let (sender, reports) = mpsc::unbounded_channel();
        let readiness = Readiness::default();
        let thread = engine_thread::spawn(settings.clone(), spread, inputs, received, sender, readiness.clone())?;
        Ok(Self { readiness, metrics: Arc::default(), thread, events, reports })
    }
}

/// Runs on directories until a signal comes: edits below `from` are the watch, `to` is kept as the dataflow wants it.
pub async fn run_directory(config: Config, from: PathBuf, to: PathBuf) -> Result<(), RunError> {
    let shutdown = Shutdown::install()?;
    let listener = bind(config.admin).await?;
    let core = Core::start(&config.settings, config.spread, vec![input_directory::INPUT, output_directory::INPUT])?;
    let (sightings, vault) = (Sightings::default(), Vault::default());
    let output = OutputDirectory::new(to);
    let sink = DirectorySink {
        settings: config.settings.clone(),
        directory: output.clone(),
        vault: vault.clone(),
        sightings: sightings.clone(),
        metrics: core.metrics.clone(),
        events: core.events.clone(),
    };
    let (reports, for_sink) = crossbeam_channel::unbounded();
    let sink = sink.spawn(for_sink)?;
    let source = DirectorySource {
        settings: config.settings,
        directory: from,
        sightings,
        vault,
        output,
        readiness: core.readiness.clone(),
        metrics: core.metrics.clone(),
        events: core.events,
    };
    let (stop, stopped) = crossbeam_channel::bounded(0);
    let source = source.spawn(stopped)?;
    serve_admin(listener, &core.readiness, &core.metrics, &shutdown);
    let tell = |report| reports.send(report).is_ok();
    let ended = follow(core.reports, tell, Progress::new(config.style, core.readiness), &core.metrics, shutdown).await;
    // The source lets go of the engine's events, the sink ends without reports, and with both the engine.
    drop(stop);
    drop(reports);
    join([source, sink, core.thread]).await;
    ended
}

/// Runs against a cluster until a signal comes. `kubeconfig` and `context` choose another one than the usual.
pub async fn run_cluster(config: Config, kubeconfig: Option<PathBuf>, context: Option<String>) -> Result<(), RunError> {
    let shutdown = Shutdown::install()?;
    let listener = bind(config.admin).await?;
    let core = Core::start(&config.settings, config.spread, observations::inputs().collect())?;
    let client = connect(kubeconfig, context, core.metrics.requests()).await?;
    let feed = Arc::new(Feed::new(Arc::new(config.settings), core.events, Arc::clone(core.metrics.health())));
    let (reports, for_writer) = mpsc::unbounded_channel();
    // One replica for now: whoever runs is the one that writes.
    let (_leads, may_write) = watch::channel(true);
    let counters = Arc::clone(core.metrics.counters());
    let writer = Writer::new(client.clone(), Arc::clone(&feed), for_writer, may_write, counters);
    let source = tokio::spawn(cluster::watch(client, feed, shutdown.receiver()));
    serve_admin(listener, &core.readiness, &core.metrics, &shutdown);
    // The writer ends with the wish to end, and without reports.
    let written = writer.run(shutdown.receiver());
    let tell = move |report| reports.send(report).is_ok();
    let followed = follow(core.reports, tell, Progress::new(config.style, core.readiness), &core.metrics, shutdown);
    let (ended, ()) = tokio::join!(followed, written);
    // With the last sender of events the engine ends. A panic of the source was told by the hook.
    if tokio::time::timeout(SHUTDOWN_MAX, source).await.is_ok() {
        join([core.thread]).await;
    }
    ended
}

pub(crate) async fn connect(
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    requests: &Requests,
) -> Result<Client, RunError> {
    if kubeconfig.is_none() && context.is_none() {
        return Ok(cluster::connect(requests).await?);
    }
    let unusable = |source| RunError::Kubeconfig { source };
    let file = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let config = kube::Config::from_custom_kubeconfig(file.map_err(unusable)?, &options).await.map_err(unusable)?;
    Ok(cluster::client(config, requests)?)
}

/// Hands every report on to whoever counts, tells or writes, until the process is asked to end.
async fn follow(
    mut reports: mpsc::UnboundedReceiver<EpochReport>,
    mut tell: impl FnMut(EpochReport) -> bool,
    mut progress: Progress,
    metrics: &Metrics,
    mut shutdown: Shutdown,
) -> Result<(), RunError> {
    let mut ticks = tokio::time::interval(Progress::TICK);
    loop {
        tokio::select! {
            () = shutdown.requested() => {
                engine_thread::leave();
                tracing::info!("stopping");
                return Ok(());
            }
            report = reports.recv() => {
                let report = report.ok_or(RunError::Stopped)?;
                metrics.epoch(&report);
                progress.epoch(&report);
                if !tell(report) {
                    return Err(RunError::Stopped);
                }
            }
            _ = ticks.tick(), if progress.is_starting() => progress.tick(),
        }
    }
}

/// Waits for threads to end, but not for ever: what is left over is found by the next start.
async fn join<const N: usize>(threads: [JoinHandle<()>; N]) {
    let (done, ended) = tokio::sync::oneshot::channel();
    let joining = std::thread::spawn(move || {
        for thread in threads {
            // A panic was told by the hook.
            let _ = thread.join();
        }
        let _ = done.send(());
    });
    if tokio::time::timeout(SHUTDOWN_MAX, ended).await.is_err() {
        tracing::warn!("some work did not end in time; the next start takes it up");
    }
    drop(joining);
}

async fn bind(address: AdminAddress) -> Result<Option<TcpListener>, RunError> {
    match address {
        AdminAddress::Off => Ok(None),
        AdminAddress::Required(address) => {
            admin::bind(address).await.map(Some).map_err(|source| RunError::Address { address, source })
        }
        AdminAddress::Preferred(address) => match admin::bind(address).await {
            Ok(listener) => Ok(Some(listener)),
            Err(error) => {
                tracing::warn!(
                    "no /readyz and /metrics: cannot listen on {address} ({error}); choose another \
                    address with --admin-address"
                );
                Ok(None)
            }
        },
    }
}

fn serve_admin(listener: Option<TcpListener>, readiness: &Readiness, metrics: &Arc<Metrics>, shutdown: &Shutdown) {
    let Some(listener) = listener else { return };
    let admin = Admin { readiness: readiness.clone(), metrics: metrics.clone() };
    let mut shutdown = shutdown.clone();
    tokio::spawn(async move {
        let served = admin::serve(listener, admin, async move { shutdown.requested().await }).await;
        if let Err(error) = served {
            tracing::error!("/readyz and /metrics are not served any more: {error}");
        }
    });
}

/// The wish to end: SIGINT or SIGTERM.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Takes the signals over.
    pub fn install() -> std::io::Result<Self> {
        let (sender, receiver) = watch::channel(false);
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            // Nobody waits any more: then the process is ending already.
            let _ = sender.send(true);
            sender.closed().await;
        });
        Ok(Self(receiver))
    }

    /// The wish as a flag, for tasks that look at it themselves.
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }

    /// Waits for the wish.
    pub async fn requested(&mut self) {
        // The sender lives as long as anybody waits.
        let _ = self.0.wait_for(|requested| *requested).await;
    }
}
