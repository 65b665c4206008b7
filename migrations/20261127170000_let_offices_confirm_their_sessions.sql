-- The office that holds a session confirms and cancels every seat in it, also of another office's experts.
CREATE POLICY api_update_of_session ON training_attendances FOR UPDATE TO tandem_api USING (
    EXISTS (SELECT FROM training_sessions s WHERE s.id = session_id
        AND s.office_id = ANY((SELECT wall_ids('offices'))::uuid[])));
