//! Offices, centres, experts, mentees and cases as a test needs them: made by the product's own
//! operations, so that none is impossible.

use chrono::NaiveDate;
use tandem_domain::{
    cases::CaseDraft,
    centers::CenterDraft,
    experts::{ExpertDraft, OccupationKind},
    ids::{CaseId, CenterId, ExpertId, MenteeId, OfficeId},
    mentees::MenteeDraft,
    offices::OfficeInput,
    values::{CefrLevel, Gender, SupportArea},
};
use tandem_operations::{Caller, cases, centers, experts, mentees, offices};

use crate::TestApp;

/// A date of a test.
///
/// # Panics
/// Where it does not exist.
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

impl TestApp {
    /// A regional office with this name at this postal code.
    pub async fn office(&self, name: &str, postal_code: &str) -> OfficeId {
        let input = OfficeInput {
            external_id: None,
            name: name.to_owned(),
            postal_code: postal_code.to_owned(),
            email: format!("{}@office.example.org", slug(name)),
            phone: "+49 30 23125 001".into(),
            contact_name: "Jutta Petersen".into(),
        };
        offices::create(&self.api, &Caller::system(), input, None)
            .await
            .expect("an office can be created")
            .id
    }

    /// A service centre of an office with this name at this postal code.
    pub async fn center(&self, office: OfficeId, name: &str, postal_code: &str) -> CenterId {
        let draft = CenterDraft {
            external_id: None,
            name: name.to_owned(),
            carrier_organisation: "Träger e. V.".into(),
            street: "Hauptstraße 1".into(),
            postal_code: postal_code.to_owned(),
            email: format!("{}@center.example.org", slug(name)),
            phone: "+49 30 23125 002".into(),
            contact_name: "Ayşe Kaya".into(),
            match_limit: None,
            active: true,
        };
        centers::create(&self.api, &Caller::system(), office, draft, None)
            .await
            .expect("a centre can be created")
            .id
    }

    /// A complete expert's details, to be changed as the test needs it.
    pub fn expert_draft(family_name: &str, postal_code: &str) -> ExpertDraft {
        ExpertDraft {
            given_name: "Ingrid".into(),
            family_name: family_name.to_owned(),
            gender: Some(Gender::Female),
            birth_date: Some(date("1955-04-12")),
            street: "Gartenweg 3".into(),
            postal_code: postal_code.to_owned(),
            email: format!("{}@expert.example.org", slug(family_name)),
            phone: "+49 30 23125 003".into(),
            capacity: Some(1),
            travel_radius_km: Some(30),
            occupations: vec![(
                OccupationKind::Occupation,
                Some("26302".into()),
                "Elektronikerin".into(),
            )],
            languages: vec!["de".into()],
            support_areas: vec![SupportArea::Language, SupportArea::Application],
            ..ExpertDraft::default()
        }
    }

    /// An active expert of an office.
    pub async fn expert(&self, office: OfficeId, family_name: &str, postal_code: &str) -> ExpertId {
        self.expert_of(office, Self::expert_draft(family_name, postal_code))
            .await
    }

    /// The same with other details.
    pub async fn expert_of(&self, office: OfficeId, draft: ExpertDraft) -> ExpertId {
        let (expert, _) = experts::register(&self.api, &Caller::system(), office, draft, None)
            .await
            .expect("an expert can be registered");
        experts::activate(&self.api, &Caller::system(), expert.id, None, None)
            .await
            .expect("an expert can be activated");
        expert.id
    }

    /// A mentee of age of a centre.
    pub async fn mentee(&self, center: CenterId, given_name: &str) -> MenteeId {
        let draft = MenteeDraft {
            given_name: given_name.to_owned(),
            family_name: "Ahmadi".into(),
            birth_date: Some(date("2004-02-01")),
            languages: vec!["fa".into()],
            german_level: Some(CefrLevel::B1),
            ..MenteeDraft::default()
        };
        mentees::register(&self.api, &Caller::system(), center, draft, None)
            .await
            .expect("a mentee can be registered")
            .id
    }

    /// A complete case's details, to be changed as the test needs it.
    pub fn case_draft() -> CaseDraft {
        CaseDraft {
            contact_name: "Ayşe Kaya".into(),
            planned_start: Some(date("2027-01-04")),
            support_areas: vec![(SupportArea::Language, 1), (SupportArea::Application, 2)],
            eligibility_confirmed: true,
            mentee_consent_on: Some(date("2026-11-20")),
            ..CaseDraft::default()
        }
    }

    /// A case that is searching, of a mentee of its own who has consented in person.
    pub async fn case(&self, center: CenterId) -> CaseId {
        self.case_of(center, Self::case_draft()).await
    }

    /// The same with other details.
    pub async fn case_of(&self, center: CenterId, draft: CaseDraft) -> CaseId {
        let mentee = self.mentee(center, "Samira").await;
        let system = Caller::system();
        let consents = [
            (false, draft.mentee_consent_on),
            (true, draft.guardian_consent_on),
        ];
        let draft = CaseDraft {
            mentee_consent_on: None,
            guardian_consent_on: None,
            ..draft
        };
        let case = cases::draft(&self.api, &system, mentee, draft, None)
            .await
            .expect("a case can be drafted");
        let mut conn = self.conn().await;
        for (guardian, on) in consents {
            if let Some(on) = on {
                tandem_storage::cases::set_consent(&mut conn, case.id, guardian, on, self.now())
                    .await
                    .expect("a consent");
            }
        }
        cases::submit(&self.api, &system, case.id, None)
            .await
            .expect("a case can be submitted");
        cases::accept(&self.api, &system, case.id, None)
            .await
            .expect("a case can be accepted");
        case.id
    }
}

fn slug(name: &str) -> String {
    tandem_domain::text::fold_name(name).replace(' ', ".")
}
