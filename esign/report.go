package esign

import (
	"fmt"
	"time"
)

// Verdict is the outcome of a verification. The zero value is Invalid, so that nothing forgotten reads as valid.
type Verdict int

const (
	// Invalid (không hợp lệ): a signature does not hold, a rule is broken, or something was changed later.
	Invalid Verdict = iota
	// Valid (hợp lệ): every signature holds, its signer leads to a trusted root, nothing was changed later.
	Valid
	// Indeterminate (chưa xác định): what is missing to decide is named in the Reason, most often the root.
	Indeterminate
)

// String returns valid, invalid or indeterminate.
func (v Verdict) String() string {
	switch v {
	case Valid:
		return "valid"
	case Indeterminate:
		return "indeterminate"
	}
	return "invalid"
}

// MarshalText writes the word of String.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word of String.
func (v *Verdict) UnmarshalText(b []byte) error {
	for _, known := range []Verdict{Invalid, Valid, Indeterminate} {
		if string(b) == known.String() {
			*v = known
			return nil
		}
	}
	return fmt.Errorf("verdict %q: use valid, invalid or indeterminate", quoted(string(b)))
}

// State says whether there was a signature to judge. Only Signed goes with a Verdict other than Invalid.
type State string

// The states.
const (
	Signed     State = "signed"
	Unsigned   State = "unsigned"   // readable, without any signature
	Unreadable State = "unreadable" // no PDF, damaged, encrypted or beyond the limits
)

// Report is what Verify found out about one file.
type Report struct {
	State   State   `json:"state"`
	Verdict Verdict `json:"verdict"`
	// Intact means that digests and signatures hold and nothing was changed later, whatever trust says.
	Intact bool `json:"intact"`
	// Reason is the cause of the verdict: that of the signature which decided it.
	Reason     Reason      `json:"reason"`
	Revocation Reason      `json:"revocation"`
	Size       int64       `json:"size"`    // bytes of the file
	Signers    []Signature `json:"signers"` // in the order of signing
}

// Kind tells signatures of people and agencies from document time stamps.
type Kind string

// The kinds.
const (
	KindSignature Kind = "signature"
	KindTimestamp Kind = "timestamp"
)

// Signature is what was found out about one signature. Names come from certificates and files and are not to be logged.
type Signature struct {
	Field   string  `json:"field"` // full name of the field it fills
	Kind    Kind    `json:"kind"`
	Verdict Verdict `json:"verdict"`
	Intact  bool    `json:"intact"`
	Reason  Reason  `json:"reason"`
	// Notes say what is not proved and what came later without harm.
	Notes []Reason `json:"notes,omitempty"`
	// Changes are the later changes that are not allowed.
	Changes []Reason `json:"changes,omitempty"`

	Signer      string    `json:"signer"`  // common name
	Subject     string    `json:"subject"` // whole name, RFC 2253
	Issuer      string    `json:"issuer"`
	Serial      string    `json:"serial,omitempty"` // hexadecimal
	NotBefore   time.Time `json:"notBefore,omitzero"`
	NotAfter    time.Time `json:"notAfter,omitzero"`
	Fingerprint string    `json:"certificateSHA256,omitempty"`
	Algorithm   string    `json:"algorithm,omitempty"`

	// Time is when it was signed: as TimeSource says, "timestamp" (proved) or "claimed" (by the signer).
	Time       time.Time `json:"time,omitzero"`
	TimeSource string    `json:"timeSource,omitempty"`
	// Revision is the length in bytes of what was signed: the first Revision bytes of the file are the document as the
	// signer left it.
	Revision int64 `json:"revision,omitempty"`

	certificate []byte
}

// TimeSource values of a Signature.
const (
	TimeProved  = "timestamp"
	TimeClaimed = "claimed"
)

// Certificate returns the DER of the signer's certificate, nil when it is not known.
func (s *Signature) Certificate() []byte { return s.certificate }

// settle sets the verdict and reason from the worst of the signatures, the first one when several are alike.
func (r *Report) settle() {
	r.State = Signed
	r.Intact = len(r.Signers) > 0
	rank := map[Verdict]int{Valid: 0, Indeterminate: 1, Invalid: 2}
	worst := -1
	for i := range r.Signers {
		s := &r.Signers[i]
		r.Intact = r.Intact && s.Intact
		if rank[s.Verdict] > worst {
			worst = rank[s.Verdict]
			r.Verdict, r.Reason = s.Verdict, s.Reason
		}
	}
}

func (s *Signature) note(r Reason) {
	for _, old := range s.Notes {
		if old == r {
			return
		}
	}
	s.Notes = append(s.Notes, r)
}
