use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CliError};

/// Prints the completion script of a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bash:  source <(deltagate completions bash)
  zsh:   deltagate completions zsh > \"${fpath[1]}/_deltagate\"
  fish:  deltagate completions fish > ~/.config/fish/completions/deltagate.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    #[allow(clippy::unnecessary_wraps)] // All commands are called alike.
    pub(super) fn run(&self) -> Result<(), CliError> {
        clap_complete::generate(self.shell, &mut Cli::command(), "deltagate", &mut io::stdout());
        Ok(())
    }
}
