//! For every step: who may take it and who may not.

use tandem_domain::accompaniment::{MeetingDraft, MeetingKind, MilestoneDraft, MilestoneKind};
use tandem_domain::cases::{SocialOutcome, TransitionOutcome};
use tandem_domain::checks::CheckKind;
use tandem_domain::chemistry::Verdict;
use tandem_domain::errors::Code;
use tandem_domain::feedback::{Answers, Occasion};
use tandem_domain::matches::{Answer, MatchState};
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_domain::policy::Grant;
use tandem_operations::cases::{self, OutcomeDraft};
use tandem_operations::matches::{self, EndDraft};
use tandem_operations::{Caller, experts};

use super::{Tandem, code};

/// Everybody who might try, by name.
struct Everybody(Vec<(&'static str, Caller)>);

impl Everybody {
    async fn of(tandem: &Tandem) -> Self {
        let app = &tandem.scene.app;
        let other_office = app.office("Büro Leipzig", "04109").await;
        let other_center = app.center(other_office, "Servicestelle Leipzig", "04109").await;
        let other_expert = tandem.scene.expert("Vogel").await;
        let person = |name, grant| app.person(name, grant);
        Self(vec![
            ("admin", app.admin().await.caller),
            ("office", tandem.office().clone()),
            ("centre", tandem.staff().clone()),
            (
                "expert",
                person("Expert", Grant::Expert(tandem.expert_id)).await.caller,
            ),
            ("expert by link", tandem.expert()),
            (
                "mentee",
                person("Mentee", Grant::Mentee(tandem.mentee_id)).await.caller,
            ),
            ("mentee by link", tandem.mentee()),
            ("guardian by link", tandem.guardian()),
            ("other office", app.coordinator(other_office).await.caller),
            ("other centre", app.center_staff(other_center).await.caller),
            (
                "other expert",
                person("Other", Grant::Expert(other_expert)).await.caller,
            ),
            ("nobody", app.staff("Nobody", &[]).await.caller),
        ])
    }
}

/// Lets everybody try a step, those who may not first; nobody but these gets through the policy.
macro_rules! may {
    ($tandem:expr, $everybody:expr, $step:literal, [$($allowed:literal),* $(,)?], |$caller:ident| $act:expr) => {{
        let allowed: &[&str] = &[$($allowed),*];
        for (name, $caller) in &$everybody.0 {
            if allowed.contains(name) {
                continue;
            }
            let before = $tandem.scene.state($tandem.id).await;
            let result = $act.await;
            let refusal = code(&result);
            assert!(
                matches!(refusal, Some(Code::Forbidden | Code::NotFound)),
                "{name} {}: {result:?}",
                $step
            );
            let stranger = name.starts_with("other") || *name == "nobody";
            assert_eq!(stranger, refusal == Some(Code::NotFound), "{name} {}", $step);
            assert_eq!($tandem.scene.state($tandem.id).await, before, "{name} {}", $step);
        }
    }};
}

#[tokio::test]
async fn each_step_up_to_the_beginning_is_for_its_own_people() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    let api = tandem.scene.app.api.clone();
    let id = tandem.id;
    let everybody = Everybody::of(&tandem).await;

    may!(
        tandem,
        everybody,
        "introduces",
        ["admin", "office", "centre"],
        |who| matches::introduce(&api, who, id, None)
    );
    matches::introduce(&api, tandem.office(), id, None)
        .await
        .expect("the office introduces");
    may!(tandem, everybody, "briefs", ["admin", "centre"], |who| {
        matches::record_briefing(&api, who, id, api.today(), "")
    });
    matches::record_briefing(&api, tandem.staff(), id, api.today(), "Deutsch zuerst")
        .await
        .expect("the centre briefs");
    let at = tandem.in_days(1);
    may!(
        tandem,
        everybody,
        "dates",
        ["admin", "centre", "expert", "expert by link"],
        |who| { matches::date_first_meeting(&api, who, id, at, "Hier") }
    );
    matches::date_first_meeting(&api, &tandem.expert(), id, at, "Hier")
        .await
        .expect("the expert dates");
    may!(
        tandem,
        everybody,
        "meets",
        ["admin", "centre", "expert", "expert by link"],
        |who| { matches::record_first_meeting(&api, who, id, api.today()) }
    );
    matches::record_first_meeting(&api, &everybody.0[3].1, id, api.today())
        .await
        .expect("the expert records");
    let people = [
        "expert",
        "expert by link",
        "mentee",
        "mentee by link",
        "guardian by link",
    ];
    assert_eq!(people.len(), 5);
    may!(
        tandem,
        everybody,
        "gives a verdict",
        [
            "expert",
            "expert by link",
            "mentee",
            "mentee by link",
            "guardian by link"
        ],
        |who| matches::give_verdict(&api, who, id, Verdict::No)
    );
    may!(
        tandem,
        everybody,
        "leaves",
        [
            "expert",
            "expert by link",
            "mentee",
            "mentee by link",
            "guardian by link"
        ],
        |who| matches::leave(&api, who, id)
    );
    tandem.says(&everybody.0[3].1, Verdict::Yes).await;
    tandem.says(&everybody.0[5].1, Verdict::Yes).await;
    may!(
        tandem,
        everybody,
        "writes the agreement",
        ["admin", "centre", "expert", "expert by link"],
        |who| { matches::write_agreement(&api, who, id, Tandem::terms()) }
    );
    let agreement = tandem.written().await;
    may!(
        tandem,
        everybody,
        "signs",
        [
            "expert",
            "expert by link",
            "mentee",
            "mentee by link",
            "guardian by link"
        ],
        |who| matches::sign(&api, who, agreement)
    );
    may!(
        tandem,
        everybody,
        "activates",
        ["admin", "office", "centre"],
        |who| matches::activate(&api, who, id, None)
    );
    tandem.signs(&tandem.expert(), agreement).await;
    tandem.signs(&everybody.0[5].1, agreement).await;
    assert_eq!(tandem.scene.state(id).await, MatchState::Active);
    tandem.finish().await;
}

#[tokio::test]
async fn each_step_after_the_beginning_is_for_its_own_people() {
    let tandem = Tandem::active().await;
    let api = tandem.scene.app.api.clone();
    let id = tandem.id;
    let everybody = Everybody::of(&tandem).await;
    may!(
        tandem,
        everybody,
        "pauses",
        [
            "admin",
            "office",
            "centre",
            "expert",
            "expert by link",
            "mentee",
            "mentee by link"
        ],
        |who| matches::pause(&api, who, id, None)
    );
    for who in [3, 5, 1, 2, 4, 6] {
        matches::pause(&api, &everybody.0[who].1, id, None)
            .await
            .expect("a pause");
        matches::resume(&api, &everybody.0[who].1, id, None)
            .await
            .expect("it goes on");
    }
    may!(
        tandem,
        everybody,
        "ends",
        [
            "admin",
            "office",
            "centre",
            "expert",
            "expert by link",
            "mentee",
            "mentee by link",
            "guardian by link"
        ],
        |who| matches::end(&api, who, id, None, EndDraft::default())
    );
    let stray = matches::end(&api, &tandem.guardian(), id, None, EndDraft::default()).await;
    assert_eq!(
        code(&stray),
        Some(Code::Conflict),
        "nobody speaks for somebody of age"
    );
    may!(
        tandem,
        everybody,
        "writes the report",
        ["expert", "expert by link"],
        |who| { matches::write_report(&api, who, id, report()) }
    );
    matches::end(&api, &tandem.mentee(), id, None, EndDraft::default())
        .await
        .expect("an end");
    matches::write_report(&api, &tandem.expert(), id, report())
        .await
        .expect("a report");
    tandem.finish().await;
}

#[tokio::test]
async fn what_is_written_down_along_the_way_is_for_its_own_people() {
    let tandem = Tandem::active().await;
    let api = tandem.scene.app.api.clone();
    let id = tandem.id;
    let everybody = Everybody::of(&tandem).await;
    let meeting = || MeetingDraft {
        met_on: api.today(),
        minutes: 60,
        kind: MeetingKind::InPerson,
        areas: Vec::new(),
        requested_by_mentee: false,
        note: String::new(),
    };
    may!(
        tandem,
        everybody,
        "logs a meeting",
        ["admin", "centre", "expert", "expert by link"],
        |who| matches::log_meeting(&api, who, id, meeting(), None)
    );
    let milestone = || MilestoneDraft {
        kind: MilestoneKind::CourseFound,
        on_date: api.today(),
        level: None,
        interview: None,
        note: String::new(),
    };
    may!(
        tandem,
        everybody,
        "records a milestone",
        ["admin", "centre", "expert", "expert by link"],
        |who| matches::record_milestone(&api, who, id, milestone(), None)
    );
    let answers = || Answers::Expert {
        satisfaction: 5,
        support_wished: false,
        comment: String::new(),
    };
    may!(
        tandem,
        everybody,
        "gives feedback",
        ["expert", "expert by link", "mentee", "mentee by link"],
        |who| matches::give_feedback(&api, who, id, Occasion::CheckIn, answers())
    );
    for who in [0, 2, 3, 4] {
        let caller = &everybody.0[who].1;
        matches::log_meeting(&api, caller, id, meeting(), None)
            .await
            .expect("a meeting");
        matches::record_milestone(&api, caller, id, milestone(), None)
            .await
            .expect("a milestone");
    }
    for who in [3, 4] {
        matches::give_feedback(&api, &everybody.0[who].1, id, Occasion::CheckIn, answers())
            .await
            .expect("feedback");
    }
    tandem.finish().await;
}

/// Everybody but the centre, and the administrators, is kept from a step of a case, and nothing changes.
macro_rules! only_the_centre {
    ($tandem:expr, $everybody:expr, $step:literal, |$caller:ident| $act:expr) => {{
        for (name, $caller) in &$everybody.0 {
            if ["admin", "centre"].contains(name) {
                continue;
            }
            let before = $tandem.scene.case($tandem.case).await;
            let refusal = code(&$act.await);
            assert!(
                matches!(refusal, Some(Code::Forbidden | Code::NotFound)),
                "{name} {}: {refusal:?}",
                $step
            );
            if name.starts_with("other") || *name == "nobody" {
                assert_eq!(refusal, Some(Code::NotFound), "{name} {}", $step);
            }
            assert_eq!($tandem.scene.case($tandem.case).await, before, "{name} {}", $step);
        }
    }};
}

#[tokio::test]
async fn a_case_is_closed_confirmed_opened_again_and_searched_for_by_its_centre_alone() {
    let mut tandem = Tandem::active().await;
    let api = tandem.scene.app.api.clone();
    let id = tandem.case;
    matches::end(&api, &tandem.mentee(), tandem.id, None, EndDraft::default())
        .await
        .expect("an end");
    let everybody = Everybody::of(&tandem).await;
    let outcome = OutcomeDraft {
        transition: TransitionOutcome::TrainingPlace,
        social: SocialOutcome::Settled,
        training_starts_on: Some(api.today()),
    };
    only_the_centre!(tandem, everybody, "searches again", |who| cases::search_again(
        &api, who, id, None
    ));
    only_the_centre!(tandem, everybody, "closes", |who| cases::close(
        &api, who, id, None, outcome
    ));
    cases::close(&api, tandem.staff(), id, None, outcome)
        .await
        .expect("the centre closes");
    only_the_centre!(tandem, everybody, "opens again", |who| cases::reopen(
        &api, who, id, None
    ));
    cases::reopen(&api, tandem.staff(), id, None)
        .await
        .expect("the centre opens again");
    cases::close(&api, tandem.staff(), id, None, outcome)
        .await
        .expect("the centre closes");
    tandem.days_later(150).await;
    let everybody = Everybody::of(&tandem).await;
    only_the_centre!(tandem, everybody, "confirms", |who| cases::confirm_outcome(
        &api, who, id, None, outcome
    ));
    cases::confirm_outcome(&api, tandem.staff(), id, None, outcome)
        .await
        .expect("the centre confirms");
    tandem.finish().await;
}

#[tokio::test]
async fn an_approach_lapses_by_the_system_and_is_superseded_by_a_yes_and_nobody_does_either_by_hand() {
    let schema = include_str!("../../../api/schema.graphql");
    let mutations = schema.split("type Mutation {").nth(1).expect("mutations");
    let mutations = mutations.split("\n}").next().expect("their end");
    for word in ["\tlapse", "\tsupersede"] {
        assert!(!mutations.contains(word), "{word} is a mutation");
    }
    let mut tandem = Tandem::asked().await;
    let beside = tandem.scene.expert("Vogel").await;
    let other = tandem.scene.ask(tandem.case, &[beside]).await[0];
    tandem.scene.app.drain().await;
    let api = tandem.scene.app.api.clone();
    matches::record_by_telephone(&api, tandem.office(), other, Answer::Yes)
        .await
        .expect("a yes");
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Superseded);
    assert!(
        tandem
            .scene
            .trail(tandem.id.uuid())
            .await
            .contains(&"match.superseded".to_owned())
    );
    let case = tandem.scene.app.case(tandem.scene.center).await;
    let third = tandem.scene.expert("Kranz").await;
    let silent = tandem.scene.ask(case, &[third]).await[0];
    tandem.scene.app.drain().await;
    tandem.days_later(15).await;
    tandem.scene.app.sweep().await;
    assert_eq!(tandem.scene.state(silent).await, MatchState::Lapsed);
    let mut conn = tandem.scene.app.superuser().await;
    let by: String = sqlx::query_scalar("SELECT actor_kind FROM audit_events WHERE action = 'match.lapsed'")
        .fetch_one(&mut conn)
        .await
        .expect("the audit log");
    assert_eq!(by, "SYSTEM");
    tandem.finish().await;
}

#[tokio::test]
async fn a_link_of_one_match_opens_no_other_one() {
    let tandem = Tandem::active().await;
    let api = &tandem.scene.app.api;
    let by_link = |party, about| {
        let way = GivenWay::Link;
        Caller::person(Person { party, about, way }, "192.0.2.1")
    };
    let (mine, stranger) = (Party::Mentee(tandem.mentee_id), Party::Mentee(api.id()));
    let (this, another) = (About::Match(tandem.id), About::Match(api.id()));
    for (party, about, opens) in [
        (mine, this, true),
        (mine, About::Case(tandem.case), true),
        (mine, another, false),
        (mine, About::Case(api.id()), false),
        (stranger, this, false),
    ] {
        let seen = matches::own(api, &by_link(party, about), tandem.id).await;
        assert_eq!(
            code(&seen),
            (!opens).then_some(Code::NotFound),
            "{party:?} {about:?}"
        );
    }
    tandem.finish().await;
}

#[tokio::test]
async fn only_the_experts_own_office_suspends() {
    let tandem = Tandem::active().await;
    let api = tandem.scene.app.api.clone();
    let everybody = Everybody::of(&tandem).await;
    for (name, caller) in &everybody.0 {
        if !["admin", "office"].contains(name) {
            let result = experts::suspend(&api, caller, tandem.expert_id, None).await;
            assert!(
                matches!(code(&result), Some(Code::Forbidden | Code::NotFound)),
                "{name}"
            );
        }
    }
    assert_eq!(tandem.scene.state(tandem.id).await, MatchState::Active);
    tandem.finish().await;
}

fn report() -> tandem_domain::feedback::Report {
    tandem_domain::feedback::Report {
        german_level: None,
        tackles_alone: tandem_domain::feedback::Degree::Partly,
        summary: String::new(),
    }
}
