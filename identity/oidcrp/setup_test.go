package oidcrp_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/internal/hostileidp"
	"github.com/motcua/motcua/identity/oidcrp"
)

const callback = "http://127.0.0.1:9/auth/citizen/callback"

// clock is a clock the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 20, 1, 2, 3, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type bundle struct {
	clock *clock
	idp   *hostileidp.IdP
	rp    *oidcrp.Provider
}

func setup(t *testing.T, change ...func(*oidcrp.Config)) *bundle {
	t.Helper()
	c := newClock()
	idp := hostileidp.New(t, c.Now)
	cfg := oidcrp.Config{
		Issuer: idp.URL, ClientID: hostileidp.Client, ClientSecret: hostileidp.Secret,
		Scopes: []string{"profile"}, Levels: []oidcrp.Level{{ACR: "LoA1", Level: 1}, {ACR: "LoA2", Level: 2}},
	}
	for _, f := range change {
		f(&cfg)
	}
	rp, err := oidcrp.New(cfg, &oidcrp.Options{Now: c.Now})
	require.NoError(t, err)
	return &bundle{clock: c, idp: idp, rp: rp}
}

// signIn goes through one sign-in with whatever the provider answers.
func (b *bundle) signIn(t *testing.T, change func(*hostileidp.Answer), r ...oidcrp.BeginRequest) (*oidcrp.Identity, error) {
	t.Helper()
	req := oidcrp.BeginRequest{RedirectURL: callback}
	if len(r) > 0 {
		req = r[0]
		req.RedirectURL = callback
	}
	address, attempt, err := b.rp.Begin(context.Background(), &req)
	if err != nil {
		return nil, err
	}
	return b.rp.Finish(context.Background(), attempt, b.idp.Authorize(t, address, change))
}

func (b *bundle) begin(t *testing.T) (string, *oidcrp.Attempt) {
	t.Helper()
	address, attempt, err := b.rp.Begin(context.Background(), &oidcrp.BeginRequest{RedirectURL: callback})
	require.NoError(t, err)
	return address, attempt
}

func (b *bundle) finish(a *oidcrp.Attempt, q url.Values) error {
	_, err := b.rp.Finish(context.Background(), a, q)
	return err
}

func requireRule(t *testing.T, err error, rule string) {
	t.Helper()
	var r *oidcrp.Refused
	require.ErrorAs(t, err, &r)
	assert.Equal(t, rule, r.Rule)
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
}
