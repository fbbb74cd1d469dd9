package portal_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/portal"
)

func (b *bundle) received() string {
	b.t.Helper()
	id := b.file()
	hoa := b.as("hoa")
	hoa.press(hoa.open("/can-bo/ho-so/"+id), "receive")
	return id
}

func TestScanRefusedWithItsClass(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.received()
	quang := b.as("quang")
	page := quang.open("/can-bo/ho-so/" + id)
	v := quang.upload(page, "form-ban-quet", "anh.pdf", strings.NewReader("MZ this is no PDF"))
	assert.Equal(t, http.StatusUnprocessableEntity, v.status)
	assert.Equal(t, "not-pdf", v.mark("data-class"))
	assert.Equal(t, "case", v.mark("data-page"))
	assert.Contains(t, v.words(), "Tệp không phải PDF.")
	assert.True(t, strings.HasPrefix(v.title(), "Lỗi: "))
	assert.Empty(t, v.papers("scan"))

	none := quang.upload(page, "form-ban-quet", "", nil)
	assert.Equal(t, http.StatusUnprocessableEntity, none.status)
	assert.Contains(t, none.words(), "Chọn tệp cần tải lên")
	assert.Empty(t, none.mark("data-class"))
}

func TestUploadTooLarge(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.received()
	quang := b.as("quang")
	page := quang.open("/can-bo/ho-so/" + id)
	before := b.rows()
	big := func() io.Reader { return io.LimitReader(endless{}, 25<<20) }
	v := quang.upload(page, "form-ban-quet", "to.pdf", big())
	assert.Contains(t, []int{http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, v.status, "answered, not reset")
	assert.Contains(t, v.words(), "Quét lại ở độ phân giải thấp hơn hoặc tách tệp.")
	check := b.as("")
	v = check.upload(check.open("/kiem-tra"), "kiem-tra", "to.pdf", big())
	assert.Equal(t, http.StatusRequestEntityTooLarge, v.status)
	v = quang.request(http.MethodPost, "/can-bo/ho-so/"+id+"/buoc", strings.NewReader("reason="+strings.Repeat("a", 1<<20)),
		"Content-Type", "application/x-www-form-urlencoded")
	assert.Equal(t, http.StatusRequestEntityTooLarge, v.status)
	assert.Equal(t, before, b.rows())
}

// endless is a file of noughts.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestLineCutInTheMiddle: half a file is no paper.
func TestLineCutInTheMiddle(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.received()
	page := b.as("quang").open("/can-bo/ho-so/" + id)
	before := b.rows()
	_, values := page.fill("form-ban-quet")
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.server.URL, "http://"))
	require.NoError(t, err)
	var body bytes.Buffer
	for _, k := range []string{"version", "key"} {
		fmt.Fprintf(&body, "--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", k, values.Get(k))
	}
	body.WriteString("--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a.pdf\"\r\n\r\n%PDF half")
	_, err = fmt.Fprintf(conn, "POST /can-bo/ho-so/%s/ban-quet HTTP/1.1\r\nHost: x\r\nCookie: who=quang\r\n"+
		"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n%s", id, body.Len()+1000, body.String())
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.NotContains(t, string(answer), "303 See Other")
	require.NoError(t, conn.Close())
	assert.Equal(t, before, b.rows())
}

func TestUploadThatIsNoForm(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.received()
	quang := b.as("quang")
	at := "/can-bo/ho-so/" + id + "/ban-quet"
	assert.Equal(t, http.StatusUnprocessableEntity, quang.post(at, url.Values{"key": {"k"}}).status)
	for name, body := range map[string]string{"empty": "", "no end": "--x\r\n", "rubbish": "\x00\xff--x--x--",
		"many fields": strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", 50) + "--x--\r\n"} {
		v := quang.request(http.MethodPost, at, strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=x")
		assert.Equal(t, http.StatusUnprocessableEntity, v.status, name)
	}
}

func TestUploadLimit(t *testing.T) {
	t.Parallel()
	b := setup(t, plain, func(_ *portal.Parts, o *portal.Options) { o.Limits.Upload = portal.Limit{Every: 1 << 30, Burst: 2} })
	id := b.received()
	quang := b.as("quang")
	for i, want := range []int{303, 303, 429} {
		v := quang.upload(quang.open("/can-bo/ho-so/"+id), "form-ban-quet", "a.pdf", strings.NewReader("%PDF "+fmt.Sprint(i)))
		assert.Equal(t, want, v.status)
	}
}

// TestSlowUploadsKeepNobodyWaiting: lines that trickle take a place of their own
// address alone; others' files are judged meanwhile.
func TestSlowUploadsKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t, full, func(_ *portal.Parts, o *portal.Options) {
		o.ClientIP = func(r *http.Request) string { return r.Header.Get("X-Test-Address") }
		o.Limits.Verify = portal.Limit{Burst: -1}
	})
	trickle := func(address string) net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.server.URL, "http://"))
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "POST /kiem-tra HTTP/1.1\r\nHost: x\r\nX-Test-Address: %s\r\n"+
			"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 9000\r\n\r\n"+
			"--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a.pdf\"\r\n\r\n%%PDF half", address)
		require.NoError(t, err)
		return conn
	}
	var slow []net.Conn
	for i := range 9 {
		slow = append(slow, trickle(fmt.Sprint("10.0.0.", i/3)))
	}
	body := "--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a.pdf\"\r\n\r\n%PDF whole\r\n--x--\r\n"
	ask := func(address string) int {
		return b.as("").request(http.MethodPost, "/kiem-tra", strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=x",
			"X-Test-Address", address).status
	}
	require.Eventually(t, func() bool { return ask("10.0.0.0") == http.StatusTooManyRequests }, 5*time.Second, 10*time.Millisecond,
		"three of one address")
	assert.Equal(t, http.StatusOK, ask("10.0.0.9"), "another address is served at once")
	for _, conn := range slow {
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool { return ask("10.0.0.0") == http.StatusOK }, 5*time.Second, 10*time.Millisecond,
		"a line that was cut gives its place back")
}

// A posted form that is none is refused as such on every page that takes one.
func TestFormsThatAreNone(t *testing.T) {
	t.Parallel()
	b := setup(t, full)
	id := b.received()
	draft := b.as("lan").press(b.as("lan").open("/ho-so/moi/"+procedure), "to-khai", "next", "later", "unit", unitA).mark("data-dossier")
	for path, who := range map[string]string{
		"/ho-so/moi/" + procedure: "lan", "/ho-so/" + draft + "/sua": "lan", "/ho-so/" + id + "/buoc": "lan",
		"/can-bo/ho-so/" + id + "/buoc": "hoa", "/can-bo/ho-so/" + id + "/khoan-tien/E1": "thu", "/tra-cuu": "",
	} {
		v := b.as(who).request(http.MethodPost, path, strings.NewReader(`{"unit":"x"}`), "Content-Type", "application/json")
		assert.Equal(t, http.StatusUnprocessableEntity, v.status, path)
		assert.Equal(t, "bad_request", attr(v.id("su-co"), "data-problem"), "%s: %s", path, v.words())
	}
}
