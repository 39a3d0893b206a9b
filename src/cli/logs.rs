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

    /// What is logged: off, error, warn, info, debug, trace, or per module like `info,deltagate::watch=debug`
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
        let wrong = |reason: &str| {
            let cure = format!("write {}, or per module like info,deltagate::watch=debug", LEVELS.join(", "));
            CliError::Usage(format!("--log-level {:?}: {reason}: {cure}", self.log_level))
        };
        check(&self.log_level).map_err(|reason| wrong(&reason))?;
        // The client logs each failed request as an error; whoever made the request knows whether it is one.
        let filter = EnvFilter::try_new(format!("{KEPT_SILENT}=off,notify=warn,{}", self.log_level))
            .map_err(|error| wrong(&error.to_string()))?;
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

/// Levels by their names.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What would show whole answers of the API server that it cannot read, and so the keys in Secrets.
const KEPT_SILENT: &str = "kube_client";

/// What logs here. The filter takes any word for a module, and would be silent about one that is mistyped.
const MODULES: &[&str] =
    &["axum", "dataflows", "deltagate", "h2", "hyper", "kube", "notify", "rustls", "tokio", "tower"];

/// Whether a filter consists of levels, and of modules with levels.
fn check(filter: &str) -> Result<(), String> {
    filter.split(',').map(str::trim).try_for_each(|directive| {
        let (module, level) =
            directive.split_once('=').map_or((None, directive), |(module, level)| (Some(module), level));
        if !LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known)) {
            return Err(format!("{level:?} is not a level"));
        }
        let Some(module) = module else { return Ok(()) };
        if module.starts_with(KEPT_SILENT) {
            return Err(format!("{module:?} is kept silent, as it would show keys"));
        }
        let root = module.split([':', '_']).next().unwrap_or_default();
        if MODULES.contains(&root) { Ok(()) } else { Err(format!("nothing is logged by {module:?}")) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_level_is_not_taken_for_a_module() {
        for filter in ["info", "WARN", "off", "info,deltagate::watch=debug", "kube_runtime=debug, deltagate=trace"] {
            assert_eq!(check(filter), Ok(()), "{filter}");
        }
        for (filter, reason) in [
            ("wran", "\"wran\" is not a level"),
            ("", "\"\" is not a level"),
            ("or", "\"or\" is not a level"),
            ("info,", "\"\" is not a level"),
            ("zzz=1", "\"1\" is not a level"),
            ("info,deltagate", "\"deltagate\" is not a level"),
            ("kube_client::client=debug", "\"kube_client::client\" is kept silent, as it would show keys"),
            ("zzz=info", "nothing is logged by \"zzz\""),
        ] {
            assert_eq!(check(filter), Err(reason.to_owned()), "{filter}");
        }
    }
}
