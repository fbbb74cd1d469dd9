-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION procedures_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER procedures_papers_no_change BEFORE UPDATE OR TRUNCATE ON procedures_papers
  FOR EACH STATEMENT EXECUTE FUNCTION procedures_append_only();
CREATE TRIGGER procedures_moves_no_change BEFORE UPDATE OR TRUNCATE ON procedures_moves
  FOR EACH STATEMENT EXECUTE FUNCTION procedures_append_only();

-- +goose Down
DROP TRIGGER procedures_moves_no_change ON procedures_moves;
DROP TRIGGER procedures_papers_no_change ON procedures_papers;
DROP FUNCTION procedures_append_only();
