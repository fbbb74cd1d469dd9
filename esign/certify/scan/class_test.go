package scan_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/certify/scan"
)

// one builds a file whose fifth object is body.
func one(catalog, page, body string) []byte {
	return doc{catalog: catalog, page: page, objects: []string{body}}.bytes()
}

func annot(body string) []byte {
	return one("", "/Annots[5 0 R]", "<</Type/Annot/Rect[0 0 9 9]"+body+">>")
}

// content builds a file whose page is drawn by a stream of its own.
func content(dict, data string) []byte {
	return doc{contents: "5 0 R", objects: []string{stream(dict, data)}}.bytes()
}

func form(dict string) string { return "/Subtype/Form/BBox[0 0 9 9]" + dict }

// cut replaces a text once, in files where that moves nothing.
func cut(data []byte, old, with string) []byte {
	if len(old) != len(with) {
		panic("offsets would move")
	}
	return bytes.Replace(data, []byte(old), []byte(with), 1)
}

const embedded = "<</Type/Filespec/F(a.txt)/EF<</F 6 0 R>>>>"

// zipFile is an empty ZIP: its end alone.
const zipFile = "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// refusedFiles are built when asked for: some are large.
func refusedFiles() map[scan.Class]map[string][]byte {
	return map[scan.Class]map[string][]byte{
		scan.Polyglot: {
			"bytes before the header": append([]byte("GIF89a"), doc{}.bytes()...),
			"a ZIP behind":            doc{tail: "PK\x03\x04 a file " + zipFile}.bytes(),
			"an empty ZIP behind":     doc{tail: zipFile}.bytes(),
			"a RAR behind":            doc{tail: "Rar!\x1a\x07\x01"}.bytes(),
			"a ZIP whose comment is the rest of the file": func() []byte {
				d := doc{objects: []string{stream("", zipFile[:20]+"??")}}
				data := d.bytes()
				at := bytes.Index(data, []byte("??"))
				rest := len(data) - at - 2
				data[at], data[at+1] = byte(rest), byte(rest>>8)
				return data
			}(),
			"a ZIP inside":           one("", "", stream("", "PK\x01\x02"+zipFile[:12]+"\x04"+zipFile[13:])),
			"a picture before a PDF": append(bytes.Repeat([]byte{0xff, 0xd8, 0xff, 0xe0}, 999), doc{}.bytes()...),
			"a tar":                  cut(one("", "", "("+strings.Repeat("-", 400)+")"), strings.Repeat("-", 400), tarMark()),
		},
		scan.NotPDF: {
			"nothing":                   {},
			"JPEG":                      []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
			"TIFF":                      []byte("II*\x00\x08\x00\x00\x00"),
			"HEIC":                      []byte("\x00\x00\x00\x18ftypheic"),
			"DOCX":                      []byte("PK\x03\x04word/document.xml" + zipFile),
			"text that ends like a PDF": []byte("it ends with\n%%EOF\n"),
			"text":                      []byte("Kính gửi: Ủy ban nhân dân\n"),
		},
		scan.Broken: {
			"cut":                             doc{}.bytes()[:300],
			"end missing":                     bytes.TrimSuffix(doc{}.bytes(), []byte("%%EOF\n")),
			"noise behind":                    doc{tail: "noise"}.bytes(),
			"startxref beside":                cut(doc{}.bytes(), "xref\n0", "xerf\n0"),
			"header without a dash":           cut(doc{}.bytes(), "%PDF-", "%PDF_"),
			"header of version 3":             cut(doc{}.bytes(), "%PDF-1.7", "%PDF-3.0"),
			"header of version 0":             cut(doc{}.bytes(), "%PDF-1.7", "%PDF-0.9"),
			"header without a dot":            cut(doc{}.bytes(), "%PDF-1.7", "%PDF-1-7"),
			"header of half a version":        cut(doc{}.bytes(), "%PDF-1.7", "%PDF-1.x"),
			"header of a colon":               cut(doc{}.bytes(), "%PDF-1.7", "%PDF-1.:"),
			"header without a version":        cut(doc{}.bytes(), "%PDF-1.7", "%PDF-x.7"),
			"offset":                          cut(one("", "", "null"), "\n5 0 obj", "\n6 0 obj"),
			"offset of what nothing leads to": cut(one("", "", "(x)"), "5 0 obj", "5 1 obj"),
			"object number of 2^64":           one("", "", "18446744073709551616 0 R"),
			"xref count of 2^64":              bytes.Replace(doc{}.bytes(), []byte("xref\n0 5"), []byte("xref\n0 18446744073709551616"), 1),
			"Size of 2^64":                    bytes.Replace(doc{}.bytes(), []byte("/Size 5"), []byte("/Size 18446744073709551616"), 1),
			"Size too small":                  cut(doc{}.bytes(), "/Size 5", "/Size 4"),
			"page tree in a ring":             cut(doc{}.bytes(), "/Kids[3 0 R]", "/Kids[2 0 R]"),
			"page count wrong":                cut(doc{}.bytes(), "/Count 1", "/Count 2"),
			"page without size":               cut(doc{}.bytes(), "[0 0 200 200]", "[0 0 000 200]"),
			"page without box":                cut(doc{}.bytes(), "/MediaBox", "/MediaFox"),
			"content no stream":               doc{contents: "1 0 R"}.bytes(),
			"flate cut":                       content("/Filter/FlateDecode", flate("q Q q Q")[:8]),
			"flate flipped":                   content("/Filter/FlateDecode", flip(flate("q Q q Q"))),
			"unknown filter":                  content("/Filter/Zip", "q Q"),
			"stream in another file":          one("", "", stream("/F(other.pdf)", "x")),
			"key twice":                       one("", "", "<</A 1/A 2>>"),
			"a form that draws itself": doc{page: "/Resources<</XObject<</F 5 0 R>>>>", content: "/F Do", objects: []string{
				stream(form("/Resources<</XObject<</F 5 0 R>>>>"), "/F Do")}}.bytes(),
		},
		scan.Bomb: {
			"two layers of Flate": content("/Filter[/FlateDecode/FlateDecode]", flate(spaces(3))),
			"two layers of Flate on an image": doc{objects: []string{
				stream("/Subtype/Image/Width 1/Height 1/Filter[/FlateDecode/FlateDecode/DCTDecode]", flate(spaces(3)))}}.bytes(),
			"in a form": doc{objects: []string{stream(form("/Filter/FlateDecode"), spaces(3))}}.bytes(),
			"in a font": doc{objects: []string{stream("/Filter/FlateDecode", spaces(3))}}.bytes(),
			"many streams": doc{contents: "[" + strings.Repeat("5 0 R ", 3) + "]", objects: []string{
				stream("/Filter/FlateDecode", spaces(1)), stream("/Filter/FlateDecode", spaces(1))}}.bytes(),
			"JBIG2 content":              content("/Filter/JBIG2Decode", "x"),
			"content that is an image":   content("/Subtype/Image/Filter/DCTDecode", "x"),
			"JPEG as a form":             doc{objects: []string{stream(form("/Filter/DCTDecode"), "x")}}.bytes(),
			"JPEG as a glyph":            doc{objects: []string{"<</Type/Font/CharProcs<</a 6 0 R>>>>", stream("/Filter/DCTDecode", "x")}}.bytes(),
			"JPEG as a pattern":          doc{objects: []string{stream("/PatternType 1/Filter/DCTDecode", "x")}}.bytes(),
			"an image of 10^12 dots":     doc{objects: []string{stream("/Subtype/Image/Width 1000000/Height 1000000", "x")}}.bytes(),
			"forms that draw each other": doubling(1, 40),
			"a form on every page":       doubling(250, 14),
			"nesting":                    one("", "", strings.Repeat("[", 500)+strings.Repeat("]", 500)),
			"nine filters":               content("/Filter["+strings.Repeat("/ASCIIHexDecode", 9)+"]", ">"),
			"run lengths":                content("/Filter[/FlateDecode/RunLengthDecode]", flate(strings.Repeat("\x81 ", 1<<14))),
		},
		scan.PageCount: {
			"no page":   pages(0, ""),
			"301 pages": pages(301, ""),
		},
		scan.Encrypted: {
			"with a password": doc{trailer: "/Encrypt<</Filter/Standard/V 1/R 2/O(x)/U(x)/P -44>>"}.bytes(),
			"by reference":    doc{trailer: "/Encrypt 5 0 R", objects: []string{"<</Filter/Standard>>"}}.bytes(),
		},
		scan.Signed: {
			"signature":              one("", "", "<</Type/Sig/Filter/Adobe.PPKLite>>"),
			"time stamp":             one("", "", "<</Type/DocTimeStamp>>"),
			"signature by its parts": one("", "", "<</ByteRange[0 1 2 3]/Contents<00>>>"),
			"field with a value":     one("", "", "<</FT/Sig/T(a)/V<</Filter/X>>>>"),
			"usage rights":           one("/Perms<</UR3 5 0 R>>", "", "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>"),
			"in place":               one("/AcroForm<</Fields[<</FT/Sig/V<</Type/Sig>>>>]>>", "", "null"),
		},
		scan.Form: {
			"a field":                     one("/AcroForm<</Fields[5 0 R]>>", "", "<</FT/Tx/T(a)>>"),
			"an unsigned signature field": one("/AcroForm<</Fields[5 0 R]>>", "", "<</FT/Sig/T(a)>>"),
			"XFA without fields":          one("/AcroForm<</Fields[]/XFA 5 0 R>>", "", stream("", "<xdp/>")),
			"XFA as an array":             one("/AcroForm<</Fields[]/XFA[(a) 5 0 R]>>", "", stream("", "<xdp/>")),
			"dynamic XFA":                 one("/NeedsRendering true", "", "null"),
			"a widget of no field":        annot("/Subtype/Widget"),
		},
		scan.JavaScript: {
			"on opening":            one("/OpenAction 5 0 R", "", "<</S/JavaScript/JS(app.alert())>>"),
			"on opening, second":    one("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next 5 0 R>>", "", "<</S/JavaScript/JS 4 0 R>>"),
			"in a list of actions":  one("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next[<</S/URI/URI(a)>> 5 0 R]>>", "", "<</S/JavaScript>>"),
			"before printing":       one("/AA<</WP 5 0 R>>", "", "<</S/JavaScript/JS(x)>>"),
			"on a page":             one("", "/AA<</O<</S/JavaScript/JS(x)>>>>", "null"),
			"in a link":             annot("/Subtype/Link/A<</S/JavaScript/JS(x)>>"),
			"when a link is seen":   annot("/Subtype/Link/PA<</S/JavaScript/JS(x)>>"),
			"in the name tree":      one("/Names<</JavaScript 5 0 R>>", "", "<</Names[(a)<</S/JavaScript/JS(x)>>]>>"),
			"deep in the name tree": one("/Names<</JavaScript<</Kids[5 0 R]>>>>", "", "<</Limits[(a)(a)]/Names[(a) null]>>"),
			"in an outline":         one("/Outlines<</First 5 0 R/Last 5 0 R>>", "", "<</Title(a)/A<</S/JavaScript/JS(x)>>>>"),
			"of a rendition":        annot("/Subtype/Link/A<</S/Rendition/JS(x)>>"),
			"that nothing leads to": one("", "", "<</S/JavaScript/JS(x)>>"),
			"as a link's address":   annot("/Subtype/Link/A<</S/URI/URI(JavaScript:alert)>>"),
		},
		scan.Launch: {
			"a program":                       annot("/Subtype/Link/A<</S/Launch/F(calc.exe)>>"),
			"a program that nothing leads to": one("", "", "<</S/Launch/Win<</F(calc.exe)>>>>"),
			"another file":                    annot("/Subtype/Link/A<</S/GoToR/F(b.pdf)/D[0/Fit]>>"),
			"a file in a file":                annot("/Subtype/Link/A<</S/GoToE/D[0/Fit]>>"),
			"printing":                        one("/OpenAction 5 0 R", "", "<</S/Named/N/Print>>"),
			"emptying a form":                 one("/OpenAction 5 0 R", "", "<</S/ResetForm>>"),
			"sending":                         one("/OpenAction 5 0 R", "", "<</S/SubmitForm/F(http://x)>>"),
			"reading":                         one("/OpenAction 5 0 R", "", "<</S/ImportData/F(a.fdf)>>"),
			"a thread elsewhere":              one("/OpenAction 5 0 R", "", "<</S/Thread/F(b.pdf)/D 0>>"),
			"a menu command":                  one("/OpenAction 5 0 R", "", "<</S/Named/N/SaveAs>>"),
			"an address of a file":            annot("/Subtype/Link/A<</S/URI/URI(file:///C:/a.exe)>>"),
			"by its type":                     one("", "", "<</Type/Action/S/Launch>>"),
			"a page of another file":          doc{objects: []string{stream(form("/Ref<</F(b.pdf)/Page 0>>"), "")}}.bytes(),
		},
		scan.EmbeddedFile: {
			"name tree": doc{catalog: "/Names<</EmbeddedFiles<</Names[(a) 5 0 R]>>>>", objects: []string{
				embedded, stream("", "x")}}.bytes(),
			"associated":             doc{catalog: "/AF[5 0 R]", objects: []string{embedded, stream("", "x")}}.bytes(),
			"associated with a page": doc{page: "/AF 5 0 R", objects: []string{"<</Type/Filespec/UF(a)>>"}}.bytes(),
			"by the stream":          one("", "", stream("/Type/EmbeddedFile", "x")),
			"that nothing leads to":  doc{objects: []string{"<</F(a)/EF<</UF 6 0 R>>>>", stream("", "x")}}.bytes(),
			"portfolio":              one("/Collection<<>>", "", "null"),
			"annotation":             annot("/Subtype/FileAttachment/FS<</F(a)>>"),
			"film":                   annot("/Subtype/Screen"),
			"old film":               annot("/Subtype/Movie"),
			"sound":                  annot("/Subtype/Sound"),
			"3D":                     annot("/Subtype/3D"),
			"rich media":             annot("/Subtype/RichMedia"),
			"an action with sound":   annot("/Subtype/Link/A<</S/Sound/Sound 4 0 R>>"),
			"an action with film":    annot("/Subtype/Link/A<</S/Movie>>"),
			"an action in 3D":        annot("/Subtype/Link/A<</S/GoTo3DView>>"),
			"a model":                one("", "", stream("/Type/3D/Subtype/U3D", "x")),
			"rendition":              one("/OpenAction 5 0 R", "", "<</S/Rendition/OP 0>>"),
			"a ZIP, attached":        one("", "", stream("/Type/EmbeddedFile", "PK\x01\x02"+zipFile[:12]+"\x04"+zipFile[13:])),
		},
		scan.Annotation: {
			"stamp":                  annot("/Subtype/Stamp"),
			"hidden stamp":           annot("/Subtype/Stamp/F 2"),
			"text":                   annot("/Subtype/FreeText/DA(/F 1 Tf)"),
			"square":                 annot("/Subtype/Square"),
			"redaction":              annot("/Subtype/Redact"),
			"ink":                    annot("/Subtype/Ink"),
			"highlight":              annot("/Subtype/Highlight/AP<</N 4 0 R>>"),
			"note":                   annot("/Subtype/Text"),
			"watermark":              annot("/Subtype/Watermark"),
			"no kind":                annot(""),
			"link that paints":       annot("/Subtype/Link/AP<</N 4 0 R>>"),
			"link with a bar":        annot("/Subtype/Link/Border[0 0 20]"),
			"link with a bar, newer": annot("/Subtype/Link/BS<</W 20.5>>"),
		},
	}
}

// doubling has forms that each draw the next one twice, n deep, and pages that each draw the first.
func doubling(pages, n int) []byte {
	bodies := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</XObject<</F 5 0 R>>>>", stream("", "/F Do")}
	for i := range n {
		bodies = append(bodies, stream(form(fmt.Sprintf("/Resources<</XObject<</F %d 0 R>>>>", i+6)), "/F Do /F Do"))
	}
	bodies = append(bodies, stream(form(""), "q Q"))
	kids := ""
	for range pages {
		kids += fmt.Sprintf("%d 0 R ", len(bodies)+1)
		bodies = append(bodies, "<</Type/Page/Parent 2 0 R/Resources 3 0 R/Contents 4 0 R>>")
	}
	bodies[1] = fmt.Sprintf("<</Type/Pages/MediaBox[0 0 9 9]/Kids[%s]/Count %d>>", kids, pages)
	return file(bodies, "", "")
}

// tarMark puts the mark of a tar where it stands in one: byte 257.
func tarMark() string {
	at := bytes.Index(one("", "", "("+strings.Repeat("-", 400)+")"), []byte(strings.Repeat("-", 400)))
	s := []byte(strings.Repeat("-", 400))
	copy(s[max(0, 257-at):], "ustar")
	return string(s)
}

func flip(s string) string {
	b := []byte(s)
	b[len(b)-1] ^= 1
	return string(b)
}

func TestClasses(t *testing.T) {
	t.Parallel()
	for class, files := range refusedFiles() {
		for name, data := range files {
			t.Run(fmt.Sprintf("%s/%s", class, name), func(t *testing.T) {
				t.Parallel()
				o := &scan.Options{MaxDecoded: 3 << 19} // 1.5 MiB, so that bombs can be small
				_, err := scan.Check(t.Context(), bytes.NewReader(data), int64(len(data)), o)
				assert.Equal(t, string(class), classOf(t, err))
			})
		}
	}
}

// TestAccepted holds what looks odd and is fine.
func TestAccepted(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"plain":                               doc{content: "0 0 9 9 re f"}.bytes(),
		"300 pages":                           pages(300, ""),
		"no content":                          cut(doc{}.bytes(), "/Contents 4 0 R", "/Contains 4 0 R"),
		"empty content":                       doc{contents: "[]"}.bytes(),
		"nothing in Flate":                    content("/Filter/FlateDecode", ""),
		"UserUnit and Rotate":                 doc{page: "/UserUnit 10/Rotate 270"}.bytes(),
		"destination on opening":              one("/OpenAction[3 0 R/Fit]", "", "null"),
		"GoTo on opening":                     one("/OpenAction 5 0 R", "", "<</S/GoTo/D[3 0 R/Fit]>>"),
		"next page":                           annot("/Subtype/Link/A<</S/Named/N/NextPage>>"),
		"link":                                annot("/Subtype/Link/Border[0 0 1]/A<</S/URI/URI(https://dichvucong.gov.vn)>>"),
		"mail":                                annot("/Subtype/Link/A<</S/URI/URI(mailto:a@b.vn)>>"),
		"link in place":                       annot("/Subtype/Link/Dest[3 0 R/Fit]"),
		"link with a thick frame":             annot("/Subtype/Link/Border[0 0 3]"),
		"forms that draw each other a little": doubling(1, 14),
		"a font called AF":                    one("", "/Resources<</Font<</AF 5 0 R>>>>", "<</Type/Font>>"),
		"an archive whose directory is elsewhere": one("", "",
			stream("", "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\x7f"+zipFile[16:])),
		"null among annotations": one("", "/Annots[null 99 0 R]", "null"),
		"empty form":             one("/AcroForm<</Fields[]/DA(/Helv 0 Tf)>>", "", "null"),
		"empty name trees":       one("/Names<</JavaScript<</Names[]>>/EmbeddedFiles 5 0 R>>", "", "<</Kids[5 0 R]>>"),
		"blanks behind":          doc{tail: "\r\n\x00\x00"}.bytes(),
		"a structure element":    one("", "", "<</Type/StructElem/S/Launch/P 1 0 R/A<</O/Layout>>>>"),
		"resources with odd names": one("", "/Resources<</XObject<</AF 5 0 R/OC 5 0 R/A 5 0 R/JS 5 0 R/EF 5 0 R>>>>",
			stream(form(""), "")),
		"a form used twice": doc{page: "/Resources<</XObject<</F 5 0 R>>>>", content: "/F Do /F Do", objects: []string{
			stream(form("/Resources<</XObject<</G 6 0 R>>>>"), "/G Do /G Do"), stream(form(""), "q Q")}}.bytes(),
		"an 81 megapixel image": doc{objects: []string{stream("/Subtype/Image/Width 9000/Height 9000"+
			"/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode", "x")}}.bytes(),
		"LZW, hex and 85": doc{contents: "[5 0 R 6 0 R 7 0 R]", objects: []string{
			stream("/Filter/LZWDecode", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"),
			stream("/Filter/ASCIIHexDecode", "71 51>"), stream("/Filter/ASCII85Decode", "~>")}}.bytes(),
		"a mark of an archive in the data": one("", "", stream("", "PK\x05\x06 and so on, with no directory before it")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := check(t, data)
			require.NoError(t, err)
			assert.Equal(t, data, s.Data)
			assert.False(t, s.Normalised)
			assert.Equal(t, bytes.Count(data, []byte("/Type/Page/")), s.Pages)
		})
	}
}
