package esign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/internal/pdf"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
)

// build writes a PDF of some objects, the first being the catalog.
func build(objects ...string) []byte {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := len(b)
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f\r\n", len(objects)+1)
	for _, o := range offsets {
		b = fmt.Appendf(b, "%010d 00000 n\r\n", o)
	}
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, at)
}

func stream(dict, content string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
}

// onePage is a page of so many octets, with what is added to its dictionary and more objects from number 5.
func onePage(size int, more string, objects ...string) []byte {
	return build(append([]string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R" + more + ">>",
		stream("", "%"+string(bytes.Repeat([]byte("x"), size))+"\n0 0 m"),
	}, objects...)...)
}

var signingDay = time.Date(2024, 11, 15, 8, 0, 0, 0, inVietnam)

type key struct {
	*credential
	signer *p12.Signer
}

func newKey(t testing.TB, k pkisim.KeyType) key {
	t.Helper()
	p, err := pkisim.New(filepath.Join(t.TempDir(), "trust"), nil)
	require.NoError(t, err)
	i, err := p.Issue(t.Context(), &pkisim.IssueRequest{Name: "Nguyễn Văn Ấn", Kind: pkisim.Person, Key: k})
	require.NoError(t, err)
	s, err := p12.Open(i.PKCS12, i.Password, nil)
	require.NoError(t, err)
	c, err := newCredential(append(i.Chain, p.Root().Raw), signingDay)
	require.NoError(t, err)
	require.Equal(t, i.Chain, c.chain, "the root is not embedded")
	return key{c, s}
}

func (k key) sign(t testing.TB, digest []byte) []byte {
	t.Helper()
	ctx := context.Background()
	r := &driver.BeginRequest{Transaction: "t", Hash: crypto.SHA256, Scheme: k.scheme, Items: []driver.Item{{Digest: digest}}}
	b, err := k.signer.Begin(ctx, r)
	require.NoError(t, err)
	out, err := k.signer.Complete(ctx, &driver.CompleteRequest{Begin: r, Handle: b.Handle})
	require.NoError(t, err)
	return out.Signatures[0]
}

func prepared(t testing.TB, doc []byte, p *Plan) []byte {
	t.Helper()
	more, err := withFields(doc, p, nil)
	require.NoError(t, err)
	return append(bytes.Clone(doc), more...)
}

func TestIncrement(t *testing.T) {
	t.Parallel()
	k := newKey(t, pkisim.P256)
	p := validPlan()
	base := prepared(t, onePage(100, ""), p)
	s := &p.Signatures[0]
	i, err := fillField(base, s, k.credential, signingDay, onePage(10, ""), 0, nil)
	require.NoError(t, err)
	again, err := fillField(base, s, k.credential, signingDay, onePage(10, ""), 0, nil)
	require.NoError(t, err)
	require.Equal(t, i, again, "equal arguments give equal bytes")
	require.NotContains(t, string(i.data), "Nguy")

	der, err := k.assemble(i.attrs, k.sign(t, i.toSign), nil)
	require.NoError(t, err)
	update, err := i.seal(der)
	require.NoError(t, err)
	require.NoError(t, i.covers(base, k.credential, i.attrs))
	doc := append(bytes.Clone(base), update...)
	report, err := Verify(t.Context(), bytes.NewReader(doc), int64(len(doc)), nil)
	require.NoError(t, err)
	require.True(t, report.Intact, "%+v", report)
	require.Equal(t, "Người ký", report.Signers[0].Field)
	require.True(t, report.Signers[0].Time.Equal(signingDay))

	_, err = i.seal(make([]byte, i.room+1))
	require.ErrorIs(t, err, pdf.ErrRoom)
	other := bytes.Clone(base)
	other[len(other)/2] ^= 1
	require.Error(t, i.covers(other, k.credential, i.attrs))
	moved := *i
	moved.byteRange[1]++
	_, err = moved.seal(der)
	require.Error(t, err)
}

func TestDocumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	field := func(kind, name string) string {
		return "<</Type/Annot/Subtype/Widget/FT/" + kind + "/T(" + name + ")/P 3 0 R/Rect[0 0 1 1]>>"
	}
	form := func(more string, objects ...string) []byte {
		return build(append([]string{
			"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]" + more + ">>>>",
			"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>", "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R]>>",
			stream("", "0 0 m"),
		}, objects...)...)
	}
	for name, doc := range map[string][]byte{
		"turned page":       onePage(1, "/Rotate 90"),
		"scaled page":       onePage(1, "/UserUnit 2"),
		"annotations":       onePage(1, "/Annots true"),
		"field of the name": form("", field("Tx", "k1")),
		"XFA":               form("/XFA 4 0 R", field("Tx", "a")),
		"signed":            form("", "<</FT/Sig/T(a)/V 6 0 R>>", "<</Type/Sig/Filter/Adobe.PPKLite/Contents<00>/ByteRange[0 1 2 3]>>"),
		"no pages":          build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"),
		"noise":             []byte("noise"),
	} {
		p := validPlan()
		p.Signatures[0].Field = "k1"
		_, err := withFields(doc, p, nil)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
	// A form that is there already keeps its fields, and its viewer no longer redraws them.
	p := validPlan()
	doc := prepared(t, form("/NeedAppearances true/SigFlags 1", field("Tx", "a")), p)
	d, err := pdf.Open(doc, nil)
	require.NoError(t, err)
	cat, _, err := d.Catalog()
	require.NoError(t, err)
	f, err := d.Dict(cat["AcroForm"])
	require.NoError(t, err)
	require.Len(t, f["Fields"], 3)
	require.Equal(t, int64(3), f["SigFlags"])
	require.NotContains(t, f, pdf.Name("NeedAppearances"))
}

func TestAppearancesThatAreRefused(t *testing.T) {
	t.Parallel()
	d, err := pdf.Open(onePage(1, ""), nil)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"noise": {[]byte("noise"), "cannot be read"},
		"no content": {build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 9 9]>>",
			"<</Type/Page/Parent 2 0 R>>"), "no content"},
		"turned":        {onePage(1, "/Rotate 90"), "turned"},
		"annotations":   {onePage(1, "/Annots[]"), "annotations"},
		"layer":         {onePage(1, "/Resources<</XObject<</X 5 0 R>>>>", stream("/Subtype/Form/OC 6 0 R", ""), "<</Type/OCG>>"), "layers"},
		"layer by mark": {onePage(1, "/Resources<</Properties<</M 5 0 R>>>>", "<</Type/OCG/Name(a)>>"), "layers"},
		"another file":  {onePage(1, "/Resources<</XObject<</X 5 0 R>>>>", stream("/Subtype/Image/F(a.jpg)", "")), "another file"},
		"its own page":  {onePage(1, "/Resources<</XObject<</X 3 0 R>>>>"), "its own page"},
		"part is no stream": {build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 9 9]>>",
			"<</Type/Page/Parent 2 0 R/Contents[2 0 R]>>"), "no stream"},
	} {
		_, err := addAppearance(pdf.NewUpdate(d), c.file)
		require.ErrorContains(t, err, c.want, name)
	}
	// A ring among resources is copied once, not for ever.
	_, err = addAppearance(pdf.NewUpdate(d), onePage(1, "/Resources 5 0 R", "<</A 6 0 R>>", "<</B 5 0 R>>"))
	require.NoError(t, err)
	// Content in parts is drawn as one.
	parts := build("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 9 9]>>",
		"<</Type/Page/Parent 2 0 R/Contents[4 0 R 5 0 R]>>", stream("", "q"), stream("/Filter/ASCIIHexDecode", "51>"))
	u := pdf.NewUpdate(d)
	ref, err := addAppearance(u, parts)
	require.NoError(t, err)
	o, err := u.Get(ref)
	require.NoError(t, err)
	require.Equal(t, "q\nQ\n", string(o.(*pdf.Stream).Raw))
}

func FuzzAppearance(f *testing.F) {
	f.Add(onePage(3, "/Resources<</XObject<</X 5 0 R>>>>", stream("/Subtype/Form", "q Q")))
	f.Add(onePage(1, "/Resources 5 0 R", "<</A 6 0 R>>", "<</B 5 0 R>>"))
	d, err := pdf.Open(onePage(1, ""), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		u := pdf.NewUpdate(d)
		if _, err := addAppearance(u, b); err != nil {
			return
		}
		more, err := u.Bytes()
		if err != nil {
			return
		}
		// What was taken over reads back.
		_, err = pdf.Open(append(onePage(1, ""), more...), nil)
		require.NoError(t, err)
	})
}

// Signing costs the raw key operation and a millisecond; a large document about twice its hash.
func BenchmarkSign(b *testing.B) {
	for _, size := range []struct {
		name   string
		octets int
	}{{"21KB", 21 << 10}, {"10MB", 10 << 20}} {
		p := validPlan()
		base := prepared(b, onePage(size.octets, ""), p)
		for name, k := range map[string]key{"RSA-2048": newKey(b, pkisim.RSA2048), "P-256": newKey(b, pkisim.P256)} {
			b.Run(size.name+"/"+name+"/pades", func(b *testing.B) {
				for b.Loop() {
					i, err := fillField(base, &p.Signatures[0], k.credential, signingDay, nil, 0, nil)
					require.NoError(b, err)
					der, err := k.assemble(i.attrs, k.sign(b, i.toSign), nil)
					require.NoError(b, err)
					_, err = i.seal(der)
					require.NoError(b, err)
				}
			})
			b.Run(size.name+"/"+name+"/raw", func(b *testing.B) {
				for b.Loop() {
					d := sha256.Sum256(base)
					k.sign(b, d[:])
				}
			})
		}
	}
}
