-- An inspection that waits for a second person is the affair of the expert's own office: others, who read whether
-- an expert is ready, neither see nor change it.
DROP POLICY api ON pending_inspections;
CREATE POLICY api ON pending_inspections TO tandem_api USING (
    (SELECT wall_open()) OR EXISTS (
        SELECT FROM background_checks b JOIN experts e ON e.id = b.expert_id
         WHERE b.id = check_id AND e.office_id = ANY((SELECT wall_ids('offices'))::uuid[])));
