-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION identity_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER identity_openings_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON identity_openings
  FOR EACH STATEMENT EXECUTE FUNCTION identity_append_only();

-- +goose Down
DROP TRIGGER identity_openings_no_change ON identity_openings;
DROP FUNCTION identity_append_only();
