package demo

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// on has the requests of a method and path answered otherwise, each of the first
// times.
func (f *fake) on(request string, times int, status int, body string) {
	was := f.before
	f.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.Method+" "+r.URL.Path == request && times != 0 {
			times--
			f.html(w, status, body)
			return true
		}
		return was != nil && was(n, w, r)
	}
}

func count(list []string, s string) (n int) {
	for _, x := range list {
		if x == s {
			n++
		}
	}
	return n
}

// What a province or a gateway may answer besides, and how the demo takes it.
func TestOtherAnswers(t *testing.T) {
	t.Parallel()
	const (
		scan, seal = "POST /can-bo/ho-so/d1/scan", "POST /can-bo/ho-so/d1/seal"
		dossier    = "GET /ho-so/d1"
	)
	always := -1
	for name, c := range map[string]struct {
		request string
		times   int
		status  int
		body    string
		trouble string // "" for a story that ends well
	}{
		"sign-in without a form":     {"GET /auth/login", always, 503, "<main></main>", "answers 503 without a form"},
		"sign-in without people":     {"GET /auth/login", always, 200, `<form method="post"></form>`, "lists no citizen"},
		"sign-in that is refused":    {"POST /auth/choose", 1, 403, "", "sign-in of citizen person 1 ended with 403"},
		"sign-in that fails":         {"POST /auth/choose", 1, 500, "", "ended with 500"},
		"list that cannot be read":   {"GET /ho-so", 1, 500, `<p id="loi">Hỏng</p>`, "the list of dossiers cannot be read: status 500, Hỏng"},
		"no form to fill in":         {"GET /ho-so/moi/2.000815", 1, 404, "", "has no form to fill in: status 404"},
		"form that is refused":       {"POST /ho-so/moi/2.000815", 1, 422, `<p id="loi">Thiếu tên</p>`, "is not accepted: status 422, Thiếu tên"},
		"filing that is not offered": {"GET /ho-so/d1/kiem-tra", always, 200, `<p id="noi-dung">Thiếu</p>`, "cannot be filed: status 200, Thiếu"},
		"filing that was not taken":  {"POST /ho-so/d1/nop", 1, 422, "", "has no code after filing"},
		"scan of another official":   {scan, 1, 403, "", ""},
		"scan that has moved":        {scan, 1, 409, "", ""},
		"scan while it restarts":     {scan, 1, 503, "", "the scan is not taken: status 503"},
		"scan that is not taken":     {scan, 1, 400, `<p id="loi">Quá lớn</p>`, "the scan is not taken: status 400, Quá lớn"},
		"scan that is refused": {scan, 1, 422, `<main data-class="blurred"><p id="f-tep-loi">Mờ</p></main>`,
			"refused blurred: Mờ"},
		"scan that is refused without a word": {scan, 1, 422, `<main data-class="blurred"></main>`, "refused blurred: status 422"},
		"seal in conflict":                    {seal, 1, 409, "", ""},
		"seal refused once":                   {seal, 1, 403, "", ""},
		"seal not understood once":            {seal, 1, 400, "", ""},
		"seal while the province restarts":    {seal, 3, 503, "", ""},
		"seal refused for ever":               {seal, always, 403, "", "stays in state signing: nobody's page offers the next step"},
		"payment that must wait":              {"POST /ho-so/d1/nop-phi", 2, 200, "", ""},
		"gateway without a form":              {"GET /pay", 1, 500, "", "answers 500 without a form"},
		"a dossier that never has a result":   {"GET /giay-to/d1/result", 1, 404, "%PDF-", "the result is not a PDF (status 404)"},
		"a dossier without a result": {dossier, always, 200, `<main data-state="returned" data-code="C-1" data-dossier="d1"></main>`,
			"the returned dossier has no result"},
		"a result that is no PDF":           {"GET /giay-to/d1/result", 1, 200, "", "the result is not a PDF (status 200)"},
		"a dossier nobody may see for long": {dossier, 3, 404, "", "has no code after filing: status 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, dir := newFake(t), t.TempDir()
			f.on(c.request, c.times, c.status, c.body)
			out, err := f.run(dir)
			if c.trouble == "" {
				require.NoError(t, err)
				f.finished(dir)
				assert.Equal(t, lines, out, "what was not taken is not told")
				return
			}
			require.ErrorContains(t, err, c.trouble)
			assert.NoFileExists(t, filepath.Join(dir, "out.pdf"))
			var refused *Refused
			assert.Equal(t, strings.HasPrefix(c.trouble, "refused "), errors.As(err, &refused), "a refusal is known by its type")
		})
	}
}

// The person of the highest level comes first, and after the last there is nobody.
func TestPeopleOfTheList(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	o := &Options{URL: f.srv.URL, Timeout: time.Minute}
	base, err := url.Parse(o.URL)
	require.NoError(t, err)
	r := &run{o: o, base: base}
	for n, want := range []string{"Lan", "Hùng"} {
		b, err := r.signIn(t.Context(), "citizen", n)
		require.NoError(t, err)
		assert.Equal(t, want, b.name)
	}
	b, err := r.signIn(t.Context(), "citizen", 2)
	require.NoError(t, err)
	assert.Nil(t, b)
	for range 2 {
		for n, want := range []string{"Xa", "Tiếp", "Ký", "Dấu", ""} {
			b, err = r.official(t.Context(), n)
			require.NoError(t, err)
			if want == "" {
				assert.Nil(t, b)
				continue
			}
			assert.Equal(t, want, b.name)
		}
	}
	assert.Len(t, r.officials, 4, "each signs in once")
	assert.Equal(t, 6, count(f.asked, "POST /auth/choose"))
}

// Dossiers that ended otherwise are left alone, and so is one whose copy has been
// written; without a memory every returned one counts as written.
func TestDossiersThatAreFinished(t *testing.T) {
	t.Parallel()
	others := `<a href="/ho-so/d7"></a><a href="/ho-so/d8"></a><a href="/ho-so/d9"></a><a href="http://a b"></a><b href="/ho-so/d6"></b>`
	for name, c := range map[string]struct {
		done  string
		first string // of the dossiers gone on with
	}{"remembered": {"C-7\nC-9\n", "d1"}, "forgotten": {"C-7\n", "d9"}, "no memory": {"", "d1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, dir := newFake(t), t.TempDir()
			f.list = others
			f.on("GET /ho-so/d7", -1, 200, `<main data-state="refused"></main>`)
			f.on("GET /ho-so/d8", -1, 200, `<main data-state="stopped"></main>`)
			f.on("GET /ho-so/d9", -1, 200, `<main data-state="returned" data-code="C-9"><li data-kind="receipt_slip"><a href="/x"></a></li>
				<li data-kind="result"><a href="/nine"></a></li></main>`)
			if c.done != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "done"), []byte(c.done), 0o600))
			}
			out, err := f.run(dir, func(o *Options) {
				if c.done == "" {
					o.Done = ""
				}
			})
			if c.first == "d9" {
				require.ErrorContains(t, err, "the result is not a PDF (status 404)")
				assert.Equal(t, "dossier C-9\n", out, "its copy was not written: nothing else is left to do")
				return
			}
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(out, "dossier C-1\n"))
			assert.FileExists(t, filepath.Join(dir, "out.pdf"))
			if c.done == "" {
				assert.NoFileExists(t, filepath.Join(dir, "done"))
				return
			}
			raw, err := os.ReadFile(filepath.Join(dir, "done"))
			require.NoError(t, err)
			assert.ElementsMatch(t, []string{"C-1", "C-7", "C-9"}, strings.Fields(string(raw)))
		})
	}
}

// Without a scan one is drawn.
func TestScanThatIsDrawn(t *testing.T) {
	t.Parallel()
	f, dir := newFake(t), t.TempDir()
	_, err := f.run(dir, func(o *Options) { o.Scan = nil })
	require.NoError(t, err)
	drawn, err := drawScan()
	require.NoError(t, err)
	assert.Equal(t, drawn, f.scan)
}

// A draft that was cut short is filled in again; one that is owing may have been
// paid, so the gateway is asked before it is paid again.
func TestGoingOn(t *testing.T) {
	t.Parallel()
	f, dir := newFake(t), t.TempDir()
	f.exists, f.state = true, "draft"
	_, err := f.run(dir)
	require.NoError(t, err)
	f.finished(dir)
	assert.Zero(t, count(f.asked, "POST /ho-so/moi/2.000815"))
	assert.Equal(t, 1, count(f.asked, "POST /ho-so/d1/sua"))
	assert.Equal(t, 1, count(f.asked, "POST /ho-so/d1/hoi"), "asked once")

	f, dir = newFake(t), t.TempDir()
	f.exists, f.filled, f.state = true, true, "draft"
	f.on("POST /ho-so/d1/hoi", -1, 500, "")
	_, err = f.run(dir)
	require.NoError(t, err, "a gateway that does not know is paid")
	f.finished(dir)
	assert.Zero(t, count(f.asked, "POST /ho-so/d1/sua"), "a whole form is filed as it is")
}

// Patience is anew with each move, and ends at just its length without one.
func TestPatience(t *testing.T) {
	t.Parallel()
	f, dir := newFake(t), t.TempDir()
	f.on("POST /can-bo/ho-so/d1/seal", -1, 403, "")
	var waited time.Duration
	at := time.Unix(0, 0)
	_, err := f.run(dir, func(o *Options) {
		o.Patience, o.Now = time.Second, func() time.Time { return at }
		o.pause = func(_ context.Context, d time.Duration) error {
			waited, at = waited+d, at.Add(d)
			return nil
		}
	})
	require.ErrorContains(t, err, "stays in state signing")
	assert.Equal(t, 1250*time.Millisecond, waited, "the first look after the deadline")
	assert.Equal(t, 6, count(f.asked, "POST /can-bo/ho-so/d1/seal"))
}

// A walk that is called off while it waits ends with the caller's reason.
func TestCalledOff(t *testing.T) {
	t.Parallel()
	for request, status := range map[string]int{
		"POST /can-bo/ho-so/d1/seal": 503, "POST /can-bo/ho-so/d1/receive": 403, "POST /ho-so/d1/nop-phi": 200, "GET /a": 0,
	} {
		f, dir := newFake(t), t.TempDir()
		if status == 0 {
			f.slipLook = 1 << 20
		} else {
			f.on(request, -1, status, "")
		}
		_, err := f.run(dir, func(o *Options) { o.pause = func(context.Context, time.Duration) error { return context.Canceled } })
		require.ErrorIs(t, err, context.Canceled, request)
		assert.NoFileExists(t, filepath.Join(dir, "out.pdf"))
	}
}

// Slip and e-receipt are waited for ten seconds; a demo does not fail for them.
func TestPapersAreWaitedFor(t *testing.T) {
	t.Parallel()
	for looks, want := range map[int]int{0: 0, 30: 3, 1 << 20: 101} {
		f, dir := newFake(t), t.TempDir()
		var tenths int
		at := time.Unix(0, 0)
		_, err := f.run(dir, func(o *Options) {
			o.Now = func() time.Time { return at }
			o.pause = func(_ context.Context, d time.Duration) error {
				at = at.Add(d)
				if d == 100*time.Millisecond {
					tenths++
				}
				if tenths == 3 && looks == 30 {
					f.mu.Lock()
					f.slipLook = 0
					f.mu.Unlock()
				}
				return nil
			}
			f.slipLook = looks
			if looks == 30 {
				f.slipLook = 1 << 20
			}
		})
		require.NoError(t, err)
		f.finished(dir)
		assert.Equal(t, want, tenths)
	}
}
