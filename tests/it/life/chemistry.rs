//! Whether it fits: alone, in private, and told so that nobody learns who said what.

use serde_json::json;
use tandem_domain::cases::CaseState;
use tandem_domain::checks::CheckKind;
use tandem_domain::chemistry::{ChemistryResult, Verdict};
use tandem_domain::matches::MatchState;
use tandem_domain::parties::Side;
use tandem_domain::policy::Grant;
use tandem_operations::matches::{self, Paper};
use tandem_tests::date;

use super::{Tandem, refused};
use crate::scene::gid;

#[tokio::test]
async fn two_yes_open_the_agreement_and_the_result_is_the_same_mail_for_everybody() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.met().await;
    let first = tandem.says(&tandem.mentee(), Verdict::NotSureYet).await;
    assert!(first.open && first.result.is_none());
    let first = tandem.says(&tandem.mentee(), Verdict::Yes).await;
    assert!(
        first.open && first.result.is_none(),
        "the other one has not answered"
    );
    let second = tandem.says(&tandem.expert(), Verdict::Yes).await;
    assert_eq!(second.result, Some(ChemistryResult::Agreed));
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Met);
    assert!(tandem.scene.matching(tandem.id).await.consented_at.is_some());
    let late = matches::give_verdict(&tandem.scene.app.api, &tandem.mentee(), tandem.id, Verdict::No).await;
    assert_eq!(
        refused(late),
        ["CONFLICT"],
        "the result stands; whoever does not want it leaves"
    );
    tandem.scene.app.drain().await;
    let mails = tandem.scene.app.mails_to("samira@mentee.example.org");
    let texts = mails.iter().filter_map(|mail| mail.text.clone());
    let text = texts
        .rev()
        .find(|text| text.contains("Weber"))
        .expect("the result");
    assert!(text.contains("/p/me/"), "{text}");
    assert!(!text.contains("Ahmadi"), "no mail names a full mentee: {text}");
    tandem.finish().await;
}

#[tokio::test]
async fn a_no_ends_it_without_saying_whose_it_was_and_the_case_searches_on_with_its_waiting_time() {
    for (expert, mentee) in [(Verdict::No, Verdict::Yes), (Verdict::Yes, Verdict::No)] {
        let tandem = Tandem::of_age().await;
        tandem.make_ready(CheckKind::Simple).await;
        let submitted = tandem.scene.case(tandem.case).await.submitted_at;
        tandem.met().await;
        tandem.says(&tandem.expert(), expert).await;
        assert_eq!(
            tandem.scene.state(tandem.id).await,
            MatchState::Met,
            "it waits for the other one"
        );
        tandem.says(&tandem.mentee(), mentee).await;
        assert_eq!(tandem.scene.state(tandem.id).await, MatchState::NotFormed);
        let case = tandem.scene.case(tandem.case).await;
        assert_eq!((case.state, case.submitted_at), (CaseState::Searching, submitted));
        tandem.scene.app.drain().await;
        let words = |address: &str| {
            let mails = tandem.scene.app.mails_to(address);
            mails.last().unwrap().text.clone().unwrap()
        };
        for text in [
            words("weber@expert.example.org"),
            words("samira@mentee.example.org"),
        ] {
            for word in ["abgelehnt", "Absage", "Nein", "نه گفت"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
        let trail = tandem.scene.trail(tandem.id.uuid()).await;
        assert_eq!(
            trail
                .iter()
                .filter(|action| *action == "match.verdict_given")
                .count(),
            2
        );
        let mut conn = tandem.scene.app.superuser().await;
        let details: Vec<String> =
            sqlx::query_scalar("SELECT detail::text FROM audit_events WHERE entity_id = $1")
                .bind(tandem.id.uuid())
                .fetch_all(&mut conn)
                .await
                .unwrap();
        assert!(
            details
                .iter()
                .all(|detail| !detail.contains("NO") && !detail.contains("YES"))
        );
        let again = tandem.scene.try_asking(tandem.case, &[tandem.expert_id]).await;
        assert_eq!(
            again.refusals("approachExperts"),
            ["CONFLICT expertIds.0"],
            "the pair is not proposed again"
        );
        tandem.finish().await;
    }
}

#[tokio::test]
async fn after_28_days_a_silence_ends_it_like_a_no() {
    let mut tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.met().await;
    tandem.says(&tandem.mentee(), Verdict::Yes).await;
    tandem.days_later(27).await;
    tandem.scene.app.sweep().await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Met);
    tandem.days_later(1).await;
    tandem.scene.app.sweep().await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::NotFormed);
    tandem.finish().await;
}

#[tokio::test]
async fn a_minor_needs_the_guardians_yes_and_the_own_no_always_stops() {
    let tandem = Tandem::with_a_minor().await;
    tandem.make_ready(CheckKind::Extended).await;
    tandem.consented().await;
    assert_eq!(
        tandem.scene.matching(tandem.id).await.consented_at,
        None,
        "the guardian is asked as well"
    );
    let last = tandem.says(&tandem.guardian(), Verdict::Yes).await;
    assert_eq!(last.result, Some(ChemistryResult::Agreed));
    tandem.finish().await;

    let tandem = Tandem::with_a_minor().await;
    tandem.make_ready(CheckKind::Extended).await;
    tandem.met().await;
    tandem.says(&tandem.guardian(), Verdict::Yes).await;
    tandem.says(&tandem.expert(), Verdict::Yes).await;
    tandem.says(&tandem.mentee(), Verdict::No).await;
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::NotFormed);
    tandem.finish().await;

    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.met().await;
    let stray =
        matches::give_verdict(&tandem.scene.app.api, &tandem.guardian(), tandem.id, Verdict::Yes).await;
    assert_eq!(
        refused(stray),
        ["CONFLICT"],
        "nobody else's word is needed for somebody of age"
    );
    tandem.finish().await;
}

#[tokio::test]
async fn nobody_reads_or_says_anothers_verdict() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.met().await;
    tandem.says(&tandem.mentee(), Verdict::Yes).await;
    let me = tandem
        .scene
        .app
        .person("Expert", Grant::Expert(tandem.expert_id))
        .await;
    let look =
        "query($id: ID!) { match(id: $id) { own { side verdict result verdictOpen partner { phone } } } }";
    let seen = me.ask(look, json!({ "id": gid(tandem.id) })).await;
    assert_eq!(
        seen.data()["match"]["own"],
        json!({ "side": "EXPERT", "verdict": null, "result": null, "verdictOpen": true, "partner": null })
    );
    for actor in [
        &tandem.scene.staff,
        &tandem.scene.coordinator,
        &tandem.scene.app.admin().await,
    ] {
        let seen = actor.ask(look, json!({ "id": gid(tandem.id) })).await;
        assert_eq!(seen.data()["match"]["own"], json!(null));
        let give = "mutation($id: ID!) { giveVerdict(id: $id, verdict: YES) { verdict userErrors { code field message } } }";
        let given = actor.ask(give, json!({ "id": gid(tandem.id) })).await;
        assert_eq!(given.refusals("giveVerdict"), ["FORBIDDEN id"]);
    }
    tandem.finish().await;
}

#[tokio::test]
async fn paper_is_recorded_with_a_witness_told_and_taken_back_when_it_is_not_right() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    tandem.met().await;
    let api = &tandem.scene.app.api;
    let paper = |witness: &str| Paper {
        on: date("2026-11-23"),
        witness: witness.into(),
    };
    let record = async |caller, witness: &str| {
        matches::record_verdict_on_paper(api, caller, tandem.id, Side::Mentee, Verdict::Yes, paper(witness))
            .await
    };
    assert_eq!(
        refused(record(tandem.staff(), " ").await),
        ["INVALID paper.witness"]
    );
    let (admin, expert) = (tandem.scene.app.admin().await, tandem.expert());
    for caller in [tandem.office(), &admin.caller, &expert] {
        assert_eq!(refused(record(caller, "Ayşe Kaya").await), ["FORBIDDEN id"]);
    }
    record(tandem.staff(), "Ayşe Kaya").await.expect("a record");
    tandem.says(&tandem.expert(), Verdict::Yes).await;
    assert!(tandem.scene.matching(tandem.id).await.consented_at.is_some());
    tandem.scene.app.drain().await;
    let notice = tandem.scene.app.mails_to("samira@mentee.example.org");
    assert!(
        notice
            .iter()
            .any(|mail| mail.text.as_deref().unwrap().contains("این درست نیست"))
    );
    let papers = matches::own(api, &tandem.mentee(), tandem.id)
        .await
        .expect("a view")
        .papers;
    assert_eq!(papers.len(), 1);
    let stranger = matches::contest_paper(api, &tandem.expert(), papers[0].id).await;
    assert_eq!(refused(stranger), ["NOT_FOUND id"]);
    for _ in 0..2 {
        matches::contest_paper(api, &tandem.mentee(), papers[0].id)
            .await
            .expect("an objection");
    }
    assert_eq!(
        tandem.scene.matching(tandem.id).await.consented_at,
        None,
        "it no longer counts"
    );
    tandem.scene.app.drain().await;
    for address in [
        "servicestelle.hamburg@center.example.org",
        "buro.hamburg@office.example.org",
    ] {
        let mails = tandem.scene.app.mails_to(address);
        let told = mails
            .iter()
            .filter(|mail| mail.subject.contains("Papier"))
            .count();
        assert_eq!(
            told,
            1,
            "{address}: {:?}",
            mails.iter().map(|mail| &mail.subject).collect::<Vec<_>>()
        );
    }
    tandem.finish().await;
}
