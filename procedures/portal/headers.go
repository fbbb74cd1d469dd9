package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// contentPolicy is the policy of every page: nothing from elsewhere, no script, no
// inline style. Browsers apply form-action to where a form's answer redirects,
// too, hence the origins.
func contentPolicy(origins []string) (string, error) {
	action := "'self'"
	for _, o := range origins {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.String() != u.Scheme+"://"+u.Host ||
			strings.ContainsAny(o, "; ,'\"") {
			return "", fmt.Errorf("portal: form origin %q: write https://host", o)
		}
		action += " " + o
	}
	return "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action " + action +
		"; frame-ancestors 'none'; base-uri 'none'", nil
}

// downloadPolicy has a browser that opens a file in place of saving it run
// nothing of it.
const downloadPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

func (p *Portal) setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", p.csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if p.https {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
