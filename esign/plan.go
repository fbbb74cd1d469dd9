package esign

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of a plan.
const (
	maxSignatures = 16
	maxKey        = 128
	maxText       = 500
)

// Plan says what is to be signed, by whom, where and in which order. All of it is fixed by Prepare: every field with its
// rectangle stands in the document before the first signature, so that each signature only fills its own.
//
// The order is the caller's: by Decree 30/2020 Art. 32 the clerk (văn thư) signs for the agency only what the competent
// person has signed, so the official comes first.
type Plan struct {
	// Key identifies the plan: 1 to 128 characters. Preparing the same plan again gives the first result; the same key
	// with another plan is a conflict.
	Key string `json:"key"`
	// Document is the Files ref of the PDF to be signed, without signatures.
	Document string `json:"document"`
	// Purpose is an opaque reference to what the document is for, such as a dossier or a register line.
	Purpose string `json:"purpose,omitempty"`
	// Title is shown to holders before they confirm, at most 200 characters, without personal data.
	Title string `json:"title,omitempty"`
	// Signatures in the order they are made, 1 to 16.
	Signatures []PlannedSignature `json:"signatures"`
	// Stepwise has each signature begin only when AdvanceRequest.Upto reaches it: an official signs today, the clerk seals
	// when they get to it. Resume then goes on with what has begun and begins nothing.
	Stepwise bool `json:"stepwise,omitempty"`
}

// PlannedSignature is one signature of a plan. Texts are normalised to NFC.
type PlannedSignature struct {
	// Field is the name of the signature field, 1 to 64 characters without a full stop, unlike any other of the document.
	Field string `json:"field"`
	// Holder is what the SignerSource knows the credential by: 1 to 128 characters, a pseudonym, never a citizen's id.
	Holder string `json:"holder"`
	// Page from 1, and the rectangle on it, in points from the page's lower left corner. The zero Rect makes an invisible
	// signature (its field still belongs to a page; 0 means the first).
	Page int  `json:"page,omitempty"`
	Rect Rect `json:"rect,omitzero"`
	// Appearance is the Files ref of a one-page PDF that is shown in Rect once signed, fitted to it: the image of a hand
	// signature in blue, of a seal in red (Decree 30/2020 Annex I). Empty shows nothing. It is drawn over what the page
	// has, with the transparency it has.
	Appearance string `json:"appearance,omitempty"`
	// Name, Reason, Location go into the signature dictionary; an empty Name is the certificate's common name.
	Name     string `json:"name,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Location string `json:"location,omitempty"`
	// Level is PAdES B-T (the default) or B-B.
	Level Level `json:"level,omitempty"`
}

// Level is a PAdES baseline level (ETSI EN 319 142-1).
type Level int

// The levels that can be made.
const (
	// LevelBT has a time stamp over the signature value.
	LevelBT Level = 0
	// LevelBB has none: its time is what the signer claims.
	LevelBB Level = 1
)

// Rect is a rectangle in points, lower left and upper right corner.
type Rect struct {
	X1 float64 `json:"x1"`
	Y1 float64 `json:"y1"`
	X2 float64 `json:"x2"`
	Y2 float64 `json:"y2"`
}

// normalised returns a copy with NFC texts, or what is wrong with the plan.
func (p *Plan) normalised() (*Plan, error) {
	if p == nil {
		return nil, fail(CodeInvalid, "no plan given")
	}
	q := *p
	q.Title = norm.NFC.String(p.Title)
	q.Signatures = nil
	if !within(p.Key, 1, maxKey) {
		return nil, fail(CodeInvalid, "a plan's key has 1 to %d characters", maxKey)
	}
	if !within(p.Document, 1, maxText) || !within(p.Purpose, 0, maxText) || !within(q.Title, 0, 200) {
		return nil, fail(CodeInvalid, "plan %q: document, purpose or title is missing or too long", p.Key)
	}
	if n := len(p.Signatures); n < 1 || n > maxSignatures {
		return nil, fail(CodeInvalid, "plan %q has %d signatures instead of 1 to %d", p.Key, n, maxSignatures)
	}
	seen := map[string]bool{}
	for _, s := range p.Signatures {
		for _, text := range []*string{&s.Field, &s.Name, &s.Reason, &s.Location} {
			*text = norm.NFC.String(*text)
		}
		if err := s.validate(); err != nil {
			return nil, fail(CodeInvalid, "plan %q, field %q: %v", p.Key, quoted(s.Field), err)
		}
		if seen[s.Field] {
			return nil, fail(CodeInvalid, "plan %q: field %q stands twice", p.Key, quoted(s.Field))
		}
		seen[s.Field] = true
		q.Signatures = append(q.Signatures, s)
	}
	return &q, nil
}

func (s *PlannedSignature) validate() error {
	switch {
	case !within(s.Field, 1, 64) || strings.ContainsAny(s.Field, ".\x00"):
		return fmt.Errorf("a field's name has 1 to 64 characters and no full stop")
	case !within(s.Holder, 1, maxKey):
		return fmt.Errorf("the holder is missing or too long")
	case !within(s.Name, 0, maxText) || !within(s.Reason, 0, maxText) || !within(s.Location, 0, maxText):
		return fmt.Errorf("name, reason or location is no text of at most %d characters", maxText)
	case !within(s.Appearance, 0, maxText):
		return fmt.Errorf("the appearance is no ref of a file")
	case s.Level != LevelBT && s.Level != LevelBB:
		return fmt.Errorf("level %d is unknown; use LevelBT or LevelBB", s.Level)
	case s.Page < 0:
		return fmt.Errorf("pages count from 1")
	}
	if s.Rect == (Rect{}) {
		if s.Appearance != "" {
			return fmt.Errorf("an appearance needs a rectangle")
		}
		return nil
	}
	r := s.Rect
	for _, v := range []float64{r.X1, r.Y1, r.X2, r.Y2} {
		if math.IsNaN(v) || math.Abs(v) > 20_000 {
			return fmt.Errorf("the rectangle is not on any page")
		}
	}
	if r.X2-r.X1 < 1 || r.Y2-r.Y1 < 1 {
		return fmt.Errorf("the rectangle is empty: give lower left and upper right corner")
	}
	if s.Page == 0 {
		return fmt.Errorf("a visible signature names its page")
	}
	return nil
}

// within says whether s is clean text of least to most characters.
func within(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= least && n <= most
}

// encode gives the stored form of a plan and its digest, by which a repetition is told from another plan.
func (p *Plan) encode() (text, digest []byte, err error) {
	if text, err = json.Marshal(p); err != nil {
		return nil, nil, failWith(CodeInternal, err, "plan %q cannot be written", p.Key)
	}
	sum := sha256.Sum256(text)
	return text, sum[:], nil
}
