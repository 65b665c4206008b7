//! The life of a match after the yes.

mod chemistry;
mod course;
mod departures;
mod gate;
mod moments;
mod rights;
mod whole;

use chrono::{DateTime, Duration, Utc};
use tandem_domain::agreements::AgreementDraft;
use tandem_domain::checks::CheckKind;
use tandem_domain::chemistry::Verdict;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{AgreementId, CaseId, ExpertId, MatchId, MenteeId};
use tandem_domain::matches::Answer;
use tandem_domain::mentees::{GuardianKind, MenteeDraft};
use tandem_domain::parties::{About, GivenWay, Party, Person};
use tandem_domain::values::{CefrLevel, SupportArea};
use tandem_operations::{Caller, Error, Result, cases, checks, matches, mentees, training};
use tandem_tests::{TestApp, date};

use crate::scene::Scene;

/// An expert who said yes for a case of a mentee, and everybody around them.
pub(crate) struct Tandem {
    pub(crate) scene: Scene,
    pub(crate) case: CaseId,
    pub(crate) expert_id: ExpertId,
    pub(crate) mentee_id: MenteeId,
    pub(crate) id: MatchId,
}

impl Tandem {
    /// With a mentee of age.
    pub(crate) async fn of_age() -> Self {
        Self::set("2004-02-01").await
    }

    /// With a mentee of 17 and a guardian.
    pub(crate) async fn with_a_minor() -> Self {
        Self::set("2009-06-01").await
    }

    async fn set(birth_date: &str) -> Self {
        let tandem = Self::question(birth_date).await;
        let api = &tandem.scene.app.api;
        matches::record_by_telephone(api, tandem.office(), tandem.id, Answer::Yes)
            .await
            .expect("a yes");
        tandem
    }

    /// With a mentee of age, and an expert who is asked.
    pub(crate) async fn asked() -> Self {
        Self::question("2004-02-01").await
    }

    async fn question(birth_date: &str) -> Self {
        let scene = Scene::set().await;
        let expert_id = scene.expert("Weber").await;
        let system = Caller::system();
        let minor = birth_date > "2008-11-23";
        let draft = MenteeDraft {
            given_name: "Samira".into(),
            family_name: "Ahmadi".into(),
            birth_date: Some(date(birth_date)),
            email: Some("samira@mentee.example.org".into()),
            language: Some("fa".into()),
            languages: vec!["fa".into()],
            german_level: Some(CefrLevel::B1),
            guardian_kind: minor.then_some(GuardianKind::Person),
            guardian_name: if minor {
                "Farid Ahmadi".into()
            } else {
                String::new()
            },
            guardian_email: minor.then(|| "farid@guardian.example.org".into()),
            ..MenteeDraft::default()
        };
        let mentee_id = mentees::register(&scene.app.api, &system, scene.center, draft, None)
            .await
            .expect("a mentee")
            .id;
        let mut draft = TestApp::case_draft();
        draft.guardian_consent_on = minor.then(|| date("2026-11-20"));
        let case = cases::draft(&scene.app.api, &system, mentee_id, draft, None)
            .await
            .expect("a case")
            .id;
        cases::submit(&scene.app.api, &system, case, None)
            .await
            .expect("a submission");
        cases::accept(&scene.app.api, &system, case, None)
            .await
            .expect("a search");
        let id = scene.ask(case, &[expert_id]).await[0];
        Self {
            scene,
            case,
            expert_id,
            mentee_id,
            id,
        }
    }

    pub(crate) fn expert(&self) -> Caller {
        self.by_link(Party::Expert(self.expert_id))
    }

    pub(crate) fn mentee(&self) -> Caller {
        self.by_link(Party::Mentee(self.mentee_id))
    }

    pub(crate) fn guardian(&self) -> Caller {
        self.by_link(Party::Guardian(self.mentee_id))
    }

    fn by_link(&self, party: Party) -> Caller {
        let person = Person {
            party,
            about: About::Match(self.id),
            way: GivenWay::Link,
        };
        Caller::person(person, "192.0.2.1")
    }

    pub(crate) fn staff(&self) -> &Caller {
        &self.scene.staff.caller
    }

    pub(crate) fn office(&self) -> &Caller {
        &self.scene.coordinator.caller
    }

    /// An inspected check of this kind and both trainings.
    pub(crate) async fn make_ready(&self, kind: CheckKind) {
        self.inspect(kind, None).await;
        self.attend().await;
    }

    /// Both trainings.
    pub(crate) async fn attend(&self) {
        let api = &self.scene.app.api;
        for module in training::modules(api, &Caller::system()).await.expect("modules") {
            training::record_attendance(api, self.office(), self.expert_id, module.id, date("2026-11-20"))
                .await
                .expect("an attendance");
        }
    }

    /// An inspection today, valid until a day.
    pub(crate) async fn inspect(&self, kind: CheckKind, valid_until: Option<&str>) {
        let inspection = checks::InspectionInput {
            kind,
            certificate_date: self.scene.app.api.today() - Duration::days(10),
            inspected_on: None,
            no_relevant_entry: true,
            valid_until: valid_until.map(date),
        };
        checks::record_inspection(&self.scene.app.api, self.office(), self.expert_id, inspection)
            .await
            .expect("an inspection");
    }

    pub(crate) async fn introduced(&self) {
        matches::introduce(&self.scene.app.api, self.staff(), self.id, None)
            .await
            .expect("an introduction");
    }

    /// Up to the first meeting, which was today.
    pub(crate) async fn met(&self) {
        self.introduced().await;
        let today = self.scene.app.api.today();
        matches::record_first_meeting(&self.scene.app.api, self.staff(), self.id, today)
            .await
            .expect("a meeting");
    }

    pub(crate) async fn says(&self, who: &Caller, verdict: Verdict) -> matches::OwnVerdict {
        matches::give_verdict(&self.scene.app.api, who, self.id, verdict)
            .await
            .expect("a verdict")
    }

    /// Up to two yes.
    pub(crate) async fn consented(&self) {
        self.met().await;
        self.says(&self.expert(), Verdict::Yes).await;
        self.says(&self.mentee(), Verdict::Yes).await;
    }

    pub(crate) fn terms() -> AgreementDraft {
        AgreementDraft {
            areas: vec![SupportArea::Language, SupportArea::Application],
            place: "Servicestelle Hamburg".into(),
            goals: "Ein Ausbildungsplatz im Herbst".into(),
            ..AgreementDraft::default()
        }
    }

    pub(crate) async fn written(&self) -> AgreementId {
        matches::write_agreement(&self.scene.app.api, self.staff(), self.id, Self::terms())
            .await
            .expect("an agreement")
            .id
    }

    pub(crate) async fn signs(&self, who: &Caller, agreement: AgreementId) {
        matches::sign(&self.scene.app.api, who, agreement)
            .await
            .expect("a signature");
    }

    /// Up to an active match with a mentee of age.
    pub(crate) async fn active() -> Self {
        let tandem = Self::of_age().await;
        tandem.make_ready(CheckKind::Simple).await;
        tandem.consented().await;
        let agreement = tandem.written().await;
        tandem.signs(&tandem.expert(), agreement).await;
        tandem.signs(&tandem.mentee(), agreement).await;
        tandem
    }

    pub(crate) async fn days_later(&mut self, days: i64) {
        self.scene.days_later(days).await;
    }

    pub(crate) fn in_days(&self, days: i64) -> DateTime<Utc> {
        self.scene.app.now() + Duration::days(days)
    }

    /// Ends a test that is not about mails.
    pub(crate) async fn finish(self) {
        self.scene.finish().await;
    }
}

/// Why something was refused, as `CODE field`.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    match result {
        Err(Error::Refused(errors)) => errors
            .iter()
            .map(|UserError { code, field, .. }| {
                if field.is_empty() {
                    code.to_string()
                } else {
                    format!("{code} {field}")
                }
            })
            .collect(),
        other => panic!("not refused: {other:?}"),
    }
}

/// The code of the first refusal, or none where it went through.
pub(crate) fn code<T: std::fmt::Debug>(result: &Result<T>) -> Option<Code> {
    match result {
        Ok(_) => None,
        Err(Error::Refused(errors)) => errors.first().map(|error| error.code),
        Err(error) => panic!("a fault: {error:?}"),
    }
}
