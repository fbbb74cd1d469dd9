package cms

import (
	"fmt"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Irregularity is one thing about a SignedData that a signature made by
// [Assemble] never shows. None of them breaks the mathematics; each of them is
// room in which octets outside the signed ones can be changed or smuggled in.
// Which of them a verifier lets pass in files of others is its policy.
type Irregularity struct {
	Code IrregularityCode
	Text string // names the field; no bytes of the input
}

// IrregularityCode classifies an [Irregularity]. The numbers are frozen.
type IrregularityCode int

// The irregularities [SignedData.Irregularities] finds.
const (
	NotDER           IrregularityCode = iota + 1 // BER that had to be converted
	BadVersion                                   // a version number that RFC 5652 §5.1, §5.3 do not give
	ExtraAlgorithms                              // digestAlgorithms is not exactly the signers'
	HasCRLs                                      // revocation data in the CMS
	OtherCertificate                             // attribute certificates or unknown kinds
	DoubleCert                                   // the same certificate twice
	UnreadableCert                               // a certificate Go cannot read
	SignerCount                                  // not exactly one signer
	UnsortedSet                                  // attributes not in DER order
	ValueCount                                   // an attribute without exactly one value
	UnknownUnsigned                              // an unsigned attribute other than the signature time stamp
	DoubleUnsigned                               // an unsigned attribute twice
	HasSigningTime                               // a signing-time attribute, which PAdES forbids
	OddParameters                                // algorithm parameters other than the usual ones
)

// Irregularities lists what sets sd apart from what [Assemble] writes, in a
// stable order; empty for its own output.
func (sd *SignedData) Irregularities() []Irregularity {
	var out []Irregularity
	add := func(c IrregularityCode, format string, args ...any) {
		out = append(out, Irregularity{c, fmt.Sprintf(format, args...)})
	}
	if !sd.WasDER {
		add(NotDER, "the CMS is not in DER")
	}
	if want := sd.version(); sd.Version != want {
		add(BadVersion, "version %d of SignedData instead of %d", sd.Version, want)
	}
	if len(sd.Signers) != 1 {
		add(SignerCount, "%d signers instead of one", len(sd.Signers))
	}
	sd.algorithmIrregularities(add)
	if len(sd.CRLs) > 0 {
		add(HasCRLs, "%d revocation lists in the CMS", len(sd.CRLs))
	}
	if sd.otherCertificates > 0 {
		add(OtherCertificate, "%d certificates of another kind", sd.otherCertificates)
	}
	seen := map[string]bool{}
	for i, c := range sd.Certificates {
		if c.Err != nil {
			add(UnreadableCert, "certificate %d cannot be read", i+1)
		}
		if seen[string(c.Raw)] {
			add(DoubleCert, "certificate %d stands twice", i+1)
		}
		seen[string(c.Raw)] = true
	}
	for i := range sd.Signers {
		sd.Signers[i].irregularities(add)
	}
	return out
}

func (sd *SignedData) version() int {
	for _, crl := range sd.CRLs {
		if crl[0] != byte(cbasn1.SEQUENCE) {
			return 5 // revocation data of another kind, such as OCSP
		}
	}
	if !sd.ContentType.Equal(OIDData) {
		return 3
	}
	for i := range sd.Signers {
		if sd.Signers[i].KeyID != nil {
			return 3
		}
	}
	return 1
}

func (sd *SignedData) algorithmIrregularities(add func(IrregularityCode, string, ...any)) {
	used := map[string]bool{}
	for i := range sd.Signers {
		used[sd.Signers[i].DigestAlgorithm.OID.String()] = true
	}
	if len(sd.DigestAlgorithms) != len(used) {
		add(ExtraAlgorithms, "%d digest algorithms for %d in use", len(sd.DigestAlgorithms), len(used))
	}
	for _, a := range sd.DigestAlgorithms {
		if !used[a.OID.String()] {
			add(ExtraAlgorithms, "digest algorithm %v is not used", a.OID)
		}
		if !a.plain() {
			add(OddParameters, "digest algorithm with parameters")
		}
	}
}

func (si *SignerInfo) irregularities(add func(IrregularityCode, string, ...any)) {
	want := 1
	if si.KeyID != nil {
		want = 3
	}
	if si.Version != want {
		add(BadVersion, "version %d of SignerInfo instead of %d", si.Version, want)
	}
	if !si.DigestAlgorithm.plain() {
		add(OddParameters, "digest algorithm with parameters")
	}
	if s, err := si.SignatureAlgorithm.signature(); err == nil && s.scheme == ECDSA && si.SignatureAlgorithm.Params != nil {
		add(OddParameters, "ECDSA with parameters")
	}
	if !si.sortedSigned && si.SignedAttributes != nil {
		add(UnsortedSet, "signed attributes out of order")
	}
	if !si.sortedUnsigned {
		add(UnsortedSet, "unsigned attributes out of order")
	}
	for _, a := range si.Signed {
		if len(a.Values) != 1 {
			add(ValueCount, "signed attribute %v with %d values", a.Type, len(a.Values))
		}
		if a.Type.Equal(OIDSigningTime) {
			add(HasSigningTime, "a signing-time attribute")
		}
	}
	seen := map[string]bool{}
	for _, a := range si.Unsigned {
		name := a.Type.String()
		if !a.Type.Equal(OIDSignatureTimeStamp) {
			add(UnknownUnsigned, "unsigned attribute %v", a.Type)
		}
		if len(a.Values) != 1 {
			add(ValueCount, "unsigned attribute %v with %d values", a.Type, len(a.Values))
		}
		if seen[name] {
			add(DoubleUnsigned, "unsigned attribute %v twice", a.Type)
		}
		seen[name] = true
	}
}
