package portal

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/motcua/motcua/identity"
)

// Message is an answer of another handler of the same server, such as the
// sign-in, that should look like the portal's own pages.
type Message struct {
	Status int
	// Reason is what the page says.
	Reason identity.Reason
	// Links lead on.
	Links []MessageLink
	// Stylesheet is a local path the page loads beside its own styles, for the
	// headers of its answer. Empty for none.
	Stylesheet string
}

// MessageLink is a link of a message.
type MessageLink struct {
	URL  string
	Text identity.Text
}

// Say answers with a message: a page, or problem details (RFC 9457) for a program
// that accepts JSON alone. The page is English where the request wishes to come
// back to an English page, else Vietnamese with the English words below.
func (p *Portal) Say(w http.ResponseWriter, r *http.Request, m *Message) {
	p.setHeaders(w.Header())
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(m.Status)
		_ = json.NewEncoder(w).Encode(map[string]any{ // the client left
			"type": "urn:motcua:problem:" + m.Reason.Code, "title": http.StatusText(m.Status), "status": m.Status,
			"detail": m.Reason.EN, "code": m.Reason.Code,
		})
		return
	}
	req := p.bare(w, r)
	if back := r.URL.Query().Get(p.o.ReturnParam); back == "/en" || strings.HasPrefix(back, "/en/") {
		req.lang = p.theme.en
	}
	title := m.Reason.VI
	if req.lang == p.theme.en {
		title = m.Reason.EN
	}
	if err := p.render(req, &page{Name: "message", Title: strings.TrimSuffix(title, "."), Status: m.Status, Outside: true,
		Stylesheet: m.Stylesheet, Data: m}); err != nil {
		p.logIncident(req, m.Status, "", err)
		http.Error(w, title, m.Status)
	}
}
