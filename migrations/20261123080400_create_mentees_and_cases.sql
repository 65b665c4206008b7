CREATE TABLE mentees (
    id                     uuid PRIMARY KEY,
    external_id            text,
    center_id              uuid NOT NULL REFERENCES service_centers,
    given_name             text NOT NULL CHECK (given_name <> ''),
    family_name            text NOT NULL CHECK (family_name <> ''),
    gender                 text CONSTRAINT mentees_gender_known CHECK (gender IN ('FEMALE', 'MALE', 'DIVERSE')),
    birth_date             date NOT NULL,
    email                  text,
    phone                  text NOT NULL DEFAULT '',
    -- the language this person chose to be written to in
    language               text NOT NULL DEFAULT 'de',
    first_language         text,
    first_language_consent boolean NOT NULL DEFAULT false,
    german_level           text NOT NULL CONSTRAINT mentees_german_level_known
                           CHECK (german_level IN ('NONE', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2')),
    german_level_on        date,
    german_level_source    text NOT NULL DEFAULT '',
    guardian_kind          text CONSTRAINT mentees_guardian_kind_known CHECK (guardian_kind IN ('PERSON', 'INSTITUTION')),
    guardian_name          text,
    guardian_email         text,
    guardian_phone         text,
    version                bigint NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    CONSTRAINT mentees_external_id_unique UNIQUE (center_id, external_id),
    CONSTRAINT mentees_first_language_with_consent CHECK (first_language IS NULL OR first_language_consent),
    CONSTRAINT mentees_guardian_whole CHECK ((guardian_kind IS NULL) = (guardian_name IS NULL))
);
CREATE INDEX mentees_center ON mentees (center_id, family_name, given_name, id);

CREATE TABLE mentee_languages (
    mentee_id uuid NOT NULL REFERENCES mentees ON DELETE CASCADE,
    language  text NOT NULL CONSTRAINT mentee_languages_format CHECK (language ~ '^[a-z]{2,3}$'),
    PRIMARY KEY (mentee_id, language)
);

CREATE TABLE cases (
    id                    uuid PRIMARY KEY,
    external_id           text,
    center_id             uuid NOT NULL REFERENCES service_centers,
    mentee_id             uuid NOT NULL REFERENCES mentees,
    contact_user_id       uuid REFERENCES users,
    contact_name          text NOT NULL DEFAULT '',
    state                 text NOT NULL CONSTRAINT cases_state_known CHECK (state IN
                          ('DRAFT', 'SUBMITTED', 'SEARCHING', 'MATCHED', 'ACTIVE', 'CLOSED', 'WITHDRAWN')),
    mentee_wishes         text NOT NULL DEFAULT '',
    center_wishes         text NOT NULL DEFAULT '',
    start_level           text NOT NULL DEFAULT '',
    radius_km             smallint NOT NULL DEFAULT 30 CONSTRAINT cases_radius_range CHECK (radius_km BETWEEN 1 AND 300),
    planned_start         date,
    expert_gender_wish    text CONSTRAINT cases_gender_wish_known CHECK (expert_gender_wish IN ('FEMALE', 'MALE', 'DIVERSE')),
    -- the centre's word, a boolean and nothing else (S30)
    eligibility_confirmed boolean NOT NULL DEFAULT false,
    mentee_consent_on     date,
    guardian_consent_on   date,
    return_note           text NOT NULL DEFAULT '',
    -- waiting time counts from here and survives a match that did not form
    submitted_at          timestamptz,
    accepted_at           timestamptz,
    closed_at             timestamptz,
    withdrawn_at          timestamptz,
    transition_outcome    text CONSTRAINT cases_transition_outcome_known CHECK (transition_outcome IN
                          ('TRAINING_PLACE', 'EQ', 'SCHOOL', 'VOCATIONAL_PREPARATION', 'LANGUAGE_COURSE', 'WORK',
                           'NO_TRANSITION', 'DROPPED_OUT', 'MOVED_AWAY', 'UNKNOWN')),
    social_outcome        text CONSTRAINT cases_social_outcome_known CHECK (social_outcome IN
                          ('SETTLED', 'FIRST_CONTACTS', 'ISOLATED', 'UNKNOWN')),
    training_starts_on    date,
    outcome_confirmed_at  timestamptz,
    version               bigint NOT NULL DEFAULT 1,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    CONSTRAINT cases_external_id_unique UNIQUE (center_id, external_id),
    CONSTRAINT cases_submitted_has_consent CHECK (
        state IN ('DRAFT', 'WITHDRAWN') OR (submitted_at IS NOT NULL AND mentee_consent_on IS NOT NULL
            AND eligibility_confirmed AND planned_start IS NOT NULL)),
    CONSTRAINT cases_closed_has_outcome CHECK (
        (state = 'CLOSED') = (closed_at IS NOT NULL AND transition_outcome IS NOT NULL AND social_outcome IS NOT NULL)),
    CONSTRAINT cases_withdrawn_has_date CHECK ((state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL))
);
CREATE INDEX cases_center_state ON cases (center_id, state, submitted_at, id);
CREATE INDEX cases_searching ON cases (center_id, id) WHERE state = 'SEARCHING';
-- a young person has one wish for one expert at a time (S4)
CREATE UNIQUE INDEX cases_one_open_per_mentee ON cases (mentee_id)
    WHERE state NOT IN ('CLOSED', 'WITHDRAWN');

CREATE TABLE case_support_areas (
    case_id  uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
    area     text NOT NULL CONSTRAINT case_support_areas_known
             CHECK (area IN ('LANGUAGE', 'APPLICATION', 'SOCIAL_CONTACTS', 'SCHOOL_AND_WORK', 'AUTHORITIES', 'OTHER')),
    -- 1 is the most important (S45)
    priority smallint NOT NULL CONSTRAINT case_support_areas_priority_range CHECK (priority BETWEEN 1 AND 3),
    PRIMARY KEY (case_id, area)
);
CREATE TABLE case_occupations (
    case_id       uuid NOT NULL REFERENCES cases ON DELETE CASCADE,
    -- 1 is the first choice (S49)
    rank          smallint NOT NULL CONSTRAINT case_occupations_rank_range CHECK (rank BETWEEN 1 AND 5),
    kldb_code     text NOT NULL CONSTRAINT case_occupations_kldb_format CHECK (kldb_code ~ '^[0-9]{1,5}$'),
    label         text NOT NULL,
    PRIMARY KEY (case_id, rank)
);

-- What a signed-in person may do: one row a role and its scope.
CREATE TABLE role_grants (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role       text NOT NULL CONSTRAINT role_grants_role_known
               CHECK (role IN ('ADMIN', 'COORDINATOR', 'CENTER_STAFF', 'EXPERT', 'MENTEE')),
    -- null with COORDINATOR: every office (head office)
    office_id  uuid REFERENCES regional_offices,
    center_id  uuid REFERENCES service_centers,
    expert_id  uuid REFERENCES experts ON DELETE CASCADE,
    mentee_id  uuid REFERENCES mentees ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    CONSTRAINT role_grants_scope_fits CHECK (
        CASE role
            WHEN 'ADMIN' THEN num_nonnulls(office_id, center_id, expert_id, mentee_id) = 0
            WHEN 'COORDINATOR' THEN num_nonnulls(center_id, expert_id, mentee_id) = 0
            WHEN 'CENTER_STAFF' THEN center_id IS NOT NULL AND num_nonnulls(office_id, expert_id, mentee_id) = 0
            WHEN 'EXPERT' THEN expert_id IS NOT NULL AND num_nonnulls(office_id, center_id, mentee_id) = 0
            WHEN 'MENTEE' THEN mentee_id IS NOT NULL AND num_nonnulls(office_id, center_id, expert_id) = 0
        END),
    CONSTRAINT role_grants_unique UNIQUE NULLS NOT DISTINCT (user_id, role, office_id, center_id, expert_id, mentee_id)
);
CREATE INDEX role_grants_expert ON role_grants (expert_id);
