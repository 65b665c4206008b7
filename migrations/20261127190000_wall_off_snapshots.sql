-- The numbers behind a plan are about people: gender, languages, postal code, dates of checks, by ids. They get
-- the wall of the run's offices, are blanked when somebody is erased, and thrown away when they are old.
CALL wall_off('matching_run_snapshots');
CREATE POLICY api ON matching_run_snapshots TO tandem_api USING (
    (SELECT wall_open()) OR EXISTS (
        SELECT FROM matching_run_offices o WHERE o.run_id = matching_run_snapshots.run_id
            AND o.office_id = ANY((SELECT wall_ids('offices'))::uuid[])));
-- written by the worker alone
REVOKE INSERT, UPDATE, DELETE ON matching_run_snapshots FROM tandem_api;
CREATE INDEX matching_run_snapshots_taken ON matching_run_snapshots (taken_at);

-- Network addresses that tried codes go when their hour is long over, also where nobody tries another one; keys
-- of calls when nobody repeats them any more.
GRANT SELECT, DELETE ON person_code_attempts TO tandem_worker;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
CREATE INDEX person_idempotency_keys_created ON person_idempotency_keys (created_at);
