package endtoend

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// browser is one person at a screen: a cookie jar, pages and their forms.
type browser struct {
	t      testing.TB
	base   *url.URL
	client *http.Client
	name   string
}

func newBrowser(t testing.TB, base string) *browser {
	t.Helper()
	u, err := url.Parse(base)
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{t: t, base: u, client: &http.Client{Jar: jar, Timeout: time.Minute}}
}

// signIn signs in whom the simulator lists under name.
func signIn(t testing.TB, base, provider, name string) *browser {
	t.Helper()
	b := newBrowser(t, base)
	p := b.get("/auth/login?provider=" + provider)
	f := p.form("")
	for _, choice := range f.buttons {
		if choice.name == "person" && strings.HasPrefix(choice.text, name) {
			b.name, _, _ = strings.Cut(choice.text, " · ")
			f.values.Set("person", choice.value)
			p = b.post(f)
			require.Equal(t, b.base.Host, p.url.Host, "%s is not let in", name)
			return b
		}
	}
	require.Fail(t, "the provider lists nobody called "+name)
	return nil
}

// answer is a page or a file.
type answer struct {
	t      testing.TB
	url    *url.URL
	status int
	header http.Header
	body   []byte
	root   *html.Node
}

func (b *browser) get(path string) *answer {
	b.t.Helper()
	u, err := b.base.Parse(path)
	require.NoError(b.t, err)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, u.String(), nil)
	require.NoError(b.t, err)
	return b.do(req)
}

func (b *browser) do(req *http.Request) *answer {
	b.t.Helper()
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "text/html")
	}
	resp, err := b.client.Do(req)
	require.NoError(b.t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	require.NoError(b.t, resp.Body.Close())
	p := &answer{t: b.t, url: resp.Request.URL, status: resp.StatusCode, header: resp.Header, body: body, root: &html.Node{}}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		p.root, err = html.Parse(bytes.NewReader(body))
		require.NoError(b.t, err)
	}
	return p
}

// form is a form as the page gave it.
type form struct {
	page    *answer
	action  string
	values  url.Values
	file    string // name of its file field
	content []byte
	buttons []button
}

type button struct{ name, value, text string }

// offers returns the form of an event; nil where the page has none.
func (p *answer) offers(event string) *form {
	n := find(p.root, func(n *html.Node) bool {
		return n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") && (event == "" && attr(n, "id") != "dang-xuat" ||
			event != "" && (attr(n, "data-event") == event || attr(n, "id") == event))
	})
	if n == nil {
		return nil
	}
	f := &form{page: p, action: attr(n, "action"), values: url.Values{}}
	each(n, func(n *html.Node) { f.add(n) })
	return f
}

// form is [answer.offers] of a form that must be there.
func (p *answer) form(event string) *form {
	p.t.Helper()
	f := p.offers(event)
	require.NotNil(p.t, f, "%s (%d) has no form %q: %s", p.url.Path, p.status, event, p.text())
	return f
}

func (f *form) add(n *html.Node) {
	name, kind := attr(n, "name"), attr(n, "type")
	switch {
	case n.Data == "button":
		f.buttons = append(f.buttons, button{name, attr(n, "value"), textIn(n)})
	case name == "":
	case n.Data == "textarea":
		f.values.Set(name, textIn(n))
	case n.Data == "select":
		f.values.Set(name, "")
		each(n, func(o *html.Node) {
			if o.Data == "option" && f.values.Get(name) == "" {
				f.values.Set(name, attr(o, "value"))
			}
		})
	case kind == "file":
		f.file = name
	case kind == "checkbox", kind == "radio":
		if find(n, func(n *html.Node) bool { return has(n, "checked") }) != nil {
			f.values.Set(name, attr(n, "value"))
		}
	case n.Data == "input":
		f.values.Set(name, attr(n, "value"))
	}
}

// post submits a form; more sets fields of it.
func (b *browser) post(f *form, more ...string) *answer {
	b.t.Helper()
	return b.do(b.request(f, more...))
}

func (b *browser) request(f *form, more ...string) *http.Request {
	b.t.Helper()
	u, err := f.page.url.Parse(f.action)
	require.NoError(b.t, err)
	for i := 0; i < len(more); i += 2 {
		f.values.Set(more[i], more[i+1])
	}
	body, kind := bytes.NewBufferString(f.values.Encode()), "application/x-www-form-urlencoded"
	if f.file != "" {
		body = &bytes.Buffer{}
		w := multipart.NewWriter(body)
		for name := range f.values {
			require.NoError(b.t, w.WriteField(name, f.values.Get(name)))
		}
		part, err := w.CreateFormFile(f.file, "scan.pdf")
		require.NoError(b.t, err)
		_, err = part.Write(f.content)
		require.NoError(b.t, err)
		require.NoError(b.t, w.Close())
		kind = w.FormDataContentType()
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, u.String(), body)
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", f.page.url.Scheme+"://"+f.page.url.Host)
	return req
}

// main is an attribute of the page's main element.
func (p *answer) main(name string) string {
	return attr(find(p.root, func(n *html.Node) bool { return n.Data == "main" }), name)
}

// text is what the page says, without the frame.
func (p *answer) text() string {
	return textIn(find(p.root, func(n *html.Node) bool { return n.Data == "main" }))
}

// paper is the address of the newest paper of a kind.
func (p *answer) paper(kind string) string {
	li := find(p.root, func(n *html.Node) bool { return n.Data == "li" && attr(n, "data-kind") == kind })
	return attr(find(li, func(n *html.Node) bool { return n.Data == "a" }), "href")
}

// mine is the page of the citizen's only dossier, with a paper of each kind: those
// drawn behind the moves appear a moment later.
func (b *browser) mine(kinds ...string) *answer {
	b.t.Helper()
	path := regexp.MustCompile(`/ho-so/[0-9A-Z]{10,}`).FindString(string(b.get("/ho-so").body))
	require.NotEmpty(b.t, path, "no dossier is listed")
	var p *answer
	require.Eventually(b.t, func() bool {
		p = b.get(path)
		return !slices.ContainsFunc(kinds, func(kind string) bool { return p.paper(kind) == "" })
	}, patience, 100*time.Millisecond, "papers %v", kinds)
	return p
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	var found *html.Node
	each(n, func(n *html.Node) {
		if found == nil && is(n) {
			found = n
		}
	})
	return found
}

// each calls fn for an element and all within it.
func each(n *html.Node, fn func(*html.Node)) {
	if n == nil {
		return
	}
	if n.Type == html.ElementNode {
		fn(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, fn)
	}
}

func attr(n *html.Node, name string) string {
	if n != nil {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val
			}
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

func textIn(n *html.Node) string {
	var b strings.Builder
	if n != nil {
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data + " ")
			}
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
