package scan_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// onAll is what Acrobat writes for a layer that is always on.
const onAll = "/ON[5 0 R]/AS[<</Event/View/OCGs[5 0 R]/Category[/View]>><</Event/Print/OCGs[5 0 R]/Category[/Print]>>]"

func withUsage(usage string) doc {
	d := layered(onAll, "")
	d.objects[0] = "<</Type/OCG/Name(Watermark)/Usage<<" + usage + ">>>>"
	return d
}

func withMembership(dict string) doc {
	d := layered("/ON[5 0 R]", "use")
	d.objects = append(d.objects, stream(form("/OC 7 0 R"), "0 0 9 9 re f"), "<</Type/OCMD"+dict+">>")
	return d
}

// TestLayersOff: a layer that someone may not see, or sees in some cases only.
func TestLayersOff(t *testing.T) {
	t.Parallel()
	untyped := withMembership("")
	untyped.objects[2] = "<</P/AllOff>>"
	for name, c := range map[string]struct {
		d  doc
		on bool
	}{
		"on": {layered("", ""), true},
		"on as Acrobat writes it": {withUsage(
			"/View<</ViewState/ON>>/Print<</PrintState/ON>>/Export<</ExportState/ON>>/PageElement<</Subtype/FG>>"), true},
		"on among those that are off": {layered("/BaseState/OFF/ON[5 0 R]", ""), true},
		"printing unstated":           {withUsage("/Print<</Subtype/Watermark>>"), true},
		"off":                         {layered("/OFF[5 0 R]", ""), false},
		"on and off":                  {layered("/ON[5 0 R]/OFF[5 0 R]", ""), false},
		"off at base":                 {layered("/BaseState/OFF", ""), false},
		"as it was":                   {layered("/BaseState/Unchanged/ON[5 0 R]", ""), false},
		"off on screen":               {withUsage("/View<</ViewState/OFF>>"), false},
		"off on paper":                {withUsage("/View<</ViewState/ON>>/Print<</PrintState/OFF>>"), false},
		"off in export":               {withUsage("/Export<</ExportState/OFF>>"), false},
		"by zoom":                     {withUsage("/Zoom<</min 2>>"), false},
		"by reader":                   {withUsage("/User<</Type/Ind/Name(a)>>"), false},
		"by language":                 {withUsage("/Language<</Lang(vi)>>"), false},
		"other configurations": {doc{catalog: "/OCProperties<</OCGs[5 0 R]/D<<>>/Configs[<</OFF[5 0 R]>>]>>",
			objects: []string{"<</Type/OCG/Name(a)>>"}}, false},
		"switched by an action": {func() doc {
			d := layered("", "")
			d.objects = append(d.objects, "<</Type/Action/S/SetOCGState/State[/OFF 5 0 R]>>")
			return d
		}(), false},
		"in the list of no one":     {doc{objects: []string{"<</Type/OCG/Name(a)>>"}}, true},
		"member":                    {withMembership("/OCGs 5 0 R"), true},
		"member when all are on":    {withMembership("/OCGs[5 0 R]/P/AllOn"), true},
		"member when one is off":    {withMembership("/OCGs[5 0 R]/P/AnyOff"), false},
		"member when all are off":   {withMembership("/OCGs[5 0 R]/P/AllOff"), false},
		"member of nothing":         {withMembership("/P/AllOff"), true},
		"member by expression":      {withMembership("/OCGs[5 0 R]/VE[/Or[/Not 5 0 R] 5 0 R]"), true},
		"member by negation":        {withMembership("/OCGs[5 0 R]/VE[/Not 5 0 R]"), false},
		"member by both":            {withMembership("/VE[/And 5 0 R[/Not[/Not 5 0 R]]]"), true},
		"member by contradiction":   {withMembership("/VE[/And 5 0 R[/Not 5 0 R]]"), false},
		"member by an unknown word": {withMembership("/VE[/Xor 5 0 R 5 0 R]"), false},
		"a group by use alone":      {untyped, true},
		"alternate image": {doc{objects: []string{
			stream("/Subtype/Image/Alternates[<</Image 4 0 R/DefaultForPrinting true>>]", "x")}}, false},
		"PostScript":                   {doc{objects: []string{stream("/Subtype/PS", "showpage")}}, false},
		"PostScript in a form":         {doc{objects: []string{stream("/Subtype/Form/Subtype2/PS", "")}}, false},
		"content that can't be cut up": {func() doc { d := layered("", ""); d.content = "/OC /L BDC ) EMC"; return d }(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := check(t, c.d.bytes())
			if !c.on {
				assert.Equal(t, "layers", classOf(t, err))
				return
			}
			require.NoError(t, err)
			assert.True(t, s.Normalised)
			clean(t, s.Data)
		})
	}
}

// clean holds what every normalised scan must be: a file in which qpdf finds no fault and no layer, and which stays.
func clean(t testing.TB, data []byte) {
	t.Helper()
	again, err := check(t, data)
	require.NoError(t, err)
	assert.False(t, again.Normalised)
	assert.Equal(t, data, again.Data)
	qpdf := tool(t, "qpdf")
	if qpdf == "" {
		return
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.CommandContext(t.Context(), qpdf, "--check", path).CombinedOutput()
	require.NoError(t, err, string(out))
	open, err := exec.CommandContext(t.Context(), qpdf, "--qdf", "--object-streams=disable", path, "-").Output()
	require.NoError(t, err)
	for _, trace := range []string{"/OCProperties", "/OC ", "/OCG", "/OCMD", "BDC"} {
		assert.NotContains(t, string(open), trace)
	}
}

// tool finds an outside program. Without it a check is left out, except where all of them must be there.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	return path
}

// TestUnlayered: every trace goes, wherever it stands, and nothing else does.
func TestUnlayered(t *testing.T) {
	t.Parallel()
	d := doc{
		catalog:  "/OCProperties<</OCGs[5 0 R]/D<</ON[5 0 R]/Order[5 0 R]>>>>/AcroForm<</Fields[]/NeedAppearances true>>",
		page:     "/Annots[<</Subtype/Link/OC 5 0 R>>]/Resources<</Properties<</L 5 0 R/M<</MCID 1>>>>/XObject<</X 6 0 R/OC 7 0 R>>>>",
		contents: "[8 0 R 9 0 R]",
		objects: []string{
			"<</Type/OCG/Name(a)>>",
			stream(form("/OC<</Type/OCMD/OCGs 5 0 R>>/Resources<</Properties<</L 5 0 R>>>>"), "/OC/L BDC 1 1 2 2 re f EMC"),
			stream("/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/OC 5 0 R", "x"),
			stream("/Filter/FlateDecode", flate("(/OC /L BDC) pop /OC /L")),
			stream("", "BDC /X Do /OC Do EMC /OC /L DP /Span /M BDC EMC /OC<</K 1>>BDC EMC\nBI /W 1 /H 1 ID /OC /L BDC EI q Q"),
		},
	}
	s, err := check(t, d.bytes())
	require.NoError(t, err)
	added := string(s.Data[len(d.bytes()):])
	for _, gone := range []string{"/OCProperties", "/OCG", "5 0 R", "/AcroForm"} {
		assert.NotContains(t, added, gone)
	}
	for _, there := range []string{"/OC 7 0 R", "/MCID 1", "5 0 obj\nnull"} {
		assert.Contains(t, added, there)
	}
	qpdf := tool(t, "qpdf")
	if qpdf == "" {
		return
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(path, s.Data, 0o600))
	out, err := exec.CommandContext(t.Context(), qpdf, "--qdf", "--object-streams=disable", path, "-").Output()
	require.NoError(t, err)
	for _, there := range []string{"(/OC /L BDC) pop", "/Layer BMC /X Do /OC Do EMC", "/Layer MP", "/Span /M BDC EMC /OC<</K 1>>BDC EMC",
		"ID /OC /L BDC EI q Q",
		"/Layer BMC 1 1 2 2 re f EMC"} {
		assert.Contains(t, string(out), there)
	}
}

// TestSameDrawing: what poppler draws of a normalised scan is what it drew of the upload, dot by dot.
func TestSameDrawing(t *testing.T) {
	t.Parallel()
	if tool(t, "pdftoppm") == "" {
		t.Skip("pdftoppm is not installed; where CI=true it must be")
	}
	member := withMembership("/OCGs[5 0 R]")
	member.content = "1 0 0 rg /OC /L BDC 0 0 50 50 re f EMC 0 1 0 rg /X Do 20 20 60 9 re f"
	files := map[string][]byte{"group": layered("", "").bytes(), "member": member.bytes()}
	if dir := os.Getenv("MOTCUA_CORPUS"); dir != "" {
		dir, rows := corpus(t)
		for _, row := range rows {
			if row.accept {
				data, err := os.ReadFile(filepath.Join(dir, row.file))
				require.NoError(t, err)
				files[row.file] = data
			}
		}
	}
	for name, data := range files {
		s, err := check(t, data)
		require.NoError(t, err)
		if s.Normalised {
			assert.Equal(t, drawn(t, data), drawn(t, s.Data), name)
			assert.NotEmpty(t, drawn(t, data))
		} else {
			assert.Equal(t, data, s.Data, "the same bytes draw the same")
		}
	}
}

// drawn renders a file's pages.
func drawn(t *testing.T, data []byte) [][]byte {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pdf")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	out, err := exec.CommandContext(t.Context(), tool(t, "pdftoppm"), "-r", "60", path, filepath.Join(dir, "p")).CombinedOutput()
	require.NoError(t, err, string(out))
	names, err := filepath.Glob(filepath.Join(dir, "p*.ppm"))
	require.NoError(t, err)
	var pages [][]byte
	for _, n := range names {
		b, err := os.ReadFile(n)
		require.NoError(t, err)
		pages = append(pages, b)
	}
	return pages
}

// TestLayerProperty: however groups are configured, a file is refused if any group is off in any way, and else becomes one
// without layers whose content has the same operators.
func TestLayerProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		off := false
		d := doc{catalog: "/OCProperties<</OCGs[5 0 R 6 0 R]/D<<"}
		if rapid.Bool().Draw(rt, "base off") {
			d.catalog += "/BaseState/OFF"
			on := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"5 0 R", "6 0 R"}), 0, 2, rapid.ID).Draw(rt, "on")
			d.catalog += "/ON[" + strings.Join(on, " ") + "]"
			off = len(on) < 2
		}
		if rapid.Bool().Draw(rt, "one off") {
			d.catalog += "/OFF[6 0 R]"
			off = true
		}
		d.catalog += ">>>>"
		for range 2 {
			state := rapid.SampledFrom([]string{"", "/Usage<</View<</ViewState/ON>>>>", "/Usage<</Print<</PrintState/OFF>>>>"}).Draw(rt, "usage")
			off = off || strings.Contains(state, "OFF")
			d.objects = append(d.objects, "<</Type/OCG"+state+">>")
		}
		operators := rapid.SampledFrom([]string{"/OC /L BDC", "EMC", "q Q", "(x\\)) pop", "<</A[1]>> pop", "% c\n"})
		d.content = strings.Join(rapid.SliceOfN(operators, 0, 20).Draw(rt, "content"), " ")
		d.page = "/Resources<</Properties<</L 5 0 R>>>>"
		s, err := check(t, d.bytes())
		if off {
			require.Equal(rt, "layers", classOf(t, err))
			return
		}
		require.NoError(rt, err)
		require.True(rt, bytes.HasPrefix(s.Data, d.bytes()))
		again, err := check(t, s.Data)
		require.NoError(rt, err)
		require.Equal(rt, s.Data, again.Data)
	})
}
