-- An export is also a PDF that people can read, kept as long as the JSON.
ALTER TABLE data_requests
    ADD COLUMN report bytea,
    ADD CONSTRAINT data_requests_report_has_content CHECK (report IS NULL OR content IS NOT NULL);
