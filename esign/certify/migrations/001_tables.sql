-- +goose Up
-- The register (sổ chứng thực): one row a number, never deleted.
CREATE TABLE certify_lines (
  id           TEXT PRIMARY KEY,
  subject      TEXT NOT NULL UNIQUE,  -- what it is certified for; opaque
  unit         TEXT NOT NULL,
  year         BIGINT NOT NULL,
  number       BIGINT NOT NULL,       -- số chứng thực, from 1 each year
  book         TEXT NOT NULL,         -- quyển số
  document     TEXT NOT NULL,         -- name of the paper
  scan         TEXT NOT NULL,         -- SHA-256 and reference of the compared scan
  pages        BIGINT NOT NULL,
  copies       BIGINT NOT NULL,
  official     TEXT NOT NULL,         -- pseudonym of who compared
  state        TEXT NOT NULL,         -- reserved, certified, cancelled
  reason       TEXT NOT NULL,         -- why it was cancelled
  plan         TEXT NOT NULL,         -- JSON of what is signed; empty until the first signature is asked for
  signed       BIGINT NOT NULL,       -- signatures made
  file         TEXT NOT NULL,         -- the certified file
  size         BIGINT NOT NULL,
  file_pages   BIGINT NOT NULL,
  reserved_us  BIGINT NOT NULL,
  ended_us     BIGINT NOT NULL,       -- when it was certified or cancelled
  version      BIGINT NOT NULL,
  sum          BYTEA NOT NULL,        -- SHA-256 over the other columns
  UNIQUE (unit, year, number)
);
CREATE INDEX certify_lines_open ON certify_lines (state, reserved_us, id);

-- The last number given, one row a unit and year.
CREATE TABLE certify_numbers (
  unit TEXT NOT NULL,
  year BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (unit, year)
);

-- +goose Down
DROP TABLE certify_numbers;
DROP TABLE certify_lines;
