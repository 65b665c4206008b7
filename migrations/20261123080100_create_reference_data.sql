-- Reference data; `tandem-api migrate` fills them from the embedded files, operators may import the
-- official KldB 2010 titles over them.
CREATE TABLE postal_codes (
    postal_code   text PRIMARY KEY CONSTRAINT postal_codes_format CHECK (postal_code ~ '^[0-9]{5}$'),
    place         text NOT NULL,
    latitude      double precision NOT NULL CHECK (latitude BETWEEN 47 AND 56),
    longitude     double precision NOT NULL CHECK (longitude BETWEEN 5 AND 16),
    federal_state text NOT NULL CHECK (federal_state ~ '^[A-Z]{2}$')
);

-- One row a training occupation; `kldb_code` is its five-digit KldB 2010 code.
CREATE TABLE occupations (
    id              text PRIMARY KEY,
    kldb_code       text NOT NULL CONSTRAINT occupations_kldb_format CHECK (kldb_code ~ '^[0-9]{5}$'),
    title           text NOT NULL,
    title_feminine  text NOT NULL,
    title_masculine text NOT NULL,
    field           text NOT NULL,
    aliases         text[] NOT NULL DEFAULT '{}',
    search_text     text NOT NULL
);
CREATE INDEX occupations_search ON occupations USING gin (search_text gin_trgm_ops);
CREATE INDEX occupations_kldb ON occupations (kldb_code);

GRANT SELECT ON postal_codes, occupations TO tandem_api, tandem_worker;
-- for the import of the official table
GRANT INSERT, UPDATE ON occupations TO tandem_api;
