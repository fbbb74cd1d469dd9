package cms_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
)

func TestParseReadsEveryField(t *testing.T) {
	t.Parallel()
	m := newMessage(t)
	m.version = three
	m.content = seq(oid(t, cms.OIDTSTInfo...), tlv(0xa0, tlv(4, []byte("abc"))))
	m.certs = tlv(0xa0, seq(one), tlv(0xa1, one))
	m.crls = tlv(0xa1, seq(one), tlv(0xa1, three))
	m.signer.signed = tlv(0xa0, attribute(t, cms.OIDSigningTime, null), attribute(t, cms.OIDMessageDigest, one, three))
	m.signer.unsigned = tlv(0xa1, attribute(t, cms.OIDSignatureTimeStamp, null))
	sd := m.parse(t)
	require.Equal(t, 3, sd.Version)
	require.True(t, sd.ContentType.Equal(cms.OIDTSTInfo))
	require.False(t, sd.Detached)
	require.Equal(t, []byte("abc"), sd.Content)
	require.Len(t, sd.DigestAlgorithms, 1)
	require.Len(t, sd.Certificates, 1)
	require.Error(t, sd.Certificates[0].Err, "it is no certificate, and the file is read all the same")
	require.Equal(t, [][]byte{seq(one), tlv(0xa1, three)}, sd.CRLs)
	require.Len(t, sd.Signers, 1)
	si := sd.Signers[0]
	require.Equal(t, 1, si.Version)
	require.Equal(t, seq(), si.Issuer)
	require.Nil(t, si.KeyID)
	require.Len(t, si.Signed, 2)
	require.Equal(t, [][]byte{one, three}, si.Signed[1].Values)
	require.Equal(t, byte(0x31), si.SignedAttributes[0])
	require.Len(t, si.Unsigned, 1)
	require.Equal(t, []byte{1}, si.Signature)

	m.crls, m.certs = tlv(0xa1), tlv(0xa0)
	sd = m.parse(t)
	require.Empty(t, sd.CRLs)
	require.Empty(t, sd.Certificates)

	m.certs, m.crls, m.signer.id = tlv(0xa0, seq(one)), nil, tlv(0x80, []byte{7})
	sd = m.parse(t)
	require.Empty(t, sd.CRLs, "certificates are no revocation lists")
	require.Equal(t, []byte{7}, sd.Signers[0].KeyID)
	require.Nil(t, sd.Signers[0].Issuer)
	require.Nil(t, sd.Signers[0].Serial)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	data, digest := oid(t, cms.OIDData...), oid(t, sha256OID...)
	octets := tlv(4, []byte{1})
	for name, change := range map[string]func(m *message){
		"no type":                       func(m *message) { m.typ = one },
		"another type":                  func(m *message) { m.typ = data },
		"wrapped in another tag":        func(m *message) { m.wrapTag = 0xa1 },
		"more after the wrapping":       func(m *message) { m.infoTail = null },
		"SignedData of another tag":     func(m *message) { m.bodyTag = 0x31 },
		"two SignedData":                func(m *message) { m.wrapTail = seq() },
		"version of another type":       func(m *message) { m.version = octets },
		"algorithms of another tag":     func(m *message) { m.algorithmTag = 0x30 },
		"content info of another tag":   func(m *message) { m.content = set(data) },
		"algorithm is no sequence":      func(m *message) { m.algorithms = set(digest) },
		"algorithm without identifier":  func(m *message) { m.algorithms = seq(one) },
		"parameters of an unknown tag":  func(m *message) { m.algorithms = seq(digest, highTag) },
		"two parameters":                func(m *message) { m.algorithms = seq(digest, null, null) },
		"content without type":          func(m *message) { m.content = seq(one) },
		"content in another tag":        func(m *message) { m.content = seq(data, tlv(0xa1, octets)) },
		"more after the content":        func(m *message) { m.content = seq(data, tlv(0xa0, octets), null) },
		"content is no octet string":    func(m *message) { m.content = seq(data, tlv(0xa0, one)) },
		"two contents":                  func(m *message) { m.content = seq(data, tlv(0xa0, octets, octets)) },
		"certificate of an unknown tag": func(m *message) { m.certs = tlv(0xa0, highTag) },
		"CRL of an unknown tag":         func(m *message) { m.crls = tlv(0xa1, highTag) },
		"signers of another tag":        func(m *message) { m.signers = seq(m.signer.der()) },
		"more after the signers":        func(m *message) { m.tail = null },
		"signer is no sequence":         func(m *message) { m.signers = set(set(one)) },
		"signer without version":        func(m *message) { m.signer.version = octets },
		"issuer and serial in a set":    func(m *message) { m.signer.id = set(seq(), one) },
		"issuer is no name":             func(m *message) { m.signer.id = seq(set(), one) },
		"serial is no number":           func(m *message) { m.signer.id = seq(seq(), octets) },
		"more after the serial":         func(m *message) { m.signer.id = seq(seq(), one, null) },
		"empty serial":                  func(m *message) { m.signer.id = seq(seq(), []byte{2, 0}) },
		"signer without digest":         func(m *message) { m.signer.digest = null },
		"signer without algorithm":      func(m *message) { m.signer.algorithm = null },
		"value is no octet string":      func(m *message) { m.signer.value = tlv(3, []byte{0, 1}) },
		"more after the value":          func(m *message) { m.signer.tail = null },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMessage(t)
			change(m)
			_, err := cms.Parse(m.der(), nil)
			require.ErrorIs(t, err, cms.ErrMalformed)
		})
	}
	_, err := cms.Parse(set(newMessage(t).der()), nil)
	require.ErrorIs(t, err, cms.ErrMalformed, "ContentInfo is no SET")
}

func TestParseRefusesAttributes(t *testing.T) {
	t.Parallel()
	typ := oid(t, cms.OIDMessageDigest...)
	for name, bad := range map[string][]byte{
		"no sequence":          set(typ, set(null)),
		"no identifier":        seq(one, set(null)),
		"values in a sequence": seq(typ, seq(null)),
		"more after values":    seq(typ, set(null), null),
		"value of unknown tag": seq(typ, set(highTag)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMessage(t)
			m.signer.signed = tlv(0xa0, bad)
			_, err := cms.Parse(m.der(), nil)
			require.ErrorIs(t, err, cms.ErrMalformed, "signed")
			m = newMessage(t)
			m.signer.unsigned = tlv(0xa1, bad)
			_, err = cms.Parse(m.der(), nil)
			require.ErrorIs(t, err, cms.ErrMalformed, "unsigned")
		})
	}
}

// Serial numbers in the field are not always minimal, and some are negative.
func TestSerialNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"020105": 5, "0203000005": 5, "02017f": 127, "020180": -128, "0201ff": -1, "0202ff7f": -129, "02020080": 128, "020100": 0,
	} {
		m := newMessage(t)
		m.signer.id = seq(seq(), hexed(t, in))
		require.Zero(t, big.NewInt(want).Cmp(m.parse(t).Signers[0].Serial), in)
	}
}

// What stands at a limit is read; one more is not.
func TestParseLimits(t *testing.T) {
	t.Parallel()
	alg := seq(oid(t, sha256OID...))
	a := attribute(t, cms.OIDMessageDigest, null)
	for name, c := range map[string]struct {
		limits cms.Limits
		fill   func(m *message, n int)
		want   error
	}{
		"certificates": {cms.Limits{Certificates: 3}, func(m *message, n int) {
			m.certs = tlv(0xa0, bytes.Repeat(seq(one), n))
		}, cms.ErrLimit},
		"other certificates": {cms.Limits{Certificates: 3}, func(m *message, n int) {
			m.certs = tlv(0xa0, bytes.Repeat(tlv(0xa1, one), n))
		}, cms.ErrLimit},
		"CRLs": {cms.Limits{CRLs: 3}, func(m *message, n int) {
			m.crls = tlv(0xa1, bytes.Repeat(seq(one), n))
		}, cms.ErrLimit},
		"digest algorithms": {cms.Limits{Signers: 3}, func(m *message, n int) { m.algorithms = bytes.Repeat(alg, n) }, cms.ErrLimit},
		"signers": {cms.Limits{Signers: 3}, func(m *message, n int) {
			m.signers = set(bytes.Repeat(m.signer.der(), n))
		}, cms.ErrLimit},
		"signed attributes": {cms.Limits{Attributes: 3}, func(m *message, n int) {
			m.signer.signed = tlv(0xa0, bytes.Repeat(a, n))
		}, cms.ErrLimit},
		"unsigned attributes": {cms.Limits{Attributes: 3}, func(m *message, n int) {
			m.signer.unsigned = tlv(0xa1, bytes.Repeat(a, n))
		}, cms.ErrLimit},
		"values of an attribute": {cms.Limits{Attributes: 3}, func(m *message, n int) {
			m.signer.signed = tlv(0xa0, attribute(t, cms.OIDMessageDigest, bytes.Repeat(null, n)))
		}, cms.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMessage(t)
			c.fill(m, 3)
			_, err := cms.Parse(m.der(), &c.limits)
			require.NoError(t, err)
			c.fill(m, 4)
			_, err = cms.Parse(m.der(), &c.limits)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestToDERLimits(t *testing.T) {
	t.Parallel()
	in := seq(seq(null), null) // four elements on three levels, eight octets
	for name, c := range map[string]struct {
		at, beyond cms.Limits
		want       error
	}{
		"octets":   {cms.Limits{Bytes: 8}, cms.Limits{Bytes: 7}, cms.ErrMalformed},
		"depth":    {cms.Limits{Depth: 2}, cms.Limits{Depth: 1}, cms.ErrLimit},
		"elements": {cms.Limits{Elements: 4}, cms.Limits{Elements: 3}, cms.ErrLimit},
		"negative": {cms.Limits{Bytes: -1, Depth: -1, Elements: -1}, cms.Limits{Bytes: 1}, cms.ErrMalformed},
	} {
		got, n, exact, err := cms.ToDER(append(bytes.Clone(in), 0, 0), &c.at)
		require.NoError(t, err, name)
		require.Equal(t, in, got)
		require.Equal(t, len(in), n)
		require.True(t, exact)
		_, _, _, err = cms.ToDER(in, &c.beyond)
		require.ErrorIs(t, err, c.want, name)
	}
}

// Lengths on both sides of each place where their form changes (X.690 §8.1.3, §10.1).
func TestToDERLengths(t *testing.T) {
	t.Parallel()
	for n, head := range map[int]string{
		0: "0400", 127: "047f", 128: "048180", 255: "0481ff", 256: "04820100", 65535: "0482ffff", 65536: "0483010000",
	} {
		content := bytes.Repeat([]byte{0xaa}, n)
		want := append(hexed(t, head), content...)
		got, _, exact, err := cms.ToDER(want, nil)
		require.NoError(t, err, n)
		require.True(t, exact, "%d octets in the shortest form", n)
		require.Equal(t, want, got)
		long := append([]byte{4, 0x84, 0, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
		for _, in := range [][]byte{
			long, joined([]byte{0x24, 0x80}, want, []byte{0, 0}), joined([]byte{0x24, 0x80}, long, []byte{0, 0}),
		} {
			got, consumed, exact, err := cms.ToDER(in, nil)
			require.NoError(t, err, n)
			require.False(t, exact)
			require.Equal(t, len(in), consumed)
			require.Equal(t, want, got)
			// The same inside another element, whose length counts it.
			inner, _, _, err := cms.ToDER(joined([]byte{0x30, 0x80}, in, null, []byte{0, 0}), nil)
			require.NoError(t, err, n)
			outer, _, exact, err := cms.ToDER(inner, nil)
			require.NoError(t, err, n)
			require.True(t, exact)
			require.True(t, bytes.HasSuffix(outer, append(bytes.Clone(want), null...)))
		}
	}
}
