//! The demo as somebody runs it who has just cloned the project.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

#[tokio::test]
async fn the_demo_plays_the_first_weeks_then_does_the_main_job_and_counts_its_mails() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_tandem-devkit"));
    demo.args(["demo", "--once", "--experts", "1500", "--cases", "400"]);
    // servers of its own, whatever this test was started with
    for server in [
        "DATABASE_URL",
        "WORKER_DATABASE_URL",
        "MIGRATION_DATABASE_URL",
        "TANDEM_TEST_ADMIN_DATABASE_URL",
        "REDIS_URL",
    ] {
        demo.env_remove(server);
    }
    let demo = demo.stdin(Stdio::null()).kill_on_drop(true);
    let output = demo.output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaints}");

    let active = said
        .lines()
        .filter(|line| line.contains("are ACTIVE: 3 meetings"))
        .count();
    assert_eq!(active, 2, "two tandems have begun four weeks ago:\n{said}");
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(last["certified"], true, "{last}");
    assert_eq!(last["approached"], last["matched"], "{last}");
    assert_eq!(last["mails_delivered"], last["approached"], "{last}");
    // more than the 300 mails that a domain gets at once by default: no pace holds the demo back
    assert!(last["approached"].as_u64().unwrap() > 310, "{last}");
}
