//! Everything in one go, kept.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use jiff::Zoned;

use crate::record::{Line, Run};
use crate::report;
use crate::results::Unreadable;
use crate::subprocess;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder that the results are kept in.
    #[arg(long, default_value = "bench/results")]
    to: PathBuf,
    /// Numbers of routes for the dataflow alone. A million takes some ten minutes more.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    routes: Vec<u32>,
}

/// Look at what was said before.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Part(#[from] subprocess::Failed),
    #[error(transparent)]
    Results(#[from] Unreadable),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let commit = Run::here().commit;
    let name = format!("{}-{}.jsonl", Zoned::now().strftime("%Y-%m-%d"), commit.trim_end_matches('+'));
    let path = arguments.to.join(name);
    let unwritable = |error| Unreadable::Write(path.clone(), error);
    fs::create_dir_all(&arguments.to).map_err(unwritable)?;
    let mut file = File::create(&path).map_err(unwritable)?;
    let routes: Vec<String> = arguments.routes.iter().map(u32::to_string).collect();
    let routes = routes.join(",");
    for part in [&["engine", "--routes", &routes][..], &["cluster"]] {
        eprintln!("bench: {}", part.join(" "));
        let mut written = Ok(());
        subprocess::follow(part, |line: Line| {
            let text = serde_json::to_string(&line).unwrap_or_default();
            written = std::mem::replace(&mut written, Ok(())).and_then(|()| writeln!(file, "{text}"));
        })?;
        written.map_err(unwritable)?;
    }
    Ok(report::run(&report::Arguments { results: path })?)
}
