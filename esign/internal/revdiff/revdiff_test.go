package revdiff

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// file builds a document from the bodies of objects 1, 2, …; object 1 is the catalog.
func file(t *testing.T, bodies ...string) []byte {
	t.Helper()
	b := []byte("%PDF-1.7\n")
	offsets := make([]int, len(bodies))
	for i, body := range bodies {
		offsets[i] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	at := len(b)
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f\r\n", len(bodies)+1)
	for _, o := range offsets {
		b = fmt.Appendf(b, "%010d 00000 n\r\n", o)
	}
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R/Info 4 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(bodies)+1, at)
}

// form is a document with the kinds of fields that forms have.
func form(t *testing.T) []byte {
	return file(t,
		"<</Pages 2 0 R/Names 16 0 R"+ // 1
			"/AcroForm<</Fields[5 0 R 8 0 R 11 0 R 12 0 R 14 0 R]/DR<</Font<</F1 15 0 R>>>>/DA(x)>>>>",
		"<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 100 100]>>",    // 2
		"<</Type/Page/Parent 2 0 R/Annots 17 0 R>>",            // 3
		"<</Title(t)/ModDate(D:2024)>>",                        // 4
		"<</T(group)/FT/Btn/V/a/Kids[6 0 R 7 0 R]>>",           // 5 radio buttons
		"<</Parent 5 0 R/AS/a/AP<</N<<>>>>/Rect[0 0 1 1]>>",    // 6
		"<</Parent 5 0 R/AS/Off/AP<</N<<>>>>/Rect[0 0 1 1]>>",  // 7
		"<</T(person)/Kids[9 0 R 10 0 R]>>",                    // 8 a group
		"<</T(name)/Parent 8 0 R/FT/Tx/V(a)/AP<</N 18 0 R>>>>", // 9
		"<</T(id)/Parent 8 0 R/FT/Tx/Ff 1/V(1)>>",              // 10 read-only
		"<</T(sig)/FT/Sig/Kids[13 0 R]>>",                      // 11 with its widget apart
		"<</T(wide)/FT/Sig/Rect[0 0 90 90]/F 4>>",              // 12
		"<</Parent 11 0 R/Rect[0 0 9 9]/AP 19 0 R>>",           // 13
		"<</T(hidden)/FT/Sig/Rect[0 0 9 9]/F 6>>",              // 14
		"<</Type/Font>>", "<</X 18 0 R>>", // 15, 16
		"[6 0 R 7 0 R 9 0 R 12 0 R 13 0 R 14 0 R]",                         // 17
		"<</Length 1>>\nstream\nx\nendstream", "<</N 18 0 R>>", "<</A 1>>", // 18, 19, 20
	)
}

func ref(n uint32) pdf.Ref { return pdf.Ref{Num: n} }

// set changes keys of an object; nil removes.
func set(t *testing.T, u *pdf.Update, n uint32, more pdf.Dict) {
	t.Helper()
	d, err := u.Dict(ref(n))
	require.NoError(t, err)
	for k, v := range more {
		if d[k] = v; v == nil {
			delete(d, k)
		}
	}
	u.Set(ref(n), d)
}

func compare(t *testing.T, base []byte, o Options, edit func(*pdf.Update)) []Change {
	t.Helper()
	d, err := pdf.Open(base, nil)
	require.NoError(t, err)
	u := pdf.NewUpdate(d)
	edit(u)
	more, err := u.Bytes()
	require.NoError(t, err)
	b, err := pdf.Open(append(bytes.Clone(base), more...), nil)
	require.NoError(t, err)
	a, err := b.At(int64(len(base)))
	require.NoError(t, err)
	changes, err := Compare(context.Background(), a, b, o)
	require.NoError(t, err)
	return changes
}

// kinds writes changes short: the kind's number, the area of a forbidden one, the field.
func kinds(changes []Change) string {
	var out []string
	for _, c := range changes {
		s := []string{"forbidden", "filled", "large", "added", "visible", "form", "validation", "metadata"}[c.Kind]
		if c.Area != "" {
			s += ":" + string(c.Area)
		}
		if c.Field != "" {
			s += ":" + c.Field
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestCompareForms(t *testing.T) {
	t.Parallel()
	base := form(t)
	signature := func(u *pdf.Update) pdf.Ref {
		return u.Add(pdf.Dict{"Type": pdf.Name("Sig"), "ByteRange": pdf.Array{0, 1, 2, 3}, "Contents": pdf.String("x")})
	}
	look := func(u *pdf.Update) pdf.Dict {
		return pdf.Dict{"N": u.Add(&pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("y")})}
	}
	acro := func(u *pdf.Update, more pdf.Dict) {
		cat, err := u.Dict(ref(1))
		require.NoError(t, err)
		f := cat["AcroForm"].(pdf.Dict).Clone()
		for k, v := range more {
			f[k] = v
		}
		set(t, u, 1, pdf.Dict{"AcroForm": f})
	}
	for name, c := range map[string]struct {
		edit func(*pdf.Update)
		want string
	}{
		"nothing":          {func(u *pdf.Update) { set(t, u, 20, pdf.Dict{"A": 1}) }, ""},
		"what nobody sees": {func(u *pdf.Update) { set(t, u, 20, pdf.Dict{"A": 2}) }, ""},
		"radio button": {func(u *pdf.Update) {
			set(t, u, 5, pdf.Dict{"V": pdf.Name("b")})
			set(t, u, 6, pdf.Dict{"AS": pdf.Name("Off")})
			set(t, u, 7, pdf.Dict{"AS": pdf.Name("b")})
		}, "form:group"},
		"radio button without its value": {func(u *pdf.Update) { set(t, u, 7, pdf.Dict{"AS": pdf.Name("b")}) }, "forbidden:field:group"},
		"look of a radio button": {func(u *pdf.Update) {
			set(t, u, 5, pdf.Dict{"V": pdf.Name("b")})
			set(t, u, 7, pdf.Dict{"AP": look(u)})
		}, "form:group forbidden:field:group"},
		"field in a group": {func(u *pdf.Update) { set(t, u, 9, pdf.Dict{"V": pdf.String("b"), "AP": look(u)}) }, "form:person.name"},
		"field whose look is used elsewhere": {func(u *pdf.Update) {
			set(t, u, 9, pdf.Dict{"V": pdf.String("b")})
			u.Set(ref(18), &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("z")})
		}, "form:person.name forbidden:field:sig"},
		"read-only field":       {func(u *pdf.Update) { set(t, u, 10, pdf.Dict{"V": pdf.String("2")}) }, "forbidden:field:person.id"},
		"flags of a field":      {func(u *pdf.Update) { set(t, u, 9, pdf.Dict{"Ff": 1}) }, "forbidden:field:person.name"},
		"field of a group gone": {func(u *pdf.Update) { u.Set(ref(9), nil) }, "forbidden:field:person forbidden:annotation"},
		"kid moved to the top": {func(u *pdf.Update) {
			acro(u, pdf.Dict{"Fields": pdf.Array{ref(5), ref(8), ref(11), ref(12), ref(14), ref(9)}})
		}, "forbidden:document"},
		"field listed twice": {func(u *pdf.Update) {
			acro(u, pdf.Dict{"Fields": pdf.Array{ref(5), ref(5), ref(8), ref(11), ref(12), ref(14)}})
		}, "forbidden:document"},
		"signature with its widget apart, look shared": {func(u *pdf.Update) {
			set(t, u, 11, pdf.Dict{"V": signature(u)})
			set(t, u, 13, pdf.Dict{"AP": look(u)})
		}, "filled:sig"},
		"signature that is no signature": {func(u *pdf.Update) {
			set(t, u, 11, pdf.Dict{"V": u.Add(pdf.Dict{"A": 1})})
		}, "forbidden:field:sig"},
		"signature in place": {func(u *pdf.Update) {
			set(t, u, 11, pdf.Dict{"V": pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")}})
		}, "forbidden:field:sig"},
		"widget without its signature": {func(u *pdf.Update) { set(t, u, 13, pdf.Dict{"AP": look(u)}) }, "forbidden:field:sig"},
		"wide field":                   {func(u *pdf.Update) { set(t, u, 12, pdf.Dict{"V": signature(u), "AP": look(u)}) }, "large:wide"},
		"hidden field":                 {func(u *pdf.Update) { set(t, u, 14, pdf.Dict{"V": signature(u), "AP": look(u)}) }, "filled:hidden"},
		"hidden field that shows": {func(u *pdf.Update) {
			set(t, u, 14, pdf.Dict{"V": signature(u), "AP": look(u), "F": 4})
		}, "large:hidden"},
		"lock comes with the signature": {func(u *pdf.Update) {
			set(t, u, 14, pdf.Dict{
				"V": signature(u), "Lock": pdf.Dict{"Action": pdf.Name("All")}, "P": ref(3), "M": pdf.String("D"),
			})
		}, "filled:hidden"},
		"action comes with the signature": {func(u *pdf.Update) {
			set(t, u, 14, pdf.Dict{"V": signature(u), "A": pdf.Dict{}})
		}, "forbidden:field:hidden"},
		"font added": {func(u *pdf.Update) {
			acro(u, pdf.Dict{"DR": pdf.Dict{"Font": pdf.Dict{"F1": ref(15), "F2": u.Add(pdf.Dict{})}}})
		}, ""},
		"font changed": {func(u *pdf.Update) { set(t, u, 15, pdf.Dict{"A": 1}) }, "forbidden:document forbidden:field"},
		"font exchanged": {func(u *pdf.Update) {
			acro(u, pdf.Dict{"DR": pdf.Dict{"Font": pdf.Dict{"F1": u.Add(pdf.Dict{})}}})
		}, "forbidden:document forbidden:field"},
		"font gone":            {func(u *pdf.Update) { acro(u, pdf.Dict{"DR": pdf.Dict{"Font": pdf.Dict{}}}) }, "forbidden:document"},
		"default look changed": {func(u *pdf.Update) { acro(u, pdf.Dict{"DA": pdf.String("y")}) }, "forbidden:document"},
		"signature flags":      {func(u *pdf.Update) { acro(u, pdf.Dict{"SigFlags": 3}) }, ""},
		"odd signature flags":  {func(u *pdf.Update) { acro(u, pdf.Dict{"SigFlags": 9}) }, "forbidden:document"},
		"redraw allowed":       {func(u *pdf.Update) { acro(u, pdf.Dict{"NeedAppearances": true}) }, "forbidden:document"},
		"redraw refused":       {func(u *pdf.Update) { acro(u, pdf.Dict{"NeedAppearances": false}) }, ""},
		"calculation order":    {func(u *pdf.Update) { acro(u, pdf.Dict{"CO": pdf.Array{}}) }, "forbidden:document"},
		"list of annotations": {func(u *pdf.Update) {
			u.Set(ref(17), pdf.Array{ref(6), ref(7), ref(9), ref(12), ref(13), ref(14), u.Add(pdf.Dict{})})
		}, "forbidden:annotation"},
		"title": {func(u *pdf.Update) { set(t, u, 4, pdf.Dict{"Title": pdf.String("u")}) }, "metadata forbidden:document"},
		"date":  {func(u *pdf.Update) { set(t, u, 4, pdf.Dict{"ModDate": pdf.String("D:2025")}) }, "metadata"},
		"new extensions with a reference": {func(u *pdf.Update) {
			set(t, u, 1, pdf.Dict{"Extensions": pdf.Dict{"A": u.Add(pdf.Dict{"B": pdf.Name("1.7")}), "C": pdf.Array{1}}})
		}, ""},
		"new extensions of one developer in a list": {func(u *pdf.Update) {
			set(t, u, 1, pdf.Dict{"Extensions": pdf.Dict{"ISO_": pdf.Array{
				pdf.Dict{"BaseVersion": pdf.Name("2.0"), "ExtensionLevel": 32001}, pdf.Dict{"BaseVersion": pdf.Name("2.0"), "ExtensionLevel": 32002},
			}}})
		}, ""},
		"new extensions that lie too deep": {func(u *pdf.Update) {
			set(t, u, 1, pdf.Dict{"Extensions": pdf.Dict{"A": pdf.Array{pdf.Dict{"B": pdf.Array{1}}}}})
		}, "forbidden:document"},
		"new extensions with a stream": {func(u *pdf.Update) {
			set(t, u, 1, pdf.Dict{"Extensions": pdf.Dict{"A": ref(18)}})
		}, "forbidden:document"},
		"extensions that lead to themselves": {func(u *pdf.Update) {
			r := u.Reserve()
			u.Set(r, pdf.Dict{"A": r})
			set(t, u, 1, pdf.Dict{"Extensions": pdf.Dict{"A": r}})
		}, "forbidden:document"},
		"font resources of another kind": {func(u *pdf.Update) {
			acro(u, pdf.Dict{"DR": pdf.Dict{"Font": pdf.Dict{"F1": ref(15)}, "XObject": pdf.Dict{"FRM": u.Add(pdf.Dict{})}}})
		}, ""},
		"new version":     {func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"Version": pdf.Name("2.0")}) }, ""},
		"version 1.8":     {func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"Version": pdf.Name("1.8")}) }, "forbidden:document"},
		"version longer":  {func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"Version": pdf.Name("2.0x")}) }, "forbidden:document"},
		"version in text": {func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"Version": pdf.String("2.0")}) }, "forbidden:document"},
		"odd version":     {func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"Version": pdf.Name("9")}) }, "forbidden:document"},
		"metadata stream": {func(u *pdf.Update) {
			set(t, u, 1, pdf.Dict{"Metadata": u.Add(&pdf.Stream{Dict: pdf.Dict{"Type": pdf.Name("Metadata")}})})
		}, "metadata"},
		"metadata of no kind": {func(u *pdf.Update) {
			set(t, u, 1, pdf.Dict{"Metadata": ref(18)})
		}, "metadata forbidden:document"},
		"DSS of no kind":                      {func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"DSS": 1}) }, "validation forbidden:document"},
		"file identifier":                     {func(u *pdf.Update) { u.Trailer("ID", pdf.Array{pdf.String("a"), pdf.String("b")}) }, ""},
		"reference to nothing in the trailer": {func(u *pdf.Update) { u.Trailer("X", ref(4000)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, kinds(compare(t, base, Options{}, c.edit)))
		})
	}
}

// TestSignatureFieldsThatCome covers new fields and fields that no page listed.
func TestSignatureFieldsThatCome(t *testing.T) {
	t.Parallel()
	base := file(t,
		"<</Pages 2 0 R/AcroForm 5 0 R>>", "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 100 100]>>", "<</Type/Page/Annots[]>>", "<<>>",
		"<</Fields[6 0 R]>>", "<</T(unlisted)/FT/Sig/Rect[0 0 9 9]>>")
	shown, none := pdf.Array{0, 0, 9, 9}, pdf.Array{0, 0, 0, 0}
	come := func(field pdf.Dict, kids ...pdf.Dict) func(*pdf.Update) {
		return func(u *pdf.Update) {
			field = field.Clone()
			field["V"] = u.Add(pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")})
			annots := pdf.Array{}
			for _, k := range kids {
				annots = append(annots, u.Add(k))
			}
			if len(kids) > 0 {
				field["Kids"] = annots
			}
			f := u.Add(field)
			if len(kids) == 0 {
				annots = pdf.Array{f}
			}
			set(t, u, 5, pdf.Dict{"Fields": pdf.Array{ref(6), f}})
			set(t, u, 3, pdf.Dict{"Annots": annots})
		}
	}
	sig := func(more pdf.Dict) pdf.Dict {
		more["FT"], more["T"], more["P"] = pdf.Name("Sig"), pdf.String("new"), ref(3)
		return more
	}
	for name, c := range map[string]struct {
		edit func(*pdf.Update)
		p    int
		want string
	}{
		"hidden":           {come(sig(pdf.Dict{"Rect": none})), 0, "added:new"},
		"by flag":          {come(sig(pdf.Dict{"Rect": shown, "F": 2})), 0, "added:new"},
		"shown":            {come(sig(pdf.Dict{"Rect": shown})), 0, "visible:new"},
		"shown, certified": {come(sig(pdf.Dict{"Rect": shown})), 2, "forbidden:annotation:new"},
		"widgets apart":    {come(sig(pdf.Dict{}), pdf.Dict{"Rect": none}, pdf.Dict{"Rect": shown}), 0, "visible:new"},
		"hidden widgets":   {come(sig(pdf.Dict{}), pdf.Dict{"Rect": none}), 0, "added:new"},
		"action":           {come(sig(pdf.Dict{"Rect": none, "A": pdf.Dict{}})), 0, "forbidden:field:new forbidden:annotation"},
		"action of a widget": {come(sig(pdf.Dict{}), pdf.Dict{"Rect": none, "AA": pdf.Dict{}}), 0,
			"forbidden:field:new forbidden:annotation"},
		"fields below": {come(sig(pdf.Dict{}), pdf.Dict{"T": pdf.String("x")}), 0, "forbidden:field:new forbidden:annotation"},
		"text field":   {come(pdf.Dict{"FT": pdf.Name("Tx"), "T": pdf.String("new")}), 0, "forbidden:field:new forbidden:annotation"},
		"field that no page listed": {func(u *pdf.Update) {
			v := u.Add(pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")})
			set(t, u, 6, pdf.Dict{"V": v})
			set(t, u, 3, pdf.Dict{"Annots": pdf.Array{ref(6)}})
		}, 0, "visible:unlisted"},
		"the same, certified": {func(u *pdf.Update) {
			v := u.Add(pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")})
			set(t, u, 6, pdf.Dict{"V": v})
			set(t, u, 3, pdf.Dict{"Annots": pdf.Array{ref(6)}})
		}, 2, "forbidden:annotation:unlisted"},
		"listed without being signed": {func(u *pdf.Update) {
			set(t, u, 3, pdf.Dict{"Annots": pdf.Array{ref(6)}})
		}, 0, "forbidden:annotation"},
	} {
		require.Equal(t, c.want, kinds(compare(t, base, Options{Permission: c.p}, c.edit)), name)
	}
}

func TestCatalogUnderAnotherNumber(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(cat pdf.Dict, u *pdf.Update) pdf.Ref
		want string
	}{
		"copied":              {func(cat pdf.Dict, u *pdf.Update) pdf.Ref { return u.Add(cat) }, ""},
		"changed":             {func(cat pdf.Dict, u *pdf.Update) pdf.Ref { cat["Names"] = ref(20); return u.Add(cat) }, "forbidden:document"},
		"in place of another": {func(cat pdf.Dict, u *pdf.Update) pdf.Ref { u.Set(ref(20), cat); return ref(20) }, "forbidden:document"},
	} {
		got := kinds(compare(t, form(t), Options{}, func(u *pdf.Update) {
			cat, err := u.Dict(ref(1))
			require.NoError(t, err)
			u.Trailer("Root", c.edit(cat, u))
		}))
		require.Equal(t, c.want, got, name)
	}
}

func TestCompareRestrictions(t *testing.T) {
	t.Parallel()
	base := form(t)
	edit := func(u *pdf.Update) { set(t, u, 9, pdf.Dict{"V": pdf.String("b")}) }
	require.Equal(t, "form:person.name", kinds(compare(t, base, Options{Permission: 2}, edit)))
	require.Equal(t, "forbidden:field:person.name", kinds(compare(t, base, Options{Permission: 1}, edit)))
	locked := func(f string) bool { return f == "person.name" }
	require.Equal(t, "forbidden:field:person.name", kinds(compare(t, base, Options{Locked: locked}, edit)))
}

func TestSharedAppearanceDictionary(t *testing.T) {
	t.Parallel()
	base := file(t,
		"<</Pages 2 0 R/AcroForm<</Fields[5 0 R]>>/FooBar 6 0 R>>", "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 100 100]>>",
		"<</Type/Page/Annots[5 0 R]>>", "<<>>", "<</T(sig)/FT/Sig/Rect[0 0 9 9]/AP 6 0 R>>", "<</N 7 0 R>>", "<<>>")
	require.Equal(t, "filled:sig forbidden:field:sig", kinds(compare(t, base, Options{}, func(u *pdf.Update) {
		sig := u.Add(pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")})
		set(t, u, 5, pdf.Dict{"V": sig, "AP": pdf.Dict{"N": u.Add(pdf.Dict{})}})
	})))
}

func TestCompareStops(t *testing.T) {
	t.Parallel()
	base := form(t)
	d, err := pdf.Open(base, nil)
	require.NoError(t, err)
	u := pdf.NewUpdate(d)
	set(t, u, 20, pdf.Dict{"A": 2})
	more, err := u.Bytes()
	require.NoError(t, err)
	b, err := pdf.Open(append(bytes.Clone(base), more...), nil)
	require.NoError(t, err)
	a, err := b.At(int64(len(base)))
	require.NoError(t, err)
	for n := range 60 {
		if _, err := Compare(context.Background(), a, b, Options{Visits: &n}); err != nil {
			require.ErrorIs(t, err, ErrVisits)
		}
	}
	left := 10
	_, err = Compare(context.Background(), a, b, Options{Visits: &left})
	require.ErrorIs(t, err, ErrVisits)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Compare(ctx, a, b, Options{})
	require.ErrorIs(t, err, context.Canceled)
}
