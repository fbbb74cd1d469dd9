package portal_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// browser gets pages and posts their forms, as a person without script would.
type browser struct {
	b      *bundle
	t      *testing.T
	who    string
	client *http.Client
}

// view is one page as it came.
type view struct {
	t      *testing.T
	path   string
	status int
	header http.Header
	text   string
	doc    *html.Node
}

func (c *browser) send(req *http.Request) *view {
	c.t.Helper()
	if c.who != "" {
		req.AddCookie(&http.Cookie{Name: "who", Value: c.who})
	}
	res, err := c.client.Do(req)
	require.NoError(c.t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, res.Body.Close())
	v := &view{t: c.t, path: req.URL.Path, status: res.StatusCode, header: res.Header, text: string(body)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && len(body) > 0 && res.StatusCode != http.StatusSeeOther {
		v.doc, err = html.Parse(bytes.NewReader(body))
		require.NoError(c.t, err)
		v.sound()
	}
	return v
}

func (c *browser) request(method, path string, body io.Reader, head ...string) *view {
	c.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = c.b.server.URL + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, path, body)
	require.NoError(c.t, err)
	for i := 0; i < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	return c.send(req)
}

func (c *browser) get(path string) *view { c.t.Helper(); return c.request(http.MethodGet, path, nil) }

// open gets a page that must be there.
func (c *browser) open(path string) *view {
	c.t.Helper()
	v := c.get(path)
	require.Equal(c.t, http.StatusOK, v.status, "%s: %s", path, v.words())
	return v
}

func (c *browser) post(path string, values url.Values) *view {
	c.t.Helper()
	return c.request(http.MethodPost, path, strings.NewReader(values.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// fill reads the form with this id or data-event with its values, changed by
// pairs of name and value.
func (v *view) fill(name string, pairs ...string) (action string, values url.Values) {
	v.t.Helper()
	form := v.find(func(n *html.Node) bool {
		return n.Data == "form" && (attr(n, "id") == name || attr(n, "data-event") == name)
	})
	require.NotNil(v.t, form, "%s has no form %s: %s", v.path, name, v.words())
	values = url.Values{}
	for n := range form.Descendants() {
		if n.Type != html.ElementNode || attr(n, "name") == "" {
			continue
		}
		switch n.Data {
		case "input":
			if t := attr(n, "type"); t == "checkbox" || t == "radio" {
				if !has(n, "checked") {
					continue
				}
			} else if t == "file" {
				continue
			}
			values.Set(attr(n, "name"), attr(n, "value"))
		case "textarea":
			values.Set(attr(n, "name"), textOf(n))
		case "select":
			for o := range n.Descendants() {
				if o.Data == "option" && has(o, "selected") {
					values.Set(attr(n, "name"), attr(o, "value"))
				}
			}
			if !values.Has(attr(n, "name")) {
				values.Set(attr(n, "name"), "")
			}
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return attr(form, "action"), values
}

// press fills and posts a form, and follows where it leads.
func (c *browser) press(v *view, form string, pairs ...string) *view {
	c.t.Helper()
	action, values := v.fill(form, pairs...)
	return c.follow(c.post(action, values))
}

// follow opens the page a form's answer redirects to.
func (c *browser) follow(v *view) *view {
	c.t.Helper()
	if v.status != http.StatusSeeOther {
		return v
	}
	return c.get(v.header.Get("Location"))
}

// upload posts a form with a file.
func (c *browser) upload(v *view, form, name string, content io.Reader, pairs ...string) *view {
	c.t.Helper()
	action, values := v.fill(form, pairs...)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k := range values {
		require.NoError(c.t, w.WriteField(k, values.Get(k)))
	}
	if content != nil {
		part, err := w.CreateFormFile("tep", name)
		require.NoError(c.t, err)
		_, err = io.Copy(part, content)
		require.NoError(c.t, err)
	}
	require.NoError(c.t, w.Close())
	return c.request(http.MethodPost, action, &b, "Content-Type", w.FormDataContentType())
}

func (v *view) find(ok func(*html.Node) bool) *html.Node {
	if v.doc == nil {
		return nil
	}
	for n := range v.doc.Descendants() {
		if n.Type == html.ElementNode && ok(n) {
			return n
		}
	}
	return nil
}

func (v *view) all(name string) []*html.Node {
	var out []*html.Node
	for n := range v.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			out = append(out, n)
		}
	}
	return out
}

func (v *view) id(id string) *html.Node {
	return v.find(func(n *html.Node) bool { return attr(n, "id") == id })
}

// mark is an attribute of main.
func (v *view) mark(name string) string {
	v.t.Helper()
	m := v.find(func(n *html.Node) bool { return n.Data == "main" })
	require.NotNil(v.t, m, "%s is no page", v.path)
	return attr(m, name)
}

func (v *view) title() string {
	return textOf(v.find(func(n *html.Node) bool { return n.Data == "title" }))
}

// words is the text of the page.
func (v *view) words() string {
	if v.doc == nil {
		return v.text
	}
	return strings.Join(strings.Fields(textOf(v.find(func(n *html.Node) bool { return n.Data == "main" }))), " ")
}

func (v *view) papers(kind string) []string {
	var out []string
	for _, li := range v.all("li") {
		if attr(li, "data-kind") == kind {
			for n := range li.Descendants() {
				if n.Data == "a" {
					out = append(out, attr(n, "href"))
				}
			}
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func textOf(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// sound checks what every page has to keep, whatever it shows.
func (v *view) sound() {
	v.t.Helper()
	ids := map[string]bool{}
	labels := map[string]bool{}
	for n := range v.doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if id := attr(n, "id"); id != "" {
			assert.False(v.t, ids[id], "%s: id %s twice", v.path, id)
			ids[id] = true
		}
		if n.Data == "label" {
			assert.NotEmpty(v.t, strings.TrimSpace(textOf(n)), "%s: empty label", v.path)
			labels[attr(n, "for")] = true
		}
		for _, a := range n.Attr {
			assert.False(v.t, a.Key == "style" || strings.HasPrefix(a.Key, "on"), "%s: the policy drops %s=%q", v.path, a.Key, a.Val)
		}
		assert.NotContains(v.t, []string{"script", "style", "iframe", "base"}, n.Data, v.path)
		if n.Data == "meta" {
			assert.NotEqual(v.t, "refresh", strings.ToLower(attr(n, "http-equiv")), v.path)
		}
	}
	headings := 0
	for n := range v.doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, ref := range []string{"aria-describedby", "aria-labelledby"} {
			for _, id := range strings.Fields(attr(n, ref)) {
				assert.True(v.t, ids[id], "%s: %s names %s, which is not there", v.path, ref, id)
			}
		}
		switch n.Data {
		case "h1":
			headings++
		case "input", "select", "textarea":
			if attr(n, "type") != "hidden" {
				assert.True(v.t, labels[attr(n, "id")], "%s: %s %s has no label", v.path, n.Data, attr(n, "name"))
			}
		case "form":
			assert.NotEmpty(v.t, attr(n, "id"), "%s: a form without id", v.path)
		case "table":
			assert.Contains(v.t, v.childNames(n), "caption", v.path)
		case "th":
			assert.NotEmpty(v.t, attr(n, "scope"), "%s: th without scope", v.path)
		case "a":
			href := attr(n, "href")
			assert.NotEmpty(v.t, href, "%s: a link without href", v.path)
			if in, ok := strings.CutPrefix(href, "#"); ok {
				assert.True(v.t, ids[in], "%s: the link %s leads nowhere", v.path, href)
			}
		}
	}
	assert.Equal(v.t, 1, headings, "%s: one h1", v.path)
	assert.NotContains(v.t, v.text, "ZgotmplZ", v.path)
	assert.NotContains(v.t, v.text, "<nil>", v.path)
	assert.NotContains(v.t, v.text, "%!", v.path)
}

func (v *view) childNames(n *html.Node) []string {
	var out []string
	for c := range n.ChildNodes() {
		out = append(out, c.Data)
	}
	return out
}
