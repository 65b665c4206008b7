-- A case from a list may have searched for months before it came: whoever imported it knows. It is brought to
-- mind from the day on which it came here, so that an import does not send thousands of mails about the past.
CREATE OR REPLACE FUNCTION watch_case() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
        RETURN NULL;
    END IF;
    PERFORM watch_reminder('CASE_SEARCHING', NEW.id,
        CASE WHEN NEW.searching_since IS NOT NULL
             THEN greatest(NEW.searching_since, german_date(NEW.created_at)) END);
    PERFORM watch_reminder('OUTCOME_CONFIRMATION', NEW.id,
        CASE WHEN NEW.state = 'CLOSED' AND NEW.outcome_confirmed_at IS NULL THEN NEW.training_starts_on END);
    -- who becomes of age while a case is open
    PERFORM watch_reminder('TURNS18', NEW.id, CASE WHEN NEW.state NOT IN ('CLOSED', 'WITHDRAWN') THEN
        (SELECT (birth_date + interval '18 years')::date FROM mentees WHERE id = NEW.mentee_id) END);
    RETURN NULL;
END $$;
