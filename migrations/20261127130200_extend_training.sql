-- Sessions with seats, a waiting list whose seats are offered with a deadline, and invitations
-- (domain.md "Training").

ALTER TABLE training_sessions
    ADD COLUMN created_by uuid REFERENCES users,
    ADD COLUMN updated_at timestamptz,
    -- how many wait, kept by the trigger below: who gets a free seat must not depend on what one may see
    ADD COLUMN waiting integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT training_sessions_seats_range CHECK (seats <= 500);
UPDATE training_sessions SET updated_at = created_at;
ALTER TABLE training_sessions ALTER COLUMN updated_at SET NOT NULL;
CREATE INDEX training_sessions_starts ON training_sessions (starts_at, id);

ALTER TABLE training_attendances
    -- since when it waits: who waits longest is offered a seat first
    ADD COLUMN waitlisted_at timestamptz,
    -- grows with each offer, so that each is mailed once
    ADD COLUMN offers smallint NOT NULL DEFAULT 0,
    -- grows with each booking, so that each is confirmed once
    ADD COLUMN bookings smallint NOT NULL DEFAULT 0,
    ADD CONSTRAINT training_attendances_waiting_has_date CHECK (state <> 'WAITLISTED' OR waitlisted_at IS NOT NULL),
    ADD CONSTRAINT training_attendances_offer_has_deadline CHECK ((state = 'OFFERED') = (offered_until IS NOT NULL));
CREATE INDEX training_attendances_waiting ON training_attendances (session_id, waitlisted_at, id)
    WHERE state = 'WAITLISTED';
CREATE INDEX training_attendances_offers_due ON training_attendances (offered_until) WHERE state = 'OFFERED';

-- domain::training::AttendanceState::takes_a_seat.
CREATE FUNCTION attendance_takes_a_seat(state text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT state IN ('BOOKED', 'OFFERED', 'ATTENDED', 'MISSED') $$;

-- Keeps training_sessions.seats_taken and waiting; training_sessions_seats_not_exceeded then holds under
-- every race, since the row of the session is locked by the update.
CREATE FUNCTION count_seats_taken() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    taken_by integer := 0;
    waiting_by integer := 0;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        taken_by := taken_by - attendance_takes_a_seat(OLD.state)::integer;
        waiting_by := waiting_by - (OLD.state = 'WAITLISTED')::integer;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        taken_by := taken_by + attendance_takes_a_seat(NEW.state)::integer;
        waiting_by := waiting_by + (NEW.state = 'WAITLISTED')::integer;
    END IF;
    IF taken_by <> 0 OR waiting_by <> 0 THEN
        UPDATE training_sessions s
           SET seats_taken = s.seats_taken + taken_by, waiting = s.waiting + waiting_by
         WHERE s.id = CASE TG_OP WHEN 'DELETE' THEN OLD.session_id ELSE NEW.session_id END;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER training_attendances_count_seats AFTER INSERT OR DELETE OR UPDATE OF state ON training_attendances
    FOR EACH ROW EXECUTE FUNCTION count_seats_taken();
UPDATE training_sessions s SET seats_taken = (
        SELECT count(*) FROM training_attendances a WHERE a.session_id = s.id AND attendance_takes_a_seat(a.state)),
    waiting = (
        SELECT count(*) FROM training_attendances a WHERE a.session_id = s.id AND a.state = 'WAITLISTED');

-- The state machine of domain::training, once more: whatever writes, no illegal step is stored.
CREATE FUNCTION check_attendance_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT (CASE OLD.state
        WHEN 'INVITED' THEN NEW.state IN ('BOOKED', 'WAITLISTED', 'CANCELLED')
        WHEN 'BOOKED' THEN NEW.state IN ('ATTENDED', 'MISSED', 'CANCELLED')
        WHEN 'WAITLISTED' THEN NEW.state IN ('OFFERED', 'CANCELLED')
        WHEN 'OFFERED' THEN NEW.state IN ('BOOKED', 'LAPSED', 'CANCELLED')
        -- who changes their mind books again
        WHEN 'CANCELLED' THEN NEW.state IN ('BOOKED', 'WAITLISTED')
        WHEN 'LAPSED' THEN NEW.state IN ('BOOKED', 'WAITLISTED')
        -- the office corrects what it confirmed
        WHEN 'ATTENDED' THEN NEW.state IN ('MISSED')
        WHEN 'MISSED' THEN NEW.state IN ('ATTENDED')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'an attendance cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'training_attendances_step_legal', TABLE = 'training_attendances';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER training_attendances_step_legal BEFORE UPDATE OF state ON training_attendances
    FOR EACH ROW EXECUTE FUNCTION check_attendance_step();

ALTER TABLE training_modules
    ADD COLUMN active boolean NOT NULL DEFAULT true,
    ADD COLUMN version bigint NOT NULL DEFAULT 1,
    ADD CONSTRAINT training_modules_code_format CHECK (code ~ '^[A-Z][A-Z0-9_]{1,39}$'),
    -- a module that is not offered any more cannot be asked of anybody
    ADD CONSTRAINT training_modules_required_is_active CHECK (active OR NOT required);

-- the worker lapses offers and makes new ones
GRANT UPDATE ON training_sessions TO tandem_worker;
