package files

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// Audit reads the file behind every reference and tells which are absent or
// damaged. refs gives the table and row each reference was found in. It only
// reads, and works beside a running server; the error is for a caller who has
// gone.
func (s *Store) Audit(ctx context.Context, refs iter.Seq[Reference]) ([]sqlkit.Problem, error) {
	var out []sqlkit.Problem
	told := map[string]string{} // content is read once however often it is named
	for r := range refs {
		problem, done := told[r.Ref]
		if !done {
			problem = s.examine(ctx, r.Ref)
			if err := ctx.Err(); err != nil {
				return out, err
			}
			told[r.Ref] = problem
		}
		if problem != "" {
			out = append(out, sqlkit.Problem{Table: r.Table, Row: r.Row, Problem: problem})
		}
	}
	return out, nil
}

// Reference is a reference with the database row that holds it.
type Reference struct{ Table, Row, Ref string }

func (s *Store) examine(ctx context.Context, ref string) string {
	r, err := s.Open(ctx, ref)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		err = errors.Join(err, r.Close())
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrInvalid):
		return "the file reference is malformed"
	case errors.Is(err, ErrNotFound):
		return "file " + ref + " is missing"
	case errors.Is(err, ErrDamaged):
		return "file " + ref + " is damaged"
	}
	return "file " + ref + " can't be read"
}
