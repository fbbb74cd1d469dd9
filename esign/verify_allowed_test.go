package esign_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// docMDP makes a certification of a level, objects in place.
func docMDP(level int) pdf.Dict {
	return pdf.Dict{"Reference": pdf.Array{pdf.Dict{
		"TransformMethod": pdf.Name("DocMDP"), "TransformParams": pdf.Dict{"P": level, "V": pdf.Name("1.2")},
	}}}
}

// fill puts a value with its appearance into the text field.
func fill(t *testing.T, u *pdf.Update) {
	t.Helper()
	look := u.Add(&pdf.Stream{Dict: pdf.Dict{"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form")}, Raw: []byte("q Q")})
	setKeys(t, u, noteRef, pdf.Dict{"V": pdf.Text("b"), "AP": pdf.Dict{"N": look}})
}

// newField adds a signature field with a place on the page and returns it.
func newField(t *testing.T, u *pdf.Update, rect pdf.Array, value pdf.Object) {
	t.Helper()
	f := u.Add(pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Sig"), "T": pdf.Text("thêm"),
		"P": pageRef, "F": 132, "Rect": rect, "V": value,
	})
	setKeys(t, u, formRef, pdf.Dict{"Fields": pdf.Array{officialRef, agencyRef, noteRef, f}})
	setKeys(t, u, pageRef, pdf.Dict{"Annots": pdf.Array{officialRef, agencyRef, noteRef, f}})
}

// inNewField moves the signature that a recipe puts into the agency's field to a new field.
func inNewField(t *testing.T, rect pdf.Array) func(*pdf.Update) {
	return func(u *pdf.Update) {
		d, err := u.Dict(agencyRef)
		require.NoError(t, err)
		setKeys(t, u, agencyRef, pdf.Dict{"V": nil, "AP": nil})
		newField(t, u, rect, d["V"])
	}
}

func TestAllowedLaterChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden, shown := pdf.Array{0, 0, 0, 0}, pdf.Array{0, 0, 595, 842}
	second := func(f []byte, edit func(*pdf.Update)) []byte {
		return signed(t, f, recipe{by: w.agency, field: agencyRef, edit: edit})
	}
	for name, c := range map[string]struct {
		first   pdf.Dict
		later   func([]byte) []byte
		verdict esign.Verdict
		intact  bool
		code    string
	}{
		"second signature": {nil, func(f []byte) []byte { return second(f, nil) }, esign.Valid, true, "valid"},
		"second signature under a certification that allows it": {docMDP(2),
			func(f []byte) []byte { return second(f, nil) }, esign.Valid, true, "valid"},
		"second signature under a certification that forbids it": {docMDP(1),
			func(f []byte) []byte { return second(f, nil) }, esign.Invalid, false, "changed-field"},
		"hidden new field": {nil,
			func(f []byte) []byte { return second(f, inNewField(t, hidden)) }, esign.Valid, true, "valid"},
		"visible new field": {nil,
			func(f []byte) []byte { return second(f, inNewField(t, shown)) }, esign.Indeterminate, true, "later-visible-field"},
		"visible new field under a certification": {docMDP(2),
			func(f []byte) []byte { return second(f, inNewField(t, shown)) }, esign.Invalid, false, "changed-annotation"},
		"new field that holds an old signature": {nil, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) {
				d, err := u.Dict(officialRef)
				require.NoError(t, err)
				newField(t, u, hidden, d["V"])
			})
		}, esign.Invalid, false, "changed-annotation"},
		"new field with an action": {nil, func(f []byte) []byte {
			return second(f, func(u *pdf.Update) {
				inNewField(t, hidden)(u)
				setKeys(t, u, formRef, pdf.Dict{"Fields": pdf.Array{officialRef, agencyRef, noteRef, u.Add(pdf.Dict{
					"FT": pdf.Name("Sig"), "T": pdf.Text("x"), "A": pdf.Dict{"S": pdf.Name("Launch")},
				})}})
			})
		}, esign.Invalid, false, "changed-annotation"},
		"place changes while it is filled": {nil, func(f []byte) []byte {
			return second(f, func(u *pdf.Update) { setKeys(t, u, agencyRef, pdf.Dict{"Rect": shown}) })
		}, esign.Invalid, false, "changed-field"},
		"page changes while it is filled": {nil, func(f []byte) []byte {
			return second(f, func(u *pdf.Update) { u.Set(contentRef, &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("x")}) })
		}, esign.Invalid, false, "changed-page"},
		"form filled": {nil, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) { fill(t, u) })
		}, esign.Indeterminate, true, "later-form-fill"},
		"form filled as the certifier allowed": {docMDP(2), func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) { fill(t, u) })
		}, esign.Valid, true, "valid"},
		"form filled under a certification that forbids it": {docMDP(1), func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) { fill(t, u) })
		}, esign.Invalid, false, "changed-field"},
		"locked form filled": {pdf.Dict{"Reference": pdf.Array{pdf.Dict{
			"TransformMethod": pdf.Name("FieldMDP"),
			"TransformParams": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.Text("note")}},
		}}}, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) { fill(t, u) })
		}, esign.Invalid, false, "changed-field"},
		"form filled that the lock leaves out": {pdf.Dict{"Reference": pdf.Array{pdf.Dict{
			"TransformMethod": pdf.Name("FieldMDP"),
			"TransformParams": pdf.Dict{"Action": pdf.Name("Exclude"), "Fields": pdf.Array{pdf.Text("note")}},
		}}}, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) { fill(t, u) })
		}, esign.Indeterminate, true, "later-form-fill"},
		"document information": {nil, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) {
				u.Trailer("Info", u.Add(pdf.Dict{"ModDate": pdf.String("D:2024"), "Producer": pdf.Text("x")}))
			})
		}, esign.Valid, true, "valid"},
		"extensions and version": {nil, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) {
				setKeys(t, u, catalogRef, pdf.Dict{"Version": pdf.Name("2.0"), "Extensions": pdf.Dict{
					"ESIC": pdf.Dict{"BaseVersion": pdf.Name("1.7"), "ExtensionLevel": 2},
				}})
			})
		}, esign.Valid, true, "valid"},
		"objects that nothing leads to": {nil, func(f []byte) []byte {
			return updated(t, f, func(u *pdf.Update) { u.Add(pdf.Dict{"A": 1}) })
		}, esign.Valid, true, "valid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := signed(t, blank(t), recipe{by: w.official, dict: c.first})
			require.Equal(t, esign.Valid, verify(t, first, w.trusting()).Verdict)
			r := verify(t, c.later(first), w.trusting())
			require.Equal(t, c.code, r.Reason.Code, r.Reason.EN)
			require.Equal(t, c.verdict, r.Verdict)
			require.Equal(t, c.intact, r.Intact)
		})
	}
}

// TestDocumentTimestampAfterCertification: ISO 32000-2 lets a document be renewed whatever the certification says.
func TestDocumentTimestampAfterCertification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official, dict: docMDP(1)})
	file = signed(t, file, recipe{by: w.tsa, field: agencyRef, edit: inNewField(t, pdf.Array{0, 0, 0, 0}), dict: pdf.Dict{
		"Type": pdf.Name("DocTimeStamp"), "SubFilter": pdf.Name("ETSI.RFC3161"),
	}})
	r := verify(t, file, w.trusting())
	require.Equal(t, esign.Valid, r.Verdict, r.Reason.EN)
}

// TestSharedAppearanceIsNotItsOwn: an appearance that stands ready in a field and is used elsewhere too.
func TestSharedAppearanceIsNotItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, share := range map[string]func(*pdf.Update, pdf.Ref){
		"from the trailer": func(u *pdf.Update, r pdf.Ref) { u.Trailer("Foo", r) },
		"from the catalog": func(u *pdf.Update, r pdf.Ref) { setKeys(t, u, catalogRef, pdf.Dict{"Foo": r}) },
	} {
		var look pdf.Ref
		base := updated(t, blank(t), func(u *pdf.Update) {
			look = u.Add(&pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("old")})
			share(u, look)
			setKeys(t, u, agencyRef, pdf.Dict{"AP": pdf.Dict{"N": look}})
		})
		first := signed(t, base, recipe{by: w.official, edit: func(u *pdf.Update) {
			if name == "from the trailer" {
				u.Trailer("Foo", look)
			}
		}})
		second := signed(t, first, recipe{by: w.agency, field: agencyRef, edit: func(u *pdf.Update) {
			if name == "from the trailer" {
				u.Trailer("Foo", look)
			}
			u.Set(look, &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("new")})
			setKeys(t, u, agencyRef, pdf.Dict{"AP": pdf.Dict{"N": look}})
		}})
		r := verify(t, second, w.trusting())
		require.Equal(t, esign.Invalid, r.Verdict, name)
		require.Equal(t, "changed-document", r.Reason.Code, name)
	}
}

// TestLockOfTheField: what the field's own lock says counts once it is signed (ISO 32000-2 table 236).
func TestLockOfTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refill := func(f []byte) []byte { return updated(t, f, func(u *pdf.Update) { fill(t, u) }) }
	for name, c := range map[string]struct {
		lock    pdf.Dict
		verdict esign.Verdict
	}{
		"all fields":           {pdf.Dict{"Action": pdf.Name("All")}, esign.Invalid},
		"this field":           {pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.Text("note")}}, esign.Invalid},
		"a part of its name":   {pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.Text("no")}}, esign.Indeterminate},
		"another field":        {pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.Text("x")}}, esign.Indeterminate},
		"all but this":         {pdf.Dict{"Action": pdf.Name("Exclude"), "Fields": pdf.Array{pdf.Text("note")}}, esign.Indeterminate},
		"nothing may change":   {pdf.Dict{"P": 1}, esign.Invalid},
		"filling is allowed":   {pdf.Dict{"P": 2}, esign.Valid},
		"no level at all":      {pdf.Dict{"P": 7}, esign.Indeterminate},
		"a level of no kind":   {pdf.Dict{"P": pdf.Name("x")}, esign.Indeterminate},
		"below zero":           {pdf.Dict{"P": -1}, esign.Indeterminate},
		"comments, too":        {pdf.Dict{"P": 3}, esign.Valid},
		"the lower level wins": {pdf.Dict{"P": 1, "Action": pdf.Name("Include"), "Fields": pdf.Array{}}, esign.Invalid},
	} {
		base := updated(t, blank(t), func(u *pdf.Update) { setKeys(t, u, officialRef, pdf.Dict{"Lock": c.lock}) })
		file := signed(t, base, recipe{by: w.official})
		require.Equal(t, esign.Valid, verify(t, file, w.trusting()).Verdict, name)
		require.Equal(t, c.verdict, verify(t, refill(file), w.trusting()).Verdict, name)
	}
	// A certification whose level can't be read counts as 2, the default.
	file := signed(t, blank(t), recipe{by: w.official, dict: docMDP(9)})
	require.Equal(t, esign.Valid, verify(t, refill(file), w.trusting()).Verdict)
	// The stricter of lock and certification counts.
	base := updated(t, blank(t), func(u *pdf.Update) { setKeys(t, u, officialRef, pdf.Dict{"Lock": pdf.Dict{"P": 1}}) })
	file = signed(t, base, recipe{by: w.official, dict: docMDP(2)})
	require.Equal(t, esign.Invalid, verify(t, refill(file), w.trusting()).Verdict)
}
