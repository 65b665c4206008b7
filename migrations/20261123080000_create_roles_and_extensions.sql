-- Three database roles (architecture.md, decision 5): the role that runs this file owns everything;
-- the api and the worker own nothing and get the rights that they need table by table.
-- A deployment that does not let the migrating role create roles makes the two beforehand.
DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['tandem_api', 'tandem_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- two migrations of one cluster at the same moment
            END;
        END IF;
    END LOOP;
END $$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tandem_api, tandem_worker;
