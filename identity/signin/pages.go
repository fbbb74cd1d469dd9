package signin

import (
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcrp"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// plainPage is the default of Options.Page.
func (s *SignIn) plainPage(w http.ResponseWriter, r *http.Request, p *Page) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if accept := r.Header.Get("Accept"); strings.Contains(accept, "json") && !strings.Contains(accept, "html") {
		h.Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
		_ = json.NewEncoder(w).Encode(map[string]any{ // the client left
			"type": "about:blank", "title": http.StatusText(p.Status), "status": p.Status, "detail": p.Reason.EN, "code": p.Reason.Code,
		})
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
	w.WriteHeader(p.Status)
	_ = pageTemplate.Execute(w, p) // the browser left
}

// fail answers an error: the rule goes to the log, a sentence to the person.
func (s *SignIn) fail(w http.ResponseWriter, r *http.Request, p *Provider, err error) {
	name := ""
	if p != nil {
		name = p.Name
	}
	page := &Page{Status: http.StatusBadRequest, Reason: reasonRefused, Links: s.links("")}
	var ref *oidcrp.Refused
	var reported *oidcrp.ProviderError
	switch {
	case errors.As(err, &reported):
		page.Reason = reasonProvider
		if reported.Code == "access_denied" {
			page.Reason = reasonCancelled
		}
	case errors.As(err, &ref) && ref.Rule == "acr_low":
		page.Status, page.Reason = http.StatusForbidden, reasonLevel
	case errors.As(err, &ref):
	case errors.Is(err, identity.ErrDenied):
		page.Status, page.Reason = http.StatusForbidden, reasonNoOfficial
	case errors.Is(err, identity.ErrConflict), errors.Is(err, identity.ErrTampered):
		page.Status, page.Reason = http.StatusForbidden, reasonConflict
	default:
		page.Status, page.Reason = http.StatusServiceUnavailable, reasonUnavailable
		w.Header().Set("Retry-After", "5")
	}
	s.o.Log.Warn("sign-in failed", zap.String("provider", name), zap.Int("status", page.Status),
		zap.String("reason", page.Reason.Code), zap.Error(err))
	s.o.Page(w, r, page)
}
