//! The private folder that servers keep their data in.

use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};

use crate::keeper::RunAs;

const PREFIX: &str = "tandem-servers-";
const LOCK: &str = "lock";
/// Files in which a server notes its process id, in the first line.
const PID_FILES: &[&str] = &["postgres/data/postmaster.pid", "redis/redis.pid"];

/// A folder of mode 0700 that belongs to whoever runs the servers. Removed on drop unless kept. It is
/// locked as long as this process lives, so that a later start can tell a folder in use from one whose
/// owner died.
#[derive(Debug)]
pub(crate) struct PrivateFolder {
    path: PathBuf,
    keep: bool,
    _lock: File,
}

impl PrivateFolder {
    /// Makes a folder below `base`, or below the system's temporary folder when this process cannot write
    /// to `base` or `run_as` cannot reach it (a checkout in root's home, say).
    pub(crate) fn create(base: &Path, run_as: Option<RunAs>, keep: bool) -> Result<Self> {
        let name = format!(
            "{PREFIX}{}-{}",
            std::process::id(),
            &crate::secret::generate()[..8]
        );
        let make = |parent: &Path| {
            let path = parent.join(&name);
            DirBuilder::new().mode(0o700).create(&path).map(|()| path)
        };
        let usable = std::fs::create_dir_all(base).is_ok() && run_as.is_none_or(|user| can_enter(user, base));
        let made = if usable { make(base).ok() } else { None };
        let path = made
            .map_or_else(|| make(&std::env::temp_dir()), Ok)
            .with_context(|| {
                format!(
                    "no folder for the servers' data can be made in {} or the temporary folder",
                    base.display()
                )
            })?;
        let lock = File::create(path.join(LOCK))?;
        lock.try_lock().context("a fresh lock file is taken")?;
        if let Some(user) = run_as {
            give_to(user, &path)?;
        }
        Ok(Self {
            path,
            keep,
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a subfolder for one server and gives it to the user who runs it.
    pub(crate) fn subfolder(&self, name: &str, run_as: Option<RunAs>) -> Result<PathBuf> {
        let path = self.path.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        if let Some(user) = run_as {
            give_to(user, &path)?;
        }
        Ok(path)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str, run_as: Option<RunAs>) -> Result<()> {
    std::fs::write(path, "")?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    std::fs::write(path, text)?;
    run_as.map_or(Ok(()), |user| give_to(user, path))
}

/// The user to run servers as when this process is root, which PostgreSQL refuses to be.
pub(crate) fn unprivileged_user() -> Result<Option<RunAs>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(Some(RunAs {
                uid: user.uid,
                gid: user.gid,
            }));
        }
    }
    anyhow::bail!(
        "PostgreSQL refuses to run as root, and this system has neither a user \"postgres\" nor \"nobody\". \
         Run the command as an ordinary user, or set DATABASE_URL and REDIS_URL to running servers."
    )
}

/// Ends the servers and removes the data of processes that died without doing so themselves (their
/// keepers could not either, or could not remove the folder itself).
pub(crate) fn sweep(base: &Path) {
    for parent in [base, &std::env::temp_dir()] {
        let Ok(entries) = std::fs::read_dir(parent) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_abandoned(&entry.path()) {
                remove_abandoned(&entry.path());
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the age of a folder of this machine")]
fn is_abandoned(folder: &Path) -> bool {
    if folder.join(super::KEPT).exists() {
        return false;
    }
    if let Ok(lock) = File::open(folder.join(LOCK)) {
        return lock.try_lock().is_ok();
    }
    // Without a lock file it may be half made, or half removed by a keeper.
    let age = folder
        .metadata()
        .and_then(|data| data.modified())
        .map(|at| SystemTime::now().duration_since(at));
    matches!(age, Ok(Ok(age)) if age > Duration::from_secs(60))
}

fn remove_abandoned(folder: &Path) {
    for file in PID_FILES {
        let noted = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let pid = noted.lines().next().and_then(|line| line.trim().parse().ok());
        if let Some(pid) = pid.filter(|pid| belongs_to(*pid, folder)) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// Whether the process is the one that once noted its id in the folder: it works there, or its command
/// line names the folder (Redis rewrites its own). Ids are used again, and another process must not be hit.
fn belongs_to(pid: i32, folder: &Path) -> bool {
    let works_there =
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|place| place.starts_with(folder));
    let ps = Command::new("ps")
        .args(["-o", "args=", "-p", &pid.to_string()])
        .output();
    let shown = ps
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    works_there || shown.contains(&*folder.to_string_lossy())
}

fn give_to(user: RunAs, path: &Path) -> Result<()> {
    std::os::unix::fs::chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
        .with_context(|| format!("{} cannot be given to the servers' user", path.display()))
}

/// Whether the user can reach the folder through all folders above it.
fn can_enter(user: RunAs, folder: &Path) -> bool {
    let mut command = Command::new("sh");
    command
        .args(["-c", "cd -- \"$1\"", "sh"])
        .arg(folder)
        .current_dir("/");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    user.apply(&mut command);
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sweeps until the folder is gone. One sweep may not do here: a child that another test starts holds
    /// all locks of this process for the moment between fork and exec.
    fn sweep_away(base: &Path, folder: &Path) {
        for _ in 0..10_000 {
            sweep(base);
            if !folder.exists() {
                return;
            }
            std::thread::yield_now();
        }
        panic!("{} was not swept", folder.display());
    }

    #[test]
    fn a_folder_goes_with_its_owner_unless_it_is_kept() {
        let base = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::create(base.path(), None, false).unwrap();
        let path = folder.path().to_owned();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        drop(folder);
        assert!(!path.exists());
        let kept = PrivateFolder::create(base.path(), None, true).unwrap();
        let path = kept.path().to_owned();
        drop(kept);
        assert!(path.exists());
    }

    #[test]
    fn the_folder_of_a_dead_process_is_swept_and_that_of_a_living_one_is_not() {
        let base = tempfile::tempdir().unwrap();
        let living = PrivateFolder::create(base.path(), None, false).unwrap();
        let dead = PrivateFolder::create(base.path(), None, true).unwrap();
        let left = dead.path().to_owned();
        // Dropping a kept folder frees the lock and leaves the data, which is what a crash does.
        drop(dead);
        sweep_away(base.path(), &left);
        assert!(living.path().exists());
    }

    #[test]
    fn kept_data_are_not_swept() {
        let base = tempfile::tempdir().unwrap();
        let kept = PrivateFolder::create(base.path(), None, true).unwrap();
        std::fs::write(kept.path().join(super::super::KEPT), "").unwrap();
        let path = kept.path().to_owned();
        drop(kept);
        sweep(base.path());
        assert!(path.exists());
    }

    #[test]
    fn a_server_of_a_dead_process_is_ended_and_a_stranger_with_its_old_id_is_not() {
        let base = tempfile::tempdir().unwrap();
        let run = |folder: &PrivateFolder, place: &Path| {
            std::fs::create_dir(folder.path().join("redis")).unwrap();
            let mut command = Command::new("sh");
            let child = command
                .args(["-c", "while :; do sleep 0.05; done"])
                .current_dir(place)
                .spawn()
                .unwrap();
            std::fs::write(folder.path().join("redis/redis.pid"), format!("{}\n", child.id())).unwrap();
            child
        };
        let first = PrivateFolder::create(base.path(), None, true).unwrap();
        let second = PrivateFolder::create(base.path(), None, true).unwrap();
        let mut server = run(&first, first.path());
        let mut stranger = run(&second, Path::new("/"));
        let left = [first.path().to_owned(), second.path().to_owned()];
        drop((first, second));
        for folder in &left {
            sweep_away(base.path(), folder);
        }
        assert!(!server.wait().unwrap().success());
        assert!(stranger.try_wait().unwrap().is_none());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[test]
    fn a_folder_that_the_servers_user_cannot_reach_is_replaced_by_a_temporary_one() {
        let Some(user) = unprivileged_user().unwrap() else {
            return;
        };
        let base = tempfile::tempdir().unwrap();
        let hidden = base.path().join("hidden/below");
        std::fs::create_dir_all(&hidden).unwrap();
        std::fs::set_permissions(base.path(), Permissions::from_mode(0o700)).unwrap();
        let folder = PrivateFolder::create(&hidden, Some(user), false).unwrap();
        assert!(!folder.path().starts_with(base.path()));
        assert!(can_enter(user, folder.path()));
    }
}
