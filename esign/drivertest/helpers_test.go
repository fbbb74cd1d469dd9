package drivertest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/phonesim"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
)

const holder = "h"

// remote is the phone's service with a wrapper round its signer: the place for a defect.
type remote struct {
	srv    *httptest.Server
	sim    *phonesim.Server
	expire func()
	wrap   func(driver.Signer) driver.Signer
}

func (r remote) Signer(context.Context) (driver.Signer, error) {
	s, err := phonesim.NewSigner(r.srv.URL, r.sim.Secret(), holder, &phonesim.SignerOptions{HTTPClient: r.srv.Client()})
	if err != nil || r.wrap == nil {
		return s, err
	}
	return r.wrap(s), nil
}

func (r remote) Confirm(ctx context.Context, handle string) error {
	return r.sim.Decide(ctx, holder, handle, true)
}

func (r remote) Refuse(ctx context.Context, handle string) error {
	return r.sim.Decide(ctx, holder, handle, false)
}

func (r remote) Expire(context.Context, string) error {
	r.expire()
	return nil
}

func (r remote) Close() { r.srv.Close() }

// local is a key in a file with a wrapper round it.
type local struct {
	issued *pkisim.Issued
	wrap   func(driver.Signer) driver.Signer
}

func (l local) Signer(context.Context) (driver.Signer, error) {
	s, err := p12.Open(l.issued.PKCS12, l.issued.Password, nil)
	if err != nil || l.wrap == nil {
		return s, err
	}
	return l.wrap(s), nil
}

func (local) Confirm(context.Context, string) error { return errors.New("nobody is asked") }
func (local) Refuse(context.Context, string) error  { return errors.New("nobody is asked") }
func (local) Expire(context.Context, string) error  { return errors.New("nobody is asked") }
func (local) Close()                                {}

func issue(t testing.TB, k pkisim.KeyType) *pkisim.Issued {
	t.Helper()
	p, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), nil)
	require.NoError(t, err)
	i, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "Võ Thị Sáu", Kind: pkisim.Person, Key: k})
	require.NoError(t, err)
	return i
}

// authority is the simulated one with a wrapper round its client.
type authority struct {
	srv  *httptest.Server
	pki  *pkisim.PKI
	wrap func(driver.Timestamper) driver.Timestamper
	// anchored gives the client its root.
	anchored bool
}

func (a authority) Timestamper(_ context.Context, bend *drivertest.Bend) (driver.Timestamper, error) {
	o := &rfc3161.Options{HTTPClient: &http.Client{Transport: drivertest.BendTransport(a.srv.Client().Transport, bend)}}
	if a.anchored {
		o.Roots = a.pki.Roots()
	}
	c, err := rfc3161.New(a.srv.URL, o)
	if err != nil || a.wrap == nil {
		return c, err
	}
	return a.wrap(c), nil
}

func (a authority) Close() { a.srv.Close() }
