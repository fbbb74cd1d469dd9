-- +goose Up
-- People under pseudonyms. A citizen id is a keyed hash, to find a person, and a
-- sealed value, to show it; the key lies outside the database. no counts people
-- without gaps, so that a missing row shows. mark is a keyed sum of the row.
CREATE TABLE identity_people (
  id             TEXT PRIMARY KEY,
  no             BIGINT NOT NULL UNIQUE CHECK (no > 0),
  kind           TEXT NOT NULL,
  citizen_hash   BYTEA UNIQUE,
  citizen_sealed BYTEA,
  name_sealed    BYTEA NOT NULL,
  assurance      BIGINT NOT NULL CHECK (assurance >= 0),
  first_us       BIGINT NOT NULL,
  seen_us        BIGINT NOT NULL,
  mark           BYTEA NOT NULL
);

-- A provider's subject, hashed with the key, and whom it means.
CREATE TABLE identity_accounts (
  subject_hash BYTEA PRIMARY KEY,
  person       TEXT NOT NULL REFERENCES identity_people (id),
  no           BIGINT NOT NULL UNIQUE CHECK (no > 0),
  first_us     BIGINT NOT NULL,
  mark         BYTEA NOT NULL
);
CREATE INDEX identity_accounts_person ON identity_accounts (person);

-- How many rows a list has and the mark of its last one.
CREATE TABLE identity_heads (
  name   TEXT PRIMARY KEY,
  n      BIGINT NOT NULL CHECK (n > 0),
  digest BYTEA NOT NULL,
  mark   BYTEA NOT NULL
);

-- Openings of papers and revealed citizen ids. Each person's openings form a
-- chain: n counts them, prev is the mark of the one before.
CREATE TABLE identity_openings (
  id      TEXT PRIMARY KEY,
  who     TEXT NOT NULL,
  n       BIGINT NOT NULL CHECK (n > 0),
  unit    TEXT NOT NULL,
  about   TEXT NOT NULL,
  what    TEXT NOT NULL,
  ref     TEXT NOT NULL,
  purpose TEXT NOT NULL,
  at_us   BIGINT NOT NULL,
  prev    BYTEA NOT NULL,
  mark    BYTEA NOT NULL,
  UNIQUE (who, n)
);
CREATE INDEX identity_openings_time ON identity_openings (at_us, id);
CREATE INDEX identity_openings_who ON identity_openings (who, at_us, id);
CREATE INDEX identity_openings_unit ON identity_openings (unit, at_us, id);
CREATE INDEX identity_openings_about ON identity_openings (about, at_us, id);
CREATE INDEX identity_openings_ref ON identity_openings (ref, at_us, id);

-- Sessions of browsers. The token is hashed, the data sealed.
CREATE TABLE identity_sessions (
  token_hash   TEXT PRIMARY KEY,
  person       TEXT NOT NULL,
  subject_hash BYTEA NOT NULL,
  sid_hash     BYTEA NOT NULL,
  data         BYTEA NOT NULL,
  expires_us   BIGINT NOT NULL
);
CREATE INDEX identity_sessions_person ON identity_sessions (person);
CREATE INDEX identity_sessions_subject ON identity_sessions (subject_hash);
CREATE INDEX identity_sessions_sid ON identity_sessions (sid_hash);
CREATE INDEX identity_sessions_expires ON identity_sessions (expires_us);

-- What is good for one use and was used: states of sign-ins, ids of logout tokens.
CREATE TABLE identity_used (
  hash       BYTEA PRIMARY KEY,
  expires_us BIGINT NOT NULL
);
CREATE INDEX identity_used_expires ON identity_used (expires_us);

-- +goose Down
DROP TABLE identity_used;
DROP TABLE identity_sessions;
DROP TABLE identity_openings;
DROP TABLE identity_heads;
DROP TABLE identity_accounts;
DROP TABLE identity_people;
