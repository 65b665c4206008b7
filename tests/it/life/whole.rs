//! The way from the yes to the beginning over HTTP, with every mail.

use serde_json::json;
use tandem_domain::checks::CheckKind;
use tandem_domain::policy::Grant;

use super::Tandem;
use crate::scene::gid;

#[tokio::test]
async fn everybody_takes_the_own_steps_through_the_api_and_hears_of_the_others() {
    let tandem = Tandem::of_age().await;
    tandem.make_ready(CheckKind::Simple).await;
    let app = &tandem.scene.app;
    let expert = app.person("Expert", Grant::Expert(tandem.expert_id)).await;
    let mentee = app.person("Mentee", Grant::Mentee(tandem.mentee_id)).await;
    let id = gid(tandem.id);
    let done = async |actor: &tandem_tests::Actor, mutation: &str, arguments: &str, selection: &str| {
        let document = format!(
            "mutation($id: ID!) {{ {mutation}({arguments}) {{ {selection} userErrors {{ code field message }} }} }}"
        );
        let answer = actor.ask(&document, json!({ "id": id })).await;
        answer.done(mutation).clone()
    };
    done(
        &tandem.scene.staff,
        "introduceMatch",
        "id: $id",
        "match { state }",
    )
    .await;
    done(
        &tandem.scene.staff,
        "recordNeedsBriefing",
        "id: $id, on: \"2026-11-23\", note: \"Deutsch zuerst\"",
        "match { briefedOn briefingNote }",
    )
    .await;
    done(
        &expert,
        "dateFirstMeeting",
        "id: $id, at: \"2026-11-25T14:00:00+01:00\", place: \"Servicestelle\"",
        "match { plannedMeeting { at place arrangedBy } }",
    )
    .await;
    app.drain().await;
    let invitation = app.mails_to("samira@mentee.example.org");
    let text = invitation.last().expect("a mail").text.clone().expect("a text");
    assert!(
        text.contains("Ingrid Weber") && text.contains("Servicestelle"),
        "they see who comes: {text}"
    );
    done(
        &tandem.scene.staff,
        "recordFirstMeeting",
        "id: $id, on: \"2026-11-23\"",
        "match { state }",
    )
    .await;
    done(&expert, "giveVerdict", "id: $id, verdict: YES", "verdict result").await;
    let second = done(&mentee, "giveVerdict", "id: $id, verdict: YES", "verdict result").await;
    assert_eq!(second["result"], "AGREED");
    let contact = "query($id: ID!) { match(id: $id) { own { partner { name phone email } } } }";
    let seen = mentee.ask(contact, json!({ "id": id })).await;
    assert_eq!(
        seen.data()["match"]["own"]["partner"]["email"],
        "weber@expert.example.org"
    );
    let written = done(
        &expert,
        "writeAgreement",
        "matchId: $id, input: { areas: [LANGUAGE], place: \"Hier\", channels: [MESSENGER] }",
        "agreement { id number rhythmDays endsOn }",
    )
    .await;
    assert_eq!(written["agreement"]["rhythmDays"], 7);
    let agreement = written["agreement"]["id"].as_str().expect("an id").to_owned();
    let sign = "mutation($id: ID!) { signAgreement(agreementId: $id) {
        agreement { inForceAt signatures { side way name } } userErrors { code field message } } }";
    for actor in [&mentee, &expert] {
        actor
            .ask(sign, json!({ "id": agreement }))
            .await
            .done("signAgreement");
    }
    let seen = tandem
        .scene
        .staff
        .ask(
            "query($id: ID!) { match(id: $id) { state activeFrom agreements { signatures { side way name } } } }",
            json!({ "id": id }),
        )
        .await;
    assert_eq!(seen.data()["match"]["state"], "ACTIVE");
    assert_eq!(
        seen.data()["match"]["agreements"][0]["signatures"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    app.drain().await;
    let subjects: Vec<String> = app
        .mails_to("weber@expert.example.org")
        .iter()
        .map(|mail| mail.subject.clone())
        .collect();
    for subject in [
        "Ihr erstes Treffen",
        "Wie war das erste Treffen?",
        "Es geht weiter",
        "Bitte lesen und unterschreiben",
        "Die Vereinbarung ist unterschrieben",
        "Ihre Begleitung beginnt",
    ] {
        let sent = subjects.iter().any(|sent| sent == subject);
        // what is answered before its mail leaves is not sent any more
        let overtaken = ["Wie war das erste Treffen?", "Bitte lesen und unterschreiben"].contains(&subject);
        assert!(sent || overtaken, "{subject} is missing: {subjects:?}");
    }
    tandem.finish().await;
}
