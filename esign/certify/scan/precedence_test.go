package scan_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/certify/scan"
)

// TestPrecedence takes a file with every fault that one file can have, and mends one after the other. The order of the
// classes is the one that desks are told.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	faults := []struct {
		class scan.Class
		d     doc
	}{
		{scan.Polyglot, doc{tail: zipFile}},
		{scan.Broken, doc{objects: []string{"<</A 1/A 2>>"}}},
		{scan.Bomb, doc{objects: []string{stream(form("/Filter/DCTDecode"), "x")}}},
		{scan.Signed, doc{objects: []string{"<</Type/Sig>>"}}},
		{scan.Form, doc{catalog: "/NeedsRendering true"}},
		{scan.JavaScript, doc{objects: []string{"<</S/JavaScript/JS(x)>>"}}},
		{scan.Launch, doc{objects: []string{"<</S/Launch/F(x)>>"}}},
		{scan.EmbeddedFile, doc{catalog: "/Collection<<>>"}},
		{scan.Annotation, doc{page: "/Annots[<</Subtype/Stamp>>]"}},
		{scan.Layers, doc{objects: []string{stream("/Subtype/PS", "x")}}},
	}
	for i, first := range faults {
		var d doc
		for _, f := range faults[i:] {
			d.catalog += f.d.catalog
			d.page += f.d.page
			d.tail += f.d.tail
			d.objects = append(f.d.objects, d.objects...) // the worst comes first; the reader meets the least first
		}
		_, err := check(t, d.bytes())
		assert.Equal(t, string(first.class), classOf(t, err))
	}
}

// TestPrecedenceOfSize pairs the classes that concern the whole file with what comes before and behind them.
func TestPrecedenceOfSize(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 200_000)
	small := &scan.Options{MaxBytes: 100_000}
	encrypted := "/Encrypt<</Filter/Standard>>"
	withPages := func(n int, more string) []byte {
		return bytes.Replace(pages(n, more), []byte("/Root 1 0 R"), []byte("/Root 1 0 R"+encrypted), 1)
	}
	for name, c := range map[string]struct {
		class scan.Class
		data  []byte
	}{
		"too large and a ZIP":          {scan.Polyglot, doc{content: large, tail: zipFile}.bytes()},
		"too large and a ZIP before":   {scan.Polyglot, append([]byte("PK\x03\x04"), doc{content: large}.bytes()...)},
		"too large and no PDF":         {scan.NotPDF, []byte(large)},
		"too large and broken":         {scan.TooLarge, doc{content: large, tail: "x"}.bytes()},
		"too large":                    {scan.TooLarge, doc{content: large}.bytes()},
		"encrypted and broken":         {scan.Broken, doc{trailer: encrypted, objects: []string{"<</A 1/A 2>>"}}.bytes()},
		"encrypted and without a page": {scan.PageCount, withPages(0, "")},
		"encrypted and too long":       {scan.PageCount, withPages(301, "")},
		"encrypted and signed":         {scan.Encrypted, doc{trailer: encrypted, objects: []string{"<</Type/Sig>>"}}.bytes()},
		"broken and without a page":    {scan.Broken, pages(0, "/A 1/A 2")},
		"without a page and signed":    {scan.PageCount, pages(0, "/X<</Type/Sig>>")},
		"a bomb and without a page":    {scan.Bomb, pages(0, "/X"+strings.Repeat("[", 200)+strings.Repeat("]", 200))},
	} {
		_, err := scan.Check(t.Context(), bytes.NewReader(c.data), int64(len(c.data)), small)
		assert.Equal(t, string(c.class), classOf(t, err), name)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	data := pages(5, "")
	for name, c := range map[string]struct {
		class string
		o     scan.Options
	}{
		"as many bytes as allowed": {"accept", scan.Options{MaxBytes: int64(len(data))}},
		"one byte more":            {"too-large", scan.Options{MaxBytes: int64(len(data)) - 1}},
		"as many pages as allowed": {"accept", scan.Options{MaxPages: 5}},
		"one page more":            {"page-count", scan.Options{MaxPages: 4}},
	} {
		_, err := scan.Check(t.Context(), bytes.NewReader(data), int64(len(data)), &c.o)
		assert.Equal(t, c.class, classOf(t, err), name)
	}
	content := doc{contents: "5 0 R", objects: []string{stream("/Filter/FlateDecode", flate(strings.Repeat("q Q ", 1000)))}}.bytes()
	_, err := scan.Check(t.Context(), bytes.NewReader(content), int64(len(content)), &scan.Options{MaxDecoded: 4000})
	assert.Equal(t, "accept", classOf(t, err))
	_, err = scan.Check(t.Context(), bytes.NewReader(content), int64(len(content)), &scan.Options{MaxDecoded: 3999})
	assert.Equal(t, "bomb", classOf(t, err))
}

var errDisk = errors.New("the disk is gone")

type failing struct{ io.ReaderAt }

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

// TestNoVerdict: what goes wrong while reading says nothing about the scan.
func TestNoVerdict(t *testing.T) {
	t.Parallel()
	data := doc{}.bytes()
	for _, size := range []int64{100, 100 << 20} {
		_, err := scan.Check(t.Context(), failing{}, size, nil)
		require.ErrorIs(t, err, errDisk)
		require.NotErrorIs(t, err, scan.ErrRefused)
	}
	_, err := scan.Check(t.Context(), bytes.NewReader(data), int64(len(data))+1, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = scan.Check(t.Context(), bytes.NewReader(data), -1, nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, scan.ErrRefused)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []doc{{}, layered("", "")} {
		b := d.bytes()
		_, err = scan.Check(ctx, bytes.NewReader(b), int64(len(b)), nil)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, scan.ErrRefused)
	}
}

// TestPageOfFault: a person is told where to look.
func TestPageOfFault(t *testing.T) {
	t.Parallel()
	data := file([]string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 9 9]>>",
		"<</Type/Page/Parent 2 0 R>>", "<</Type/Page/Parent 2 0 R/Annots[<</Subtype/Link/A<</S/Launch/F(x)>>>>]>>"}, "", "")
	_, err := check(t, data)
	var r *scan.Refused
	require.ErrorAs(t, err, &r)
	assert.Equal(t, scan.Launch, r.Class)
	assert.Equal(t, 2, r.Page)
	assert.True(t, strings.HasPrefix(r.Reason.VI, "Trang 2: "), r.Reason.VI)
	assert.True(t, strings.HasPrefix(r.Reason.EN, "Page 2: "), r.Reason.EN)
	assert.Equal(t, "launch", r.Reason.Code)
	assert.Equal(t, "the scan can't be certified: launch: "+r.Reason.EN, err.Error())
	require.NotErrorIs(t, err, context.Canceled)
}

// TestWords: every class has a sentence with a remedy in both languages.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []scan.Class{scan.Polyglot, scan.NotPDF, scan.TooLarge, scan.Broken, scan.Bomb, scan.PageCount, scan.Encrypted,
		scan.Signed, scan.Form, scan.JavaScript, scan.Launch, scan.EmbeddedFile, scan.Annotation, scan.Layers} {
		w := scan.Words(c)
		assert.Equal(t, string(c), w.Code)
		assert.Contains(t, w.VI, "Hãy ", c)
		assert.Contains(t, w.VI, "quét", c)
		assert.Contains(t, strings.ToLower(w.EN), "scan", c)
		assert.NotContains(t, w.VI, "\n")
	}
	assert.Equal(t, scan.Reason{Code: "x", VI: "x", EN: "x"}, scan.Words("x"))
}
