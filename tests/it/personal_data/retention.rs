//! What goes by itself when it is old.

use chrono::Duration;
use serde_json::json;
use tandem_operations::personal_data::{self, due};
use uuid::Uuid;

use super::{CANARY, Cage, totals};
use crate::scene::gid;

#[tokio::test]
async fn retention_runs_by_itself_and_says_before_what_it_will_do() {
    let cage = Cage::build().await;
    cage.end(cage.app.now()).await;
    let at = |name: &'static str, text: String| (name, text);
    let texts = || async {
        let mut conn = cage.app.superuser().await;
        let wishes: String = sqlx::query_scalar("SELECT mentee_wishes FROM cases")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        let name: String = sqlx::query_scalar("SELECT given_name FROM mentees")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        [at("wishes", wishes), at("name", name)]
    };
    let before = totals(&cage.app).await;
    cage.app.advance(Duration::days(160));
    cage.app.sweep().await;
    assert_eq!(due(&cage.app.worker, 30).await.unwrap().free_texts, 1);
    assert_eq!(texts().await[0].1, CANARY, "not yet");
    cage.app.advance(Duration::days(25));
    cage.app.sweep().await;
    assert_eq!(texts().await[0].1, "", "free text goes after 6 months");
    assert_eq!(texts().await[1].1, CANARY, "the rest not yet");
    cage.app.advance(Duration::days(155));
    assert_eq!(due(&cage.app.worker, 30).await.unwrap().mentees, 1);
    cage.app.advance(Duration::days(30));
    cage.app.sweep().await;
    assert_eq!(texts().await[1].1, "–", "the person goes after 12 months");
    assert_eq!(totals(&cage.app).await, before);
    assert_eq!(
        due(&cage.app.worker, 30).await.unwrap(),
        personal_data::Due::default()
    );
    cage.app.ignore_mails();
    cage.app.finish().await;
}

#[tokio::test]
async fn the_numbers_behind_a_plan_forget_an_erased_expert_and_are_thrown_away_when_they_are_old() {
    use tandem_domain::{experts::ExpertState, ids::RunId, runs::Parameters};
    use tandem_operations::runs::Snapshot;
    let cage = Cage::build().await;
    cage.end(cage.app.now()).await;
    let office: Uuid = sqlx::query_scalar("SELECT office_id FROM experts WHERE id = $1")
        .bind(cage.expert.uuid())
        .fetch_one(&mut cage.app.superuser().await)
        .await
        .expect("an office");
    let start =
        "mutation($office: ID!) { startMatchingRun(input: { officeIds: [$office], admitMissing: true }) {
        matchingRun { id } userErrors { message } } }";
    let office = gid(tandem_domain::ids::OfficeId::from(office));
    let answer = cage.admin.ask(start, json!({ "office": office })).await;
    let run: RunId = crate::scene::parse(&answer.done("startMatchingRun")["matchingRun"]["id"]);
    cage.app.drain().await;
    let numbers = async || {
        let mut conn = cage.app.superuser().await;
        let bytes = tandem_storage::runs::snapshot(&mut conn, run)
            .await
            .expect("a read");
        bytes.map(|bytes| Snapshot::decode(&bytes, &Parameters::default()).expect("numbers"))
    };
    let before = numbers().await.expect("numbers");
    let expert = before.expert_index(cage.expert).expect("the expert") as usize;
    assert!(before.experts[expert].facts.gender.is_some());
    let answer = cage
        .request(&cage.admin, "requestErasure", &gid(cage.expert))
        .await;
    cage.app.drain().await;
    let done = cage.look(&answer["request"]["id"]).await;
    assert!(
        done["receipt"]
            .as_str()
            .unwrap()
            .contains("matching_run_snapshots"),
        "{done}"
    );
    let after = numbers().await.expect("numbers");
    let blank = &after.experts[expert];
    assert_eq!(blank.id, cage.expert, "the pseudonym stays");
    assert_eq!(blank.facts.state, ExpertState::Left);
    assert_eq!(blank.facts.gender, None);
    assert!(blank.traits.languages.is_empty() && blank.traits.occupations.is_empty());
    cage.app.advance(Duration::days(181));
    cage.app.sweep().await;
    assert!(numbers().await.is_none(), "half a year is enough");
    cage.app.ignore_mails();
    cage.app.finish().await;
}
