-- Offices, centres, people who sign in, what they may do, and how they sign in.
CREATE TABLE regional_offices (
    id          uuid PRIMARY KEY,
    external_id text UNIQUE,
    name        text NOT NULL CHECK (name <> ''),
    postal_code text NOT NULL REFERENCES postal_codes,
    email       text NOT NULL,
    phone       text NOT NULL,
    contact_name text NOT NULL,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

CREATE TABLE service_centers (
    id                   uuid PRIMARY KEY,
    external_id          text UNIQUE,
    office_id            uuid NOT NULL REFERENCES regional_offices,
    name                 text NOT NULL CHECK (name <> ''),
    carrier_organisation text NOT NULL,
    street               text NOT NULL DEFAULT '',
    postal_code          text NOT NULL REFERENCES postal_codes,
    email                text NOT NULL,
    phone                text NOT NULL,
    contact_name         text NOT NULL,
    -- simultaneous matches (INTERESTED … PAUSED); null: no limit
    match_limit          smallint CONSTRAINT service_centers_match_limit_range CHECK (match_limit BETWEEN 1 AND 500),
    active               boolean NOT NULL DEFAULT true,
    version              bigint NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL
);
CREATE INDEX service_centers_office ON service_centers (office_id);

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    email       text NOT NULL CONSTRAINT users_email_lower CHECK (email = lower(email)),
    name        text NOT NULL CHECK (name <> ''),
    phone       text NOT NULL DEFAULT '',
    language    text NOT NULL DEFAULT 'de',
    active      boolean NOT NULL DEFAULT true,
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT users_email_unique UNIQUE (email)
);

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash   bytea NOT NULL CONSTRAINT sessions_token_unique UNIQUE,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    user_agent   text NOT NULL DEFAULT '',
    address      text NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
