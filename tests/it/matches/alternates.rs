//! Who follows when somebody says no.

use serde_json::json;
use tandem_domain::ids::{CaseId, ExpertId, MatchId, ProposalId, RunId};
use tandem_domain::matches::MatchState;
use tandem_operations::{Caller, matches};
use uuid::Uuid;

use super::{RECORD, no};
use crate::scene::Scene;

/// An applied run with proposals for a case: the plan's choice and alternates, in the order of their
/// ranks.
async fn applied_run(
    scene: &Scene,
    case: CaseId,
    experts: &[ExpertId],
    next_alternates: bool,
) -> (RunId, Vec<ProposalId>) {
    let run: RunId = scene.app.api.id();
    let mut conn = scene.app.superuser().await;
    let parameters = json!(tandem_domain::runs::Parameters {
        admit_missing: true,
        ..tandem_domain::runs::Parameters::default()
    });
    let summary = json!({
        "experts": 4, "cases": 1, "candidates": 4, "matched": 1, "score": 0, "removed": {}, "runMs": 1,
        "certificate": { "cardinalityBound": 1, "scoreBound": 0 },
    });
    sqlx::query(
        "INSERT INTO matching_runs (id, requested_by, state, parameters, summary, next_alternates, created_at)
         VALUES ($1, $2, 'APPLIED', $3, $4, $5, $6)",
    )
    .bind(run.uuid())
    .bind(scene.coordinator.user.uuid())
    .bind(parameters)
    .bind(summary)
    .bind(next_alternates)
    .bind(scene.app.now())
    .execute(&mut conn)
    .await
    .expect("a run");
    let mut proposals = Vec::new();
    for (rank, expert) in (0_i16..).zip(experts) {
        let id: ProposalId = scene.app.api.id();
        sqlx::query(
            "INSERT INTO proposals (id, run_id, case_id, expert_id, rank, score, points, distance_m)
             VALUES ($1, $2, $3, $4, $5, 0, $6, 1000)",
        )
        .bind(id.uuid())
        .bind(run.uuid())
        .bind(case.uuid())
        .bind(expert.uuid())
        .bind(rank)
        .bind(json!(tandem_domain::scores::Points::default()))
        .execute(&mut conn)
        .await
        .expect("a proposal");
        proposals.push(id);
    }
    (run, proposals)
}

/// The plan's choice is asked, as applying the run does.
async fn apply_first(scene: &Scene, case: CaseId, expert: ExpertId, proposal: ProposalId) -> MatchId {
    let mut tx = scene.begin().await;
    let new = matches::NewApproach {
        case,
        expert,
        proposal: Some(proposal),
    };
    let ids = matches::insert_approaches(&mut tx, &scene.app.api, &scene.coordinator.caller, &[new]).await;
    let outcomes = [(proposal, None)];
    tandem_storage::runs::record_outcomes(&mut tx, &outcomes, scene.app.now())
        .await
        .expect("an outcome");
    tx.commit().await.expect("a commit");
    ids.expect("an approach")[0]
}

async fn open_match(scene: &Scene, case: CaseId) -> Option<ExpertId> {
    let mut conn = scene.app.conn().await;
    let all = tandem_storage::matches::for_cases(&mut conn, &[case])
        .await
        .expect("matches");
    let open = all
        .into_iter()
        .find(|matching| matching.state == MatchState::Approached);
    open.map(|matching| matching.expert)
}

async fn set(scene: &Scene, sql: &'static str, id: Uuid) {
    let mut conn = scene.app.superuser().await;
    sqlx::query(sql)
        .bind(id)
        .execute(&mut conn)
        .await
        .expect("an update");
}

#[tokio::test]
async fn a_no_brings_the_next_alternate_forward_past_those_who_may_no_longer_be_asked() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let experts = [
        scene.expert("Weber").await,
        scene.expert("Vogel").await,
        scene.expert("Sommer").await,
        scene.expert("Winter").await,
    ];
    let (_, proposals) = applied_run(&scene, case, &experts, true).await;
    let first = apply_first(&scene, case, experts[0], proposals[0]).await;
    set(
        &scene,
        "UPDATE experts SET state = 'SUSPENDED' WHERE id = $1",
        experts[1].uuid(),
    )
    .await;
    scene.app.drain().await;
    scene
        .coordinator
        .ask(RECORD, no(first))
        .await
        .done("recordAnswerByTelephone");
    scene.app.drain().await;
    assert_eq!(open_match(&scene, case).await, Some(experts[2]));
    assert_eq!(scene.subjects("sommer").len(), 1);
    let mut conn = scene.app.conn().await;
    let rows = tandem_storage::runs::proposals_by_ids(&mut conn, &proposals)
        .await
        .expect("proposals");
    let stale = rows
        .iter()
        .find(|row| row.id == proposals[1])
        .expect("a proposal");
    assert_eq!(
        stale.stale_reason.map(|rule| rule.to_string()),
        Some("STATE".into())
    );
    // once more has nothing left to do
    assert_eq!(
        matches::next_alternate(&scene.app.worker, first)
            .await
            .expect("no fault"),
        None
    );
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn no_alternate_follows_where_the_run_forbids_it_or_was_undone_or_somebody_else_is_asked() {
    let scene = Scene::set().await;
    for (round, hindrance) in ["forbidden", "undone", "asked", "vetoed", "withdrawn", "by hand"]
        .into_iter()
        .enumerate()
    {
        let case = scene.app.case(scene.center).await;
        let experts = [
            scene.expert(&format!("A{round}")).await,
            scene.expert(&format!("B{round}")).await,
        ];
        let (run, proposals) = applied_run(&scene, case, &experts, hindrance != "forbidden").await;
        let first = apply_first(&scene, case, experts[0], proposals[0]).await;
        let mut still = None;
        match hindrance {
            "undone" => {
                set(
                    &scene,
                    "UPDATE matching_runs SET state = 'UNDONE' WHERE id = $1",
                    run.uuid(),
                )
                .await;
            }
            "asked" => {
                let other = scene.expert(&format!("C{round}")).await;
                scene.ask(case, &[other]).await;
                still = Some(other);
            }
            "vetoed" => {
                set(
                    &scene,
                    "UPDATE proposals SET decision = 'VETOED' WHERE id = $1",
                    proposals[1].uuid(),
                )
                .await;
            }
            "by hand" => {
                set(
                    &scene,
                    "UPDATE matches SET proposal_id = NULL WHERE id = $1",
                    first.uuid(),
                )
                .await;
            }
            _ => {}
        }
        scene
            .coordinator
            .ask(RECORD, no(first))
            .await
            .done("recordAnswerByTelephone");
        if hindrance == "withdrawn" {
            tandem_operations::cases::withdraw(&scene.app.api, &Caller::system(), case, None)
                .await
                .expect("a withdrawal");
        }
        scene.app.drain().await;
        assert_eq!(open_match(&scene, case).await, still, "{hindrance}");
    }
    scene.app.ignore_mails();
    scene.app.finish().await;
}
