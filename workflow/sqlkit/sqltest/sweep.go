package sqltest

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// ErrInjected is what a statement fails with under [Faults.Sweep]. No classifier
// knows it, so nothing but a keyed commit is repeated because of it.
var ErrInjected = errors.New("injected fault")

// Use is one use case, to be run on a database that fails in the middle. Run
// again after a failure it must succeed.
type Use func(context.Context) error

// maxSweep bounds a sweep: a use case that asks more often never ends.
const maxSweep = 2000

// Sweep runs a use case once for each thing it asks of the database, and has just
// that one fail: a BEGIN, a statement, the first row of a result, a COMMIT. The
// use case must then return that error, unless it was a commit's and the
// repetition succeeded; and run again undisturbed it must succeed, so that
// nothing is left half done. Prepare is called before each run, undisturbed, and
// returns the use case for something fresh. Nothing else may use the database
// meanwhile. It returns how many faults have struck.
func (f *Faults) Sweep(t *testing.T, prepare func(t *testing.T) Use) int {
	t.Helper()
	for n := 1; ; n++ {
		require.LessOrEqual(t, n, maxSweep, "the use case never ends")
		use := prepare(t)
		f.count(n)
		err := use(t.Context())
		struck := f.struck()
		if struck == "" {
			require.NoError(t, err, "no fault has struck")
			require.Greater(t, n, 1, "the use case asks nothing of the database")
			return n - 1
		}
		if err != nil || struck != commit {
			require.ErrorIs(t, err, ErrInjected, "fault %d, at %s", n, struck)
		}
		require.NoError(t, use(t.Context()), "again, after fault %d, at %s", n, struck)
	}
}

const commit = "COMMIT"

// count has the n-th question from now fail.
func (f *Faults) count(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.at = n, ""
}

// struck returns the question that failed, or "", and ends the counting.
func (f *Faults) struck() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = 0
	return f.at
}

// asked counts a question and returns the error it is to fail with.
func (f *Faults) asked(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return nil
	}
	if f.left--; f.left > 0 {
		return nil
	}
	f.at = what
	return ErrInjected
}

// faultyRows is a result whose first row can fail to arrive. It hides what else
// the driver's rows can do; database/sql then guesses column types from values.
type faultyRows struct {
	driver.Rows
	f     *Faults
	query string
	began bool
}

// Next fetches a row.
func (r *faultyRows) Next(dest []driver.Value) error {
	if !r.began {
		r.began = true
		if err := r.f.asked("the first row of " + r.query); err != nil {
			return err
		}
	}
	return r.Rows.Next(dest)
}
