-- +goose Up
-- What the desk knows of a dossier beside its state, which the engine keeps.
CREATE TABLE procedures_dossiers (
  dossier_id  TEXT PRIMARY KEY,
  procedure   TEXT NOT NULL,
  code        TEXT NOT NULL,  -- mã hồ sơ; empty for a draft
  lookup_code TEXT NOT NULL,  -- mã tra cứu
  owner       TEXT NOT NULL,  -- pseudonym
  unit        TEXT NOT NULL,
  search      TEXT NOT NULL,  -- folded: no accents, đ as d
  revision    BIGINT NOT NULL,
  doc         TEXT NOT NULL,  -- JSON: form, dates, clock, scan
  seal        TEXT NOT NULL   -- digests of this row, its moves and its papers, for the audit
);
CREATE UNIQUE INDEX procedures_dossiers_code ON procedures_dossiers (code) WHERE code <> '';
CREATE INDEX procedures_dossiers_owner ON procedures_dossiers (owner, dossier_id);

-- One line a move, for the national portal and the timeline.
CREATE TABLE procedures_moves (
  dossier_id TEXT NOT NULL,
  version    BIGINT NOT NULL,
  day        TEXT NOT NULL,   -- of the law's clock, 2024-11-15
  at_us      BIGINT NOT NULL,
  state      TEXT NOT NULL,
  national   BIGINT NOT NULL, -- national status (trạng thái) after the move
  PRIMARY KEY (dossier_id, version)
);
CREATE INDEX procedures_moves_day ON procedures_moves (day, dossier_id, version);

-- Running numbers of dossier codes, one row an agency and day.
CREATE TABLE procedures_sequences (
  agency TEXT NOT NULL,
  day    TEXT NOT NULL,
  last   BIGINT NOT NULL,
  PRIMARY KEY (agency, day)
);

-- Papers of a dossier. Rows are added, never changed; content lies in the file store under its SHA-256.
CREATE TABLE procedures_papers (
  id         TEXT PRIMARY KEY,
  dossier_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  ref        TEXT NOT NULL,
  size       BIGINT NOT NULL,
  pages      BIGINT NOT NULL,
  added_by   TEXT NOT NULL,
  at_us      BIGINT NOT NULL
);
CREATE INDEX procedures_papers_dossier ON procedures_papers (dossier_id, at_us, id);

-- +goose Down
DROP TABLE procedures_papers;
DROP TABLE procedures_sequences;
DROP TABLE procedures_moves;
DROP TABLE procedures_dossiers;
