use std::io::{self, IsTerminal};

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use super::CliError;
use crate::progress::Stderr;

/// How the process logs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(super) struct LogArgs {
    /// How log lines on standard error are written
    #[arg(long, value_name = "FORMAT", env = "DELTAGATE_LOG_FORMAT", default_value = "text")]
    log_format: Format,

    /// What is logged: error, warn, info, debug, trace, or per module like `info,deltagate::watch=debug`
    #[arg(long, value_name = "LEVEL", env = "DELTAGATE_LOG_LEVEL", default_value = "info")]
    log_level: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

impl LogArgs {
    /// Whether logs are for machines.
    pub(super) fn json(&self) -> bool {
        self.log_format == Format::Json
    }

    /// Begins to log.
    pub(super) fn init(&self) -> Result<(), CliError> {
        // The client logs each failed request as an error; whoever made the request knows whether it is one.
        let filter =
            EnvFilter::try_new(format!("kube_client=off,notify=warn,{}", self.log_level)).map_err(|error| {
                CliError::Usage(format!(
                    "--log-level {:?} is not a level ({error}): write error, warn, info, debug or trace",
                    self.log_level
                ))
            })?;
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Stderr);
        let begun = match self.log_format {
            Format::Json => logs.json().flatten_event(true).try_init(),
            Format::Text => logs.with_target(false).with_ansi(io::stderr().is_terminal()).try_init(),
        };
        // Somebody who calls this as a library logs already: then it is theirs.
        drop(begun);
        Ok(())
    }
}
