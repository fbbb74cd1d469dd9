package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
)

// craftedOver writes one order of signed attributes and signs another.
func (s *signer) craftedOver(t testing.TB, written, signed []byte) (*cms.SignedData, *cms.SignerInfo) {
	t.Helper()
	sum := sha256.Sum256(signed)
	value, err := s.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	require.NoError(t, err)
	der, err := cms.Assemble(&cms.Parts{
		Chain: [][]byte{s.leaf.Raw}, Hash: crypto.SHA256, Scheme: cms.ECDSA, SignedAttributes: written, Signature: value,
	})
	require.NoError(t, err)
	sd, err := cms.Parse(der, nil)
	require.NoError(t, err)
	return sd, &sd.Signers[0]
}

func TestVerifyAttributes(t *testing.T) {
	t.Parallel()
	s := newSigner(t, ecKey(t))
	digest := sha256.Sum256([]byte("nội dung"))
	data := oid(t, cms.OIDData...)
	typ := attribute(t, cms.OIDContentType, data)
	octets := tlv(4, digest[:])
	dig := attribute(t, cms.OIDMessageDigest, octets)
	hash, sig := oid(t, sha256OID...), oid(t, ecSHA256OID...)
	// RFC 6211: the algorithms once more, the second implicitly tagged [1].
	protected := func(values ...[]byte) [][]byte {
		return [][]byte{typ, dig, attribute(t, cms.OIDAlgorithmProtection, values...)}
	}
	good := seq(seq(hash), tlv(0xa1, sig))
	for name, c := range map[string]struct {
		attrs [][]byte
		want  error
	}{
		"the two there must be":     {[][]byte{typ, dig}, nil},
		"one of another kind":       {[][]byte{typ, dig, attribute(t, cms.OIDSigningTime, null, null)}, nil},
		"the same twice":            {[][]byte{typ, dig, dig}, cms.ErrAttribute},
		"no content type":           {[][]byte{dig}, cms.ErrAttribute},
		"content type twice in one": {[][]byte{attribute(t, cms.OIDContentType, data, data), dig}, cms.ErrAttribute},
		"another content type":      {[][]byte{attribute(t, cms.OIDContentType, oid(t, cms.OIDTSTInfo...)), dig}, cms.ErrAttribute},
		"no digest":                 {[][]byte{typ}, cms.ErrAttribute},
		"digest twice in one":       {[][]byte{typ, attribute(t, cms.OIDMessageDigest, octets, octets)}, cms.ErrAttribute},
		"digest of another type":    {[][]byte{typ, attribute(t, cms.OIDMessageDigest, tlv(0x0c, digest[:]))}, cms.ErrAttribute},
		"another digest":            {[][]byte{typ, attribute(t, cms.OIDMessageDigest, tlv(4, digest[1:]))}, cms.ErrDigest},

		"protection":                     {protected(good), nil},
		"protection with NULL":           {protected(seq(seq(hash, null), tlv(0xa1, sig, null))), nil},
		"protection without value":       {protected(), cms.ErrAttribute},
		"protection twice in one":        {protected(good, good), cms.ErrAttribute},
		"protection of another type":     {protected(set(seq(hash), tlv(0xa1, sig))), cms.ErrAttribute},
		"protected hash unreadable":      {protected(seq(one, tlv(0xa1, sig))), cms.ErrAttribute},
		"protected hash is another":      {protected(seq(seq(oid(t, sha384OID...)), tlv(0xa1, sig))), cms.ErrAttribute},
		"protected hash has parameters":  {protected(seq(seq(hash, one), tlv(0xa1, sig))), cms.ErrAttribute},
		"protection without a signature": {protected(seq(seq(hash))), cms.ErrAttribute},
		"protection of a MAC":            {protected(seq(seq(hash), tlv(0xa2, sig))), cms.ErrAttribute},
		"protection has more":            {protected(seq(seq(hash), tlv(0xa1, sig), null)), cms.ErrAttribute},
		"protected signature unreadable": {protected(seq(seq(hash), tlv(0xa1, one))), cms.ErrAttribute},
		"protected signature is another": {protected(seq(seq(hash), tlv(0xa1, hash))), cms.ErrAttribute},
		"protected signature has more":   {protected(seq(seq(hash), tlv(0xa1, sig, one))), cms.ErrAttribute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sd, si := s.craftedOver(t, set(c.attrs...), set(c.attrs...))
			require.ErrorIs(t, sd.Verify(si, s.leaf, digest[:]), c.want)
		})
	}
	// The DER form is what is signed (RFC 5652 §5.4), whichever order the file has; a file signed as it stands passes as well.
	sorted := [][]byte{typ, dig}
	slices.SortFunc(sorted, bytes.Compare)
	inOrder, turned := set(sorted...), set(sorted[1], sorted[0])
	for _, c := range []struct {
		name            string
		written, signed []byte
		want            error
	}{
		{"DER", inOrder, inOrder, nil},
		{"written out of order, signed in DER", turned, inOrder, nil},
		{"signed as it stands", turned, turned, nil},
		{"in DER, signed out of order", inOrder, turned, cms.ErrSignature},
		{"out of order, signed as something else", turned, set(typ), cms.ErrSignature},
	} {
		sd, si := s.craftedOver(t, c.written, c.signed)
		require.ErrorIs(t, sd.Verify(si, s.leaf, digest[:]), c.want, c.name)
	}
	sd := newMessage(t).parse(t)
	require.ErrorIs(t, sd.Verify(&sd.Signers[0], s.leaf, digest[:]), cms.ErrNoSignedAttributes)
}

// verified makes a message by hand, its attributes signed with the key, and verifies it.
func verified(t testing.TB, key crypto.Signer, hash crypto.Hash, hashOID []int, algorithm []byte, opts crypto.SignerOpts) error {
	t.Helper()
	h := hash.New()
	h.Write([]byte("nội dung"))
	digest := h.Sum(nil)
	attrs := joined(attribute(t, cms.OIDContentType, oid(t, cms.OIDData...)), attribute(t, cms.OIDMessageDigest, tlv(4, digest)))
	toSign := set(attrs)
	if opts.HashFunc() != 0 {
		h.Reset()
		h.Write(toSign)
		toSign = h.Sum(nil)
	}
	value, err := key.Sign(rand.Reader, toSign, opts)
	require.NoError(t, err)
	m := newMessage(t)
	m.algorithms = seq(oid(t, hashOID...))
	m.signer.digest, m.signer.signed = seq(oid(t, hashOID...)), tlv(0xa0, attrs)
	m.signer.algorithm, m.signer.value = algorithm, tlv(4, value)
	sd := m.parse(t)
	return sd.Verify(&sd.Signers[0], &x509.Certificate{PublicKey: key.Public()}, digest)
}

func TestVerifyAlgorithms(t *testing.T) {
	t.Parallel()
	ec, rsa2048 := ecKey(t), rsaKey(t)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	alg := func(params []byte, o ...int) []byte { return seq(oid(t, o...), params) }
	const s256, s384, s512 = crypto.SHA256, crypto.SHA384, crypto.SHA512
	salted := &rsa.PSSOptions{SaltLength: 32, Hash: s256}
	pss := func(n byte) []byte {
		hash := seq(oid(t, sha256OID...))
		mask := seq(oid(t, 1, 2, 840, 113549, 1, 1, 8), hash)
		return alg(seq(tlv(0xa0, hash), tlv(0xa1, mask), tlv(0xa2, []byte{2, 1, n})), 1, 2, 840, 113549, 1, 1, 10)
	}
	for name, c := range map[string]struct {
		key       crypto.Signer
		hash      crypto.Hash
		hashOID   []int
		algorithm []byte
		opts      crypto.SignerOpts
		want      error
	}{
		"ECDSA SHA-256":           {ec, s256, sha256OID, alg(nil, ecSHA256OID...), s256, nil},
		"ECDSA SHA-384":           {ec, s384, sha384OID, alg(nil, 1, 2, 840, 10045, 4, 3, 3), s384, nil},
		"ECDSA SHA-512":           {ec, s512, sha512OID, alg(nil, 1, 2, 840, 10045, 4, 3, 4), s512, nil},
		"ECDSA SHA-1":             {ec, crypto.SHA1, sha1OID, alg(nil, 1, 2, 840, 10045, 4, 1), crypto.SHA1, nil},
		"EC key named":            {ec, s384, sha384OID, alg(oid(t, 1, 2, 840, 10045, 3, 1, 7), 1, 2, 840, 10045, 2, 1), s384, nil},
		"RSA named":               {rsa2048, s512, sha512OID, alg(null, 1, 2, 840, 113549, 1, 1, 1), s512, nil},
		"RSA SHA-384":             {rsa2048, s384, sha384OID, alg(null, 1, 2, 840, 113549, 1, 1, 12), s384, nil},
		"RSA-PSS":                 {rsa2048, s256, sha256OID, pss(32), salted, nil},
		"RSA-PSS, other salt":     {rsa2048, s256, sha256OID, pss(20), salted, cms.ErrSignature},
		"Ed25519":                 {ed, s512, sha512OID, alg(nil, 1, 3, 101, 112), crypto.Hash(0), nil},
		"Ed25519 with SHA-256":    {ed, s256, sha256OID, alg(nil, 1, 3, 101, 112), crypto.Hash(0), cms.ErrAlgorithm},
		"Ed25519 key, said ECDSA": {ed, s256, sha256OID, alg(nil, ecSHA256OID...), crypto.Hash(0), cms.ErrAlgorithm},
		"EC key, said Ed25519":    {ec, s512, sha512OID, alg(nil, 1, 3, 101, 112), s512, cms.ErrAlgorithm},
		"RSA key, said ECDSA":     {rsa2048, s256, sha256OID, alg(nil, ecSHA256OID...), s256, cms.ErrAlgorithm},
		"EC key, said RSA":        {ec, s256, sha256OID, alg(null, 1, 2, 840, 113549, 1, 1, 1), s256, cms.ErrAlgorithm},
		"hashes disagree":         {ec, s256, sha256OID, alg(nil, 1, 2, 840, 10045, 4, 3, 3), s256, cms.ErrAlgorithm},
		"unknown":                 {ec, s256, sha256OID, alg(nil, 1, 2, 3), s256, cms.ErrAlgorithm},
		"parameters":              {ec, s256, sha256OID, alg(one, ecSHA256OID...), s256, cms.ErrAlgorithm},
		"unknown hash":            {ec, s256, []int{1, 2, 3}, alg(nil, ecSHA256OID...), s256, cms.ErrAlgorithm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, verified(t, c.key, c.hash, c.hashOID, c.algorithm, c.opts), c.want)
		})
	}
}
