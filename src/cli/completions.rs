use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CliError, print};

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
    pub(super) fn run(&self) -> Result<(), CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "deltagate", &mut script);
        print(&script)
    }
}
