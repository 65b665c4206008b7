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

/// A type whose rows are probed.
struct Row {
    name: &'static str,
    /// The word for what the policy is asked about.
    word: &'static str,
    /// The action that shows it; none: everybody who is signed in.
    shown_by: Option<Action>,
    /// How one comes to it from `$id`, with `FIELDS` for what is asked, and where it then stands in the answer.
    path: Option<(&'static str, &'static str)>,
    /// The word for `$id`, where it is another one.
    by: Option<&'static str>,
}

/// One that can be fetched by its id.
const fn node(name: &'static str, word: &'static str, shown_by: Option<Action>) -> Row {
    Row {
        name,
        word,
        shown_by,
        path: None,
        by: None,
    }
}

/// One that hangs on another.
const fn part(
    name: &'static str,
    word: &'static str,
    shown_by: Action,
    path: &'static str,
    place: &'static str,
) -> Row {
    Row {
        path: Some((path, place)),
        ..node(name, word, Some(shown_by))
    }
}

const ROWS: &[Row] = &[
    node("Case", "case", Some(Action::ViewCase)),
    node("Document", "document", Some(Action::ViewExpertDocument)),
    node("EmailDelivery", "delivery", Some(Action::ViewDeliveries)),
    node("Expert", "expert", Some(Action::ViewExpert)),
    node("Job", "job", Some(Action::ViewJobs)),
    node("Match", "match", Some(Action::ViewMatch)),
    node("MatchingRun", "run", Some(Action::ViewRun)),
    node("Mentee", "mentee", Some(Action::ViewMentee)),
    node("Proposal", "proposal", Some(Action::ViewRun)),
    node("RegionalOffice", "office", Some(Action::ViewOffice)),
    node("ServiceCenter", "center", Some(Action::ViewCenter)),
    node("TrainingModule", "module", None),
    node("TrainingSession", "session", Some(Action::ViewTraining)),
    node("User", "user", Some(Action::ViewUser)),
    part(
        "BackgroundCheck",
        "expert",
        Action::ViewCheck,
        "node(id: $id) { ... on Expert { backgroundChecks { FIELDS } } }",
        "/node/backgroundChecks/0",
    ),
    part(
        "PendingInspection",
        "second_expert",
        Action::ViewCheck,
        "node(id: $id) { ... on Expert { backgroundChecks { pendingInspection { FIELDS } } } }",
        "/node/backgroundChecks/0/pendingInspection",
    ),
    part(
        "OfficeChecks",
        "office",
        Action::ViewCheck,
        "checkOverview(officeId: $id) { FIELDS }",
        "/checkOverview/0",
    ),
    part(
        "CheckOverviewRow",
        "office",
        Action::ViewCheck,
        "checkStandings(filter: { officeId: $id }) { nodes { FIELDS } }",
        "/checkStandings/nodes/0",
    ),
    part(
        "TrainingAttendance",
        "expert",
        Action::ViewExpertContact,
        "node(id: $id) { ... on Expert { trainings { FIELDS } } }",
        "/node/trainings/0",
    ),
    Row {
        by: Some("office"),
        ..part(
            "MissingTraining",
            "expert",
            Action::ViewExpertContact,
            "missingTrainings(officeId: $id) { nodes { FIELDS } }",
            "/missingTrainings/nodes/0",
        )
    },
    part(
        "DataRequest",
        "request",
        Action::RequestData,
        "dataRequest(id: $id) { FIELDS }",
        "/dataRequest",
    ),
];

#[tokio::test]
async fn every_field_of_every_row_is_given_to_whom_it_was_decided_for() {
    let world = World::make().await;
    let decided = decisions::fields();
    let types = schema(&world.app).await;
    let node_types: Vec<&str> = types
        .iter()
        .filter_map(|of| of["name"].as_str())
        .filter(|name| ROWS.iter().any(|row| row.name == *name))
        .collect();
    assert_eq!(node_types.len(), ROWS.len(), "a type is not there any more");
    let mut faults = Vec::new();
    let mut seen: BTreeMap<String, bool> = BTreeMap::new();
    for Row {
        name,
        word,
        shown_by,
        path,
        by,
    } in ROWS
    {
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
        let (path, pointer) = match path {
            Some((path, place)) => ((*path).to_owned(), *place),
            None => (format!("node(id: $id) {{ ... on {name} {{ FIELDS }} }}"), "/node"),
        };
        let document = format!("query($id: ID!) {{ {} }}", path.replace("FIELDS", &aliased));
        for prober in &world.probers {
            let actor = Actor::new(prober.actor.user, prober.grants.clone());
            for (place, half) in world.halves() {
                let resource = half.resource(word);
                let may =
                    |action: Action| policy::can(&actor, action, &resource) == policy::Decision::Allowed;
                let id = half.id(by.unwrap_or(word)).unwrap();
                let answer = prober.actor.ask(&document, json!({ "id": id })).await;
                let node = answer.body["data"].pointer(pointer).unwrap_or(&Value::Null);
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
