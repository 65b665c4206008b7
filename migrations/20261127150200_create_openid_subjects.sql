-- Whom the organisation's OpenID Connect provider means by a subject: always a user that was here before.
CREATE TABLE openid_subjects (
    issuer       text NOT NULL CONSTRAINT openid_subjects_issuer_given CHECK (issuer <> ''),
    subject      text NOT NULL CONSTRAINT openid_subjects_subject_given CHECK (subject <> ''),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject),
    -- whoever gets a colleague's old address does not become this colleague
    CONSTRAINT openid_subjects_one_per_user UNIQUE (issuer, user_id)
);

GRANT SELECT, INSERT, UPDATE ON openid_subjects TO tandem_api;
