//! Parts of a measurement that run in a process of their own, and hand their lines on.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::record::Line;

/// A part ended without success: what it said is above.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("`bench {0}` cannot be started or followed")]
    Start(String, #[source] std::io::Error),
    #[error("`bench {0}` ended with {1}")]
    End(String, std::process::ExitStatus),
    #[error("`bench {0}` printed what is no result: {1}")]
    Talk(String, String),
}

/// Runs this program with other arguments to its end.
pub(crate) fn follow(arguments: &[&str], mut hear: impl FnMut(Line)) -> Result<(), Failed> {
    let name = arguments.join(" ");
    let start = |error| Failed::Start(name.clone(), error);
    let program = std::env::current_exe().map_err(start)?;
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().map_err(start)?;
    for text in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
        let text = text.map_err(start)?;
        hear(serde_json::from_str(&text).map_err(|_| Failed::Talk(name.clone(), text))?);
    }
    let status = child.wait().map_err(start)?;
    if status.success() { Ok(()) } else { Err(Failed::End(name, status)) }
}
