-- +goose Up
-- What is owed. All but state, the two times after it, settled_by, reason and seen is fixed at creation and covered by digest.
CREATE TABLE payment_charges (
  id          TEXT PRIMARY KEY,
  subject     TEXT NOT NULL,     -- what it is owed for; opaque
  purpose     TEXT NOT NULL,
  unit        TEXT NOT NULL,
  agency      TEXT NOT NULL,     -- who issues the receipts
  payer       TEXT NOT NULL,     -- a pseudonym
  payer_name  TEXT NOT NULL,     -- as it stands on the receipt
  title       TEXT NOT NULL,
  total       BIGINT NOT NULL,   -- đồng
  created_us  BIGINT NOT NULL,
  digest      BYTEA NOT NULL,
  state       TEXT NOT NULL,
  changed_us  BIGINT NOT NULL,
  settled_us  BIGINT NOT NULL,   -- 0: not settled
  settled_by  TEXT NOT NULL,     -- the attempt
  reason      TEXT NOT NULL,     -- why it was cancelled
  seal        TEXT NOT NULL,     -- digests of this row and of all that belong to it, for the audit
  seen        BIGINT NOT NULL    -- counts looks under lock: the write a replay must make
);
CREATE INDEX payment_charges_subject ON payment_charges (subject, created_us);

CREATE TABLE payment_fee_lines (
  charge_id TEXT NOT NULL,
  line_no   BIGINT NOT NULL,
  kind      TEXT NOT NULL,
  code      TEXT NOT NULL,
  name      TEXT NOT NULL,
  amount    BIGINT NOT NULL,
  PRIMARY KEY (charge_id, line_no)
);

CREATE TABLE payment_attempts (
  id           TEXT PRIMARY KEY,
  charge_id    TEXT NOT NULL,
  n            BIGINT NOT NULL,
  gateway      TEXT NOT NULL,
  ref          TEXT NOT NULL,
  merchant     TEXT NOT NULL,
  amount       BIGINT NOT NULL,
  state        TEXT NOT NULL,
  intent       TEXT NOT NULL,    -- what Start is repeated with after a crash; emptied once started
  url          TEXT NOT NULL,
  pay_text     TEXT NOT NULL,
  gateway_ref  TEXT NOT NULL,
  paid_us      BIGINT NOT NULL,  -- the gateway's time of payment
  created_us   BIGINT NOT NULL,
  expires_us   BIGINT NOT NULL,
  changed_us   BIGINT NOT NULL,
  polls        BIGINT NOT NULL,
  next_poll_us BIGINT NOT NULL,  -- 0: nothing to ask any more
  last_error   BIGINT NOT NULL   -- code of the last call that failed
);
CREATE UNIQUE INDEX payment_attempts_ref ON payment_attempts (gateway, ref);
CREATE UNIQUE INDEX payment_attempts_n ON payment_attempts (charge_id, n);
CREATE INDEX payment_attempts_due ON payment_attempts (next_poll_us) WHERE next_poll_us > 0;

-- Every transition of a charge and its attempts, append-only (002).
CREATE TABLE payment_events (
  charge_id  TEXT NOT NULL,
  n          BIGINT NOT NULL,
  attempt_id TEXT NOT NULL,      -- '' for the charge itself
  event      TEXT NOT NULL,
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  actor      TEXT NOT NULL,
  at_us      BIGINT NOT NULL,
  PRIMARY KEY (charge_id, n)
);

-- Double entry, append-only (002): the amounts of a group add up to nothing.
CREATE TABLE payment_postings (
  group_id   TEXT NOT NULL,
  line_no    BIGINT NOT NULL,
  charge_id  TEXT NOT NULL,
  attempt_id TEXT NOT NULL,
  account    TEXT NOT NULL,
  amount     BIGINT NOT NULL,    -- đồng; debit positive, credit negative
  at_us      BIGINT NOT NULL,
  PRIMARY KEY (group_id, line_no)
);
CREATE INDEX payment_postings_charge ON payment_postings (charge_id);

-- What a person must look at.
CREATE TABLE payment_exceptions (
  id          TEXT PRIMARY KEY,
  dedupe      TEXT NOT NULL UNIQUE, -- the fact it is about: a repeated notice makes no second one
  kind        TEXT NOT NULL,
  charge_id   TEXT NOT NULL,
  attempt_id  TEXT NOT NULL,
  gateway     TEXT NOT NULL,
  ref         TEXT NOT NULL,
  gateway_ref TEXT NOT NULL,
  subject     TEXT NOT NULL,
  unit        TEXT NOT NULL,
  amount      BIGINT NOT NULL,      -- what the gateway reported
  posted      TEXT NOT NULL,        -- the group of postings that holds the money; '' if none is held
  detail      TEXT NOT NULL,
  tries       BIGINT NOT NULL,
  opened_us   BIGINT NOT NULL,
  changed_us  BIGINT NOT NULL,
  resolved_us BIGINT NOT NULL,      -- 0: open
  resolved_by TEXT NOT NULL,
  resolution  TEXT NOT NULL,
  seal        TEXT NOT NULL         -- digests of this row and of its postings, for the audit
);
CREATE INDEX payment_exceptions_charge ON payment_exceptions (charge_id);
CREATE INDEX payment_exceptions_open ON payment_exceptions (resolved_us, opened_us, id);

-- The last number of each series; numbers are given in the settlement's transaction, so none is lost or used twice.
CREATE TABLE payment_sequences (
  agency TEXT NOT NULL,
  series TEXT NOT NULL,
  year   BIGINT NOT NULL,
  last   BIGINT NOT NULL,
  PRIMARY KEY (agency, series, year)
);

-- Receipts (biên lai), append-only (002).
CREATE TABLE payment_receipts (
  id         TEXT PRIMARY KEY,
  charge_id  TEXT NOT NULL,
  kind       TEXT NOT NULL,
  template   TEXT NOT NULL,
  agency     TEXT NOT NULL,
  series     TEXT NOT NULL,
  year       BIGINT NOT NULL,
  number     BIGINT NOT NULL,
  payer_name TEXT NOT NULL,
  title      TEXT NOT NULL,
  method     TEXT NOT NULL,
  amount     BIGINT NOT NULL,
  lines      TEXT NOT NULL,      -- JSON
  issued_us  BIGINT NOT NULL,
  digest     BYTEA NOT NULL
);
CREATE UNIQUE INDEX payment_receipts_kind ON payment_receipts (charge_id, kind);
CREATE UNIQUE INDEX payment_receipts_number ON payment_receipts (agency, series, year, number);

-- What gateways told, verified; the bytes themselves are not kept.
CREATE TABLE payment_notices (
  gateway    TEXT NOT NULL,
  digest     BYTEA NOT NULL,
  source     TEXT NOT NULL,      -- notice, poll, statement
  attempt_id TEXT NOT NULL,
  verdict    BIGINT NOT NULL,    -- the first one
  seen       BIGINT NOT NULL,
  at_us      BIGINT NOT NULL,
  PRIMARY KEY (gateway, digest)
);
CREATE INDEX payment_notices_attempt ON payment_notices (attempt_id);

CREATE TABLE payment_keys (
  key       TEXT PRIMARY KEY,
  digest    BYTEA NOT NULL,
  result    BYTEA NOT NULL,
  seen      BIGINT NOT NULL,
  at_us     BIGINT NOT NULL,
  charge_id TEXT NOT NULL DEFAULT ''
);
CREATE INDEX payment_keys_charge ON payment_keys (charge_id);

CREATE TABLE payment_outbox (
  id              TEXT PRIMARY KEY,
  topic           TEXT NOT NULL,
  payload         BYTEA NOT NULL,
  at_us           BIGINT NOT NULL,
  lease           TEXT NOT NULL DEFAULT '',
  leased_until_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX payment_outbox_order ON payment_outbox (at_us, id);

-- +goose Down
DROP TABLE payment_outbox;
DROP TABLE payment_keys;
DROP TABLE payment_notices;
DROP TABLE payment_receipts;
DROP TABLE payment_sequences;
DROP TABLE payment_exceptions;
DROP TABLE payment_postings;
DROP TABLE payment_events;
DROP TABLE payment_attempts;
DROP TABLE payment_fee_lines;
DROP TABLE payment_charges;
