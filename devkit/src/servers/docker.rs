//! Docker as the last resort for servers that are neither installed nor installable.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Images used when Docker provides a server.
pub(crate) const POSTGRES_IMAGE: &str = "postgres:17-alpine";
pub(crate) const REDIS_IMAGE: &str = "redis:7-alpine";

/// Whether a Docker daemon answers.
pub(crate) fn answers() -> bool {
    let mut docker = Command::new("docker");
    docker.args(["version", "--format", "{{.Server.Version}}"]);
    docker
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    docker.status().is_ok_and(|status| status.success())
}

/// The command that runs a server in the foreground, reachable from this machine only; a signal to it is
/// passed on to the server, and the container is removed when it ends. `variables` are taken over from
/// the environment by name, so that no password shows in the list of processes.
pub(crate) fn run(
    image: &str,
    port: u16,
    inside: u16,
    variables: &[&str],
    arguments: &[String],
) -> Vec<OsString> {
    let mut command: Vec<OsString> = ["docker", "run", "--rm"].map(OsString::from).to_vec();
    command.push(format!("--publish=127.0.0.1:{port}:{inside}").into());
    command.push("--label=tandem-devkit".into());
    command.extend(variables.iter().map(|name| format!("--env={name}").into()));
    command.push(image.into());
    command.extend(arguments.iter().map(OsString::from));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_private_to_this_machine_and_shows_no_password() {
        let command = run(
            POSTGRES_IMAGE,
            4242,
            5432,
            &["POSTGRES_PASSWORD"],
            &["-c".into(), "fsync=off".into()],
        );
        let line = command
            .iter()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(
            line,
            "docker run --rm --publish=127.0.0.1:4242:5432 --label=tandem-devkit --env=POSTGRES_PASSWORD \
             postgres:17-alpine -c fsync=off"
        );
    }
}
