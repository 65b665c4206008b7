//! Every field of every object.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tandem_domain::policy::{self, Action, Actor};

use super::{
    decisions::{self, Decision},
    world::{World, schema},
};

/// Object types that follow a form; what they carry is decided where they are given out.
fn is_form(name: &str, fields: &[&str]) -> bool {
    let all_of = |allowed: &[&str]| fields.iter().all(|field| allowed.contains(field));
    if name.ends_with("Connection") {
        all_of(&["edges", "nodes", "pageInfo", "totalCount"])
    } else if name.ends_with("Edge") {
        all_of(&["node", "cursor"])
    } else if name.ends_with("Payload") {
        // one object and why it did not happen
        fields.contains(&"userErrors") && fields.len() == 2
    } else {
        matches!(
            name,
            "PageInfo" | "UserError" | "Query" | "Mutation" | "Subscription"
        )
    }
}

fn names(of: &Value) -> Vec<&str> {
    let fields = of["fields"].as_array().into_iter().flatten();
    fields.filter_map(|field| field["name"].as_str()).collect()
}

/// What follows a field whose type is an object.
fn selection(of: &Value) -> &'static str {
    let mut of = of;
    while matches!(of["kind"].as_str(), Some("NON_NULL" | "LIST")) {
        of = &of["ofType"];
    }
    match of["kind"].as_str() {
        Some("OBJECT" | "INTERFACE" | "UNION") => "{ __typename }",
        _ => "",
    }
}

#[tokio::test]
async fn every_field_has_a_decision() {
    let app = tandem_tests::TestApp::start_with(|options| options.introspection = true).await;
    let mut decided = decisions::fields();
    let mut undecided: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for of in schema(&app).await {
        let name = of["name"].as_str().unwrap();
        let fields = names(&of);
        if is_form(name, &fields) {
            continue;
        }
        for field in fields {
            if decided.remove(&format!("{name}.{field}")).is_none() {
                undecided
                    .entry(name.to_owned())
                    .or_default()
                    .push(field.to_owned());
            }
        }
    }
    let missing: String = undecided
        .iter()
        .map(|(of, fields)| format!("{of} DECISION: {}\n", fields.join(" ")))
        .collect();
    assert!(
        missing.is_empty(),
        "nobody has decided who may have these fields; add to tests/it/probes/fields.txt:\n{missing}"
    );
    assert!(
        decided.is_empty(),
        "there are no such fields: {:?}",
        decided.keys()
    );
    app.finish().await;
}

/// The types that can be fetched by their id, the word for a row of each, and the action that shows it.
const NODES: &[(&str, &str, Option<Action>)] = &[
    ("Case", "case", Some(Action::ViewCase)),
    ("EmailDelivery", "delivery", Some(Action::ViewDeliveries)),
    ("Expert", "seen_expert", Some(Action::ViewExpert)),
    ("Job", "job", Some(Action::ViewJobs)),
    ("Match", "match", Some(Action::ViewMatch)),
    ("MatchingRun", "run", Some(Action::ViewRun)),
    ("Mentee", "mentee", Some(Action::ViewMentee)),
    ("Proposal", "proposal", Some(Action::ViewRun)),
    ("RegionalOffice", "office", Some(Action::ViewOffice)),
    ("ServiceCenter", "center", Some(Action::ViewCenter)),
    ("TrainingModule", "module", None),
    ("User", "user", Some(Action::ViewUser)),
];

#[tokio::test]
async fn every_field_of_every_row_is_given_to_whom_it_was_decided_for() {
    let world = World::make().await;
    let decided = decisions::fields();
    let types = schema(&world.app).await;
    let node_types: Vec<&str> = types
        .iter()
        .filter_map(|of| of["name"].as_str())
        .filter(|name| NODES.iter().any(|(node, ..)| node == name))
        .collect();
    assert_eq!(node_types.len(), NODES.len(), "a type is not there any more");
    let mut faults = Vec::new();
    let mut seen: BTreeMap<String, bool> = BTreeMap::new();
    for (name, word, shown_by) in NODES {
        let of = types.iter().find(|of| of["name"] == *name).unwrap();
        let fields: Vec<&Value> = of["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|field| {
                // a field that must be told something is probed where its operation is
                let args = field["args"].as_array().unwrap();
                !args
                    .iter()
                    .any(|arg| arg["type"]["kind"] == "NON_NULL" && arg["defaultValue"].is_null())
            })
            .collect();
        let aliased: String = fields
            .iter()
            .map(|field| {
                let name = field["name"].as_str().unwrap();
                format!("{name} {} ", selection(&field["type"]))
            })
            .collect();
        let document = format!("query($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {aliased} }} }} }}");
        for prober in &world.probers {
            let actor = Actor::new(prober.actor.user, prober.grants.clone());
            for (place, half) in world.halves() {
                let resource = half.resource(word);
                let may =
                    |action: Action| policy::can(&actor, action, &resource) == policy::Decision::Allowed;
                let id = half.id(word).unwrap();
                let answer = prober.actor.ask(&document, json!({ "id": id })).await;
                let node = &answer.body["data"]["node"];
                if node.is_null() == shown_by.is_none_or(may) {
                    faults.push(format!("{} {place} {name}: {}", prober.name, answer.body));
                    continue;
                }
                if node.is_null() {
                    continue;
                }
                for field in &fields {
                    let field = field["name"].as_str().unwrap();
                    let key = format!("{name}.{field}");
                    let value = &node[field];
                    let nothing = value.is_null() || *value == json!([]);
                    let allowed = match decided.get(&key) {
                        Some(Decision::Policy(action)) if Some(*action) != *shown_by => may(*action),
                        Some(Decision::BeforeYes(action)) => {
                            let before = resource.revealed(false);
                            policy::can(&actor, *action, &before) == policy::Decision::Allowed
                        }
                        _ => continue,
                    };
                    if !allowed && !nothing {
                        faults.push(format!("{} {place} {key}: {value}", prober.name));
                    }
                    if let Some(Decision::Policy(_)) = decided.get(&key) {
                        *seen.entry(key).or_default() |= allowed && !nothing;
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // a field that nobody ever gets proves nothing
    let never: Vec<&String> = seen
        .iter()
        .filter(|(_, seen)| !**seen)
        .map(|(key, _)| key)
        .collect();
    assert!(
        never.is_empty(),
        "nobody was given these, so nothing was probed: {never:?}"
    );
    world.end().await;
}
