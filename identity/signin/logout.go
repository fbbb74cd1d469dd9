package signin

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// endWait is how long a sign-out waits for a provider whose address is not known yet.
const endWait = 3 * time.Second

// logout ends the session here, then sends the browser to the provider to end it
// there. Without a session, or without a provider that answers, it shows the page
// that says so.
func (s *SignIn) logout(w http.ResponseWriter, r *http.Request) {
	ctx, ok, err := s.load(r)
	if err != nil {
		s.fail(w, r, nil, err)
		return
	}
	w.Header().Set("Clear-Site-Data", `"cache"`)
	if !ok {
		http.Redirect(w, r, s.o.Prefix+"/signed-out", http.StatusSeeOther)
		return
	}
	m := s.sessions.m
	p, token := s.provider(m.GetString(ctx, keyProvider)), m.GetString(ctx, keyToken)
	if err := m.Destroy(ctx); err != nil {
		s.fail(w, r, p, err)
		return
	}
	s.setCookie(w, r, sessionCookie, "", -1)
	next := s.o.Prefix + "/signed-out"
	if p != nil {
		wait, cancel := context.WithTimeout(r.Context(), endWait)
		defer cancel()
		address, err := p.RP.EndSession(wait, token, s.url(r, "/signed-out"), "")
		switch {
		case err != nil:
			s.o.Log.Warn("the provider's session is not ended", zap.String("provider", p.Name), zap.Error(err))
			next += "?provider=remembers"
		case address != "":
			next = address
		}
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// signedOut says that the session is over. It changes nothing, so that a link to it
// does no harm.
func (s *SignIn) signedOut(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Clear-Site-Data", `"cache"`)
	reason := reasonSignedOut
	if r.URL.Query().Get("provider") == "remembers" {
		reason = reasonRemembered
	}
	s.o.Page(w, r, &Page{Status: http.StatusOK, Reason: reason, Links: s.links(""), Clear: s.o.Prefix + "/signed-out.css"})
}

// clearing is a stylesheet whose answer empties the cache. The page's own header
// does not reach the back/forward cache in every browser; a subresource's does.
func (s *SignIn) clearing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Clear-Site-Data", `"cache"`)
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte("/* the answer's headers matter */\n")) // the browser left
}
