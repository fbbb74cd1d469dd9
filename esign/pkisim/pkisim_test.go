package pkisim_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/motcua/motcua/esign/internal/tooltest"
	"github.com/motcua/motcua/esign/internal/tsp"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
)

var lawDay = time.Date(2024, 11, 15, 15, 1, 0, 0, time.FixedZone("+07", 7*3600))

func newPKI(t testing.TB) (*pkisim.PKI, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "trust")
	p, err := pkisim.New(dir, &pkisim.Options{Now: func() time.Time { return lawDay }})
	require.NoError(t, err)
	return p, dir
}

func TestFolderIsPrivateAndSurvives(t *testing.T) {
	t.Parallel()
	p, dir := newPKI(t)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	for _, name := range []string{"root.key", "ca.key", "tsa.key", "enrol.secret"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	again, err := pkisim.New(dir, nil)
	require.NoError(t, err)
	require.Equal(t, p.Root().Raw, again.Root().Raw)
	require.Equal(t, p.Secret(), again.Secret())
	other, _ := newPKI(t)
	require.NotEqual(t, p.Root().Raw, other.Root().Raw)
	require.NotEqual(t, p.Secret(), other.Secret())

	require.NoError(t, os.Remove(filepath.Join(dir, "tsa.key")))
	_, err = pkisim.New(dir, nil)
	require.ErrorContains(t, err, "not whole")
	foreign, err := os.ReadFile(filepath.Join(dir, "ca.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tsa.key"), foreign, 0o600))
	_, err = pkisim.New(dir, nil)
	require.ErrorContains(t, err, "key is not its certificate's")
}

// A start cut short leaves keys but no root.pem; the next one begins anew.
func TestStartCutShort(t *testing.T) {
	t.Parallel()
	_, dir := newPKI(t)
	require.NoError(t, os.Remove(filepath.Join(dir, "root.pem")))
	p, err := pkisim.New(dir, nil)
	require.NoError(t, err)
	issued, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "A", Kind: pkisim.Person, Key: pkisim.P256})
	require.NoError(t, err)
	verify(t, p, issued.Chain)
}

func verify(t testing.TB, p *pkisim.PKI, chain [][]byte) {
	t.Helper()
	leaf, err := x509.ParseCertificate(chain[0])
	require.NoError(t, err)
	others := x509.NewCertPool()
	for _, raw := range chain[1:] {
		c, err := x509.ParseCertificate(raw)
		require.NoError(t, err)
		others.AddCert(c)
	}
	for _, at := range []time.Time{time.Date(2018, 1, 2, 0, 0, 0, 0, time.UTC), lawDay, time.Date(2044, 12, 31, 0, 0, 0, 0, time.UTC)} {
		_, err = leaf.Verify(x509.VerifyOptions{
			Roots: p.Roots(), Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		require.NoError(t, err)
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	p, dir := newPKI(t)
	for _, r := range []*pkisim.IssueRequest{
		{Name: "Nguyễn Thị Nghĩa", Unit: "Ủy ban nhân dân xã Lộc Thịnh", Kind: pkisim.Person, Identifier: "CCCD:000000000000"},
		{Name: "Ủy ban nhân dân xã Lộc Thịnh", Kind: pkisim.Organisation, Key: pkisim.P256, Password: "mật khẩu"},
	} {
		issued, err := p.Issue(t.Context(), r)
		require.NoError(t, err)
		verify(t, p, issued.Chain)
		require.Equal(t, r.Name, issued.Certificate.Subject.CommonName)
		require.FileExists(t, filepath.Join(dir, "issued", issued.Certificate.SerialNumber.Text(16)+".pem"))
		key, leaf, others, err := pkcs12.DecodeChain(issued.PKCS12, issued.Password)
		require.NoError(t, err)
		require.Equal(t, issued.Certificate.Raw, leaf.Raw)
		require.Len(t, others, 1)
		if r.Key == pkisim.P256 {
			require.IsType(t, &ecdsa.PrivateKey{}, key)
		} else {
			require.Equal(t, 2048, key.(*rsa.PrivateKey).N.BitLen())
		}
	}
	for _, bad := range []*pkisim.IssueRequest{
		{Kind: pkisim.Person}, {Name: "A"}, {Name: "A", Kind: 9}, {Name: "A", Kind: pkisim.Person, Key: 9},
		{Name: string(bytes.Repeat([]byte("a"), 201)), Kind: pkisim.Person}, {Name: "\xff", Kind: pkisim.Person},
	} {
		_, err := p.Issue(t.Context(), bad)
		require.Error(t, err)
	}
}

func TestSubjectIsReadByOpenSSL(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "openssl")
	p, dir := newPKI(t)
	issued, err := p.Issue(t.Context(), &pkisim.IssueRequest{
		Name: "Đỗ Thị Ửng", Unit: "Xã Lộc Thịnh", Kind: pkisim.Person, Identifier: "CCCD:000000000000", Key: pkisim.P256,
	})
	require.NoError(t, err)
	file := filepath.Join(dir, "issued", issued.Certificate.SerialNumber.Text(16)+".pem")
	out := tooltest.Must(t, "openssl", "x509", "-in", file, "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus")
	for _, part := range []string{"CN=Đỗ Thị Ửng", "O=Xã Lộc Thịnh", "C=VN", "UID=CCCD:000000000000"} {
		require.Contains(t, out, part)
	}
	out = tooltest.Must(t, "openssl", "verify", "-CAfile", p.RootPath(), "-untrusted", filepath.Join(dir, "ca.pem"), file)
	require.Contains(t, out, ": OK")
}

func TestEnrolOverHTTP(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	srv := httptest.NewServer(p.CAHandler())
	defer srv.Close()
	r := &pkisim.IssueRequest{Name: "Trần Văn Ấm", Unit: "Xã", Identifier: "CCCD:1", Kind: pkisim.Person, Key: pkisim.P256}
	issued, err := pkisim.Enrol(t.Context(), srv.Client(), srv.URL+"/", p.Secret(), r)
	require.NoError(t, err)
	verify(t, p, issued.Chain)
	require.Equal(t, "Trần Văn Ấm", issued.Certificate.Subject.CommonName)
	require.Contains(t, issued.Certificate.Subject.String(), "0.9.2342.19200300.100.1.1=")
	_, err = pkisim.Enrol(t.Context(), srv.Client(), srv.URL, "guessed", r)
	require.ErrorContains(t, err, "401")

	get := func(path string) (int, []byte) {
		res, err := srv.Client().Get(srv.URL + path)
		require.NoError(t, err)
		defer func() { require.NoError(t, res.Body.Close()) }()
		b, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, b
	}
	root, err := os.ReadFile(p.RootPath())
	require.NoError(t, err)
	status, body := get("/root.pem")
	require.Equal(t, 200, status)
	require.Equal(t, root, body)
	status, _ = get("/certificates/" + issued.Certificate.SerialNumber.Text(16) + ".pem")
	require.Equal(t, 200, status)
	for _, path := range []string{
		"/certificates/ab.pem", "/certificates/..%2froot.key", "/certificates/..%2froot.pem", "/root.key", "/certificates/.pem",
	} {
		status, _ = get(path)
		require.Equal(t, 404, status, path)
	}
	for name, body := range map[string][]byte{"noise": []byte("x"), "large": make([]byte, 20<<10)} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/enrol", bytes.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+p.Secret())
		res, err := srv.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.GreaterOrEqual(t, res.StatusCode, 400, name)
	}
}

func TestTimeStampStatesTheLawsClock(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	srv := httptest.NewServer(p.TSAHandler())
	defer srv.Close()
	c, err := rfc3161.New(srv.URL, &rfc3161.Options{HTTPClient: srv.Client(), Roots: p.Roots(), Policy: "1.3.6.1.4.1.32473.3161.1"})
	require.NoError(t, err)
	d := sha256.Sum256([]byte("chữ ký"))
	raw, err := c.Timestamp(t.Context(), crypto.SHA256, d[:])
	require.NoError(t, err)
	token, err := tsp.ParseToken(raw, nil)
	require.NoError(t, err)
	require.True(t, token.Info.Time.Equal(lawDay))
	require.Len(t, token.CMS.Certificates, 2)
	require.EqualValues(t, 1, p.Stamps())

	tooltest.Need(t, "openssl")
	out := tooltest.Must(t, "openssl", "ts", "-verify", "-token_in", "-in", tooltest.File(t, "token", raw), "-CAfile", p.RootPath(),
		"-data", tooltest.File(t, "data", []byte("chữ ký")))
	require.Contains(t, out, "Verification: OK")
}

func TestMisbehaviourIsNoticed(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	srv := httptest.NewServer(p.TSAHandler())
	defer srv.Close()
	c, err := rfc3161.New(srv.URL, &rfc3161.Options{
		HTTPClient: srv.Client(), Roots: p.Roots(), Now: func() time.Time { return lawDay }, MaxSkew: time.Minute,
	})
	require.NoError(t, err)
	d := sha256.Sum256([]byte("x"))
	ask := func(m pkisim.Misbehaviour) error {
		p.Misbehave(m)
		ctx := t.Context()
		if m == pkisim.Hang {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
		}
		_, err := c.Timestamp(ctx, crypto.SHA256, d[:])
		return err
	}
	require.NoError(t, ask(pkisim.Behave))
	for m, want := range map[pkisim.Misbehaviour]error{
		pkisim.Down: rfc3161.ErrUnavailable, pkisim.Refuse: rfc3161.ErrRejected, pkisim.Repeat: rfc3161.ErrAnswer,
		pkisim.WrongImprint: rfc3161.ErrAnswer, pkisim.NoNonce: rfc3161.ErrAnswer, pkisim.Bare: rfc3161.ErrAnswer,
		pkisim.Broken: rfc3161.ErrAnswer, pkisim.YearAhead: rfc3161.ErrAnswer, pkisim.Hang: rfc3161.ErrUnavailable,
	} {
		require.ErrorIs(t, ask(m), want, "%d", m)
	}
	require.NoError(t, ask(pkisim.Behave))
}

func TestTSARefuses(t *testing.T) {
	t.Parallel()
	p, _ := newPKI(t)
	h := p.TSAHandler()
	for name, c := range map[string]struct {
		method, kind string
		body         []byte
		want         int
	}{
		"GET":         {http.MethodGet, "", nil, 405},
		"other type":  {http.MethodPost, "text/plain", nil, 415},
		"large":       {http.MethodPost, "application/timestamp-query", make([]byte, 8192), 413},
		"noise is ok": {http.MethodPost, "application/timestamp-query", []byte("x"), 200},
	} {
		r := httptest.NewRequest(c.method, "/", bytes.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, c.want, w.Code, name)
		if w.Code == 200 {
			res, err := tsp.ParseResponse(w.Body.Bytes(), nil)
			require.NoError(t, err)
			require.Equal(t, tsp.Rejection, res.Status)
			require.Equal(t, tsp.BadDataFormat, res.Failure)
		}
	}
}

func TestCheckListen(t *testing.T) {
	t.Parallel()
	require.NoError(t, pkisim.CheckListen("127.0.0.1:0", false))
	require.Error(t, pkisim.CheckListen("0.0.0.0:0", false))
	require.NoError(t, pkisim.CheckListen("0.0.0.0:0", true))
}
