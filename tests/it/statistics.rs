//! Statistics over HTTP: exact within one's own scope, coarse outside, and never a person.

use serde_json::{Value, json};
use tandem_domain::matches::Answer;
use tandem_domain::policy::Grant;
use tandem_operations::matches;
use tandem_tests::Actor;

use crate::scene::{Scene, gid};

const STATISTICS: &str =
    "query($office: ID, $center: ID, $from: Date!, $until: Date!, $by: PeriodUnit! = QUARTER) {
    statistics(officeId: $office, centerId: $center, from: $from, until: $until, by: $by) {
        exact open { state cases medianDays longestDays } csv
        total { ...F } periods { ...F } } }
    fragment F on PeriodFigures { from submitted closed withdrawn completed endedEarly
        approaches { accepted declined lapsed withdrawn superseded unanswered acceptanceRate }
        activated { matches medianDays longestDays } meetings { meetings minutes }
        endReasons { reason matches } outcomes { outcome cases } socialOutcomes { outcome cases } }";

async fn ask(actor: &Actor, mut variables: Value) -> tandem_tests::Answer {
    for (name, day) in [("from", "2026-10-01"), ("until", "2026-12-31")] {
        if variables.get(name).is_none() {
            variables[name] = day.into();
        }
    }
    actor.ask(STATISTICS, variables).await
}

/// Four cases that were submitted today: one yes, one no, one superseded, and one expert who may still
/// answer.
async fn four_cases() -> Scene {
    let scene = Scene::set().await;
    for (number, answer) in [(1, Some(Answer::Yes)), (2, Some(Answer::No(None))), (3, None)] {
        let expert = scene.expert(&format!("expert{number}")).await;
        let (_, asked) = if number == 1 {
            let late = scene.expert("late").await;
            scene.asked(&[expert, late]).await
        } else {
            scene.asked(&[expert]).await
        };
        if let Some(answer) = answer {
            matches::record_by_telephone(&scene.app.api, &scene.coordinator.caller, asked[0], answer)
                .await
                .expect("an answer");
        }
    }
    scene.app.case(scene.center).await;
    scene.app.drain().await;
    for name in ["expert1", "expert2", "expert3", "late"] {
        scene.subjects(name);
    }
    scene
}

#[tokio::test]
async fn the_database_knows_every_reason_of_an_end_and_no_other() {
    use tandem_domain::matches::EndReason;
    let scene = four_cases().await;
    let mut conn = scene.app.superuser().await;
    let words: Vec<&str> = <EndReason as strum::VariantArray>::VARIANTS
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    let write = "UPDATE matches SET end_reasons = $1";
    sqlx::query(write)
        .bind(&words)
        .execute(&mut conn)
        .await
        .expect("each is known");
    let unknown = sqlx::query(write).bind(vec!["BORED"]).execute(&mut conn).await;
    let refused = unknown.expect_err("no such reason").into_database_error();
    let refused = refused.expect("the database refuses");
    assert_eq!(refused.constraint(), Some("matches_end_reasons_known"));
    scene.finish().await;
}

#[tokio::test]
async fn an_office_sees_its_numbers_as_they_are() {
    let scene = four_cases().await;
    let answer = ask(&scene.coordinator, json!({ "office": gid(scene.office) })).await;
    let statistics = &answer.data()["statistics"];
    assert_eq!(statistics["exact"], true);
    assert_eq!(
        statistics["open"],
        json!([
            { "state": "MATCHED", "cases": 1, "medianDays": 0.0, "longestDays": 0 },
            { "state": "SEARCHING", "cases": 3, "medianDays": 0.0, "longestDays": 0 },
        ])
    );
    let total = &statistics["total"];
    assert_eq!(total["submitted"], 4);
    assert_eq!(
        total["approaches"],
        json!({ "accepted": 1, "declined": 1, "lapsed": 0, "withdrawn": 0, "superseded": 1, "unanswered": 1,
                "acceptanceRate": 0.5 })
    );
    assert_eq!(total["meetings"], json!({ "meetings": 0, "minutes": 0 }));
    assert_eq!(statistics["periods"][0]["from"], "2026-10-01");
    assert_eq!(statistics["periods"][0]["submitted"], 4);
    let csv = statistics["csv"].as_str().expect("a table");
    assert!(
        csv.starts_with("measure,kind,from,count,median_days,longest_days,minutes\n"),
        "{csv}"
    );
    assert!(csv.contains("APPROACH,ACCEPTED,2026-10-01,1,,,\n"), "{csv}");
    scene.app.finish().await;
}

#[tokio::test]
async fn outside_an_office_small_numbers_are_not_shown_and_the_others_rounded() {
    let scene = four_cases().await;
    let elsewhere = scene.app.office("Büro München", "80331").await;
    let stranger = scene.app.coordinator(elsewhere).await;
    let answer = ask(&stranger, json!({ "office": gid(scene.office) })).await;
    let statistics = &answer.data()["statistics"];
    assert_eq!(statistics["exact"], false);
    assert_eq!(
        statistics["open"],
        json!([{ "state": "SEARCHING", "cases": 5, "medianDays": 0.0, "longestDays": null }])
    );
    assert_eq!(statistics["total"]["submitted"], 5);
    assert_eq!(statistics["total"]["closed"], Value::Null);
    assert_eq!(statistics["total"]["approaches"]["accepted"], Value::Null);
    assert_eq!(statistics["total"]["approaches"]["acceptanceRate"], Value::Null);
    assert!(!statistics["csv"].as_str().expect("a table").contains("ACCEPTED"));
    // by days and months one could tell who came when
    for finer in [
        json!({ "by": "MONTH" }),
        json!({ "from": "2026-10-02" }),
        json!({ "until": "2026-12-30" }),
    ] {
        let refused = ask(&stranger, finer).await;
        assert_eq!(refused.code(), Some("BAD_USER_INPUT"));
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn who_may_see_which_numbers() {
    let scene = four_cases().await;
    let (office, center) = (
        json!({ "office": gid(scene.office) }),
        json!({ "center": gid(scene.center) }),
    );
    let programme = json!({});
    let admin = scene.app.admin().await;
    let head_office = scene.app.head_office().await;
    let expert = scene.expert("person").await;
    let expert = scene.app.person("Expert", Grant::Expert(expert)).await;
    let mentee = scene.app.mentee(scene.center, "Samira").await;
    let mentee = scene.app.person("Mentee", Grant::Mentee(mentee)).await;
    for (actor, of, exact) in [
        (&admin, &programme, Some(true)),
        (&head_office, &programme, Some(true)),
        (&head_office, &office, Some(true)),
        (&scene.coordinator, &office, Some(true)),
        (&scene.coordinator, &center, Some(true)),
        (&scene.coordinator, &programme, Some(false)),
        (&scene.staff, &center, Some(true)),
        (&scene.staff, &office, Some(false)),
        (&scene.staff, &programme, Some(false)),
        (&expert, &programme, None),
        (&expert, &office, None),
        (&mentee, &center, None),
    ] {
        let answer = ask(actor, of.clone()).await;
        assert_eq!(
            answer.data()["statistics"]["exact"].as_bool(),
            exact,
            "{} {of}",
            actor.email
        );
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_period_that_makes_no_sense_is_refused_with_the_reason() {
    let scene = Scene::set().await;
    let admin = scene.app.admin().await;
    for (variables, says) in [
        (
            json!({ "from": "2026-12-31", "until": "2026-01-01" }),
            "before it begins",
        ),
        (json!({ "from": "1990-01-01" }), "20 years"),
        (
            json!({ "office": gid(scene.office), "center": gid(scene.center) }),
            "not both",
        ),
        (json!({ "office": gid(scene.center) }), "officeId"),
    ] {
        let answer = ask(&admin, variables).await;
        assert_eq!(answer.code(), Some("BAD_USER_INPUT"));
        assert!(
            answer.body["errors"][0]["message"]
                .as_str()
                .unwrap()
                .contains(says),
            "{}",
            answer.body
        );
    }
    scene.app.finish().await;
}
