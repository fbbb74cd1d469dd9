package scan_test

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"fmt"
	"strings"
)

// doc builds a PDF of one page by hand. Fields go into the dictionaries of their name.
type doc struct {
	catalog, page string
	content       string
	contents      string // what the page calls its content, "4 0 R" when empty
	// objects follow from number 5 on; a page, its content and what they hold are 1 to 4.
	objects []string
	// trailer goes into the trailer, tail behind the end.
	trailer, tail string
}

// bytes writes the file with a cross-reference table.
func (d doc) bytes() []byte {
	bodies := append([]string{
		"<</Type/Catalog/Pages 2 0 R" + d.catalog + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents " + cmp.Or(d.contents, "4 0 R") + d.page + ">>",
		stream("", d.content),
	}, d.objects...)
	return file(bodies, d.trailer, d.tail)
}

func file(bodies []string, trailer, tail string) []byte {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
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
	b = fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(bodies)+1, trailer, at)
	return append(b, tail...)
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

func flate(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// spaces packs n MiB of spaces.
func spaces(mib int) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	chunk := bytes.Repeat([]byte{' '}, 1<<20)
	for range mib {
		if _, err := z.Write(chunk); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// pages builds a file of n pages, all under one node.
func pages(n int, more string) []byte {
	kids := &strings.Builder{}
	bodies := []string{"<</Type/Catalog/Pages 2 0 R" + more + ">>", ""}
	for i := range n {
		fmt.Fprintf(kids, "%d 0 R ", i+3)
		bodies = append(bodies, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>")
	}
	bodies[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids, n)
	return file(bodies, "", "")
}

// layered has one layer (object 5), tied to what use says, and a mark in the content.
func layered(config, use string) doc {
	d := doc{
		catalog: "/OCProperties<</OCGs[5 0 R]/D<<" + config + ">>>>",
		page:    "/Resources<</Properties<</L 5 0 R>>>>",
		content: "/OC /L BDC 0 0 50 50 re f EMC",
		objects: []string{"<</Type/OCG/Name(Watermark)>>"},
	}
	if use != "" {
		d.page = "/Resources<</Properties<</L 5 0 R>>/XObject<</X 6 0 R>>>>"
	}
	return d
}
