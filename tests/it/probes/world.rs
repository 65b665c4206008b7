//! Two offices with everything that there is, and somebody of every role in the first.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tandem_domain::{
    ids::{CaseId, CenterId, ExpertId, Id, MatchId, MenteeId, OfficeId},
    policy::{Grant, Resource},
};
use tandem_operations::{Caller, cases};
use tandem_tests::{Actor, TestApp};
use uuid::Uuid;

use crate::scene::{gid, parse};

const YES: &str =
    "mutation($id: ID!) { recordAnswerByTelephone(id: $id, answer: YES) { userErrors { code } } }";

/// One office's world: ids by what they are ids of, and the facts that the policy asks for.
pub(crate) struct Half {
    ids: BTreeMap<&'static str, String>,
    facts: BTreeMap<&'static str, Resource>,
    pub(crate) office: OfficeId,
    pub(crate) center: CenterId,
    pub(crate) expert: ExpertId,
    pub(crate) mentee: MenteeId,
}

/// Somebody who probes.
pub(crate) struct Prober {
    pub(crate) name: &'static str,
    pub(crate) actor: Actor,
    pub(crate) grants: Vec<Grant>,
}

/// Both offices, and everybody of the first.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) own: Half,
    pub(crate) other: Half,
    pub(crate) probers: Vec<Prober>,
}

impl World {
    pub(crate) async fn make() -> Self {
        let app = TestApp::start_with(|options| {
            options.introspection = true;
            options.limits.complexity = 1_000_000;
        })
        .await;
        let admin = app.admin().await;
        let version =
            admin.ask("{ settings { version } }", json!({})).await.data()["settings"]["version"].clone();
        let settings = "mutation($version: Int!) {
            updateSettings(input: { version: $version, approachLimit: 9 }) { userErrors { code message } } }";
        let changed = admin.ask(settings, json!({ "version": version })).await;
        changed.done("updateSettings");
        let own = Half::make(&app, &admin, "Nord", "20095").await;
        let other = Half::make(&app, &admin, "Süd", "80331").await;
        let mut probers = Vec::new();
        for (name, grant) in [
            ("ADMIN", Some(Grant::Admin)),
            ("HEAD_OFFICE", Some(Grant::Coordinator(None))),
            ("COORDINATOR", Some(Grant::Coordinator(Some(own.office)))),
            ("CENTER_STAFF", Some(Grant::CenterStaff(own.center))),
            ("EXPERT", Some(Grant::Expert(own.expert))),
            ("MENTEE", Some(Grant::Mentee(own.mentee))),
            ("NO_ROLE", None),
        ] {
            let actor = match grant {
                Some(grant @ (Grant::Expert(_) | Grant::Mentee(_))) => app.person(name, grant).await,
                grant => app.staff(name, grant.as_slice()).await,
            };
            probers.push(Prober {
                name,
                actor,
                grants: grant.into_iter().collect(),
            });
        }
        app.drain_some().await;
        app.ignore_mails();
        Self {
            app,
            own,
            other,
            probers,
        }
    }

    /// Both halves with a word for each.
    pub(crate) fn halves(&self) -> [(&'static str, &Half); 2] {
        [("own", &self.own), ("other", &self.other)]
    }

    /// The token of a program that acts as one of the probers, with every scope.
    pub(crate) async fn partner_token(&self, name: &str) -> String {
        let prober = self
            .probers
            .iter()
            .find(|prober| prober.name == name)
            .expect("a prober");
        let input = tandem_domain::tokens::ApiTokenInput {
            name: "partner".into(),
            scopes: strum::VariantArray::VARIANTS.to_vec(),
            days: 30,
        };
        let system = Caller::system();
        tandem_operations::auth::tokens::create(&self.app.api, &system, prober.actor.user, input)
            .await
            .expect("a token")
            .secret
    }

    /// Ends it: probing leaves jobs and mails behind.
    pub(crate) async fn end(self) {
        use tandem_storage::jobs::State;
        self.app.drain_some().await;
        self.app.ignore_mails();
        self.app
            .finish_leaving(&[State::Pending, State::Running, State::Dead])
            .await;
    }
}

impl Half {
    async fn make(app: &TestApp, admin: &Actor, name: &str, postal_code: &str) -> Self {
        let office = app.office(&format!("Büro {name}"), postal_code).await;
        let center = app
            .center(office, &format!("Servicestelle {name}"), postal_code)
            .await;
        let mut draft = TestApp::expert_draft(&format!("Weber {name}"), postal_code);
        draft.capacity = Some(5);
        let expert = app.expert_of(office, draft).await;
        let second = app.expert(office, &format!("Kraus {name}"), postal_code).await;
        let mut half = Self {
            ids: BTreeMap::new(),
            facts: BTreeMap::new(),
            office,
            center,
            expert,
            mentee: MenteeId::from(Uuid::nil()),
        };
        half.know("office", office, Resource::office(office));
        half.know("center", center, Resource::center(center, office));
        half.know("second_expert", second, Resource::expert(second, office));

        // the expert has said yes to the first case, and is asked for the second
        let (engaged, asked, searching) = (
            app.case(center).await,
            app.case(center).await,
            app.case(center).await,
        );
        let revealed = half.ask(app, admin, engaged, expert).await;
        let answer = admin.ask(YES, json!({ "id": gid(revealed) })).await;
        answer.done("recordAnswerByTelephone");
        let hidden = half.ask(app, admin, asked, expert).await;
        let leaving = app.case(center).await;
        let leaving = half.ask(app, admin, leaving, expert).await;
        let answer = admin.ask(YES, json!({ "id": gid(leaving) })).await;
        answer.done("recordAnswerByTelephone");
        for (word, case) in [
            ("case", engaged),
            ("asked_case", asked),
            ("searching_case", searching),
        ] {
            let resource = case_resource(app, case, center, office).await;
            half.know(word, case, resource);
        }
        half.mentee = half.facts["case"].mentee.expect("a case has a mentee");
        half.know("mentee", half.mentee, half.facts["case"]);
        half.match_facts(app, "match", revealed).await;
        // since the yes the centre and the mentee know the expert; the other one nobody there knows
        let seen = Resource {
            revealed: true,
            expert: Some(expert),
            ..half.facts["case"]
        };
        half.know("expert", expert, seen);
        half.trained_and_checked(admin).await;
        half.match_facts(app, "asked_match", hidden).await;
        half.match_facts(app, "leaving_match", leaving).await;
        half.papers(app, admin, revealed).await;
        half.withdrawn_case(app).await;
        half.cases_to_decide(app).await;
        half.plan(app, admin).await;

        let mut conn = app.superuser().await;
        for (word, whose) in [("address_change", expert), ("withdrawable_change", second)] {
            let patch = tandem_operations::experts::ExpertPatch {
                email: Some(format!("{word}.{}@example.org", postal_code)),
                ..Default::default()
            };
            tandem_operations::experts::update(&app.api, &Caller::system(), whose, None, patch)
                .await
                .expect("a changed address");
            let change: Uuid = sqlx::query_scalar("SELECT id FROM address_changes WHERE expert_id = $1")
                .bind(whose.uuid())
                .fetch_one(&mut conn)
                .await
                .expect("a change");
            let of = if whose == expert {
                seen
            } else {
                Resource::expert(second, office)
            };
            half.know(word, tandem_domain::ids::AddressChangeId::from(change), of);
        }
        let delivery: Uuid =
            sqlx::query_scalar("SELECT id FROM email_deliveries WHERE recipient_id = $1 LIMIT 1")
                .bind(expert.uuid())
                .fetch_one(&mut conn)
                .await
                .expect("an approach");
        half.know(
            "delivery",
            tandem_domain::ids::DeliveryId::from(delivery),
            Resource::office(office),
        );
        let job: Uuid = sqlx::query_scalar("SELECT id FROM jobs ORDER BY id LIMIT 1")
            .fetch_one(&mut conn)
            .await
            .expect("a job");
        half.know("job", tandem_domain::ids::JobId::from(job), Resource::programme());
        let module: Uuid = sqlx::query_scalar("SELECT id FROM training_modules ORDER BY id LIMIT 1")
            .fetch_one(&mut conn)
            .await
            .expect("a module");
        half.know(
            "module",
            tandem_domain::ids::ModuleId::from(module),
            Resource::programme(),
        );
        let user = app.staff("Colleague", &[Grant::CenterStaff(center)]).await;
        half.know("user", user.user, Resource::programme());
        let grant: Uuid = sqlx::query_scalar("SELECT id FROM role_grants WHERE user_id = $1")
            .bind(user.user.uuid())
            .fetch_one(&mut conn)
            .await
            .expect("a role");
        half.know(
            "grant",
            tandem_domain::ids::RoleGrantId::from(grant),
            Resource::programme(),
        );
        half
    }

    fn know<T: Id>(&mut self, word: &'static str, id: T, resource: Resource) {
        self.ids.insert(word, gid(id));
        self.facts.insert(word, resource);
    }

    /// The global id of what a word stands for.
    pub(crate) fn id(&self, word: &str) -> Option<&str> {
        self.ids.get(word).map(String::as_str)
    }

    /// What the policy is asked about.
    pub(crate) fn resource(&self, word: &str) -> Resource {
        match word {
            "programme" => Resource::programme(),
            word => *self
                .facts
                .get(word)
                .unwrap_or_else(|| panic!("the probes' world has no {word}: see probes/world.rs")),
        }
    }

    /// A call with ids in place of words.
    pub(crate) fn fill(&self, call: &str) -> String {
        let mut text = call.to_owned();
        for (word, id) in &self.ids {
            text = text.replace(&format!("{{{word}}}"), id);
        }
        text
    }

    async fn ask(&self, _app: &TestApp, admin: &Actor, case: CaseId, expert: ExpertId) -> MatchId {
        let variables = json!({ "case": gid(case), "experts": [gid(expert)] });
        let answer = admin.ask(crate::scene::APPROACH, variables).await;
        parse(&answer.done("approachExperts")["matches"][0]["id"])
    }

    async fn match_facts(&mut self, app: &TestApp, word: &'static str, id: MatchId) {
        let mut conn = app.superuser().await;
        let matching = tandem_storage::matches::get(&mut conn, id)
            .await
            .expect("a match")
            .expect("a match");
        let resource = matching.resource();
        self.know(word, id, resource);
    }

    /// What is in the expert's file.
    async fn trained_and_checked(&self, admin: &Actor) {
        for (mutation, arguments) in [
            (
                "recordCheckInspection",
                "expertId: $id, input: { kind: EXTENDED, certificateDate: \"2026-11-02\", noRelevantEntry: true }",
            ),
            (
                "recordAttendance",
                "expertId: $id, moduleId: $module, attendedOn: \"2026-11-02\"",
            ),
        ] {
            let unused = if arguments.contains("$module") {
                "$module: ID!"
            } else {
                ""
            };
            let document = format!(
                "mutation($id: ID!, {unused}) {{ {mutation}({arguments}) {{ userErrors {{ code message }} }} }}"
            );
            let modules = admin.ask("{ trainingModules { id } }", json!({})).await;
            let module = &modules.data()["trainingModules"][0]["id"];
            let variables = json!({ "id": gid(self.expert), "module": module });
            admin.ask(&document, variables).await.done(mutation);
        }
    }

    /// What is written and kept about the expert and the match: made in the database, since most of it comes only
    /// later in a match's life.
    async fn papers(&mut self, app: &TestApp, admin: &Actor, matching: MatchId) {
        use tandem_domain::ids::{
            AgreementId, AttendanceId, CheckId, DataRequestId, DocumentId, PaperRecordId,
        };
        use tandem_domain::ids::{ProblemId, TrainingSessionId};
        let (of_expert, of_match) = (self.facts["expert"], self.facts["match"]);
        let office = Resource::office(self.office);
        // a record of one side's word is the affair of nobody on the other
        let of_side = Resource {
            mentee: None,
            ..of_match
        };
        let problem = Resource {
            expert: None,
            ..of_match
        };
        let (expert, admin, now) = (self.expert, admin.user, app.now());
        let second = self.facts["second_expert"].expert.expect("an expert");
        let mut conn = app.superuser().await;
        let mut row = async |sql: &str| -> Uuid {
            let sql = sql
                .replace("$expert", &format!("'{expert}'"))
                .replace("$second", &format!("'{second}'"))
                .replace("$match", &format!("'{matching}'"))
                .replace("$office", &format!("'{}'", self.office))
                .replace(
                    "$case",
                    &format!("(SELECT case_id FROM matches WHERE id = '{matching}')"),
                )
                .replace("$user", &format!("'{admin}'"))
                .replace("$now", &format!("'{now}'"));
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql.clone()))
                .fetch_one(&mut conn)
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error}"))
        };
        let check = row("SELECT id FROM background_checks WHERE expert_id = $expert").await;
        let attendance = row("SELECT id FROM training_attendances WHERE expert_id = $expert").await;
        let session = row(
            "INSERT INTO training_sessions (id, module_id, office_id, starts_at, ends_at, place, video_link, seats, created_at, updated_at)
             SELECT gen_random_uuid(), id, $office, '2026-01-10 09:00+01', '2026-01-10 16:00+01', 'Halle', 'https://video.example.org/1', 9, $now, $now
               FROM training_modules ORDER BY id LIMIT 1 RETURNING id",
        )
        .await;
        row("INSERT INTO training_attendances (id, expert_id, module_id, session_id, state, attended_on, created_at, updated_at)
             SELECT gen_random_uuid(), $second, module_id, id, 'ATTENDED', '2026-01-10', $now, $now
               FROM training_sessions WHERE office_id = $office RETURNING id")
        .await;
        let waiting = row(
            "INSERT INTO background_checks (id, expert_id, kind, requested_on, created_at, updated_at)
             VALUES (gen_random_uuid(), $second, 'SIMPLE', '2026-11-01', $now, $now) RETURNING id",
        )
        .await;
        row(&format!(
            "INSERT INTO pending_inspections (check_id, certificate_date, inspected_on, inspected_by, no_relevant_entry, valid_until, created_at)
             VALUES ('{waiting}', '2026-11-02', '2026-11-03', $user, true, '2031-11-03', $now) RETURNING check_id"
        ))
        .await;
        let agreement = row(
            "INSERT INTO agreements (id, match_id, number, areas, starts_on, ends_on, written_by_side, created_at)
             VALUES (gen_random_uuid(), $match, 1, '{LANGUAGE}', '2026-11-23', '2027-11-23', 'CENTER', $now) RETURNING id",
        )
        .await;
        let paper = row(
            "INSERT INTO paper_records (id, match_id, side, what, on_date, witness, recorded_by, recorded_at, contested_at)
             VALUES (gen_random_uuid(), $match, 'EXPERT', 'VERDICT', '2026-11-23', 'W', $user, $now, $now) RETURNING id",
        )
        .await;
        let problem_id = row(
            "INSERT INTO problem_reports (id, case_id, match_id, side, text, given_by_way, reported_at)
             VALUES (gen_random_uuid(), $case, $match, 'MENTEE', 'x', 'LINK', $now) RETURNING id",
        )
        .await;
        let document = row(
            "INSERT INTO documents (id, kind, subject_kind, subject_id, expert_id, content_version, bytes, rendered_at, created_at)
             SELECT gen_random_uuid(), 'CHECK_LETTER', 'BackgroundCheck', id, $expert, 'probe', 'x', $now, $now
               FROM background_checks WHERE expert_id = $expert RETURNING id",
        )
        .await;
        row("INSERT INTO documents (id, kind, subject_kind, subject_id, expert_id, content_version, bytes, rendered_at, created_at)
             SELECT gen_random_uuid(), 'TRAINING_CERTIFICATE', 'TrainingAttendance', id, $expert, 'probe', 'x', $now, $now
               FROM training_attendances WHERE expert_id = $expert RETURNING id")
        .await;
        let request = row(
            "INSERT INTO data_requests (id, kind, subject_kind, subject_id, requested_by, state, receipt, content, created_at, finished_at, expires_at)
             VALUES (gen_random_uuid(), 'EXPORT', 'EXPERT', $expert, $user, 'DONE', '{}', '{}', $now, $now, $now::timestamptz + '1 day') RETURNING id",
        )
        .await;
        self.know("check", CheckId::from(check), of_expert);
        self.know("attendance", AttendanceId::from(attendance), of_expert);
        self.know("session", TrainingSessionId::from(session), office);
        self.know("agreement", AgreementId::from(agreement), of_match);
        self.know("paper", PaperRecordId::from(paper), of_side);
        self.know("problem", ProblemId::from(problem_id), problem);
        self.know("document", DocumentId::from(document), of_expert);
        // what is kept about the expert is the expert's alone, whoever knows the expert
        let alone = Resource::expert(self.expert, self.office);
        self.know("person", self.expert, alone);
        self.know("request", DataRequestId::from(request), alone);
    }

    /// An earlier case of the mentee, with a consent that was entered from paper: denying it stops nothing here.
    async fn withdrawn_case(&mut self, app: &TestApp) {
        let id: CaseId = app.api.id();
        let mut conn = app.superuser().await;
        sqlx::query(
            "INSERT INTO cases (id, center_id, mentee_id, state, withdrawn_at, created_at, updated_at)
             VALUES ($1, $2, $3, 'WITHDRAWN', $4, $4, $4)",
        )
        .bind(id.uuid())
        .bind(self.center.uuid())
        .bind(self.mentee.uuid())
        .bind(app.now())
        .execute(&mut conn)
        .await
        .expect("a case");
        let entry = tandem_storage::cases::NewConsentRecord {
            case: id,
            side: tandem_domain::parties::Side::Mentee,
            on: app.api.today(),
        };
        tandem_storage::cases::record_consents(&mut conn, &[entry], None, app.now())
            .await
            .expect("an entry");
        let resource = case_resource(app, id, self.center, self.office).await;
        self.know("withdrawn_case", id, resource);
    }

    /// A draft, and two cases that wait for the office.
    async fn cases_to_decide(&mut self, app: &TestApp) {
        let system = Caller::system();
        for word in ["draft_case", "submitted_case", "returnable_case"] {
            let mentee = app.mentee(self.center, "Yusuf").await;
            let case = cases::draft(&app.api, &system, mentee, TestApp::case_draft(), None)
                .await
                .expect("a draft");
            if word != "draft_case" {
                cases::submit(&app.api, &system, case.id, None)
                    .await
                    .expect("a submitted case");
            }
            let resource = case_resource(app, case.id, self.center, self.office).await;
            self.know(word, case.id, resource);
        }
    }

    /// A plan with a proposal for the case that is searching.
    async fn plan(&mut self, app: &TestApp, admin: &Actor) {
        let start =
            "mutation($office: ID!) { startMatchingRun(input: { officeIds: [$office], admitMissing: true }) {
            matchingRun { id } userErrors { code message } } }";
        let answer = admin.ask(start, json!({ "office": gid(self.office) })).await;
        let run = answer.done("startMatchingRun")["matchingRun"]["id"].clone();
        app.drain().await;
        let (id, office) = (parse::<tandem_domain::ids::RunId>(&run), self.office);
        self.know("run", id, Resource::office(office));
        let mut conn = app.superuser().await;
        let proposal: Option<Uuid> =
            sqlx::query_scalar("SELECT id FROM proposals WHERE run_id = $1 ORDER BY rank LIMIT 1")
                .bind(id.uuid())
                .fetch_optional(&mut conn)
                .await
                .expect("the plan");
        let proposal = proposal.expect("the plan has a proposal");
        self.know(
            "proposal",
            tandem_domain::ids::ProposalId::from(proposal),
            Resource::office(office),
        );
    }
}

async fn case_resource(app: &TestApp, case: CaseId, center: CenterId, office: OfficeId) -> Resource {
    let mut conn = app.superuser().await;
    let row = tandem_storage::cases::get(&mut conn, case)
        .await
        .expect("a case")
        .expect("a case");
    Resource::mentee(row.mentee, center, office)
}

/// The names of an object type's fields, from the schema itself.
pub(crate) async fn schema(app: &TestApp) -> Vec<Value> {
    const TYPES: &str = "{ __schema { types { name kind fields(includeDeprecated: true) {
        name args { name type { kind } defaultValue } type { ...T } } } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    let answer = app.nobody().ask(TYPES, json!({})).await;
    let types = answer.data()["__schema"]["types"]
        .as_array()
        .expect("types")
        .clone();
    types
        .into_iter()
        .filter(|named| {
            let name = named["name"].as_str().unwrap_or_default();
            named["kind"] == "OBJECT" && !name.starts_with("__")
        })
        .collect()
}
