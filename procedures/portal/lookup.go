package portal

import (
	"errors"
	"net/http"
	"strings"

	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// tidyCode is a dossier code as it is stored, from what was typed or stands in an
// address: without the bytes a database would refuse with a fault.
func tidyCode(s string) string {
	if len(s) > 64 {
		return ""
	}
	return strings.ToUpper(strings.Join(strings.Fields(tidy(s)), ""))
}

// lookUp asks for both codes. The QR code on a slip fills in the first.
func (p *Portal) lookUp(r *request) error {
	return p.showLookUp(r, tidyCode(r.URL.Query().Get("ma")), nil)
}

func (p *Portal) showLookUp(r *request, code string, errs []fieldError) error {
	pg := &page{Name: "lookup", Title: r.lang.t("lookup.title"), Errors: errs, Data: map[string]any{"Code": code,
		"CodeError": errorFor(errs, "f-ma"), "SecretError": errorFor(errs, "f-ma-tra-cuu")}}
	if len(errs) > 0 {
		pg.Status = http.StatusUnprocessableEntity
	}
	return p.render(r, pg)
}

// postLookUp shows where a dossier is to whoever has both codes. It changes
// nothing; it is a POST so that the look-up code stands in no address.
func (p *Portal) postLookUp(r *request) error {
	r.back = "/tra-cuu"
	v, err := r.form()
	if err != nil {
		return err
	}
	code, secret := tidyCode(v.Get("ma")), v.Get("ma-tra-cuu")
	var errs []fieldError
	if code == "" {
		errs = append(errs, fieldError{"f-ma", r.lang.t("lookup.code.missing")})
	}
	if secret == "" {
		errs = append(errs, fieldError{"f-ma-tra-cuu", r.lang.t("lookup.secret.missing")})
	}
	if len(errs) > 0 {
		return p.showLookUp(r, code, errs)
	}
	wait, ok := p.limits.lookUp.allow(p.o.ClientIP(r.Request))
	if ok {
		wait, ok = p.limits.lookUpCode.allow(code)
	}
	if !ok {
		return &problem{Status: http.StatusTooManyRequests, Code: "too_many", Wait: wait}
	}
	found, err := p.Desk.LookUp(r.Context(), code, secret)
	if errors.Is(err, workflow.ErrNotFound) {
		return p.showLookUp(r, code, []fieldError{{"f-ma", r.lang.t("lookup.none")}})
	}
	if err != nil {
		return err
	}
	return p.render(r, &page{Name: "found", Title: r.lang.t("found.title"), Data: map[string]any{"F": found, "Late": p.late(found)}})
}

func (p *Portal) late(f *desk.Public) bool {
	return !f.Due.IsZero() && f.Closed.IsZero() && f.State.Outcome == "" && p.now().After(f.Due)
}
