use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::CliError;
use super::number::number;
use crate::cluster::Membership;

/// One dataflow in several processes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several processes")]
pub(super) struct ClusterArgs {
    /// Processes that are one dataflow together, each with its share of all namespaces. They need each other: when one
    /// ends, all do. At most 256
    #[arg(long, value_name = "N", default_value = "1", env = "DELTAGATE_PROCESSES", value_parser = number)]
    processes: NonZeroUsize,

    /// Which of them this is, from 0
    #[arg(long, value_name = "I", env = "DELTAGATE_PROCESS")]
    process: Option<usize>,

    /// Where they listen: a file with one host:port per line, the same for all. Whoever reaches these ports is trusted
    /// [default: this machine, from port 2101 on]
    #[arg(long, value_name = "FILE", env = "DELTAGATE_HOSTFILE")]
    hostfile: Option<PathBuf>,
}

impl ClusterArgs {
    /// Which process this is; `None` if there is no other.
    pub(super) fn membership(&self) -> Result<Option<Membership>, CliError> {
        let processes = self.processes.get();
        if self.process.is_none() && processes > 1 {
            let last = processes - 1;
            let message = format!("--processes {processes}: say which of them this is, with --process 0 to {last}");
            return Err(CliError::Usage(message));
        }
        Membership::read(self.process.unwrap_or(0), processes, self.hostfile.as_deref())
            .map(|membership| (processes > 1).then_some(membership))
            .map_err(|error| CliError::Usage(error.to_string()))
    }
}
