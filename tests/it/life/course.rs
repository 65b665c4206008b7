//! What happens while a match is active, and how it ends.

use serde_json::json;
use tandem_domain::accompaniment::{MeetingDraft, MeetingKind, MilestoneDraft, MilestoneKind};
use tandem_domain::cases::{CaseState, SocialOutcome, TransitionOutcome};
use tandem_domain::feedback::{Answers, Degree, Occasion, Report};
use tandem_domain::matches::{EndReason, MatchState};
use tandem_domain::parties::About;
use tandem_operations::cases::{self, OutcomeDraft};
use tandem_operations::matches::{self, EndDraft};
use tandem_operations::{problems, publicity};
use tandem_tests::date;

use super::{Tandem, refused};
use crate::scene::gid;

fn meeting(on: chrono::NaiveDate) -> MeetingDraft {
    MeetingDraft {
        met_on: on,
        minutes: 90,
        kind: MeetingKind::InPerson,
        areas: vec![],
        requested_by_mentee: true,
        note: "Lebenslauf durchgesehen".into(),
    }
}

#[tokio::test]
async fn meetings_are_logged_and_regularity_follows_from_them() {
    let mut tandem = Tandem::active().await;
    for _ in 0..4 {
        let today = tandem.scene.app.api.today();
        matches::log_meeting(
            &tandem.scene.app.api,
            &tandem.expert(),
            tandem.id,
            meeting(today),
            None,
        )
        .await
        .expect("a meeting");
        tandem.days_later(7).await;
    }
    tandem.days_later(14).await;
    let look = "query($id: ID!) { match(id: $id) {
        course { durationDays meetings regularityPercent daysSinceLastMeeting longestGapDays }
        meetings { metOn note recordedBy } } }";
    let seen = tandem
        .scene
        .staff
        .ask(look, json!({ "id": gid(tandem.id) }))
        .await;
    assert_eq!(
        seen.data()["match"]["course"],
        json!({ "durationDays": 42, "meetings": 4, "regularityPercent": 66, "daysSinceLastMeeting": 21,
            "longestGapDays": 21 })
    );
    assert_eq!(
        seen.data()["match"]["meetings"][0]["note"],
        "Lebenslauf durchgesehen"
    );
    let office = tandem
        .scene
        .coordinator
        .ask(look, json!({ "id": gid(tandem.id) }))
        .await;
    assert_eq!(
        office.data()["match"]["meetings"][0]["note"],
        "",
        "notes are for who writes them"
    );
    let api = &tandem.scene.app.api;
    let early = meeting(date("2026-11-01"));
    let refusal = matches::log_meeting(api, &tandem.expert(), tandem.id, early, None).await;
    assert_eq!(refused(refusal), ["INVALID metOn"]);
    tandem.finish().await;
}

#[tokio::test]
async fn an_interview_has_its_preparation_and_its_follow_up_once_each() {
    let tandem = Tandem::active().await;
    let api = &tandem.scene.app.api;
    let today = api.today();
    let draft = |kind, on_date, interview| MilestoneDraft {
        kind,
        on_date,
        level: None,
        interview,
        note: String::new(),
    };
    let interview = matches::record_milestone(
        api,
        &tandem.expert(),
        tandem.id,
        draft(MilestoneKind::Interview, today, None),
        None,
    )
    .await
    .expect("an interview");
    for kind in [
        MilestoneKind::InterviewPrepared,
        MilestoneKind::InterviewFollowedUp,
    ] {
        let part = || draft(kind, today, Some(interview.id));
        matches::record_milestone(api, tandem.staff(), tandem.id, part(), None)
            .await
            .expect("a part");
        let twice = matches::record_milestone(api, tandem.staff(), tandem.id, part(), None).await;
        assert_eq!(refused(twice), ["CONFLICT interviewId"], "{kind}");
    }
    let late = draft(MilestoneKind::InterviewPrepared, today, Some(api.id()));
    let stray = matches::record_milestone(api, tandem.staff(), tandem.id, late, None).await;
    assert_eq!(refused(stray), ["NOT_FOUND interviewId"]);
    tandem.finish().await;
}

#[tokio::test]
async fn an_extension_is_in_force_when_both_have_signed_it() {
    let tandem = Tandem::active().await;
    let api = &tandem.scene.app.api;
    let longer = matches::extend_agreement(api, &tandem.expert(), tandem.id, date("2028-05-31"))
        .await
        .expect("a version");
    assert_eq!((longer.number, longer.in_force_at), (2, None));
    tandem.signs(&tandem.mentee(), longer.id).await;
    tandem.signs(&tandem.expert(), longer.id).await;
    let versions = matches::agreements(api, &tandem.mentee(), tandem.id)
        .await
        .expect("versions");
    assert!(versions[0].in_force_at.is_some());
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    tandem.finish().await;
}

#[tokio::test]
async fn a_match_ends_with_thanks_and_the_case_with_an_outcome_that_is_confirmed() {
    let mut tandem = Tandem::active().await;
    tandem.scene.app.drain().await;
    let api = tandem.scene.app.api.clone();
    let outcome = OutcomeDraft {
        transition: TransitionOutcome::TrainingPlace,
        social: SocialOutcome::Settled,
        training_starts_on: Some(date("2027-01-04")),
    };
    let early = cases::close(&api, tandem.staff(), tandem.case, None, outcome).await;
    assert_eq!(refused(early), ["CONFLICT"], "the match is ended first");
    let end = EndDraft {
        completed: true,
        reasons: vec![
            EndReason::TrainingBegun,
            EndReason::GoalReached,
            EndReason::GoalReached,
        ],
        another: Some(true),
    };
    matches::end(&api, &tandem.expert(), tandem.id, None, end)
        .await
        .expect("an end");
    let ended = tandem.scene.matching(tandem.id).await;
    assert_eq!(ended.state, MatchState::Completed);
    assert_eq!(
        ended.end_reasons,
        [EndReason::GoalReached, EndReason::TrainingBegun]
    );
    assert_eq!(
        (ended.another_wished, ended.mentee_another_wished),
        (Some(true), None)
    );
    matches::wish_another(&api, &tandem.mentee(), tandem.id, false)
        .await
        .expect("a wish");
    let answers = Answers::Mentee {
        helps: Degree::Yes,
        often_enough: Degree::Partly,
        comment: String::new(),
    };
    matches::give_feedback(
        &api,
        &tandem.mentee(),
        tandem.id,
        Occasion::Final,
        answers.clone(),
    )
    .await
    .expect("feedback");
    let others = matches::give_feedback(&api, &tandem.expert(), tandem.id, Occasion::Final, answers).await;
    assert_eq!(refused(others), ["INVALID answers"]);
    let report = Report {
        german_level: Some(tandem_domain::values::CefrLevel::B2),
        tackles_alone: Degree::Yes,
        summary: "Hat einen Platz gefunden.".into(),
    };
    matches::write_report(&api, &tandem.expert(), tandem.id, report)
        .await
        .expect("a report");
    let look = "query($id: ID!) { match(id: $id) { endReasons endedBy expertWishesAnother menteeWishesAnother
        feedback { side } finalReport { germanLevel } } }";
    let seen = tandem
        .scene
        .staff
        .ask(look, json!({ "id": gid(tandem.id) }))
        .await;
    assert_eq!(
        seen.data()["match"],
        json!({ "endReasons": ["GOAL_REACHED", "TRAINING_BEGUN"], "endedBy": "EXPERT",
            "expertWishesAnother": true, "menteeWishesAnother": false, "feedback": [{ "side": "MENTEE" }],
            "finalReport": { "germanLevel": "B2" } })
    );
    let own = matches::feedback_of(&api, &tandem.expert(), &[tandem.id])
        .await
        .expect("a list");
    assert!(own.is_empty(), "what the mentee says does not reach the expert");
    tandem.scene.app.drain().await;
    let thanks = tandem.scene.app.mails_to("weber@expert.example.org");
    assert_eq!(thanks.last().unwrap().subject, "Danke");

    cases::close(&api, tandem.staff(), tandem.case, None, outcome)
        .await
        .expect("a closure");
    assert_eq!(tandem.scene.case(tandem.case).await.state, CaseState::Closed);
    let early = cases::confirm_outcome(&api, tandem.staff(), tandem.case, None, outcome).await;
    assert_eq!(
        refused(early),
        ["CONFLICT"],
        "four months after the training began"
    );
    tandem.days_later(164).await;
    let api = tandem.scene.app.api.clone();
    let changed = OutcomeDraft {
        transition: TransitionOutcome::DroppedOut,
        training_starts_on: None,
        ..outcome
    };
    let case = cases::confirm_outcome(&api, tandem.staff(), tandem.case, None, changed)
        .await
        .expect("a confirmation");
    assert!(case.outcome_confirmed_at.is_some());
    assert_eq!(case.transition_outcome, Some(TransitionOutcome::DroppedOut));
    let late = cases::reopen(&api, tandem.staff(), tandem.case, None).await;
    assert_eq!(refused(late), ["CONFLICT"], "30 days are over");
    tandem.finish().await;
}

#[tokio::test]
async fn a_case_that_was_closed_too_early_is_opened_again_within_30_days() {
    let mut tandem = Tandem::active().await;
    let api = tandem.scene.app.api.clone();
    let submitted = tandem.scene.case(tandem.case).await.submitted_at;
    matches::end(&api, &tandem.mentee(), tandem.id, None, EndDraft::default())
        .await
        .expect("an end");
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::EndedEarly);
    let outcome = OutcomeDraft {
        transition: TransitionOutcome::Unknown,
        social: SocialOutcome::Unknown,
        training_starts_on: None,
    };
    cases::close(&api, tandem.staff(), tandem.case, None, outcome)
        .await
        .expect("a closure");
    tandem.days_later(30).await;
    let case = cases::reopen(&tandem.scene.app.api, tandem.staff(), tandem.case, None)
        .await
        .expect("a second search");
    assert_eq!((case.state, case.submitted_at), (CaseState::Searching, submitted));
    assert_eq!(case.transition_outcome, None);
    tandem.finish().await;
}

#[tokio::test]
async fn after_the_end_the_centre_may_let_the_search_go_on() {
    let tandem = Tandem::active().await;
    let api = &tandem.scene.app.api;
    let early = cases::search_again(api, tandem.staff(), tandem.case, None).await;
    assert_eq!(refused(early), ["CONFLICT"], "the match is active");
    matches::end(api, tandem.staff(), tandem.id, None, EndDraft::default())
        .await
        .expect("an end");
    let case = cases::search_again(api, tandem.staff(), tandem.case, None)
        .await
        .expect("a search");
    assert_eq!(case.state, CaseState::Searching);
    tandem.finish().await;
}

#[tokio::test]
async fn a_problem_reaches_centre_and_office_and_never_the_expert() {
    let tandem = Tandem::active().await;
    tandem.scene.app.drain().await;
    let before = tandem.scene.app.mails_to("weber@expert.example.org").len();
    let api = &tandem.scene.app.api;
    problems::report_problem(api, &tandem.mentee(), tandem.case, "Sie kommt oft zu spät.")
        .await
        .expect("a report");
    let by_expert = problems::report_problem(api, &tandem.expert(), tandem.case, "x").await;
    assert_eq!(refused(by_expert), ["NOT_FOUND caseId"]);
    tandem.scene.app.drain().await;
    for address in [
        "servicestelle.hamburg@center.example.org",
        "buro.hamburg@office.example.org",
    ] {
        let mails = tandem.scene.app.mails_to(address);
        let mail = mails.last().expect("a mail");
        assert!(mail.subject.contains("Problem"), "{}", mail.subject);
        assert!(
            !mail.text.as_deref().unwrap().contains("zu spät"),
            "what it is stands behind the sign-in"
        );
    }
    assert_eq!(
        tandem.scene.app.mails_to("weber@expert.example.org").len(),
        before
    );
    let look = "{ problems { id text side } }";
    for (actor, count) in [(&tandem.scene.staff, 1), (&tandem.scene.coordinator, 1)] {
        let seen = actor.ask(look, json!({})).await;
        assert_eq!(seen.data()["problems"].as_array().unwrap().len(), count);
    }
    let me = tandem
        .scene
        .app
        .person("Expert", tandem_domain::policy::Grant::Expert(tandem.expert_id))
        .await;
    assert_eq!(me.ask(look, json!({})).await.data()["problems"], json!([]));
    tandem.finish().await;
}

#[tokio::test]
async fn publicity_is_consented_by_each_person_alone_and_off_until_then() {
    let tandem = Tandem::active().await;
    let api = &tandem.scene.app.api;
    let about = About::Match(tandem.id);
    let stored = async || {
        let mut conn = tandem.scene.app.superuser().await;
        let expert: bool = sqlx::query_scalar("SELECT publicity_consent FROM experts WHERE id = $1")
            .bind(tandem.expert_id.uuid())
            .fetch_one(&mut conn)
            .await
            .unwrap();
        let mentee: bool =
            sqlx::query_scalar("SELECT publicity_consent_at IS NOT NULL FROM mentees WHERE id = $1")
                .bind(tandem.mentee_id.uuid())
                .fetch_one(&mut conn)
                .await
                .unwrap();
        (expert, mentee)
    };
    assert_eq!(stored().await, (false, false));
    publicity::consent_to_publicity(api, &tandem.expert(), about, true)
        .await
        .expect("a consent");
    publicity::consent_to_publicity(api, &tandem.mentee(), about, true)
        .await
        .expect("a consent");
    assert_eq!(stored().await, (true, true));
    publicity::consent_to_publicity(api, &tandem.mentee(), about, false)
        .await
        .expect("a change");
    assert_eq!(stored().await, (true, false));
    for caller in [tandem.staff(), tandem.office()] {
        assert!(
            publicity::consent_to_publicity(api, caller, about, true)
                .await
                .is_err()
        );
    }
    tandem.finish().await;
}
