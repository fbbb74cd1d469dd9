package province

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// auditWithin bounds one audit.
const auditWithin = 30 * time.Minute

func (r *runner) auditCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "audit", Short: "recount everything from the database, read-only, beside a running server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.audit(cmd, asJSON) }}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

func (r *runner) audit(cmd *cobra.Command, asJSON bool) (err error) {
	c, err := r.config(cmd)
	if err != nil {
		return err
	}
	s, err := r.reading(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	ctx, cancel := context.WithTimeout(cmd.Context(), auditWithin)
	defer cancel()
	found, unread := s.app.Audit(ctx)
	out := cmd.OutOrStdout()
	if asJSON { // what was found is told even where something could not be read
		if found == nil {
			found = []sqlkit.Problem{}
		}
		if err := json.NewEncoder(out).Encode(struct {
			OK       bool             `json:"ok"`
			Problems []sqlkit.Problem `json:"problems"`
		}{len(found) == 0 && unread == nil, found}); err != nil {
			return err
		}
	} else {
		for _, p := range found {
			if _, err := fmt.Fprintln(out, p); err != nil {
				return err
			}
		}
	}
	switch {
	case unread != nil:
		return unread
	case len(found) > 0:
		return &Exit{Code: 1, Err: fmt.Errorf("%d things are wrong, the first: %s", len(found), found[0])}
	case asJSON:
		return nil
	}
	_, err = fmt.Fprintln(out, "everything adds up")
	return err
}
