//! Every page.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::{Client, StatusCode, header, redirect::Policy};

use super::{decisions, world::World};

/// The routes of the sources, wherever `.route("/…"` stands.
fn routes() -> BTreeSet<String> {
    fn read(folder: &Path, routes: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                read(&path, routes);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source");
                for part in text.split(".route(").skip(1) {
                    if let Some(route) = part.split('"').nth(1).filter(|route| route.starts_with('/')) {
                        routes.insert(route.to_owned());
                    }
                }
            }
        }
    }
    let mut routes = BTreeSet::new();
    read(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../api/src")),
        &mut routes,
    );
    routes
}

#[test]
fn every_page_has_a_decision() {
    let decided: BTreeSet<String> = decisions::pages().into_iter().map(|(path, _)| path).collect();
    let undecided: Vec<String> = routes().difference(&decided).cloned().collect();
    assert!(
        undecided.is_empty(),
        "nobody has decided who may have these pages; add to tests/it/probes/pages.txt: {undecided:?}"
    );
    let gone: Vec<String> = decided.difference(&routes()).cloned().collect();
    assert!(gone.is_empty(), "there are no such pages: {gone:?}");
}

/// Goes on where the address of a form leads to the page that has it, one step up, as a browser does.
fn leads_up(url: &str, answer: &reqwest::Response) -> Option<String> {
    let (up, _) = url.rsplit_once('/')?;
    let location = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    (answer.status() == StatusCode::SEE_OTHER && up.ends_with(location)).then(|| up.to_owned())
}

/// A page behind a link opens by its link alone: without a true one it says the same to everybody, whoever
/// is signed in, tells no name, and signs nobody in.
#[tokio::test]
async fn without_a_true_link_a_page_tells_nothing_to_anybody() {
    let world = World::make().await;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    for (path, word) in decisions::pages() {
        let path = match word.as_str() {
            "LINK" => path,
            "PERSON" => format!("/p/me/{{token}}{path}"),
            _ => continue,
        };
        // whatever stands in braces is made up
        let mut concrete = String::new();
        for part in path.split('/').skip(1) {
            let part = if part.starts_with('{') {
                "AAAAAAAAAAAAAAAA"
            } else {
                part
            };
            concrete.push('/');
            concrete.push_str(part);
        }
        for method in [reqwest::Method::GET, reqwest::Method::POST] {
            let mut answers = BTreeSet::new();
            let everybody = world.probers.iter().map(|prober| prober.actor.client.token());
            for token in everybody.chain([None]) {
                let mut url = format!("{}{concrete}", world.app.url);
                let answer = loop {
                    let mut request = http
                        .request(method.clone(), &url)
                        .header(header::ORIGIN, &world.app.url);
                    if method == reqwest::Method::POST {
                        request = request.form(&[("answer", "yes"), ("reason", "OTHER"), ("code", "123456")]);
                    }
                    if let Some(token) = token {
                        request = request.header(header::COOKIE, format!("tandem={token}"));
                    }
                    let answer = request.send().await.unwrap();
                    match leads_up(&url, &answer) {
                        Some(up) if method == reqwest::Method::GET => url = up,
                        _ => break answer,
                    }
                };
                let status = answer.status();
                assert!(
                    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS,
                    "{method} {path}: {status}"
                );
                assert!(
                    answer.headers().get(header::SET_COOKIE).is_none(),
                    "{method} {path}"
                );
                let text = answer.text().await.unwrap();
                for name in ["Ahmadi", "Samira", "Weber", "Kraus", "expert.example.org"] {
                    assert!(!text.contains(name), "{method} {path} tells {name}");
                }
                answers.insert((status, text));
            }
            assert_eq!(answers.len(), 1, "{method} {path}: {answers:?}");
        }
    }
    world.end().await;
}

/// One's own pages are for whoever is such a person and signed in: nobody else sees a name there, and a
/// partner's program with a token has none, whoever it acts as.
#[tokio::test]
async fn ones_own_pages_are_for_experts_and_mentees_who_are_signed_in() {
    let world = World::make().await;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let get = async |path: &str, token: Option<&str>| {
        let mut url = format!("{}{path}", world.app.url);
        loop {
            let mut request = http.get(&url);
            if let Some(token) = token {
                request = request.header(header::COOKIE, format!("tandem={token}"));
            }
            let answer = request.send().await.unwrap();
            match leads_up(&url, &answer) {
                Some(up) => url = up,
                None => break (answer.status(), answer.text().await.unwrap()),
            }
        }
    };
    let token = world.partner_token("EXPERT").await;
    for (path, word) in decisions::pages() {
        if word != "PERSON" || path.contains('{') {
            continue;
        }
        let path = format!("/me{}", path.trim_end_matches('/'));
        assert_ne!(get(&path, None).await.0, StatusCode::OK, "{path}: nobody");
        assert_ne!(
            get(&path, Some(&token)).await.0,
            StatusCode::OK,
            "{path}: a program"
        );
        for prober in &world.probers {
            if matches!(prober.name, "EXPERT" | "MENTEE") {
                continue;
            }
            let (status, text) = get(&path, prober.actor.client.token()).await;
            assert!(status.is_client_error(), "{path}: {} {status}", prober.name);
            for name in ["Ahmadi", "Samira", "Weber", "Kraus"] {
                assert!(!text.contains(name), "{path} tells {} {name}", prober.name);
            }
        }
    }
    for name in ["EXPERT", "MENTEE"] {
        let prober = world.probers.iter().find(|prober| prober.name == name).unwrap();
        assert_eq!(
            get("/me", prober.actor.client.token()).await.0,
            StatusCode::OK,
            "{name}"
        );
    }
    world.end().await;
}
