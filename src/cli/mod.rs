//! The command line: flags in, library calls, exit code out.

mod adopt;
mod cluster;
mod completions;
mod error;
mod logs;
mod number;
mod render;
mod run;
mod settings;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};

pub use error::CliError;
pub use settings::SettingsArgs;

const ABOUT: &str = "An incremental Gateway API controller for Kuma and Kong Mesh";

const LONG_ABOUT: &str = "\
An incremental Gateway API controller for Kuma and Kong Mesh.

You write Gateway API objects: GatewayClass, Gateway, routes. Deltagate turns them into the Kuma objects that \
configure Kuma's proxies (MeshGateway, MeshGatewayInstance, MeshHTTPRoute, MeshTCPRoute), keeps them so, and says in the statuses \
of your objects what became of them. A change costs what depends on it, not what surrounds it.";

const EXAMPLES: &str = "\
Examples:
  See what your objects become, without a cluster:
    deltagate render -f gateway.yaml -f routes/

  Keep a directory of generated objects in step with a directory you edit:
    deltagate run --from config/ --to out/

  Run the controller against the cluster of your current kubeconfig context:
    deltagate run

  Take over from Kuma's own Gateway API controllers; without --yes it only says what it would do:
    deltagate adopt

  Complete commands with the tab key (bash; also zsh, fish, elvish, powershell):
    source <(deltagate completions bash)

Exit codes: 0 done, 1 something failed or could not be read, 2 the command line is wrong.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "deltagate", version, about = ABOUT, long_about = LONG_ABOUT, after_help = EXAMPLES, max_term_width = 100)]
#[command(arg_required_else_help = true, subcommand_required = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the controller, on a cluster or on directories
    #[command(long_about = run::LONG_ABOUT)]
    Run(Box<run::RunArgs>),
    /// Convert objects once: objects in, generated objects and statuses out
    #[command(long_about = render::LONG_ABOUT)]
    Render(render::RenderArgs),
    /// Take over what Kuma's own Gateway API controllers made
    #[command(long_about = adopt::LONG_ABOUT)]
    Adopt(adopt::AdoptArgs),
    /// Print the completion script of a shell
    Completions(completions::CompletionsArgs),
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            // Nobody is left to tell if the stream is closed.
            let _ = error.print();
            if let Some(name) = variable(&error) {
                let _ = writeln!(io::stderr(), "\nThe value comes from the environment variable {name}.");
            }
            return ExitCode::from(code);
        }
    };
    let outcome = match cli.command {
        Command::Run(args) => args.run(),
        Command::Render(args) => args.run(),
        Command::Adopt(args) => args.run(),
        Command::Completions(args) => args.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.tell();
            ExitCode::from(error.exit_code())
        }
    }
}

/// The environment variable that a wrong value comes from, if it is not from the command line.
fn variable(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = argument.split(' ').next()?;
    let is_given = |word: String| word == flag || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='));
    if std::env::args().any(is_given) {
        return None;
    }
    let command = Cli::command();
    let arguments = command.get_subcommands().flat_map(clap::Command::get_arguments);
    let mut named = arguments.filter(|argument| argument.get_long().is_some_and(|long| flag == format!("--{long}")));
    let name = named.find_map(clap::Arg::get_env)?;
    std::env::var_os(name).map(|_| name.to_string_lossy().into_owned())
}

/// Writes the result of a command.
fn print(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        // `| head` has seen enough; what is left to do must be done all the same.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CliError::Failed {
            message: "cannot write the result".to_owned(),
            cause: Some(error.into()),
            cure: "check where standard output goes".to_owned(),
        }),
    }
}
