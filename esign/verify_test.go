package esign_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/pdf"
)

func codes(rs []esign.Reason) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Code)
	}
	return out
}

func TestVerifyOneSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official})
	r := verify(t, file, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	require.True(t, r.Intact)
	require.Equal(t, esign.Signed, r.State)
	require.Equal(t, "valid", r.Reason.Code)
	require.Equal(t, "revocation-not-checked", r.Revocation.Code)
	require.Len(t, r.Signers, 1)
	s := r.Signers[0]
	require.Equal(t, "official", s.Field)
	require.Equal(t, "Nguyễn Văn A", s.Signer)
	require.Equal(t, int64(len(file)), s.Revision)
	require.Equal(t, esign.TimeClaimed, s.TimeSource)
	require.True(t, now.Equal(s.Time))
	require.Equal(t, []string{"time-claimed"}, codes(s.Notes), "the report says that the time is not proved")
	require.Equal(t, w.official.cert.Raw, s.Certificate())
}

func TestVerifyTwoSignaturesInSequence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	once := signed(t, blank(t), recipe{by: w.official, stamp: w.tsa})
	twice := signed(t, once, recipe{by: w.agency, field: agencyRef, stamp: w.tsa})
	r := verify(t, twice, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	require.Len(t, r.Signers, 2)
	first, second := r.Signers[0], r.Signers[1]
	require.Equal(t, []string{"official", "agency"}, []string{first.Field, second.Field})
	require.Equal(t, []string{"later-signature"}, codes(first.Notes))
	require.Contains(t, first.Notes[0].VI, "agency")
	require.Empty(t, second.Notes)
	require.Equal(t, esign.TimeProved, second.TimeSource)
	require.Equal(t, int64(len(once)), first.Revision)
	require.Equal(t, once, twice[:first.Revision], "the signed revision can be taken out of the file")
}

func TestVerifyWithoutRootIsIndeterminate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official, stamp: w.tsa})
	other := newWorld(t)
	for name, o := range map[string]*esign.VerifyOptions{
		"nil options": nil, "no roots": {Now: func() time.Time { return now }}, "other roots": other.trusting(),
	} {
		r := verify(t, file, o)
		require.Equal(t, esign.Indeterminate, r.Verdict, name)
		require.True(t, r.Intact, "%s: integrity does not depend on trust", name)
		require.Equal(t, "unknown-root", r.Reason.Code, name)
	}
	o := w.trusting()
	o.TSARoots = []*x509.Certificate{}
	r := verify(t, file, o)
	require.Equal(t, esign.Indeterminate, r.Verdict)
	require.Equal(t, "timestamp-untrusted", r.Reason.Code)
}

func TestVerifyLongTermForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official, stamp: w.tsa})
	file = updated(t, file, func(u *pdf.Update) {
		cert := u.Add(&pdf.Stream{Dict: pdf.Dict{}, Raw: w.ca.cert.Raw})
		setKeys(t, u, catalogRef, pdf.Dict{"DSS": pdf.Dict{"Certs": pdf.Array{cert}}})
	})
	r := verify(t, file, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	require.Equal(t, []string{"later-validation-data"}, codes(r.Signers[0].Notes))

	file = signed(t, file, recipe{by: w.tsa, field: agencyRef, dict: pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"), "SubFilter": pdf.Name("ETSI.RFC3161"), "M": nil,
	}})
	r = verify(t, file, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
	require.Equal(t, esign.KindTimestamp, r.Signers[1].Kind)
	require.Equal(t, esign.TimeProved, r.Signers[1].TimeSource)
}

func TestVerifyUnsignedAndUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official})
	encrypted := updated(t, blank(t), func(u *pdf.Update) { u.Trailer("Encrypt", u.Add(pdf.Dict{})) })
	loose := updated(t, blank(t), func(u *pdf.Update) {
		u.Add(pdf.Dict{"Type": pdf.Name("Sig"), "Contents": pdf.String("x"), "Note": pdf.Array{0}})
	})
	for name, c := range map[string]struct {
		file  []byte
		state esign.State
		code  string
	}{
		"unsigned":  {blank(t), esign.Unsigned, "unsigned"},
		"empty":     {nil, esign.Unreadable, "not-pdf"},
		"text":      {[]byte("xin chào"), esign.Unreadable, "not-pdf"},
		"cut":       {file[:len(file)-200], esign.Unreadable, "malformed"},
		"encrypted": {encrypted, esign.Unreadable, "encrypted"},
		"loose":     {loose, esign.Signed, "detached-signature"},
	} {
		r := verify(t, c.file, w.trusting())
		require.Equal(t, c.state, r.State, name)
		require.Equal(t, c.code, r.Reason.Code, name)
		require.Equal(t, esign.Invalid, r.Verdict, name)
		require.False(t, r.Intact, name)
	}
	o := w.trusting()
	o.MaxBytes = int64(len(file)) - 1
	require.Equal(t, "too-large", verify(t, file, o).Reason.Code)
	o = w.trusting()
	o.MaxSignatures = 1
	twice := signed(t, file, recipe{by: w.agency, field: agencyRef})
	require.Equal(t, "too-large", verify(t, twice, o).Reason.Code)
}

func TestVerifyReportsReadErrors(t *testing.T) {
	t.Parallel()
	_, err := esign.Verify(context.Background(), strings.NewReader("short"), 10, nil)
	require.Error(t, err)
	_, err = esign.Verify(context.Background(), strings.NewReader(""), -1, nil)
	require.Error(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	file := signed(t, blank(t), recipe{by: newWorld(t).official})
	_, err = esign.Verify(ctx, strings.NewReader(string(file)), int64(len(file)), nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestReportAsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, err := json.Marshal(verify(t, signed(t, blank(t), recipe{by: w.official}), w.trusting()))
	require.NoError(t, err)
	var got struct {
		Intact  bool
		Verdict string
		Reason  struct{ Code, VI, EN string }
		Signers []struct{ Signer, Verdict, Time string }
	}
	require.NoError(t, json.Unmarshal(b, &got))
	require.True(t, got.Intact)
	require.Equal(t, "valid", got.Verdict)
	require.Equal(t, "valid", got.Reason.Code)
	require.Equal(t, "Nguyễn Văn A", got.Signers[0].Signer)

	b, err = json.Marshal(verify(t, blank(t), nil))
	require.NoError(t, err)
	require.Contains(t, string(b), `"signers":[]`)
	require.Contains(t, string(b), `"verdict":"invalid"`)

	var zero esign.Report
	require.Equal(t, esign.Invalid, zero.Verdict, "what nobody filled in is not valid")
	for _, v := range []esign.Verdict{esign.Invalid, esign.Valid, esign.Indeterminate} {
		text, err := v.MarshalText()
		require.NoError(t, err)
		var back esign.Verdict
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, v, back)
	}
	var v esign.Verdict
	require.Error(t, v.UnmarshalText([]byte("maybe")))
}
