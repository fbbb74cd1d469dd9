-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER identity_openings_no_update BEFORE UPDATE ON identity_openings
BEGIN SELECT RAISE(ABORT, 'identity_openings is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_openings_no_delete BEFORE DELETE ON identity_openings
BEGIN SELECT RAISE(ABORT, 'identity_openings is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER identity_openings_no_delete;
DROP TRIGGER identity_openings_no_update;
