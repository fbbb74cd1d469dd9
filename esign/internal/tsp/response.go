package tsp

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/motcua/motcua/esign/internal/cms"
)

// Status is a PKIStatus (RFC 3161 §2.4.2).
type Status int

// The statuses. Only the first two come with a token.
const (
	Granted                Status = 0
	GrantedWithMods        Status = 1
	Rejection              Status = 2
	Waiting                Status = 3
	RevocationWarning      Status = 4
	RevocationNotification Status = 5
)

// Failure is a bit of PKIFailureInfo; NoFailure is none.
type Failure int

// The failures of RFC 3161 §2.4.2.
const (
	NoFailure           Failure = -1
	BadAlg              Failure = 0
	BadRequest          Failure = 2
	BadDataFormat       Failure = 5
	TimeNotAvailable    Failure = 14
	UnacceptedPolicy    Failure = 15
	UnacceptedExtension Failure = 16
	AddInfoNotAvailable Failure = 17
	SystemFailure       Failure = 25
)

// String names the failure as the standard does.
func (f Failure) String() string {
	switch f {
	case NoFailure:
		return "no failure"
	case BadAlg:
		return "badAlg"
	case BadRequest:
		return "badRequest"
	case BadDataFormat:
		return "badDataFormat"
	case TimeNotAvailable:
		return "timeNotAvailable"
	case UnacceptedPolicy:
		return "unacceptedPolicy"
	case UnacceptedExtension:
		return "unacceptedExtension"
	case AddInfoNotAvailable:
		return "addInfoNotAvailable"
	case SystemFailure:
		return "systemFailure"
	}
	return "unknown failure"
}

// Response is a TimeStampResp. The authority's free text is not kept.
type Response struct {
	Status  Status
	Failure Failure
	Token   []byte // DER or BER of the token; nil without one
}

// Marshal gives the DER of the response.
func (r *Response) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(int64(r.Status))
			if r.Status > GrantedWithMods && r.Failure >= 0 {
				octets := make([]byte, r.Failure/8+1)
				octets[r.Failure/8] = 0x80 >> (r.Failure % 8)
				b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
					b.AddUint8(7 - uint8(r.Failure%8))
					b.AddBytes(octets)
				})
			}
		})
		b.AddBytes(r.Token)
	})
	return b.Bytes()
}

// ParseResponse reads a TimeStampResp whose answer may be BER. A granted one has
// a token, any other none; a response that breaks this is malformed.
func ParseResponse(b []byte, l *cms.Limits) (*Response, error) {
	der, consumed, _, err := cms.ToDER(b, l)
	if err != nil {
		return nil, err
	}
	if consumed != len(b) {
		return nil, malformed("octets after the response")
	}
	s := cryptobyte.String(der)
	var seq, info cryptobyte.String
	var status int
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&status) {
		return nil, malformed("head of the response")
	}
	r := &Response{Status: Status(status), Failure: NoFailure}
	if info.PeekASN1Tag(cbasn1.SEQUENCE) && !info.SkipASN1(cbasn1.SEQUENCE) {
		return nil, malformed("text of the response")
	}
	if info.PeekASN1Tag(cbasn1.BIT_STRING) {
		var bits asn1.BitString
		if !info.ReadASN1BitString(&bits) {
			return nil, malformed("failure of the response")
		}
		for i := range bits.BitLength {
			if bits.At(i) == 1 {
				r.Failure = Failure(i)
				break
			}
		}
	}
	if !info.Empty() {
		return nil, malformed("status of the response")
	}
	granted := r.Status == Granted || r.Status == GrantedWithMods
	if granted == seq.Empty() {
		return nil, malformed("a token without grant, or a grant without a token")
	}
	if granted {
		var token cryptobyte.String
		if !seq.ReadASN1Element(&token, cbasn1.SEQUENCE) || !seq.Empty() {
			return nil, malformed("token of the response")
		}
		r.Token = token
	}
	return r, nil
}
