-- The second wall (SECURITY.md): whatever query the api's role runs, row-level security shows it the rows of
-- the caller's offices, centres or person and no others. The first wall, domain::policy, is finer.
--
-- Who asks is told by settings that are local to the transaction (shared/storage/src/wall.rs); nothing told
-- is nothing seen. The owner of the tables is bound by no policy: its triggers, foreign keys and the
-- functions below that say SECURITY DEFINER are the narrow doors, and no program connects as the owner but
-- `tandem-api migrate`. The worker acts for everybody, with policies of its own and the rights of its grants.
--
-- Every function is called inside a subquery, so that it runs once a statement and not once a row.

CREATE FUNCTION wall_ids(name text) RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT COALESCE(NULLIF(current_setting('tandem.' || name, true), ''), '{}')::uuid[] $$;
CREATE FUNCTION wall_open() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT COALESCE(current_setting('tandem.everything', true), '') = 'on' $$;
-- Somebody who is signing in or has opened a link, and is not known yet.
CREATE FUNCTION wall_nobody() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT COALESCE(current_setting('tandem.nobody', true), '') = 'on' $$;
-- Anybody at all.
CREATE FUNCTION wall_known() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT wall_open() OR wall_nobody() OR cardinality(wall_ids('users') || wall_ids('offices')
        || wall_ids('centers') || wall_ids('experts') || wall_ids('mentees')) > 0 $$;
-- Every coordinator sees every expert (domain::policy: ViewExpert), and staff's names.
CREATE FUNCTION wall_office() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT wall_open() OR cardinality(wall_ids('offices')) > 0 $$;

-- The caller's centres, and those that the caller's offices serve.
CREATE FUNCTION wall_centers() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT wall_ids('centers')
        || ARRAY(SELECT id FROM service_centers WHERE office_id = ANY(wall_ids('offices'))) $$;
-- Cases of other centres that concern the caller: of the own mentee, of the own matches, of matches of the
-- office's experts.
CREATE FUNCTION wall_cases() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT ARRAY(
        SELECT id FROM cases WHERE mentee_id = ANY(wall_ids('mentees'))
        UNION SELECT case_id FROM matches WHERE expert_id = ANY(wall_ids('experts'))
        UNION SELECT m.case_id FROM experts e JOIN matches m ON m.expert_id = e.id
               WHERE e.office_id = ANY(wall_ids('offices'))) $$;
CREATE FUNCTION wall_mentees() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT wall_ids('mentees') || ARRAY(SELECT mentee_id FROM cases WHERE id = ANY(wall_cases())) $$;
-- The own expert; those who were asked for a case of the own centre or mentee, since the centre takes a case
-- back, and with it the questions (before the yes domain::policy shows it none of them, S21); and those who
-- are being asked beside the own expert, since the first yes supersedes their questions.
CREATE FUNCTION wall_experts() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT wall_ids('experts')
        || ARRAY(SELECT m.expert_id FROM cases c JOIN matches m ON m.case_id = c.id
                  WHERE c.center_id = ANY(wall_ids('centers')) OR c.mentee_id = ANY(wall_ids('mentees'))
                 UNION
                 SELECT beside.expert_id FROM matches own JOIN matches beside ON beside.case_id = own.case_id
                  WHERE own.expert_id = ANY(wall_ids('experts')) AND match_is_open(own.state)
                    AND match_is_open(beside.state)) $$;

-- Locks without showing anything: whoever changes a case locks the experts who are asked for it, also those
-- of whom the caller may know nothing.
CREATE FUNCTION lock_experts(ids uuid[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT FROM experts WHERE id = ANY(ids) ORDER BY id FOR UPDATE $$;
CREATE FUNCTION hold_experts(ids uuid[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = public, pg_temp AS
    $$ SELECT FROM experts WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE $$;
-- How often experts were asked lately, by whichever office: a number and nothing else.
CREATE FUNCTION recent_approaches(ids uuid[], since timestamptz) RETURNS TABLE (expert_id uuid, approaches bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT m.expert_id, count(*) FROM matches m
     WHERE (ids IS NULL OR m.expert_id = ANY(ids))
       AND m.approached_at >= since AND m.state IN ('APPROACHED', 'LAPSED')
     GROUP BY m.expert_id $$;
-- A policy would keep the trigram index from being used, since a text comparison might tell of rows that it
-- hides. This finds ids only; the list that asks shows of them what the policy lets through.
-- Without the setting it is planned for any word, and reads every row.
CREATE FUNCTION experts_with_word(word text) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 100
    SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS
    $$ SELECT id FROM experts WHERE search_text LIKE '%' || word || '%' OR word <% search_text $$;
REVOKE EXECUTE ON FUNCTION lock_experts(uuid[]), hold_experts(uuid[]), recent_approaches(uuid[], timestamptz), experts_with_word(text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lock_experts(uuid[]), hold_experts(uuid[]), recent_approaches(uuid[], timestamptz), experts_with_word(text)
    TO tandem_api, tandem_worker;

-- The worker's policies: it works for everybody; what it may do to a table its grants say.
CREATE PROCEDURE wall_off(table_name regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('CREATE POLICY worker ON %s TO tandem_worker USING (true) WITH CHECK (true)', table_name);
END $$;
-- A table whose rows belong to a row of another: seen and changed as that one.
CREATE PROCEDURE wall_off_with(table_name regclass, parent regclass, key text) LANGUAGE plpgsql AS $$
BEGIN
    CALL wall_off(table_name);
    EXECUTE format(
        'CREATE POLICY api ON %1$s TO tandem_api USING ((SELECT wall_open()) OR EXISTS (
             SELECT FROM %2$s parent WHERE parent.id = %1$s.%3$I))', table_name, parent, key);
END $$;
-- A table whose rows belong to an expert: read as the expert, written by the own office or the expert.
CREATE PROCEDURE wall_off_with_expert(table_name regclass) LANGUAGE plpgsql AS $$
DECLARE
    own text := '(SELECT wall_open()) OR expert_id = ANY((SELECT wall_ids(''experts''))::uuid[])
        OR EXISTS (SELECT FROM experts parent WHERE parent.id = expert_id
            AND parent.office_id = ANY((SELECT wall_ids(''offices''))::uuid[]))';
BEGIN
    CALL wall_off(table_name);
    EXECUTE format('CREATE POLICY api_read ON %s FOR SELECT TO tandem_api USING (
        (SELECT wall_office()) OR expert_id = ANY((SELECT wall_experts())::uuid[]))', table_name);
    EXECUTE format('CREATE POLICY api_insert ON %s FOR INSERT TO tandem_api WITH CHECK (%s)', table_name, own);
    EXECUTE format('CREATE POLICY api_update ON %s FOR UPDATE TO tandem_api USING (%s)', table_name, own);
    EXECUTE format('CREATE POLICY api_delete ON %s FOR DELETE TO tandem_api USING (%s)', table_name, own);
END $$;

-- experts
CALL wall_off('experts');
CREATE POLICY api_read ON experts FOR SELECT TO tandem_api USING (
    (SELECT wall_office()) OR id = ANY((SELECT wall_experts())::uuid[]));
CREATE POLICY api_insert ON experts FOR INSERT TO tandem_api WITH CHECK (
    (SELECT wall_open()) OR office_id = ANY((SELECT wall_ids('offices'))::uuid[]));
CREATE POLICY api_update ON experts FOR UPDATE TO tandem_api USING (
    (SELECT wall_open()) OR office_id = ANY((SELECT wall_ids('offices'))::uuid[])
    OR id = ANY((SELECT wall_ids('experts'))::uuid[]));
CREATE POLICY api_delete ON experts FOR DELETE TO tandem_api USING (
    (SELECT wall_open()) OR office_id = ANY((SELECT wall_ids('offices'))::uuid[]));
CALL wall_off_with_expert('expert_occupations');
CALL wall_off_with_expert('expert_languages');
CALL wall_off_with_expert('expert_support_areas');
CALL wall_off_with_expert('expert_programmes');
CALL wall_off_with_expert('expert_pauses');
CALL wall_off_with_expert('background_checks');
CALL wall_off_with_expert('training_attendances');

-- mentees and cases
CALL wall_off('mentees');
CREATE POLICY api_read ON mentees FOR SELECT TO tandem_api USING (
    (SELECT wall_open()) OR center_id = ANY((SELECT wall_centers())::uuid[])
    OR id = ANY((SELECT wall_mentees())::uuid[]));
CREATE POLICY api_write ON mentees TO tandem_api USING (
    (SELECT wall_open()) OR center_id = ANY((SELECT wall_centers())::uuid[])
    OR id = ANY((SELECT wall_ids('mentees'))::uuid[]));
CALL wall_off_with('mentee_languages', 'mentees', 'mentee_id');
CALL wall_off('cases');
CREATE POLICY api ON cases TO tandem_api USING (
    (SELECT wall_open()) OR center_id = ANY((SELECT wall_centers())::uuid[])
    OR id = ANY((SELECT wall_cases())::uuid[]));
CALL wall_off_with('case_support_areas', 'cases', 'case_id');
CALL wall_off_with('case_occupations', 'cases', 'case_id');

-- plans and matches: with their case
CALL wall_off_with('matching_run_pins', 'cases', 'case_id');
CALL wall_off_with('matching_run_cases', 'cases', 'case_id');
CALL wall_off_with('proposals', 'cases', 'case_id');
CALL wall_off_with('matches', 'cases', 'case_id');
CALL wall_off_with('chemistry_verdicts', 'matches', 'match_id');
CALL wall_off_with('agreements', 'matches', 'match_id');
CALL wall_off_with('agreement_signatures', 'agreements', 'agreement_id');
CALL wall_off_with('meetings', 'matches', 'match_id');
CALL wall_off_with('milestones', 'matches', 'match_id');
CALL wall_off_with('feedback', 'matches', 'match_id');
CALL wall_off_with('paper_records', 'matches', 'match_id');
CALL wall_off_with('final_reports', 'matches', 'match_id');
CALL wall_off_with('problem_reports', 'cases', 'case_id');

-- people who sign in: seen by who is signing in, by offices, by the own centre, and by themselves
CALL wall_off('role_grants');
CREATE POLICY api ON role_grants TO tandem_api USING (
    (SELECT wall_office() OR wall_nobody()) OR user_id = ANY((SELECT wall_ids('users'))::uuid[])
    OR center_id = ANY((SELECT wall_ids('centers'))::uuid[]))
    WITH CHECK ((SELECT wall_open()));
CALL wall_off('users');
CREATE POLICY api_read ON users FOR SELECT TO tandem_api USING (
    (SELECT wall_office() OR wall_nobody()) OR id = ANY((SELECT wall_ids('users'))::uuid[])
    OR EXISTS (SELECT FROM role_grants g WHERE g.user_id = users.id
        AND g.center_id = ANY((SELECT wall_ids('centers'))::uuid[])));
CREATE POLICY api_write ON users TO tandem_api USING (
    (SELECT wall_open() OR wall_nobody()) OR id = ANY((SELECT wall_ids('users'))::uuid[]));
CALL wall_off('sessions');
CREATE POLICY api ON sessions TO tandem_api USING (
    (SELECT wall_open() OR wall_nobody()) OR user_id = ANY((SELECT wall_ids('users'))::uuid[]));
CALL wall_off('sign_in_links');
CREATE POLICY api ON sign_in_links TO tandem_api USING (
    (SELECT wall_open() OR wall_nobody()) OR user_id = ANY((SELECT wall_ids('users'))::uuid[]));

CALL wall_off('api_tokens');
CREATE POLICY api ON api_tokens TO tandem_api USING (
    (SELECT wall_open() OR wall_nobody()) OR user_id = ANY((SELECT wall_ids('users'))::uuid[]));
-- an address that somebody typed: written by whoever asks for a link, read by the worker alone
CALL wall_off('sign_in_requests');
CREATE POLICY api ON sign_in_requests FOR INSERT TO tandem_api WITH CHECK ((SELECT wall_known()));

-- codes on paper: with their case; who tries them is counted by the network address
CALL wall_off_with('person_codes', 'cases', 'case_id');
CALL wall_off('person_code_attempts');
CREATE POLICY api ON person_code_attempts TO tandem_api USING ((SELECT wall_open()));

-- e-mails: with their recipient. Whoever acts causes mails to people whom the caller may not see, so that
-- one that waits, which holds ids and nothing else, is no secret for somebody who is known.
CALL wall_off('email_deliveries');
CREATE FUNCTION wall_email(kind text, recipient uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE kind
        WHEN 'EXPERT' THEN EXISTS (SELECT FROM experts e WHERE e.id = recipient
            AND (e.id = ANY(wall_ids('experts')) OR e.office_id = ANY(wall_ids('offices'))))
        WHEN 'MENTEE' THEN EXISTS (SELECT FROM mentees t WHERE t.id = recipient)
        WHEN 'GUARDIAN' THEN EXISTS (SELECT FROM mentees t WHERE t.id = recipient)
        WHEN 'CENTER' THEN recipient = ANY(wall_centers())
        WHEN 'OFFICE' THEN recipient = ANY(wall_ids('offices'))
        ELSE recipient = ANY(wall_ids('users'))
    END $$;
CREATE POLICY api_read ON email_deliveries FOR SELECT TO tandem_api USING (
    (SELECT wall_open() OR wall_nobody()) OR (state = 'QUEUED' AND attempts = 0 AND (SELECT wall_known()))
    OR wall_email(recipient_kind, recipient_id));
CREATE POLICY api_insert ON email_deliveries FOR INSERT TO tandem_api WITH CHECK ((SELECT wall_known()));
CREATE POLICY api_update ON email_deliveries FOR UPDATE TO tandem_api USING (
    (SELECT wall_open()) OR wall_email(recipient_kind, recipient_id));
CREATE POLICY api_delete ON email_deliveries FOR DELETE TO tandem_api USING ((SELECT wall_open()));
CALL wall_off('mail_optouts');
CREATE POLICY api ON mail_optouts TO tandem_api USING ((SELECT wall_known()));
-- hashes, which tell nothing: read and written by whoever changes or proves an address
CALL wall_off('suppressed_addresses');
CREATE POLICY api ON suppressed_addresses TO tandem_api USING ((SELECT wall_known()));
CALL wall_off('person_idempotency_keys');
CREATE POLICY api ON person_idempotency_keys TO tandem_api USING ((SELECT wall_known()));
CALL wall_off('openid_subjects');
CREATE POLICY api ON openid_subjects TO tandem_api USING (
    (SELECT wall_open() OR wall_nobody()) OR user_id = ANY((SELECT wall_ids('users'))::uuid[]));
CALL wall_off_with('pending_inspections', 'background_checks', 'check_id');
-- a document is seen by who sees the expert's own things, or the match that it is about
CALL wall_off('documents');
CREATE POLICY api ON documents TO tandem_api USING (
    (SELECT wall_open()) OR expert_id = ANY((SELECT wall_ids('experts'))::uuid[])
    OR EXISTS (SELECT FROM experts e WHERE e.id = expert_id AND e.office_id = ANY((SELECT wall_ids('offices'))::uuid[]))
    OR (match_id IS NOT NULL AND EXISTS (SELECT FROM matches m WHERE m.id = match_id)));
ALTER VIEW delivery_offices SET (security_invoker = on);
GRANT SELECT ON delivery_offices TO tandem_worker;

-- the audit log: everybody's acts are written, administrators read
CALL wall_off('audit_events');
CREATE POLICY api_read ON audit_events FOR SELECT TO tandem_api USING ((SELECT wall_open()));
CREATE POLICY api_append ON audit_events FOR INSERT TO tandem_api WITH CHECK ((SELECT wall_known()));
