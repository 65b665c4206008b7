-- What requests, the second pair of eyes, expiry during a match and the erasure clock need
-- (domain.md "Background check").

ALTER TABLE background_checks
    ADD COLUMN requested_by  uuid REFERENCES users,
    -- the second person, where the programme asks for one
    ADD COLUMN confirmed_by  uuid REFERENCES users,
    -- the day on which the activity ended for which this was inspected, kept by the triggers below: where
    -- standing by counts as the activity, and where it does not. Null while it goes on
    ADD COLUMN standby_ended_on    date,
    ADD COLUMN deployment_ended_on date,
    ADD CONSTRAINT background_checks_second_person CHECK (confirmed_by <> inspected_by),
    ADD CONSTRAINT background_checks_erased_is_forgotten CHECK (
        erased_on IS NULL OR (requested_on IS NULL AND requested_by IS NULL AND confirmed_by IS NULL
            AND standby_ended_on IS NULL AND deployment_ended_on IS NULL));
-- an expert is asked once for a certificate of a kind
CREATE UNIQUE INDEX background_checks_one_open_request ON background_checks (expert_id, kind)
    WHERE inspected_on IS NULL AND erased_on IS NULL;
-- what falls due is found by these
CREATE INDEX background_checks_standby_ended ON background_checks (standby_ended_on) WHERE standby_ended_on IS NOT NULL;
CREATE INDEX background_checks_deployment_ended ON background_checks (deployment_ended_on)
    WHERE deployment_ended_on IS NOT NULL;

-- An inspection that waits for a second person: nothing counts before that. It goes when it is confirmed
-- or rejected.
CREATE TABLE pending_inspections (
    check_id          uuid PRIMARY KEY REFERENCES background_checks ON DELETE CASCADE,
    certificate_date  date NOT NULL,
    inspected_on      date NOT NULL,
    inspected_by      uuid NOT NULL REFERENCES users,
    no_relevant_entry boolean NOT NULL,
    valid_until       date NOT NULL,
    created_at        timestamptz NOT NULL,
    CONSTRAINT pending_inspections_not_older CHECK (certificate_date <= inspected_on)
);

-- domain::checks: inspections without an entry that none with an entry has overtaken.
CREATE VIEW counting_checks WITH (security_invoker = true) AS
SELECT b.id, b.expert_id, b.kind, b.inspected_on, b.valid_until
  FROM background_checks b
 WHERE b.erased_on IS NULL AND b.no_relevant_entry
   AND NOT EXISTS (
       SELECT FROM background_checks entry
        WHERE entry.expert_id = b.expert_id AND entry.erased_on IS NULL AND NOT entry.no_relevant_entry
          AND entry.inspected_on >= b.inspected_on);

-- domain::checks::activity_ended_on, for both settings at once.
CREATE FUNCTION check_activity_ended(expert uuid, inspected date, OUT standby date, OUT deployment date)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    expert_state text;
    expert_left  date;
    last_ended   date;
BEGIN
    SELECT state, left_on INTO expert_state, expert_left FROM experts WHERE id = expert;
    SELECT max((ended_at AT TIME ZONE 'Europe/Berlin')::date) INTO last_ended
      FROM matches WHERE expert_id = expert AND state IN ('COMPLETED', 'ENDED_EARLY');
    IF expert_state = 'LEFT' THEN
        standby := coalesce(expert_left, inspected);
        deployment := coalesce(last_ended, expert_left, inspected);
    ELSIF EXISTS (SELECT FROM matches WHERE expert_id = expert
                  AND state IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED')) THEN
        standby := NULL;
        deployment := NULL;
    ELSIF expert_state = 'REGISTERED' THEN
        standby := inspected;
        deployment := inspected;
    ELSE
        standby := NULL;
        deployment := greatest(inspected, last_ended);
    END IF;
END $$;

CREATE FUNCTION set_check_clock() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.inspected_on IS NULL OR NEW.erased_on IS NOT NULL THEN
        NEW.standby_ended_on := NULL;
        NEW.deployment_ended_on := NULL;
    ELSE
        SELECT ended.standby, ended.deployment INTO NEW.standby_ended_on, NEW.deployment_ended_on
          FROM check_activity_ended(NEW.expert_id, NEW.inspected_on) ended;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER background_checks_clock BEFORE INSERT OR UPDATE OF inspected_on, erased_on ON background_checks
    FOR EACH ROW EXECUTE FUNCTION set_check_clock();

CREATE FUNCTION refresh_check_clocks() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    expert uuid := CASE TG_TABLE_NAME WHEN 'experts' THEN (to_jsonb(NEW) ->> 'id')::uuid
                                      ELSE (to_jsonb(NEW) ->> 'expert_id')::uuid END;
BEGIN
    UPDATE background_checks b
       SET standby_ended_on = ended.standby, deployment_ended_on = ended.deployment
      FROM background_checks c, check_activity_ended(c.expert_id, c.inspected_on) ended
     WHERE c.id = b.id AND c.expert_id = expert AND c.inspected_on IS NOT NULL AND c.erased_on IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER experts_refresh_check_clocks AFTER UPDATE OF state ON experts
    FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION refresh_check_clocks();
-- an approach that is made, declined or taken back is no activity
CREATE TRIGGER matches_refresh_check_clocks AFTER UPDATE OF state ON matches
    FOR EACH ROW WHEN (NEW.state <> OLD.state
        AND (NEW.state IN ('INTERESTED', 'COMPLETED', 'ENDED_EARLY')
             OR OLD.state IN ('INTERESTED', 'INTRODUCED', 'MET')))
    EXECUTE FUNCTION refresh_check_clocks();

UPDATE background_checks b
   SET standby_ended_on = ended.standby, deployment_ended_on = ended.deployment
  FROM background_checks c, check_activity_ended(c.expert_id, c.inspected_on) ended
 WHERE c.id = b.id AND c.inspected_on IS NOT NULL AND c.erased_on IS NULL;

GRANT SELECT, INSERT, DELETE ON pending_inspections TO tandem_api;
GRANT SELECT, DELETE ON pending_inspections TO tandem_worker;
GRANT SELECT ON counting_checks TO tandem_api, tandem_worker;
