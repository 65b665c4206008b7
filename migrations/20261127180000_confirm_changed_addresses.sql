-- A changed e-mail address counts when it is confirmed at the old and at the new one (domain.md "Who may do
-- what", rule 2). Until then it stands here and not in the person's row, so that every mail goes on to the
-- address that was confirmed.
CREATE TABLE address_changes (
    id               uuid PRIMARY KEY,
    side             text NOT NULL CONSTRAINT address_changes_side_known
                     CHECK (side IN ('EXPERT', 'MENTEE', 'GUARDIAN')),
    expert_id        uuid REFERENCES experts ON DELETE CASCADE,
    mentee_id        uuid REFERENCES mentees ON DELETE CASCADE,
    -- the last address that was confirmed; null: there was none, so that nothing is confirmed at it
    old_email        text,
    -- null: the address was taken away
    new_email        text,
    -- null: an import, or erased
    asked_by         uuid REFERENCES users ON DELETE SET NULL,
    asked_at         timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    -- who says, after a telephone call, that the person cannot be reached at the old address any more and wants
    -- the new one
    vouched_by       uuid REFERENCES users ON DELETE SET NULL,
    vouched_at       timestamptz,
    spoken_on        date,
    ended_at         timestamptz,
    outcome          text CONSTRAINT address_changes_outcome_known
                     CHECK (outcome IN ('CONFIRMED', 'CONTESTED', 'WITHDRAWN', 'REPLACED', 'EXPIRED', 'REMOVED')),
    CONSTRAINT address_changes_of_one CHECK (
        (side = 'EXPERT') = (expert_id IS NOT NULL) AND (side <> 'EXPERT') = (mentee_id IS NOT NULL)),
    CONSTRAINT address_changes_another CHECK (old_email IS DISTINCT FROM new_email),
    CONSTRAINT address_changes_ended_has_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT address_changes_removed_has_no_new CHECK ((outcome IS NOT DISTINCT FROM 'REMOVED') = (new_email IS NULL)),
    CONSTRAINT address_changes_vouched_whole CHECK ((vouched_at IS NULL) = (spoken_on IS NULL)),
    -- never one member of staff alone
    CONSTRAINT address_changes_vouched_by_another CHECK (vouched_by <> asked_by),
    -- both ends, whoever writes the row
    CONSTRAINT address_changes_confirmed_at_both CHECK (
        outcome IS DISTINCT FROM 'CONFIRMED'
        OR (new_confirmed_at IS NOT NULL
            AND (old_email IS NULL OR old_confirmed_at IS NOT NULL OR vouched_at IS NOT NULL)))
);
CREATE UNIQUE INDEX address_changes_one_open_per_expert ON address_changes (expert_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX address_changes_one_open_per_mentee ON address_changes (mentee_id, side) WHERE ended_at IS NULL;
CREATE INDEX address_changes_expert ON address_changes (expert_id);
CREATE INDEX address_changes_mentee ON address_changes (mentee_id);
CREATE INDEX address_changes_due ON address_changes (expires_at) WHERE ended_at IS NULL;
CREATE INDEX address_changes_ended ON address_changes (ended_at) WHERE ended_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON address_changes TO tandem_api, tandem_worker;
-- what a confirmed address carries along: the sign-in that goes to it
GRANT UPDATE ON sessions TO tandem_worker;

CALL wall_off('address_changes');
CREATE POLICY api ON address_changes TO tandem_api USING (
    (SELECT wall_open())
    OR expert_id = ANY((SELECT wall_ids('experts'))::uuid[])
    OR EXISTS (SELECT FROM experts e WHERE e.id = expert_id AND e.office_id = ANY((SELECT wall_ids('offices'))::uuid[]))
    OR (mentee_id IS NOT NULL AND EXISTS (SELECT FROM mentees t WHERE t.id = mentee_id)));

-- Links go to an address that was confirmed, whichever program writes the row: another address than the stored
-- one comes in by a change that was confirmed at this very instant. An address is taken away, and erased, at once.
-- The owner, who corrects data by hand, is not asked.
CREATE FUNCTION address_was_confirmed(whose text, person uuid, email text, at timestamptz) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM address_changes
        WHERE side = whose AND COALESCE(expert_id, mentee_id) = person AND new_email = email
          AND outcome = 'CONFIRMED' AND ended_at = at) $$;
REVOKE EXECUTE ON FUNCTION address_was_confirmed(text, uuid, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION address_was_confirmed(text, uuid, text, timestamptz) TO tandem_api, tandem_worker;

CREATE FUNCTION keep_confirmed_address_of_expert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user IN ('tandem_api', 'tandem_worker') AND NEW.email IS DISTINCT FROM OLD.email
        AND NEW.email <> 'erased@erased.invalid'
        AND NOT address_was_confirmed('EXPERT', NEW.id, NEW.email, NEW.updated_at) THEN
        RAISE EXCEPTION 'the address of expert % was not confirmed', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'experts_email_confirmed', TABLE = 'experts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER experts_keep_confirmed_address BEFORE UPDATE OF email ON experts
    FOR EACH ROW EXECUTE FUNCTION keep_confirmed_address_of_expert();

CREATE FUNCTION keep_confirmed_address_of_mentee() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user NOT IN ('tandem_api', 'tandem_worker') THEN
        RETURN NEW;
    END IF;
    IF NEW.email IS NOT NULL AND NEW.email IS DISTINCT FROM OLD.email
        AND NOT address_was_confirmed('MENTEE', NEW.id, NEW.email, NEW.updated_at) THEN
        RAISE EXCEPTION 'the address of mentee % was not confirmed', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mentees_email_confirmed', TABLE = 'mentees';
    END IF;
    IF NEW.guardian_email IS NOT NULL AND NEW.guardian_email IS DISTINCT FROM OLD.guardian_email
        AND NOT address_was_confirmed('GUARDIAN', NEW.id, NEW.guardian_email, NEW.updated_at) THEN
        RAISE EXCEPTION 'the address of the guardian of mentee % was not confirmed', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mentees_guardian_email_confirmed', TABLE = 'mentees';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mentees_keep_confirmed_address BEFORE UPDATE OF email, guardian_email ON mentees
    FOR EACH ROW EXECUTE FUNCTION keep_confirmed_address_of_mentee();
