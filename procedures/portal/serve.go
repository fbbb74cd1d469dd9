package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
)

// request is one request being answered.
type request struct {
	*http.Request
	w     http.ResponseWriter
	lang  *language
	route *route
	who   *identity.Person // nil when nobody is signed in

	// What a conflict or trouble page needs to lose nothing.
	back  string // path of the page to go back to
	typed []typed
}

// typed is a text a person wrote into a form.
type typed struct{ Label, Text string }

// here is what the request's context carries to the handler behind sign-in.
type here struct {
	lang  *language
	route *route
}

type hereKey struct{}

func (p *Portal) build() error {
	open, closed := func(h http.Handler) http.Handler { return h }, p.SignIn.Require
	if i, ok := p.SignIn.(Identifier); ok {
		open, closed = i.Identify, i.Identify
	}
	for _, rt := range p.routes {
		rt.handler = closed(http.HandlerFunc(p.serve))
		if rt.who == anybody {
			rt.handler = open(http.HandlerFunc(p.serve))
		}
	}
	cross := http.NewCrossOriginProtection()
	if p.o.PublicURL != "" {
		if err := cross.AddTrustedOrigin(p.o.PublicURL); err != nil {
			return fmt.Errorf("portal: public URL: %w", err)
		}
	}
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fail(p.bare(w, r), trouble(http.StatusForbidden, "cross_origin"))
	}))
	p.handler = p.outer(cross.Handler(http.HandlerFunc(p.dispatch)))
	return nil
}

// outer sets the headers of every answer, reads the language from the path and
// turns a panic into an incident.
func (p *Portal) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.setHeaders(w.Header())
		h := here{lang: p.theme.vi}
		if r.URL.Path == "/en" || strings.HasPrefix(r.URL.Path, "/en/") {
			h.lang = p.theme.en
			r = r.Clone(r.Context())
			r.URL.Path = r.URL.Path[len("/en"):]
			if r.URL.Path == "" {
				r.URL.Path = "/"
			}
		}
		r = r.WithContext(context.WithValue(r.Context(), hereKey{}, h))
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				p.fail(p.bare(w, r), fmt.Errorf("panic: %v\n%s", v, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// bare is a request before it is known which page it is for, or who asks.
func (p *Portal) bare(w http.ResponseWriter, r *http.Request) *request {
	h, ok := r.Context().Value(hereKey{}).(here)
	if !ok {
		h.lang = p.theme.vi
	}
	who, _ := identity.From(r.Context())
	return &request{Request: r, w: w, lang: h.lang, route: h.route, who: who}
}

func (p *Portal) dispatch(w http.ResponseWriter, r *http.Request) {
	if a, ok := p.theme.static[r.URL.Path]; ok {
		serveAsset(w, r, a)
		return
	}
	rt, allowed := p.find(r)
	if rt == nil {
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			p.fail(p.bare(w, r), trouble(http.StatusMethodNotAllowed, "method"))
			return
		}
		p.fail(p.bare(w, r), trouble(http.StatusNotFound, "not_found"))
		return
	}
	h, _ := r.Context().Value(hereKey{}).(here)
	h.route = rt
	rt.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), hereKey{}, h)))
}

func serveAsset(w http.ResponseWriter, r *http.Request, a asset) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(a.content)
	}
}

// serve checks for whom the page is and answers it.
func (p *Portal) serve(w http.ResponseWriter, r *http.Request) {
	req := p.bare(w, r)
	if err := p.admit(req); err != nil {
		p.fail(req, err)
		return
	}
	if err := req.route.do(req); err != nil {
		p.fail(req, err)
	}
}

func (p *Portal) admit(r *request) error {
	switch {
	case r.route.who == anybody:
	case r.who == nil:
		if r.Method == http.MethodPost { // what was typed is shown, not lost
			r.keepTyped()
		}
		return trouble(http.StatusUnauthorized, "sign_in")
	case r.route.who == citizen && r.who.Kind != identity.Citizen:
		return trouble(http.StatusForbidden, "for_citizens")
	case r.route.who == official && r.who.Kind != identity.Official:
		return trouble(http.StatusForbidden, "for_officials")
	}
	return nil
}

// seeOther answers 303 to a path of the portal.
func (r *request) seeOther(path string) error {
	http.Redirect(r.w, r.Request, r.lang.url(path), http.StatusSeeOther)
	return nil
}

func (p *Portal) logIncident(r *request, status int, incident string, err error) {
	page := ""
	if r.route != nil {
		page = r.route.path // the pattern: ids of dossiers stay out
	}
	p.o.Logger.Error("incident", zap.String("incident", incident), zap.String("method", r.Method), zap.String("page", page),
		zap.Int("status", status), zap.Error(err))
}
