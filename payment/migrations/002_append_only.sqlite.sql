-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER payment_postings_no_update BEFORE UPDATE ON payment_postings
BEGIN SELECT RAISE(ABORT, 'payment_postings is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_postings_no_delete BEFORE DELETE ON payment_postings
BEGIN SELECT RAISE(ABORT, 'payment_postings is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_events_no_update BEFORE UPDATE ON payment_events
BEGIN SELECT RAISE(ABORT, 'payment_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_events_no_delete BEFORE DELETE ON payment_events
BEGIN SELECT RAISE(ABORT, 'payment_events is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_receipts_no_update BEFORE UPDATE ON payment_receipts
BEGIN SELECT RAISE(ABORT, 'payment_receipts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_receipts_no_delete BEFORE DELETE ON payment_receipts
BEGIN SELECT RAISE(ABORT, 'payment_receipts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_fee_lines_no_update BEFORE UPDATE ON payment_fee_lines
BEGIN SELECT RAISE(ABORT, 'payment_fee_lines is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_fee_lines_no_delete BEFORE DELETE ON payment_fee_lines
BEGIN SELECT RAISE(ABORT, 'payment_fee_lines is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER payment_fee_lines_no_delete;
DROP TRIGGER payment_fee_lines_no_update;
DROP TRIGGER payment_receipts_no_delete;
DROP TRIGGER payment_receipts_no_update;
DROP TRIGGER payment_events_no_delete;
DROP TRIGGER payment_events_no_update;
DROP TRIGGER payment_postings_no_delete;
DROP TRIGGER payment_postings_no_update;
