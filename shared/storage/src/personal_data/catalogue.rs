//! Every column of every table.

use super::Purpose::{
    Access, Check, Coarse, Contact, Copy, FreeText, Identity, Log, Mail, OwnWord, Profile, Training,
};
use super::Subject::{Case, Expert, Mentee, User};
use super::Then::{Apart, Empty, Null, Stay, To};
use super::Whose::{Both, Concerned, Guardian, Nobody, Staff};
use super::{Group, Purpose, Subject, Table, Then, Whose};

const fn group(whose: Whose, purpose: Purpose, then: Then, columns: &'static str) -> Group {
    Group {
        whose,
        purpose,
        then,
        columns,
    }
}

/// Columns that are about nobody.
const fn facts(columns: &'static str) -> Group {
    group(Nobody, Coarse, Stay, columns)
}

const fn table(
    name: &'static str,
    of: &'static [(Subject, &'static str)],
    gone_with: &'static [Subject],
    columns: &'static [Group],
) -> Table {
    Table {
        name,
        of,
        gone_with,
        columns,
    }
}

/// A table that is about nobody.
const fn plain(name: &'static str, columns: &'static [Group]) -> Table {
    table(name, &[], &[], columns)
}

const NAME: Then = To("'–'");
const NO_EMAIL: Then = To("'erased@erased.invalid'");
const NO_LIST: Then = To("'{}'");

const OF_EXPERT: &[(Subject, &str)] = &[(Expert, "expert_id = $1")];
const OF_MENTEE: &[(Subject, &str)] = &[(Mentee, "mentee_id = $1")];
const OF_USER: &[(Subject, &str)] = &[(User, "user_id = $1")];
const OF_CASE: &[(Subject, &str)] = &[
    (Mentee, "case_id IN (SELECT id FROM cases WHERE mentee_id = $1)"),
    (Case, "case_id = $1"),
];
const OF_MATCH: &[(Subject, &str)] = &[
    (
        Expert,
        "match_id IN (SELECT id FROM matches WHERE expert_id = $1)",
    ),
    (
        Mentee,
        "match_id IN (SELECT m.id FROM matches m JOIN cases c ON c.id = m.case_id WHERE c.mentee_id = $1)",
    ),
    (Case, "match_id IN (SELECT id FROM matches WHERE case_id = $1)"),
];
/// The same for rows of one side.
const OF_SIDE: &[(Subject, &str)] = &[
    (
        Expert,
        "side = 'EXPERT' AND match_id IN (SELECT id FROM matches WHERE expert_id = $1)",
    ),
    (
        Mentee,
        "side <> 'EXPERT' AND match_id IN (SELECT m.id FROM matches m JOIN cases c ON c.id = m.case_id WHERE c.mentee_id = $1)",
    ),
];

/// Every table of the database with every column. Parents stand before their children.
pub const TABLES: &[Table] = &[
    // ── reference ───────────────────────────────────────────────────────────────────────────────
    plain(
        "postal_codes",
        &[facts("postal_code place latitude longitude federal_state")],
    ),
    plain(
        "occupations",
        &[facts(
            "id kldb_code title title_feminine title_masculine field aliases search_text",
        )],
    ),
    plain(
        "training_modules",
        &[facts(
            "id code title required validity_months active version created_at",
        )],
    ),
    plain("settings", &[facts("version settings changed_by changed_at")]),
    plain("sweep_ticks", &[facts("name tick ran_at")]),
    // ── organisation ────────────────────────────────────────────────────────────────────────────
    plain(
        "regional_offices",
        &[
            facts("id external_id name postal_code version created_at updated_at"),
            group(Staff, Contact, Stay, "email phone contact_name"),
        ],
    ),
    plain(
        "service_centers",
        &[
            facts(
                "id external_id office_id name carrier_organisation street postal_code match_limit active version created_at updated_at",
            ),
            group(Staff, Contact, Stay, "email phone contact_name"),
        ],
    ),
    table(
        "users",
        &[(User, "id = $1")],
        &[],
        &[
            facts("id version created_at updated_at"),
            group(
                Whose::User,
                Contact,
                To("'erased-' || id || '@erased.invalid'"),
                "email",
            ),
            group(Whose::User, Identity, NAME, "name"),
            group(Whose::User, Contact, Empty, "phone"),
            group(Whose::User, Contact, To("'de'"), "language"),
            group(Whose::User, Access, To("false"), "active"),
            facts("erased_at"),
        ],
    ),
    table(
        "sessions",
        OF_USER,
        &[User],
        &[
            facts("id user_id created_at last_used_at expires_at revoked_at rotated_at idle_seconds method"),
            group(
                Whose::User,
                Access,
                Stay,
                "token_hash previous_token_hash user_agent address",
            ),
        ],
    ),
    table(
        "openid_subjects",
        OF_USER,
        &[User],
        &[
            facts("issuer user_id created_at last_used_at"),
            group(Whose::User, Access, Stay, "subject"),
        ],
    ),
    table(
        "api_tokens",
        OF_USER,
        &[User],
        &[
            facts("id user_id scopes created_by created_at expires_at last_used_at revoked_at"),
            group(Whose::User, Access, Stay, "name token_hash"),
        ],
    ),
    // the address goes within minutes, whether it is somebody's or not
    table(
        "sign_in_requests",
        &[(User, "email = (SELECT u.email FROM users u WHERE u.id = $1)")],
        &[User],
        &[
            facts("id browser_id created_at handled_at"),
            group(Whose::User, Access, Stay, "email"),
        ],
    ),
    // ── experts ─────────────────────────────────────────────────────────────────────────────────
    table(
        "experts",
        &[(Expert, "id = $1")],
        &[],
        &[
            facts(
                "id office_id state capacity open_matches travel_radius_km activated_on left_on email_undeliverable links_void_before version created_at updated_at erased_at",
            ),
            group(Whose::Expert, Identity, Null, "external_id gender birth_date"),
            group(Whose::Expert, Identity, Empty, "title search_text sort_name"),
            group(Whose::Expert, Identity, NAME, "given_name family_name"),
            group(Whose::Expert, Contact, Empty, "street phone"),
            group(Whose::Expert, Contact, NO_EMAIL, "email"),
            group(
                Whose::Expert,
                Contact,
                To("(SELECT o.postal_code FROM regional_offices o WHERE o.id = office_id)"),
                "postal_code",
            ),
            group(Whose::Expert, Contact, To("'de'"), "language"),
            group(Whose::Expert, Profile, NO_LIST, "preferred_channels"),
            group(Whose::Expert, FreeText, Empty, "motivation"),
            group(Whose::Expert, OwnWord, To("false"), "publicity_consent"),
        ],
    ),
    table(
        "address_changes",
        &[(Expert, "expert_id = $1"), (Mentee, "mentee_id = $1")],
        &[Expert, Mentee],
        &[
            facts(
                "id side expert_id mentee_id asked_by asked_at expires_at old_confirmed_at new_confirmed_at vouched_by vouched_at spoken_on ended_at outcome",
            ),
            group(Concerned, Contact, Stay, "old_email new_email"),
        ],
    ),
    table(
        "expert_occupations",
        OF_EXPERT,
        &[Expert],
        &[
            facts("expert_id position"),
            group(Whose::Expert, Profile, Stay, "kind kldb_code label"),
        ],
    ),
    table(
        "expert_languages",
        OF_EXPERT,
        &[Expert],
        &[
            facts("expert_id"),
            group(Whose::Expert, Profile, Stay, "language"),
        ],
    ),
    table(
        "expert_support_areas",
        OF_EXPERT,
        &[Expert],
        &[facts("expert_id"), group(Whose::Expert, Profile, Stay, "area")],
    ),
    table(
        "expert_programmes",
        OF_EXPERT,
        &[Expert],
        &[
            facts("expert_id"),
            group(Whose::Expert, Profile, Stay, "programme"),
        ],
    ),
    table(
        "expert_pauses",
        OF_EXPERT,
        &[Expert],
        &[
            facts("id expert_id"),
            group(Whose::Expert, Profile, Stay, "from_date until_date"),
        ],
    ),
    table(
        "background_checks",
        OF_EXPERT,
        &[Expert],
        &[
            facts("id expert_id requested_by confirmed_by inspected_by version created_at updated_at"),
            group(
                Whose::Expert,
                Check,
                Stay,
                "kind requested_on certificate_date inspected_on no_relevant_entry valid_until erased_on standby_ended_on deployment_ended_on",
            ),
        ],
    ),
    table(
        "pending_inspections",
        &[(
            Expert,
            "check_id IN (SELECT id FROM background_checks WHERE expert_id = $1)",
        )],
        &[Expert],
        &[
            facts("check_id inspected_by created_at"),
            group(
                Whose::Expert,
                Check,
                Stay,
                "certificate_date inspected_on no_relevant_entry valid_until",
            ),
        ],
    ),
    plain(
        "training_sessions",
        &[facts(
            "id module_id office_id starts_at ends_at place video_link seats seats_taken waiting created_by updated_at cancelled_at version created_at",
        )],
    ),
    table(
        "training_attendances",
        OF_EXPERT,
        &[Expert],
        &[
            facts(
                "id expert_id module_id session_id confirmed_by offered_until waitlisted_at offers bookings created_at updated_at",
            ),
            group(Whose::Expert, Training, Stay, "state attended_on"),
        ],
    ),
    // ── mentees and cases ───────────────────────────────────────────────────────────────────────
    table(
        "mentees",
        &[(Mentee, "id = $1")],
        &[],
        &[
            facts(
                "id center_id german_level german_level_on links_void_before guardian_links_void_before version created_at updated_at erased_at",
            ),
            group(Whose::Mentee, Identity, Null, "external_id gender"),
            group(Whose::Mentee, Identity, NAME, "given_name family_name"),
            group(
                Whose::Mentee,
                Identity,
                To("date_trunc('year', birth_date)::date"),
                "birth_date",
            ),
            group(Whose::Mentee, Contact, Null, "email"),
            group(Whose::Mentee, Contact, Empty, "phone"),
            group(Whose::Mentee, Contact, To("'de'"), "language"),
            group(Whose::Mentee, Profile, Null, "first_language"),
            group(Whose::Mentee, OwnWord, To("false"), "first_language_consent"),
            group(Whose::Mentee, Profile, Empty, "german_level_source"),
            group(Guardian, Identity, Null, "guardian_kind guardian_name"),
            group(Guardian, Contact, Null, "guardian_email guardian_phone"),
            group(Guardian, Contact, Empty, "guardian_language"),
            group(Whose::Mentee, OwnWord, Null, "publicity_consent_at"),
            group(Guardian, OwnWord, Null, "guardian_publicity_consent_at"),
        ],
    ),
    table(
        "mentee_languages",
        OF_MENTEE,
        &[Mentee],
        &[
            facts("mentee_id"),
            group(Whose::Mentee, Profile, Stay, "language"),
        ],
    ),
    table(
        "cases",
        &[(Mentee, "mentee_id = $1"), (Case, "id = $1")],
        &[],
        &[
            facts(
                "id center_id mentee_id contact_user_id state radius_km planned_start eligibility_confirmed submitted_at accepted_at searching_since closed_at withdrawn_at transition_outcome social_outcome training_starts_on outcome_confirmed_at consent_contested_at version created_at updated_at free_text_erased_at",
            ),
            group(Whose::Mentee, Identity, Null, "external_id"),
            group(Staff, Contact, Empty, "contact_name"),
            group(
                Whose::Mentee,
                FreeText,
                Empty,
                "mentee_wishes center_wishes start_level return_note",
            ),
            group(Whose::Mentee, Profile, Null, "expert_gender_wish"),
            // that and when the mentee consented outlives the name: without it the case was not lawful
            group(Whose::Mentee, OwnWord, Stay, "mentee_consent_on"),
            group(Guardian, OwnWord, Stay, "guardian_consent_on"),
        ],
    ),
    table(
        "consent_records",
        OF_CASE,
        &[],
        &[
            facts("case_id side recorded_by recorded_at number"),
            group(Concerned, OwnWord, Stay, "on_date contested_at"),
        ],
    ),
    table(
        "case_support_areas",
        OF_CASE,
        &[],
        &[facts("case_id area priority")],
    ),
    table(
        "case_occupations",
        OF_CASE,
        &[],
        &[
            facts("case_id rank kldb_code"),
            group(Whose::Mentee, FreeText, Empty, "label"),
        ],
    ),
    table(
        "person_codes",
        &[(Mentee, "mentee_id = $1")],
        &[Mentee],
        &[
            facts("id case_id mentee_id side created_by created_at expires_at printed_at used_at ended_at"),
            group(Concerned, Access, Stay, "code_hash"),
        ],
    ),
    plain(
        "person_code_attempts",
        &[
            facts("hour attempts"),
            // whose it is nobody knows
            group(Concerned, Access, Apart("goes after a day"), "address"),
        ],
    ),
    table(
        "role_grants",
        &[
            (User, "user_id = $1"),
            (Expert, "expert_id = $1"),
            (Mentee, "mentee_id = $1"),
        ],
        &[User, Expert, Mentee],
        &[
            facts("id user_id office_id center_id expert_id mentee_id created_at"),
            group(Whose::User, Access, Stay, "role"),
        ],
    ),
    // ── matching ────────────────────────────────────────────────────────────────────────────────
    plain(
        "matching_runs",
        &[facts(
            "id requested_by state parameters phase progress_done progress_total cancel_requested_at failure summary next_alternates version created_at started_at ready_at decided_at decided_by undone_at",
        )],
    ),
    plain("matching_run_offices", &[facts("run_id office_id working")]),
    // by ids, without names: blanked by operations::runs::forget, since only it can read them
    plain(
        "matching_run_snapshots",
        &[
            facts("run_id taken_at"),
            group(
                Both,
                Profile,
                Apart("the person's part is blanked; all of it goes after 180 days"),
                "snapshot",
            ),
        ],
    ),
    plain("matching_run_pins", &[facts("run_id case_id expert_id")]),
    table(
        "matching_run_cases",
        &[(
            Expert,
            "near_misses @> jsonb_build_array(jsonb_build_object('expert', $1::uuid::text))",
        )],
        &[],
        &[
            facts("run_id case_id candidates removed matched"),
            // which rule removed whom
            group(
                Whose::Expert,
                Profile,
                To(
                    "(SELECT COALESCE(jsonb_agg(miss), '[]') FROM jsonb_array_elements(near_misses) AS miss WHERE miss ->> 'expert' <> $1::uuid::text)",
                ),
                "near_misses",
            ),
        ],
    ),
    table(
        "proposals",
        OF_EXPERT,
        &[],
        &[
            facts(
                "id run_id case_id expert_id rank score distance_m pinned decision decided_by outcome applied_at",
            ),
            group(Whose::Expert, Profile, NO_LIST, "points missing"),
            group(
                Whose::Expert,
                Profile,
                To("CASE WHEN stale_reason IS NOT NULL THEN '' END"),
                "stale_reason",
            ),
        ],
    ),
    // ── matches ─────────────────────────────────────────────────────────────────────────────────
    table(
        "matches",
        &[
            (Expert, "expert_id = $1"),
            (Mentee, "case_id IN (SELECT id FROM cases WHERE mentee_id = $1)"),
            (Case, "case_id = $1"),
        ],
        &[],
        &[
            facts(
                "id case_id expert_id proposal_id state approached_by approached_at approach_sent_at undeliverable answered_at answered_by_way answer_contested_at introduced_at introduced_by briefed_on meeting_planned_at meeting_planned_by meeting_plan first_meeting_on met_recorded_at contact_since consented_at active_from pause_reason paused_at ended_at ended_by_side end_reasons version created_at updated_at",
            ),
            group(
                Whose::Expert,
                OwnWord,
                Null,
                "decline_reason another_match_wished",
            ),
            group(Whose::Mentee, OwnWord, Null, "mentee_wishes_another"),
            group(Both, FreeText, Empty, "briefing_note meeting_planned_place"),
        ],
    ),
    table(
        "chemistry_verdicts",
        OF_SIDE,
        &[Expert, Mentee],
        &[
            facts("match_id side given_by_way recorded_by answered_at objected_at"),
            group(Concerned, OwnWord, Stay, "verdict"),
            group(Staff, OwnWord, Stay, "witness"),
        ],
    ),
    table(
        "agreements",
        OF_MATCH,
        &[],
        &[
            facts(
                "id match_id number areas rhythm_days starts_on ends_on created_at written_by_side written_by in_force_at",
            ),
            group(Both, FreeText, Empty, "expert_tasks mentee_tasks place goals"),
            group(Both, Profile, NO_LIST, "channels"),
        ],
    ),
    table(
        "agreement_signatures",
        &[
            (
                Expert,
                "side = 'EXPERT' AND agreement_id IN (SELECT a.id FROM agreements a JOIN matches m ON m.id = a.match_id WHERE m.expert_id = $1)",
            ),
            (
                Mentee,
                "side <> 'EXPERT' AND agreement_id IN (SELECT a.id FROM agreements a JOIN matches m ON m.id = a.match_id JOIN cases c ON c.id = m.case_id WHERE c.mentee_id = $1)",
            ),
        ],
        &[Expert, Mentee],
        &[
            facts("agreement_id side given_by_way recorded_by"),
            group(
                Concerned,
                OwnWord,
                Stay,
                "signed_at signed_on signer_name address",
            ),
            group(Staff, OwnWord, Stay, "witness"),
        ],
    ),
    table(
        "meetings",
        OF_MATCH,
        &[],
        &[
            facts(
                "id match_id met_on minutes kind areas requested_by_mentee recorded_by recorded_by_side created_at",
            ),
            group(Both, FreeText, Empty, "note"),
        ],
    ),
    table(
        "milestones",
        OF_MATCH,
        &[],
        &[
            facts("id match_id kind belongs_to on_date level recorded_by recorded_by_side created_at"),
            group(Both, FreeText, Empty, "note"),
        ],
    ),
    table(
        "feedback",
        OF_SIDE,
        &[Expert, Mentee],
        &[
            facts("id match_id side occasion given_by_way given_at"),
            group(Concerned, OwnWord, Stay, "answers"),
        ],
    ),
    table(
        "documents",
        &[
            (Expert, "expert_id = $1"),
            (
                Mentee,
                "match_id IN (SELECT m.id FROM matches m JOIN cases c ON c.id = m.case_id WHERE c.mentee_id = $1)",
            ),
        ],
        &[Expert, Mentee],
        &[
            facts(
                "id kind subject_kind subject_id expert_id match_id content_version rendered_at requested_by created_at",
            ),
            group(Both, Copy, Stay, "bytes"),
        ],
    ),
    table(
        "paper_records",
        OF_SIDE,
        &[Expert, Mentee],
        &[
            facts("id match_id side what agreement_id on_date recorded_by recorded_at contested_at"),
            group(Staff, OwnWord, Stay, "witness"),
        ],
    ),
    table(
        "final_reports",
        OF_MATCH,
        &[],
        &[
            facts("match_id german_level tackles_alone given_by_way written_at"),
            group(Both, FreeText, Empty, "summary"),
        ],
    ),
    table(
        "problem_reports",
        OF_CASE,
        &[],
        &[
            facts("id case_id match_id side given_by_way reported_at settled_at settled_by"),
            group(Whose::Mentee, FreeText, Empty, "text settled_note"),
        ],
    ),
    plain(
        "exchange_events",
        &[facts("id office_id title starts_at place created_at")],
    ),
    // ── work and mails ──────────────────────────────────────────────────────────────────────────
    table(
        "jobs",
        &[(Expert, OF_MAILS), (Mentee, OF_MAILS), (User, OF_MAILS)],
        &[],
        &[
            // ids and a version, never copies of data
            facts(
                "id queue kind payload state attempts max_attempts run_at dispatched_at lease_until progress dedupe_key created_at started_at finished_at",
            ),
            // a mail server's words may hold the address
            group(Concerned, Mail, Null, "last_error"),
        ],
    ),
    table(
        "email_deliveries",
        &[
            (Expert, "recipient_id = $1"),
            (Mentee, "recipient_id = $1"),
            (User, "recipient_id = $1"),
        ],
        &[],
        &[
            facts(
                "id key trigger step subject_kind subject_id recipient_kind recipient_id state attempts occasion slot_at created_at sending_at sent_at finished_at",
            ),
            group(
                Concerned,
                Mail,
                To("CASE WHEN reason IS NOT NULL THEN 'erased' END"),
                "reason",
            ),
        ],
    ),
    plain("reminders", &[facts("kind subject_id anchor next_on")]),
    plain("reminder_plan", &[facts("only_one settings")]),
    table(
        "mail_optouts",
        &[
            (Expert, "recipient_id = $1"),
            (Mentee, "recipient_id = $1"),
            (User, "recipient_id = $1"),
        ],
        &[Expert, Mentee, User],
        &[
            facts("recipient_kind recipient_id"),
            group(Concerned, OwnWord, Stay, "trigger since"),
        ],
    ),
    // the hash of an address that takes no mail: it cannot be read back, and keeps the next mail from leaving
    plain(
        "suppressed_addresses",
        &[
            facts("reason since delivery_id"),
            group(Concerned, Mail, Stay, "address_hash"),
        ],
    ),
    plain("mail_domains", &[facts("domain next_at")]),
    table(
        "person_idempotency_keys",
        &[(Expert, "person_id = $1"), (Mentee, "person_id = $1")],
        &[Expert, Mentee],
        &[
            facts("person_id mutation entity_id created_at"),
            group(Concerned, Access, Stay, "key"),
        ],
    ),
    table(
        "sign_in_links",
        OF_USER,
        &[User],
        &[
            facts("delivery_id user_id request_id browser_id failed_codes"),
            group(Whose::User, Access, Stay, "created_at expires_at used_at"),
        ],
    ),
    table(
        "idempotency_keys",
        OF_USER,
        &[User],
        &[
            facts("user_id mutation entity_id created_at"),
            group(Whose::User, Access, Stay, "key"),
        ],
    ),
    // ── the audit log: its details are erased by a function of their own ────────────────────────
    table(
        "audit_events",
        &[
            (Expert, "subject_id = $1 OR actor_id = $1"),
            (Mentee, "subject_id = $1 OR actor_id = $1"),
            (User, "subject_id = $1 OR actor_id = $1"),
        ],
        &[],
        &[
            facts(
                "id at actor_kind actor_id action entity_kind entity_id subject_kind subject_id salt detail_commitment erased_at",
            ),
            group(
                Concerned,
                Log,
                Apart("emptied, and what it was is forgotten"),
                "detail address",
            ),
        ],
    ),
    plain("audit_seals", &[facts("number sealed_at events head")]),
    plain(
        "audit_seal_entries",
        &[facts("seal position event_id commitment")],
    ),
    plain("audit_unsealed", &[facts("event_id")]),
    // ── data protection itself ──────────────────────────────────────────────────────────────────
    table(
        "data_requests",
        &[
            (Expert, "subject_id = $1"),
            (Mentee, "subject_id = $1"),
            (User, "subject_id = $1"),
        ],
        &[],
        &[
            facts(
                "id kind subject_kind subject_id requested_by state refusal progress_done progress_total receipt created_at finished_at expires_at",
            ),
            group(Concerned, Copy, Null, "content report"),
        ],
    ),
    table(
        "legal_holds",
        &[
            (Expert, "subject_id = $1"),
            (Mentee, "subject_id = $1"),
            (User, "subject_id = $1"),
        ],
        &[Expert, Mentee, User],
        &[
            facts("subject_kind subject_id until set_by set_at"),
            group(Staff, FreeText, Stay, "reason"),
        ],
    ),
];

const OF_MAILS: &str =
    "payload ->> 'delivery' IN (SELECT id::text FROM email_deliveries WHERE recipient_id = $1)";
