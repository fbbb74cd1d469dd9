// Package demo takes one dossier of procedure 2.000815 through a running
// province, as people at screens do: each signs in at the identity provider with
// a cookie jar of their own, gets pages and posts their forms. It knows nothing
// but addresses, so it is a test of the whole from outside.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// Procedure is what the demo asks for.
const Procedure = "2.000815"

// Options are the options of [Run].
type Options struct {
	// URL is where the province is reached.
	URL string
	// Scan is the PDF to certify; nil draws one of two pages.
	Scan []byte
	// Out is the file the certified copy is written to, complete or not at all.
	Out string
	// Done is a file that remembers which dossiers are finished: their copy is
	// written. Empty remembers nothing.
	Done string
	// Stdout gets the line "dossier CODE" and one line a step.
	Stdout io.Writer
	// Timeout bounds one request (30 s), Patience how long the demo waits for
	// something that happens by itself (90 s).
	Timeout, Patience time.Duration
	// Now is the machine's clock, by which patience runs. Defaults to time.Now.
	Now func() time.Time
	// pause waits by that clock, until ctx ends.
	pause func(ctx context.Context, d time.Duration) error
}

// Refused says that the scan cannot be certified.
type Refused struct{ Class, Sentence string }

// Error is the last line the demo prints.
func (r *Refused) Error() string { return "refused " + r.Class + ": " + r.Sentence }

// run is one walk.
type run struct {
	o         *Options
	base      *url.URL
	citizen   *browser
	officials []*browser
	dossier   string // path of the citizen's page
	id, code  string
	printed   map[string]bool
	resumed   bool // the dossier was begun by a run before
}

// Run goes on with the first unfinished dossier of the demo's citizen, or files a
// new one, until the certified copy is written.
func Run(ctx context.Context, o *Options) error {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 90 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.pause == nil {
		o.pause = pause
	}
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" {
		return fmt.Errorf("%q is no address of a province", o.URL)
	}
	r := &run{o: o, base: base, printed: map[string]bool{}}
	if r.citizen, err = r.signIn(ctx, "citizen", 0); err != nil {
		return err
	}
	if r.citizen == nil {
		return errors.New("the sign-in page lists no citizen")
	}
	for _, step := range []func(context.Context) error{r.file, r.announce, r.handle, r.download} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// signIn signs the n-th person of a provider's list in, those of the highest
// level first. It returns nil when there are no more.
func (r *run) signIn(ctx context.Context, provider string, n int) (*browser, error) {
	b, err := newBrowser(r.base, r.o.Timeout)
	if err != nil {
		return nil, err
	}
	p, err := b.get(ctx, "/auth/login?provider="+provider)
	if err != nil {
		return nil, err
	}
	f := p.form("")
	if f == nil {
		return nil, fmt.Errorf("sign-in as %s: %s answers %d without a form", provider, p.url.Host, p.status)
	}
	var people []button
	for _, level := range []string{"mức 2", ""} {
		for _, c := range f.buttons {
			if c.name == "person" && strings.Contains(c.text, level) && !contains(people, c) {
				people = append(people, c)
			}
		}
	}
	if n >= len(people) {
		return nil, nil
	}
	f.values.Set("person", people[n].value)
	b.name, _, _ = strings.Cut(people[n].text, " · ")
	if p, err = b.submit(ctx, f); err != nil {
		return nil, err
	}
	if p.url.Host != r.base.Host || p.status >= 400 && p.status != 404 {
		return nil, fmt.Errorf("sign-in of %s person %d ended with %d", provider, n+1, p.status)
	}
	return b, nil
}

func contains(list []button, b button) bool {
	for _, x := range list {
		if x == b {
			return true
		}
	}
	return false
}
