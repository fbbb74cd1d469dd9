package certify

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// TrialMark stands on every paper and in every QR made with simulators.
const TrialMark = "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"

// Token is what the QR of a statement page says: which line of which register
// certifies which scan. It is signed with the issuer's service key, so that a
// print of the copy can be checked against the register without a network.
type Token struct {
	// Issuer is the unit's code, e.g. "H10.12".
	Issuer string
	// Book is the register (quyển số), Number the certification number in it.
	Book   string
	Number int64
	// Scan is the SHA-256 of the compared scan, in hex.
	Scan string
	// Trial marks what simulators made.
	Trial bool
}

// ErrToken means that a text is no token, or not one the key signed.
var ErrToken = errors.New("not a certification code of this issuer")

const (
	tokenPrefix = "CTDT1"
	maxToken    = 1024
)

var (
	issuerForm = regexp.MustCompile(`^[A-Z0-9]+(\.[A-Z0-9]+)*$`)
	bookForm   = regexp.MustCompile(`^[0-9]{2,4}/[0-9]{4}-[^;\s]{1,20}$`)
	scanForm   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// isIssuer says whether a code names a register: what a QR can't name gets no number.
func isIssuer(s string) bool { return issuerForm.MatchString(s) && len(s) <= 40 }

func (t *Token) check() error {
	if !isIssuer(t.Issuer) || !bookForm.MatchString(t.Book) || t.Number < 1 ||
		!scanForm.MatchString(t.Scan) {
		return fmt.Errorf("%w: issuer, book, number or scan is malformed", ErrToken)
	}
	return nil
}

func (t *Token) signed() string {
	s := strings.Join([]string{tokenPrefix, t.Issuer, t.Book, strconv.FormatInt(t.Number, 10), t.Scan}, ";")
	if t.Trial {
		s += ";" + TrialMark
	}
	return s
}

// Sign returns the text of the QR: the fields, readable by anybody, and the
// signature.
func (t *Token) Sign(key ed25519.PrivateKey) (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	text := t.signed()
	return text + ";" + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text))), nil
}

// ParseToken reads the text of a QR and checks its signature with the issuer's
// public key. Every error is [ErrToken].
func ParseToken(text string, key ed25519.PublicKey) (*Token, error) {
	if len(text) > maxToken {
		return nil, ErrToken
	}
	i := strings.LastIndexByte(text, ';')
	if i < 0 {
		return nil, ErrToken
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(text[i+1:])
	if err != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, []byte(text[:i]), sig) {
		return nil, ErrToken
	}
	f := strings.Split(text[:i], ";")
	if len(f) != 5 && len(f) != 6 || f[0] != tokenPrefix || len(f) == 6 && f[5] != TrialMark {
		return nil, ErrToken
	}
	n, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil {
		return nil, ErrToken
	}
	t := &Token{Issuer: f[1], Book: f[2], Number: n, Scan: f[4], Trial: len(f) == 6}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}
