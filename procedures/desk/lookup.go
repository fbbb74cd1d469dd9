package desk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/whostep"
	"github.com/motcua/motcua/workflow"
)

// Public is what a look-up shows to whoever has both codes: no name, no address,
// no paper.
type Public struct {
	Code      string
	Procedure procedures.Text
	Unit      Unit
	State     procedures.State
	National  procedures.StatusInfo
	Requested time.Time
	Received  time.Time
	Due       time.Time
	Closed    time.Time
}

// LookUp finds a dossier by its code and the look-up code of its slip. Which of
// the two is wrong is not told; the caller limits how often it is tried.
func (d *Desk) LookUp(ctx context.Context, code, lookUpCode string) (*Public, error) {
	none := fmt.Errorf("%w: no dossier has these two codes", workflow.ErrNotFound)
	typed, ok := procedures.NormalizeLookupCode(lookUpCode)
	code = strings.ToUpper(strings.TrimSpace(code))
	if !ok || code == "" {
		return nil, none
	}
	_, scope := whostep.System("look-up")
	dos, err := d.Engine.GetByRef(ctx, scope, code)
	if errors.Is(err, workflow.ErrNotFound) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	bound, cancel := d.DB.Bound(ctx)
	defer cancel()
	r, err := d.load(bound, d.DB.Read, "dossier_id", string(dos.ID))
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(typed), []byte(r.lookUpCode)) != 1 {
		return nil, none
	}
	p, err := d.procedure(r.procedure, r.unit, r.doc.Edition)
	if err != nil {
		return nil, err
	}
	out := &Public{
		Code:      r.code,
		Procedure: p.ShortName,
		Requested: r.doc.Requested,
		Received:  r.doc.Received,
		Due:       dos.Due,
		Closed:    r.doc.Closed,
	}
	out.State, _ = p.State(dos.State)
	out.National, _ = procedures.Statuses().Info(out.State.National)
	out.Unit, _ = d.Units.UnitAt(r.unit, d.now())
	return out, nil
}
