package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const result = "%PDF-1.7 certified"

// fake is a province of one dossier that says what a real one says, as far as a
// browser sees it, and a gateway beside it. What a person may not do is refused.
type fake struct {
	t        *testing.T
	srv, pay *httptest.Server
	mu       sync.Mutex
	exists   bool   // the dossier has been begun
	filled   bool   // its form is complete
	state    string // of the dossier
	done     []string
	scan     []byte
	version  int
	asked    []string                                                           // every request, in order
	before   func(n int, w http.ResponseWriter, r *http.Request) (handled bool) // n counts from 1
	list     string                                                             // what the list shows besides
	slipLook int                                                                // looks at the returned dossier until its slip is drawn
}

// server answers until the test ends. It does not close as httptest's servers do:
// they close the idle connections of everybody in the process, of which a POST
// that is just about to be sent may be one.
func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(func() { _ = srv.Config.Close() })
	return srv
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t}
	f.srv, f.pay = server(t, f.counted(f.serve)), server(t, f.counted(f.gateway))
	return f
}

func (f *fake) counted(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, r.Method+" "+r.URL.Path)
		if f.before != nil && f.before(len(f.asked), w, r) {
			return
		}
		h(w, r)
	}
}

// run walks once. What it has written is returned with its error.
func (f *fake) run(dir string, change ...func(o *Options)) (string, error) {
	var out bytes.Buffer
	at := time.Unix(0, 0)
	o := &Options{URL: f.srv.URL, Scan: []byte("%PDF-scan"), Out: filepath.Join(dir, "out.pdf"), Done: filepath.Join(dir, "done"),
		Stdout: &out, Patience: 5 * time.Second, Now: func() time.Time { return at }, pause: func(ctx context.Context, d time.Duration) error {
			at = at.Add(d)
			return ctx.Err()
		}}
	for _, c := range change {
		c(o)
	}
	err := Run(f.t.Context(), o)
	return out.String(), err
}

// finished proves that a run which says so has finished.
func (f *fake) finished(dir string) {
	f.t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "out.pdf"))
	require.NoError(f.t, err)
	assert.Equal(f.t, result, string(raw))
	raw, err = os.ReadFile(filepath.Join(dir, "done"))
	require.NoError(f.t, err)
	assert.Equal(f.t, "C-1\n", string(raw))
	assert.Equal(f.t, "returned", f.state)
	left, err := os.ReadDir(dir)
	require.NoError(f.t, err)
	assert.Len(f.t, left, 2, "nothing half written is left")
}

func (f *fake) html(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<form id="dang-xuat" method="post" action="/out"><button>Đăng xuất</button></form>`+body)
}

func (f *fake) forms(r *http.Request) url.Values {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		require.NoError(f.t, r.ParseMultipartForm(1<<20))
	} else {
		require.NoError(f.t, r.ParseForm())
	}
	return r.PostForm
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	who := ""
	if c, err := r.Cookie("who"); err == nil {
		who = c.Value
	}
	if r.Method == http.MethodPost {
		assert.Equal(f.t, f.srv.URL, r.Header.Get("Origin"))
	}
	path := r.URL.Path
	switch {
	case path == "/auth/login":
		f.html(w, 200, signInPage(r.URL.Query().Get("provider")))
	case path == "/auth/choose":
		v := f.forms(r)
		assert.Equal(f.t, "s-1", v.Get("state"), "hidden fields go back")
		http.SetCookie(w, &http.Cookie{Name: "who", Value: v.Get("person"), Path: "/"})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case path == "/":
		f.html(w, 404, "<main>Không có trang này</main>")
	case strings.HasPrefix(path, "/can-bo/ho-so/d1"):
		f.official(w, r, who)
	case who != "lan":
		f.html(w, 401, "")
	case path == "/giay-to/d1/result" && f.state == "returned":
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = io.WriteString(w, result)
	default:
		f.citizen(w, r)
	}
}

func signInPage(provider string) string {
	list := [][2]string{{"hung", "Hùng · mức 1"}, {"lan", "Lan · mức 2"}}
	if provider == "official" {
		list = [][2]string{{"xa", "Xa"}, {"tiep", "Tiếp"}, {"ky", "Ký"}, {"dau", "Dấu"}}
	}
	var b strings.Builder
	b.WriteString(`<form method="post" action="/auth/choose"><input type="hidden" name="state" value="s-1">`)
	for _, p := range list {
		fmt.Fprintf(&b, `<button name="person" value=%q>%s</button>`, p[0], p[1])
	}
	return b.String() + `<button name="cancel">Thôi</button></form>`
}

func (f *fake) citizen(w http.ResponseWriter, r *http.Request) {
	post := r.Method == http.MethodPost
	switch path := r.URL.Path; {
	case path == "/ho-so" && r.URL.RawQuery == "":
		f.html(w, 200, f.list+`<main><a href="/ho-so/moi/2.000815">Mới</a><a href="/ho-so/"></a>
			<a rel="next" href="/ho-so?trang=2">Sau</a></main>`)
	case path == "/ho-so" && f.exists:
		f.html(w, 200, `<main><a href="/ho-so/d1">d1</a></main>`)
	case path == "/ho-so":
		f.html(w, 200, `<main></main>`)
	case path == "/ho-so/moi/2.000815" && !post:
		f.html(w, 200, `<main><form id="to-khai" method="POST" action="/ho-so/moi/2.000815">
			<input name="requester_name" value=""><input name="phone"><input name="kept" value="k"><textarea name="document_name"> a  b </textarea>
			<select name="document_kind"><option value="card">a</option><option value="diploma" selected>b</option></select>
			<select name="unit"><option value="">–</option><option value="u-2">2</option><option value="u-1">1</option></select>
			<input type="radio" name="delivery" value="a"><input type="radio" name="delivery" value="b" checked>
			<input type="checkbox" name="extra" value="1"></form></main>`)
	case path == "/ho-so/moi/2.000815" || path == "/ho-so/d1/sua" && post:
		f.fill(w, r)
	case path == "/ho-so/d1/sua" && f.exists:
		f.html(w, 200, `<main><form id="to-khai" method="post" action="/ho-so/d1/sua"><input name="requester_name">
			<select name="unit"><option value="u-9" selected></option></select></form></main>`)
	case path == "/ho-so/d1/kiem-tra" && f.filled:
		f.html(w, 200, `<main><form data-event="request" method="post" action="nop"><input name="key" value="k-1"></form></main>`)
	case path == "/ho-so/d1/kiem-tra" && f.exists:
		f.html(w, 200, `<main id="noi-dung">Còn thiếu</main>`)
	case path == "/ho-so/d1/nop" && f.filled:
		assert.Equal(f.t, "k-1", f.forms(r).Get("key"))
		f.move("draft", "request", "requested")
		http.Redirect(w, r, "/ho-so/d1", http.StatusSeeOther)
	case path == "/ho-so/d1/nop-phi" && post:
		http.Redirect(w, r, f.pay.URL+"/pay?d=1", http.StatusSeeOther)
	case path == "/ho-so/d1/hoi" && post:
		http.Redirect(w, r, "/ho-so/d1", http.StatusSeeOther)
	case path == "/ho-so/d1" && f.exists:
		f.html(w, 200, f.page())
	default:
		f.html(w, 404, "<main></main>")
	}
}

func (f *fake) fill(w http.ResponseWriter, r *http.Request) {
	v := f.forms(r)
	assert.Equal(f.t, "Lan", v.Get("requester_name"), "the citizen's own name")
	assert.Equal(f.t, "continue", v.Get("next"))
	if r.URL.Path == "/ho-so/d1/sua" {
		assert.Equal(f.t, "u-9", v.Get("unit"), "a choice that was made stays")
		assert.False(f.t, v.Has("phone"), "nothing is filled in that is not asked")
	} else {
		assert.Equal(f.t, url.Values{"requester_name": {"Lan"}, "phone": {"0900000001"}, "kept": {"k"}, "document_kind": {"diploma"},
			"document_name": {"Bằng tốt nghiệp trung học phổ thông"}, "unit": {"u-2"}, "delivery": {"b"}, "next": {"continue"}}, v)
	}
	if f.filled {
		assert.Equal(f.t, "/ho-so/d1/sua", r.URL.Path, "one dossier is enough")
	}
	f.exists, f.filled, f.state = true, true, "draft"
	http.Redirect(w, r, "/ho-so/d1/kiem-tra", http.StatusSeeOther)
}

// move takes an event once; a second click finds it taken.
func (f *fake) move(from, event, to string) bool {
	if f.state != from || slices.Contains(f.done, event) {
		return false
	}
	f.state = to
	f.done = append(f.done, event)
	f.version++
	return true
}

func (f *fake) page() string {
	code := ""
	if f.state != "draft" {
		code = "C-1"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<main data-state=%q data-dossier="d1" data-code=%q data-version="%d" data-now="now-%d"><ol>`,
		f.state, code, f.version, f.version)
	for i, e := range f.done {
		if e != "scan" && e != "sign" {
			fmt.Fprintf(&b, `<li data-event=%q><p>x</p><p class="meta"> một  người </p><time datetime="t-%d"></time></li>`, e, i)
		}
	}
	b.WriteString("</ol>")
	if f.state == "awaiting_fee" {
		b.WriteString(`<form id="pay" method="post" action="/ho-so/d1/nop-phi"></form>
			<form id="refresh" method="post" action="/ho-so/d1/hoi"></form>`)
	}
	if f.slipLook--; f.state == "returned" && f.slipLook < 0 {
		b.WriteString(`<ul><li data-kind="receipt_slip"><a href="/a"></a></li><li data-kind="e_receipt"><a href="/b"></a></li></ul>`)
	}
	if f.state == "returned" {
		b.WriteString(`<ul><li data-kind="result"><b>x</b><a href="/giay-to/d1/result"></a></li></ul>`)
	}
	return b.String() + "</main>"
}

// steps are what each official's page offers in a state.
var steps = []struct{ who, state, event, to string }{
	{"tiep", "requested", "receive", "received"}, {"ky", "received", "scan", "received"}, {"ky", "received", "compare", "compared"},
	{"ky", "compared", "ask_fee", "awaiting_fee"}, {"ky", "signing", "sign", "signing"}, {"dau", "signing", "certified", "certified"},
	{"tiep", "certified", "return_result", "returned"},
}

func (f *fake) official(w http.ResponseWriter, r *http.Request, who string) {
	if who == "xa" || who == "lan" || who == "" {
		f.html(w, 403, "<main></main>")
		return
	}
	main := func(more string) {
		f.html(w, 200, fmt.Sprintf(`<main data-state=%q data-now="now-%d">%s</main>`, f.state, f.version, more))
	}
	for _, s := range steps {
		if s.who != who || s.state != f.state || slices.Contains(f.done, s.event) || s.event == "certified" && !slices.Contains(f.done, "sign") {
			continue
		}
		name, kind := s.event, ""
		switch s.event {
		case "certified":
			name = "seal" // the clerk's seal completes the copy
		case "scan":
			kind = ` enctype="multipart/form-data"`
		}
		if r.Method == http.MethodGet {
			main(fmt.Sprintf(`<form id=%q method="post" action="/can-bo/ho-so/d1/%s"%s><input type="file" name="tep">
				<input name="v" value="%d"></form>`, name, name, kind, f.version))
			return
		}
		assert.Equal(f.t, "/can-bo/ho-so/d1/"+name, r.URL.Path)
		v := f.forms(r)
		assert.Equal(f.t, fmt.Sprint(f.version), v.Get("v"))
		if s.event == "compare" {
			assert.Equal(f.t, "1", v.Get("not_excluded"))
		}
		if s.event == "scan" {
			part, _, err := r.FormFile("tep")
			require.NoError(f.t, err)
			f.scan, err = io.ReadAll(part)
			require.NoError(f.t, err)
		}
		f.move(s.state, s.event, s.to)
		main("")
		return
	}
	if r.Method == http.MethodPost {
		f.html(w, 409, "<main></main>")
		return
	}
	main("")
}

func (f *fake) gateway(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		f.html(w, 200, `<form method="post" action="/pay"><input name="token" value="tk"><button name="action" value="pay">Trả</button></form>`)
		return
	}
	v := f.forms(r)
	assert.Equal(f.t, url.Values{"token": {"tk"}, "action": {"pay"}}, v)
	f.move("awaiting_fee", "fee_settled", "signing")
	http.Redirect(w, r, f.srv.URL+"/ho-so/d1", http.StatusSeeOther)
}
