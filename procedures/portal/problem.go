package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
)

// problem is why a request was not done. Its code chooses the words
// trouble.CODE.title and trouble.CODE.text of the theme.
type problem struct {
	Status int
	Code   string
	// Reason is a sentence of a rule, where one decided.
	Reason *workflow.Reason
	// Class is that of a refused scan.
	Class string
	// Wait is how long to wait, for too many requests.
	Wait time.Duration
	// Incident numbers what only the log explains.
	Incident string
	// Conflict tells how a dossier has moved on.
	Conflict *conflict
}

func (e *problem) Error() string { return fmt.Sprintf("%d %s", e.Status, e.Code) }

func trouble(status int, code string) *problem { return &problem{Status: status, Code: code} }

// conflict is what the page for a stale version shows.
type conflict struct {
	// Current is the version, or the draft's revision, that counts.
	Current int64
	Draft   bool
	At      time.Time
	// By is who moved it, State where it is now.
	By, State string
	// Saved are the answers of the draft as they are kept.
	Saved []answer
}

// problemOf says what a person is told about an error.
func problemOf(err error) *problem {
	var p *problem
	var refused *workflow.RefusedError
	var scan *desk.ScanRefused
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &scan):
		return &problem{Status: http.StatusUnprocessableEntity, Code: "scan", Class: scan.Class, Reason: &scan.Reason}
	case errors.As(err, &refused):
		return &problem{Status: http.StatusForbidden, Code: "refused", Reason: &refused.Reason}
	case errors.Is(err, workflow.ErrStale):
		return trouble(http.StatusConflict, "conflict")
	case errors.Is(err, workflow.ErrKeyReused):
		return trouble(http.StatusConflict, "key_reused")
	case errors.Is(err, payment.ErrConflict):
		return trouble(http.StatusConflict, "not_due")
	case errors.Is(err, payment.ErrUnavailable):
		return trouble(http.StatusServiceUnavailable, "gateway")
	case errors.Is(err, desk.ErrUnavailable):
		return trouble(http.StatusServiceUnavailable, "outside")
	case errors.Is(err, workflow.ErrNotFound), errors.Is(err, procedures.ErrNotFound), errors.Is(err, desk.ErrSubject):
		return trouble(http.StatusNotFound, "not_found")
	case errors.Is(err, errTooLarge):
		return trouble(http.StatusRequestEntityTooLarge, "too_large")
	case errors.Is(err, workflow.ErrInvalid), errors.Is(err, desk.ErrForm), errors.Is(err, identity.ErrInvalid):
		return trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	return trouble(http.StatusInternalServerError, "incident")
}

// fail answers a request that was not done.
func (p *Portal) fail(r *request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody waits for an answer any more
	}
	is := problemOf(err)
	if is.Status >= http.StatusInternalServerError {
		shown := *is
		shown.Incident = incidentNumber(p.o.NewID())
		p.logIncident(r, is.Status, shown.Incident, err)
		is = &shown
	}
	if is.Wait > 0 {
		r.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(is.Wait.Seconds()))))
	}
	if wantsJSON(r.Request) {
		writeProblem(r, is)
		return
	}
	title := r.lang.t("trouble." + is.Code + ".title")
	back := r.back
	if back == "" {
		back = "/"
	}
	pg := &page{Name: "trouble", Title: title, Status: is.Status, Trouble: true, Class: is.Class,
		Data: map[string]any{"P": is, "Title": title, "Text": r.lang.t("trouble." + is.Code + ".text"), "Back": back, "Typed": r.typed,
			"Login": p.loginPath(r)}}
	if err := p.render(r, pg); err != nil { // a theme without a usable page still gets an answer
		p.logIncident(r, is.Status, is.Incident, err)
		http.Error(r.w, title, is.Status)
	}
}

func incidentNumber(id string) string {
	if len(id) > 10 {
		id = id[:10]
	}
	return strings.ToUpper(id)
}

// wantsJSON reports whether a program asks: it accepts JSON and no page.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return (strings.Contains(accept, "application/json") || strings.Contains(accept, "application/problem+json")) &&
		!strings.Contains(accept, "text/html")
}

// writeProblem answers problem details (RFC 9457). The title is the same for all
// of a code, the detail a sentence of the rule that decided.
func writeProblem(r *request, is *problem) {
	out := map[string]any{"type": "urn:motcua:problem:" + is.Code, "title": r.lang.t("trouble." + is.Code + ".title"),
		"status": is.Status, "code": is.Code}
	if is.Reason != nil {
		detail, _ := r.lang.text(is.Reason)
		out["detail"], out["reason"] = detail, is.Reason.Code
	}
	if is.Class != "" {
		out["class"] = is.Class
	}
	if is.Incident != "" {
		out["instance"] = "urn:motcua:incident:" + is.Incident
	}
	if is.Conflict != nil {
		out["current"] = is.Conflict.Current
	}
	r.w.Header().Set("Content-Type", "application/problem+json")
	r.w.WriteHeader(is.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(r.w).Encode(out)
	}
}
