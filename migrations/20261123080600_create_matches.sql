CREATE TABLE matches (
    id               uuid PRIMARY KEY,
    case_id          uuid NOT NULL REFERENCES cases,
    expert_id        uuid NOT NULL REFERENCES experts,
    -- the plan's row it came from; null: approached by hand
    proposal_id      uuid REFERENCES proposals,
    state            text NOT NULL CONSTRAINT matches_state_known CHECK (state IN
                     ('APPROACHED', 'INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ENDED_EARLY',
                      'DECLINED', 'LAPSED', 'WITHDRAWN', 'SUPERSEDED', 'NOT_FORMED')),
    approached_by    uuid REFERENCES users,
    approached_at    timestamptz NOT NULL,
    -- when the approach e-mail left: reminder and lapse count from here
    approach_sent_at timestamptz,
    undeliverable    boolean NOT NULL DEFAULT false,
    answered_at      timestamptz,
    answered_by_way  text CONSTRAINT matches_answer_way_known CHECK (answered_by_way IN ('LINK', 'SIGNED_IN', 'TELEPHONE')),
    decline_reason   text CONSTRAINT matches_decline_reason_known CHECK (decline_reason IN ('NOT_NOW', 'TOO_FAR', 'OTHER')),
    introduced_at    timestamptz,
    first_meeting_on date,
    active_from      date,
    paused_by_system boolean NOT NULL DEFAULT false,
    ended_at         timestamptz,
    end_reasons      text[] NOT NULL DEFAULT '{}',
    another_match_wished boolean,
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT matches_answer_whole CHECK (
        state NOT IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ENDED_EARLY', 'DECLINED', 'NOT_FORMED')
        OR (answered_at IS NOT NULL AND answered_by_way IS NOT NULL)),
    CONSTRAINT matches_met_has_meeting CHECK (
        state NOT IN ('MET', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ENDED_EARLY') OR first_meeting_on IS NOT NULL),
    CONSTRAINT matches_active_has_date CHECK (
        state NOT IN ('ACTIVE', 'PAUSED', 'COMPLETED', 'ENDED_EARLY') OR active_from IS NOT NULL),
    CONSTRAINT matches_end_has_date CHECK (
        (state IN ('COMPLETED', 'ENDED_EARLY', 'DECLINED', 'LAPSED', 'WITHDRAWN', 'SUPERSEDED', 'NOT_FORMED'))
        = (ended_at IS NOT NULL))
);
-- strictly one to one (S4)
CREATE UNIQUE INDEX matches_one_engaged_per_case ON matches (case_id)
    WHERE state IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED');
CREATE UNIQUE INDEX matches_one_open_per_pair ON matches (case_id, expert_id)
    WHERE state IN ('APPROACHED', 'INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED');
CREATE UNIQUE INDEX matches_one_per_proposal ON matches (proposal_id);
CREATE INDEX matches_case ON matches (case_id, state);
CREATE INDEX matches_expert ON matches (expert_id, state);
CREATE INDEX matches_awaiting_answer ON matches (approach_sent_at) WHERE state = 'APPROACHED';

CREATE FUNCTION match_is_open(state text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT state IN ('APPROACHED', 'INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED') $$;

-- domain::matches::MatchState::reveals_expert: the centre and the mentee may know who it is (S21).
CREATE FUNCTION match_reveals_expert(state text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT state IN ('INTERESTED', 'INTRODUCED', 'MET', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ENDED_EARLY') $$;

-- Keeps experts.open_matches; experts_capacity_not_exceeded then holds under every race, since the
-- row of the expert is locked by the update.
CREATE FUNCTION count_open_matches() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') AND match_is_open(OLD.state) THEN
        IF TG_OP = 'UPDATE' AND match_is_open(NEW.state) AND NEW.expert_id = OLD.expert_id THEN
            RETURN NULL;
        END IF;
        UPDATE experts SET open_matches = open_matches - 1 WHERE id = OLD.expert_id;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') AND match_is_open(NEW.state) THEN
        UPDATE experts SET open_matches = open_matches + 1 WHERE id = NEW.expert_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER matches_count_open AFTER INSERT OR DELETE OR UPDATE OF state, expert_id ON matches
    FOR EACH ROW EXECUTE FUNCTION count_open_matches();

-- The state machine of domain::matches, once more: whatever writes, no illegal step is stored.
CREATE FUNCTION check_match_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT (CASE OLD.state
        WHEN 'APPROACHED' THEN NEW.state IN ('INTERESTED', 'DECLINED', 'LAPSED', 'WITHDRAWN', 'SUPERSEDED')
        WHEN 'INTERESTED' THEN NEW.state IN ('INTRODUCED', 'WITHDRAWN', 'NOT_FORMED')
        WHEN 'INTRODUCED' THEN NEW.state IN ('MET', 'WITHDRAWN', 'NOT_FORMED')
        WHEN 'MET' THEN NEW.state IN ('ACTIVE', 'WITHDRAWN', 'NOT_FORMED')
        WHEN 'ACTIVE' THEN NEW.state IN ('PAUSED', 'COMPLETED', 'ENDED_EARLY')
        WHEN 'PAUSED' THEN NEW.state IN ('ACTIVE', 'COMPLETED', 'ENDED_EARLY')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'a match cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'matches_step_legal', TABLE = 'matches';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matches_step_legal BEFORE UPDATE OF state ON matches
    FOR EACH ROW EXECUTE FUNCTION check_match_step();

CREATE FUNCTION check_case_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT (CASE OLD.state
        WHEN 'DRAFT' THEN NEW.state IN ('SUBMITTED', 'WITHDRAWN')
        WHEN 'SUBMITTED' THEN NEW.state IN ('SEARCHING', 'DRAFT', 'WITHDRAWN')
        WHEN 'SEARCHING' THEN NEW.state IN ('MATCHED', 'CLOSED', 'WITHDRAWN')
        WHEN 'MATCHED' THEN NEW.state IN ('SEARCHING', 'ACTIVE', 'WITHDRAWN')
        WHEN 'ACTIVE' THEN NEW.state IN ('CLOSED', 'SEARCHING', 'WITHDRAWN')
        WHEN 'CLOSED' THEN NEW.state IN ('SEARCHING')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'a case cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cases_step_legal', TABLE = 'cases';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cases_step_legal BEFORE UPDATE OF state ON cases
    FOR EACH ROW EXECUTE FUNCTION check_case_step();

CREATE FUNCTION check_expert_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT (CASE OLD.state
        WHEN 'REGISTERED' THEN NEW.state IN ('ACTIVE', 'LEFT')
        WHEN 'ACTIVE' THEN NEW.state IN ('SUSPENDED', 'LEFT')
        WHEN 'SUSPENDED' THEN NEW.state IN ('ACTIVE', 'LEFT')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'an expert cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'experts_step_legal', TABLE = 'experts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER experts_step_legal BEFORE UPDATE OF state ON experts
    FOR EACH ROW EXECUTE FUNCTION check_expert_step();

CREATE FUNCTION check_run_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF NOT (CASE OLD.state
        WHEN 'QUEUED' THEN NEW.state IN ('RUNNING', 'FAILED', 'CANCELLED')
        WHEN 'RUNNING' THEN NEW.state IN ('READY', 'FAILED', 'CANCELLED')
        WHEN 'READY' THEN NEW.state IN ('APPLIED', 'DISCARDED')
        WHEN 'APPLIED' THEN NEW.state IN ('UNDONE')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'a matching run cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'matching_runs_step_legal', TABLE = 'matching_runs';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER matching_runs_step_legal BEFORE UPDATE OF state ON matching_runs
    FOR EACH ROW EXECUTE FUNCTION check_run_step();

-- What follows the first meeting. Not yet reachable through the API, laid out here so that the
-- promises stand in the database from the start.

-- Each side's private answer after the first meeting (S13 to S15); the guardian's for a minor.
CREATE TABLE chemistry_verdicts (
    match_id    uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
    side        text NOT NULL CONSTRAINT chemistry_verdicts_side_known CHECK (side IN ('EXPERT', 'MENTEE', 'GUARDIAN')),
    verdict     text NOT NULL CONSTRAINT chemistry_verdicts_verdict_known CHECK (verdict IN ('YES', 'NO', 'NOT_SURE_YET')),
    -- no staff action is among the ways except paper, which is recorded with a witness (S14)
    given_by_way text NOT NULL CONSTRAINT chemistry_verdicts_way_known CHECK (given_by_way IN ('LINK', 'CODE', 'SIGNED_IN', 'PAPER')),
    recorded_by uuid REFERENCES users,
    witness     text,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (match_id, side),
    CONSTRAINT chemistry_verdicts_paper_has_witness CHECK (
        (given_by_way = 'PAPER') = (recorded_by IS NOT NULL AND witness IS NOT NULL))
);

CREATE TABLE agreements (
    id          uuid PRIMARY KEY,
    match_id    uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
    -- amendments make a new version (S51)
    number      smallint NOT NULL CHECK (number >= 1),
    areas       text[] NOT NULL CHECK (cardinality(areas) >= 1),
    expert_tasks text NOT NULL DEFAULT '',
    mentee_tasks text NOT NULL DEFAULT '',
    rhythm_days smallint NOT NULL DEFAULT 7 CHECK (rhythm_days BETWEEN 1 AND 31),
    place       text NOT NULL DEFAULT '',
    channels    text[] NOT NULL DEFAULT '{}',
    goals       text NOT NULL DEFAULT '',
    starts_on   date NOT NULL,
    ends_on     date NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT agreements_order CHECK (ends_on > starts_on),
    CONSTRAINT agreements_number_unique UNIQUE (match_id, number)
);
CREATE TABLE agreement_signatures (
    agreement_id uuid NOT NULL REFERENCES agreements ON DELETE CASCADE,
    side         text NOT NULL CONSTRAINT agreement_signatures_side_known CHECK (side IN ('EXPERT', 'MENTEE', 'GUARDIAN')),
    given_by_way text NOT NULL CONSTRAINT agreement_signatures_way_known CHECK (given_by_way IN ('LINK', 'CODE', 'SIGNED_IN', 'PAPER')),
    recorded_by  uuid REFERENCES users,
    witness      text,
    signed_at    timestamptz NOT NULL,
    PRIMARY KEY (agreement_id, side),
    CONSTRAINT agreement_signatures_paper_has_witness CHECK (
        (given_by_way = 'PAPER') = (recorded_by IS NOT NULL AND witness IS NOT NULL))
);
CREATE TABLE meetings (
    id                  uuid PRIMARY KEY,
    match_id            uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
    met_on              date NOT NULL,
    minutes             smallint NOT NULL CHECK (minutes BETWEEN 1 AND 1440),
    kind                text NOT NULL CONSTRAINT meetings_kind_known CHECK (kind IN ('IN_PERSON', 'VIDEO', 'PHONE', 'CHAT')),
    areas               text[] NOT NULL DEFAULT '{}',
    requested_by_mentee boolean NOT NULL DEFAULT false,
    note                text NOT NULL DEFAULT '',
    recorded_by         uuid REFERENCES users,
    created_at          timestamptz NOT NULL
);
CREATE INDEX meetings_match ON meetings (match_id, met_on);
CREATE TABLE milestones (
    id         uuid PRIMARY KEY,
    match_id   uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
    kind       text NOT NULL CONSTRAINT milestones_kind_known CHECK (kind IN
               ('COURSE_FOUND', 'LEVEL_REACHED', 'APPLICATION_SENT', 'INTERVIEW_PREPARED', 'INTERVIEW', 'INTERVIEW_FOLLOWED_UP',
                'CLUB_JOINED', 'INTERNSHIP', 'CONTRACT_SIGNED', 'OTHER')),
    -- preparation and follow-up belong to an interview (S43)
    belongs_to uuid REFERENCES milestones,
    on_date    date NOT NULL,
    note       text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL
);
CREATE INDEX milestones_match ON milestones (match_id, on_date);
CREATE TABLE feedback (
    id         uuid PRIMARY KEY,
    match_id   uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
    side       text NOT NULL CONSTRAINT feedback_side_known CHECK (side IN ('EXPERT', 'MENTEE')),
    occasion   text NOT NULL CONSTRAINT feedback_occasion_known CHECK (occasion IN ('CHECK_IN', 'HALF_YEAR', 'FINAL')),
    answers    jsonb NOT NULL,
    given_at   timestamptz NOT NULL,
    CONSTRAINT feedback_once UNIQUE (match_id, side, occasion)
);
CREATE TABLE exchange_events (
    id         uuid PRIMARY KEY,
    office_id  uuid NOT NULL REFERENCES regional_offices,
    title      text NOT NULL,
    starts_at  timestamptz NOT NULL,
    place      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL
);
