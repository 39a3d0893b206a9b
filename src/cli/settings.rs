use clap::{Args, ValueEnum};
use dataflows::model::{ControlPlaneMode, Settings};

use super::CliError;

/// The settings that every command knows.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// The controllerName of the classes that are ours
    #[arg(long, value_name = "NAME", env = "DELTAGATE_CONTROLLER_NAME", default_value = "gateways.kuma.io/controller")]
    controller_name: String,

    /// The namespace of the Kuma control plane, where routes are written (Kong Mesh: kong-mesh-system)
    #[arg(long, value_name = "NAMESPACE", env = "DELTAGATE_SYSTEM_NAMESPACE", default_value = "kuma-system")]
    system_namespace: String,

    /// The name of this zone, as in `KUMA_MULTIZONE_ZONE_NAME` of Kuma
    #[arg(long, value_name = "ZONE", env = "DELTAGATE_ZONE", default_value = "default")]
    zone: String,

    /// Where the control plane stands in a multi-zone deployment; a global one converts nothing
    #[arg(long, value_name = "MODE", env = "DELTAGATE_CONTROL_PLANE_MODE", default_value = "zone")]
    control_plane_mode: Mode,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    Zone,
    Global,
}

impl SettingsArgs {
    /// The settings, checked.
    pub fn settings(&self) -> Result<Settings, CliError> {
        let (domain, path) = self.controller_name.split_once('/').unwrap_or_default();
        if domain.is_empty() || path.is_empty() {
            return Err(CliError::Usage(format!(
                "--controller-name {:?} is not a domain and a path: write it like gateways.kuma.io/controller",
                self.controller_name
            )));
        }
        for (flag, value) in [("--system-namespace", &self.system_namespace), ("--zone", &self.zone)] {
            if !is_label(value) {
                return Err(CliError::Usage(format!(
                    "{flag} {value:?} is not a valid name: use at most 63 lower-case letters, digits and '-'"
                )));
            }
        }
        Ok(Settings {
            controller_name: self.controller_name.as_str().into(),
            system_namespace: self.system_namespace.as_str().into(),
            zone: self.zone.as_str().into(),
            mode: match self.control_plane_mode {
                Mode::Zone => ControlPlaneMode::Zone,
                Mode::Global => ControlPlaneMode::Global,
            },
        })
    }
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}
