//! A whole bulk run on real PostgreSQL, from the button to `READY`, beside what reading the same rows and
//! writing the same plan with COPY costs alone.
//!
//! `cargo xtask bench matching` runs it with servers of the durability of production; alone it is
//! `cargo xtask bench matching_run -- [EXPERTS] [CASES] [ROUNDS]`. Time is measured on the wall and as CPU
//! time of this process and of PostgreSQL's backends, so that what else the machine does counts little.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tandem_devkit::programme::{Plan, generate};
use tandem_domain::ids::OfficeId;
use tandem_operations::runs::{self, StartInput};
use tandem_operations::{Caller, import};
use tandem_storage::jobs::State;
use tandem_storage::runs::Run;
use tandem_tests::{Actor, TestApp};

/// The rows that a run reads: the same columns of the same tables.
const READ: [&str; 12] = [
    "SELECT id, office_id, state, gender, postal_code, capacity, open_matches, travel_radius_km
     FROM experts WHERE state <> 'LEFT' ORDER BY id",
    "SELECT expert_id, from_date, until_date FROM expert_pauses",
    "SELECT id, expert_id, kind, certificate_date, inspected_on, no_relevant_entry, valid_until
     FROM background_checks WHERE inspected_on IS NOT NULL AND erased_on IS NULL",
    "SELECT attendance.expert_id, module.code, attendance.attended_on, module.validity_months
     FROM training_attendances attendance JOIN training_modules module ON module.id = attendance.module_id
     WHERE attendance.state = 'ATTENDED'",
    "SELECT expert_id, kind, kldb_code, label FROM expert_occupations ORDER BY expert_id, position",
    "SELECT expert_id, language FROM expert_languages",
    "SELECT expert_id, area FROM expert_support_areas",
    "SELECT expert_id, count(*) FROM expert_programmes GROUP BY expert_id",
    "SELECT c.id, c.center_id, c.mentee_id, c.state, c.radius_km, c.planned_start, c.expert_gender_wish,
         c.submitted_at, center.office_id, center.postal_code, center.match_limit, mentee.birth_date
     FROM cases c JOIN service_centers center ON center.id = c.center_id
     JOIN mentees mentee ON mentee.id = c.mentee_id WHERE c.state = 'SEARCHING' ORDER BY c.id",
    "SELECT mentee_id, language FROM mentee_languages",
    "SELECT case_id, area, priority FROM case_support_areas",
    "SELECT case_id, kldb_code FROM case_occupations",
];

/// Tables of a plan.
const PLAN: [&str; 2] = ["matching_run_cases", "proposals"];

struct Cost {
    wall: Duration,
    cpu_s: f64,
}

/// CPU seconds of this process so far.
fn own_cpu() -> f64 {
    cpu_of("self").expect("/proc/self/stat").own_s
}

/// What the kernel says of a process.
struct Process {
    parent: String,
    own_s: f64,
    /// CPU seconds of its children that have ended.
    ended_s: f64,
}

fn cpu_of(pid: &str) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // counted from field 3 on, after the name in brackets; times in ticks of 10 ms
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |field: usize| -> Option<f64> { Some(fields.get(field - 3)?.parse::<f64>().ok()? / 100.0) };
    Some(Process {
        parent: (*fields.get(1)?).to_owned(),
        own_s: seconds(14)? + seconds(15)?,
        ended_s: seconds(16)? + seconds(17)?,
    })
}

/// CPU seconds of PostgreSQL's backends, those that have ended included, where they run on this machine.
async fn backends_cpu(conn: &mut PgConnection) -> f64 {
    let pids: Vec<i32> =
        sqlx::query_scalar("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            .fetch_all(conn)
            .await
            .expect("backends");
    let running: Vec<Process> = pids.iter().filter_map(|pid| cpu_of(&pid.to_string())).collect();
    let parent = running.first().and_then(|backend| cpu_of(&backend.parent));
    running.iter().map(|backend| backend.own_s).sum::<f64>() + parent.map_or(0.0, |parent| parent.ended_s)
}

async fn measured<T>(observer: &mut PgConnection, work: impl Future<Output = T>) -> (T, Cost) {
    let (own, theirs) = (own_cpu(), backends_cpu(observer).await);
    let start = Instant::now();
    let done = work.await;
    let wall = start.elapsed();
    let cpu_s = own_cpu() - own + backends_cpu(observer).await - theirs;
    (done, Cost { wall, cpu_s })
}

async fn copy_out(conn: &mut PgConnection, query: &str) -> Vec<u8> {
    let statement = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
    let mut stream = conn.copy_out_raw(&statement).await.expect("COPY TO");
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.try_next().await.expect("COPY TO") {
        bytes.extend_from_slice(&chunk);
    }
    bytes
}

async fn fill(app: &TestApp, experts: usize, cases: usize) {
    let plan = Plan {
        experts,
        cases,
        seed: 1,
        day: tandem_tests::date("2026-11-23"),
    };
    for (name, list) in generate(&plan).named() {
        let kind = name.parse().expect("a kind of list");
        let report = import::import(&app.api, &Caller::system(), kind, list.as_bytes())
            .await
            .expect("the list is taken over");
        assert!(report.bad.is_empty(), "{} bad rows of {name}", report.bad.len());
    }
    // what the lists bring about is not what is measured; mails that the pace holds back wait for ever on
    // a clock that stands
    app.drain_some().await;
}

/// From the button to `READY`.
async fn run(app: &TestApp, coordinator: &Actor, offices: &[OfficeId]) -> Run {
    let input = StartInput {
        offices: offices.to_vec(),
        ..StartInput::default()
    };
    let started = runs::start(&app.api, &coordinator.caller, input, None)
        .await
        .expect("the run is started");
    app.drain().await;
    let run = runs::get(&app.api, &coordinator.caller, started.id).await;
    run.expect("the run can be read").expect("the run is there")
}

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    let number = |at: usize, usual| numbers.get(at).copied().unwrap_or(usual);
    let (experts, cases, rounds) = (number(0, 12_000), number(1, 3_000), number(2, 5));
    let app = TestApp::start().await;
    fill(&app, experts, cases).await;
    let coordinator = app.head_office().await;
    let mut superuser = app.superuser().await;
    superuser.execute("ANALYZE").await.expect("ANALYZE");
    let offices: Vec<uuid::Uuid> = sqlx::query_scalar("SELECT id FROM regional_offices ORDER BY id")
        .fetch_all(&mut superuser)
        .await
        .expect("offices");
    let offices: Vec<OfficeId> = offices.into_iter().map(OfficeId::from).collect();
    let (mut whole, mut copies) = (Vec::new(), Vec::new());
    let mut told = String::new();
    for round in 0..=rounds {
        let (run, cost) = measured(&mut superuser, run(&app, &coordinator, &offices)).await;
        let summary = run.summary.expect("a plan");
        // the same rows, read and written by COPY alone
        let mut conn = app.superuser().await;
        let mut plan = Vec::new();
        for table in PLAN {
            plan.push(
                copy_out(
                    &mut conn,
                    &format!("SELECT * FROM {table} WHERE run_id = '{}'", run.id.uuid()),
                )
                .await,
            );
        }
        for table in PLAN.iter().rev() {
            let delete = format!("DELETE FROM {table} WHERE run_id = '{}'", run.id.uuid());
            conn.execute(sqlx::raw_sql(AssertSqlSafe(delete)))
                .await
                .expect("DELETE");
        }
        conn.execute("VACUUM matching_run_cases, proposals")
            .await
            .expect("VACUUM");
        let copying = async {
            let mut tx = conn.begin().await.expect("a transaction");
            let mut read = 0;
            for query in READ {
                read += copy_out(&mut tx, query).await.len();
            }
            for (table, bytes) in PLAN.iter().zip(&plan) {
                let mut copy = tx
                    .copy_in_raw(&format!("COPY {table} FROM STDIN (FORMAT binary)"))
                    .await
                    .expect("COPY FROM");
                copy.send(bytes.as_slice()).await.expect("COPY FROM");
                copy.finish().await.expect("COPY FROM");
            }
            tx.commit().await.expect("a commit");
            read
        };
        let (read, copied) = measured(&mut superuser, copying).await;
        if round == 0 {
            // the first one warms caches
            let _ = write!(
                told,
                "{} experts, {} cases, {} candidates, {} matched, score {}; {read} bytes of rows, {} of plan",
                summary.experts,
                summary.cases,
                summary.candidates,
                summary.matched,
                summary.score,
                plan.iter().map(Vec::len).sum::<usize>(),
            );
            continue;
        }
        println!(
            "round {round}: run {} ms wall, {:.0} ms CPU (worker alone {} ms wall); COPY {} ms wall, {:.0} ms CPU",
            cost.wall.as_millis(),
            cost.cpu_s * 1e3,
            summary.run_ms,
            copied.wall.as_millis(),
            copied.cpu_s * 1e3,
        );
        whole.push(cost);
        copies.push(copied);
    }
    println!("{told}");
    let median = |costs: &[Cost], of: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let wall: fn(&Cost) -> f64 = |cost| cost.wall.as_secs_f64() * 1e3;
    let cpu: fn(&Cost) -> f64 = |cost| cost.cpu_s * 1e3;
    println!(
        "whole run / COPY alone: wall {:.0} / {:.0} ms = {:.2}x, CPU {:.0} / {:.0} ms = {:.2}x (medians of {rounds})",
        median(&whole, wall),
        median(&copies, wall),
        median(&whole, wall) / median(&copies, wall),
        median(&whole, cpu),
        median(&copies, cpu),
        median(&whole, cpu) / median(&copies, cpu),
    );
    app.ignore_mails();
    app.finish_leaving(&[State::Pending]).await;
}
