-- The job ledger: outbox and truth at once (architecture.md, decision 2). Redis carries ids only.
CREATE TABLE jobs (
    id            uuid PRIMARY KEY,
    queue         text NOT NULL CONSTRAINT jobs_queue_known CHECK (queue IN ('matching', 'mail', 'maintenance')),
    kind          text NOT NULL,
    -- ids and a version, never copies of data
    payload       jsonb NOT NULL,
    state         text NOT NULL DEFAULT 'PENDING' CONSTRAINT jobs_state_known
                  CHECK (state IN ('PENDING', 'DISPATCHED', 'RUNNING', 'DONE', 'DEAD')),
    attempts      integer NOT NULL DEFAULT 0,
    max_attempts  integer NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
    run_at        timestamptz NOT NULL,
    dispatched_at timestamptz,
    lease_until   timestamptz,
    progress      jsonb,
    dedupe_key    text CONSTRAINT jobs_dedupe_key_unique UNIQUE,
    last_error    text,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz,
    CONSTRAINT jobs_running_has_lease CHECK ((state = 'RUNNING') = (lease_until IS NOT NULL)),
    CONSTRAINT jobs_finished_has_date CHECK ((state IN ('DONE', 'DEAD')) = (finished_at IS NOT NULL))
);
-- by queue, so that a queue with much to do does not stand before the others
CREATE INDEX jobs_due ON jobs (queue, run_at, id) WHERE state = 'PENDING';
CREATE INDEX jobs_dispatched ON jobs (dispatched_at) WHERE state = 'DISPATCHED';
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'RUNNING';
CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_finished ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;

CREATE FUNCTION notify_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tandem_jobs', '');
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_notify AFTER INSERT ON jobs FOR EACH STATEMENT EXECUTE FUNCTION notify_jobs();

-- Which replica runs a tick of a scheduled sweep is decided by who inserts its row.
CREATE TABLE sweep_ticks (
    name   text NOT NULL,
    tick   timestamptz NOT NULL,
    ran_at timestamptz NOT NULL,
    PRIMARY KEY (name, tick)
);

-- One row an e-mail, before it is sent (decision 4). `key` is trigger, subject's id, step, recipient.
CREATE TABLE email_deliveries (
    id             uuid PRIMARY KEY,
    key            text NOT NULL CONSTRAINT email_deliveries_key_unique UNIQUE,
    trigger        text NOT NULL,
    step           smallint NOT NULL DEFAULT 0,
    -- what it is about
    subject_kind   text NOT NULL,
    subject_id     uuid NOT NULL,
    -- to whom; the address is looked up when it is sent
    recipient_kind text NOT NULL CONSTRAINT email_deliveries_recipient_known
                   CHECK (recipient_kind IN ('USER', 'EXPERT', 'MENTEE', 'GUARDIAN', 'CENTER', 'OFFICE')),
    recipient_id   uuid NOT NULL,
    state          text NOT NULL DEFAULT 'QUEUED' CONSTRAINT email_deliveries_state_known
                   CHECK (state IN ('QUEUED', 'SENDING', 'SENT', 'FAILED', 'SUPPRESSED')),
    reason         text,
    attempts       integer NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    sending_at     timestamptz,
    sent_at        timestamptz,
    finished_at    timestamptz,
    CONSTRAINT email_deliveries_sent_has_date CHECK ((state = 'SENT') = (sent_at IS NOT NULL)),
    CONSTRAINT email_deliveries_failure_has_reason CHECK (state NOT IN ('FAILED', 'SUPPRESSED') OR reason IS NOT NULL)
);
CREATE INDEX email_deliveries_subject ON email_deliveries (subject_id);
CREATE INDEX email_deliveries_recipient ON email_deliveries (recipient_id, created_at DESC);
CREATE INDEX email_deliveries_created ON email_deliveries (created_at DESC, id);

-- The office that answers for a mail's recipient, for the policy; null: nobody but the administrators.
CREATE VIEW delivery_offices AS
SELECT d.id AS delivery_id,
       CASE d.recipient_kind
           WHEN 'EXPERT' THEN (SELECT office_id FROM experts WHERE id = d.recipient_id)
           WHEN 'MENTEE' THEN (SELECT s.office_id FROM mentees t JOIN service_centers s ON s.id = t.center_id
                               WHERE t.id = d.recipient_id)
           WHEN 'GUARDIAN' THEN (SELECT s.office_id FROM mentees t JOIN service_centers s ON s.id = t.center_id
                                 WHERE t.id = d.recipient_id)
           WHEN 'CENTER' THEN (SELECT office_id FROM service_centers WHERE id = d.recipient_id)
           WHEN 'OFFICE' THEN d.recipient_id
       END AS office_id
  FROM email_deliveries d;

-- A link in an e-mail is an HMAC of its delivery's id: nothing secret is stored, and a resend
-- carries the same link. This row says what the link is for, until when, and whether it was used.
CREATE TABLE sign_in_links (
    delivery_id uuid PRIMARY KEY REFERENCES email_deliveries ON DELETE CASCADE,
    user_id     uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX sign_in_links_user ON sign_in_links (user_id, created_at);

CREATE TABLE audit_events (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    -- who: a user, a person by a link, the system (a worker, a command)
    actor_kind   text NOT NULL CONSTRAINT audit_events_actor_known CHECK (actor_kind IN ('USER', 'LINK', 'SYSTEM')),
    actor_id     uuid,
    action       text NOT NULL,
    entity_kind  text NOT NULL,
    entity_id    uuid NOT NULL,
    -- whose data
    subject_kind text,
    subject_id   uuid,
    -- names of fields and states, never the personal values themselves
    detail       jsonb NOT NULL DEFAULT '{}',
    address      text NOT NULL DEFAULT ''
);
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_entity ON audit_events (entity_id, at DESC);
CREATE INDEX audit_events_subject ON audit_events (subject_id, at DESC);

-- The same key twice is one effect; the answer is the object that the first call made.
CREATE TABLE idempotency_keys (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    mutation   text NOT NULL,
    key        text NOT NULL,
    entity_id  uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, mutation, key)
);

-- Lead times, validity, radius, texts' organisation names; a change is a new version.
CREATE TABLE settings (
    version    bigint PRIMARY KEY,
    settings   jsonb NOT NULL,
    changed_by uuid REFERENCES users,
    changed_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON
    regional_offices, service_centers, users, sessions, experts, expert_occupations, expert_languages,
    expert_support_areas, expert_programmes, expert_pauses, background_checks, training_modules,
    training_sessions, training_attendances, mentees, mentee_languages, cases, case_support_areas,
    case_occupations, role_grants, matching_runs, matching_run_offices, matching_run_snapshots,
    matching_run_pins, matching_run_cases, proposals, matches, chemistry_verdicts, agreements,
    agreement_signatures, meetings, milestones, feedback, exchange_events, jobs, email_deliveries,
    sign_in_links, idempotency_keys
    TO tandem_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    matching_runs, matching_run_offices, matching_run_snapshots, matching_run_pins, matching_run_cases,
    proposals, matches, jobs, sweep_ticks, email_deliveries, background_checks, training_attendances
    TO tandem_worker;
GRANT SELECT ON
    regional_offices, service_centers, users, role_grants, experts, expert_occupations, expert_languages,
    expert_support_areas, expert_programmes, expert_pauses, training_modules, training_sessions, mentees,
    mentee_languages, cases, case_support_areas, case_occupations, chemistry_verdicts, agreements,
    agreement_signatures, meetings, milestones, feedback, sign_in_links, settings
    TO tandem_worker;
GRANT UPDATE ON experts, cases TO tandem_worker;
GRANT SELECT ON delivery_offices TO tandem_api;
GRANT SELECT, INSERT ON settings TO tandem_api;
-- append-only
GRANT SELECT, INSERT ON audit_events TO tandem_api;
GRANT INSERT ON audit_events TO tandem_worker;
