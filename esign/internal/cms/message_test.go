package cms_test

import (
	"encoding/asn1"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/dertest"
)

// What the tests write DER with.
var tlv, seq, set, oid = dertest.TLV, dertest.Seq, dertest.Set, dertest.OID

func joined(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func hexed(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// The elements the messages of these tests are made of.
var (
	null        = []byte{5, 0}
	highTag     = []byte{0x1f, 0x81, 0x01, 0x00} // readable BER, but no tag that any field has
	one         = []byte{2, 1, 1}
	three       = []byte{2, 1, 3}
	sha256OID   = []int{2, 16, 840, 1, 101, 3, 4, 2, 1}
	sha384OID   = []int{2, 16, 840, 1, 101, 3, 4, 2, 2}
	sha512OID   = []int{2, 16, 840, 1, 101, 3, 4, 2, 3}
	sha1OID     = []int{1, 3, 14, 3, 2, 26}
	ecSHA256OID = []int{1, 2, 840, 10045, 4, 3, 2}
)

// message is a SignedData (RFC 5652 §5) in the pieces that a test may change.
type message struct {
	typ, version, content          []byte
	algorithms                     []byte // content of the SET
	certs, crls                    []byte // whole elements; nil for none
	signers                        []byte // whole element; nil for signer alone
	tail, wrapTail, infoTail       []byte // after the last field of each level
	signer                         signerInfo
	wrapTag, bodyTag, algorithmTag byte
}

type signerInfo struct {
	version, id, digest, signed, algorithm, value, unsigned, tail []byte
}

func (s *signerInfo) der() []byte {
	return seq(s.version, s.id, s.digest, s.signed, s.algorithm, s.value, s.unsigned, s.tail)
}

func newMessage(t testing.TB) *message {
	t.Helper()
	return &message{
		typ: oid(t, cms.OIDSignedData...), version: one, content: seq(oid(t, cms.OIDData...)),
		algorithms: seq(oid(t, sha256OID...)), wrapTag: 0xa0, bodyTag: 0x30, algorithmTag: 0x31,
		signer: signerInfo{
			version: one, id: seq(seq(), []byte{2, 1, 5}), digest: seq(oid(t, sha256OID...)),
			algorithm: seq(oid(t, ecSHA256OID...)), value: tlv(4, []byte{1}),
		},
	}
}

func (m *message) der() []byte {
	signers := m.signers
	if signers == nil {
		signers = set(m.signer.der())
	}
	body := tlv(m.bodyTag, m.version, tlv(m.algorithmTag, m.algorithms), m.content, m.certs, m.crls, signers, m.tail)
	return seq(m.typ, tlv(m.wrapTag, body, m.wrapTail), m.infoTail)
}

func (m *message) parse(t testing.TB) *cms.SignedData {
	t.Helper()
	sd, err := cms.Parse(m.der(), nil)
	require.NoError(t, err)
	return sd
}

// attribute is one Attribute with these values.
func attribute(t testing.TB, typ asn1.ObjectIdentifier, values ...[]byte) []byte {
	t.Helper()
	return seq(oid(t, typ...), set(values...))
}
