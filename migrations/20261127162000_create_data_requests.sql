-- Export and erasure of what is kept about one person (Art. 15, 17 GDPR), what keeps it from being erased,
-- and which rows were erased already.
ALTER TABLE users ADD COLUMN erased_at timestamptz;
ALTER TABLE experts ADD COLUMN erased_at timestamptz;
ALTER TABLE mentees ADD COLUMN erased_at timestamptz;
ALTER TABLE cases ADD COLUMN free_text_erased_at timestamptz;
CREATE INDEX cases_ended ON cases (COALESCE(closed_at, withdrawn_at)) WHERE free_text_erased_at IS NULL;
CREATE INDEX experts_left ON experts (left_on) WHERE state = 'LEFT' AND erased_at IS NULL;

CREATE TABLE data_requests (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CONSTRAINT data_requests_kind_known CHECK (kind IN ('EXPORT', 'ERASURE')),
    subject_kind   text NOT NULL CONSTRAINT data_requests_subject_known CHECK (subject_kind IN ('EXPERT', 'MENTEE', 'USER')),
    subject_id     uuid NOT NULL,
    -- null: retention did
    requested_by   uuid REFERENCES users,
    -- WAITING: a person asked for the own erasure, an administrator has to confirm it
    state          text NOT NULL CONSTRAINT data_requests_state_known
                   CHECK (state IN ('WAITING', 'QUEUED', 'RUNNING', 'DONE', 'REFUSED')),
    refusal        text,
    progress_done  integer NOT NULL DEFAULT 0,
    progress_total integer NOT NULL DEFAULT 0,
    -- how many rows of which table; of an export its size
    receipt        jsonb,
    -- the export itself, until it expires
    content        text,
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    expires_at     timestamptz,
    CONSTRAINT data_requests_refusal_has_reason CHECK ((state = 'REFUSED') = (refusal IS NOT NULL)),
    CONSTRAINT data_requests_finished_has_date CHECK ((state IN ('DONE', 'REFUSED')) = (finished_at IS NOT NULL)),
    CONSTRAINT data_requests_content_expires CHECK (content IS NULL OR expires_at IS NOT NULL)
);
CREATE UNIQUE INDEX data_requests_one_open ON data_requests (subject_id, kind)
    WHERE state IN ('WAITING', 'QUEUED', 'RUNNING');
CREATE INDEX data_requests_created ON data_requests (created_at DESC, id);
CREATE INDEX data_requests_subject ON data_requests (subject_id);
CREATE INDEX data_requests_expiry ON data_requests (expires_at) WHERE content IS NOT NULL;

-- What must not be erased yet: a complaint, a lawsuit, an insurance case. Set by an administrator, with a
-- reason and an end.
CREATE TABLE legal_holds (
    subject_kind text NOT NULL CONSTRAINT legal_holds_subject_known CHECK (subject_kind IN ('EXPERT', 'MENTEE', 'USER')),
    subject_id   uuid PRIMARY KEY,
    reason       text NOT NULL CHECK (reason <> ''),
    until        date NOT NULL,
    set_by       uuid REFERENCES users,
    set_at       timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON data_requests TO tandem_api, tandem_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON legal_holds TO tandem_api;
GRANT SELECT ON legal_holds TO tandem_worker;
CALL wall_off('data_requests');
CREATE POLICY api ON data_requests TO tandem_api USING (
    (SELECT wall_open())
    OR subject_id = ANY((SELECT wall_ids('users') || wall_ids('experts') || wall_ids('mentees'))::uuid[]));
CALL wall_off('legal_holds');
CREATE POLICY api ON legal_holds TO tandem_api USING ((SELECT wall_open()));

-- The worker erases: it may empty and delete what the catalogue of personal data names
-- (shared/storage/src/personal_data/catalogue.rs), and no more.
GRANT DELETE ON
    expert_occupations, expert_languages, expert_support_areas, expert_programmes, expert_pauses, mentee_languages,
    role_grants, sessions, sign_in_links, api_tokens, openid_subjects, idempotency_keys, person_idempotency_keys, chemistry_verdicts, agreement_signatures, paper_records, person_codes, feedback, legal_holds
    TO tandem_worker;
GRANT UPDATE ON users, mentees, case_occupations, agreements, meetings, milestones, final_reports, problem_reports TO tandem_worker;
GRANT SELECT ON sessions, idempotency_keys, person_idempotency_keys, api_tokens, openid_subjects TO tandem_worker;
