//! Files that are generated and committed: each has one command that writes it and one check.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::cargo::{Workspace, build, build_what_builds, output, program, run};

const SCHEMA: &str = "api/schema.graphql";
const QUERIES: &str = ".sqlx";
/// The package that holds all SQL, and the file whose time decides whether cargo looks at it again.
const SQL_PACKAGE: &str = "tandem-storage";
const SQL_ROOT: &str = "shared/storage/src/lib.rs";

/// Writes the GraphQL schema as the api prints it.
pub(crate) fn write_schema(workspace: &Workspace) -> Result<()> {
    build()?;
    fs::write(SCHEMA, current_schema(workspace)?).with_context(|| format!("{SCHEMA} cannot be written"))
}

/// Compares the committed schema with what the api prints.
pub(crate) fn check_schema(workspace: &Workspace) -> Result<()> {
    if fs::read_to_string(SCHEMA).unwrap_or_default() != current_schema(workspace)? {
        bail!("differs from the code; `cargo xtask schema` writes it");
    }
    Ok(())
}

fn current_schema(workspace: &Workspace) -> Result<String> {
    output(workspace.program("tandem-api").arg("schema"))
}

/// Writes the description of all queries.
pub(crate) fn write_sqlx(workspace: &Workspace) -> Result<()> {
    // A query that is not described yet breaks the build of all above it; the devkit is not among them.
    if !build_what_builds() {
        eprintln!("Not everything builds, which a query that is not described yet would explain; going on.");
    }
    let current = describe_queries(workspace)?;
    let committed = read_folder(Path::new(QUERIES))?;
    if current == committed {
        return Ok(());
    }
    fs::create_dir_all(QUERIES)?;
    for name in committed.into_keys() {
        if !current.contains_key(&name) {
            fs::remove_file(Path::new(QUERIES).join(name))?;
        }
    }
    for (name, text) in current {
        fs::write(Path::new(QUERIES).join(name), text)?;
    }
    // The descriptions are part of the package, which cargo does not know.
    Touched::touch(Path::new(SQL_ROOT)).map(Touched::for_good)
}

/// Compares the committed description of the queries with a migrated database.
pub(crate) fn check_sqlx(workspace: &Workspace) -> Result<()> {
    let current = describe_queries(workspace)?;
    let committed = read_folder(Path::new(QUERIES))?;
    let missing = current
        .iter()
        .filter(|(name, text)| committed.get(*name) != Some(text))
        .count();
    let left_over = committed
        .keys()
        .filter(|name| !current.contains_key(*name))
        .count();
    if missing + left_over > 0 {
        bail!(
            "{missing} queries are missing or differ, {left_over} no longer exist; `cargo xtask sqlx` writes them"
        );
    }
    Ok(())
}

/// Lets the query macros describe every query against a fresh, migrated database. They write one file a
/// query into the folder that SQLX_OFFLINE_DIR names, whenever they ask a real database.
fn describe_queries(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let folder = Scratch::create()?;
    let touched = Touched::touch(Path::new(SQL_ROOT))?;
    let mut devkit = workspace.devkit();
    devkit
        .args(["with-servers", "--migrate", "--as-owner", "--"])
        .arg(program());
    devkit.args(["check", "--quiet", "--package", SQL_PACKAGE, "--all-targets"]);
    // The macros' offline mode would read the committed files instead.
    devkit
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", folder.path());
    // Private servers only: what DATABASE_URL may name here is somebody's data, perhaps of another version.
    devkit
        .env_remove("DATABASE_URL")
        .env_remove("MIGRATION_DATABASE_URL");
    run(&mut devkit)?;
    drop(touched);
    read_folder(folder.path())
}

/// The files of a folder by name; none when it does not exist.
fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(BTreeMap::new());
    };
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok((
            name,
            fs::read_to_string(&path).with_context(|| format!("{} is no text", path.display()))?,
        ))
    };
    entries.map(read).collect()
}

/// A folder that goes at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn create() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("tandem-sqlx-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A source file that looks changed to cargo for a while. Its time is set back at the end, so that the
/// next build does not compile the package and all above it again.
struct Touched {
    file: File,
    /// The time to set back.
    before: Option<SystemTime>,
}

impl Touched {
    #[expect(clippy::disallowed_methods, reason = "cargo compares times of files")]
    fn touch(path: &Path) -> Result<Self> {
        let file = File::options()
            .write(true)
            .open(path)
            .with_context(|| format!("{} is gone", path.display()))?;
        let before = Some(file.metadata()?.modified()?);
        file.set_modified(SystemTime::now())?;
        Ok(Self { file, before })
    }

    /// Lets the file look changed to the next build as well.
    fn for_good(mut self) {
        self.before = None;
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            let _ = self.file.set_modified(before);
        }
    }
}
