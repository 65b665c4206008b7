//! An office with a centre, the people who work there, and experts around it.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::postgres::PgTransaction;
use tandem_api::graphql::ids;
use tandem_devkit::catcher::Message;
use tandem_domain::ids::{CaseId, CenterId, ExpertId, Id, MatchId, OfficeId};
use tandem_domain::matches::MatchState;
use tandem_operations::Caller;
use tandem_tests::{Actor, Answer, TestApp};
use uuid::Uuid;

/// Where most tests take place.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) office: OfficeId,
    pub(crate) center: CenterId,
    pub(crate) coordinator: Actor,
    pub(crate) staff: Actor,
}

pub(crate) fn gid<T: Id>(id: T) -> String {
    ids::global(id).to_string()
}

/// The id of what the API gave.
pub(crate) fn parse<T: Id + From<Uuid>>(value: &Value) -> T {
    let id = value.as_str().expect("an id");
    ids::parse("id", &id.into()).expect("an id of this type")
}

pub(crate) const APPROACH: &str = "mutation($case: ID!, $experts: [ID!]!, $admit: Boolean! = true) {
    approachExperts(caseId: $case, expertIds: $experts, admitMissing: $admit) {
        matches { id state } userErrors { code field message } } }";

impl Scene {
    pub(crate) async fn set() -> Self {
        let app = TestApp::start().await;
        let office = app.office("Büro Hamburg", "20095").await;
        let center = app.center(office, "Servicestelle Hamburg", "20095").await;
        let coordinator = app.coordinator(office).await;
        let staff = app.center_staff(center).await;
        Self {
            app,
            office,
            center,
            coordinator,
            staff,
        }
    }

    /// Lets days pass; sessions end meanwhile, so that everybody signs in again.
    pub(crate) async fn days_later(&mut self, days: i64) {
        self.app.advance(chrono::Duration::days(days));
        self.coordinator = self.app.coordinator(self.office).await;
        self.staff = self.app.center_staff(self.center).await;
    }

    /// An active expert near the centre, `name@expert.example.org`.
    pub(crate) async fn expert(&self, name: &str) -> ExpertId {
        self.app.expert(self.office, name, "20099").await
    }

    /// A case that is searching, and experts who are asked for it, in their order.
    pub(crate) async fn asked(&self, experts: &[ExpertId]) -> (CaseId, Vec<MatchId>) {
        let case = self.app.case(self.center).await;
        (case, self.ask(case, experts).await)
    }

    /// Experts who are asked for a case.
    pub(crate) async fn ask(&self, case: CaseId, experts: &[ExpertId]) -> Vec<MatchId> {
        let answer = self.try_asking(case, experts).await;
        let matches = &answer.done("approachExperts")["matches"];
        let matches = matches.as_array().expect("a list").iter();
        matches.map(|matching| parse(&matching["id"])).collect()
    }

    pub(crate) async fn try_asking(&self, case: CaseId, experts: &[ExpertId]) -> Answer {
        let experts: Vec<String> = experts.iter().map(|expert| gid(*expert)).collect();
        let variables = json!({ "case": gid(case), "experts": experts });
        self.coordinator.ask(APPROACH, variables).await
    }

    /// Ends a test that is not about mails.
    pub(crate) async fn finish(self) {
        self.app.drain().await;
        self.app.ignore_mails();
        self.app.finish().await;
    }

    /// A transaction of the system, as what is due and the worker have.
    pub(crate) async fn begin(&self) -> PgTransaction<'static> {
        let begun = self.app.api.begin(&Caller::system()).await;
        begun.expect("a transaction")
    }

    /// The state of a match as it is stored.
    pub(crate) async fn state(&self, id: MatchId) -> MatchState {
        self.matching(id).await.state
    }

    /// A match as it is stored.
    pub(crate) async fn matching(&self, id: MatchId) -> tandem_storage::matches::Match {
        let mut conn = self.app.conn().await;
        let matching = tandem_storage::matches::get(&mut conn, id)
            .await
            .expect("a match");
        matching.expect("a match")
    }

    /// A case as it is stored.
    pub(crate) async fn case(&self, id: CaseId) -> tandem_storage::cases::Case {
        let mut conn = self.app.conn().await;
        let case = tandem_storage::cases::get(&mut conn, id).await.expect("a case");
        case.expect("a case")
    }

    /// The subjects of the mails to an expert, the oldest first.
    pub(crate) fn subjects(&self, name: &str) -> Vec<String> {
        let mails = self.app.mails_to(&format!("{name}@expert.example.org"));
        mails.iter().map(|mail| mail.subject.clone()).collect()
    }

    /// The address of the answer page from the newest approach to an expert.
    pub(crate) fn link(&self, name: &str) -> String {
        let mails = self.app.mails_to(&format!("{name}@expert.example.org"));
        mails.iter().rev().find_map(link_of).expect("an approach")
    }

    /// What the audit log says was done to a row, by name: in a test much happens at one instant.
    pub(crate) async fn trail(&self, entity: Uuid) -> Vec<String> {
        let mut conn = self.app.superuser().await;
        sqlx::query_scalar("SELECT action FROM audit_events WHERE entity_id = $1 ORDER BY action")
            .bind(entity)
            .fetch_all(&mut conn)
            .await
            .expect("the audit log")
    }
}

/// The address of the answer page that a mail carries, without what was chosen.
pub(crate) fn link_of(mail: &Arc<Message>) -> Option<String> {
    let text = mail.text.as_deref()?;
    let start = text.find("/p/answer/")?;
    let start = text[..start].rfind("http")?;
    let end = text[start..].find(['?', ' ', '\n', '\r'])?;
    Some(text[start..start + end].to_owned())
}
