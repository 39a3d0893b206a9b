//! The command line.

use std::fs;
use std::process::Command;

use super::world::World;

#[test]
fn writing_into_what_is_read_is_refused() {
    let world = World::new("inside");
    for (from, to) in [("in", "in/out"), ("in", "in"), (".", "out"), ("missing", "out"), ("in", "in/../in/x")] {
        let output = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .args(["run", "--from", from, "--to", to])
            .current_dir(&world.root)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{from} {to}: {message}");
        assert!(message.starts_with("error: --"), "{message}");
    }
    assert!(!world.root.join("out").exists());
}

/// The flags, the variable that is set, and what is told.
type WrongUse = (&'static [&'static str], (&'static str, &'static str), &'static str);

const WRONG_USES: [WrongUse; 7] = [
    (&["--log-level", "wran"], ("X", ""), "\"wran\" is not a level: write off, error, warn, info, debug, trace"),
    (&[], ("DELTAGATE_LOG_LEVEL", "zzz=1"), "\"1\" is not a level: write off, error"),
    (&["--workers", "0"], ("X", ""), "write a whole number from 1 to 256"),
    (&["--workers", "999999"], ("X", ""), "write a whole number from 1 to 256"),
    (&["--processes", "257"], ("X", ""), "write a whole number from 1 to 256"),
    (&[], ("DELTAGATE_WORKERS", "many"), "The value comes from the environment variable DELTAGATE_WORKERS."),
    (&[], ("DELTAGATE_LOG_FORMAT", "xml"), "The value comes from the environment variable DELTAGATE_LOG_FORMAT."),
];

#[test]
fn a_value_that_makes_no_sense_is_refused() {
    let world = World::new("usage");
    for (flags, variable, told) in WRONG_USES {
        let output = Command::new(env!("CARGO_BIN_EXE_deltagate"))
            .args(["run", "--from", "in"])
            .args(flags)
            .env(variable.0, variable.1)
            .current_dir(&world.root)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?} {variable:?}: {message}");
        assert!(message.contains(told), "{flags:?} {variable:?}: {message}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_deltagate")).args(["completions", "bash"]).stdout(full).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.starts_with("error: cannot write the result"), "{message}");
}
