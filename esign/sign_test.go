package esign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/cms"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// Objects of the form that blank builds.
var (
	catalogRef  = pdf.Ref{Num: 1}
	pageRef     = pdf.Ref{Num: 3}
	contentRef  = pdf.Ref{Num: 4}
	formRef     = pdf.Ref{Num: 5}
	officialRef = pdf.Ref{Num: 6}
	agencyRef   = pdf.Ref{Num: 7}
	noteRef     = pdf.Ref{Num: 8}
	imageRef    = pdf.Ref{Num: 9}
)

// blank is a page with two signature fields that stand ready, a text field, and a picture.
func blank(t testing.TB) []byte {
	t.Helper()
	widget := func(kind, name, more string) string {
		return fmt.Sprintf("<</Type/Annot/Subtype/Widget/FT/%s/T(%s)/P 3 0 R/F 4%s>>", kind, name, more)
	}
	stream := func(dict, s string) string {
		return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(s), s)
	}
	bodies := []string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</Im0 9 0 R>>>>/Annots[6 0 R 7 0 R 8 0 R]>>",
		stream("", "BT ET /Im0 Do"),
		"<</Fields[6 0 R 7 0 R 8 0 R]/SigFlags 1>>",
		widget("Sig", "official", "/Rect[300 100 500 200]"),
		widget("Sig", "agency", "/Rect[230 100 330 200]"),
		widget("Tx", "note", "/Rect[50 50 100 70]/V(a)/AP<</N 9 0 R>>"),
		stream("/Type/XObject/Subtype/Form/BBox[0 0 10 10]", "0 0 10 10 re f"),
	}
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
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(bodies)+1, at)
}

// recipe says how a test signature is made; the zero value fills the official's field in good order.
type recipe struct {
	by    *party
	field pdf.Ref
	dict  pdf.Dict                 // added to the signature dictionary
	edit  func(*pdf.Update)        // more changes in the same update
	stamp *party                   // adds a signature time stamp
	at    time.Time                // of the time stamp, now when zero
	cms   func(*cms.Parts, []byte) // alters the parts; gets the digest of the content
	attrs func(*cms.AttributeSpec) // alters the signed attributes
	raw   func(der []byte) []byte  // alters the finished signature
	hash  crypto.Hash              // SHA-256 when zero
	chain [][]byte                 // instead of by's
}

// signed appends a signature to a file.
func signed(t testing.TB, file []byte, r recipe) []byte {
	t.Helper()
	d, err := pdf.Open(file, nil)
	require.NoError(t, err)
	u := pdf.NewUpdate(d)
	if r.field == (pdf.Ref{}) {
		r.field = officialRef
	}
	if r.hash == 0 {
		r.hash = crypto.SHA256
	}
	if r.at.IsZero() {
		r.at = now
	}
	sig := pdf.Dict{
		"Type": pdf.Name("Sig"), "Filter": pdf.Name("Adobe.PPKLite"), "SubFilter": pdf.Name("ETSI.CAdES.detached"),
		"M": pdf.String("D:20241115100000+07'00'"), "Contents": pdf.Contents{Bytes: 6000}, "ByteRange": pdf.ByteRange{},
	}
	for k, v := range r.dict {
		sig[k] = v
	}
	w, err := u.Dict(r.field)
	require.NoError(t, err)
	require.NotNil(t, w)
	w["V"] = u.Add(sig)
	w["AP"] = pdf.Dict{"N": u.Add(&pdf.Stream{
		Dict: pdf.Dict{"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": pdf.Array{0, 0, 1, 1}}, Raw: []byte("q Q"),
	})}
	u.Set(r.field, w)
	if r.edit != nil {
		r.edit(u)
	}
	s, err := u.Sign()
	require.NoError(t, err)
	before, behind := s.Parts()
	sum := r.hash.New()
	sum.Write(file)
	sum.Write(before)
	sum.Write(behind)
	der := r.seal(t, sum.Sum(nil))
	if r.raw != nil {
		der = r.raw(der)
	}
	require.NoError(t, s.Fill(der))
	return append(bytes.Clone(file), s.Data...)
}

// seal makes the CMS over a digest.
func (r recipe) seal(t testing.TB, digest []byte) []byte {
	t.Helper()
	if r.dict["SubFilter"] == pdf.Name("ETSI.RFC3161") {
		return r.by.stamp(t, digest, r.at)
	}
	spec := &cms.AttributeSpec{Hash: r.hash, Digest: digest, Certificate: r.by.cert.Raw}
	if r.attrs != nil {
		r.attrs(spec)
	}
	scheme, err := cms.SchemeFor(r.by.key.Public())
	require.NoError(t, err)
	attrs, err := cms.SignedAttributes(spec)
	require.NoError(t, err)
	parts := &cms.Parts{Chain: r.by.chain(), Hash: r.hash, Scheme: scheme, SignedAttributes: attrs}
	if r.chain != nil {
		parts.Chain = r.chain
	}
	sum := r.hash.New()
	sum.Write(attrs)
	parts.Signature, err = r.by.key.Sign(rand.Reader, sum.Sum(nil), r.hash)
	require.NoError(t, err)
	if r.stamp != nil {
		parts.TimeStamp = r.stamp.token(t, parts.Signature, r.at)
	}
	if r.cms != nil {
		r.cms(parts, digest)
	}
	der, err := cms.Assemble(parts)
	require.NoError(t, err)
	return der
}

// updated appends an incremental update without signature.
func updated(t testing.TB, file []byte, edit func(*pdf.Update)) []byte {
	t.Helper()
	d, err := pdf.Open(file, nil)
	require.NoError(t, err)
	u := pdf.NewUpdate(d)
	edit(u)
	more, err := u.Bytes()
	require.NoError(t, err)
	return append(bytes.Clone(file), more...)
}

// setKeys changes keys of a dictionary object; nil removes.
func setKeys(t testing.TB, u *pdf.Update, ref pdf.Ref, more pdf.Dict) {
	t.Helper()
	d, err := u.Dict(ref)
	require.NoError(t, err)
	require.NotNil(t, d)
	for k, v := range more {
		if d[k] = v; v == nil {
			delete(d, k)
		}
	}
	u.Set(ref, d)
}

// trusting is the usual verification: the world's root, the tests' clock.
func (w *world) trusting() *esign.VerifyOptions {
	return &esign.VerifyOptions{Roots: []*x509.Certificate{w.root.cert}, Now: func() time.Time { return now }}
}

func verify(t testing.TB, file []byte, o *esign.VerifyOptions) *esign.Report {
	t.Helper()
	r, err := esign.Verify(context.Background(), bytes.NewReader(file), int64(len(file)), o)
	require.NoError(t, err)
	return r
}
