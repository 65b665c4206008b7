-- By which refused e-mail an address came onto the list of those that take no mail: the list holds hashes, and
-- the office that answers for the recipient has to find the entry and can take it off again.
ALTER TABLE suppressed_addresses
    ADD COLUMN delivery_id uuid CONSTRAINT suppressed_addresses_delivery_id_fkey
        REFERENCES email_deliveries ON DELETE SET NULL;
CREATE INDEX suppressed_addresses_delivery ON suppressed_addresses (delivery_id) WHERE delivery_id IS NOT NULL;
