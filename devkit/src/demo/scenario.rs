//! The main job, as a coordinator does it over HTTP: sign in, start a bulk run, watch it, read the plan,
//! apply it, and see the approach e-mails arrive.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::client::{Client, text};
use super::progress::Progress;
use super::staff::COORDINATOR;
use super::{Options, cases_of_today, programme_files};
use crate::catcher::{Catcher, Message};
use crate::stack::Stack;

/// How long mails may take before the demo gives up.
const MAIL_PATIENCE: Duration = Duration::from_secs(900);

/// What the main job came to; the last line of `--once`.
#[derive(Debug, serde::Serialize)]
pub(super) struct Outcome {
    experts: u64,
    cases: u64,
    candidates: u64,
    matched: u64,
    score: i64,
    certified: bool,
    approached: u64,
    mails_delivered: usize,
    run_ms: u64,
}

/// Does the main job.
pub(super) async fn play(stack: &Stack) -> Result<Outcome> {
    let coordinator = Client::signed_in(stack, COORDINATOR).await?;
    println!("Signed in as {COORDINATOR} by the link in the e-mail.");
    let run = plan(&coordinator).await?;
    let summary = &run["summary"];
    tell_summary(summary);
    tell_proposals(&coordinator, text(&run["id"])).await?;
    let (approached, mails_delivered) = apply(&coordinator, stack.catcher(), &run).await?;
    let number = |field: &str| summary[field].as_u64().unwrap_or_default();
    Ok(Outcome {
        experts: number("experts"),
        cases: number("cases"),
        candidates: number("candidates"),
        matched: number("matched"),
        score: summary["score"].as_i64().unwrap_or_default(),
        certified: summary["certificate"]["certified"].as_bool().unwrap_or_default(),
        approached,
        mails_delivered,
        run_ms: number("runMs"),
    })
}

/// Invents the programme as files and imports them, as an operator would with a spreadsheet's.
pub(super) async fn fill(stack: &Stack, options: &Options) -> Result<()> {
    println!("Importing the programme …");
    let folder = tempfile::tempdir().context("no folder for the generated files")?;
    let folder = folder.path();
    for (kind, file) in programme_files(options, folder)? {
        let own = !file.starts_with(folder);
        match import(stack, kind, &file).await {
            // refused rows of a list of one's own are told, and the others are used
            Err(problem) if own => println!("  {problem:#}"),
            other => other?,
        }
    }
    Ok(())
}

/// Imports the cases that come today.
pub(super) async fn fill_up(stack: &Stack, options: &Options) -> Result<()> {
    println!("Today: importing the list of all other cases …");
    let folder = tempfile::tempdir().context("no folder for the generated file")?;
    import(stack, "cases", &cases_of_today(options, folder.path())?).await
}

async fn import(stack: &Stack, kind: &str, file: &Path) -> Result<()> {
    let file = file
        .to_str()
        .context("the path of an imported file is not text")?;
    let output = stack.run_api_command(&["import", kind, file]).await?;
    for line in output.lines() {
        println!("  {line}");
    }
    Ok(())
}

const RUN: &str = "id version state failure progress { phase done total } summary { experts cases candidates \
    matched score runMs certificate { cardinalityBound scoreBound certified } removed { rule count } }";

/// Starts the run over every office and watches it to its end.
async fn plan(coordinator: &Client) -> Result<Value> {
    let offices = coordinator
        .query("{ regionalOffices(first: 200) { nodes { id } } }", json!({}))
        .await?;
    let ids: Vec<Value> = offices["regionalOffices"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|office| office["id"].clone())
        .collect();
    println!(
        "Starting a bulk matching run over {} regional offices …",
        ids.len()
    );
    let started = coordinator
        .mutate(
            "startMatchingRun",
            &format!(
                "mutation($input: StartMatchingRunInput!) {{ startMatchingRun(input: $input) \
                 {{ matchingRun {{ {RUN} }} userErrors {{ field message }} }} }}"
            ),
            json!({ "input": { "officeIds": ids } }),
        )
        .await?;
    let id = text(&started["matchingRun"]["id"]).to_owned();
    let mut progress = Progress::new();
    loop {
        let data = coordinator
            .query(
                &format!("query($id: ID!) {{ matchingRun(id: $id) {{ {RUN} }} }}"),
                json!({ "id": id }),
            )
            .await?;
        let run = &data["matchingRun"];
        let now = &run["progress"];
        progress.tell(
            text(&now["phase"]),
            now["done"].as_u64().unwrap_or_default(),
            now["total"].as_u64().unwrap_or_default(),
        );
        match text(&run["state"]) {
            "QUEUED" | "RUNNING" => tokio::time::sleep(Duration::from_millis(200)).await,
            "READY" => {
                progress.finish();
                return Ok(run.clone());
            }
            state => bail!("the matching run is {state}: {}", text(&run["failure"])),
        }
    }
}

fn tell_summary(summary: &Value) {
    println!(
        "The plan: {} of {} cases get an expert, out of {} possible pairs of {} experts; total score {}.",
        summary["matched"], summary["cases"], summary["candidates"], summary["experts"], summary["score"],
    );
    println!(
        "  Proof: no plan matches more than {} cases, none of those scores more than {}.",
        summary["certificate"]["cardinalityBound"], summary["certificate"]["scoreBound"],
    );
}

/// "21 TRAINING, 11 CAPACITY".
fn counts(removed: &Value) -> String {
    let words: Vec<String> = removed
        .as_array()
        .into_iter()
        .flatten()
        .map(|rule| format!("{} {}", rule["count"], text(&rule["rule"])))
        .collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

/// Three explained proposals, and one case without an expert with what stood in the way.
async fn tell_proposals(coordinator: &Client, run: &str) -> Result<()> {
    let data = coordinator
        .query(
            "query($id: ID!) { matchingRun(id: $id) {
                proposals(first: 3, filter: { rank: 0 }) { nodes {
                    distanceKm score
                    points { distance occupation supportAreas language programmes balance waiting missing }
                    expert { name occupations { label } }
                    case { center { name } occupations { label } } } }
                cases(first: 1, matched: false) { nodes {
                    candidates removed { rule count }
                    case { center { name } radiusKm }
                    nearMisses { rule distanceKm expert { name } } } } } }",
            json!({ "id": run }),
        )
        .await?;
    let run = &data["matchingRun"];
    for proposal in run["proposals"]["nodes"].as_array().into_iter().flatten() {
        println!(
            "  {} ({}) for a case of {} that wants {}: {:.1} km, {} points",
            text(&proposal["expert"]["name"]),
            text(&proposal["expert"]["occupations"][0]["label"]),
            text(&proposal["case"]["center"]["name"]),
            text(&proposal["case"]["occupations"][0]["label"]),
            proposal["distanceKm"].as_f64().unwrap_or_default(),
            proposal["score"],
        );
        let points: Vec<String> = proposal["points"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, points)| points.as_i64() != Some(0))
            .map(|(criterion, points)| format!("{criterion} {points}"))
            .collect();
        println!("    {}", points.join(", "));
    }
    let Some(case) = run["cases"]["nodes"].get(0) else {
        println!("  Every case has a proposal.");
        return Ok(());
    };
    let candidates = match case["candidates"].as_u64() {
        Some(0) | None => "nobody meets every rule".to_owned(),
        Some(number) => format!("{number} would be possible, but match other cases in the best plan"),
    };
    println!(
        "  No expert found for a case of {} within {} km: {candidates}; removed by rules: {}",
        text(&case["case"]["center"]["name"]),
        case["case"]["radiusKm"],
        counts(&case["removed"]),
    );
    for miss in case["nearMisses"].as_array().into_iter().flatten() {
        println!(
            "    near miss: {} at {:.1} km ({})",
            text(&miss["expert"]["name"]),
            miss["distanceKm"].as_f64().unwrap_or_default(),
            text(&miss["rule"]),
        );
    }
    Ok(())
}

/// Applies the plan and waits until each approached expert's mail has arrived at the catcher.
async fn apply(coordinator: &Client, catcher: &Catcher, run: &Value) -> Result<(u64, usize)> {
    let before = catcher.messages().last().map_or(0, |message| message.id);
    let payload = coordinator
        .mutate(
            "applyMatchingRun",
            "mutation($input: ApplyMatchingRunInput!) { applyMatchingRun(input: $input) {
                approached stale { rule } userErrors { field message } } }",
            json!({ "input": { "runId": run["id"], "version": run["version"] } }),
        )
        .await?;
    let approached = payload["approached"].as_u64().unwrap_or_default();
    let stale = payload["stale"].as_array().map_or(0, Vec::len);
    println!("Applied: {approached} experts are asked ({stale} proposals had gone stale). Mails arrive …");
    let started = Instant::now();
    let expected = usize::try_from(approached)?;
    // reminders to others may arrive meanwhile; what asks somebody has the link to the answer
    let asks = |messages: Vec<Arc<Message>>| {
        let new = messages.iter().rev().take_while(|mail| mail.id > before);
        if new.clone().count() < expected {
            return None;
        }
        let asking = new.filter(|mail| mail.links().iter().any(|link| link.contains("/p/answer/")));
        Some(asking.count()).filter(|count| *count >= expected)
    };
    let delivered = catcher
        .wait_until("every approach e-mail", MAIL_PATIENCE, asks)
        .await?;
    let seconds = started.elapsed().as_secs_f32();
    println!("  {delivered} approach e-mails delivered in {seconds:.1} s.");
    Ok((approached, delivered))
}
