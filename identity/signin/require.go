package signin

import (
	"net/http"

	"github.com/motcua/motcua/identity"
)

// Attach puts the person who is asking into the context of requests, if somebody is
// signed in; identity.From finds them. Everybody gets through.
func (s *SignIn) Attach(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.person(r)
		if err != nil {
			s.fail(w, r, nil, err)
			return
		}
		if who != nil {
			r = r.WithContext(identity.NewContext(r.Context(), who))
		}
		next.ServeHTTP(w, r)
	})
}

// Require lets only those through who are signed in. Others get 401 and links to
// sign in that lead back: for programs a problem document, for people a page. What
// is behind it is not to be stored by the browser.
func (s *SignIn) Require(next http.Handler) http.Handler { return s.RequireLevel(0, next) }

// RequireLevel lets only those through whose sign-in has the level of assurance.
// Who is signed in with a lower one gets 403 and a link that asks for the level.
func (s *SignIn) RequireLevel(level int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.person(r)
		if err != nil {
			s.fail(w, r, nil, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		back := ""
		if r.Method == http.MethodGet {
			back = s.returnPath(r.URL.RequestURI())
		}
		switch {
		case who == nil:
			s.o.Page(w, r, &Page{Status: http.StatusUnauthorized, Reason: reasonSignIn, Links: s.links(back)})
		case who.Assurance < level:
			s.o.Page(w, r, &Page{Status: http.StatusForbidden, Reason: reasonLevel, Links: s.stepUp(who.Kind, back, level)})
		default:
			next.ServeHTTP(w, r.WithContext(identity.NewContext(r.Context(), who)))
		}
	})
}

func (s *SignIn) stepUp(k identity.Kind, back string, level int) []Link {
	var out []Link
	for i := range s.providers {
		if p := &s.providers[i]; p.Kind == k {
			out = append(out, Link{
				URL: s.LoginURL(p.Name, back, level) + "&prompt=login",
				Text: identity.Text{
					VI: "Đăng nhập bằng tài khoản mức cao hơn",
					EN: "Sign in with an account of a higher level",
				},
			})
		}
	}
	return out
}

// Person returns who is asking, for a handler of its own making; nil for nobody.
func (s *SignIn) Person(r *http.Request) (*identity.Person, error) { return s.person(r) }
