package portal

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/desk"
)

// page is what a template gets.
type page struct {
	Name   string // of the template
	Title  string
	Status int // 0 means 200
	// Errors are listed above the heading, each linking to its field.
	Errors []fieldError
	// Notice is read out when the page opens.
	Notice string
	// Trouble pages have no place in the menu.
	Trouble bool
	Class   string
	// Outside is a page at an address that is none of the portal's: the other
	// language and sign-in lead from it to the home page.
	Outside bool
	// Stylesheet is one more to load; empty for none.
	Stylesheet string
	// Case fills the marks on main.
	Case *desk.Case
	Data any

	// Set by render. Now is the law's time of the answer.
	Now                        time.Time
	Path, Other, Login, Logout string
	Who                        *identity.Person
	Trial, Verify, Journal     bool
}

// fieldError is one thing to correct; Field is the id of where.
type fieldError struct{ Field, Text string }

// Heading is the title, which begins with the word for error when there are any.
func (p *page) Heading() string { return p.Title }

// Official and Citizen say who is signed in.
func (p *page) Official() bool { return p.Who != nil && p.Who.Kind == identity.Official }

// Citizen says that a citizen is signed in.
func (p *page) Citizen() bool { return p.Who != nil && p.Who.Kind == identity.Citizen }

// render writes a page. Nothing is sent before the whole page is made.
func (p *Portal) render(r *request, pg *page) error {
	pg.Now = p.o.Now()
	pg.Path, pg.Who, pg.Trial, pg.Verify = r.URL.Path, r.who, p.o.Trial, p.Verify != nil
	pg.Journal = r.who != nil && p.mayJournal(r.who, pg.Now)
	pg.Login, pg.Logout = p.loginPath(r), p.o.LogoutPath
	other := p.theme.en
	if r.lang == p.theme.en {
		other = p.theme.vi
	}
	pg.Other = other.url(r.URL.Path)
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		pg.Other += "?" + r.URL.RawQuery
	}
	if pg.Outside {
		pg.Login, pg.Other = p.o.LoginPath, other.url("/")
	}
	t := r.lang.pages[pg.Name]
	if t == nil {
		return fmt.Errorf("the theme has no page %q", pg.Name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", pg); err != nil {
		return err
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", r.lang.code)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	r.w.WriteHeader(max(pg.Status, http.StatusOK))
	if r.Method != http.MethodHead {
		_, _ = b.WriteTo(r.w)
	}
	return nil
}

// loginPath leads to sign-in and back to this page, or after a POST to the page
// it came from.
func (p *Portal) loginPath(r *request) string {
	back := r.lang.url(r.URL.Path)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		back = r.lang.url("/")
	case r.URL.RawQuery != "":
		back += "?" + r.URL.RawQuery
	}
	return p.o.LoginPath + "?" + p.o.ReturnParam + "=" + url.QueryEscape(back)
}

// sorted lists errors in the order of the fields on the page.
func sorted(errs []fieldError, order []string) []fieldError {
	slices.SortStableFunc(errs, func(a, b fieldError) int {
		return slices.Index(order, a.Field) - slices.Index(order, b.Field)
	})
	return errs
}

// errorFor returns the text for a field.
func errorFor(errs []fieldError, field string) string {
	for _, e := range errs {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// fieldID is the id of a form's field on the page.
func fieldID(name string) string { return "f-" + strings.ReplaceAll(name, "_", "-") }
