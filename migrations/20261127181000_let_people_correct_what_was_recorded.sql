-- When an expert said that an answer, which the office recorded as given by telephone, is not right.
ALTER TABLE matches ADD COLUMN answer_contested_at timestamptz
    CONSTRAINT matches_only_a_recorded_answer_is_contested
    CHECK (answer_contested_at IS NULL OR answered_by_way = 'TELEPHONE');

-- Which mails somebody has ended stands in mail_optouts, whether by the link in a mail or on the own page. What an
-- expert had set in the other place is taken over.
INSERT INTO mail_optouts (recipient_kind, recipient_id, trigger, since)
SELECT 'EXPERT', e.id, ended.trigger, e.updated_at
  FROM experts e
  CROSS JOIN unnest(ARRAY['NO_MEETING', 'CHECK_IN', 'INTERVIEW_FOLLOW_UP', 'HALF_YEAR_FEEDBACK']) AS ended (trigger)
 WHERE e.notifications ->> 'reminders' = 'false'
ON CONFLICT DO NOTHING;
ALTER TABLE experts DROP COLUMN notifications;
