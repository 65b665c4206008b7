-- Somebody asked for a sign-in link. The row is written whether the address is known or not, so that the
-- answer costs the same; a worker looks for the user afterwards and forgets the address.
CREATE TABLE sign_in_requests (
    id         uuid PRIMARY KEY,
    email      text,
    -- the browser that asked: its cookie is an HMAC of this
    browser_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    handled_at timestamptz,
    CONSTRAINT sign_in_requests_address_until_handled CHECK ((email IS NULL) = (handled_at IS NOT NULL))
);
CREATE INDEX sign_in_requests_created ON sign_in_requests (created_at);

-- A link signs in the browser that asked for it, or another one that shows the code (an HMAC of the
-- request's id) which the first one displays.
DELETE FROM sign_in_links;
ALTER TABLE sign_in_links
    ADD COLUMN request_id   uuid NOT NULL,
    ADD COLUMN browser_id   uuid NOT NULL,
    ADD COLUMN failed_codes smallint NOT NULL DEFAULT 0
        CONSTRAINT sign_in_links_failed_codes_range CHECK (failed_codes BETWEEN 0 AND 5);

-- A session's token is replaced now and then; the one before still counts for a moment, since requests
-- that are under way carry it. Whoever shows it later has stolen it, or was stolen from.
ALTER TABLE sessions
    ADD COLUMN previous_token_hash bytea CONSTRAINT sessions_previous_token_unique UNIQUE,
    ADD COLUMN rotated_at          timestamptz,
    ADD COLUMN idle_seconds        integer NOT NULL DEFAULT 43200
        CONSTRAINT sessions_idle_positive CHECK (idle_seconds > 0),
    ADD COLUMN method              text NOT NULL DEFAULT 'LINK'
        CONSTRAINT sessions_method_known CHECK (method IN ('LINK', 'OPENID_CONNECT'));
UPDATE sessions SET rotated_at = created_at;
ALTER TABLE sessions ALTER COLUMN rotated_at SET NOT NULL;

GRANT INSERT ON sign_in_requests TO tandem_api;
GRANT SELECT, UPDATE, DELETE ON sign_in_requests TO tandem_worker;
GRANT INSERT ON sign_in_links TO tandem_worker;
REVOKE INSERT ON sign_in_links FROM tandem_api;
