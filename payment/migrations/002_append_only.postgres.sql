-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION payment_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER payment_postings_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_postings
  FOR EACH STATEMENT EXECUTE FUNCTION payment_append_only();
CREATE TRIGGER payment_events_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events
  FOR EACH STATEMENT EXECUTE FUNCTION payment_append_only();
CREATE TRIGGER payment_receipts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_receipts
  FOR EACH STATEMENT EXECUTE FUNCTION payment_append_only();
CREATE TRIGGER payment_fee_lines_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_fee_lines
  FOR EACH STATEMENT EXECUTE FUNCTION payment_append_only();

-- +goose Down
DROP TRIGGER payment_fee_lines_no_change ON payment_fee_lines;
DROP TRIGGER payment_receipts_no_change ON payment_receipts;
DROP TRIGGER payment_events_no_change ON payment_events;
DROP TRIGGER payment_postings_no_change ON payment_postings;
DROP FUNCTION payment_append_only();
