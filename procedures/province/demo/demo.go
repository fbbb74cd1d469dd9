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
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/html"
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

// file finds the unfinished dossier, or fills a new form in and files it.
func (r *run) file(ctx context.Context) error {
	found, err := r.unfinished(ctx)
	if err != nil {
		return err
	}
	r.resumed = found != ""
	if !r.resumed {
		if found, err = r.draft(ctx); err != nil {
			return err
		}
	}
	r.dossier = found
	p, err := r.citizen.get(ctx, r.dossier)
	if err != nil {
		return err
	}
	if p.main("data-state") == "draft" {
		if p, err = r.citizen.get(ctx, r.dossier+"/kiem-tra"); err != nil {
			return err
		}
		f := p.form("request")
		if f == nil { // a draft cut short: fill it in again
			if err := r.fill(ctx, r.dossier+"/sua"); err != nil {
				return err
			}
			if p, err = r.citizen.get(ctx, r.dossier+"/kiem-tra"); err != nil {
				return err
			}
			if f = p.form("request"); f == nil {
				return fmt.Errorf("the filled-in form cannot be filed: %s", p.trouble())
			}
		}
		if _, err = r.citizen.submit(ctx, f); err != nil {
			return err
		}
		if p, err = r.citizen.get(ctx, r.dossier); err != nil {
			return err
		}
	}
	r.id, r.code = p.main("data-dossier"), p.main("data-code")
	if r.code == "" {
		return fmt.Errorf("the dossier has no code after filing: %s", p.trouble())
	}
	return nil
}

// unfinished is the path of the citizen's first dossier that is not done.
func (r *run) unfinished(ctx context.Context) (string, error) {
	done, err := r.finished()
	if err != nil {
		return "", err
	}
	at := "/ho-so"
	for at != "" {
		list, err := r.citizen.get(ctx, at)
		if err != nil {
			return "", err
		}
		if list.status != 200 { // what cannot be seen may be there: nothing is begun anew
			return "", fmt.Errorf("the list of dossiers cannot be read: %s", list.trouble())
		}
		var paths []string
		at = ""
		walk(list.root, func(n *html.Node) {
			if n.Data != "a" {
				return
			}
			u, err := r.base.Parse(attr(n, "href"))
			if err != nil {
				return
			}
			if rest, ok := strings.CutPrefix(u.Path, "/ho-so/"); ok && rest != "" && !strings.Contains(rest, "/") {
				paths = append(paths, u.Path)
			}
			if attr(n, "rel") == "next" {
				at = u.RequestURI()
			}
		})
		for _, path := range paths {
			p, err := r.citizen.get(ctx, path)
			if err != nil {
				return "", err
			}
			switch p.main("data-state") {
			case "refused", "stopped":
			case "returned":
				if r.o.Done != "" && !done[p.main("data-code")] {
					return path, nil
				}
			default:
				return path, nil
			}
		}
	}
	return "", nil
}

func (r *run) finished() (map[string]bool, error) {
	out := map[string]bool{}
	if r.o.Done == "" {
		return out, nil
	}
	raw, err := os.ReadFile(r.o.Done)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, code := range strings.Fields(string(raw)) {
		out[code] = true
	}
	return out, nil
}

// draft begins a new dossier and returns its path.
func (r *run) draft(ctx context.Context) (string, error) {
	if err := r.fill(ctx, "/ho-so/moi/"+Procedure); err != nil {
		return "", err
	}
	return r.dossier, nil
}

// fill fills the form at a path in and goes on to the check page.
func (r *run) fill(ctx context.Context, path string) error {
	p, err := r.citizen.get(ctx, path)
	if err != nil {
		return err
	}
	f := p.form("to-khai")
	if f == nil {
		return fmt.Errorf("%s has no form to fill in: %s", path, p.trouble())
	}
	for name, value := range map[string]string{"requester_name": r.citizen.name, "phone": "0900000001", "document_kind": "diploma",
		"document_name": "Bằng tốt nghiệp trung học phổ thông", "pages": "2", "copies": "1", "language": "vi"} {
		if f.values.Has(name) {
			f.values.Set(name, value)
		}
	}
	if units := p.options("unit"); len(units) > 0 && f.values.Get("unit") == "" {
		f.values.Set("unit", units[0])
	}
	f.values.Set("next", "continue")
	if p, err = r.citizen.submit(ctx, f); err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(p.url.Path, "/ho-so/")
	id, tail, _ := strings.Cut(rest, "/")
	if !ok || tail != "kiem-tra" {
		return fmt.Errorf("the form at %s is not accepted: %s", path, p.trouble())
	}
	r.dossier = "/ho-so/" + id
	return nil
}

// papersWithin is how long the demo waits for slip and e-receipt, which are drawn
// behind the moves. A province cut short draws what is missing when it is served
// again, so that the demo does not fail for it.
const papersWithin = 10 * time.Second

// papers is the dossier's page, once its papers are drawn.
func (r *run) papers(ctx context.Context) (*page, error) {
	for deadline := r.o.Now().Add(papersWithin); ; {
		p, err := r.citizen.get(ctx, r.dossier)
		drawn := err == nil && p.paper("receipt_slip") != "" && (p.paper("e_receipt") != "" || !r.printed["fee_settled"])
		if err != nil || drawn || r.o.Now().After(deadline) {
			return p, err
		}
		if err := r.o.pause(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// download gets the certified copy and writes it whole or not at all.
func (r *run) download(ctx context.Context) error {
	p, err := r.papers(ctx)
	if err != nil {
		return err
	}
	path := p.paper("result")
	if path == "" {
		return errors.New("the returned dossier has no result")
	}
	file, err := r.citizen.get(ctx, path)
	if err != nil {
		return err
	}
	if file.status != 200 || !strings.HasPrefix(string(file.body), "%PDF-") {
		return fmt.Errorf("the result is not a PDF (status %d)", file.status)
	}
	if err := writeWhole(r.o.Out, file.body); err != nil {
		return err
	}
	if r.o.Done != "" {
		done, err := r.finished()
		if err != nil {
			return err
		}
		done[r.code] = true
		var all []string
		for code := range done {
			all = append(all, code)
		}
		if err := writeWhole(r.o.Done, []byte(strings.Join(all, "\n")+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// writeWhole writes a file that is there complete or not at all.
func writeWhole(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".certified-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already when it was renamed
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

// paper is the address of the first paper of a kind.
func (p *page) paper(kind string) string {
	li := find(p.root, func(n *html.Node) bool { return n.Data == "li" && attr(n, "data-kind") == kind })
	if li == nil {
		return ""
	}
	a := find(li, func(n *html.Node) bool { return n.Data == "a" })
	if a == nil {
		return ""
	}
	return attr(a, "href")
}

// trouble is what a page that should not have come says.
func (p *page) trouble() string {
	for _, id := range []string{"loi", "noi-dung"} {
		if n := find(p.root, func(n *html.Node) bool { return attr(n, "id") == id }); n != nil {
			t := text(n)
			if len(t) > 300 {
				t = t[:300]
			}
			return fmt.Sprintf("status %d, %s", p.status, strings.ToValidUTF8(t, ""))
		}
	}
	return fmt.Sprintf("status %d", p.status)
}
