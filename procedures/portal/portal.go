package portal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow/calendar"
)

// Parts are what a portal is made of; all but Pay and Verify are required.
type Parts struct {
	Desk      *desk.Desk
	Catalogue *procedures.Catalogue
	Policy    *identity.Policy
	Units     desk.Units
	Journal   Journal
	SignIn    SignIn
	// Pay is nil where the province runs no payment: then there are no pages
	// for it.
	Pay Pay
	// Verify is nil where the province checks no signed files.
	Verify Verify
}

// Options are the options of [New]; nil means defaults.
type Options struct {
	// PublicURL is where people reach the portal, e.g. "https://dichvucong.example.vn".
	// Gateways send browsers back there; with https the pages ask for HSTS.
	PublicURL string
	// Trial has every page bear the words that nothing here is valid in law.
	Trial bool
	// Now is the law's clock, which pages reckon by. Defaults to time.Now.
	Now func() time.Time
	// ProtocolNow is the machine's clock, by which limits run. Defaults to time.Now.
	ProtocolNow func() time.Time
	// NewID gives idempotency keys and incident numbers. Defaults to 26 random
	// characters.
	NewID func() string
	// Calendar tells the date a dossier filed now would get. Defaults to the
	// national one.
	Calendar *calendar.Calendar
	// Logger gets incidents, without personal data. Defaults to none.
	Logger *zap.Logger
	// Theme is laid over the built-in theme, file by file. Defaults to none.
	Theme fs.FS
	// FormOrigins are origins a form's answer may lead to beside the portal's
	// own: those of gateways and identity providers. Without them a browser
	// silently stays where it is.
	FormOrigins []string
	// MaxUpload bounds an uploaded file, in bytes. Defaults to 20 MiB.
	MaxUpload int64
	// TempDir is where uploaded files lie until they are judged. Defaults to
	// [os.TempDir].
	TempDir string
	// Limits bound how often costly pages are asked for.
	Limits Limits
	// LoginPath is where sign-in begins, LogoutPath where a POST signs out.
	// Default to /dang-nhap and /dang-xuat. The login path gets the local path
	// to come back to as ReturnParam, which defaults to "return".
	LoginPath, LogoutPath, ReturnParam string
	// ClientIP tells a request's address, for limits and gateways. Defaults to
	// that of the connection; behind a proxy give what the proxy vouches for.
	ClientIP func(*http.Request) string
}

// Portal is an [http.Handler], safe for concurrent use.
type Portal struct {
	Parts
	o                 Options
	theme             *theme
	routes            []*route
	limits            limits
	csp               string
	https             bool
	scans             chan struct{} // one token each file that is judged
	checks            chan struct{}
	scansIn, checksIn arrivals
	handler           http.Handler

	// What the catalogue, which never changes, comes to.
	groups groups
	menu   []procedures.State // states of filed dossiers, the open ones first
	folded map[*procedures.Procedure]string
}

// maxHeld is how many uploaded files are judged at a time, of officials and of
// everybody each, so that the second cannot keep the first waiting.
const maxHeld = 4

// New returns a portal. An error names what is missing, a theme that cannot be
// used, or a form whose fields have names the pages need for themselves.
func New(p Parts, o *Options) (*Portal, error) {
	for name, missing := range map[string]bool{"Desk": p.Desk == nil, "Catalogue": p.Catalogue == nil, "Policy": p.Policy == nil,
		"Units": p.Units == nil, "Journal": p.Journal == nil, "SignIn": p.SignIn == nil} {
		if missing {
			return nil, fmt.Errorf("portal: %s is required", name)
		}
	}
	s := &Portal{Parts: p}
	if o != nil {
		s.o = *o
	}
	if err := s.defaults(); err != nil {
		return nil, err
	}
	if err := checkForms(p.Catalogue); err != nil {
		return nil, err
	}
	var err error
	if s.theme, err = loadTheme(s.o.Theme, s.o.NewID); err != nil {
		return nil, err
	}
	s.limits = newLimits(s.o.Limits, s.o.ProtocolNow)
	s.scansIn.each, s.checksIn.each = map[string]int{}, map[string]int{}
	s.scans, s.checks = make(chan struct{}, maxHeld), make(chan struct{}, maxHeld)
	s.groups, s.menu, s.folded = groupsOf(p.Catalogue), menuOf(p.Catalogue), foldedOf(p.Catalogue)
	s.routes = s.table()
	return s, s.build()
}

// ServeHTTP implements [http.Handler].
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Portal) defaults() error {
	o := &p.o
	def := func(f *func() time.Time) {
		if *f == nil {
			*f = time.Now
		}
	}
	def(&o.Now)
	def(&o.ProtocolNow)
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	if o.Calendar == nil {
		o.Calendar = calendar.National()
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.MaxUpload == 0 {
		o.MaxUpload = 20 << 20
	}
	for _, d := range []struct {
		to   *string
		text string
	}{{&o.LoginPath, "/dang-nhap"}, {&o.LogoutPath, "/dang-xuat"}, {&o.ReturnParam, "return"}} {
		if *d.to == "" {
			*d.to = d.text
		}
	}
	if o.ClientIP == nil {
		o.ClientIP = connectionIP
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	if o.PublicURL != "" {
		u, err := url.Parse(o.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("portal: public URL %q: write https://host", o.PublicURL)
		}
		p.https = u.Scheme == "https"
	}
	if p.Pay != nil && o.PublicURL == "" {
		return errors.New("portal: with payment a public URL is required (gateways send browsers back there)")
	}
	var err error
	p.csp, err = contentPolicy(o.FormOrigins)
	return err
}

func connectionIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// now is the law's time in the zone the law reckons in.
func (p *Portal) now() time.Time { return p.o.Now().In(procedures.Zone) }
