-- Jobs that somebody waits for at this moment, as a sign-in link, have a queue of their own: they must not
-- stand behind the thousands of mails of a sweep or of a plan.
ALTER TABLE jobs
    DROP CONSTRAINT jobs_queue_known,
    ADD CONSTRAINT jobs_queue_known CHECK (queue IN ('urgent', 'matching', 'mail', 'maintenance'));
