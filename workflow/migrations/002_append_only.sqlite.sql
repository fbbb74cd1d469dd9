-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER workflow_history_no_update BEFORE UPDATE ON workflow_history
BEGIN SELECT RAISE(ABORT, 'workflow_history is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER workflow_history_no_delete BEFORE DELETE ON workflow_history
BEGIN SELECT RAISE(ABORT, 'workflow_history is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER workflow_payloads_no_update BEFORE UPDATE ON workflow_payloads
BEGIN SELECT RAISE(ABORT, 'workflow_payloads is erased or kept, never changed'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER workflow_payloads_no_update;
DROP TRIGGER workflow_history_no_delete;
DROP TRIGGER workflow_history_no_update;
