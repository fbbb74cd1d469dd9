// Package revdiff compares a signed revision of a PDF with a later one and sorts every difference into what a white list
// lets pass and what it does not.
//
// It starts at the trailer and follows every reference: an object may only differ when all the ways that lead to it
// pass a place of the white list. An appearance that a signature may bring along, for instance, counts as changed page
// content once a page uses it too. What nothing leads to can't be shown and may differ.
package revdiff

import (
	"context"
	"errors"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// Kind sorts changes.
type Kind int

// Forbidden is what the white list does not know; the others it lets pass, the caller decides what they mean.
const (
	Forbidden    Kind = iota
	Filled            // a signature field that stood ready was signed
	FilledLarge       // the same, but it was hidden before or takes more than a quarter of its page
	Added             // a signature field that shows nothing was added and signed
	AddedVisible      // a signature field that shows something was added and signed
	FormFilled        // a form field has another value
	Validation        // validation data (DSS)
	Metadata          // document information or XMP
)

// Area says in which part of the document a forbidden change lies.
type Area string

// The areas.
const (
	AreaPage       Area = "page"       // what a page shows
	AreaPages      Area = "pages"      // the set or order of pages
	AreaAnnotation Area = "annotation" // an annotation or a form field as it stands on a page
	AreaField      Area = "field"      // a form field
	AreaDocument   Area = "document"   // anything else
	AreaUnlisted   Area = "unlisted"   // bytes that belong to no object in use
)

// Change is one difference.
type Change struct {
	Kind   Kind
	Area   Area   // of a forbidden change
	Page   int    // counted from 1; 0 when it lies on no page
	Field  string // full name of the form field, if one is concerned
	Object uint32 // object number, 0 when none
}

// Options say what the signatures so far allow.
type Options struct {
	// Permission is the DocMDP level of a certification: 1 nothing, 2 filling and signing, 3 also comments; 0 without one.
	Permission int
	// Locked says whether a signature locked the field of this full name. Nil locks none.
	Locked func(field string) bool
	// Visits is how many values may still be looked at; it is counted down. Nil means 2,000,000.
	Visits *int
}

// ErrVisits means that the documents are too large to be compared within Options.Visits.
var ErrVisits = errors.New("too many objects to compare")

// maxChanges bounds the list; the first ones suffice to say what is wrong.
const maxChanges = 32

type judge struct {
	ctx      context.Context
	a, b     *pdf.Document
	opts     Options
	changed  map[uint32]bool // new, different or gone
	anchored map[uint32]bool // compared in their own role, not by the walk
	fresh    map[pdf.Ref]bool
	seeds    []seed
	seen     map[uint32]bool // what the walk reached
	owned    []Change        // appearances that only their field may use
	pages    map[pdf.Ref]int // counted from 1
	order    []pdf.Page      // the pages of a
	widgets  map[pdf.Ref]int // the page that lists an annotation of a, counted from 1
	changes  []Change
	visits   *int
}

// Compare lists what differs between a signed revision a and a later revision b of the same file. An error means that one
// of them can't be read that far, which callers treat as a forbidden change.
func Compare(ctx context.Context, a, b *pdf.Document, o Options) ([]Change, error) {
	left := 2_000_000
	j := &judge{
		ctx: ctx, a: a, b: b, opts: o, visits: o.Visits,
		changed: map[uint32]bool{}, anchored: map[uint32]bool{}, seen: map[uint32]bool{},
		fresh: map[pdf.Ref]bool{}, pages: map[pdf.Ref]int{}, widgets: map[pdf.Ref]int{},
	}
	if j.visits == nil {
		j.visits = &left
	}
	if err := b.CheckUpdate(a.Size()); err != nil {
		if errors.Is(err, pdf.ErrLimit) {
			return nil, err
		}
		j.forbid(AreaUnlisted, 0, "", 0)
	}
	for _, step := range []func() error{j.findChanged, j.findPages, j.trailer, j.comparePages, j.walk, j.checkOwned} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(); err != nil {
			return nil, err
		}
	}
	return j.changes, nil
}

func (j *judge) findChanged() error {
	for _, n := range j.b.Touched(j.a) {
		if err := j.visit(); err != nil {
			return err
		}
		x, rx, _, err := j.a.ByNumber(n)
		if err != nil {
			return err
		}
		y, ry, _, err := j.b.ByNumber(n)
		if err != nil {
			return err
		}
		if rx.Gen != ry.Gen || !pdf.Equal(x, y) {
			j.changed[n] = true
		}
	}
	return nil
}

func (j *judge) visit() error {
	if *j.visits--; *j.visits < 0 {
		return ErrVisits
	}
	return nil
}

func (j *judge) forbid(area Area, page int, field string, object uint32) {
	j.add(Change{Kind: Forbidden, Area: area, Page: page, Field: field, Object: object})
}

func (j *judge) add(c Change) {
	for _, old := range j.changes {
		if old == c {
			return
		}
	}
	if len(j.changes) < maxChanges {
		j.changes = append(j.changes, c)
	}
}

// allow adds a change that the white list knows, unless a certification or a lock forbids it.
func (j *judge) allow(c Change) {
	if j.opts.Permission == 1 || c.Field != "" && j.opts.Locked != nil && j.opts.Locked(c.Field) {
		c.Kind, c.Area = Forbidden, AreaField
	}
	j.add(c)
}

// same compares the values of one key in both documents: equal and leading to nothing that differs at its first step.
// What lies deeper is the walk's to find.
func (j *judge) same(x, y pdf.Object) bool {
	if !pdf.Equal(x, y) {
		return false
	}
	r, ok := y.(pdf.Ref)
	return !ok || !j.changed[r.Num]
}

// alike is pdf.Equal, except that references to nothing are alike, whatever their number: both are null (ISO 32000-1 7.3.10).
func (j *judge) alike(x, y pdf.Object, depth int) (bool, error) {
	if pdf.Equal(x, y) {
		return true, nil
	}
	a, b := children(x), children(y)
	if len(a) == 0 || len(a) != len(b) || depth > 8 {
		return j.nothing(x, y)
	}
	for i := range a {
		if a[i].key != b[i].key {
			return false, nil
		}
		if same, err := j.alike(a[i].value, b[i].value, depth+1); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

type child struct {
	key   pdf.Name
	value pdf.Object
}

func children(o pdf.Object) []child {
	var out []child
	switch v := o.(type) {
	case pdf.Array:
		for _, e := range v {
			out = append(out, child{value: e})
		}
	case pdf.Dict:
		for _, k := range keys(v, nil) {
			out = append(out, child{k, v[k]})
		}
	}
	return out
}

func (j *judge) nothing(x, y pdf.Object) (bool, error) {
	_, ref1 := x.(pdf.Ref)
	_, ref2 := y.(pdf.Ref)
	if !ref1 && x != nil || !ref2 && y != nil {
		return false, nil
	}
	x, err := j.a.Resolve(x)
	if x != nil || err != nil {
		return false, err
	}
	y, err = j.b.Resolve(y)
	return y == nil, err
}

// rule judges one key of a dictionary; it returns false when the change is not allowed.
type rule func(x, y pdf.Object) (bool, error)

// dict compares two dictionaries in one role: keys with a rule by it, all others must be equal and are walked.
func (j *judge) dict(x, y pdf.Dict, rules map[pdf.Name]rule, s seed) (bool, error) {
	ok := true
	for _, k := range keys(x, y) {
		if err := j.visit(); err != nil {
			return false, err
		}
		if r := rules[k]; r != nil {
			good, err := r(x[k], y[k])
			if err != nil {
				return false, err
			}
			ok = ok && good
			continue
		}
		same, err := j.alike(x[k], y[k], 0)
		if err != nil {
			return false, err
		}
		if !same {
			ok = false
			continue
		}
		d := s
		if d.value = y[k]; d.area == AreaDocument && k == "Pages" {
			d.area = AreaPages
		}
		j.seeds = append(j.seeds, d)
	}
	return ok, nil
}

func anything(_, _ pdf.Object) (bool, error) { return true, nil }

// whenNew lets a key be added, not changed; what it led to before is walked.
func (j *judge) whenNew(x, y pdf.Object) (bool, error) {
	if x == nil {
		return true, nil
	}
	j.seeds = append(j.seeds, seed{value: y, area: AreaField})
	return pdf.Equal(x, y), nil
}
