package esign

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// withForm is a page with a form of these fields; objects count from 5.
func withForm(form string, objects ...string) []byte {
	return build(append([]string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm " + form + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", stream("", "0 0 m"),
	}, objects...)...)
}

func fieldsOf(t *testing.T, file []byte, most int) ([]signatureField, error) {
	t.Helper()
	d, err := pdf.Open(file, nil)
	require.NoError(t, err)
	return signatureFields(d, most)
}

const sigValue = "<</Type/Sig/Contents<00>/ByteRange[0 1 2 3]>>"

// A form that can't be read is not one without signatures: to call such a file unsigned would be wrong.
func TestFormThatCannotBeRead(t *testing.T) {
	t.Parallel()
	good := "<</FT/Sig/T(a)/V 6 0 R>>"
	found, err := fieldsOf(t, withForm("<</Fields[5 0 R]>>", good, sigValue), 1)
	require.NoError(t, err)
	require.Len(t, found, 1)
	for name, file := range map[string][]byte{ // object 7 leads to itself
		"form":   withForm("7 0 R", good, sigValue, "7 0 R"),
		"fields": withForm("<</Fields 7 0 R>>", good, sigValue, "7 0 R"),
		"field":  withForm("<</Fields[7 0 R]>>", good, sigValue, "7 0 R"),
		"name":   withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T 7 0 R/V 6 0 R>>", sigValue, "7 0 R"),
		"kind":   withForm("<</Fields[5 0 R]>>", "<</FT 7 0 R/T(a)/V 6 0 R>>", sigValue, "7 0 R"),
		"value":  withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T(a)/V 7 0 R>>", sigValue, "7 0 R"),
		"lock":   withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T(a)/V 6 0 R/Lock 7 0 R>>", sigValue, "7 0 R"),
		"kids":   withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T(a)/V 6 0 R/Kids 7 0 R>>", sigValue, "7 0 R"),
		"a kid":  withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T(a)/V 6 0 R/Kids[7 0 R]>>", sigValue, "7 0 R"),
	} {
		_, err := fieldsOf(t, file, 1)
		require.ErrorIs(t, err, pdf.ErrMalformed, name)
		_, err = withFields(file, validPlan(), nil)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
}

// The limits of a form: 32 levels below the first, 20,000 fields, names of 4,096 octets, as many signatures as asked for.
func TestFormAtItsLimits(t *testing.T) {
	t.Parallel()
	nested := func(depth int) []byte {
		return withForm("<</Fields[" + strings.Repeat("<</Kids[", depth) + "<</FT/Sig/V " + sigValue + ">>" +
			strings.Repeat("]>>", depth) + "]>>")
	}
	many := func(n int) []byte { return withForm("<</Fields[" + strings.Repeat("<<>>", n) + "]>>") }
	named := func(n int) []byte {
		return withForm("<</Fields[<</FT/Sig/T(" + strings.Repeat("a", n) + ")/V " + sigValue + ">>]>>")
	}
	// "a." stands before the name of the kid.
	below := func(n int) []byte {
		return withForm("<</Fields[<</T(a)/Kids[<</FT/Sig/T(" + strings.Repeat("b", n) + ")/V " + sigValue + ">>]>>]>>")
	}
	several := func(n int) []byte {
		return withForm("<</Fields[" + strings.Repeat("<</FT/Sig/V "+sigValue+">>", n) + "]>>")
	}
	for name, c := range map[string]struct {
		file []byte
		want int // signatures, or -1
	}{
		"31 levels": {nested(31), 1}, "32 levels": {nested(32), -1},
		"20,000 fields": {many(20_000), 0}, "20,001 fields": {many(20_001), -1},
		"name of 4,096": {named(4096), 1}, "name of 4,097": {named(4097), -1},
		"name of 4,096 with its parent's": {below(4094), 1}, "name of 4,097 with its parent's": {below(4095), -1},
		"two signatures": {several(2), 2}, "three": {several(3), -1},
	} {
		found, err := fieldsOf(t, c.file, 2)
		if c.want < 0 {
			require.ErrorIs(t, err, pdf.ErrLimit, name)
			continue
		}
		require.NoError(t, err, name)
		require.Len(t, found, c.want, name)
	}
}

// One field listed many times over has one name, but is still a list to be read.
func TestListOfFieldsToBeJoined(t *testing.T) {
	t.Parallel()
	list := func(n int) []byte {
		return withForm("<</Fields["+strings.Repeat("5 0 R ", n)+"]>>", "<</FT/Tx/T(a)>>")
	}
	_, err := withFields(list(20_000), validPlan(), nil)
	require.NoError(t, err)
	_, err = withFields(list(20_001), validPlan(), nil)
	require.ErrorIs(t, err, ErrInvalid)
}

// A page that can't be read makes the document unfit to sign, also when no field stands on it.
func TestLaterPageThatCannotBeRead(t *testing.T) {
	t.Parallel()
	doc := build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R>>", "<</Parent 2 0 R>>")
	_, err := withFields(doc, validPlan(), nil)
	require.ErrorIs(t, err, ErrInvalid)
}

func TestFieldsToBeFilled(t *testing.T) {
	t.Parallel()
	empty := "<</FT/Sig/T(a)>>"
	for name, c := range map[string]struct {
		file []byte
		want string // empty when the field is found
	}{
		"alone":             {withForm("<</Fields[5 0 R]>>", empty), ""},
		"behind another":    {withForm("<</Fields[6 0 R 5 0 R]>>", empty, "<</FT/Sig/T(b)>>"), ""},
		"behind one inside": {withForm("<</Fields[<</FT/Sig/T(a)>> 5 0 R]>>", empty), ""},
		"behind no name":    {withForm("<</Fields[6 0 R 5 0 R]>>", empty, "<</FT/Sig>>"), ""},
		"no form":           {onePage(1, ""), "has no field"},
		"none of the name":  {withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T(b)>>"), "has no field"},
		"a text field":      {withForm("<</Fields[5 0 R]>>", "<</FT/Tx/T(a)>>"), "no empty signature field"},
		"a filled field":    {withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T(a)/V 6 0 R>>", sigValue), "no empty signature field"},
		"form in a ring":    {withForm("5 0 R", "5 0 R"), "malformed"},
		"list in a ring":    {withForm("<</Fields 5 0 R>>", "5 0 R"), "malformed"},
		"field in a ring":   {withForm("<</Fields[5 0 R]>>", "5 0 R"), "malformed"},
		"name in a ring":    {withForm("<</Fields[5 0 R]>>", "<</FT/Sig/T 6 0 R>>", "6 0 R"), "malformed"},
	} {
		d, err := pdf.Open(c.file, nil)
		require.NoError(t, err, name)
		ref, _, err := findField(d, "a")
		if c.want != "" {
			require.ErrorContains(t, err, c.want, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, pdf.Ref{Num: 5}, ref, name)
	}
}

// placed takes a rectangle that lies within the visible page, whose corner need not be the origin.
func TestPlaceOnAPage(t *testing.T) {
	t.Parallel()
	page := pdf.Page{CropBox: [4]float64{10, 20, 110, 220}, UserUnit: 1}
	for name, c := range map[string]struct {
		rect Rect
		want pdf.Array // nil for a refusal
	}{
		"invisible":         {Rect{}, pdf.Array{0, 0, 0, 0}},
		"in the middle":     {Rect{5, 6, 7, 8}, pdf.Array{15.0, 26.0, 17.0, 28.0}},
		"the whole page":    {Rect{0, 0, 100, 200}, pdf.Array{10.0, 20.0, 110.0, 220.0}},
		"within a rounding": {Rect{0, 0, 100.009, 200.009}, pdf.Array{10.0, 20.0, 110.009, 220.009}},
		"over the right":    {Rect{0, 0, 100.02, 200}, nil},
		"over the top":      {Rect{0, 0, 100, 200.02}, nil},
		"over the left":     {Rect{-0.1, 0, 100, 200}, nil},
		"over the bottom":   {Rect{0, -0.1, 100, 200}, nil},
		"to the thousandth": {Rect{1.00049, 1.0006, 2, 3}, pdf.Array{11.0, 21.001, 12.0, 23.0}},
	} {
		got, err := placed(c.rect, page)
		if c.want == nil {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	for _, p := range []pdf.Page{{CropBox: page.CropBox, UserUnit: 2}, {CropBox: page.CropBox, UserUnit: 1, Rotate: 90}} {
		_, err := placed(Rect{5, 6, 7, 8}, p)
		require.Error(t, err)
		_, err = placed(Rect{}, p)
		require.NoError(t, err, "what shows nothing may stand on any page")
	}
}

// Pages of a plan count from 1, and 0 is the first for what shows nothing.
func TestPageOfAField(t *testing.T) {
	t.Parallel()
	doc := build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R>>", "<</Type/Page/Parent 2 0 R>>")
	for number, want := range map[int]uint32{0: 3, 1: 3, 2: 4, 3: 0} {
		p := &Plan{Key: "k", Document: "d", Signatures: []PlannedSignature{{Field: "f", Holder: "h", Page: number}}}
		more, err := withFields(doc, p, nil)
		if want == 0 {
			require.ErrorIs(t, err, ErrInvalid)
			continue
		}
		require.NoError(t, err)
		d, err := pdf.Open(append(append([]byte{}, doc...), more...), nil)
		require.NoError(t, err)
		ref, widget, err := findField(d, "f")
		require.NoError(t, err)
		require.Equal(t, pdf.Ref{Num: want}, widget["P"], number)
		pages, err := d.Pages()
		require.NoError(t, err)
		for _, page := range pages {
			require.Equal(t, page.Ref.Num == want, fmt.Sprint(page.Dict["Annots"]) == fmt.Sprint(pdf.Array{ref}), number)
		}
	}
}
