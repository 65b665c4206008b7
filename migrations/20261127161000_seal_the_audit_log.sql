-- The audit log as a chain (SECURITY.md): a changed, removed or cut-off row shows, and a detail can still be
-- erased. Each event commits to its detail with a salt; batches of events are sealed, each seal over the
-- one before it; the newest seal's head is written down outside the database.
ALTER TABLE audit_events
    ADD COLUMN salt bytea,
    -- H(salt, detail, address): stays when salt, detail and address are erased
    ADD COLUMN detail_commitment bytea NOT NULL,
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT audit_events_salt_until_erased CHECK ((salt IS NULL) = (erased_at IS NOT NULL)),
    ADD CONSTRAINT audit_events_erased_is_empty CHECK (erased_at IS NULL OR (detail = '{}' AND address = ''));
CREATE INDEX audit_events_actor ON audit_events (actor_id, at DESC);
CREATE INDEX audit_events_action ON audit_events (action text_pattern_ops, at DESC);

CREATE TABLE audit_seals (
    number    bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    events    integer NOT NULL CHECK (events > 0),
    -- H(number, previous head, commitments in order)
    head      bytea NOT NULL
);
CREATE TABLE audit_seal_entries (
    seal       bigint NOT NULL REFERENCES audit_seals,
    position   integer NOT NULL,
    event_id   uuid NOT NULL CONSTRAINT audit_seal_entries_once UNIQUE,
    commitment bytea NOT NULL,
    PRIMARY KEY (seal, position)
);
-- What waits for its seal. An event that commits after a later one was sealed is here all the same: no
-- number and no time decides what is sealed next.
CREATE TABLE audit_unsealed (event_id uuid PRIMARY KEY);
INSERT INTO audit_unsealed SELECT id FROM audit_events;

CREATE FUNCTION await_audit_seal() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO audit_unsealed SELECT id FROM written;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_events_await_seal AFTER INSERT ON audit_events REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION await_audit_seal();

-- The only change that an event ever sees: what was personal in it goes, that it happened stays.
CREATE FUNCTION erase_audit_details(person uuid, at timestamptz) RETURNS bigint LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH erased AS (
        UPDATE audit_events SET salt = NULL, detail = '{}', address = '', erased_at = erase_audit_details.at
         WHERE erased_at IS NULL AND (subject_id = person OR actor_id = person OR entity_id = person)
        RETURNING 1)
    SELECT count(*) FROM erased $$;
REVOKE EXECUTE ON FUNCTION erase_audit_details(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_audit_details(uuid, timestamptz) TO tandem_worker;

GRANT SELECT ON audit_events TO tandem_worker;
GRANT SELECT, INSERT ON audit_seals, audit_seal_entries TO tandem_worker;
GRANT SELECT, DELETE ON audit_unsealed TO tandem_worker;
GRANT SELECT ON audit_seals, audit_seal_entries, audit_unsealed TO tandem_api;
