-- What the life of a match needs beyond the first question (domain.md "Life of a match").

ALTER TABLE matches
    -- who introduced expert and centre; null: the system
    ADD COLUMN introduced_by        uuid REFERENCES users,
    -- expert and centre have talked about what the mentee needs, before the first meeting (S33)
    ADD COLUMN briefed_on           date,
    ADD COLUMN briefing_note        text NOT NULL DEFAULT '',
    -- the first meeting as it is arranged; first_meeting_on is the day on which it took place
    ADD COLUMN meeting_planned_at   timestamptz,
    ADD COLUMN meeting_planned_place text NOT NULL DEFAULT '',
    ADD COLUMN meeting_planned_by   text CONSTRAINT matches_planned_by_known CHECK (meeting_planned_by IN ('CENTER', 'EXPERT')),
    -- grows with each date, so that each is told once
    ADD COLUMN meeting_plan         smallint NOT NULL DEFAULT 0,
    ADD COLUMN met_recorded_at      timestamptz,
    -- when the verdicts became the result: two yes, and the agreement is opened
    ADD COLUMN consented_at         timestamptz,
    ADD COLUMN pause_reason         text CONSTRAINT matches_pause_reason_known
                                    CHECK (pause_reason IN ('WISHED', 'CHECK_EXPIRED', 'EXPERT_SUSPENDED', 'PAPER_CONTESTED')),
    ADD COLUMN paused_at            timestamptz,
    ADD COLUMN ended_by_side        text CONSTRAINT matches_ended_by_known
                                    CHECK (ended_by_side IN ('EXPERT', 'MENTEE', 'GUARDIAN', 'CENTER', 'OFFICE', 'SYSTEM')),
    -- the expert's wish and the mentee's are two
    ADD COLUMN mentee_wishes_another boolean,
    ADD CONSTRAINT matches_plan_whole CHECK ((meeting_planned_at IS NULL) = (meeting_planned_by IS NULL)),
    ADD CONSTRAINT matches_pause_whole CHECK ((state = 'PAUSED') = (paused_at IS NOT NULL AND pause_reason IS NOT NULL)),
    ADD CONSTRAINT matches_active_was_consented CHECK (
        state NOT IN ('ACTIVE', 'PAUSED', 'COMPLETED', 'ENDED_EARLY') OR consented_at IS NOT NULL);
ALTER TABLE matches DROP COLUMN paused_by_system;

-- what falls due is found by these
CREATE INDEX matches_met_since ON matches (met_recorded_at) WHERE state = 'MET' AND consented_at IS NULL;
CREATE INDEX matches_running ON matches (expert_id) WHERE state IN ('ACTIVE', 'PAUSED');
CREATE INDEX matches_agreed ON matches (id) WHERE state = 'MET' AND consented_at IS NOT NULL;

-- Whether an expert keeps the word: the pair of expert and centre may have agreed on a date, but it stands
-- only for as long as the day has not come.
ALTER TABLE chemistry_verdicts
    ADD COLUMN objected_at timestamptz;

-- A version that somebody signed is never changed: an amendment is a new version (S51).
ALTER TABLE agreements
    ADD COLUMN written_by_side text NOT NULL DEFAULT 'CENTER'
               CONSTRAINT agreements_written_by_known CHECK (written_by_side IN ('CENTER', 'EXPERT')),
    ADD COLUMN written_by uuid REFERENCES users,
    -- when every side that has to had signed; until then the version before it counts
    ADD COLUMN in_force_at timestamptz;
ALTER TABLE agreements ALTER COLUMN written_by_side DROP DEFAULT;
CREATE INDEX agreements_ending ON agreements (ends_on) WHERE in_force_at IS NOT NULL;

ALTER TABLE agreement_signatures
    -- who signed, as the name stood on the day
    ADD COLUMN signer_name text NOT NULL DEFAULT '',
    -- the day that the paper carries
    ADD COLUMN signed_on   date,
    ADD COLUMN address     text NOT NULL DEFAULT '';

-- What was recorded on paper, and what the person said of the record. The row outlives the verdict or
-- the signature that it is about, which an objection takes back.
CREATE TABLE paper_records (
    id           uuid PRIMARY KEY,
    match_id     uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
    side         text NOT NULL CONSTRAINT paper_records_side_known CHECK (side IN ('EXPERT', 'MENTEE', 'GUARDIAN')),
    what         text NOT NULL CONSTRAINT paper_records_what_known CHECK (what IN ('VERDICT', 'SIGNATURE')),
    agreement_id uuid REFERENCES agreements ON DELETE CASCADE,
    on_date      date NOT NULL,
    witness      text NOT NULL CHECK (witness <> ''),
    recorded_by  uuid NOT NULL REFERENCES users,
    recorded_at  timestamptz NOT NULL,
    contested_at timestamptz,
    CONSTRAINT paper_records_signature_of_agreement CHECK ((what = 'SIGNATURE') = (agreement_id IS NOT NULL))
);
CREATE INDEX paper_records_match ON paper_records (match_id);

ALTER TABLE meetings
    ADD COLUMN recorded_by_side text NOT NULL DEFAULT 'CENTER'
               CONSTRAINT meetings_recorded_by_known CHECK (recorded_by_side IN ('CENTER', 'EXPERT'));
ALTER TABLE meetings ALTER COLUMN recorded_by_side DROP DEFAULT;

ALTER TABLE milestones
    ADD COLUMN level text CONSTRAINT milestones_level_known CHECK (level IN ('NONE', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2')),
    ADD COLUMN recorded_by uuid REFERENCES users,
    ADD COLUMN recorded_by_side text NOT NULL DEFAULT 'CENTER'
               CONSTRAINT milestones_recorded_by_known CHECK (recorded_by_side IN ('CENTER', 'EXPERT')),
    -- preparation and follow-up belong to an interview, and nothing else belongs to anything (S43)
    ADD CONSTRAINT milestones_triple CHECK (
        belongs_to IS NULL OR kind IN ('INTERVIEW_PREPARED', 'INTERVIEW_FOLLOWED_UP'));
ALTER TABLE milestones ALTER COLUMN recorded_by_side DROP DEFAULT;
CREATE UNIQUE INDEX milestones_one_part_an_interview ON milestones (belongs_to, kind) WHERE belongs_to IS NOT NULL;
CREATE INDEX milestones_interviews ON milestones (on_date) WHERE kind = 'INTERVIEW';

ALTER TABLE feedback
    ADD COLUMN given_by_way text NOT NULL DEFAULT 'SIGNED_IN'
               CONSTRAINT feedback_way_known CHECK (given_by_way IN ('LINK', 'CODE', 'SIGNED_IN'));
ALTER TABLE feedback ALTER COLUMN given_by_way DROP DEFAULT;

-- The expert's last word on a match: one a match.
CREATE TABLE final_reports (
    match_id      uuid PRIMARY KEY REFERENCES matches ON DELETE CASCADE,
    -- S39: the level at the end, next to that at the start
    german_level  text CONSTRAINT final_reports_level_known CHECK (german_level IN ('NONE', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2')),
    -- S52: self-help as an outcome
    tackles_alone text NOT NULL CONSTRAINT final_reports_tackles_known CHECK (tackles_alone IN ('YES', 'PARTLY', 'NO')),
    summary       text NOT NULL DEFAULT '',
    given_by_way  text NOT NULL CONSTRAINT final_reports_way_known CHECK (given_by_way IN ('LINK', 'CODE', 'SIGNED_IN')),
    written_at    timestamptz NOT NULL
);

-- "Report a problem": to centre and office, never to the expert.
CREATE TABLE problem_reports (
    id           uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
    match_id     uuid REFERENCES matches ON DELETE SET NULL,
    side         text NOT NULL CONSTRAINT problem_reports_side_known CHECK (side IN ('MENTEE', 'GUARDIAN')),
    text         text NOT NULL,
    given_by_way text NOT NULL CONSTRAINT problem_reports_way_known CHECK (given_by_way IN ('LINK', 'CODE', 'SIGNED_IN')),
    reported_at  timestamptz NOT NULL,
    settled_at   timestamptz,
    settled_by   uuid REFERENCES users,
    settled_note text NOT NULL DEFAULT ''
);
CREATE INDEX problem_reports_case ON problem_reports (case_id, reported_at);

-- Consent to publicity: the mentee's own, and under 18 the guardian's as well (S54); off until given.
ALTER TABLE mentees
    ADD COLUMN publicity_consent_at  timestamptz,
    ADD COLUMN guardian_publicity_consent_at timestamptz;

GRANT SELECT, INSERT, UPDATE, DELETE ON paper_records, final_reports, problem_reports TO tandem_api;
GRANT SELECT ON paper_records, final_reports, problem_reports TO tandem_worker;
GRANT UPDATE, INSERT ON agreements, chemistry_verdicts TO tandem_worker;
