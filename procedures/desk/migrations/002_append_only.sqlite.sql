-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER procedures_papers_no_update BEFORE UPDATE ON procedures_papers
BEGIN SELECT RAISE(ABORT, 'procedures_papers is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER procedures_moves_no_update BEFORE UPDATE ON procedures_moves
BEGIN SELECT RAISE(ABORT, 'procedures_moves is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER procedures_moves_no_update;
DROP TRIGGER procedures_papers_no_update;
