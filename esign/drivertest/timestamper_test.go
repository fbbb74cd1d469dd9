package drivertest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/drivertest"
	"github.com/motcua/motcua/esign/internal/tsp"
	"github.com/motcua/motcua/esign/pkisim"
)

func newAuthority(t testing.TB, anchored bool) authority {
	t.Helper()
	p, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), nil)
	require.NoError(t, err)
	a := authority{srv: httptest.NewServer(p.TSAHandler()), pki: p, anchored: anchored}
	t.Cleanup(a.Close)
	return a
}

func TestHonestTimestampersPass(t *testing.T) {
	t.Parallel()
	for _, anchored := range []bool{true, false} {
		a := newAuthority(t, anchored)
		require.NoError(t, drivertest.CheckTimestamper(t.Context(), a, drivertest.TimestamperFeatures{Anchored: anchored}))
		require.ErrorContains(t, drivertest.CheckTimestamper(t.Context(), a, drivertest.TimestamperFeatures{Anchored: !anchored}),
			"Forged: rule T4")
	}
}

// careless is a client of the protocol with one check left out.
type careless struct {
	url                                          string
	client                                       *http.Client
	length, nonce, imprint, signer, tail, status bool // checks that are made
	fixedNonce, certless                         bool // further defects
}

func careful(url string, client *http.Client) careless {
	return careless{
		url: url, client: client, length: true, nonce: true, imprint: true, signer: true, tail: true, status: true,
	}
}

func (c careless) Timestamp(ctx context.Context, h crypto.Hash, imprint []byte) ([]byte, error) {
	if len(imprint) != h.Size() {
		if c.length {
			return nil, errors.New("length")
		}
		imprint = append(imprint, make([]byte, 64)...)[:h.Size()]
	}
	nonce, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	if c.fixedNonce {
		nonce = big.NewInt(5)
	}
	req := &tsp.Request{Hash: h, Imprint: imprint, Nonce: nonce, CertReq: !c.certless}
	der, err := req.Marshal()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(der))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	res, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // a test double
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if !c.tail && len(body) > 4 {
		body = body[:min(len(body), 4+int(body[2])<<8+int(body[3]))]
	}
	answer, err := tsp.ParseResponse(body, nil)
	if err != nil {
		return nil, err
	}
	if answer.Token == nil {
		if !c.status {
			return []byte{}, nil
		}
		return nil, errors.New("rejected")
	}
	t, err := tsp.ParseToken(answer.Token, nil)
	if err != nil {
		return nil, err
	}
	if c.imprint && t.CheckImprint(h, imprint) != nil || c.nonce && (t.Info.Nonce == nil || t.Info.Nonce.Cmp(nonce) != 0) {
		return nil, errors.New("not an answer to this")
	}
	if c.signer {
		if err := t.Verify(t.Certificate(nil)); err != nil {
			return nil, err
		}
	}
	return t.Raw, nil
}

type carelessHarness struct {
	authority
	change func(*careless)
}

func (h carelessHarness) Timestamper(_ context.Context, bend *drivertest.Bend) (driver.Timestamper, error) {
	c := careful(h.srv.URL, &http.Client{Transport: drivertest.BendTransport(h.srv.Client().Transport, bend)})
	h.change(&c)
	return c, nil
}

// Each careless client fails at the case that is there for its defect.
func TestBrokenTimestampersFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		want   string
		change func(*careless)
	}{
		"none":               {"", func(*careless) {}},
		"no look at length":  {"WrongLength: rule T6", func(c *careless) { c.length = false }},
		"no look at nonce":   {"OtherNonce: rule T2", func(c *careless) { c.nonce = false }},
		"the same nonce":     {"Replay: rule T3", func(c *careless) { c.fixedNonce = true }},
		"no look at imprint": {"OtherImprint: rule T2", func(c *careless) { c.imprint = false }},
		"no look at signer":  {"SignerNotForTimeStamping: rule T2", func(c *careless) { c.signer = false }},
		"no look at value":   {"ChangedOctet: rule T2", func(c *careless) { c.signer = false }},
		"no look behind":     {"MoreBehind: rule T2", func(c *careless) { c.tail = false }},
		"reads without end":  {"Endless: rule T5", func(c *careless) { c.tail = false }},
		"no look at status":  {"Rejection: rule T2", func(c *careless) { c.status = false }},
		"asks for no path":   {"Stamp: rule T1", func(c *careless) { c.certless = true; c.signer = false }},
		"takes a bare token": {"NoCertificates: rule T1", func(c *careless) { c.signer = false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := carelessHarness{newAuthority(t, false), c.change}
			err := drivertest.CheckTimestamper(t.Context(), h, drivertest.TimestamperFeatures{})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

// An authority that answers nonsense of its own accord is told as that, whatever
// the kit then does with its answers.
func TestAuthorityOfNoise(t *testing.T) {
	t.Parallel()
	token, err := (&tsp.Response{Token: []byte{0x30, 0}}).Marshal()
	require.NoError(t, err)
	for name, body := range map[string][]byte{"nothing": nil, "noise": []byte("x"), "a token of noise": token} {
		a := newAuthority(t, false)
		a.srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
		err := drivertest.CheckTimestamper(t.Context(), a, drivertest.TimestamperFeatures{})
		require.ErrorContains(t, err, "Stamp: rule T1", name)
		require.NotContains(t, err.Error(), "Noise: rule T2", name)
	}
}
