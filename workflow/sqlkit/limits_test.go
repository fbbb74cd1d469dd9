package sqlkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The whole error table: each class in each phase, with a key and without, also as a deadline that has passed.
func TestJudgeKnowsEveryCase(t *testing.T) {
	t.Parallel()
	transient := map[Class]bool{ClassConnection: true, ClassRolledBack: true, ClassWrongNode: true}
	for class := ClassOther; class <= ClassWrongNode; class++ {
		db := &DB{Classify: func(error) Class { return class }}
		for _, phase := range []Phase{PhaseBegin, PhaseBody, PhaseCommit, PhaseStatement} {
			for _, keyed := range []bool{false, true} {
				for _, cause := range []error{errors.New("x"), fmt.Errorf("x: %w", context.DeadlineExceeded)} {
					deadline := errors.Is(cause, context.DeadlineExceeded)
					var again, unknown bool
					switch {
					case phase == PhaseBegin || phase == PhaseBody: // nothing was committed
						again = transient[class] || deadline
					case class == ClassRolledBack || class == ClassWrongNode: // the server says that nothing was
						again = true
					case class == ClassUnique || class == ClassConstraint: // it was refused, and would be again
					default: // only a key makes it safe to repeat; a statement that is plainly wrong stays so
						unknown = true
						again = keyed && (phase == PhaseCommit || class == ClassConnection || deadline)
					}
					gotAgain, gotUnknown := db.judge(fmt.Errorf("y: %w", &TxError{phase, cause}), keyed)
					what := fmt.Sprintf("%s, class %d, keyed %t, deadline %t", phase, class, keyed, deadline)
					assert.Equal(t, again, gotAgain, what)
					assert.Equal(t, unknown, gotUnknown, what)
				}
			}
		}
		again, unknown := db.judge(errors.New("of fn"), true)
		assert.False(t, again || unknown, "an answer of the work itself")
	}
}

// Eight times, with pauses that double from 20 ms to a second, each shortened by up to half.
func TestRetryGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &DB{Classify: func(error) Class { return ClassConnection }}
		lost := &TxError{PhaseCommit, errors.New("lost")}
		began, n := time.Now(), 0
		err := db.Retry(t.Context(), true, func(context.Context) error { n++; return lost })
		require.ErrorIs(t, err, lost)
		require.NotErrorIs(t, err, ErrOutcomeUnknown, "with a key the caller may simply ask again")
		assert.Equal(t, 8, n)
		const pauses = (20 + 40 + 80 + 160 + 320 + 640 + 1000) * time.Millisecond
		assert.GreaterOrEqual(t, time.Since(began), pauses/2)
		assert.LessOrEqual(t, time.Since(began), pauses+7)

		// A caller who goes while it waits is answered at once.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		began, n = time.Now(), 0
		require.ErrorIs(t, db.Retry(ctx, true, func(context.Context) error { n++; return lost }), lost)
		assert.Equal(t, 1, n)
		assert.Equal(t, 5*time.Millisecond, time.Since(began))
	})
}

func TestNoErrorIsOfNoClass(t *testing.T) {
	t.Parallel()
	for class, want := range map[Class][2]bool{ClassUnique: {true, false}, ClassRolledBack: {false, true}, ClassOther: {false, false}} {
		db := &DB{Classify: func(error) Class { return class }}
		assert.False(t, db.IsUnique(nil))
		assert.False(t, db.RolledBack(nil))
		assert.Equal(t, want[0], db.IsUnique(errors.New("x")))
		assert.Equal(t, want[1], db.RolledBack(errors.New("x")))
	}
	bare := Wrap(nil, SQLite)
	assert.False(t, bare.IsUnique(errors.New("x")), "nothing is known of the driver")
	assert.False(t, bare.RolledBack(errors.New("x")))
}

func TestBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{
			-1: DefaultTimeout, 0: DefaultTimeout, 1: 1, time.Second: time.Second, time.Hour: time.Hour,
		} {
			ctx, cancel := (&DB{Timeout: timeout}).Bound(t.Context())
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, want, time.Until(deadline))
			cancel()
		}
	})
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"$0 $1 $9": "?0 ?1 ?9", "$/ $: $a $": "$/ $: $a $", "$": "$", "$$1": "$?1", "": "",
	} {
		assert.Equal(t, want, SQLite.SQL(in))
		assert.Equal(t, in, PostgreSQL.SQL(in))
		assert.Equal(t, in, Dialect(0).SQL(in))
	}
	assert.Equal(t, []string{"sqlite", "postgres", "dialect(3)"}, []string{SQLite.String(), PostgreSQL.String(), Dialect(3).String()})
}

type noFiles struct{ fstest.MapFS }

func (noFiles) Glob(string) ([]string, error) { return nil, fs.ErrPermission }

func TestMigrationsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, err := Migrations{FS: noFiles{}}.Files(SQLite)
	require.ErrorIs(t, err, fs.ErrPermission)
}

// A value that is zero is digested as one that is absent, so that columns can be added.
func TestTextOfValues(t *testing.T) {
	t.Parallel()
	for _, zero := range []any{nil, "", []byte{}, []byte(nil), 0, int64(0), 0.0, false} {
		assert.Empty(t, text(zero), "%T", zero)
	}
	for _, c := range []struct {
		v    any
		want string
	}{
		{int64(7), "7"}, {int64(-1), "-1"}, {true, "true"}, {"0", "0"}, {"false", "false"}, {[]byte("0"), "0"}, {"a", "a"},
	} {
		assert.Equal(t, c.want, text(c.v))
	}
}

// No two lists of columns have one digest because their texts run together.
func TestDigestKeepsColumnsApart(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, columns := range [][]string{nil, {""}, {"a=1"}, {"a=1", ""}, {"a=1b=2"}, {"a=1", "b=2"}, {"a=1b", "=2"}} {
		d := digest(columns)
		assert.Len(t, d, 16)
		assert.NotContains(t, seen, d, "%q and %q", seen[d], columns)
		seen[d] = columns
	}
}

func TestCloseClosesEachPoolOnce(t *testing.T) {
	t.Parallel()
	// The pools hold no connection: a closed one refuses by itself.
	read, write := sql.OpenDB(nil), sql.OpenDB(nil)
	require.NoError(t, (&DB{Read: read, Write: write}).Close())
	require.ErrorContains(t, read.PingContext(t.Context()), "closed")
	require.ErrorContains(t, write.PingContext(t.Context()), "closed")
	one := sql.OpenDB(nil)
	require.NoError(t, Wrap(one, SQLite).Close())
	require.ErrorContains(t, one.PingContext(t.Context()), "closed")
}
