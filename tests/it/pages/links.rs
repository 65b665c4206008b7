//! What a link opens, and what it does not open any more.

use tandem_domain::ids::DeliveryId;
use tandem_domain::matches::MatchState;
use tandem_domain::parties::{About, Party};
use tandem_domain::policy::Grant;
use tandem_operations::experts::{self, ExpertPatch};
use tandem_operations::links::Purpose;
use tandem_operations::{Caller, cases};

use super::{Browser, link};
use crate::scene::Scene;

/// A match whose expert has said yes.
async fn interested(
    scene: &Scene,
) -> (
    tandem_domain::ids::ExpertId,
    tandem_domain::ids::CaseId,
    tandem_domain::ids::MatchId,
) {
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    let page = Browser::new()
        .post(&scene.link("weber"), &[("answer", "yes")])
        .await;
    page.is(200);
    scene.app.drain().await;
    scene.app.ignore_mails();
    assert_eq!(scene.state(matches[0]).await, MatchState::Interested);
    (expert, case, matches[0])
}

#[tokio::test]
async fn a_mentee_sees_who_comes_and_an_expert_a_given_name_and_neither_how_to_reach_the_other() {
    let scene = Scene::set().await;
    let (expert, case, matching) = interested(&scene).await;
    let browser = Browser::new();
    let mentee = link(&scene.app, scene.mentee_of(case).await, About::Case(case)).await;
    browser
        .get(&mentee)
        .await
        .is(200)
        .says(&["Guten Tag, Samira", "möchte Sie gern kennenlernen"]);
    let who = browser.get(&format!("{mentee}/match/{matching}")).await;
    who.is(200)
        .says(&["Ingrid Weber", "Elektronikerin", "Ein Foto zeigen wir nicht"]);
    who.hides(&["weber@expert", "23125 003", "20099", "Gartenweg", "1955"]);
    let own = link(&scene.app, Party::Expert(expert), About::Match(matching)).await;
    let page = browser.get(&format!("{own}/match/{matching}")).await;
    page.is(200)
        .says(&["Samira", "Ayşe Kaya", "Servicestelle Hamburg"]);
    page.hides(&["Ahmadi", "2004"]);
    scene.app.finish().await;
}

#[tokio::test]
async fn looking_at_any_page_changes_nothing() {
    let scene = Scene::set().await;
    let (expert, case, matching) = interested(&scene).await;
    let party = scene.mentee_of(case).await;
    let links = [
        link(&scene.app, party, About::Case(case)).await,
        link(&scene.app, Party::Expert(expert), About::Match(matching)).await,
    ];
    let before = (scene.matching(matching).await, scene.case(case).await);
    let mut conn = scene.app.superuser().await;
    let count = "SELECT count(*) FROM audit_events";
    let trail: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut conn)
        .await
        .expect("a number");
    for link in links {
        for path in super::PAGES {
            let path = path.replace("{match}", &matching.to_string());
            let page = Browser::new().get(&format!("{link}{path}")).await;
            assert!(!page.status.is_server_error(), "{path}: {}", page.status);
        }
    }
    assert_eq!((scene.matching(matching).await, scene.case(case).await), before);
    let after: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut conn)
        .await
        .expect("a number");
    assert_eq!(after, trail, "and leaves no trace");
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_opens_its_own_match_and_no_other_of_the_same_person() {
    let scene = Scene::set().await;
    let (expert, _, matching) = interested(&scene).await;
    let elsewhere = scene.app.case(scene.center).await;
    let vogel = scene.expert("Vogel").await;
    let other = scene.ask(elsewhere, &[vogel]).await[0];
    scene.app.drain().await;
    scene.app.ignore_mails();
    let browser = Browser::new();
    let own = link(&scene.app, Party::Expert(expert), About::Match(matching)).await;
    browser.get(&format!("{own}/match/{matching}")).await.is(200);
    browser.get(&format!("{own}/match/{other}")).await.is(404);
    // whose e-mail was about another person's match: the link is still its recipient's
    let strange = link(&scene.app, Party::Expert(expert), About::Match(other)).await;
    browser.get(&format!("{strange}/match/{other}")).await.is(404);
    scene.app.finish().await;
}

#[tokio::test]
async fn an_approach_is_hidden_from_the_mentee_until_the_yes() {
    let scene = Scene::set().await;
    let expert = scene.expert("Weber").await;
    let (case, matches) = scene.asked(&[expert]).await;
    scene.app.drain().await;
    scene.app.ignore_mails();
    let browser = Browser::new();
    let mentee = link(&scene.app, scene.mentee_of(case).await, About::Case(case)).await;
    browser
        .get(&mentee)
        .await
        .is(200)
        .hides(&["Weber"])
        .says(&["Wir suchen eine Person"]);
    browser
        .get(&format!("{mentee}/match/{}", matches[0]))
        .await
        .is(404)
        .hides(&["Weber"]);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_is_too_old_after_sixty_days_and_shows_nobody() {
    let mut scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let url = link(&scene.app, scene.mentee_of(case).await, About::Case(case)).await;
    scene.days_later(59).await;
    Browser::new().get(&url).await.is(200);
    scene.days_later(1).await;
    let page = Browser::new().get(&url).await;
    page.is(410)
        .says(&["Dieser Link ist zu alt"])
        .hides(&["Samira", "Hamburg"]);
    Browser::new()
        .post(&format!("{url}/language"), &[("to", "ar")])
        .await
        .is(410);
    scene.app.finish().await;
}

#[tokio::test]
async fn a_changed_address_voids_the_links_that_went_to_the_old_one() {
    let scene = Scene::set().await;
    let (expert, _, matching) = interested(&scene).await;
    let party = Party::Expert(expert);
    let old = link(&scene.app, party, About::Match(matching)).await;
    scene.app.advance(chrono::Duration::minutes(1));
    let patch = ExpertPatch {
        email: Some("weber@elsewhere.example.org".into()),
        ..ExpertPatch::default()
    };
    experts::update(&scene.app.api, &Caller::system(), expert, None, patch)
        .await
        .expect("a change");
    let page = Browser::new().get(&old).await;
    page.is(410)
        .says(&["Die E-Mail-Adresse hat sich geändert"])
        .hides(&["Weber"]);
    scene.app.advance(chrono::Duration::minutes(1));
    let new = link(&scene.app, party, About::Match(matching)).await;
    Browser::new().get(&new).await.is(200);
    let patch = ExpertPatch {
        phone: Some("+49 30 23125 999".into()),
        ..ExpertPatch::default()
    };
    experts::update(&scene.app.api, &Caller::system(), expert, None, patch)
        .await
        .expect("a change");
    Browser::new().get(&new).await.is(200);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn who_has_left_finds_a_friendly_word_and_no_page() {
    let scene = Scene::set().await;
    let (expert, case, matching) = interested(&scene).await;
    let url = link(&scene.app, Party::Expert(expert), About::Match(matching)).await;
    cases::withdraw(&scene.app.api, &Caller::system(), case, None)
        .await
        .expect("a withdrawal");
    scene.app.drain().await;
    scene.app.ignore_mails();
    experts::leave(&scene.app.api, &Caller::system(), expert, None)
        .await
        .expect("a leave");
    let page = Browser::new().get(&url).await;
    page.is(410)
        .says(&["gibt es nicht mehr"])
        .hides(&["Weber", "Samira"]);
    scene.app.drain().await;
    scene.app.ignore_mails();
    scene.app.finish().await;
}

#[tokio::test]
async fn a_link_of_another_kind_or_a_cut_one_opens_nothing() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let url = link(&scene.app, scene.mentee_of(case).await, About::Case(case)).await;
    let token = url.rsplit('/').next().expect("a token");
    let links = &scene.app.api.links;
    let delivery = links.verify(Purpose::Person, token).expect("our token");
    let nobody = DeliveryId::from(uuid::Uuid::nil());
    for bad in [
        links.token(Purpose::Answer, delivery),
        links.token(Purpose::SignIn, delivery),
        links.token(Purpose::Person, nobody),
        token[..token.len() - 1].to_owned(),
        "x".to_owned(),
        "%FF".to_owned(),
    ] {
        let page = Browser::new().get(&format!("{}/p/me/{bad}", scene.app.url)).await;
        page.is(404).hides(&["Samira"]);
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_person_chooses_the_language_on_the_page_and_keeps_it() {
    let scene = Scene::set().await;
    let case = scene.app.case(scene.center).await;
    let party = scene.mentee_of(case).await;
    let url = link(&scene.app, party, About::Case(case)).await;
    let browser = Browser::new();
    browser
        .get(&url)
        .await
        .says(&[r#"<html lang="de" dir="ltr">"#, "العربية", "Українська"]);
    let form = [("to", "ar"), ("at", "/case")];
    let page = browser.post(&format!("{url}/language"), &form).await;
    page.is(200).says(&[r#"<html lang="ar" dir="rtl">"#, "طلبك"]);
    assert!(
        page.url.contains("/case"),
        "back where the person was: {}",
        page.url
    );
    browser.get(&url).await.says(&[r#"<html lang="ar" dir="rtl">"#]);
    let mut conn = scene.app.conn().await;
    let Party::Mentee(id) = party else { unreachable!() };
    let mentee = tandem_storage::mentees::get(&mut conn, id)
        .await
        .expect("a mentee")
        .expect("a mentee");
    assert_eq!(mentee.profile.language.as_str(), "ar", "for e-mails as well");
    for (to, at) in [("xx", ""), ("", ""), ("fa", "https://elsewhere.example.org/")] {
        let page = browser
            .post(&format!("{url}/language"), &[("to", to), ("at", at)])
            .await;
        page.is(200);
        assert!(page.url.starts_with(&scene.app.url), "{}", page.url);
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn an_expert_reads_german_or_english_and_nothing_else() {
    let scene = Scene::set().await;
    let (expert, _, matching) = interested(&scene).await;
    let url = link(&scene.app, Party::Expert(expert), About::Match(matching)).await;
    let browser = Browser::new();
    browser
        .get(&url)
        .await
        .says(&["Ihre Übersicht"])
        .hides(&["العربية"]);
    browser
        .post(&format!("{url}/language"), &[("to", "ar")])
        .await
        .says(&["Ihre Übersicht"]);
    browser
        .post(&format!("{url}/language"), &[("to", "en")])
        .await
        .says(&["Your overview"]);
    scene.app.finish().await;
}

#[tokio::test]
async fn who_is_signed_in_has_the_same_pages_and_a_form_of_another_site_changes_nothing() {
    let scene = Scene::set().await;
    let (expert, _, matching) = interested(&scene).await;
    let weber = scene.app.person("Ingrid Weber", Grant::Expert(expert)).await;
    let session = weber.client.token().expect("a session").to_owned();
    let browser = Browser::new();
    let me = format!("{}/me", scene.app.url);
    browser.get(&me).await.is(401).says(&["Bitte melden Sie sich an"]);
    browser
        .get_signed_in(&me, &session)
        .await
        .is(200)
        .says(&["Ihre Übersicht", "Samira"]);
    let page = browser
        .get_signed_in(&format!("{me}/match/{matching}"), &session)
        .await;
    page.is(200).says(&["Servicestelle Hamburg"]);
    let language = format!("{me}/language");
    let refused = browser
        .post_from_elsewhere(&language, &session, &[("to", "en")])
        .await;
    refused.is(403);
    browser
        .get_signed_in(&me, &session)
        .await
        .says(&["Ihre Übersicht"]);
    browser.post_signed_in(&language, &session, &[("to", "en")]).await;
    browser
        .get_signed_in(&me, &session)
        .await
        .says(&["Your overview"]);
    let staff = scene.staff.client.token().expect("a session").to_owned();
    browser
        .get_signed_in(&me, &staff)
        .await
        .is(403)
        .hides(&["Samira"]);
    scene.app.finish().await;
}

#[tokio::test]
async fn an_expert_signs_in_by_the_address_of_the_own_mails_and_nobody_made_a_user_before() {
    let scene = Scene::set().await;
    let (expert, _, _) = interested(&scene).await;
    let ask = "mutation($email: String!) { requestSignInLink(email: $email) { accepted } }";
    for email in [
        "weber@expert.example.org",
        "nobody@example.org",
        "weber@expert.example.org",
    ] {
        scene
            .app
            .nobody()
            .ask(ask, serde_json::json!({ "email": email }))
            .await;
        scene.app.drain().await;
    }
    let mails = scene.app.mails_to("weber@expert.example.org");
    let links: Vec<_> = mails
        .iter()
        .filter(|mail| {
            mail.text
                .as_deref()
                .is_some_and(|text| text.contains("/p/sign-in/"))
        })
        .collect();
    assert_eq!(links.len(), 2);
    let mut conn = scene.app.superuser().await;
    let grants: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT expert_id FROM role_grants WHERE role = 'EXPERT'")
            .fetch_all(&mut conn)
            .await
            .expect("roles");
    assert_eq!(grants, [expert.uuid()], "one user, made once");
    scene.app.finish().await;
}
