package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/procedures/province"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/riverjobs"
)

// must keeps the first error and goes on with the zero value.
type must struct{ err error }

func try[T any](m *must) func(T, error) T {
	return func(v T, err error) T {
		m.err = errors.Join(m.err, err)
		return v
	}
}

// byHand makes the same parts as wire does, for who does not use it.
func byHand(ctx context.Context, s *province.Setup) (*province.App, func(), error) {
	db, shut, err := province.OpenDatabase(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	m := &must{}
	machines := try[[]*workflow.Machine](m)(province.Machines(s))
	store, err := province.OpenFiles(s)
	vault := try[*identity.Vault](m)(province.OpenVault(s))
	gateways, e1 := province.Gateways(s)
	stamps, e2 := province.Timestampers(s)
	providers := try[[]signin.Provider](m)(province.Providers(s))
	verify := try[portal.Verify](m)(province.Verify(s))
	if err := errors.Join(m.err, err, e1, e2); err != nil {
		shut()
		return nil, nil, err
	}
	a := &province.App{Setup: s, DB: db}
	a.Engine = try[*workflow.Engine](m)(workflow.New(db, machines, province.WorkflowOptions(s)))
	gate, step := province.NewGate(), province.NewStep()
	a.Notices = province.NewNotices(s)
	a.Payments = try[*payment.Service](m)(payment.New(db, gateways, province.OnSettled(gate), province.PaymentOptions(s, a.Notices)))
	a.Signatures = try[*esign.Service](m)(esign.New(db, province.SignerSource(s), stamps, store, province.EsignOptions(s)))
	o := try[*certify.Options](m)(province.CertifyOptions(s, store))
	a.Register = try[*certify.Service](m)(certify.New(db, a.Signatures, province.OnCertified(step), o))
	a.Desk = province.NewDesk(s, db, a.Engine, province.Policy(s), store, province.Scanner(), gate, a.Payments, step, a.Register)
	journal := identity.NewJournal(db, vault, province.JournalOptions(s))
	a.People = identity.NewPeople(db, vault, journal, province.PeopleOptions(s))
	pages := province.NewPages()
	a.SignIn = try[*signin.SignIn](m)(signin.New(db, vault, a.People, province.Officials(s), province.PublicURLs(s), providers,
		province.SignInOptions(s, pages)))
	parts := province.PortalParts(s, a.Desk, journal, a.SignIn, province.Pay(gate, s), verify)
	a.Portal = try[*portal.Portal](m)(province.NewPortal(parts, province.PortalOptions(s, a.SignIn), pages))
	a.Jobs = try[*riverjobs.Runner](m)(riverjobs.New(db, province.JobSources(s, a.Engine, a.Desk, a.Payments, a.Signatures, a.Register),
		province.JobOptions(s, a.Payments, a.Signatures, a.Register, a.SignIn)))
	if m.err != nil {
		shut()
		return nil, nil, m.err
	}
	return a, shut, nil
}

// TestWithoutWire runs the province that is put together by hand: in this
// process, so that its code runs under the tests' race detector too.
func TestWithoutWire(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, out := filepath.Join(dir, "data"), filepath.Join(dir, "certified.pdf")
	var stdout, stderr bytes.Buffer
	code := province.Run(t.Context(), binhphuoc(), byHand, []string{"demo", "--data", data, "--out", out}, &stdout, &stderr)
	require.Zero(t, code, stderr.String())
	assert.Contains(t, stdout.String(), "return_result")
	stdout.Reset()
	code = province.Run(t.Context(), binhphuoc(), byHand, []string{"audit", "--data", data}, &stdout, &stderr)
	assert.Zero(t, code, stdout.String())
	assert.FileExists(t, out)
}
