package revdiff

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// revisions opens a later file and, within it, the earlier one.
func revisions(t *testing.T, base, whole []byte) (a, b *pdf.Document) {
	t.Helper()
	b, err := pdf.Open(whole, nil)
	require.NoError(t, err)
	a, err = b.At(int64(len(base)))
	require.NoError(t, err)
	return a, b
}

func signature(u *pdf.Update) pdf.Ref {
	return u.Add(pdf.Dict{"Type": pdf.Name("Sig"), "ByteRange": pdf.Array{0, 1, 2, 3}, "Contents": pdf.String("x")})
}

// A structure that has to be read and can't be is an error, in whichever revision it lies: "cannot be compared" is true
// of it, "was changed" may not be.
func TestWhatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	base := file(t,
		"<</Pages 2 0 R/AcroForm 5 0 R/Extensions 9 0 R/Metadata 10 0 R/DSS 11 0 R>>", // 1
		"<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 100 100]>>",                           // 2
		"<</Type/Page/Annots 12 0 R>>", "<</Title(t)>>",                               // 3, 4
		"<</Fields 6 0 R/DR 8 0 R>>", "[7 0 R]", // 5, 6
		"<</T 13 0 R/FT/Tx/V(a)/Kids 14 0 R>>",                                                     // 7
		"<</Font 16 0 R>>", "<</A 1>>", "<</Type/Metadata/Length 0>>\nstream\n\nendstream", "<<>>", // 8 to 11
		"[15 0 R]", "(name)", "[15 0 R]", "<</Parent 7 0 R/Rect[0 0 9 9]>>", "<</F1 17 0 R>>", "<</Type/Font>>", // 12 to 17
	)
	d, err := pdf.Open(base, nil)
	require.NoError(t, err)
	ring := func(n uint32) func(*pdf.Update) { return func(u *pdf.Update) { u.Set(ref(n), ref(n)) } }
	// Extensions, metadata and validation data (9 to 11) may be new, whatever they were; of a field's name and kids (13, 14)
	// only what they were is read: whatever they are now is another thing, and a change.
	for _, n := range []uint32{1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} {
		o, err := d.Get(ref(n))
		require.NoError(t, err)
		broken := revised(t, base, ring(n))
		if a, b := revisions(t, base, broken); n != 13 && n != 14 {
			_, err = Compare(context.Background(), a, b, Options{})
			require.ErrorIs(t, err, pdf.ErrMalformed, "%d, later", n)
		}
		require.False(t, passes(t, base, broken), n)
		if n >= 9 && n <= 11 {
			continue
		}
		a, b := revisions(t, broken, revised(t, broken, func(u *pdf.Update) { u.Set(ref(n), o) }))
		_, err = Compare(context.Background(), a, b, Options{})
		require.ErrorIs(t, err, pdf.ErrMalformed, "%d, earlier", n)
	}
	// The same under another number, so that the objects themselves stay readable.
	for key, n := range map[pdf.Name]uint32{
		"AcroForm": 1, "Extensions": 1, "Metadata": 1, "DSS": 1, "Annots": 3, "Fields": 5, "DR": 5, "Font": 8,
	} {
		a, b := revisions(t, base, revised(t, base, func(u *pdf.Update) {
			r := u.Reserve()
			u.Set(r, r)
			set(t, u, n, pdf.Dict{key: r})
		}))
		_, err = Compare(context.Background(), a, b, Options{})
		require.ErrorIs(t, err, pdf.ErrMalformed, key)
	}
}

// Each number of visits that is one too few ends in ErrVisits, never in a judgement of what was seen so far.
func TestVisitsAreEnoughOrAnError(t *testing.T) {
	t.Parallel()
	base := form(t)
	a, b := revisions(t, base, revised(t, base, func(u *pdf.Update) {
		set(t, u, 9, pdf.Dict{"V": pdf.String("b")})
		set(t, u, 11, pdf.Dict{"V": signature(u)})
		set(t, u, 4, pdf.Dict{"ModDate": pdf.String("D:2025")})
	}))
	const plenty = 1000
	left := plenty
	want, err := Compare(context.Background(), a, b, Options{Visits: &left})
	require.NoError(t, err)
	needed := plenty - left
	require.Positive(t, needed)
	for n := range needed {
		_, err := Compare(context.Background(), a, b, Options{Visits: &n})
		require.ErrorIs(t, err, ErrVisits)
	}
	got, err := Compare(context.Background(), a, b, Options{Visits: &needed})
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Zero(t, needed)
}

// What an update writes once more as it was is no change, wherever it is used; under another generation it is another
// object (ISO 32000-1 7.3.10).
func TestRewrittenAsItWas(t *testing.T) {
	t.Parallel()
	base := form(t)
	d, err := pdf.Open(base, nil)
	require.NoError(t, err)
	for n := uint32(1); n <= 19; n++ {
		o, err := d.Get(ref(n))
		require.NoError(t, err)
		require.Empty(t, compare(t, base, Options{}, func(u *pdf.Update) { u.Set(ref(n), o) }), n)
	}
	o, err := d.Get(ref(16))
	require.NoError(t, err)
	require.False(t, passes(t, base, revised(t, base, func(u *pdf.Update) { u.Set(pdf.Ref{Num: 16, Gen: 1}, o) })))
}

// Fields may nest 32 deep.
func TestFieldsNested(t *testing.T) {
	t.Parallel()
	nested := func(depth int) []byte {
		bodies := []string{"<</Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>", "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 9 9]>>",
			"<</Type/Page>>", "<<>>"}
		for i := range depth {
			bodies = append(bodies, fmt.Sprintf("<</T(a)/Kids[%d 0 R]>>", 6+i))
		}
		return file(t, append(bodies, "<</T(z)/FT/Tx/V(a)>>")...)
	}
	for depth, fine := range map[int]bool{0: true, 32: true, 33: false} {
		base := nested(depth)
		a, b := revisions(t, base, revised(t, base, func(u *pdf.Update) {
			set(t, u, uint32(5+depth), pdf.Dict{"V": pdf.String("b")})
		}))
		changes, err := Compare(context.Background(), a, b, Options{})
		if !fine {
			require.ErrorIs(t, err, pdf.ErrMalformed, depth)
			continue
		}
		require.NoError(t, err, depth)
		require.Len(t, changes, 1)
		require.Equal(t, FormFilled, changes[0].Kind)
	}
}

// A list of changes ends after 32: they suffice to say what is wrong.
func TestListOfChangesEnds(t *testing.T) {
	t.Parallel()
	for fields, want := range map[int]int{31: 31, 32: 32, 33: 32} {
		bodies := []string{"", "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 9 9]>>", "<</Type/Page>>", "<<>>"}
		list := ""
		for i := range fields {
			list += fmt.Sprintf("%d 0 R ", 5+i)
			bodies = append(bodies, fmt.Sprintf("<</T(f%d)/FT/Tx/V(a)>>", i))
		}
		bodies[0] = "<</Pages 2 0 R/AcroForm<</Fields[" + list + "]>>>>"
		require.Len(t, compare(t, file(t, bodies...), Options{}, func(u *pdf.Update) {
			for i := range fields {
				set(t, u, uint32(5+i), pdf.Dict{"V": pdf.String("b")})
			}
		}), want, fields)
	}
}

// A field that takes more than a quarter of its page could be a sheet of glass over it; one of a quarter is not large.
func TestQuarterOfAPage(t *testing.T) {
	t.Parallel()
	for rect, want := range map[string]Kind{
		"0 0 50 50": Filled, "0 0 50 51": FilledLarge, "50 50 0 0": Filled, "0 0 100 0": Filled, "0 0 0 100": Filled, "0 0 25 100": Filled,
	} {
		base := file(t, "<</Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>", "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 100 100]>>",
			"<</Type/Page/Annots[5 0 R]>>", "<<>>", "<</T(sig)/FT/Sig/Rect["+rect+"]>>")
		changes := compare(t, base, Options{}, func(u *pdf.Update) { set(t, u, 5, pdf.Dict{"V": signature(u)}) })
		require.Equal(t, []Change{{Kind: want, Page: 1, Field: "sig", Object: 5}}, changes, rect)
	}
}

// References to nothing are all null, whatever their numbers (ISO 32000-1 7.3.10), also a few levels down.
func TestReferencesToNothing(t *testing.T) {
	t.Parallel()
	nested := func(o pdf.Object, depth int) pdf.Object {
		for range depth {
			o = pdf.Array{o}
		}
		return o
	}
	for name, c := range map[string]struct {
		was, is pdf.Object
		same    bool
	}{
		"another number":          {ref(900), ref(901), true},
		"in a list":               {pdf.Array{1, ref(900)}, pdf.Array{1, ref(901)}, true},
		"in a dictionary":         {pdf.Dict{"A": ref(900)}, pdf.Dict{"A": ref(901)}, true},
		"under another key":       {pdf.Dict{"A": ref(900)}, pdf.Dict{"B": ref(900)}, false},
		"with more beside it":     {pdf.Array{ref(900)}, pdf.Array{ref(901), 1}, false},
		"with another beside it":  {pdf.Array{ref(900), 1}, pdf.Array{ref(901), 2}, false},
		"to something":            {ref(900), ref(15), false},
		"from something":          {ref(15), ref(900), false},
		"to a number":             {ref(900), 1, false},
		"from a number":           {1, ref(900), false},
		"gone":                    {ref(900), nil, true},
		"new":                     {nil, ref(900), true},
		"nine levels down":        {nested(ref(900), 9), nested(ref(901), 9), true},
		"deeper than anybody has": {nested(ref(900), 10), nested(ref(901), 10), false},
	} {
		base := revised(t, form(t), func(u *pdf.Update) { set(t, u, 16, pdf.Dict{"Y": 1}); set(t, u, 1, pdf.Dict{"Z": c.was}) })
		whole := revised(t, base, func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"Z": c.is}) })
		require.Equal(t, c.same, passes(t, base, whole), name)
	}
}

// A file that costs more to read than is allowed is told as that, wherever it is noticed: never as a change, and never as
// a file without one.
func TestTooMuchToCompare(t *testing.T) {
	t.Parallel()
	base := form(t)
	whole := revised(t, base, func(u *pdf.Update) {
		set(t, u, 9, pdf.Dict{"V": pdf.String("b")})
		set(t, u, 11, pdf.Dict{"V": signature(u)})
		set(t, u, 13, pdf.Dict{"F": 4})
		set(t, u, 4, pdf.Dict{"ModDate": pdf.String("D:2025")})
		set(t, u, 1, pdf.Dict{"Extensions": u.Add(pdf.Dict{"A": u.Add(pdf.Dict{"B": 1})}), "DSS": u.Add(pdf.Dict{})})
	})
	a, b := revisions(t, base, whole)
	want, err := Compare(context.Background(), a, b, Options{})
	require.NoError(t, err)
	enough := false
	for most := 1; !enough; most++ {
		require.Less(t, most, 10_000)
		b, err := pdf.Open(whole, &pdf.Limits{Values: most})
		if err != nil {
			require.ErrorIs(t, err, pdf.ErrLimit)
			continue
		}
		a, err := b.At(int64(len(base)))
		if err != nil {
			require.ErrorIs(t, err, pdf.ErrLimit)
			continue
		}
		got, err := Compare(context.Background(), a, b, Options{})
		if err != nil {
			require.ErrorIs(t, err, pdf.ErrLimit, most)
			continue
		}
		require.Equal(t, want, got, most)
		enough = true
	}
}
