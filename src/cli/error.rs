use std::error::Error;
use std::io::{self, Write};

/// Why a command did not do what it was asked for, named for what the user does next.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Write the command line in another way.
    #[error("{0}")]
    Usage(String),
    /// Correct what was reported already.
    #[error("not everything could be read")]
    Reported,
    /// Follow the cure that the message names.
    #[error("{message}")]
    Failed {
        /// What could not be done.
        message: String,
        /// Why.
        #[source]
        cause: Option<Box<dyn Error + Send + Sync>>,
        /// What to do about it, empty if the message says it.
        cure: String,
    },
}

impl CliError {
    /// A failure whose own message names the cure.
    pub fn failed(error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let next = error.to_string();
            if !message.contains(&next) {
                message = format!("{message}: {next}");
            }
            cause = error.source();
        }
        Self::Failed { message, cause: None, cure: String::new() }
    }

    /// The exit code of the process.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Reported | Self::Failed { .. } => 1,
        }
    }

    /// Says it on standard error: one sentence, its causes, the cure.
    pub fn tell(&self) {
        let mut text = match self {
            Self::Reported => return,
            Self::Usage(_) | Self::Failed { .. } => format!("error: {self}"),
        };
        let mut cause = self.source();
        while let Some(error) = cause {
            text = format!("{text}\n  because {error}");
            cause = error.source();
        }
        if let Self::Failed { cure, .. } = self
            && !cure.is_empty()
        {
            text = format!("{text}\n  {cure}");
        }
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(io::stderr(), "{text}");
    }
}
