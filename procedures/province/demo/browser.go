package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is one person at a screen: a cookie jar, pages and their forms.
type browser struct {
	name   string // as the sign-in page shows it
	client *http.Client
	base   *url.URL
}

// maxPage bounds what is read of one answer.
const maxPage = 64 << 20

func newBrowser(base *url.URL, timeout time.Duration) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{base: base, client: &http.Client{Jar: jar, Timeout: timeout}}, nil
}

// page is an answer: where the browser ended up, and what it shows.
type page struct {
	url    *url.URL
	status int
	body   []byte
	root   *html.Node // empty where the answer is no HTML
}

func (b *browser) get(ctx context.Context, path string) (*page, error) {
	u, err := b.base.Parse(path)
	if err != nil {
		return nil, err
	}
	return b.do((&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}).WithContext(ctx))
}

func (b *browser) do(req *http.Request) (*page, error) {
	req.Header.Set("Accept", "text/html,application/pdf;q=0.9")
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if len(body) > maxPage {
		return nil, fmt.Errorf("%s answers more than %d bytes", req.URL.Path, maxPage)
	}
	p := &page{url: resp.Request.URL, status: resp.StatusCode, body: body, root: &html.Node{Type: html.DocumentNode}}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		if p.root, err = html.Parse(bytes.NewReader(body)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// form is a form with the values the page gave it.
type form struct {
	page      *page
	action    string
	multipart bool
	values    url.Values
	file      string // name of its file field
	content   []byte
	buttons   []button
}

type button struct{ name, value, text string }

// form finds the form whose data-event or id is name; "" finds the first that
// posts.
func (p *page) form(name string) *form {
	n := find(p.root, func(n *html.Node) bool {
		return n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") &&
			(name == "" && attr(n, "id") != "dang-xuat" || name != "" && (attr(n, "data-event") == name || attr(n, "id") == name))
	})
	if n == nil {
		return nil
	}
	f := &form{page: p, action: attr(n, "action"), multipart: attr(n, "enctype") == "multipart/form-data", values: url.Values{}}
	walk(n, func(n *html.Node) { f.field(n) })
	return f
}

func (f *form) field(n *html.Node) {
	name := attr(n, "name")
	switch {
	case n.Data == "button":
		f.buttons = append(f.buttons, button{name, attr(n, "value"), text(n)})
	case name == "":
	case n.Data == "textarea":
		f.values.Set(name, text(n))
	case n.Data == "select":
		walk(n, func(o *html.Node) {
			if o.Data == "option" && (has(o, "selected") || !f.values.Has(name)) {
				f.values.Set(name, attr(o, "value"))
			}
		})
	case n.Data == "input" && attr(n, "type") == "file":
		f.file = name
	case n.Data == "input" && (attr(n, "type") == "checkbox" || attr(n, "type") == "radio"):
		if has(n, "checked") {
			f.values.Set(name, attr(n, "value"))
		}
	case n.Data == "input":
		f.values.Add(name, attr(n, "value"))
	}
}

// options lists the values a select of the page offers.
func (p *page) options(name string) []string {
	var out []string
	s := find(p.root, func(n *html.Node) bool { return n.Data == "select" && attr(n, "name") == name })
	if s != nil {
		walk(s, func(o *html.Node) {
			if o.Data == "option" && attr(o, "value") != "" {
				out = append(out, attr(o, "value"))
			}
		})
	}
	return out
}

// submit posts the form as a browser does.
func (b *browser) submit(ctx context.Context, f *form) (*page, error) {
	u, err := f.page.url.Parse(f.action)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if f.multipart {
		if kind, err = f.parts(&body); err != nil {
			return nil, err
		}
	} else {
		body.WriteString(f.values.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", f.page.url.Scheme+"://"+f.page.url.Host)
	return b.do(req)
}

// parts writes the form in parts, its file the last, and returns their media
// type.
func (f *form) parts(out io.Writer) (kind string, err error) {
	w := multipart.NewWriter(out)
	for name, values := range f.values {
		for _, v := range values {
			err = errors.Join(err, w.WriteField(name, v))
		}
	}
	part, wrong := w.CreateFormFile(f.file, "scan.pdf")
	if err = errors.Join(err, wrong); err != nil {
		return "", err
	}
	_, err = part.Write(f.content)
	return w.FormDataContentType(), errors.Join(err, w.Close())
}

// main returns an attribute of the page's main element.
func (p *page) main(name string) string {
	n := find(p.root, func(n *html.Node) bool { return n.Data == "main" })
	if n == nil {
		return ""
	}
	return attr(n, name)
}

func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && ok(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, ok); f != nil {
			return f
		}
	}
	return nil
}

func walk(n *html.Node, fn func(*html.Node)) {
	if n.Type == html.ElementNode {
		fn(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, fn)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	var rec func(*html.Node)
	rec = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			rec(c)
		}
	}
	rec(n)
	return strings.Join(strings.Fields(b.String()), " ")
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
