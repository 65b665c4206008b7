-- domain::matches::EndReason: the statistics count these words.
ALTER TABLE matches ADD CONSTRAINT matches_end_reasons_known CHECK (end_reasons <@ ARRAY[
    'GOAL_REACHED', 'TERM_OVER', 'TRAINING_BEGUN', 'NO_TIME', 'TOO_FAR', 'MOVED_AWAY', 'EXPECTATIONS_DIFFER',
    'CONTACT_LOST', 'EXPERT_LEFT', 'OTHER']);
