-- What a partner's program shows instead of a session: it acts as its user, within its scopes, until it
-- expires. Its token is stored as a hash.
CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL CONSTRAINT api_tokens_named CHECK (name <> ''),
    token_hash   bytea NOT NULL CONSTRAINT api_tokens_token_unique UNIQUE,
    -- domain::tokens::TokenScope
    scopes       text[] NOT NULL CONSTRAINT api_tokens_scoped CHECK (cardinality(scopes) >= 1),
    created_by   uuid REFERENCES users,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_tokens_end CHECK (expires_at > created_at)
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, created_at DESC);

GRANT SELECT, INSERT, UPDATE ON api_tokens TO tandem_api;
