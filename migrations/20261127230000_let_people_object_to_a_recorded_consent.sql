-- A consent to the sharing of data that was given on paper and entered by a centre or a list: told to its person, who
-- can say that it is not right (domain.md "Who may do what", rule 1). One row a side of a case, the newest entry;
-- without a row the consent is the person's own word on a page, or older than this table.
CREATE TABLE consent_records (
    case_id      uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
    side         text NOT NULL CONSTRAINT consent_records_side_known CHECK (side IN ('MENTEE', 'GUARDIAN')),
    -- the day that the paper carries
    on_date      date NOT NULL,
    -- who had the paper in hand and answers for it; none where it came with a list
    recorded_by  uuid REFERENCES users,
    recorded_at  timestamptz NOT NULL,
    -- counts the entries, each of which is told once
    number       smallint NOT NULL,
    contested_at timestamptz,
    PRIMARY KEY (case_id, side)
);
CREATE INDEX consent_records_recorder ON consent_records (recorded_by) WHERE recorded_by IS NOT NULL;

-- Since when a consent is in doubt: nothing goes on for the case until it was given anew.
ALTER TABLE cases ADD COLUMN consent_contested_at timestamptz;
ALTER TABLE cases DROP CONSTRAINT cases_submitted_has_consent;
ALTER TABLE cases ADD CONSTRAINT cases_submitted_has_consent CHECK (
    state IN ('DRAFT', 'WITHDRAWN') OR (submitted_at IS NOT NULL AND eligibility_confirmed AND planned_start IS NOT NULL
        AND (mentee_consent_on IS NOT NULL OR consent_contested_at IS NOT NULL)));
CREATE INDEX cases_consent_contested ON cases (id) WHERE consent_contested_at IS NOT NULL;

-- Whatever writes: nobody is asked, and nothing begins or goes on, for a case whose consent is in doubt.
CREATE FUNCTION check_case_consent() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF match_is_open(NEW.state) AND NEW.state <> 'PAUSED'
        AND EXISTS (SELECT FROM cases WHERE id = NEW.case_id AND consent_contested_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the consent to case % is in doubt', NEW.case_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'matches_case_is_consented', TABLE = 'matches';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matches_case_is_consented BEFORE INSERT OR UPDATE OF state ON matches
    FOR EACH ROW EXECUTE FUNCTION check_case_consent();

CALL wall_off_with('consent_records', 'cases', 'case_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON consent_records TO tandem_api;
GRANT SELECT ON consent_records TO tandem_worker;

-- A guardian is written to in the language that the guardian chose, or else in the mentee's; an authority in German.
CREATE FUNCTION guardian_language_of(mentee mentees) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(NULLIF(mentee.guardian_language, ''),
        CASE WHEN mentee.guardian_kind = 'INSTITUTION' THEN 'de' ELSE mentee.language END) $$;
