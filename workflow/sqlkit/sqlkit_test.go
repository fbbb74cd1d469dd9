package sqlkit

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDialectSQL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"SELECT 1":                     "SELECT 1",
		"a = $1 AND b = $12":           "a = ?1 AND b = ?12",
		"json_extract(x, '$.a') = $1":  "json_extract(x, '$.a') = ?1",
		"cost in $":                    "cost in $",
		"INSERT INTO t VALUES ($2,$1)": "INSERT INTO t VALUES (?2,?1)",
	} {
		assert.Equal(t, want, SQLite.SQL(in))
		assert.Equal(t, in, PostgreSQL.SQL(in))
	}
}

func TestMigrationsFiles(t *testing.T) {
	t.Parallel()
	m := Migrations{Module: "m", FS: fstest.MapFS{
		"001_a.sql": {}, "002_b.sqlite.sql": {}, "002_b.postgres.sql": {}, "003_c.sql": {}, "readme.md": {},
	}}
	s, err := m.Files(SQLite)
	require.NoError(t, err)
	assert.Equal(t, []string{"001_a.sql", "002_b.sqlite.sql", "003_c.sql"}, s)
	p, err := m.Files(PostgreSQL)
	require.NoError(t, err)
	assert.Equal(t, []string{"001_a.sql", "002_b.postgres.sql", "003_c.sql"}, p)
}

// The error table of a PostgreSQL with fail-over: what each error says about
// the work, by the phase it arose in.
func TestJudge(t *testing.T) {
	t.Parallel()
	sentinel := map[Class]error{}
	for c := ClassOther; c <= ClassWrongNode; c++ {
		sentinel[c] = errors.New("class")
	}
	db := &DB{Classify: func(err error) Class {
		for c, e := range sentinel {
			if errors.Is(err, e) {
				return c
			}
		}
		return ClassOther
	}}
	for _, c := range []struct {
		name           string
		phase          Phase
		class          Class
		keyed          bool
		again, unknown bool
	}{
		{"connect refused", PhaseBegin, ClassConnection, false, true, false},
		{"begin, busy file", PhaseBegin, ClassRolledBack, false, true, false},
		{"begin, other", PhaseBegin, ClassOther, true, false, false},
		{"connection lost in the body", PhaseBody, ClassConnection, false, true, false},
		{"serialisation failure", PhaseBody, ClassRolledBack, false, true, false},
		{"standby", PhaseBody, ClassWrongNode, false, true, false},
		{"constraint in the body", PhaseBody, ClassConstraint, true, false, false},
		{"commit rolled back", PhaseCommit, ClassRolledBack, false, true, false},
		{"commit refused by a deferred constraint", PhaseCommit, ClassConstraint, true, false, false},
		{"commit, connection lost, keyed", PhaseCommit, ClassConnection, true, true, true},
		{"commit, connection lost, no key", PhaseCommit, ClassConnection, false, false, true},
		{"commit, anything else, keyed", PhaseCommit, ClassOther, true, true, true},
		{"statement, connection lost, keyed", PhaseStatement, ClassConnection, true, true, true},
		{"statement, connection lost, no key", PhaseStatement, ClassConnection, false, false, true},
		{"statement, syntax error, keyed", PhaseStatement, ClassOther, true, false, true},
		{"statement, unique", PhaseStatement, ClassUnique, true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			again, unknown := db.judge(&TxError{c.phase, sentinel[c.class]}, c.keyed)
			assert.Equal(t, c.again, again, "again")
			assert.Equal(t, c.unknown, unknown, "unknown")
		})
	}
}

func TestRetryStops(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	db := &DB{Classify: func(error) Class { return ClassConnection }}

	n := 0
	err := db.Retry(t.Context(), true, func(context.Context) error {
		if n++; n < 3 {
			return &TxError{PhaseCommit, lost}
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 3, n, "a keyed commit is repeated until it is known")

	n = 0
	err = db.Retry(t.Context(), false, func(context.Context) error { n++; return &TxError{PhaseCommit, lost} })
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	require.ErrorIs(t, err, lost)
	assert.Equal(t, 1, n)

	n = 0
	plain := errors.New("refused")
	err = db.Retry(t.Context(), true, func(context.Context) error { n++; return plain })
	require.ErrorIs(t, err, plain)
	assert.Equal(t, 1, n, "an answer is not an outage")

	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	err = db.Retry(ctx, true, func(context.Context) error { n++; cancel(); return &TxError{PhaseBegin, lost} })
	require.ErrorIs(t, err, lost)
	assert.Equal(t, 1, n, "a caller who has gone is not served")
}
