-- Reminders (domain.md, the table of "E-mails and reminders"): a row for each subject that is watched, and
-- the day on which a sweep has to look at it next. What is due is found by an index, so that a sweep
-- costs what is due and not what there is; a row whose day has passed waits for as long as no worker runs.
CREATE TABLE reminders (
    kind       text NOT NULL,
    subject_id uuid NOT NULL,
    -- the day from which, or towards which, the steps are counted
    anchor     date NOT NULL,
    -- the beginning of time: not planned yet; null: nothing more to come under the settings
    next_on    date DEFAULT '2000-01-01',
    PRIMARY KEY (kind, subject_id)
);
CREATE INDEX reminders_due ON reminders (next_on, kind, subject_id) WHERE next_on IS NOT NULL;
CREATE INDEX reminders_subject ON reminders (subject_id);

-- With which version of the settings every row was planned.
CREATE TABLE reminder_plan (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    settings bigint NOT NULL DEFAULT 0
);
INSERT INTO reminder_plan DEFAULT VALUES;

-- Watches a subject from its anchor, or not at all without one. A row whose anchor did not move keeps
-- its plan. The triggers below call it whoever writes, so that no operation can forget it.
CREATE FUNCTION watch_reminders(subject uuid, kinds text[], anchors date[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM reminders old USING unnest(kinds, anchors) AS new (kind, anchor)
     WHERE old.subject_id = subject AND old.kind = new.kind AND new.anchor IS NULL;
    INSERT INTO reminders AS old (kind, subject_id, anchor)
    SELECT new.kind, subject, new.anchor FROM unnest(kinds, anchors) AS new (kind, anchor)
     WHERE new.anchor IS NOT NULL
    ON CONFLICT (kind, subject_id) DO UPDATE SET anchor = EXCLUDED.anchor, next_on = EXCLUDED.next_on
     WHERE old.anchor <> EXCLUDED.anchor;
END $$;
REVOKE ALL ON FUNCTION watch_reminders(uuid, text[], date[]) FROM PUBLIC;
CREATE FUNCTION watch_reminder(kind text, subject uuid, anchor date) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT watch_reminders(subject, ARRAY[kind], ARRAY[anchor]) $$;
REVOKE ALL ON FUNCTION watch_reminder(text, uuid, date) FROM PUBLIC;

CREATE FUNCTION german_date(at timestamptz) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT (at AT TIME ZONE 'Europe/Berlin')::date $$;

-- The last day on which the two are known to have met, or on which their clock began anew.
CREATE FUNCTION last_contact(match uuid, began date) RETURNS date LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT greatest(began, max(met_on)) FROM meetings WHERE match_id = match $$;

-- a match that is taken up again after a pause begins its clock anew
ALTER TABLE matches ADD COLUMN contact_since date;

CREATE FUNCTION matches_contact_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'ACTIVE' AND OLD.state IS DISTINCT FROM 'ACTIVE' THEN
        NEW.contact_since := greatest(NEW.active_from, CASE WHEN OLD.state = 'PAUSED' THEN german_date(NEW.updated_at) END);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matches_contact_since_updated BEFORE UPDATE OF state ON matches
    FOR EACH ROW EXECUTE FUNCTION matches_contact_since();
CREATE FUNCTION matches_contact_since_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.contact_since := NEW.active_from;
    RETURN NEW;
END $$;
CREATE TRIGGER matches_contact_since_inserted BEFORE INSERT ON matches
    FOR EACH ROW WHEN (NEW.state = 'ACTIVE') EXECUTE FUNCTION matches_contact_since_first();

CREATE FUNCTION watch_match() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    contact date;
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
        RETURN NULL;
    END IF;
    -- what most matches never get beyond costs nothing
    IF TG_OP = 'INSERT' AND NEW.state = 'APPROACHED' AND NEW.approach_sent_at IS NULL THEN
        RETURN NULL;
    END IF;
    IF NEW.state = 'ACTIVE' THEN
        contact := last_contact(NEW.id, NEW.contact_since);
    END IF;
    PERFORM watch_reminders(NEW.id,
        ARRAY['APPROACH', 'READINESS_MISSING', 'MEETING_UNDATED', 'CHEMISTRY_SILENT', 'NO_MEETING',
              'NO_MEETING_CENTER', 'CHECK_IN', 'HALF_YEAR_FEEDBACK', 'AGREEMENT_ENDING', 'FINAL_REPORT'],
        ARRAY[
            CASE WHEN NEW.state = 'APPROACHED' THEN german_date(NEW.approach_sent_at) END,
            CASE WHEN NEW.state IN ('INTERESTED', 'INTRODUCED', 'MET') THEN german_date(NEW.answered_at) END,
            CASE WHEN NEW.state = 'INTRODUCED' THEN german_date(NEW.introduced_at) END,
            CASE WHEN NEW.state = 'MET' THEN NEW.first_meeting_on END,
            contact,
            contact,
            CASE WHEN NEW.state IN ('ACTIVE', 'PAUSED') THEN NEW.active_from END,
            CASE WHEN NEW.state IN ('ACTIVE', 'PAUSED') THEN NEW.active_from END,
            CASE WHEN NEW.state IN ('ACTIVE', 'PAUSED') THEN
                (SELECT ends_on FROM agreements WHERE match_id = NEW.id ORDER BY number DESC LIMIT 1) END,
            CASE WHEN NEW.state IN ('COMPLETED', 'ENDED_EARLY') THEN german_date(NEW.ended_at) END]);
    RETURN NULL;
END $$;
CREATE TRIGGER matches_watch AFTER INSERT OR DELETE OR
    UPDATE OF state, approach_sent_at, answered_at, introduced_at, first_meeting_on, active_from, ended_at ON matches
    FOR EACH ROW EXECUTE FUNCTION watch_match();

CREATE FUNCTION watch_meeting() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    match   uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.match_id ELSE NEW.match_id END;
    contact date;
BEGIN
    SELECT last_contact(id, contact_since) INTO contact FROM matches WHERE id = match AND state = 'ACTIVE';
    PERFORM watch_reminders(match, ARRAY['NO_MEETING', 'NO_MEETING_CENTER'], ARRAY[contact, contact]);
    RETURN NULL;
END $$;
CREATE TRIGGER meetings_watch AFTER INSERT OR DELETE OR UPDATE OF met_on ON meetings
    FOR EACH ROW EXECUTE FUNCTION watch_meeting();

CREATE FUNCTION watch_milestone() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
    ELSE
        PERFORM watch_reminder('INTERVIEW_FOLLOW_UP', NEW.id, CASE WHEN NEW.kind = 'INTERVIEW' THEN NEW.on_date END);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER milestones_watch AFTER INSERT OR DELETE OR UPDATE OF kind, on_date ON milestones
    FOR EACH ROW EXECUTE FUNCTION watch_milestone();

CREATE FUNCTION watch_agreement() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    match uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.match_id ELSE NEW.match_id END;
BEGIN
    PERFORM watch_reminder('AGREEMENT_ENDING', match, (
        SELECT a.ends_on FROM agreements a JOIN matches m ON m.id = a.match_id
         WHERE a.match_id = match AND m.state IN ('ACTIVE', 'PAUSED') ORDER BY a.number DESC LIMIT 1));
    RETURN NULL;
END $$;
CREATE TRIGGER agreements_watch AFTER INSERT OR DELETE OR UPDATE OF ends_on ON agreements
    FOR EACH ROW EXECUTE FUNCTION watch_agreement();

CREATE FUNCTION watch_check() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last_day date;
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
        RETURN NULL;
    END IF;
    IF NEW.no_relevant_entry AND NEW.erased_on IS NULL THEN
        last_day := NEW.valid_until;
    END IF;
    PERFORM watch_reminders(NEW.id, ARRAY['CHECK_EXPIRY', 'CHECK_EXPIRY_OFFICE'], ARRAY[last_day, last_day]);
    RETURN NULL;
END $$;
CREATE TRIGGER background_checks_watch AFTER INSERT OR DELETE OR
    UPDATE OF valid_until, no_relevant_entry, erased_on ON background_checks
    FOR EACH ROW EXECUTE FUNCTION watch_check();

CREATE FUNCTION watch_attendance() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
    ELSE
        PERFORM watch_reminder('TRAINING_SESSION', NEW.id, CASE WHEN NEW.state = 'BOOKED' THEN
            (SELECT german_date(starts_at) FROM training_sessions WHERE id = NEW.session_id) END);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER training_attendances_watch AFTER INSERT OR DELETE OR UPDATE OF state, session_id ON training_attendances
    FOR EACH ROW EXECUTE FUNCTION watch_attendance();

CREATE FUNCTION watch_session() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM watch_reminder('TRAINING_SESSION', a.id,
                CASE WHEN NEW.cancelled_at IS NULL THEN german_date(NEW.starts_at) END)
       FROM training_attendances a WHERE a.session_id = NEW.id AND a.state = 'BOOKED';
    RETURN NULL;
END $$;
CREATE TRIGGER training_sessions_watch AFTER UPDATE OF starts_at, cancelled_at ON training_sessions
    FOR EACH ROW EXECUTE FUNCTION watch_session();

-- since when a case searches: waiting time counts from the submission, but a case that searches again
-- is brought to mind again
ALTER TABLE cases ADD COLUMN searching_since date;

CREATE FUNCTION cases_searching_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'SEARCHING' AND OLD.state IS DISTINCT FROM 'SEARCHING' THEN
        NEW.searching_since := german_date(NEW.updated_at);
    ELSIF NEW.state <> 'SEARCHING' THEN
        NEW.searching_since := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cases_searching_since_updated BEFORE UPDATE OF state ON cases
    FOR EACH ROW EXECUTE FUNCTION cases_searching_since();
CREATE FUNCTION cases_searching_since_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.searching_since := german_date(coalesce(NEW.accepted_at, NEW.submitted_at, NEW.created_at));
    RETURN NEW;
END $$;
CREATE TRIGGER cases_searching_since_inserted BEFORE INSERT ON cases
    FOR EACH ROW WHEN (NEW.state = 'SEARCHING') EXECUTE FUNCTION cases_searching_since_first();

CREATE FUNCTION watch_case() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
        RETURN NULL;
    END IF;
    PERFORM watch_reminder('CASE_SEARCHING', NEW.id, NEW.searching_since);
    PERFORM watch_reminder('OUTCOME_CONFIRMATION', NEW.id,
        CASE WHEN NEW.state = 'CLOSED' AND NEW.outcome_confirmed_at IS NULL THEN NEW.training_starts_on END);
    -- who becomes of age while a case is open
    PERFORM watch_reminder('TURNS18', NEW.id, CASE WHEN NEW.state NOT IN ('CLOSED', 'WITHDRAWN') THEN
        (SELECT (birth_date + interval '18 years')::date FROM mentees WHERE id = NEW.mentee_id) END);
    RETURN NULL;
END $$;
CREATE TRIGGER cases_watch AFTER INSERT OR DELETE OR UPDATE OF state, training_starts_on, outcome_confirmed_at ON cases
    FOR EACH ROW EXECUTE FUNCTION watch_case();

CREATE FUNCTION watch_mentee() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM watch_reminder('TURNS18', c.id, (NEW.birth_date + interval '18 years')::date)
       FROM cases c WHERE c.mentee_id = NEW.id AND c.state NOT IN ('CLOSED', 'WITHDRAWN');
    RETURN NULL;
END $$;
CREATE TRIGGER mentees_watch AFTER UPDATE OF birth_date ON mentees
    FOR EACH ROW EXECUTE FUNCTION watch_mentee();

CREATE FUNCTION watch_office() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM reminders WHERE subject_id = OLD.id;
    ELSE
        PERFORM watch_reminder('WEEKLY_DIGEST', NEW.id, german_date(NEW.created_at));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER regional_offices_watch AFTER INSERT OR DELETE ON regional_offices
    FOR EACH ROW EXECUTE FUNCTION watch_office();

-- what stands in the database already
UPDATE matches SET contact_since = active_from WHERE state = 'ACTIVE';
UPDATE cases SET searching_since = german_date(coalesce(accepted_at, submitted_at, created_at)) WHERE state = 'SEARCHING';
UPDATE matches SET state = state;
UPDATE milestones SET kind = kind;
UPDATE background_checks SET valid_until = valid_until;
UPDATE training_attendances SET state = state;
UPDATE cases SET state = state;
INSERT INTO reminders (kind, subject_id, anchor) SELECT 'WEEKLY_DIGEST', id, german_date(created_at) FROM regional_offices;
-- one row for the whole programme: its anchor is the day up to which erasures have been announced
INSERT INTO reminders (kind, subject_id, anchor) VALUES ('ERASURE_DUE', '00000000-0000-0000-0000-000000000000', '2016-08-01');

-- Who does not want which mails any more; only those that are not essential can be ended.
CREATE TABLE mail_optouts (
    recipient_kind text NOT NULL CONSTRAINT mail_optouts_recipient_known
                   CHECK (recipient_kind IN ('USER', 'EXPERT', 'MENTEE', 'GUARDIAN', 'CENTER', 'OFFICE')),
    recipient_id   uuid NOT NULL,
    trigger        text NOT NULL,
    since          timestamptz NOT NULL,
    PRIMARY KEY (recipient_kind, recipient_id, trigger)
);

-- Addresses to which nothing is sent any more: a server refused them for good, or somebody asked for it.
-- Held as a hash, so that the list is no list of addresses.
CREATE TABLE suppressed_addresses (
    address_hash bytea PRIMARY KEY,
    reason       text NOT NULL,
    since        timestamptz NOT NULL
);

-- How fast mails may leave for a domain, shared by all workers: when the next one may (GCRA).
CREATE TABLE mail_domains (
    domain  text PRIMARY KEY,
    next_at timestamptz NOT NULL
);

ALTER TABLE email_deliveries
    -- the round of a reminder: part of the key, kept for what the mail says
    ADD COLUMN occasion date,
    -- when its turn at its domain is
    ADD COLUMN slot_at  timestamptz;
-- deliveries that were left behind by a killed worker are found by this
CREATE INDEX email_deliveries_open ON email_deliveries (created_at) WHERE state IN ('QUEUED', 'SENDING');

GRANT SELECT, INSERT, UPDATE, DELETE ON reminders, reminder_plan, mail_domains, mail_optouts, suppressed_addresses TO tandem_worker;
GRANT SELECT, INSERT, DELETE ON mail_optouts, suppressed_addresses TO tandem_api;
GRANT SELECT ON delivery_offices TO tandem_worker;
