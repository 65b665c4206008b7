//! The schema as a whole.

use serde_json::{Value, json};
use tandem_tests::TestApp;

/// The root fields that need no session.
const PUBLIC: &[&str] = &["viewer", "requestSignInLink", "signInWithToken"];

const INTROSPECTION: &str = "{ __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { name kind description
        fields(includeDeprecated: true) { name description args { name description type { ...T } } type { ...T } }
        inputFields { name description type { ...T } }
        enumValues(includeDeprecated: true) { name description } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

async fn types() -> (Vec<Value>, TestApp) {
    let app = TestApp::start_with(|options| options.introspection = true).await;
    let answer = app.nobody().ask(INTROSPECTION, json!({})).await;
    (
        answer.data()["__schema"]["types"].as_array().unwrap().clone(),
        app,
    )
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// A literal that fits a type: enough for a document to be valid.
fn literal(types: &[Value], of: &Value) -> String {
    match text(of, "kind") {
        "NON_NULL" => literal(types, &of["ofType"]),
        "LIST" => "[]".to_owned(),
        "ENUM" | "INPUT_OBJECT" => {
            let named = types.iter().find(|other| other["name"] == of["name"]).unwrap();
            if text(of, "kind") == "ENUM" {
                return text(&named["enumValues"][0], "name").to_owned();
            }
            let fields = list(named, "inputFields")
                .filter(|field| field["type"]["kind"] == "NON_NULL")
                .map(|field| format!("{}: {}", text(field, "name"), literal(types, &field["type"])));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        _ => match text(of, "name") {
            "Int" | "Float" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            "Date" => "\"2026-01-01\"".to_owned(),
            _ => "\"x\"".to_owned(),
        },
    }
}

/// A selection that a type needs.
fn selection(of: &Value) -> &'static str {
    let mut of = of;
    while matches!(text(of, "kind"), "NON_NULL" | "LIST") {
        of = &of["ofType"];
    }
    match text(of, "kind") {
        "OBJECT" | "INTERFACE" | "UNION" => "{ __typename }",
        _ => "",
    }
}

#[tokio::test]
async fn every_operation_but_the_public_ones_needs_a_session() {
    let (types, app) = types().await;
    let mut asked = 0;
    for (root, keyword) in [("Query", "query"), ("Mutation", "mutation")] {
        let root = types.iter().find(|other| other["name"] == root).unwrap();
        for field in list(root, "fields") {
            let name = text(field, "name");
            let arguments: Vec<String> = list(field, "args")
                .filter(|argument| argument["type"]["kind"] == "NON_NULL")
                .map(|argument| {
                    format!(
                        "{}: {}",
                        text(argument, "name"),
                        literal(&types, &argument["type"])
                    )
                })
                .collect();
            let arguments = match arguments.join(", ") {
                none if none.is_empty() => none,
                some => format!("({some})"),
            };
            let document = format!("{keyword} {{ {name}{arguments} {} }}", selection(&field["type"]));
            let answer = app.nobody().ask(&document, json!({})).await;
            if PUBLIC.contains(&name) {
                assert_ne!(answer.code(), Some("UNAUTHENTICATED"), "{document}");
            } else {
                assert_eq!(
                    answer.code(),
                    Some("UNAUTHENTICATED"),
                    "{document}: {}",
                    answer.body
                );
                assert_eq!(answer.status, 401);
                assert!(answer.body.get("data").is_none());
            }
            asked += 1;
        }
    }
    assert!(asked > 15, "only {asked} fields were found");
    app.finish().await;
}

#[tokio::test]
async fn everything_is_described() {
    let (types, app) = types().await;
    let mut bare = Vec::new();
    // ID and what begins with __ are GraphQL's own
    for named in types
        .iter()
        .filter(|named| !text(named, "name").starts_with("__") && text(named, "name") != "ID")
    {
        let name = text(named, "name");
        if text(named, "description").is_empty() {
            bare.push(name.to_owned());
        }
        for key in ["fields", "inputFields", "enumValues"] {
            for field in list(named, key) {
                let path = format!("{name}.{}", text(field, "name"));
                for argument in list(field, "args") {
                    if text(argument, "description").is_empty() {
                        bare.push(format!("{path}({})", text(argument, "name")));
                    }
                }
                if text(field, "description").is_empty() {
                    bare.push(path);
                }
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
    app.finish().await;
}

#[tokio::test]
async fn a_list_is_a_connection_with_a_bounded_page() {
    let (types, app) = types().await;
    let admin = app.admin().await;
    let query = types.iter().find(|other| other["name"] == "Query").unwrap();
    let mut lists = 0;
    for field in list(query, "fields") {
        let name = text(field, "name");
        let required = list(field, "args").any(|argument| argument["type"]["kind"] == "NON_NULL");
        if required || !text(&field["type"]["ofType"], "name").ends_with("Connection") {
            continue;
        }
        lists += 1;
        for page in [
            "first: 1000000",
            "first: 0",
            "last: -1",
            "first: 1, last: 1",
            "after: \"x\"",
        ] {
            let document = format!("{{ {name}({page}) {{ pageInfo {{ hasNextPage }} }} }}");
            let answer = admin.ask(&document, json!({})).await;
            assert_eq!(answer.code(), Some("BAD_USER_INPUT"), "{document}");
        }
        let document = format!(
            "{{ {name}(first: 1) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ __typename }} }} }}"
        );
        admin.ask(&document, json!({})).await.data();
    }
    assert!(lists >= 4, "only {lists} lists were found");
    app.finish().await;
}

#[test]
fn a_calendar_date_is_one_scalar_everywhere() {
    assert!(
        !tandem_api::graphql::sdl().contains("NaiveDate"),
        "a field has chrono's own type, which says and checks less than the scalar Date"
    );
}

#[test]
fn the_committed_schema_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/schema.graphql");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == tandem_api::graphql::sdl(),
        "api/schema.graphql differs from the schema: run cargo xtask schema"
    );
}
