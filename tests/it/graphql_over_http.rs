//! What the GraphQL-over-HTTP specification asks of a server: the audits of the npm package `graphql-http`,
//! by their ids, and what else this server promises of its own.

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tandem_tests::TestApp;

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

struct Audited {
    app: TestApp,
    passed: Vec<&'static str>,
}

/// What a response must be.
enum Must {
    Be(u16),
    BeAmong(u16, u16),
    /// This status, this media type.
    BeOf(u16, &'static str),
    /// This status, and no errors in the body.
    Succeed,
    /// No `data` in the body.
    HaveNoData,
}

impl Audited {
    fn post(&self, accept: Option<&str>, content_type: Option<&str>, body: String) -> RequestBuilder {
        let mut request = Client::new().post(format!("{}/graphql", self.app.url)).body(body);
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        request
    }

    fn get(&self, accept: Option<&str>, parameters: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.app.api.public_url.join("graphql").unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        let request = Client::new().request(Method::GET, url);
        match accept {
            Some(accept) => request.header(header::ACCEPT, accept),
            None => request,
        }
    }

    async fn audit(&mut self, id: &'static str, request: RequestBuilder, must: Must) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let media = response.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        let text = String::from_utf8(response.bytes().await.unwrap().to_vec()).expect("UTF-8");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        match must {
            Must::Be(wanted) => assert_eq!(status, wanted, "{id}: {body}"),
            Must::BeAmong(from, to) => assert!((from..=to).contains(&status), "{id}: {status} {body}"),
            Must::BeOf(wanted, of) => {
                assert_eq!(status, wanted, "{id}: {body}");
                assert!(media.starts_with(of), "{id}: {media}");
            }
            Must::Succeed => {
                assert_eq!(status, 200, "{id}: {body}");
                assert!(body.get("errors").is_none(), "{id}: {body}");
            }
            Must::HaveNoData => assert!(body.get("data").is_none(), "{id}: {body}"),
        }
        self.passed.push(id);
    }

    /// A POST of JSON.
    async fn json(&mut self, id: &'static str, accept: Option<&str>, body: Value, must: Must) {
        let request = self.post(accept, Some(JSON), body.to_string());
        self.audit(id, request, must).await;
    }
}

#[tokio::test]
async fn every_audit_of_graphql_http_is_passed() {
    let app = TestApp::start_with(|options| options.introspection = true).await;
    let mut a = Audited {
        app,
        passed: Vec::new(),
    };
    let typename = || json!({ "query": "{ __typename }" });
    a.json("22EB", Some(GRAPHQL), typename(), Must::BeOf(200, GRAPHQL))
        .await;
    a.json("4655", Some(JSON), typename(), Must::BeOf(200, JSON))
        .await;
    a.json("47DE", Some("*/*"), typename(), Must::BeOf(200, JSON))
        .await;
    a.json("80D8", None, typename(), Must::BeOf(200, JSON)).await;
    a.json("82A3", None, typename(), Must::Be(200)).await;
    let swim = json!({ "query": "{ __type(name: \"Run🏃Swim🏊\") { name } }" }).to_string();
    let request = a.post(None, Some("application/json; charset=utf-8"), swim);
    a.audit("BF61", request, Must::Be(200)).await;
    a.json("78D5", None, typename(), Must::Be(200)).await;
    a.json("2C94", None, typename(), Must::Be(200)).await;
    let request = a.get(None, &[("query", "{ __typename }")]);
    a.audit("5A70", request, Must::Be(200)).await;
    let request = a.get(Some(GRAPHQL), &[("query", "mutation { __typename }")]);
    a.audit("9C48", request, Must::BeAmong(400, 499)).await;
    let request = a.post(None, None, typename().to_string());
    a.audit("9ABE", request, Must::BeAmong(400, 499)).await;
    a.json("03D4", None, typename(), Must::Be(200)).await;
    let request = a.post(None, Some(JSON), String::new());
    a.audit("A5BF", request, Must::Be(400)).await;
    a.json(
        "423L",
        Some(GRAPHQL),
        json!({ "notquery": "{ __typename }" }),
        Must::Be(400),
    )
    .await;

    let no_strings = [json!({ "obj": "ect" }), json!(0), json!(false), json!(["array"])];
    for (id, wrong) in ["LKJ0", "LKJ1", "LKJ2", "LKJ3"].into_iter().zip(&no_strings) {
        a.json(id, None, json!({ "query": wrong }), Must::Be(400)).await;
    }
    a.json("34A2", Some(GRAPHQL), typename(), Must::Be(200)).await;
    a.json("13EE", Some(JSON), typename(), Must::Succeed).await;
    for (id, wrong) in ["6C00", "6C01", "6C02", "6C03"].into_iter().zip(&no_strings) {
        let body = json!({ "operationName": wrong, "query": "{ __typename }" });
        a.json(id, None, body, Must::Be(400)).await;
    }
    let named = || json!({ "operationName": "Query", "query": "query Query { __typename }" });
    a.json("8161", Some(GRAPHQL), named(), Must::Be(200)).await;
    a.json("B8B3", Some(JSON), named(), Must::Succeed).await;
    for (parameter, graphql, json) in [
        ("variables", "94B0", "0220"),
        ("operationName", "94B1", "0221"),
        ("extensions", "94B2", "0222"),
    ] {
        let body = || json!({ "query": "{ __typename }", parameter: null });
        a.json(graphql, Some(GRAPHQL), body(), Must::Succeed).await;
        a.json(json, Some(JSON), body(), Must::Succeed).await;
    }
    let no_maps = [json!("string"), json!(0), json!(false), json!(["array"])];
    for (parameter, ids) in [
        ("variables", ["4760", "4761", "4762", "4763"]),
        ("extensions", ["58B0", "58B1", "58B2", "58B3"]),
    ] {
        for (id, wrong) in ids.into_iter().zip(&no_maps) {
            let body = json!({ "query": "{ __typename }", parameter: wrong });
            a.json(id, None, body, Must::Be(400)).await;
        }
    }
    let with_variables = "query Type($name: String!) { __type(name: $name) { name } }";
    let body = || json!({ "query": with_variables, "variables": { "name": "sometype" } });
    a.json("2EA1", Some(GRAPHQL), body(), Must::Be(200)).await;
    a.json("28B9", Some(JSON), body(), Must::Succeed).await;
    for (id, accept) in [("D6D5", GRAPHQL), ("6A70", JSON)] {
        let variables = json!({ "name": "sometype" }).to_string();
        let request = a.get(
            Some(accept),
            &[("query", with_variables), ("variables", &variables)],
        );
        a.audit(id, request, Must::Succeed).await;
    }
    let extended = || json!({ "query": "{ __typename }", "extensions": { "some": "value" } });
    a.json("428F", Some(GRAPHQL), extended(), Must::Be(200)).await;
    a.json("1B7A", Some(JSON), extended(), Must::Succeed).await;

    for (id, accept, must) in [
        ("B6DC", JSON, Must::BeAmong(200, 599)),
        ("BCF8", JSON, Must::Be(400)),
        ("B7N8", GRAPHQL, Must::Be(400)),
    ] {
        let request = a.post(Some(accept), Some(JSON), "{ \"not a JSON".into());
        a.audit(id, request, must).await;
    }
    a.json(
        "8764",
        None,
        json!({ "qeury": "{ __typename }" }),
        Must::BeAmong(400, 599),
    )
    .await;
    a.json("3E3A", None, json!({ "qeury": "{ __typename }" }), Must::Be(400))
        .await;

    let syntax = || json!({ "query": "{" });
    let unknown = || json!({ "query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }" });
    let coercion =
        || json!({ "query": "query CoerceFailure($id: ID!){ __typename }", "variables": { "id": null } });
    a.json("572B", Some(JSON), syntax(), Must::Be(200)).await;
    a.json("FDE2", Some(JSON), unknown(), Must::Be(200)).await;
    a.json("7B9B", Some(JSON), coercion(), Must::Be(200)).await;
    a.json("865D", Some(GRAPHQL), syntax(), Must::BeAmong(400, 599))
        .await;
    a.json("556A", Some(GRAPHQL), syntax(), Must::Be(400)).await;
    a.json("D586", Some(GRAPHQL), syntax(), Must::HaveNoData).await;
    a.json("51FE", Some(GRAPHQL), unknown(), Must::BeAmong(400, 599))
        .await;
    a.json("74FF", Some(GRAPHQL), unknown(), Must::Be(400)).await;
    a.json("5E5B", Some(GRAPHQL), unknown(), Must::HaveNoData).await;
    a.json("86EE", Some(GRAPHQL), coercion(), Must::Be(400)).await;
    assert_eq!(a.passed.len(), COUNT, "{:?}", a.passed);
    a.app.finish().await;
}

/// Audits in graphql-http 1.23.
const COUNT: usize = 61;

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let code = body["errors"][0]["extensions"]["code"].as_str();
    (status, code.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn batches_are_off_and_bounded_where_they_are_on() {
    let batch = |size: usize| json!(vec![json!({ "query": "{ __typename }" }); size]);
    let send = async |app: &TestApp, body: Value| {
        let request = Client::new().post(format!("{}/graphql", app.url)).json(&body);
        request.header(header::ACCEPT, GRAPHQL).send().await.unwrap()
    };
    let app = TestApp::start().await;
    assert_eq!(
        code(send(&app, batch(1)).await).await,
        (400, "BAD_USER_INPUT".into())
    );
    app.finish().await;

    let app = TestApp::start_with(|options| options.limits.batch = 3).await;
    let answer: Value = send(&app, batch(3)).await.json().await.unwrap();
    assert_eq!(
        answer,
        json!(vec![json!({ "data": { "__typename": "Query" } }); 3])
    );
    for wrong in [batch(0), batch(4), json!([1])] {
        assert_eq!(
            code(send(&app, wrong).await).await,
            (400, "BAD_USER_INPUT".into())
        );
    }
    let mixed = json!([{ "query": "{ __typename }" }, { "query": "{ settings { programmeName } }" }]);
    let answer: Value = send(&app, mixed).await.json().await.unwrap();
    assert_eq!(answer[1]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    app.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_sent() {
    let app = TestApp::start_with(|options| options.limits.answer_bytes = 2_000).await;
    let admin = app.admin().await;
    let ask = async |first: usize| {
        let query = format!("{{ occupations(search: \"a\", first: {first}) {{ kldbCode title aliases }} }}");
        let answer = admin.ask(&query, json!({})).await;
        (answer.status.as_u16(), answer.code().map(str::to_owned))
    };
    assert_eq!(ask(1).await, (200, None));
    assert_eq!(ask(50).await, (400, Some("QUERY_TOO_COMPLEX".into())));
    app.finish().await;
}

#[tokio::test]
async fn a_production_server_takes_the_documents_that_it_knows() {
    use tandem_api::config::Documents;
    let folder = tempfile::tempdir().unwrap();
    let known = "query Me { viewer { user { name } } }";
    std::fs::write(folder.path().join("me.graphql"), known).unwrap();
    let documents = Documents::load(folder.path()).unwrap();
    let app = TestApp::start_with(|options| {
        options.documents = documents.only(true);
    })
    .await;
    let admin = app.admin().await;
    let send = async |body: Value| {
        let request = Client::new().post(format!("{}/graphql", app.url)).json(&body);
        let request = request.header(header::ACCEPT, GRAPHQL);
        request
            .bearer_auth(admin.client.token().unwrap())
            .send()
            .await
            .unwrap()
    };
    let hash = tandem_api::config::document_hash(known);
    for good in [
        json!({ "query": known }),
        json!({ "documentId": format!("sha256:{hash}") }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } }),
    ] {
        let body: Value = send(good.clone()).await.json().await.unwrap();
        assert_eq!(body["data"]["viewer"]["user"]["name"], "Admin", "{good}: {body}");
    }
    for bad in [
        json!({ "query": "{ viewer { user { email } } }" }),
        json!({ "query": format!("{known} ") }),
        json!({ "documentId": format!("sha256:{}", "0".repeat(64)) }),
        json!({ "documentId": hash }),
        json!({ "query": "{ viewer { user { email } } }", "documentId": format!("sha256:{hash}") }),
    ] {
        assert_eq!(
            code(send(bad.clone()).await).await,
            (400, "BAD_USER_INPUT".into()),
            "{bad}"
        );
    }
    app.finish().await;

    // a list whose sums are wrong, and a file that is no document
    let list = folder.path().join("list.json");
    std::fs::write(&list, json!({ "0".repeat(64): known }).to_string()).unwrap();
    assert!(Documents::load(&list).unwrap_err().contains("is not the SHA-256"));
    std::fs::write(&list, json!({ hash: known }).to_string()).unwrap();
    assert_eq!(Documents::load(&list).unwrap().len(), 1);
    std::fs::write(folder.path().join("broken.graphql"), "{").unwrap();
    assert!(
        Documents::load(folder.path())
            .unwrap_err()
            .contains("broken.graphql")
    );
}

#[tokio::test]
async fn no_field_is_suggested_to_who_guesses() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let answer = admin.ask("{ viewer { user { nam } } }", json!({})).await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"));
    let text = answer.body.to_string();
    assert!(
        !text.contains("name") && !text.to_lowercase().contains("did you mean"),
        "{text}"
    );
    app.finish().await;
}

#[tokio::test]
async fn cookies_of_a_server_with_https_have_the_prefix_that_binds_them() {
    let app =
        TestApp::start_with(|options| options.public_url = "https://tandem.example.org".parse().unwrap())
            .await;
    let ask = "mutation { requestSignInLink(email: \"nobody@example.org\") { code } }";
    let answer = Client::new()
        .post(format!("{}/graphql", app.url))
        .json(&json!({ "query": ask }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-tandem-browser="), "{cookie}");
    for word in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(word), "{word} is missing in {cookie}");
    }
    assert!(answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    app.drain().await;
    app.finish().await;
}
