CREATE TABLE experts (
    id                  uuid PRIMARY KEY,
    external_id         text,
    office_id           uuid NOT NULL REFERENCES regional_offices,
    state               text NOT NULL CONSTRAINT experts_state_known
                        CHECK (state IN ('REGISTERED', 'ACTIVE', 'SUSPENDED', 'LEFT')),
    title               text NOT NULL DEFAULT '',
    given_name          text NOT NULL CHECK (given_name <> ''),
    family_name         text NOT NULL CHECK (family_name <> ''),
    gender              text CONSTRAINT experts_gender_known CHECK (gender IN ('FEMALE', 'MALE', 'DIVERSE')),
    birth_date          date,
    street              text NOT NULL DEFAULT '',
    postal_code         text NOT NULL REFERENCES postal_codes,
    email               text NOT NULL,
    phone               text NOT NULL DEFAULT '',
    capacity            smallint NOT NULL DEFAULT 1 CONSTRAINT experts_capacity_range CHECK (capacity BETWEEN 1 AND 10),
    -- matches in APPROACHED … PAUSED, kept by the trigger on matches: the promise that capacity is
    -- never exceeded is this row's check constraint, so that no race can break it
    open_matches        smallint NOT NULL DEFAULT 0,
    travel_radius_km    smallint NOT NULL DEFAULT 30 CONSTRAINT experts_travel_radius_range CHECK (travel_radius_km BETWEEN 1 AND 300),
    preferred_channels  text[] NOT NULL DEFAULT '{}',
    motivation          text NOT NULL DEFAULT '',
    language            text NOT NULL DEFAULT 'de',
    notifications       jsonb NOT NULL DEFAULT '{}',
    publicity_consent   boolean NOT NULL DEFAULT false,
    activated_on        date,
    left_on             date,
    email_undeliverable boolean NOT NULL DEFAULT false,
    -- folded by the program: what a search looks at (the name's part before the first '|'), and what
    -- lists are sorted by, so that umlauts sort as people expect under every collation
    search_text         text NOT NULL,
    sort_name           text NOT NULL DEFAULT '',
    version             bigint NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT experts_external_id_unique UNIQUE (external_id),
    CONSTRAINT experts_capacity_not_exceeded CHECK (open_matches BETWEEN 0 AND capacity),
    CONSTRAINT experts_active_has_date CHECK (state <> 'ACTIVE' OR activated_on IS NOT NULL),
    CONSTRAINT experts_left_has_date CHECK ((state = 'LEFT') = (left_on IS NOT NULL))
);
CREATE INDEX experts_office_name ON experts (office_id, sort_name, id);
CREATE INDEX experts_name ON experts (sort_name, id);
CREATE INDEX experts_birth_date ON experts (birth_date);
CREATE INDEX experts_email ON experts (email);
CREATE INDEX experts_postal_code ON experts (postal_code);
CREATE INDEX experts_search ON experts USING gin (search_text gin_trgm_ops);

CREATE TABLE expert_occupations (
    expert_id uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    position  smallint NOT NULL,
    -- a former occupation or an interest that is not one (S50)
    kind      text NOT NULL CONSTRAINT expert_occupations_kind_known CHECK (kind IN ('OCCUPATION', 'INTEREST')),
    kldb_code text CONSTRAINT expert_occupations_kldb_format CHECK (kldb_code ~ '^[0-9]{1,5}$'),
    label     text NOT NULL,
    PRIMARY KEY (expert_id, position)
);
CREATE TABLE expert_languages (
    expert_id uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    language  text NOT NULL CONSTRAINT expert_languages_format CHECK (language ~ '^[a-z]{2,3}$'),
    PRIMARY KEY (expert_id, language)
);
CREATE TABLE expert_support_areas (
    expert_id uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    area      text NOT NULL CONSTRAINT expert_support_areas_known
              CHECK (area IN ('LANGUAGE', 'APPLICATION', 'SOCIAL_CONTACTS', 'SCHOOL_AND_WORK', 'AUTHORITIES', 'OTHER')),
    PRIMARY KEY (expert_id, area)
);
CREATE TABLE expert_programmes (
    expert_id uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    programme text NOT NULL CONSTRAINT expert_programmes_known
              CHECK (programme IN ('VERA', 'MOBIPRO_EU', 'MAKE_IT_IN_GERMANY', 'GERMAN_TUNISIAN_MOBILITY_PACT', 'OTHER')),
    PRIMARY KEY (expert_id, programme)
);
CREATE TABLE expert_pauses (
    id        uuid PRIMARY KEY,
    expert_id uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    from_date date NOT NULL,
    until_date date,
    CONSTRAINT expert_pauses_order CHECK (until_date >= from_date)
);
CREATE INDEX expert_pauses_expert ON expert_pauses (expert_id);

-- One inspection of one certificate. Stored, and nothing else (BZRG § 30, § 30a; SGB VIII § 72a (5)):
-- kind, date of the certificate, date and person of the inspection, one boolean. REQUESTED, VALID,
-- EXPIRING, EXPIRED, UNSUITABLE and ERASED follow from these columns.
CREATE TABLE background_checks (
    id                uuid PRIMARY KEY,
    expert_id         uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    kind              text NOT NULL CONSTRAINT background_checks_kind_known CHECK (kind IN ('SIMPLE', 'EXTENDED')),
    requested_on      date,
    certificate_date  date,
    inspected_on      date,
    -- null: inspected before this software was used, taken over by an import
    inspected_by      uuid REFERENCES users,
    no_relevant_entry boolean,
    valid_until       date,
    erased_on         date,
    version           bigint NOT NULL DEFAULT 1,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT background_checks_inspection_whole CHECK (
        (inspected_on IS NULL AND certificate_date IS NULL AND no_relevant_entry IS NULL AND valid_until IS NULL)
        OR (inspected_on IS NOT NULL AND certificate_date IS NOT NULL AND no_relevant_entry IS NOT NULL AND valid_until IS NOT NULL)
        OR erased_on IS NOT NULL),
    CONSTRAINT background_checks_requested_or_inspected CHECK (
        requested_on IS NOT NULL OR inspected_on IS NOT NULL OR erased_on IS NOT NULL),
    CONSTRAINT background_checks_not_older_than_inspection CHECK (certificate_date <= inspected_on),
    CONSTRAINT background_checks_erased_is_empty CHECK (
        erased_on IS NULL OR (certificate_date IS NULL AND inspected_on IS NULL AND inspected_by IS NULL
            AND no_relevant_entry IS NULL AND valid_until IS NULL))
);
CREATE INDEX background_checks_expert ON background_checks (expert_id);
CREATE INDEX background_checks_valid_until ON background_checks (valid_until) WHERE erased_on IS NULL;

CREATE TABLE training_modules (
    id              uuid PRIMARY KEY,
    code            text NOT NULL CONSTRAINT training_modules_code_unique UNIQUE,
    title           text NOT NULL,
    required        boolean NOT NULL DEFAULT true,
    validity_months smallint CHECK (validity_months > 0),
    created_at      timestamptz NOT NULL
);
-- what every deployed expert has done (S8, S9); the base module alone is not enough
INSERT INTO training_modules (id, code, title, created_at) VALUES
    ('015642f8-8b00-7000-8000-000000000001', 'BASE', 'Einzelbegleitung (Grundmodul)', '2016-08-01 00:00:00+02'),
    ('015642f8-8b00-7000-8000-000000000002', 'INTERCULTURAL', 'Begleitung junger Geflüchteter und interkulturelle Arbeit', '2016-08-01 00:00:00+02');
CREATE TABLE training_sessions (
    id           uuid PRIMARY KEY,
    module_id    uuid NOT NULL REFERENCES training_modules,
    office_id    uuid NOT NULL REFERENCES regional_offices,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    place        text NOT NULL DEFAULT '',
    video_link   text NOT NULL DEFAULT '',
    seats        smallint NOT NULL CHECK (seats > 0),
    seats_taken  smallint NOT NULL DEFAULT 0,
    cancelled_at timestamptz,
    version      bigint NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    CONSTRAINT training_sessions_order CHECK (ends_at > starts_at),
    CONSTRAINT training_sessions_seats_not_exceeded CHECK (seats_taken BETWEEN 0 AND seats),
    CONSTRAINT training_sessions_place_or_link CHECK (place <> '' OR video_link <> '')
);
CREATE TABLE training_attendances (
    id           uuid PRIMARY KEY,
    expert_id    uuid NOT NULL REFERENCES experts ON DELETE CASCADE,
    module_id    uuid NOT NULL REFERENCES training_modules,
    -- null: attended before this software was used, taken over by an import
    session_id   uuid REFERENCES training_sessions,
    state        text NOT NULL CONSTRAINT training_attendances_state_known CHECK (state IN
                 ('INVITED', 'BOOKED', 'ATTENDED', 'MISSED', 'CANCELLED', 'WAITLISTED', 'OFFERED', 'LAPSED')),
    attended_on  date,
    confirmed_by uuid REFERENCES users,
    offered_until timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT training_attendances_attended_has_date CHECK ((state = 'ATTENDED') = (attended_on IS NOT NULL)),
    CONSTRAINT training_attendances_session_or_attended CHECK (session_id IS NOT NULL OR state = 'ATTENDED'),
    CONSTRAINT training_attendances_one_seat UNIQUE (expert_id, session_id)
);
CREATE INDEX training_attendances_expert ON training_attendances (expert_id, module_id);
CREATE INDEX training_attendances_session ON training_attendances (session_id);
CREATE UNIQUE INDEX training_attendances_imported_once ON training_attendances (expert_id, module_id)
    WHERE session_id IS NULL;
