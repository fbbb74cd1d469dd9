package province

import (
	"net/http"

	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/procedures/portal"
)

// Pages has the sign-in answer with pages of the portal. The portal needs the
// sign-in, so it comes later: NewPortal gives it.
type Pages struct{ portal *portal.Portal }

// NewPages returns pages that await their portal.
func NewPages() *Pages { return &Pages{} }

// NewPortal makes the portal and gives the sign-in its looks. Nothing is served
// before it returns.
func NewPortal(parts portal.Parts, o *portal.Options, pages *Pages) (*portal.Portal, error) {
	p, err := portal.New(parts, o)
	if err != nil {
		return nil, err
	}
	pages.portal = p
	return p, nil
}

func (s *Pages) say(w http.ResponseWriter, r *http.Request, p *signin.Page) {
	m := &portal.Message{Status: p.Status, Reason: p.Reason, Stylesheet: p.Clear}
	for _, l := range p.Links {
		m.Links = append(m.Links, portal.MessageLink{URL: l.URL, Text: l.Text})
	}
	s.portal.Say(w, r, m)
}
