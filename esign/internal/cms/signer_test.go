package cms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
)

func TestNames(t *testing.T) {
	t.Parallel()
	five := big.NewInt(5)
	byIssuer, byKey := cms.SignerInfo{Issuer: []byte("i"), Serial: five}, cms.SignerInfo{KeyID: []byte("k")}
	for name, c := range map[string]struct {
		si   cms.SignerInfo
		x    x509.Certificate
		want bool
	}{
		"both":           {byIssuer, x509.Certificate{RawIssuer: []byte("i"), SerialNumber: five}, true},
		"another issuer": {byIssuer, x509.Certificate{RawIssuer: []byte("j"), SerialNumber: five}, false},
		"another serial": {byIssuer, x509.Certificate{RawIssuer: []byte("i"), SerialNumber: big.NewInt(6)}, false},
		"key":            {byKey, x509.Certificate{SubjectKeyId: []byte("k")}, true},
		"another key":    {byKey, x509.Certificate{SubjectKeyId: []byte("l")}, false},
		"no key":         {byKey, x509.Certificate{}, false},
	} {
		require.Equal(t, c.want, c.si.Names(&c.x), name)
	}
}

// Issuer and serial can be forged: of two certificates named alike, ESS says which one it is; without it the first is taken.
func TestSignerCertificate(t *testing.T) {
	t.Parallel()
	k := ecKey(t)
	alike := func(name string) *x509.Certificate {
		tpl := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: name}}
		parent := &x509.Certificate{Subject: pkix.Name{CommonName: "Gốc"}}
		return certificate(t, tpl, parent, k.Public(), k)
	}
	first, second := alike("a"), alike("b")
	id := seq(first.RawIssuer, []byte{2, 1, 5})
	ess := func(c *x509.Certificate) []byte {
		sum := sha256.Sum256(c.Raw)
		return tlv(0xa0, attribute(t, cms.OIDSigningCertificateV2, seq(seq(seq(tlv(4, sum[:]))))))
	}
	for name, c := range map[string]struct {
		certs  [][]byte
		id     []byte
		signed []byte
		want   *x509.Certificate
	}{
		"first named by ESS":    {[][]byte{first.Raw, second.Raw}, id, ess(first), first},
		"second named by ESS":   {[][]byte{first.Raw, second.Raw}, id, ess(second), second},
		"no ESS":                {[][]byte{first.Raw, second.Raw}, id, nil, first},
		"no ESS, turned":        {[][]byte{second.Raw, first.Raw}, id, nil, second},
		"ESS names one outside": {[][]byte{first.Raw}, id, ess(second), first},
		"unreadable before it":  {[][]byte{seq(one), first.Raw}, id, nil, first},
		"another serial":        {[][]byte{first.Raw}, seq(first.RawIssuer, one), ess(first), nil},
		"none":                  {nil, id, ess(first), nil},
	} {
		m := newMessage(t)
		m.certs, m.signer.id, m.signer.signed = tlv(0xa0, c.certs...), c.id, c.signed
		sd := m.parse(t)
		got := sd.SignerCertificate(&sd.Signers[0])
		if c.want == nil {
			require.Nil(t, got, name)
			continue
		}
		require.NotNil(t, got, name)
		require.Equal(t, c.want.Raw, got.X.Raw, name)
	}
}

func TestSigningCertificate(t *testing.T) {
	t.Parallel()
	raw := []byte("chứng thư")
	s1, s256, s512 := sha1.Sum(raw), sha256.Sum256(raw), sha512.Sum512(raw)
	v1 := func(values ...[]byte) []byte { return attribute(t, cms.OIDSigningCertificate, values...) }
	v2 := func(values ...[]byte) []byte { return attribute(t, cms.OIDSigningCertificateV2, values...) }
	short, long := seq(tlv(4, s256[:])), seq(seq(oid(t, sha512OID...)), tlv(4, s512[:]))
	names := seq(tlv(0xa4, seq()))
	for name, c := range map[string]struct {
		attrs []byte
		want  *cms.SigningCertificate // nil for a failure
	}{
		"version 2":       {v2(seq(seq(short))), &cms.SigningCertificate{V2: true, Hash: crypto.SHA256, Value: s256[:], Count: 1}},
		"version 2, long": {v2(seq(seq(long))), &cms.SigningCertificate{V2: true, Hash: crypto.SHA512, Value: s512[:], Count: 1}},
		"version 1":       {v1(seq(seq(seq(tlv(4, s1[:]))))), &cms.SigningCertificate{Hash: crypto.SHA1, Value: s1[:], Count: 1}},
		"both versions": {
			joined(v1(seq(seq(seq(tlv(4, s1[:]))))), v2(seq(seq(short)))),
			&cms.SigningCertificate{V2: true, Hash: crypto.SHA256, Value: s256[:], Count: 1},
		},
		"with a path": {v2(seq(seq(short, long, long))), &cms.SigningCertificate{V2: true, Hash: crypto.SHA256, Value: s256[:], Count: 3}},
		"with policies": {
			v2(seq(seq(short), seq(seq(one)))), &cms.SigningCertificate{V2: true, Hash: crypto.SHA256, Value: s256[:], Count: 1},
		},
		"with issuer and serial": {
			v2(seq(seq(seq(tlv(4, s256[:]), seq(names, one))))),
			&cms.SigningCertificate{V2: true, Hash: crypto.SHA256, Value: s256[:], Count: 1, Issuer: names, Serial: []byte{1}},
		},
		"missing":                 {attribute(t, cms.OIDSigningTime, null), nil},
		"twice":                   {joined(v2(seq(seq(short))), v2(seq(seq(short)))), nil},
		"twice, one empty":        {joined(v2(seq(seq(short))), v2()), nil},
		"two values":              {v2(seq(seq(short)), seq(seq(short))), nil},
		"no value":                {v2(), nil},
		"no sequence":             {v2(set(seq(short))), nil},
		"certificates in a set":   {v2(seq(set(short))), nil},
		"no certificates":         {v2(seq(seq())), nil},
		"first in a set":          {v2(seq(seq(set(tlv(4, s256[:]))))), nil},
		"second in a set":         {v2(seq(seq(short, set(tlv(4, s256[:]))))), nil},
		"policies in a set":       {v2(seq(seq(short), set(one))), nil},
		"more after policies":     {v2(seq(seq(short), seq(), null)), nil},
		"unknown hash":            {v2(seq(seq(seq(seq(oid(t, 1, 2, 3)), tlv(4, s256[:]))))), nil},
		"version 1 with a hash":   {v1(seq(seq(long))), nil},
		"value of another length": {v2(seq(seq(seq(tlv(4, s256[1:]))))), nil},
		"version 1, SHA-256":      {v1(seq(seq(short))), nil},
		"value of another type":   {v2(seq(seq(seq(tlv(0x0c, s256[:]))))), nil},
		"issuer in a set":         {v2(seq(seq(seq(tlv(4, s256[:]), set(names, one))))), nil},
		"names in a set":          {v2(seq(seq(seq(tlv(4, s256[:]), seq(set(), one))))), nil},
		"serial of another type":  {v2(seq(seq(seq(tlv(4, s256[:]), seq(names, null))))), nil},
		"more after the serial":   {v2(seq(seq(seq(tlv(4, s256[:]), seq(names, one, null))))), nil},
		"more after the issuer":   {v2(seq(seq(seq(tlv(4, s256[:]), seq(names, one), null)))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMessage(t)
			m.signer.signed = tlv(0xa0, c.attrs)
			si := &m.parse(t).Signers[0]
			got, err := si.SigningCertificate()
			if c.want == nil {
				require.ErrorIs(t, err, cms.ErrSigningCertificate)
				require.ErrorIs(t, si.CheckSigningCertificate(&x509.Certificate{Raw: raw}), cms.ErrSigningCertificate)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.NoError(t, si.CheckSigningCertificate(&x509.Certificate{Raw: raw}))
			require.ErrorIs(t, si.CheckSigningCertificate(&x509.Certificate{Raw: raw[1:]}), cms.ErrSigningCertificate)
		})
	}
}

// RSASSA-PSS-params of RFC 4055 §3.1; what is absent has the default of SHA-1 and a salt of 20.
func TestPSSParameters(t *testing.T) {
	t.Parallel()
	mgf1 := oid(t, 1, 2, 840, 113549, 1, 1, 8)
	s1, s256 := seq(oid(t, sha1OID...)), seq(oid(t, sha256OID...), null)
	hash, mask := tlv(0xa0, s256), tlv(0xa1, seq(mgf1, s256))
	for name, c := range map[string]struct {
		params []byte
		ok     bool
	}{
		"defaults":               {seq(), true},
		"SHA-1 said":             {seq(tlv(0xa0, s1), tlv(0xa1, seq(mgf1, s1)), tlv(0xa2, []byte{2, 1, 20}), tlv(0xa3, one)), true},
		"SHA-256":                {seq(hash, mask, tlv(0xa2, []byte{2, 1, 32})), true},
		"no salt":                {seq(hash, mask, tlv(0xa2, []byte{2, 1, 0})), true},
		"longest salt":           {seq(hash, mask, tlv(0xa2, []byte{2, 2, 2, 0})), true},
		"salt too long":          {seq(hash, mask, tlv(0xa2, []byte{2, 2, 2, 1})), false},
		"negative salt":          {seq(hash, mask, tlv(0xa2, []byte{2, 1, 0xff})), false},
		"salt is no number":      {seq(hash, mask, tlv(0xa2, null)), false},
		"no parameters":          {nil, false},
		"NULL":                   {null, false},
		"mask missing":           {seq(hash), false},
		"hash missing":           {seq(mask), false},
		"another mask":           {seq(hash, tlv(0xa1, seq(oid(t, 1, 2, 3), s256))), false},
		"mask of another hash":   {seq(hash, tlv(0xa1, seq(mgf1, s1))), false},
		"mask without its hash":  {seq(hash, tlv(0xa1, seq(mgf1))), false},
		"mask unreadable":        {seq(hash, tlv(0xa1, null)), false},
		"mask has more":          {seq(hash, tlv(0xa1, seq(mgf1, s256), null)), false},
		"hash of mask unknown":   {seq(hash, tlv(0xa1, seq(mgf1, seq(oid(t, 1, 2, 3))))), false},
		"hash unreadable":        {seq(tlv(0xa0, null), mask), false},
		"hash has more":          {seq(tlv(0xa0, s256, null), mask), false},
		"hash unknown":           {seq(tlv(0xa0, seq(oid(t, 1, 2, 3))), mask), false},
		"hash with parameters":   {seq(tlv(0xa0, seq(oid(t, sha256OID...), one)), mask), false},
		"another trailer":        {seq(hash, mask, tlv(0xa3, []byte{2, 1, 2})), false},
		"trailer is no number":   {seq(hash, mask, tlv(0xa3, null)), false},
		"more after the trailer": {seq(hash, mask, tlv(0xa3, one), null), false},
		"no sequence":            {set(hash, mask), false},
	} {
		m := newMessage(t)
		m.signer.algorithm = seq(oid(t, 1, 2, 840, 113549, 1, 1, 10), c.params)
		got, err := m.parse(t).Signers[0].Scheme()
		if !c.ok {
			require.ErrorIs(t, err, cms.ErrAlgorithm, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, cms.RSAPSS, got, name)
	}
}

func TestVerifyDigest(t *testing.T) {
	t.Parallel()
	ec, rsa2048 := ecKey(t), rsaKey(t)
	edKey, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	digest, other := sha256.Sum256(nil), sha256.Sum256([]byte("x"))
	sign := func(k crypto.Signer, o crypto.SignerOpts) []byte {
		value, err := k.Sign(rand.Reader, digest[:], o)
		require.NoError(t, err)
		return value
	}
	ofEC, ofRSA := sign(ec, crypto.SHA256), sign(rsa2048, crypto.SHA256)
	ofPSS := sign(rsa2048, &rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA256})
	short := sign(rsa2048, &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256})
	for name, c := range map[string]struct {
		key    crypto.PublicKey
		scheme cms.Scheme
		digest [32]byte
		value  []byte
		want   error
	}{
		"ECDSA":                 {ec.Public(), cms.ECDSA, digest, ofEC, nil},
		"ECDSA, other digest":   {ec.Public(), cms.ECDSA, other, ofEC, cms.ErrSignature},
		"RSA":                   {rsa2048.Public(), cms.RSAPKCS1v15, digest, ofRSA, nil},
		"RSA, other digest":     {rsa2048.Public(), cms.RSAPKCS1v15, other, ofRSA, cms.ErrSignature},
		"RSA-PSS":               {rsa2048.Public(), cms.RSAPSS, digest, ofPSS, nil},
		"RSA-PSS, other digest": {rsa2048.Public(), cms.RSAPSS, other, ofPSS, cms.ErrSignature},
		"RSA-PSS, short salt":   {rsa2048.Public(), cms.RSAPSS, digest, short, cms.ErrSignature},
		"PSS said PKCS#1":       {rsa2048.Public(), cms.RSAPKCS1v15, digest, ofPSS, cms.ErrSignature},
		"RSA said ECDSA":        {rsa2048.Public(), cms.ECDSA, digest, ofRSA, cms.ErrAlgorithm},
		"EC said RSA":           {ec.Public(), cms.RSAPKCS1v15, digest, ofEC, cms.ErrAlgorithm},
		"Ed25519":               {edKey, cms.EdDSA, digest, make([]byte, 64), cms.ErrAlgorithm},
	} {
		require.ErrorIs(t, cms.VerifyDigest(c.key, c.scheme, crypto.SHA256, c.digest[:], c.value), c.want, name)
	}
}

func TestMaxSignatureSize(t *testing.T) {
	t.Parallel()
	// SEQUENCE of two INTEGERs, each the curve's octets and a leading zero.
	for curve, want := range map[elliptic.Curve]int{elliptic.P256(): 72, elliptic.P384(): 104, elliptic.P521(): 3 + 2*(2+67)} {
		n, err := cms.MaxSignatureSize(&ecdsa.PublicKey{Curve: curve})
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	n, err := cms.MaxSignatureSize(rsaKey(t).Public())
	require.NoError(t, err)
	require.Equal(t, 256, n)
	_, err = cms.MaxSignatureSize(ed25519.PublicKey{})
	require.ErrorIs(t, err, cms.ErrAlgorithm)
}

// What a signature is not made of: weak or unknown hashes, digests of another length, missing parts.
func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	s := newSigner(t, ecKey(t))
	spec := func(h crypto.Hash, n int, cert []byte) error {
		_, err := cms.SignedAttributes(&cms.AttributeSpec{Hash: h, Digest: make([]byte, n), Certificate: cert})
		return err
	}
	require.NoError(t, spec(crypto.SHA256, 32, s.leaf.Raw))
	require.NoError(t, spec(crypto.SHA512, 64, s.leaf.Raw))
	require.ErrorIs(t, spec(crypto.SHA224, 28, s.leaf.Raw), cms.ErrAlgorithm)
	require.ErrorIs(t, spec(crypto.SHA1, 20, s.leaf.Raw), cms.ErrAlgorithm)
	require.ErrorIs(t, spec(crypto.SHA512_256, 32, s.leaf.Raw), cms.ErrAlgorithm)
	require.ErrorIs(t, spec(crypto.SHA256, 31, s.leaf.Raw), cms.ErrDigest)
	require.ErrorIs(t, spec(crypto.SHA256, 33, s.leaf.Raw), cms.ErrDigest)
	require.ErrorIs(t, spec(crypto.SHA256, 32, nil), cms.ErrSigningCertificate)
	for name, c := range map[string]struct {
		change func(*cms.Parts)
		want   error
	}{
		"whole":                  {func(*cms.Parts) {}, nil},
		"attributes of one":      {func(p *cms.Parts) { p.SignedAttributes = p.SignedAttributes[:1] }, cms.ErrMalformed},
		"no signature":           {func(p *cms.Parts) { p.Signature = nil }, cms.ErrMalformed},
		"no certificate":         {func(p *cms.Parts) { p.Chain = nil }, cms.ErrMalformed},
		"certificate by itself":  {func(p *cms.Parts) { p.Chain, p.Signer = nil, s.leaf }, nil},
		"unreadable certificate": {func(p *cms.Parts) { p.Chain = [][]byte{{1}} }, cms.ErrMalformed},
		"unknown hash":           {func(p *cms.Parts) { p.Hash = crypto.SHA512_256 }, cms.ErrAlgorithm},
		"weak hash":              {func(p *cms.Parts) { p.Hash = crypto.SHA1 }, cms.ErrAlgorithm},
		"unknown scheme":         {func(p *cms.Parts) { p.Scheme = 0 }, cms.ErrAlgorithm},
		"Ed25519":                {func(p *cms.Parts) { p.Scheme, p.Hash = cms.EdDSA, crypto.SHA512 }, cms.ErrAlgorithm},
	} {
		p := &cms.Parts{
			Chain: [][]byte{s.leaf.Raw}, Hash: crypto.SHA256, Scheme: cms.ECDSA, SignedAttributes: set(), Signature: []byte{1},
		}
		c.change(p)
		_, err := cms.Assemble(p)
		require.ErrorIs(t, err, c.want, name)
		if name != "no signature" { // which Size makes up
			_, err = cms.Size(p, 0)
			require.ErrorIs(t, err, c.want, name)
		}
	}
}
