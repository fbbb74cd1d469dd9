-- +goose Up
-- One document being signed. plan and digest are fixed when it is prepared; the rest follows the signatures.
CREATE TABLE esign_plans (
  key          TEXT PRIMARY KEY,
  digest       BYTEA NOT NULL,    -- SHA-256 of plan, by which a repetition is told from another plan
  plan         BYTEA NOT NULL,    -- JSON
  purpose      TEXT NOT NULL,
  state        SMALLINT NOT NULL, -- 1 open, 2 stopped by a holder, 3 done, 4 cancelled
  total        BIGINT NOT NULL,   -- signatures planned
  done         BIGINT NOT NULL,   -- signatures made
  prepared     TEXT NOT NULL,     -- file with the fields, before the first signature
  current      TEXT NOT NULL,     -- newest complete file
  current_hash BYTEA NOT NULL,    -- its SHA-256
  version      BIGINT NOT NULL,   -- counts changes: a step holds only if nobody else made one meanwhile
  seen         BIGINT NOT NULL,   -- counts replays: the write a replay must make
  due_us       BIGINT NOT NULL,   -- when the next step is worth trying, by the protocol's clock
  reason       TEXT NOT NULL,     -- why it was cancelled
  created_us   BIGINT NOT NULL,
  changed_us   BIGINT NOT NULL,
  seal         TEXT NOT NULL      -- digests of this row and of all that belong to it, for the audit
);
CREATE INDEX esign_plans_due ON esign_plans (state, due_us);
CREATE INDEX esign_plans_purpose ON esign_plans (purpose);

-- One signature of a plan and all that is needed to go on with it after a restart.
CREATE TABLE esign_signatures (
  plan_key       TEXT NOT NULL REFERENCES esign_plans (key),
  seq            BIGINT NOT NULL,   -- from 0, in the order of signing
  field          TEXT NOT NULL,
  holder         TEXT NOT NULL,
  state          SMALLINT NOT NULL, -- 0 planned, 1 built, 2 asked, 3 signed, 4 stamped, 5 done, 6 refused, 7 expired
  attempt        BIGINT NOT NULL,   -- from 1
  transaction_id TEXT NOT NULL,     -- at the signer; recorded before it is asked
  handle         TEXT NOT NULL,
  expires_us     BIGINT NOT NULL,   -- 0: not known
  at_us          BIGINT NOT NULL,   -- the time that stands in the signature
  chain          BYTEA NOT NULL,    -- DER of the path, one after the other
  scheme         SMALLINT NOT NULL,
  base           TEXT NOT NULL,     -- file that is signed
  increment      TEXT NOT NULL,     -- file of what is appended, the room for the signature empty
  gap_from       BIGINT NOT NULL,   -- where that room lies in the whole
  gap_to         BIGINT NOT NULL,
  tail           BIGINT NOT NULL,   -- octets behind it
  attrs          BYTEA NOT NULL,    -- signed attributes
  to_sign        BYTEA NOT NULL,    -- their digest
  value          BYTEA NOT NULL,    -- what the key made of it
  token          BYTEA NOT NULL,    -- time stamp over value
  result         TEXT NOT NULL,     -- file with the signature
  result_hash    BYTEA NOT NULL,    -- its SHA-256
  changed_us     BIGINT NOT NULL,
  PRIMARY KEY (plan_key, seq)
);

-- How each attempt to get a signature ended.
CREATE TABLE esign_attempts (
  plan_key       TEXT NOT NULL REFERENCES esign_plans (key),
  seq            BIGINT NOT NULL,
  attempt        BIGINT NOT NULL,
  transaction_id TEXT NOT NULL UNIQUE,
  outcome        SMALLINT NOT NULL, -- 0 signed, else the code of the refusal
  at_us          BIGINT NOT NULL,
  PRIMARY KEY (plan_key, seq, attempt)
);

CREATE TABLE esign_outbox (
  id              TEXT PRIMARY KEY,
  topic           TEXT NOT NULL,
  payload         BYTEA NOT NULL,
  at_us           BIGINT NOT NULL,
  lease           TEXT NOT NULL DEFAULT '',
  leased_until_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX esign_outbox_due ON esign_outbox (leased_until_us, at_us, id);

-- +goose Down
DROP TABLE esign_outbox;
DROP TABLE esign_attempts;
DROP TABLE esign_signatures;
DROP TABLE esign_plans;
