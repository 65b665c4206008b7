//! The number of SQL statements of an operation follows its depth, never its number of rows (api.md
//! "Speed").

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tandem_domain::ids::CaseId;
use tandem_tests::Actor;
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::scene::{Scene, gid};

/// Counts what sqlx says it sent. A test's server runs on the test's own thread, so that tests beside it
/// are not counted.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Statements {
    fn listen(&self) -> DefaultGuard {
        tracing::subscriber::set_default(tracing_subscriber::registry().with(self.clone()))
    }

    /// How many statements one operation takes.
    async fn of(&self, actor: &Actor, query: &str) -> (usize, Value) {
        // Whether anybody wants what sqlx says is asked once, of the thread that is first to come there: where that is
        // another test's, to which nobody listens, it is "nobody" for all. Asked here once more.
        tracing::callsite::rebuild_interest_cache();
        let before = self.0.load(Ordering::Relaxed);
        let answer = actor.ask(query, json!({})).await;
        (self.0.load(Ordering::Relaxed) - before, answer.data().clone())
    }
}

/// Each asks for lists within lists, as a rich frontend does.
const OPERATIONS: &[(&str, &str)] = &[
    (
        "cases",
        "{ cases { nodes { state expertsAsked occupations { label } supportAreas { area }
            center { name office { name } } mentee { givenName languages cases { id } }
            matches { state expert { name office { name } languages occupations { label } pauses { from }
                backgroundChecks { kind inspectedBy { name } } trainings { state module { code } }
                readiness { ready missing } }
                told { centerPlace } case { mentee { familyName } } } } } }",
    ),
    (
        "experts",
        "{ experts { nodes { name place office { name } languages supportAreas programmes
            occupations { label } pauses { from } backgroundChecks { kind } trainings { module { code } }
            readiness { ready } } } }",
    ),
    (
        "matches",
        "{ matches { nodes { state expert { name } told { centerPlace } case { center { name } mentee { givenName } } } } }",
    ),
    (
        "mentees",
        "{ mentees { nodes { givenName center { name } cases { state matches { state } } } } }",
    ),
    (
        "emails",
        "{ emails { nodes { state trigger recipientId subjectId } } }",
    ),
];

/// More experts who are asked, each for a case of its own.
async fn grow(scene: &Scene, from: usize, to: usize) -> Vec<CaseId> {
    let mut cases = Vec::new();
    for number in from..to {
        let expert = scene.expert(&format!("expert{number}")).await;
        cases.push(scene.asked(&[expert]).await.0);
    }
    cases
}

#[tokio::test]
async fn an_operation_takes_as_many_statements_for_twelve_rows_as_for_two() {
    let scene = Scene::set().await;
    let statements = Statements::default();
    let _guard = statements.listen();
    let admin = scene.app.admin().await;
    grow(&scene, 0, 2).await;
    let mut few = Vec::new();
    for (list, query) in OPERATIONS {
        let (count, data) = statements.of(&admin, query).await;
        let rows = data[*list]["nodes"].as_array().expect("a list").len();
        assert!(rows >= 2 && count > 0, "{list}: {rows} rows, {count} statements");
        few.push((count, rows));
    }
    grow(&scene, 2, 12).await;
    for ((list, query), (count, rows)) in OPERATIONS.iter().zip(few) {
        let (after, data) = statements.of(&admin, query).await;
        let more = data[*list]["nodes"].as_array().expect("a list").len();
        assert!(more > rows, "{list} has more rows than before");
        // two depths that ask one loader share a batch where they ask at the same moment: one more or
        // less is no growth
        assert!(
            after < count + (more - rows) / 2,
            "{list}: {count} statements for {rows} rows, {after} for {more}"
        );
    }
    scene.app.drain().await;
    for number in 0..12 {
        scene.link(&format!("expert{number}"));
    }
    scene.app.finish().await;
}

#[tokio::test]
async fn a_total_costs_only_who_asks_for_it() {
    let scene = Scene::set().await;
    let statements = Statements::default();
    let _guard = statements.listen();
    let (case, _) = scene.asked(&[scene.expert("sommer").await]).await;
    let (without, _) = statements
        .of(&scene.coordinator, "{ cases { nodes { id } } }")
        .await;
    let (with, data) = statements
        .of(&scene.coordinator, "{ cases { totalCount nodes { id } } }")
        .await;
    assert_eq!(data["cases"]["nodes"][0]["id"], json!(gid(case)));
    assert_eq!(with, without + 1);
    scene.app.drain().await;
    scene.link("sommer");
    scene.app.finish().await;
}
