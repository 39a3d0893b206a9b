use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CliError, SettingsArgs, print};
use crate::render::{self, Form};

pub(super) const LONG_ABOUT: &str = "\
Convert objects once: objects in, generated objects and statuses out.

Reads Gateway API objects and what they refer to (Services, Namespaces, Meshes, ReferenceGrants) as an API server would \
store them, and prints first the generated Kuma objects in full, then the status of each object that Deltagate answers \
for; both in the order of kind, namespace, name. The same input gives the same bytes, whatever the order of files and \
documents. If the input holds no Mesh, a Mesh `default` is assumed.";

const EXAMPLES: &str = "\
Examples:
  One file, or a whole directory (*.yaml, *.yml, *.json, with subdirectories):
    deltagate render -f gateway.yaml
    deltagate render -f config/

  What a cluster holds:
    kubectl get gatewayclasses,gateways,httproutes,svc,ns -A -o yaml | deltagate render -f -

  Only what became of the routes:
    deltagate render -f config/ -o json | jq '.items[] | select(.kind == \"HTTPRoute\") | .status'

Exit codes: 0 everything could be read; 1 something could not (`file:document: reason` on standard error, the rest is \
rendered all the same); 2 the command line is wrong. Kinds that Deltagate does not read are ignored with a note.";

/// Converts objects once.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RenderArgs {
    /// Files or directories to read, `-` for standard input; may be repeated
    #[arg(short, long = "filename", value_name = "PATH", required = true, num_args = 1..)]
    files: Vec<PathBuf>,

    /// A stream of YAML documents, or one JSON List
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    output: Output,

    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    Yaml,
    Json,
}

impl RenderArgs {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let settings = self.settings.settings()?;
        let rendered =
            render::render(&settings, render::read(&self.files)).map_err(|error| CliError::failed(&error))?;
        let mut stderr = io::stderr().lock();
        for problem in &rendered.problems {
            // Nobody is left to tell if standard error is closed; the exit code still says it.
            let _ = writeln!(stderr, "{problem}");
        }
        for note in &rendered.notes {
            let _ = writeln!(stderr, "note: {note}");
        }
        let form = match self.output {
            Output::Yaml => Form::Yaml,
            Output::Json => Form::Json,
        };
        print(rendered.text(form).as_bytes())?;
        if rendered.problems.is_empty() { Ok(()) } else { Err(CliError::Reported) }
    }
}
