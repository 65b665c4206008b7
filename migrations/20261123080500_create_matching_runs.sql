CREATE TABLE matching_runs (
    id                  uuid PRIMARY KEY,
    requested_by        uuid NOT NULL REFERENCES users,
    state               text NOT NULL CONSTRAINT matching_runs_state_known CHECK (state IN
                        ('QUEUED', 'RUNNING', 'READY', 'APPLIED', 'DISCARDED', 'FAILED', 'CANCELLED', 'UNDONE')),
    -- objective, weights, radii, pins: domain::runs::Parameters
    parameters          jsonb NOT NULL,
    -- live progress: phase, done, total
    phase               text NOT NULL DEFAULT 'QUEUED',
    progress_done       bigint NOT NULL DEFAULT 0,
    progress_total      bigint NOT NULL DEFAULT 0,
    cancel_requested_at timestamptz,
    failure             text,
    -- domain::runs::Summary, with the certificate; present from READY on
    summary             jsonb,
    next_alternates     boolean NOT NULL DEFAULT true,
    version             bigint NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    started_at          timestamptz,
    ready_at            timestamptz,
    decided_at          timestamptz,
    decided_by          uuid REFERENCES users,
    undone_at           timestamptz,
    CONSTRAINT matching_runs_ready_has_summary CHECK (
        state NOT IN ('READY', 'APPLIED', 'DISCARDED', 'UNDONE') OR summary IS NOT NULL),
    CONSTRAINT matching_runs_failed_has_reason CHECK ((state = 'FAILED') = (failure IS NOT NULL))
);
CREATE INDEX matching_runs_created ON matching_runs (created_at DESC, id);

-- The offices whose cases a run covers. `working` while it is QUEUED or RUNNING: one office is never
-- planned twice at the same time.
CREATE TABLE matching_run_offices (
    run_id    uuid NOT NULL REFERENCES matching_runs ON DELETE CASCADE,
    office_id uuid NOT NULL REFERENCES regional_offices,
    working   boolean NOT NULL DEFAULT true,
    PRIMARY KEY (run_id, office_id)
);
CREATE UNIQUE INDEX matching_run_offices_one_working ON matching_run_offices (office_id) WHERE working;

-- The numbers that went in (ids, capacities, scores; no names), zstd-compressed: the same snapshot
-- gives the same plan, byte for byte.
CREATE TABLE matching_run_snapshots (
    run_id   uuid PRIMARY KEY REFERENCES matching_runs ON DELETE CASCADE,
    snapshot bytea NOT NULL,
    taken_at timestamptz NOT NULL
);

CREATE TABLE matching_run_pins (
    run_id    uuid NOT NULL REFERENCES matching_runs ON DELETE CASCADE,
    case_id   uuid NOT NULL REFERENCES cases,
    expert_id uuid NOT NULL REFERENCES experts,
    PRIMARY KEY (run_id, case_id)
);

-- A case of the run: its proposal, or why there is none.
CREATE TABLE matching_run_cases (
    run_id       uuid NOT NULL REFERENCES matching_runs ON DELETE CASCADE,
    case_id      uuid NOT NULL REFERENCES cases,
    candidates   integer NOT NULL,
    -- how many experts each rule removed: {"TRAINING": 21, …}
    removed      jsonb NOT NULL,
    -- for a case without an expert, the nearest misses
    near_misses  jsonb NOT NULL DEFAULT '[]',
    matched      boolean NOT NULL,
    PRIMARY KEY (run_id, case_id)
);

CREATE TABLE proposals (
    id          uuid PRIMARY KEY,
    run_id      uuid NOT NULL REFERENCES matching_runs ON DELETE CASCADE,
    case_id     uuid NOT NULL REFERENCES cases,
    expert_id   uuid NOT NULL REFERENCES experts,
    -- 0 is the plan's choice, 1 to 3 are the alternates
    rank        smallint NOT NULL CONSTRAINT proposals_rank_range CHECK (rank BETWEEN 0 AND 3),
    score       integer NOT NULL,
    -- points a criterion, adding up to score
    points      jsonb NOT NULL,
    distance_m  integer NOT NULL,
    -- what this expert still lacks, where the run admits such experts
    missing     text[] NOT NULL DEFAULT '{}',
    pinned      boolean NOT NULL DEFAULT false,
    -- the coordinator's decision, laid over the immutable plan
    decision    text NOT NULL DEFAULT 'NONE' CONSTRAINT proposals_decision_known
                CHECK (decision IN ('NONE', 'VETOED', 'CHOSEN')),
    decided_by  uuid REFERENCES users,
    -- what became of it when it was applied
    outcome     text CONSTRAINT proposals_outcome_known CHECK (outcome IN ('APPROACHED', 'STALE')),
    stale_reason text,
    applied_at  timestamptz,
    CONSTRAINT proposals_one_rank UNIQUE (run_id, case_id, rank),
    CONSTRAINT proposals_one_pair UNIQUE (run_id, case_id, expert_id)
);
CREATE INDEX proposals_case ON proposals (case_id, rank);
CREATE INDEX proposals_expert ON proposals (expert_id);
CREATE UNIQUE INDEX proposals_one_chosen ON proposals (run_id, case_id) WHERE decision = 'CHOSEN';
