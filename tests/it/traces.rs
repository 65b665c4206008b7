//! What is left of an erased person outside the database: nothing, in Redis and in the logs of the programs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tandem_devkit::catcher::{Catcher, Rule, Stage};
use tandem_devkit::processes::{Process, Program, Ready};
use tandem_devkit::programs;
use tandem_devkit::servers::{Durability, Options, Servers};
use tandem_domain::centers::CenterDraft;
use tandem_domain::clock::SystemClock;
use tandem_domain::ids::{ExpertId, MenteeId, OfficeId};
use tandem_domain::offices::OfficeInput;
use tandem_domain::policy::Grant;
use tandem_domain::random::SystemRandom;
use tandem_domain::tokens::ApiTokenInput;
use tandem_domain::users::UserInput;
use tandem_operations::links::LinkKey;
use tandem_operations::personal_data::{self, Kind, Person};
use tandem_operations::{App, Caller, auth, centers, experts, offices, users};

use crate::scene::{gid, parse};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: Duration = Duration::from_secs(120);
/// The word in every value of the person.
const CANARY: &str = "Kanarienvogel";
const ADDRESS: &str = "kanarienvogel@expert.example.org";

/// The whole product as it runs, telling everything that it has to tell.
struct Product {
    servers: Servers,
    catcher: Catcher,
    api: Process,
    worker: Process,
    app: App,
    admin: PgConnection,
    url: String,
    token: String,
    _logs: tempfile::TempDir,
}

impl Product {
    async fn start() -> Self {
        let servers = Servers::start(&Options::new(Durability::Fast))
            .await
            .expect("private servers");
        programs::migrate(servers.urls())
            .await
            .expect("a migrated database");
        let catcher = Catcher::start().await.expect("a mail catcher");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let url = format!("http://127.0.0.1:{port}");
        let logs = tempfile::tempdir().expect("a folder");
        let urls = servers.urls();
        let program =
            |name: &str, database: &str, arguments: &[&str], more: &[(&str, &str)], ready: Ready| {
                let mut variables: Vec<(String, String)> = [
                    ("DATABASE_URL", database),
                    ("REDIS_URL", urls.redis_url.as_str()),
                    ("PROFILE", "development"),
                    ("PUBLIC_URL", &url),
                    ("LINK_SECRET", SECRET),
                    ("RUST_LOG", "debug"),
                ]
                .iter()
                .chain(more)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
                variables.sort();
                Program {
                    name: name.into(),
                    path: programs::find(name).expect("cargo xtask test has built it"),
                    arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
                    variables,
                    ready,
                }
            };
        let smtp = catcher.smtp_url();
        let worker = program(
            "tandem-worker",
            &urls.worker_database_url,
            &["run"],
            &[("SMTP_URL", &smtp), ("MAIL_FROM", "tandem@example.org")],
            Ready::Line("ready".into()),
        );
        let api = program(
            "tandem-api",
            &urls.api_database_url,
            &["serve"],
            &[("LISTEN_ADDR", &format!("127.0.0.1:{port}"))],
            Ready::Http(format!("{url}/health/ready")),
        );
        let worker = Process::start(&worker, logs.path()).await.expect("a worker");
        let api = Process::start(&api, logs.path()).await.expect("an api");
        let app = App {
            db: tandem_storage::connect(&urls.api_database_url, 4, "traces-test")
                .await
                .expect("a pool"),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            links: LinkKey::new(SECRET.as_bytes()).expect("32 bytes"),
            public_url: url.parse().expect("a URL"),
            session_limits: tandem_domain::users::SessionLimits::default(),
        };
        let programme: PgConnectOptions = urls.migration_database_url.parse().expect("a URL");
        let options: PgConnectOptions = urls.admin_database_url.parse().expect("a URL");
        let admin = PgConnection::connect_with(&options.database(programme.get_database().expect("a name")))
            .await
            .expect("a connection");
        let input = UserInput {
            email: "office@example.org".into(),
            name: "Head office".into(),
            ..UserInput::default()
        };
        let system = Caller::system();
        let user = users::create(&app, &system, input, &[Grant::Admin], None)
            .await
            .expect("a user");
        let input = ApiTokenInput {
            name: "test".into(),
            scopes: strum::VariantArray::VARIANTS.to_vec(),
            days: 30,
        };
        let token = auth::tokens::create(&app, &system, user.id, input)
            .await
            .expect("a token")
            .secret;
        Self {
            servers,
            catcher,
            api,
            worker,
            app,
            admin,
            url,
            token,
            _logs: logs,
        }
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let request = reqwest::Client::new()
            .post(format!("{}/graphql", self.url))
            .bearer_auth(&self.token)
            .json(&json!({ "query": query, "variables": variables }));
        let answer = request
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("a body");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }

    /// Asks what is refused.
    async fn try_to_ask(&self, query: &str, variables: Value) {
        let request = reqwest::Client::new()
            .post(format!("{}/graphql", self.url))
            .bearer_auth(&self.token)
            .json(&json!({ "query": query, "variables": variables }));
        let answer = request
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("a body");
        assert!(answer.contains("errors"), "{answer}");
    }

    /// Asks again and again until it is so.
    async fn until(&mut self, what: &str, sql: &'static str) {
        let asked = tokio::time::timeout(PATIENCE, async {
            while !sqlx::query_scalar::<_, bool>(sql)
                .fetch_one(&mut self.admin)
                .await
                .expect("an answer")
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let in_time = asked.await.is_ok();
        assert!(
            in_time,
            "waited in vain until {what}: {}",
            self.worker.last_words()
        );
    }

    /// Every key of Redis with everything in it, as text.
    async fn redis(&self) -> Vec<String> {
        let client = redis::Client::open(self.servers.urls().redis_url.as_str()).expect("a URL");
        let mut conn = client
            .get_multiplexed_async_connection()
            .await
            .expect("a connection");
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut conn)
            .await
            .expect("keys");
        let mut found = Vec::new();
        for key in keys {
            let kind: String = redis::cmd("TYPE")
                .arg(&key)
                .query_async(&mut conn)
                .await
                .expect("a type");
            let (command, arguments): (&str, &[&str]) = match kind.as_str() {
                "string" => ("GET", &[]),
                "hash" => ("HGETALL", &[]),
                "list" => ("LRANGE", &["0", "-1"]),
                "set" => ("SMEMBERS", &[]),
                "zset" => ("ZRANGE", &["0", "-1"]),
                "stream" => ("XRANGE", &["-", "+"]),
                // it has ended in between
                "none" => continue,
                other => panic!("{other} is read by nobody here"),
            };
            let value: redis::Value = redis::cmd(command)
                .arg(&key)
                .arg(arguments)
                .query_async(&mut conn)
                .await
                .expect("a value");
            found.push(format!(
                "{} {kind} {}",
                String::from_utf8_lossy(&key),
                text(&value)
            ));
        }
        found
    }
}

/// Everything readable in a value of Redis.
fn text(value: &redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        redis::Value::Array(values) | redis::Value::Set(values) => {
            values.iter().map(text).collect::<Vec<_>>().join(" ")
        }
        redis::Value::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| format!("{}={}", text(key), text(value)))
            .collect::<Vec<_>>()
            .join(" "),
        other => format!("{other:?}"),
    }
}

fn with_canary(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let canary = CANARY.to_lowercase();
    lines
        .into_iter()
        .filter(|line| line.to_lowercase().contains(&canary))
        .collect()
}

const NEW_EXPERT: &str = "mutation($office: ID!, $name: String!, $email: String!) {
    registerExpert(input: { officeId: $office, givenName: $name, familyName: $name, email: $email, postalCode: \"20095\",
        motivation: $name, street: $name }) { expert { id } userErrors { code message } } }";

const MENTEE_ADDRESS: &str = "kanarienvogel@mentee.example.org";
const NEW_MENTEE_ADDRESS: &str = "kanarienvogel@elsewhere.example.org";
const MENTEE: &str = "givenName: $name, familyName: $name, birthDate: \"2009-05-04\", phone: \"0172 4711\",
    firstLanguage: \"ar\", firstLanguageConsent: true, germanLevelSource: $name, externalId: $name,
    guardianKind: PERSON, guardianName: $name, guardianEmail: \"kanarienvogel@guardian.example.org\", guardianPhone: \"0172 4712\"";

/// A mentee with a guardian comes in over HTTP, is looked for, and gets another address, which is asked about at
/// the old and at the new one.
async fn mentee(product: &mut Product, office: OfficeId) -> MenteeId {
    let center = CenterDraft {
        external_id: None,
        name: "Servicestelle Nord".into(),
        carrier_organisation: "Träger e. V.".into(),
        street: "Hauptstraße 1".into(),
        postal_code: "20095".into(),
        email: "servicestelle@example.org".into(),
        phone: "+49 30 23125 002".into(),
        contact_name: "Ayşe Kaya".into(),
        match_limit: None,
        active: true,
    };
    let center = centers::create(&product.app, &Caller::system(), office, center, None)
        .await
        .expect("a centre");
    let register = format!(
        "mutation($center: ID!, $name: String!, $email: String!) {{
            registerMentee(centerId: $center, input: {{ {MENTEE}, email: $email }}) {{
                mentee {{ id version }} userErrors {{ field message }} }} }}"
    );
    let variables = json!({ "center": gid(center.id), "name": CANARY, "email": MENTEE_ADDRESS });
    let made = product.ask(&register, variables).await;
    let made = &made["registerMentee"]["mentee"];
    let update = format!(
        "mutation($id: ID!, $name: String!, $email: String!) {{
            updateMentee(id: $id, input: {{ {MENTEE}, email: $email }}) {{
                mentee {{ id addressChange {{ newEmail }} }} userErrors {{ field message }} }} }}"
    );
    let variables = json!({ "id": made["id"], "name": CANARY, "email": NEW_MENTEE_ADDRESS });
    let changed = product.ask(&update, variables).await;
    let change = &changed["updateMentee"]["mentee"]["addressChange"];
    assert_eq!(change["newEmail"], NEW_MENTEE_ADDRESS, "{changed}");
    let search = "query($text: String!) { cases(filter: { text: $text }) { nodes { id } } }";
    product.ask(search, json!({ "text": CANARY })).await;
    let asked = "SELECT count(*) = 2 FROM email_deliveries WHERE trigger IN ('ADDRESS_OLD', 'ADDRESS_NEW') AND state = 'SENT'";
    product.until("both addresses are asked", asked).await;
    for address in [MENTEE_ADDRESS, NEW_MENTEE_ADDRESS] {
        assert_eq!(product.catcher.messages_to(address).len(), 1, "{address}");
    }
    parse(&made["id"])
}

#[tokio::test]
async fn nothing_of_an_erased_person_is_left_in_redis_and_nothing_ever_stood_in_the_logs() {
    let mut product = Product::start().await;
    let system = Caller::system();
    let office = OfficeInput {
        external_id: None,
        name: "Nord".into(),
        postal_code: "20095".into(),
        email: "nord@example.org".into(),
        phone: "+49 30 23125 001".into(),
        contact_name: "Jutta Petersen".into(),
    };
    let office = offices::create(&product.app, &system, office, None)
        .await
        .expect("an office");

    // everything about the person comes in over HTTP, is looked for, asked for, and mailed to
    let variables = json!({ "office": gid(office.id), "name": CANARY, "email": ADDRESS });
    let made = product.ask(NEW_EXPERT, variables).await;
    let expert = made["registerExpert"]["expert"]["id"].clone();
    let id: ExpertId = parse(&expert);
    experts::activate(&product.app, &system, id, None, None)
        .await
        .expect("an active expert");
    let search = "query($text: String!) { experts(search: $text) { nodes { id name email } } }";
    let found = product.ask(search, json!({ "text": CANARY })).await;
    assert_eq!(found["experts"]["nodes"][0]["email"], ADDRESS, "{found}");
    let bad = format!("query {{ experts(search: \"{CANARY}\") {{ nodes {{ nothing }} }} }}");
    product.try_to_ask(&bad, json!({})).await;
    product
        .try_to_ask(
            "query($id: ID!) { node(id: $id) { id } }",
            json!({ "id": CANARY }),
        )
        .await;
    // the expert has an account as well, and asks for a link
    let input = UserInput {
        email: ADDRESS.into(),
        name: CANARY.into(),
        ..UserInput::default()
    };
    let user = users::create(&product.app, &system, input, &[], None)
        .await
        .expect("a user");
    sqlx::query("INSERT INTO role_grants (id, user_id, role, expert_id, created_at) VALUES (gen_random_uuid(), $1, 'EXPERT', $2, now())")
        .bind(user.id.uuid())
        .bind(id.uuid())
        .execute(&mut product.admin)
        .await
        .expect("a role");
    let link = "mutation($email: String!) { requestSignInLink(email: $email) { accepted } }";
    product.ask(link, json!({ "email": ADDRESS })).await;
    let sent = "SELECT EXISTS (SELECT FROM email_deliveries WHERE state = 'SENT')";
    product.until("the link is sent", sent).await;
    // the next one is refused for good, in the mail server's own words
    let refused = Rule::refuse(Stage::Recipient, 550).to(ADDRESS);
    product.catcher.inject(refused).expect("a rule");
    product.ask(link, json!({ "email": ADDRESS })).await;
    let failed = "SELECT EXISTS (SELECT FROM email_deliveries WHERE state = 'FAILED')";
    product.until("a mail is refused", failed).await;
    let inbox = product.catcher.messages_to(ADDRESS);
    assert!(
        !inbox.is_empty(),
        "nothing was mailed: {}",
        product.worker.last_words()
    );

    let mentee = mentee(&mut product, office.id).await;
    for person in [Person::Expert(id), Person::Mentee(mentee)] {
        let request = personal_data::request(&product.app, &system, Kind::Erasure, person)
            .await
            .expect("a request");
        assert_eq!(request.state, personal_data::State::Queued);
    }
    product
        .until(
            "both are erased",
            "SELECT bool_and(state = 'DONE') AND count(*) = 2 FROM data_requests",
        )
        .await;

    let kept = "SELECT count(*) = 0 FROM address_changes WHERE new_email ILIKE '%kanarienvogel%'";
    product.until("the changed address has gone as well", kept).await;
    let redis = product.redis().await;
    assert!(redis.len() > 2, "Redis carries work: {redis:?}");
    let left = with_canary(redis);
    assert!(left.is_empty(), "{left:#?}");
    let logs = [product.api.log().to_owned(), product.worker.log().to_owned()];
    product.api.stop().await;
    product.worker.stop().await;
    for log in logs {
        let text = std::fs::read_to_string(&log).expect("a log");
        assert!(text.contains("DEBUG"), "{} tells too little", log.display());
        let left = with_canary(text.lines().map(str::to_owned));
        assert!(left.is_empty(), "{}: {left:#?}", log.display());
    }
    product.servers.stop().await;
}
