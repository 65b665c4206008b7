//! Runs cargo and the workspace's own programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The workspace that this program belongs to.
pub(crate) struct Workspace {
    /// Folder with the programs that cargo builds.
    programs: PathBuf,
}

impl Workspace {
    /// Makes the workspace's root the working directory.
    pub(crate) fn enter() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies in the workspace")?;
        std::env::set_current_dir(root).with_context(|| format!("{} cannot be entered", root.display()))?;
        let this = std::env::current_exe().context("this program has no path")?;
        let programs = this.parent().context("this program lies in a folder")?.to_owned();
        Ok(Self { programs })
    }

    /// One of the workspace's programs.
    pub(crate) fn program(&self, name: &str) -> Command {
        clean(self.programs.join(name))
    }

    /// The program `tandem-devkit`.
    pub(crate) fn devkit(&self) -> Command {
        self.program("tandem-devkit")
    }
}

/// Builds all programs. Always the same packages: another set would unify the features of the
/// dependencies differently and compile them anew for minutes.
pub(crate) fn build() -> Result<()> {
    run(cargo().args(["build", "--workspace", "--bins"]))
}

/// Builds as many programs as possible, without a word about the others; whether that is all.
pub(crate) fn build_what_builds() -> bool {
    let mut build = cargo();
    build
        .args(["build", "--workspace", "--bins", "--keep-going", "--quiet"])
        .stderr(Stdio::null());
    build.status().is_ok_and(|status| status.success())
}

/// The cargo that runs this program.
pub(crate) fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A cargo command.
pub(crate) fn cargo() -> Command {
    clean(program())
}

/// A command without what `cargo run` tells its program about the package xtask: build scripts that
/// look at these variables would run again, and everything above them.
fn clean(program: impl Into<OsString>) -> Command {
    const TOLD: &[&str] = &[
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
        "OUT_DIR",
    ];
    let mut command = Command::new(program.into());
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| TOLD.iter().any(|told| name.starts_with(told)))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command that shares our terminal; failure is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{} could not be run", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed; failure is an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stderr(Stdio::inherit());
    let output = command
        .output()
        .with_context(|| format!("{} could not be run", line(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", line(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is no text", line(command)))
}

/// Whether cargo has this subcommand.
pub(crate) fn has_subcommand(name: &str) -> bool {
    let mut probe = cargo();
    probe
        .args([name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
