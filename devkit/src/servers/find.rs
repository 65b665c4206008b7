//! Where PostgreSQL and Redis may already be installed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest PostgreSQL that the migrations work with.
pub(crate) const OLDEST_POSTGRES: u32 = 15;

/// Folders that hold server programs without being on PATH: Debian and Ubuntu, Fedora and its relatives,
/// Homebrew on both kinds of Mac, the two installers for macOS. `*` stands for any file name part.
const POSTGRES_PLACES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Library/PostgreSQL/*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

const REDIS_PLACES: &[&str] = &[
    "/usr/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/redis/bin",
    "/usr/local/opt/redis/bin",
    "/home/linuxbrew/.linuxbrew/bin",
];

/// Valkey is the fork that some distributions ship in Redis' place; it speaks the same protocol.
const REDIS_NAMES: &[&str] = &["redis-server", "valkey-server"];

/// An installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostgresPrograms {
    /// Folder with `initdb` and `postgres`.
    pub(crate) folder: PathBuf,
    /// Major version, at least [`OLDEST_POSTGRES`].
    pub(crate) version: u32,
}

/// The PostgreSQL to use: the one on PATH, else the newest in the usual places.
pub(crate) fn postgres() -> Option<PostgresPrograms> {
    let on_path = path_folders().iter().find_map(|folder| postgres_in(folder));
    on_path.or_else(|| {
        let found = expand(POSTGRES_PLACES)
            .into_iter()
            .filter_map(|folder| postgres_in(&folder));
        found.max_by_key(|programs| programs.version)
    })
}

/// The Redis server to use.
pub(crate) fn redis() -> Option<PathBuf> {
    let folders: Vec<_> = path_folders()
        .into_iter()
        .chain(REDIS_PLACES.iter().map(PathBuf::from))
        .collect();
    redis_in(&folders)
}

/// The full path of a program on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    path_folders()
        .iter()
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn redis_in(folders: &[PathBuf]) -> Option<PathBuf> {
    let candidates = REDIS_NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|file| file.is_file())
}

fn postgres_in(folder: &Path) -> Option<PostgresPrograms> {
    // A link such as /usr/local/bin/postgres leads to the folder with its companions.
    let server = folder.join("postgres").canonicalize().ok()?;
    let folder = server.parent()?.to_owned();
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(&server).arg("--version").output().ok()?;
    let version = major_version(&String::from_utf8_lossy(&output.stdout))?;
    (version >= OLDEST_POSTGRES).then_some(PostgresPrograms { folder, version })
}

/// Reads `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`, `… 18beta1` and the like.
fn major_version(line: &str) -> Option<u32> {
    let version = line.split(") ").nth(1)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

fn expand(patterns: &[&str]) -> Vec<PathBuf> {
    patterns.iter().flat_map(|pattern| expand_one(pattern)).collect()
}

/// The existing folders that a pattern with one `*` in one of its parts stands for.
fn expand_one(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (folder, prefix) = before.rsplit_once('/').expect("the patterns are absolute");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| name.starts_with(prefix))
        .map(|name| Path::new(folder).join(name).join(after.trim_start_matches('/')))
        .filter(|path| path.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(folder: &Path, name: &str, says: &str) {
        std::fs::create_dir_all(folder).unwrap();
        let file = folder.join(name);
        std::fs::write(&file, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) 16.4"), Some(16));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn a_link_to_the_server_leads_to_the_folder_of_its_companions() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap().join("real");
        program(&real, "postgres", "postgres (PostgreSQL) 17.2");
        program(&real, "initdb", "");
        let linked = folder.path().join("linked");
        std::fs::create_dir(&linked).unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), linked.join("postgres")).unwrap();
        assert_eq!(
            postgres_in(&linked),
            Some(PostgresPrograms {
                folder: real,
                version: 17
            })
        );
    }

    #[test]
    fn a_postgres_that_is_too_old_or_lacks_initdb_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        program(folder.path(), "postgres", "postgres (PostgreSQL) 14.9");
        program(folder.path(), "initdb", "");
        assert_eq!(postgres_in(folder.path()), None);
        program(folder.path(), "postgres", "postgres (PostgreSQL) 15.0");
        assert!(postgres_in(folder.path()).is_some());
        std::fs::remove_file(folder.path().join("initdb")).unwrap();
        assert_eq!(postgres_in(folder.path()), None);
    }

    #[test]
    fn a_pattern_stands_for_the_folders_that_exist() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("pg-15/bin")).unwrap();
        std::fs::create_dir_all(folder.path().join("pg-16")).unwrap();
        let pattern = format!("{}/pg-*/bin", folder.path().display());
        assert_eq!(expand_one(&pattern), [folder.path().join("pg-15/bin")]);
    }

    #[test]
    fn valkey_takes_the_place_of_a_missing_redis() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(redis_in(&folders), None);
        program(folder.path(), "valkey-server", "");
        assert_eq!(redis_in(&folders), Some(folder.path().join("valkey-server")));
        program(folder.path(), "redis-server", "");
        assert_eq!(redis_in(&folders), Some(folder.path().join("redis-server")));
    }
}
