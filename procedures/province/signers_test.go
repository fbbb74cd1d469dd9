package province

import (
	"context"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/identity/directory"
)

// authority is a certification authority over HTTP, and the directory whose
// people and units it certifies.
type authority struct {
	pki   *pkisim.PKI
	url   string
	live  *directory.Live
	now   func() time.Time
	asked atomic.Int32
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	day := time.Date(2024, 11, 15, 8, 0, 0, 0, hanoi)
	a := &authority{now: func() time.Time { return day }}
	var err error
	a.pki, err = pkisim.New(filepath.Join(t.TempDir(), "trust"), &pkisim.Options{Now: a.now})
	require.NoError(t, err)
	srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		a.asked.Add(1)
		a.pki.CAHandler().ServeHTTP(w, r)
	})
	a.url = srv.URL
	a.live, _, err = directory.Open(small().Directory, &directory.Options{Log: zap.NewNop()})
	require.NoError(t, err)
	return a
}

func (a *authority) signers(dir string, c EsignConfig) *Signers {
	return NewSigners(c, dir, a.live, a.now, &http.Client{Timeout: 10 * time.Second})
}

func (a *authority) ca() EsignConfig {
	return EsignConfig{CA: &CAConfig{URL: a.url, Secret: a.pki.Secret()}}
}

func leaf(t *testing.T, s driver.Signer) *x509.Certificate {
	t.Helper()
	chain, err := s.Chain(t.Context())
	require.NoError(t, err)
	c, err := x509.ParseCertificate(chain[0])
	require.NoError(t, err)
	return c
}

// An official is certified as a person of the first post's unit, a unit as an
// organisation, each once: the key is kept.
func TestEnrolment(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := a.signers(filepath.Join(t.TempDir(), "signers"), a.ca())
	for i, c := range []struct{ holder, name, unit string }{
		{"cb-2", "Trần Văn Hai", "UBND phường An"}, {"H99.02", "UBND phường An", ""},
	} {
		signer, err := s.Signer(t.Context(), c.holder)
		require.NoError(t, err)
		subject := leaf(t, signer).Subject
		assert.Equal(t, c.name, subject.CommonName)
		if c.unit != "" {
			assert.Contains(t, subject.String(), c.unit)
		}
		assert.EqualValues(t, i+1, a.asked.Load())
		again, err := s.Signer(t.Context(), c.holder)
		require.NoError(t, err)
		assert.Equal(t, leaf(t, signer).Raw, leaf(t, again).Raw)
		assert.EqualValues(t, i+1, a.asked.Load(), "nothing is asked twice")
	}
	person, err := s.holder("cb-2")
	require.NoError(t, err)
	assert.Equal(t, &pkisim.IssueRequest{Name: "Trần Văn Hai", Kind: pkisim.Person, Unit: "UBND phường An"}, person)
	unit, err := s.holder("H99.02")
	require.NoError(t, err)
	assert.Equal(t, &pkisim.IssueRequest{Name: "UBND phường An", Kind: pkisim.Organisation}, unit)
	for _, name := range []string{"cb-2.p12", "cb-2.password", "H99.02.p12"} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

// Nobody gets a key who is not in the directory on the day, and where no
// authority is named nobody does.
func TestNoKey(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := filepath.Join(t.TempDir(), "signers")
	for _, c := range []struct {
		config            EsignConfig
		holder, complaint string
	}{
		{a.ca(), "cb-9", "the directory has no unit and no serving official cb-9"},
		{a.ca(), "cb-4", "the directory has no unit and no serving official cb-4"}, // left in 2021
		{a.ca(), "H98", "the directory has no unit and no serving official H98"},
		{EsignConfig{}, "cb-2", "no key of signer cb-2"},
		{EsignConfig{CA: &CAConfig{URL: a.url, Secret: "wrong"}}, "cb-2", "401"},
		{EsignConfig{CA: &CAConfig{URL: "http://127.0.0.1:1", Secret: "x"}}, "cb-2", "connect"}, // tcpmux: nobody listens
	} {
		signer, err := a.signers(dir, c.config).Signer(t.Context(), c.holder)
		require.ErrorContains(t, err, c.complaint)
		assert.ErrorContains(t, err, "no key of signer "+c.holder+" (name a PKCS#12 file under esign.signers")
		assert.Nil(t, signer)
		assert.NoDirExists(t, dir, "nothing is begun")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.signers(dir, a.ca()).Signer(ended, "cb-2")
	require.ErrorIs(t, err, context.Canceled)
}

// An authority that answers nonsense certifies nothing.
func TestAuthorityThatAnswersNonsense(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, body := range []string{"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		srv := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		dir := filepath.Join(t.TempDir(), "signers")
		_, err := a.signers(dir, EsignConfig{CA: &CAConfig{URL: srv.URL}}).Signer(t.Context(), "cb-2")
		require.ErrorContains(t, err, "no key of signer cb-2", "%q", body)
		assert.NoDirExists(t, dir)
	}
}

// A key that cannot be kept is none, and the next time it is made anew.
func TestEnrolmentThatCannotBeKept(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for name, obstacle := range map[string]string{"folder": ".", "password": "cb-2.password/x", "key": "cb-2.p12/x"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "signers")
			at := filepath.Join(dir, obstacle)
			if obstacle == "." { // a link to nothing: no key is there, and no folder can be made
				require.NoError(t, os.Symlink("nowhere", at))
			} else {
				require.NoError(t, os.MkdirAll(at, 0o700))
			}
			s := a.signers(dir, a.ca())
			signer, err := s.Signer(t.Context(), "cb-2")
			require.ErrorContains(t, err, dir)
			assert.Nil(t, signer)
			require.NoError(t, os.RemoveAll(dir))
			_, err = s.Signer(t.Context(), "cb-2")
			require.NoError(t, err)
		})
	}
}

// A password that is gone or another one opens nothing: the key is told, not
// replaced.
func TestEnrolledKeyThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := a.signers(t.TempDir(), a.ca())
	_, err := s.Signer(t.Context(), "cb-2")
	require.NoError(t, err)
	password, key := filepath.Join(s.dir, "cb-2.password"), filepath.Join(s.dir, "cb-2.p12")
	was, err := os.ReadFile(password)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(password, []byte("another"), 0o600))
	_, err = s.Signer(t.Context(), "cb-2")
	require.ErrorContains(t, err, "password")
	require.NoError(t, os.Remove(password))
	_, err = s.Signer(t.Context(), "cb-2")
	require.ErrorContains(t, err, password)
	require.NoError(t, os.WriteFile(password, was, 0o600))
	_, err = s.Signer(t.Context(), "cb-2")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key, []byte("x"), 0o600))
	_, err = s.Signer(t.Context(), "cb-2")
	require.Error(t, err)
	assert.EqualValues(t, 1, a.asked.Load())
}

// Keys of one's own win over enrolled ones; an editor's line end is no part of a
// password, a space is.
func TestKeysOfOnesOwn(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	issued, err := a.pki.Issue(t.Context(), &pkisim.IssueRequest{Name: "Trần Văn Hai", Kind: pkisim.Person, Password: " a b "})
	require.NoError(t, err)
	file, password := filepath.Join(dir, "key.p12"), filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(file, issued.PKCS12, 0o600))
	c := a.ca()
	c.Signers = map[string]PKCS12Config{"cb-2": {File: file, PasswordFile: password}}
	s := a.signers(filepath.Join(dir, "signers"), c)
	for text, good := range map[string]bool{" a b ": true, " a b \n": true, " a b \r\n": true, "a b": false, "": false} {
		require.NoError(t, os.WriteFile(password, []byte(text), 0o600))
		signer, err := s.Signer(t.Context(), "cb-2")
		assert.Equal(t, good, err == nil, "%q %v", text, err)
		if good {
			assert.Equal(t, issued.Certificate.Raw, leaf(t, signer).Raw)
		}
	}
	require.NoError(t, os.Remove(password))
	_, err = s.Signer(t.Context(), "cb-2")
	require.ErrorContains(t, err, "password of signer cb-2")
	require.NoError(t, os.WriteFile(password, []byte(" a b "), 0o600))
	require.NoError(t, os.Remove(file))
	_, err = s.Signer(t.Context(), "cb-2")
	require.ErrorContains(t, err, file)
	assert.NoDirExists(t, s.dir, "who has a key is not enrolled")
	assert.Zero(t, a.asked.Load())
}

// A holder's name becomes a file's name: it has 1 to 80 characters, none of them
// a separator, and begins with a letter or digit.
func TestHolderNames(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := a.signers(t.TempDir(), EsignConfig{})
	for holder, good := range map[string]bool{
		"a": true, "0": true, "H10.40.01": true, "a_b-c": true, strings.Repeat("a", 80): true,
		"": false, strings.Repeat("a", 81): false, "../a": false, ".a": false, "-a": false, "a/b": false, "a\n": false, "ắ": false, "a b": false,
	} {
		_, err := s.Signer(t.Context(), holder)
		if good {
			assert.ErrorContains(t, err, "no key of signer", "%q", holder)
		} else {
			assert.ErrorContains(t, err, "is no official's id or unit's code", "%q", holder)
		}
	}
}
