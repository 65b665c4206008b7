-- The same form of a person's page twice is one effect: a double click, a page that is reloaded.
CREATE TABLE person_idempotency_keys (
    -- an expert, or the mentee of whose side the person is
    person_id  uuid NOT NULL,
    mutation   text NOT NULL,
    key        text NOT NULL,
    entity_id  uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, mutation, key)
);

GRANT SELECT, INSERT, DELETE ON person_idempotency_keys TO tandem_api;
