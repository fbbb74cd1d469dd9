package storetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/workflow/sqlkit"
)

func TestPrepareIsIdempotent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		plan := w.plan("p", agency)
		first, err := s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		again, err := w.service(nil).Prepare(t.Context(), plan)
		require.NoError(t, err)
		require.Equal(t, first, again)
		w.finish(s, "p")
		again, err = s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		require.Equal(t, first, again, "also after the end")

		// The same in another Unicode form is the same.
		plan.Title = "Ba\u0309n sao so\u0302\u0301 1"
		again, err = s.Prepare(t.Context(), plan)
		require.NoError(t, err)
		require.Equal(t, first, again)
		plan.Title = "Bản sao số 2"
		_, err = s.Prepare(t.Context(), plan)
		require.ErrorIs(t, err, esign.ErrConflict)
		require.ErrorIs(t, err, sqlkit.ErrKeyReused)
		w.clean(s)
	})
}

func TestPrepareAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		plan := w.plan("p", agency)
		var wg sync.WaitGroup
		got := make([]*esign.Prepared, 4)
		for i := range got {
			wg.Go(func() {
				var err error
				got[i], err = s.Prepare(t.Context(), plan)
				require.NoError(t, err)
			})
		}
		wg.Wait()
		for _, g := range got {
			require.Equal(t, got[0], g)
		}
		w.clean(s)
	})
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		done := w.plan("done", agency)
		_, err := s.Prepare(t.Context(), done)
		require.NoError(t, err)
		signed := w.finish(s, "done").Document
		for name, c := range map[string]struct {
			want   error
			change func(*esign.Plan)
		}{
			"signed document":     {esign.ErrInvalid, func(p *esign.Plan) { p.Document = signed }},
			"no PDF":              {esign.ErrInvalid, func(p *esign.Plan) { p.Document = w.put([]byte("văn bản")) }},
			"no file":             {esign.ErrNotFound, func(p *esign.Plan) { p.Document = "none" }},
			"no holder known":     {esign.ErrNotFound, func(p *esign.Plan) { p.Signatures[1].Holder = "nobody" }},
			"page 3 of 2":         {esign.ErrInvalid, func(p *esign.Plan) { p.Signatures[0].Page = 3 }},
			"over the edge":       {esign.ErrInvalid, func(p *esign.Plan) { p.Signatures[0].Rect.X2 = 600 }},
			"below the page":      {esign.ErrInvalid, func(p *esign.Plan) { p.Signatures[0].Rect.Y1 = -1 }},
			"no appearance":       {esign.ErrNotFound, func(p *esign.Plan) { p.Signatures[0].Appearance = "none" }},
			"appearance of two":   {esign.ErrInvalid, func(p *esign.Plan) { p.Signatures[0].Appearance = p.Document }},
			"appearance is noise": {esign.ErrInvalid, func(p *esign.Plan) { p.Signatures[0].Appearance = w.put([]byte("x")) }},
		} {
			plan := w.plan("refused", agency)
			c.change(plan)
			_, err := s.Prepare(t.Context(), plan)
			require.ErrorIs(t, err, c.want, name)
			require.NotContains(t, err.Error(), "Nghĩa Thị", name)
		}
		_, err = s.Get(t.Context(), "refused")
		require.ErrorIs(t, err, esign.ErrNotFound, "nothing was recorded")
		_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "refused"})
		require.ErrorIs(t, err, esign.ErrNotFound)
		small := w.service(&esign.Options{MaxDocument: 1000})
		_, err = small.Prepare(t.Context(), w.plan("large", agency))
		require.ErrorIs(t, err, esign.ErrInvalid)
		require.ErrorContains(t, err, "1000")
	})
}

// A certificate that cannot sign is told before anybody is asked.
func TestPreflightOfCertificates(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		issue := func(change func(*x509.Certificate)) *pkisim.Issued {
			tpl := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, KeyUsage: x509.KeyUsageDigitalSignature,
				NotBefore: lawDay.AddDate(-1, 0, 0), NotAfter: lawDay.AddDate(1, 0, 0),
			}
			change(tpl)
			der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
			require.NoError(t, err)
			c, err := x509.ParseCertificate(der)
			require.NoError(t, err)
			file, err := pkcs12.Modern.Encode(key, c, nil, "x")
			require.NoError(t, err)
			return &pkisim.Issued{PKCS12: file, Password: "x"}
		}
		s := w.service(nil)
		for name, c := range map[string]struct {
			text   string
			change func(*x509.Certificate)
		}{
			"expired":   {"2024-11-14", func(c *x509.Certificate) { c.NotAfter = lawDay.Add(-24 * time.Hour) }},
			"not yet":   {"2024-11-16", func(c *x509.Certificate) { c.NotBefore = lawDay.Add(24 * time.Hour) }},
			"for a CA":  {"not for signing", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign }},
			"for a web": {"not for signing", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
		} {
			w.p12s["odd"] = issue(c.change)
			_, err := s.Prepare(t.Context(), w.plan("p", "odd"))
			require.ErrorIs(t, err, esign.ErrInvalid, name)
			require.ErrorContains(t, err, c.text, name)
		}
	})
}

// A signer that is down does not stop the preparation; its certificate is checked when it signs.
func TestPrepareWhileASignerIsDown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		w.called = func(what string) error {
			if what == "chain" {
				return errKilled
			}
			return nil
		}
		_, err := s.Prepare(t.Context(), w.plan("p", agency))
		require.NoError(t, err)
		_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
		require.ErrorIs(t, err, esign.ErrUnavailable)
		require.ErrorIs(t, err, errKilled)
		w.called = nil
		w.finish(s, "p")
	})
}

func TestPrepareHearsTheContext(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.service(nil).Prepare(ctx, w.plan("p", agency))
		require.ErrorIs(t, err, context.Canceled)
	})
}
