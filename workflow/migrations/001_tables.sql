-- +goose Up
-- The current state of each dossier: what the last line of its history says.
CREATE TABLE workflow_dossiers (
  id              TEXT PRIMARY KEY,
  procedure       TEXT NOT NULL,
  machine_version TEXT NOT NULL,
  state           TEXT NOT NULL,
  version         BIGINT NOT NULL,
  owner           TEXT NOT NULL,
  ref             TEXT NOT NULL,
  unit            TEXT NOT NULL,
  due_us          BIGINT NOT NULL, -- 0: no date owed
  sort_us         BIGINT NOT NULL, -- due_us, or the end of time where none is owed: inboxes are read in this order
  created_us      BIGINT NOT NULL,
  changed_us      BIGINT NOT NULL,
  head            BYTEA NOT NULL   -- hash of the last line
);
CREATE UNIQUE INDEX workflow_dossiers_ref ON workflow_dossiers (ref) WHERE ref <> '';
-- One index for each way an inbox is asked for, so that a page costs the same at any size.
CREATE INDEX workflow_dossiers_unit ON workflow_dossiers (unit, state, sort_us, id);
CREATE INDEX workflow_dossiers_owner ON workflow_dossiers (owner, state, sort_us, id);
CREATE INDEX workflow_dossiers_state ON workflow_dossiers (state, sort_us, id);

-- Append-only (002): pseudonyms and digests alone, so that it can be kept for ever.
CREATE TABLE workflow_history (
  dossier_id      TEXT NOT NULL,
  version         BIGINT NOT NULL,
  at_us           BIGINT NOT NULL,
  event           TEXT NOT NULL,
  from_state      TEXT NOT NULL,
  to_state        TEXT NOT NULL,
  actor_id        TEXT NOT NULL,
  actor_kind      TEXT NOT NULL,
  actor_unit      TEXT NOT NULL,
  on_behalf       TEXT NOT NULL,
  roles           TEXT NOT NULL,   -- JSON array
  procedure       TEXT NOT NULL,
  machine_version TEXT NOT NULL,
  owner           TEXT NOT NULL,
  ref             TEXT NOT NULL,
  unit            TEXT NOT NULL,
  due_us          BIGINT NOT NULL,
  body_digest     BYTEA NOT NULL,
  prev            BYTEA NOT NULL,
  hash            BYTEA NOT NULL,
  PRIMARY KEY (dossier_id, version)
);

-- What people sent. Rows may be deleted, as the personal-data law asks; never changed (002).
CREATE TABLE workflow_payloads (
  dossier_id TEXT NOT NULL,
  version    BIGINT NOT NULL,
  salt       BYTEA NOT NULL,
  body       BYTEA NOT NULL,
  PRIMARY KEY (dossier_id, version)
);

CREATE TABLE workflow_keys (
  key        TEXT PRIMARY KEY,
  dossier_id TEXT NOT NULL,
  version    BIGINT NOT NULL,
  result     TEXT NOT NULL,        -- the dossier as the first call returned it
  seen       BIGINT NOT NULL,      -- replays; counting them is the write a replay must make
  at_us      BIGINT NOT NULL,
  sum        BYTEA NOT NULL        -- SHA-256 over the line's hash, the result and the key
);

CREATE TABLE workflow_outbox (
  id              TEXT PRIMARY KEY,
  topic           TEXT NOT NULL,
  payload         BYTEA NOT NULL,
  at_us           BIGINT NOT NULL,
  lease           TEXT NOT NULL DEFAULT '',
  leased_until_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX workflow_outbox_order ON workflow_outbox (at_us, id);

-- +goose Down
DROP TABLE workflow_outbox;
DROP TABLE workflow_keys;
DROP TABLE workflow_payloads;
DROP TABLE workflow_history;
DROP TABLE workflow_dossiers;
