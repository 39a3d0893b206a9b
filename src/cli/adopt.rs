use std::path::PathBuf;

use clap::Args;
use dataflows::model::Settings;

use super::{CliError, SettingsArgs, print};
use crate::adopt::{self, Fate, Outcome, Step, Survey};
use crate::controller;
use crate::watch::cluster::Requests;

pub(super) const LONG_ABOUT: &str = "\
Take over what Kuma's own Gateway API controllers made.

A MeshGateway or MeshGatewayInstance of a Gateway of ours is adopted: it gets Deltagate's labels, and `deltagate run` goes \
on with it in place, so that addresses stay. A MeshHTTPRoute is removed once `deltagate run` has written its own for the \
same HTTPRoute and Gateway, and the copy of a certificate once no MeshGateway names it. Objects of users, of other \
controllers and of the global control plane are left alone.

Without --yes nothing is changed: each object is listed with what would become of it, and you are told whether Kuma's \
controllers are still on and how to switch them off.";

const EXAMPLES: &str = "\
Examples:
  Look, then do it:
    deltagate adopt
    deltagate adopt --yes

  The whole way from Kuma's controllers to Deltagate:
    deltagate adopt          # says how to switch Kuma's controllers off: do that
    deltagate run            # leave it running: it writes its routes beside Kuma's, and reports MeshGateways in its way
    deltagate adopt --yes    # adopts those, removes what is replaced
    deltagate adopt --yes    # again, until nothing has to wait

Lines begin with what becomes of an object: adopt, remove, wait (what for is said), leave.

Exit codes: 0 done, or only listed; 1 something failed or has to wait (with --yes), or the cluster cannot be read; \
2 the command line is wrong.";

/// Takes over what Kuma's controllers made.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AdoptArgs {
    /// Do it; without this, only say what would be done
    #[arg(long)]
    yes: bool,

    /// The kubeconfig to use [default: $KUBECONFIG, ~/.kube/config, or the service account of the pod]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    #[command(flatten)]
    settings: SettingsArgs,
}

impl AdoptArgs {
    pub(super) fn run(self) -> Result<(), CliError> {
        let settings = self.settings.settings()?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| CliError::Failed {
                message: "cannot start".to_owned(),
                cause: Some(error.into()),
                cure: "raise the limits of this process".to_owned(),
            })?;
        runtime.block_on(self.adopt(&settings))
    }

    async fn adopt(self, settings: &Settings) -> Result<(), CliError> {
        let client = controller::connect(self.kubeconfig, self.context, &Requests::default()).await;
        let client = client.map_err(|error| CliError::failed(&error))?;
        let survey = adopt::survey(&client, settings).await.map_err(|error| CliError::failed(&error))?;
        say(&survey.controllers)?;
        let steps = adopt::plan(settings, &survey);
        if !self.yes {
            steps.iter().try_for_each(say)?;
            return say(summary(&steps, "Nothing was changed; --yes does it."));
        }
        may_begin(&survey)?;
        let mut failed = false;
        for step in &steps {
            match adopt::carry_out(&client, settings, step).await {
                Outcome::Done | Outcome::Nothing => say(step)?,
                Outcome::Failed(reason) => {
                    failed = true;
                    say(format_args!("failed  {}: {reason}", step.seen.object))?;
                }
            }
        }
        let waits = steps.iter().any(|step| matches!(step.fate, Fate::Wait(_)));
        let unfinished = failed || waits;
        say(summary(&steps, if unfinished { "Run the command again for the rest." } else { "All is done." }))?;
        if unfinished { Err(CliError::Reported) } else { Ok(()) }
    }
}

/// Kuma's controllers would make again what is removed, and fight for what is adopted.
fn may_begin(survey: &Survey) -> Result<(), CliError> {
    if !survey.controllers.in_the_way() {
        return Ok(());
    }
    Err(CliError::Failed {
        message: "Kuma's own Gateway API controllers would undo this".to_owned(),
        cause: None,
        cure: format!("switch them off first:\n  {}", survey.controllers.switch_off().replace('\n', "\n  ")),
    })
}

fn summary(steps: &[Step], end: &str) -> String {
    let counts = ["adopt", "remove", "wait", "leave"].map(|verb| {
        let count = steps.iter().filter(|step| step.fate.verb() == verb).count();
        format!("{count} to {verb}")
    });
    format!("{}. {end}", counts.join(", "))
}

fn say(line: impl std::fmt::Display) -> Result<(), CliError> {
    print(format!("{line}\n").as_bytes())
}
