//! GraphQL over HTTP: methods, media types, statuses, headers.

use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use tandem_tests::TestApp;

const GRAPHQL: &str = "application/graphql-response+json";

async fn post(app: &TestApp, accept: &str, content_type: &str, body: &str) -> Response {
    Client::new()
        .post(format!("{}/graphql", app.url))
        .header(header::ACCEPT, accept)
        .header(header::CONTENT_TYPE, content_type)
        .body(body.to_owned())
        .send()
        .await
        .unwrap()
}

async fn code(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(body.get("data").is_none(), "{body}");
    let code = body["errors"][0]["extensions"]["code"].as_str();
    (status, code.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn statuses_and_media_types_follow_the_specification() {
    let app = TestApp::start().await;
    let ok = r#"{"query":"{ __typename }"}"#;
    let json = "application/json";

    let answer = post(&app, GRAPHQL, json, ok).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        format!("{GRAPHQL}; charset=utf-8")
    );
    let answer = post(&app, "*/*", json, ok).await;
    assert_eq!(
        answer.headers()[header::CONTENT_TYPE],
        "application/json; charset=utf-8"
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body, json!({ "data": { "__typename": "Query" } }));

    let bad = (StatusCode::BAD_REQUEST, "BAD_USER_INPUT".to_owned());
    let fine = (StatusCode::OK, "BAD_USER_INPUT".to_owned());
    for (name, body) in [
        ("syntax", r#"{"query":"{"}"#),
        (
            "an unknown field",
            r#"{"query":"{ viewer { user { shoeSize } } }"}"#,
        ),
        (
            "a variable of the wrong type",
            r#"{"query":"query($id: ID!) { __typename node(id: $id) { id } }","variables":{"id":null}}"#,
        ),
        (
            "an unknown operation",
            r#"{"query":"query A { __typename }","operationName":"B"}"#,
        ),
    ] {
        let signed_in = app.admin().await;
        let send = async |accept: &str| {
            let request = Client::new()
                .post(format!("{}/graphql", app.url))
                .header(header::ACCEPT, accept)
                .header(header::CONTENT_TYPE, json)
                .bearer_auth(signed_in.client.token().unwrap())
                .body(body);
            code(request.send().await.unwrap()).await
        };
        assert_eq!(send(GRAPHQL).await, bad, "{name}");
        assert_eq!(send(json).await, fine, "{name}");
    }
    for body in ["", "{", "[]", r#"{"query":7}"#, r#"[{"query":"{ __typename }"}]"#] {
        assert_eq!(code(post(&app, GRAPHQL, json, body).await).await, bad, "{body}");
    }
    let (status, _) = code(post(&app, "text/html", json, ok).await).await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    app.finish().await;
}

#[tokio::test]
async fn what_a_form_of_another_site_can_send_is_not_taken() {
    let app = TestApp::start().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let answer = post(&app, GRAPHQL, content_type, r#"{"query":"{ __typename }"}"#).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cookie_does_not_work_from_another_site() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let send = async |origin: Option<&str>| {
        let mut request = Client::new()
            .post(format!("{}/graphql", app.url))
            .header(
                header::COOKIE,
                format!("tandem={}", admin.client.token().unwrap()),
            )
            .json(&json!({ "query": "{ viewer { user { name } } }" }));
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.send().await.unwrap().status()
    };
    assert_eq!(send(Some(&app.url)).await, StatusCode::OK);
    assert_eq!(send(None).await, StatusCode::OK);
    for origin in ["https://evil.example.org", "null"] {
        assert_eq!(send(Some(origin)).await, StatusCode::FORBIDDEN, "{origin}");
    }
    app.finish().await;
}

#[tokio::test]
async fn get_is_for_queries_only() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let get = async |query: &str| {
        let mut url = app.api.public_url.join("graphql").unwrap();
        url.query_pairs_mut().append_pair("query", query);
        let request = Client::new().get(url).bearer_auth(admin.client.token().unwrap());
        request.header(header::ACCEPT, GRAPHQL).send().await.unwrap()
    };
    let answer = get("{ viewer { user { name } } }").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        get("mutation { signOut { userErrors { code } } }").await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    let still: Value = get("{ viewer { user { name } } }").await.json().await.unwrap();
    assert_eq!(still["data"]["viewer"]["user"]["name"], "Admin");
    assert_eq!(get("").await.status(), StatusCode::BAD_REQUEST);
    app.finish().await;
}

#[tokio::test]
async fn what_asks_for_too_much_is_refused_before_it_runs() {
    let app = TestApp::start_with(|options| {
        options.limits.aliases = 5;
        options.limits.body_bytes = 20_000;
        options.limits.complexity = 2_000;
        options.limits.depth = 6;
    })
    .await;
    let admin = app.admin().await;
    let code = async |query: &str| {
        let answer = admin.ask(query, json!({})).await;
        (
            answer.status.as_u16(),
            answer.code().unwrap_or_default().to_owned(),
        )
    };
    let complex = (400, "QUERY_TOO_COMPLEX".to_owned());
    let aliases = (0..6)
        .map(|number| format!("a{number}: __typename"))
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(code(&format!("{{ {aliases} }}")).await, complex);
    let wide = "{ users(first: 200) { nodes { id name email roles { id role office { id name email } } } } }";
    assert_eq!(code(wide).await, complex);
    assert_eq!(code(&wide.replace("200", "10")).await.1, "");
    let deep = "{ users(first: 1) { edges { node { roles { office { id version } } } } } }";
    assert_eq!(code(deep).await.1, "");
    let deeper = "{ a: auditEvents(first: 1) { edges { node { actor { roles { office { id } } } } } } }";
    assert_eq!(code(deeper).await, complex);
    let long = format!("{{ __typename {} }}", " ".repeat(20_000));
    assert_eq!(code(&long).await, (413, "BAD_USER_INPUT".to_owned()));
    assert_eq!(
        code("{ users(first: 1000000) { nodes { id } } }").await,
        (200, "BAD_USER_INPUT".to_owned()),
        "a page of a million"
    );
    app.finish().await;
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_stopped() {
    let app = TestApp::start_with(|options| options.limits.timeout = std::time::Duration::from_secs(2)).await;
    let admin = app.admin().await;
    let mut blocker = app.superuser().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE regional_offices IN ACCESS EXCLUSIVE MODE")
        .execute(&mut blocker)
        .await
        .unwrap();
    let answer = admin.ask("{ regionalOffices { nodes { id } } }", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (504, Some("TIMEOUT")));
    app.finish().await;
}

#[tokio::test]
async fn a_fault_shows_an_id_and_not_its_cause() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut superuser = app.superuser().await;
    sqlx::raw_sql("ALTER TABLE regional_offices RENAME TO somewhere_else")
        .execute(&mut superuser)
        .await
        .unwrap();
    let answer = admin.ask("{ regionalOffices { nodes { id } } }", json!({})).await;
    assert_eq!(answer.code(), Some("INTERNAL"));
    let error = &answer.body["errors"][0];
    assert!(error["extensions"]["errorId"].is_string());
    assert!(!answer.body.to_string().contains("relation"), "{}", answer.body);
    app.finish().await;
}

#[tokio::test]
async fn explorer_and_introspection_are_there_only_when_switched_on() {
    let closed = TestApp::start().await;
    let admin = closed.admin().await;
    let answer = admin.ask("{ __schema { queryType { name } } }", json!({})).await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"));
    let html = async |app: &TestApp| {
        let request = Client::new().get(format!("{}/graphql", app.url));
        request
            .header(header::ACCEPT, "text/html")
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(html(&closed).await, StatusCode::NOT_ACCEPTABLE);
    closed.finish().await;

    let open = TestApp::start_with(|options| {
        options.explorer = true;
        options.introspection = true;
    })
    .await;
    let admin = open.admin().await;
    let answer = admin.ask("{ __schema { queryType { name } } }", json!({})).await;
    assert_eq!(answer.data()["__schema"]["queryType"]["name"], "Query");
    assert_eq!(html(&open).await, StatusCode::OK);
    for file in ["explorer.css", "explorer.js"] {
        let answer = reqwest::get(format!("{}/graphql/{file}", open.url))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    open.finish().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in [
        "/health/live",
        "/health/ready",
        "/graphql",
        "/p/sign-in/x",
        "/nowhere",
    ] {
        let answer = reqwest::get(format!("{}{path}", app.url)).await.unwrap();
        for name in [
            "x-content-type-options",
            "referrer-policy",
            "x-frame-options",
            "content-security-policy",
        ] {
            assert!(answer.headers().contains_key(name), "{path} lacks {name}");
        }
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn other_origins_are_let_in_by_list() {
    let app = TestApp::start_with(|options| {
        options.cors_origins = vec!["https://app.example.org".parse().unwrap()];
    })
    .await;
    let preflight = async |origin: &str| {
        let request = Client::new()
            .request(reqwest::Method::OPTIONS, format!("{}/graphql", app.url))
            .header(header::ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = request.send().await.unwrap();
        answer.headers().get("access-control-allow-origin").cloned()
    };
    assert_eq!(
        preflight("https://app.example.org").await.unwrap(),
        "https://app.example.org"
    );
    assert_eq!(preflight("https://evil.example.org").await, None);
    app.finish().await;
}
