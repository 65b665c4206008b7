//! Every query, mutation and subscription.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strum::VariantArray;
use tandem_domain::policy::{self, Action, Actor};

use super::{
    decisions::{self, Decision, Operation},
    world::{Half, Prober, World, schema},
};

#[tokio::test]
async fn every_operation_has_a_decision_and_the_public_ones_are_on_a_list() {
    let app = tandem_tests::TestApp::start_with(|options| options.introspection = true).await;
    let decided = decisions::operations();
    let known: BTreeSet<&str> = decided.iter().map(|operation| operation.name.as_str()).collect();
    let mut there = BTreeSet::new();
    let mut undecided = Vec::new();
    for of in schema(&app).await {
        let root = of["name"].as_str().unwrap().to_owned();
        if !matches!(root.as_str(), "Query" | "Mutation" | "Subscription") {
            continue;
        }
        for field in of["fields"].as_array().unwrap() {
            let name = format!("{root}.{}", field["name"].as_str().unwrap());
            if !known.contains(name.as_str()) {
                undecided.push(format!("{name} DECISION row: …"));
            }
            there.insert(name);
        }
    }
    assert!(
        undecided.is_empty(),
        "nobody has decided who may do these; add to tests/it/probes/operations.txt:\n{}",
        undecided.join("\n")
    );
    let gone: Vec<&&str> = known.iter().filter(|name| !there.contains(**name)).collect();
    assert!(gone.is_empty(), "there are no such operations: {gone:?}");
    // the gate's own list is the same
    let public: BTreeSet<&str> = decided
        .iter()
        .filter(|operation| operation.decision == Decision::Public)
        .filter_map(|operation| operation.name.split_once('.'))
        .map(|(_, field)| field)
        .collect();
    let gate: BTreeSet<&str> = tandem_api::graphql::gate::PUBLIC
        .iter()
        .copied()
        .filter(|field| !field.starts_with("__"))
        .collect();
    assert_eq!(public, gate);
    app.finish().await;
}

/// Actions that no single operation of the API performs: another one stands for them, or the pages do.
fn is_probed_elsewhere(action: Action) -> bool {
    include_str!("unreachable.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .any(|word| word == action.as_str())
}

#[test]
fn every_action_of_the_policy_is_probed() {
    let mut probed: BTreeSet<Action> = BTreeSet::new();
    for operation in decisions::operations() {
        if let Decision::Policy(action) = operation.decision {
            probed.insert(action);
        }
    }
    for decision in decisions::fields().values() {
        if let Decision::Policy(action) = decision {
            probed.insert(*action);
        }
    }
    for action in Action::VARIANTS {
        assert_ne!(
            probed.contains(action),
            is_probed_elsewhere(*action),
            "{action} needs a line in probes/operations.txt or one in probes/unreachable.txt, and not both"
        );
    }
}

/// Operations that refuse in another way than the one action that stands beside them says, and let nobody do
/// what the policy forbids: an expert's own pause is `SET_AVAILABILITY`; a run's parameters are looked at
/// before its offices are; the others say `NOT_FOUND` for `FORBIDDEN` or the other way round.
const OTHER_WORDS: &[&str] = &[
    "Mutation.pauseExpert",
    "Mutation.registerMentee",
    "Mutation.resendEmail",
    "Mutation.resumeExpert",
    "Mutation.startMatchingRun",
    "Mutation.vouchForAddressChange",
    "Mutation.withdrawAddressChange",
    "Mutation.withdrawApproach",
];

/// What came of an operation.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It happened, or was refused for another reason than who asked.
    Let,
    Forbidden,
    /// `NOT_FOUND`, null.
    Hidden,
}

async fn probe(prober: &Prober, operation: &Operation, half: &Half) -> (Outcome, Value) {
    let (root, field) = operation.name.split_once('.').unwrap();
    let call = half.fill(&operation.call);
    assert!(
        !call.contains("\"{"),
        "{call} has a word that the probes' world does not know"
    );
    let document = match root {
        "Mutation" => format!("mutation {{ {call} {{ userErrors {{ code field message }} }} }}"),
        _ => format!("query {{ {call} }}"),
    };
    let answer = prober.actor.ask(&document, json!({})).await;
    assert!(
        answer.body.get("errors").is_none(),
        "{document}: {:#}",
        answer.body
    );
    let data = answer.body["data"][field].clone();
    let outcome = if root == "Mutation" {
        let codes: Vec<&str> = data["userErrors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["code"].as_str())
            .collect();
        if codes.contains(&"FORBIDDEN") {
            Outcome::Forbidden
        } else if codes.contains(&"NOT_FOUND") {
            Outcome::Hidden
        } else {
            Outcome::Let
        }
    } else if data.is_null() || data == json!([]) || data["nodes"] == json!([]) {
        Outcome::Hidden
    } else {
        Outcome::Let
    };
    (outcome, data)
}

/// Every cell of the matrix role × action × scope, by an operation that performs the action.
#[tokio::test]
async fn every_operation_is_let_refused_or_hidden_as_the_policy_says() {
    let world = World::make().await;
    let mut faults = Vec::new();
    let mut cells = 0;
    for operation in decisions::operations() {
        let Decision::Policy(action) = operation.decision else {
            continue;
        };
        // subscriptions have a test of their own: they answer over a WebSocket
        if operation.call.is_empty() || operation.name.starts_with("Subscription.") {
            // probed by a test of its own, since it needs more than a call
            continue;
        }
        // whoever may not comes first: what happens may change what there is
        for wanted_last in [false, true] {
            for prober in &world.probers {
                let actor = Actor::new(prober.actor.user, prober.grants.clone());
                for (place, half) in world.halves() {
                    let resource = half.resource(&operation.about);
                    let decision = policy::can(&actor, action, &resource);
                    if (decision == policy::Decision::Allowed) != wanted_last {
                        continue;
                    }
                    let wanted = match decision {
                        policy::Decision::Allowed => Outcome::Let,
                        policy::Decision::Forbidden if operation.name.starts_with("Mutation.") => {
                            Outcome::Forbidden
                        }
                        policy::Decision::Forbidden | policy::Decision::Hidden => Outcome::Hidden,
                    };
                    let (outcome, data) = probe(prober, &operation, half).await;
                    cells += 1;
                    if outcome != wanted && !OTHER_WORDS.contains(&operation.name.as_str()) {
                        faults.push(format!(
                            "{} {place} {} ({action}): {outcome:?} instead of {wanted:?}: {data}",
                            prober.name, operation.name
                        ));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "of {cells} cells: {faults:#?}");
    assert!(cells > 500, "only {cells} cells were probed");
    world.end().await;
}

/// Whoever is not signed in has only what is public; HTTP for queries and mutations is probed from the schema
/// in `schema.rs`, subscriptions here.
#[tokio::test]
async fn subscriptions_are_for_whom_the_policy_says() {
    use futures::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
    let world = World::make().await;
    let first = async |token: Option<&str>, query: String| {
        let mut request = format!("{}/graphql/ws", world.app.url.replace("http", "ws"))
            .into_client_request()
            .unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let payload = token.map_or(
            json!({}),
            |token| json!({ "authorization": format!("Bearer {token}") }),
        );
        for message in [
            json!({ "type": "connection_init", "payload": payload }),
            json!({ "type": "subscribe", "id": "1", "payload": { "query": query } }),
            json!({ "type": "ping" }),
        ] {
            socket.send(Message::text(message.to_string())).await.unwrap();
        }
        let mut told = Vec::new();
        loop {
            let message = socket.next().await.unwrap().unwrap();
            let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
            let kind = message["type"].as_str().unwrap().to_owned();
            if matches!(kind.as_str(), "next" | "error" | "complete") {
                told.push(message);
            }
            if kind == "complete" || kind == "error" || told.iter().any(|message| message["type"] == "next") {
                return told;
            }
        }
    };
    for operation in decisions::operations() {
        let Some(field) = operation.name.strip_prefix("Subscription.") else {
            continue;
        };
        let document = |half: &Half| format!("subscription {{ {} }}", half.fill(&operation.call));
        let refused = first(None, document(&world.own)).await;
        assert!(
            refused[0].to_string().contains("UNAUTHENTICATED"),
            "{field}: {refused:?}"
        );
        for prober in &world.probers {
            let actor = Actor::new(prober.actor.user, prober.grants.clone());
            for (place, half) in world.halves() {
                let told = first(prober.actor.client.token(), document(half)).await;
                let given = told
                    .iter()
                    .any(|message| !message["payload"]["data"][field].is_null());
                let wanted = match operation.decision {
                    Decision::Policy(action) => {
                        let resource = half.resource(&operation.about);
                        policy::can(&actor, action, &resource) == policy::Decision::Allowed
                    }
                    _ => true,
                };
                assert_eq!(given, wanted, "{} {place} {field}: {told:?}", prober.name);
            }
        }
    }
    world.end().await;
}
