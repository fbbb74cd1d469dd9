package tsp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/motcua/motcua/esign/internal/cms"
)

// Info is a TSTInfo (RFC 3161 §2.4.2): what the authority says.
type Info struct {
	Policy   asn1.ObjectIdentifier
	Hash     crypto.Hash
	Imprint  []byte
	Serial   *big.Int
	Time     time.Time // genTime, UTC
	Accuracy time.Duration
	Ordering bool
	Nonce    *big.Int // nil when the request had none
	TSA      []byte   // DER of the authority's GeneralName; nil when absent
}

// Token is a TimeStampToken as read; nothing is verified by reading it.
type Token struct {
	Raw  []byte // DER
	CMS  *cms.SignedData
	Info Info
}

// ParseToken reads a token from the start of b; CMS.Consumed tells how much of b
// it took.
func ParseToken(b []byte, l *cms.Limits) (*Token, error) {
	sd, err := cms.Parse(b, l)
	if err != nil {
		return nil, err
	}
	if !sd.ContentType.Equal(cms.OIDTSTInfo) || sd.Detached {
		return nil, malformed("the CMS holds no TSTInfo")
	}
	t := &Token{Raw: sd.DER, CMS: sd}
	if t.Info, err = parseInfo(sd.Content); err != nil {
		return nil, err
	}
	return t, nil
}

func parseInfo(der []byte) (Info, error) {
	var info Info
	s := cryptobyte.String(der)
	var seq, tsa cryptobyte.String
	var version int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() || !seq.ReadASN1Integer(&version) || version != 1 ||
		!seq.ReadASN1ObjectIdentifier(&info.Policy) {
		return info, malformed("head of TSTInfo")
	}
	var err error
	if info.Hash, info.Imprint, err = readImprint(&seq); err != nil {
		return info, err
	}
	info.Serial = new(big.Int)
	if !seq.ReadASN1Integer(info.Serial) {
		return info, malformed("serial number of TSTInfo")
	}
	if info.Time, err = readTime(&seq); err != nil {
		return info, err
	}
	if seq.PeekASN1Tag(cbasn1.SEQUENCE) {
		if info.Accuracy, err = readAccuracy(&seq); err != nil {
			return info, err
		}
	}
	if seq.PeekASN1Tag(cbasn1.BOOLEAN) && !seq.ReadASN1Boolean(&info.Ordering) {
		return info, malformed("ordering")
	}
	if seq.PeekASN1Tag(cbasn1.INTEGER) {
		info.Nonce = new(big.Int)
		if !seq.ReadASN1Integer(info.Nonce) {
			return info, malformed("nonce of TSTInfo")
		}
	}
	var present bool
	if !seq.ReadOptionalASN1(&tsa, &present, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return info, malformed("name of the authority")
	}
	if present {
		info.TSA = tsa
	}
	// Extensions are signed with the rest and no critical one is defined; what
	// is not known is not used.
	if !seq.Empty() && !seq.SkipASN1(cbasn1.Tag(1).ContextSpecific().Constructed()) || !seq.Empty() {
		return info, malformed("end of TSTInfo")
	}
	return info, nil
}

// readTime reads a GeneralizedTime with or without a fraction of a second, in
// UTC as DER wants it (RFC 3161 §2.4.2).
func readTime(s *cryptobyte.String) (time.Time, error) {
	var raw cryptobyte.String
	if !s.ReadASN1(&raw, cbasn1.GeneralizedTime) || len(raw) > 40 {
		return time.Time{}, malformed("time of TSTInfo")
	}
	t, err := time.Parse("20060102150405Z", string(raw))
	if err != nil {
		t, err = time.Parse("20060102150405.999999999Z", string(raw))
	}
	if err != nil {
		return time.Time{}, malformed("time of TSTInfo")
	}
	return t, nil
}

func readAccuracy(s *cryptobyte.String) (time.Duration, error) {
	var seq cryptobyte.String
	bad := malformed("accuracy of TSTInfo")
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return 0, bad
	}
	var seconds int64
	if seq.PeekASN1Tag(cbasn1.INTEGER) && !seq.ReadASN1Integer(&seconds) || seconds < 0 || seconds > 1<<31 {
		return 0, bad
	}
	total := time.Duration(seconds) * time.Second
	for n, unit := range []time.Duration{time.Millisecond, time.Microsecond} {
		tag := cbasn1.Tag(n).ContextSpecific()
		if !seq.PeekASN1Tag(tag) {
			continue
		}
		var value int64
		if !seq.ReadASN1Int64WithTag(&value, tag) || value < 1 || value > 999 {
			return 0, bad
		}
		total += time.Duration(value) * unit
	}
	if !seq.Empty() {
		return 0, bad
	}
	return total, nil
}

// CheckImprint checks that the token is about the data with this digest;
// otherwise [ErrImprint].
func (t *Token) CheckImprint(h crypto.Hash, digest []byte) error {
	if t.Info.Hash != h || !bytes.Equal(t.Info.Imprint, digest) {
		return ErrImprint
	}
	return nil
}

// Certificate returns the signer's certificate among those of the token and,
// after them, others, or nil: some authorities send none, and a document's DSS
// may hold it.
func (t *Token) Certificate(others []*x509.Certificate) *x509.Certificate {
	if len(t.CMS.Signers) != 1 {
		return nil
	}
	si := &t.CMS.Signers[0]
	if c := t.CMS.SignerCertificate(si); c != nil {
		return c.X
	}
	for _, c := range others {
		if si.Names(c) && si.CheckSigningCertificate(c) == nil {
			return c
		}
	}
	return nil
}

// Verify checks the token against its signer's certificate: one signer, the
// signature over TSTInfo, ESS naming the certificate, the certificate made for
// nothing but time stamping (a critical extended key usage, RFC 3161 §2.3) and
// valid at the time the token states. It does not check the imprint
// ([Token.CheckImprint]), the path or revocation.
func (t *Token) Verify(c *x509.Certificate) error {
	if len(t.CMS.Signers) != 1 {
		return fmt.Errorf("%w: %d signers instead of one", ErrSigner, len(t.CMS.Signers))
	}
	if c == nil {
		return fmt.Errorf("%w: its certificate is missing", ErrSigner)
	}
	si := &t.CMS.Signers[0]
	h, err := si.Hash()
	if err != nil {
		return err
	}
	sum := h.New()
	sum.Write(t.CMS.Content)
	if err := t.CMS.Verify(si, c, sum.Sum(nil)); err != nil {
		return err
	}
	if err := si.CheckSigningCertificate(c); err != nil {
		return err
	}
	if err := CheckUsage(c); err != nil {
		return err
	}
	if t.Info.Time.Before(c.NotBefore) || t.Info.Time.After(c.NotAfter) {
		return fmt.Errorf("%w: its certificate was not valid at the time it states", ErrSigner)
	}
	return nil
}

var oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// CheckUsage checks that a certificate is for time stamping and nothing else.
func CheckUsage(c *x509.Certificate) error {
	if !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) || len(c.UnknownExtKeyUsage) > 0 {
		return fmt.Errorf("%w: its certificate is not for time stamping alone", ErrSigner)
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) && !e.Critical {
			return fmt.Errorf("%w: the extended key usage of its certificate is not critical", ErrSigner)
		}
	}
	return nil
}
