package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPagesAtTheirEdges(t *testing.T) {
	t.Parallel()
	read := func(l *Limits, bodies ...string) ([]Page, error) {
		d, err := Open(table(bodies...), l)
		require.NoError(t, err)
		return d.Pages()
	}
	const cat, page = "<</Pages 2 0 R>>", "<</Type/Page/MediaBox[0 0 1 1]>>"
	const root = "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 1 1]"
	for name, bodies := range map[string][]string{
		"tree is no dictionary":  {cat, "1"},
		"kid is no dictionary":   {cat, root + ">>", "[1]"},
		"kid is missing":         {cat, root + ">>"},
		"tree in place":          {"<</Pages<</Type/Pages>>>>"},
		"kid has another type":   {cat, root + ">>", "<</Type/Catalog>>"},
		"tree unreadable":        {cat, "<</Type/Pages"},
		"catalog unreadable":     {"<</Pages"},
		"catalog is no object":   {"[1]"},
		"kids unreadable":        {cat, "<</Type/Pages/Kids 4 0 R>>", page, "["},
		"Rotate of halves":       {cat, root + "/Rotate 90.0>>", page},
		"Rotate unreadable":      {cat, root + "/Rotate 4 0 R>>", page, "["},
		"UserUnit below zero":    {cat, root + ">>", "<</Type/Page/UserUnit -1>>"},
		"UserUnit is a name":     {cat, root + ">>", "<</Type/Page/UserUnit/A>>"},
		"UserUnit unreadable":    {cat, root + ">>", "<</Type/Page/UserUnit 4 0 R>>", "["},
		"box of five":            {cat, "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 1 1 1]>>", page},
		"box of names":           {cat, "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 1/A]>>", page},
		"box unreadable":         {cat, "<</Type/Pages/Kids[3 0 R]/MediaBox 4 0 R>>", page, "["},
		"corner unreadable":      {cat, "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 1 4 0 R]>>", page, "["},
		"cropped to three":       {cat, root + "/CropBox[0 0 1]>>", page},
		"a page of its own tree": {cat, "<</Type/Pages/Kids[3 0 R 2 0 R]>>", page},
	} {
		_, err := read(nil, bodies...)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	got, err := read(nil, cat, root+"/Rotate -450/Resources 4 0 R>>", "<</Type/Page/UserUnit 0.5/CropBox[4 0 R 0 0.25 1]>>", "0.5")
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, 270, got[0].Rotate)
	require.Equal(t, [4]float64{0.25, 0, 0.5, 1}, got[0].CropBox)
	require.Equal(t, [4]float64{0, 0, 1, 1}, got[0].MediaBox)
	require.Equal(t, Ref{Num: 4}, got[0].Resources)
	require.Equal(t, Ref{Num: 3}, got[0].Ref)

	two := []string{cat, "<</Type/Pages/Kids[3 0 R 4 0 R]>>", page, page}
	_, err = read(&Limits{Pages: 2}, two...)
	require.NoError(t, err)
	_, err = read(&Limits{Pages: 2}, cat, "<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]>>", page, page, page)
	require.ErrorContains(t, err, "2 pages")
	require.ErrorIs(t, err, ErrLimit)
	// Twice as many nodes as pages at most: a tree of empty nodes has no page to count.
	nodes := func(n int) []string {
		kids, out := "", []string{cat, ""}
		for i := range n - 1 {
			kids += fmt.Sprintf("%d 0 R ", i+3)
			out = append(out, "<</Type/Pages/Kids[]>>")
		}
		out[1] = "<</Type/Pages/Kids[" + kids + "]>>"
		return out
	}
	_, err = read(&Limits{Pages: 2}, nodes(4)...)
	require.NoError(t, err)
	_, err = read(&Limits{Pages: 2}, nodes(5)...)
	require.ErrorIs(t, err, ErrLimit)
	chain := func(n int) []string {
		out := []string{cat}
		for i := range n {
			out = append(out, fmt.Sprintf("<</Type/Pages/Kids[%d 0 R]>>", i+3))
		}
		return append(out, page)
	}
	_, err = read(&Limits{Depth: 3}, chain(3)...)
	require.NoError(t, err)
	_, err = read(&Limits{Depth: 3}, chain(4)...)
	require.ErrorIs(t, err, ErrMalformed)
}

// copied copies object 4 of a file of these objects into a new revision of another and returns the copy.
func copied(t testing.TB, limit int, bodies ...string) (*Document, Object, error) {
	t.Helper()
	from, err := Open(onePage(bodies...), nil)
	require.NoError(t, err)
	base := onePage()
	d, err := Open(base, nil)
	require.NoError(t, err)
	u := NewUpdate(d)
	o, err := NewCopier(from, u, limit).Object(Ref{Num: 4})
	if err != nil {
		return nil, nil, err
	}
	more, err := u.Bytes()
	require.NoError(t, err)
	to, err := Open(append(bytes.Clone(base), more...), nil)
	require.NoError(t, err)
	o, err = to.Resolve(o)
	return to, o, err
}

func TestCopy(t *testing.T) {
	t.Parallel()
	to, o, err := copied(t, 3, "<</A[1(x)/N 5 0 R 5 0 R]/B 6 0 R/StructParent 1/StructParents 1/Metadata 7 0 R/PieceInfo 1/LastModified 1>>",
		"<</Up 4 0 R>>", "<</Length 2/X<</Y 1>>>>stream\nab\nendstream", "(not copied)")
	require.NoError(t, err)
	got := o.(Dict)
	require.Len(t, got, 2, "what belongs to the document it came from stays there")
	a := got["A"].(Array)
	require.Equal(t, Array{int64(1), String("x"), Name("N")}, a[:3])
	require.Equal(t, a[3], a[4], "each object once")
	ring, err := to.Dict(a[3])
	require.NoError(t, err)
	back, err := to.Resolve(ring["Up"])
	require.NoError(t, err)
	require.True(t, Equal(got, back), "a ring leads back to its copy")
	s, err := to.Resolve(got["B"])
	require.NoError(t, err)
	require.Equal(t, "ab", string(s.(*Stream).Raw))
	require.Equal(t, Dict{"Y": int64(1)}, s.(*Stream).Dict["X"])
	require.Len(t, to.Numbers(), 6, "three of its own and three copies")

	_, _, err = copied(t, 2, "[5 0 R 6 0 R]", "1", "2")
	require.ErrorIs(t, err, ErrLimit)
	_, _, err = copied(t, 3, "[5 0 R 6 0 R]", "1", "2")
	require.NoError(t, err)
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	_, _, err = copied(t, 1, nested(maxCopyDepth))
	require.NoError(t, err)
	_, _, err = copied(t, 1, nested(maxCopyDepth+1))
	require.ErrorIs(t, err, ErrLimit)
	_, _, err = copied(t, 1, strings.Repeat("<</A", maxCopyDepth)+" 1"+strings.Repeat(">>", maxCopyDepth))
	require.ErrorIs(t, err, ErrLimit)

	for _, body := range []string{
		"<</Type/OCG>>", "<</Type/OCMD>>", "<</OC 1>>", "<</Ref 1>>", "<</OPI 1>>", "<</AF 1>>", "<</Type/Page>>", "<</Type/Catalog>>",
		"[<</Type/OCG>>]", "<</A<</OC 1>>>>", "3 0 R", "[1 0 R]", "<</Length 0/OC 1>>stream\n\nendstream", "<</A[3 0 R]>>",
	} {
		_, _, err := copied(t, 9, body)
		require.ErrorIs(t, err, ErrMalformed, body)
	}
	_, _, err = copied(t, 9, "[5 0 R]", "[")
	require.ErrorIs(t, err, ErrMalformed, "unreadable")
}

func TestCopyContent(t *testing.T) {
	t.Parallel()
	stream := func(s string) string { return fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(s), s) }
	from, err := Open(onePage(stream("ab"), stream("cd"), "[4 0 R 5 0 R]", "1", "[", "<</Length 1/Filter/X>>stream\nx\nendstream"), nil)
	require.NoError(t, err)
	to, err := Open(onePage(), nil)
	require.NoError(t, err)
	c := NewCopier(from, NewUpdate(to), 9)
	for _, x := range []struct {
		o    Object
		want string
	}{
		{Ref{Num: 4}, "ab"}, {Ref{Num: 6}, "ab\ncd\n"}, {Array{Ref{Num: 5}}, "cd\n"}, {Array{}, ""},
	} {
		s, err := c.Content(x.o)
		require.NoError(t, err)
		require.Equal(t, x.want, string(s.Raw))
		require.NotContains(t, s.Dict, Name("Length"))
	}
	for name, o := range map[string]Object{
		"nothing": nil, "a number": Ref{Num: 7}, "unreadable": Ref{Num: 8}, "a part of another type": Array{Ref{Num: 7}},
		"a part unreadable": Array{Ref{Num: 4}, Ref{Num: 8}}, "in another file": &Stream{Dict: Dict{"F": String("x")}},
	} {
		_, err := c.Content(o)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	_, err = c.Content(Array{Ref{Num: 9}})
	require.ErrorIs(t, err, ErrFilter)
	_, err = c.Object(&Stream{Dict: Dict{"F": String("x")}})
	require.ErrorIs(t, err, ErrMalformed)
}
