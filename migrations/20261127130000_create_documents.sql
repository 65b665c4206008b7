-- Documents that people print: what is asked for, and its PDF once the worker has made it.
CREATE TABLE documents (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL CONSTRAINT documents_kind_known
                    CHECK (kind IN ('AGREEMENT', 'CHECK_LETTER', 'TRAINING_CERTIFICATE')),
    -- what it is made from: the agreement, the background check, the attendance
    subject_kind    text NOT NULL,
    subject_id      uuid NOT NULL,
    -- whose data it holds, so that it goes with them
    expert_id       uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    match_id        uuid REFERENCES matches ON DELETE CASCADE,
    -- which state of its subject it shows; another one is another document
    content_version text NOT NULL,
    -- null until the worker has made it
    bytes           bytea,
    rendered_at     timestamptz,
    requested_by    uuid REFERENCES users,
    created_at      timestamptz NOT NULL,
    CONSTRAINT documents_once UNIQUE (kind, subject_id, content_version),
    CONSTRAINT documents_rendered_whole CHECK ((bytes IS NULL) = (rendered_at IS NULL)),
    CONSTRAINT documents_agreement_has_match CHECK ((kind = 'AGREEMENT') = (match_id IS NOT NULL))
);
CREATE INDEX documents_expert ON documents (expert_id, created_at DESC);
CREATE INDEX documents_match ON documents (match_id) WHERE match_id IS NOT NULL;
CREATE INDEX documents_subject ON documents (subject_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON documents TO tandem_api, tandem_worker;
