-- What opens a person's own pages, and what voids it (domain.md "Who may do what", rules 1 and 2).

-- Links that were sent before this instant open nothing: the address that they went to is no longer the
-- person's. Kept by triggers, so that no way of changing an address forgets it.
ALTER TABLE experts ADD COLUMN links_void_before timestamptz;
ALTER TABLE mentees
    ADD COLUMN links_void_before          timestamptz,
    ADD COLUMN guardian_links_void_before timestamptz,
    -- the language that the guardian chose; empty: the mentee's
    ADD COLUMN guardian_language          text NOT NULL DEFAULT '';

CREATE FUNCTION void_links_of_expert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email IS DISTINCT FROM OLD.email THEN
        NEW.links_void_before := NEW.updated_at;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER experts_void_links BEFORE UPDATE OF email ON experts
    FOR EACH ROW EXECUTE FUNCTION void_links_of_expert();

-- Another guardian is another person: neither links nor codes of the one before open anything.
CREATE FUNCTION void_links_of_mentee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email IS DISTINCT FROM OLD.email THEN
        NEW.links_void_before := NEW.updated_at;
    END IF;
    IF (NEW.guardian_email, NEW.guardian_name) IS DISTINCT FROM (OLD.guardian_email, OLD.guardian_name) THEN
        NEW.guardian_links_void_before := NEW.updated_at;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mentees_void_links BEFORE UPDATE OF email, guardian_email, guardian_name ON mentees
    FOR EACH ROW EXECUTE FUNCTION void_links_of_mentee();

-- A one-time code on paper, for who has no e-mail. The code is made at the moment at which its page is
-- shown, once, and stored as a keyed hash only.
CREATE TABLE person_codes (
    id         uuid PRIMARY KEY,
    case_id    uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
    mentee_id  uuid NOT NULL REFERENCES mentees ON DELETE CASCADE,
    side       text NOT NULL CONSTRAINT person_codes_side_known CHECK (side IN ('MENTEE', 'GUARDIAN')),
    -- who at the centre had it printed; null: erased
    created_by uuid REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- when the code was made and its page shown
    printed_at timestamptz,
    code_hash  bytea CONSTRAINT person_codes_hash_unique UNIQUE,
    -- when it was typed in: its pages stay open for a while from here
    used_at    timestamptz,
    -- closed by the person, or replaced by a newer code
    ended_at   timestamptz,
    CONSTRAINT person_codes_printed_has_code CHECK ((printed_at IS NULL) = (code_hash IS NULL)),
    CONSTRAINT person_codes_used_was_printed CHECK (used_at IS NULL OR printed_at IS NOT NULL),
    CONSTRAINT person_codes_order CHECK (expires_at > created_at)
);
CREATE INDEX person_codes_case ON person_codes (case_id, side);
CREATE INDEX person_codes_mentee ON person_codes (mentee_id);

-- Attempts at codes by network address and hour: a counter that is locked while it is raised, so that
-- many attempts at once are counted one by one.
CREATE TABLE person_code_attempts (
    address  text NOT NULL,
    hour     timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts > 0),
    PRIMARY KEY (address, hour)
);
CREATE INDEX person_code_attempts_hour ON person_code_attempts (hour);

GRANT SELECT, INSERT, UPDATE, DELETE ON person_codes, person_code_attempts TO tandem_api;
GRANT SELECT ON person_codes TO tandem_worker;
