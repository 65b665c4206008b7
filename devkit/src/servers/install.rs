//! Installs missing servers from Debian packages, or says how to.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use super::find::{OLDEST_POSTGRES, on_path};
use crate::keeper::tail;

const SCRIPT: &str = include_str!("install.sh");

/// A server that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Postgres,
    Redis,
}

impl Missing {
    fn debian_package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Redis => "redis-server",
        }
    }

    fn homebrew_package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql@17",
            Self::Redis => "redis",
        }
    }

    fn fedora_package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql-server postgresql-contrib",
            Self::Redis => "valkey",
        }
    }

    fn description(self) -> String {
        match self {
            Self::Postgres => format!("PostgreSQL {OLDEST_POSTGRES} or newer"),
            Self::Redis => "Redis".to_owned(),
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "DATABASE_URL",
            Self::Redis => "REDIS_URL",
        }
    }
}

/// Whether this process may install Debian packages.
pub(crate) fn possible() -> bool {
    on_path("apt-get").is_some() && (Uid::effective().is_root() || sudo_asks_nothing())
}

fn sudo_asks_nothing() -> bool {
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    sudo.status().is_ok_and(|status| status.success())
}

/// Installs what is missing; apt's words go to `log`.
pub(crate) fn install(missing: &[Missing], log: &Path) -> Result<()> {
    let packages: Vec<_> = missing.iter().map(|missing| missing.debian_package()).collect();
    eprintln!(
        "Installing the Debian package(s) {}; their servers will not be started.",
        packages.join(", ")
    );
    run(missing, log, "", !Uid::effective().is_root())
}

fn run(missing: &[Missing], log: &Path, root: &str, with_sudo: bool) -> Result<()> {
    let mut command = if with_sudo {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    } else {
        Command::new("sh")
    };
    command.args(["-c", SCRIPT, "install", root]);
    command.args(missing.iter().map(|missing| missing.debian_package()));
    let output = File::create(log).with_context(|| format!("{} cannot be written", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let status = command
        .status()
        .context("the installation could not be started")?;
    if !status.success() {
        bail!(
            "{}\n\napt ended with {status} and said:\n{}",
            how_to(missing),
            tail(log, 15)
        );
    }
    Ok(())
}

/// What is missing and the commands that install it.
pub(crate) fn how_to(missing: &[Missing]) -> String {
    let each = |name: fn(Missing) -> &'static str| missing.iter().map(|one| name(*one)).collect::<Vec<_>>();
    let names: Vec<_> = missing.iter().map(|one| one.description()).collect();
    format!(
        "{} is missing. Install it with one of\n  \
         sudo apt-get install {}     (Debian, Ubuntu)\n  \
         sudo dnf install {}     (Fedora)\n  \
         brew install {}     (macOS)\n\
         or start Docker, or set {} to a server that is already running.",
        names.join(" and "),
        each(Missing::debian_package).join(" "),
        each(Missing::fedora_package).join(" "),
        each(Missing::homebrew_package).join(" "),
        each(Missing::variable).join(" and "),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    /// A root folder with an `apt-get` that notes what it was asked and which guards it saw.
    struct FakeSystem {
        folder: tempfile::TempDir,
    }

    impl FakeSystem {
        fn new(install_status: i32) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().display().to_string();
            std::fs::create_dir_all(folder.path().join("usr/sbin")).unwrap();
            let apt = folder.path().join("apt-get");
            let script = format!(
                "#!/bin/sh\n\
                 echo \"$*\" >>{root}/asked\n\
                 [ \"$1\" = install ] || exit 1\n\
                 cat {root}/usr/sbin/policy-rc.d {root}/etc/postgresql-common/createcluster.d/* >{root}/seen\n\
                 exit {install_status}\n"
            );
            std::fs::write(&apt, script).unwrap();
            std::fs::set_permissions(&apt, std::fs::Permissions::from_mode(0o755)).unwrap();
            Self { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.path(name)).unwrap()
        }

        fn install(&self) -> std::process::Output {
            let path = format!(
                "{}:{}",
                self.folder.path().display(),
                std::env::var("PATH").unwrap()
            );
            let mut command = Command::new("sh");
            command
                .args(["-c", SCRIPT, "install"])
                .arg(self.folder.path())
                .args(["postgresql", "redis-server"]);
            command.env("PATH", path).output().unwrap()
        }

        fn has_no_guard(&self) -> bool {
            !self.path("usr/sbin/policy-rc.d").exists() && !self.path("etc/postgresql-common").exists()
        }
    }

    #[test]
    fn servers_are_kept_from_starting_while_they_are_installed_and_only_then() {
        let system = FakeSystem::new(0);
        assert!(system.install().status.success());
        assert!(system.read("asked").contains("postgresql redis-server"));
        let seen = system.read("seen");
        assert!(
            seen.contains("exit 101") && seen.contains("create_main_cluster = false"),
            "{seen}"
        );
        assert!(system.has_no_guard());
    }

    #[test]
    fn a_failed_installation_leaves_no_guard_behind() {
        let system = FakeSystem::new(100);
        assert_eq!(system.install().status.code(), Some(100));
        assert!(system.path("seen").exists());
        assert!(system.has_no_guard());
    }

    #[test]
    fn an_existing_policy_is_left_alone() {
        let system = FakeSystem::new(0);
        std::fs::write(system.path("usr/sbin/policy-rc.d"), "the administrator's").unwrap();
        assert!(system.install().status.success());
        assert_eq!(system.read("usr/sbin/policy-rc.d"), "the administrator's");
    }

    #[test]
    fn the_advice_names_what_is_missing_and_only_that() {
        let advice = how_to(&[Missing::Redis]);
        assert!(
            advice.contains("apt-get install redis-server") && advice.contains("REDIS_URL"),
            "{advice}"
        );
        assert!(
            !advice.contains("PostgreSQL") && !advice.contains("DATABASE_URL"),
            "{advice}"
        );
    }
}
