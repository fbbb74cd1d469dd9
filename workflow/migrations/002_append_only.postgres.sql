-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION workflow_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER workflow_history_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON workflow_history
  FOR EACH STATEMENT EXECUTE FUNCTION workflow_append_only();
CREATE TRIGGER workflow_payloads_no_change BEFORE UPDATE OR TRUNCATE ON workflow_payloads
  FOR EACH STATEMENT EXECUTE FUNCTION workflow_append_only();

-- +goose Down
DROP TRIGGER workflow_payloads_no_change ON workflow_payloads;
DROP TRIGGER workflow_history_no_change ON workflow_history;
DROP FUNCTION workflow_append_only();
