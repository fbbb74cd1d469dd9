package esign

import (
	"bytes"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
	"github.com/motcua/motcua/esign/pkisim"
)

// A path that will not verify is refused before its holder is asked to sign.
func TestPathOfASigner(t *testing.T) {
	t.Parallel()
	k, other := newKey(t, pkisim.P256), newKey(t, pkisim.P256)
	chain := k.chain
	leaf := k.leaf
	for name, c := range map[string]struct {
		chain [][]byte
		at    time.Time
		want  string // empty when it is taken
	}{
		"as it should be":          {chain, signingDay, ""},
		"alone":                    {chain[:1], signingDay, ""},
		"in its first second":      {chain[:1], leaf.NotBefore, ""},
		"before it":                {chain[:1], leaf.NotBefore.Add(-time.Second), "valid from"},
		"in its last second":       {chain[:1], leaf.NotAfter, ""},
		"after it":                 {chain[:1], leaf.NotAfter.Add(time.Second), "valid from"},
		"none":                     {nil, signingDay, "gives 0 certificates"},
		"noise":                    {[][]byte{[]byte("noise")}, signingDay, "cannot be read"},
		"noise above it":           {[][]byte{chain[0], []byte("noise")}, signingDay, "cannot be read"},
		"another issuer":           {[][]byte{chain[0], other.chain[0]}, signingDay, "did not issue"},
		"an issuer's, which can't": {chain[1:], signingDay, "not for signing documents"},
		"eleven":                   {make([][]byte, 11), signingDay, "gives 11 certificates"},
		"ten that are none":        {make([][]byte, 10), signingDay, "cannot be read"},
	} {
		got, err := newCredential(c.chain, c.at)
		if c.want != "" {
			require.ErrorIs(t, err, ErrInvalid, name)
			require.ErrorContains(t, err, c.want, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, leaf.Raw, got.leaf.Raw)
	}
}

// EN 319 142-1 §6.3: what the dictionary says; an empty text is not said at all.
func TestSignatureDictionary(t *testing.T) {
	t.Parallel()
	k := newKey(t, pkisim.P256)
	text := func(d pdf.Dict, key pdf.Name) string { s, _ := d[key].(pdf.String); return pdf.DecodeText(s) }
	d := signatureDict(&PlannedSignature{}, k.credential, signingDay, 10)
	require.Equal(t, "Nguyễn Văn Ấn", text(d, "Name"), "the certificate's")
	require.NotContains(t, d, pdf.Name("Reason"))
	require.NotContains(t, d, pdf.Name("Location"))
	require.Equal(t, "D:20241115080000+07'00'", text(d, "M"))
	d = signatureDict(&PlannedSignature{Name: "A", Reason: "B", Location: "C"}, k.credential, signingDay, 10)
	require.Equal(t, []string{"A", "B", "C"}, []string{text(d, "Name"), text(d, "Reason"), text(d, "Location")})
}

// What cannot be filled is told before anybody signs.
func TestFillThatFails(t *testing.T) {
	t.Parallel()
	k := newKey(t, pkisim.P256)
	p := validPlan()
	base := prepared(t, onePage(100, ""), p)
	sig := &p.Signatures[0]
	_, err := fillField([]byte("noise"), sig, k.credential, signingDay, nil, 0, nil)
	require.ErrorIs(t, err, ErrInvalid)
	_, err = fillField(base, &PlannedSignature{Field: "no such"}, k.credential, signingDay, nil, 0, nil)
	require.Equal(t, CodeInternal, ErrorCode(err))
	_, err = fillField(base, sig, k.credential, signingDay, []byte("noise"), 0, nil)
	require.ErrorIs(t, err, ErrInvalid)
	i, err := fillField(base, sig, k.credential, signingDay, nil, 0, nil)
	require.NoError(t, err)
	// The room is taken to its last octet, and no further.
	_, err = i.seal(bytes.Repeat([]byte{0xff}, i.room))
	require.NoError(t, err)
	_, err = i.seal(make([]byte, i.room+1))
	require.ErrorIs(t, err, pdf.ErrRoom)
	// A stored update whose room is elsewhere, or another, is not written into.
	for name, spoil := range map[string]func(*increment){
		"begins before":    func(i *increment) { i.byteRange[1] = int64(len(base)) - 1 },
		"begins later":     func(i *increment) { i.byteRange[1]++ },
		"ends later":       func(i *increment) { i.byteRange[2]++; i.byteRange[3]-- },
		"ends behind":      func(i *increment) { i.byteRange[3] = -1 },
		"is smaller":       func(i *increment) { i.room-- },
		"is larger":        func(i *increment) { i.room++ },
		"does not begin":   func(i *increment) { i.data = bytes.Replace(i.data, []byte("<000"), []byte("(000"), 1) },
		"does not end":     func(i *increment) { i.data = bytes.Replace(i.data, []byte("000>"), []byte("000)"), 1) },
		"was cut off":      func(i *increment) { i.data = i.data[:len(i.data)/2] },
		"is another's end": func(i *increment) { i.data = append(bytes.Clone(i.data), ' ') },
	} {
		bad := *i
		bad.data = bytes.Clone(i.data)
		spoil(&bad)
		_, err := bad.seal([]byte{1})
		require.Error(t, err, name)
		_, err = bad.digest(base)
		require.Error(t, err, name)
		require.Error(t, bad.covers(base, k.credential, i.attrs), name)
	}
}

// A lock names fields; what lies below a named field is locked with it (ISO 32000-1 table 233).
func TestFieldLock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field  string
		listed bool
	}{{"a", true}, {"a.b", true}, {"a.", true}, {"ab", false}, {"b.a", false}, {"", false}, {"A", false}} {
		for action, want := range map[pdf.Name]bool{"Include": c.listed, "Exclude": !c.listed, "All": true, "Other": true} {
			require.Equal(t, want, fieldLock{action: action, names: []string{"z", "a"}}.covers(c.field), "%s %s", action, c.field)
		}
	}
}

// The level of a certification: 1 to 3, and 2 for anything else (ISO 32000-1 table 254); a field's lock may only narrow it.
func TestPermission(t *testing.T) {
	t.Parallel()
	d, err := pdf.Open(onePage(1, ""), nil)
	require.NoError(t, err)
	level := func(docMDP, lock pdf.Object) int {
		c := &check{rev: d}
		if docMDP != nil {
			c.field.dict = pdf.Dict{"Reference": pdf.Array{pdf.Dict{
				"TransformMethod": pdf.Name("DocMDP"), "TransformParams": pdf.Dict{"P": docMDP}}}}
		}
		c.field.lock = pdf.Dict{"P": lock}
		return c.permission()
	}
	for p, want := range map[int64]int{-1: 2, 0: 2, 1: 1, 2: 2, 3: 3, 4: 2} {
		require.Equal(t, want, level(p, nil), p)
	}
	require.Equal(t, 2, level(pdf.Name("1"), nil))
	for p, want := range map[int64]int{0: 0, 1: 1, 2: 2, 3: 3, 4: 0} {
		require.Equal(t, want, level(nil, p), p)
	}
	require.Equal(t, 1, level(int64(2), int64(1)))
	require.Equal(t, 2, level(int64(2), int64(3)))
	require.Equal(t, 2, level(int64(2), int64(2)))
	require.Zero(t, level(nil, nil))
}

// Certificates of the validation data: 256 at most, each of 64 KiB at most; what can't be read is left out.
func TestCertificatesOfTheValidationData(t *testing.T) {
	t.Parallel()
	raw := string(newKey(t, pkisim.P256).leaf.Raw)
	read := func(list string, objects ...string) []*x509.Certificate {
		d, err := pdf.Open(build(append([]string{"<</Type/Catalog/Pages 2 0 R/DSS<</Certs " + list + ">>>>", "<<>>"}, objects...)...), nil)
		require.NoError(t, err)
		return dssCertificates(d)
	}
	list := func(n int) string { return "[" + string(bytes.Repeat([]byte("3 0 R "), n)) + "]" }
	require.Len(t, read(list(1), stream("", raw)), 1)
	require.Len(t, read(list(256), stream("", raw)), 256)
	require.Len(t, read(list(257), stream("", raw)), 256)
	require.Len(t, read("[4 0 R 3 0 R 5 0 R 6 0 R]", stream("", raw), "<<>>", stream("", "noise"), "6 0 R"), 1)
	require.Empty(t, read("3 0 R", "3 0 R"))
	require.Empty(t, read("1"))
	require.Empty(t, read(list(1), stream("", raw+string(make([]byte, 1<<16)))))
}
