package esign_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/pdf"
)

// lastGap returns where the hex digits of the last signature stand.
func lastGap(file []byte) (from, to int) {
	from = bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents <")
	return from, from + bytes.IndexByte(file[from:], '>')
}

func certified(t *testing.T) (*world, []byte) {
	t.Helper()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official, stamp: w.tsa})
	file = signed(t, file, recipe{by: w.agency, field: agencyRef, stamp: w.tsa})
	require.Equal(t, esign.Valid, verify(t, file, w.trusting()).Verdict)
	return w, file
}

func TestNoByteOfTheSignedPartCanChange(t *testing.T) {
	t.Parallel()
	w, file := certified(t)
	from, to := lastGap(file)
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		at := random.IntN(len(file))
		if at >= from-1 && at <= to {
			continue
		}
		b := bytes.Clone(file)
		b[at] ^= byte(1 + random.IntN(255))
		require.NotEqual(t, esign.Valid, verify(t, b, w.trusting()).Verdict, "byte %d", at)
	}
}

func TestNoDigitOfTheSignatureCanChange(t *testing.T) {
	t.Parallel()
	t.Run("ECDSA", func(t *testing.T) {
		t.Parallel()
		w, file := certified(t)
		everyDigit(t, w, file)
	})
	t.Run("RSA", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		ca := w.root.issue(t, "CA RSA", rsaKey(t, 2048), asCA)
		signer, tsa := ca.issue(t, "RSA", rsaKey(t, 2048), asSigner), ca.issue(t, "TSA RSA", rsaKey(t, 2048), asTSA)
		everyDigit(t, w, signed(t, blank(t), recipe{by: signer, stamp: tsa}))
	})
}

func everyDigit(t *testing.T, w *world, file []byte) {
	t.Helper()
	require.Equal(t, esign.Valid, verify(t, file, w.trusting()).Verdict)
	from, to := lastGap(file)
	// Positions and digits alternate; MOTCUA_LONG tries every position.
	step := 7
	if os.Getenv("MOTCUA_LONG") != "" {
		step = 1
	}
	for at := from - 1; at <= to; at += step {
		b := bytes.Clone(file)
		b[at] = "0123456789abcdef"[(at*7+3)%16]
		if b[at] == file[at] {
			b[at] = "0123456789abcdef"[(at*7+4)%16]
		}
		if r := verify(t, b, w.trusting()); r.Verdict == esign.Valid {
			t.Fatalf("digit %d changed from %c to %c goes unseen", at-from, file[at], b[at])
		}
	}
	letters := 0
	for at := from; at < to; at += step {
		if file[at] < 'a' {
			continue
		}
		letters++
		b := bytes.Clone(file)
		b[at] -= 'a' - 'A'
		r := verify(t, b, w.trusting())
		require.Equal(t, esign.Invalid, r.Verdict)
		require.Equal(t, "contents-altered", r.Reason.Code)
	}
	require.Greater(t, letters, 50)
}

// TestAlgorithmIdentifierCanNotChange is about the one octet between sha256WithRSAEncryption and rsaEncryption, which verify
// the same value.
func TestAlgorithmIdentifierCanNotChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signer := w.ca.issue(t, "RSA", rsaKey(t, 2048), asSigner)
	file := signed(t, blank(t), recipe{by: signer})
	require.Equal(t, esign.Valid, verify(t, file, w.trusting()).Verdict)
	file = signed(t, blank(t), recipe{by: signer, raw: func(der []byte) []byte {
		sha256WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
		at := bytes.LastIndex(der, sha256WithRSA)
		der[at+8] = 1
		return der
	}})
	r := verify(t, file, w.trusting())
	require.NotEqual(t, esign.Valid, r.Verdict)
	require.True(t, r.Intact)
}

func TestNothingCanBeAppended(t *testing.T) {
	t.Parallel()
	w, file := certified(t)
	again := file[bytes.LastIndex(file, []byte("xref\n")):]
	for name, more := range map[string]string{
		"a new line": "\n", "a space": " ", "a zero byte": "\x00", "a comment": "% hello\n", "an end of file": "%%EOF\n",
		"text": "hello", "many spaces": string(bytes.Repeat([]byte(" "), 2000)), "the last section once more": string(again),
		"an object": "99 0 obj\n<<>>\nendobj\n",
	} {
		r := verify(t, append(bytes.Clone(file), more...), w.trusting())
		require.Equal(t, esign.Invalid, r.Verdict, name)
		require.False(t, r.Intact, name)
	}
	r := verify(t, append(bytes.Clone(file), '\n'), w.trusting())
	require.Equal(t, "bytes-appended", r.Reason.Code)
}

func TestLaterChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official})
	stream := func(s string) *pdf.Stream {
		d := pdf.Dict{"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"), "BBox": pdf.Array{0, 0, 9, 9}}
		return &pdf.Stream{Dict: d, Raw: []byte(s)}
	}
	for name, c := range map[string]struct {
		edit func(*pdf.Update)
		code string
	}{
		"page content": {func(u *pdf.Update) { u.Set(contentRef, &pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("BT ET")}) }, "changed-page"},
		"picture":      {func(u *pdf.Update) { u.Set(imageRef, stream("0 0 9 9 re f")) }, "changed-page"},
		"other content": {func(u *pdf.Update) {
			setKeys(t, u, pageRef, pdf.Dict{"Contents": u.Add(&pdf.Stream{Dict: pdf.Dict{}, Raw: []byte("BT ET")})})
		}, "changed-page"},
		"page box": {func(u *pdf.Update) { setKeys(t, u, pageRef, pdf.Dict{"CropBox": pdf.Array{0, 0, 5, 5}}) }, "changed-page"},
		"page added": {func(u *pdf.Update) {
			p := u.Add(pdf.Dict{"Type": pdf.Name("Page"), "Parent": pdf.Ref{Num: 2}})
			setKeys(t, u, pdf.Ref{Num: 2}, pdf.Dict{"Kids": pdf.Array{pageRef, p}, "Count": 2})
		}, "changed-pages"},
		"page tree swapped": {func(u *pdf.Update) {
			p := u.Add(pdf.Dict{"Type": pdf.Name("Page")})
			setKeys(t, u, catalogRef, pdf.Dict{"Pages": u.Add(pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{p}, "Count": 1})})
		}, "changed-document"},
		"page gone": {func(u *pdf.Update) { u.Set(pageRef, nil) }, "changed-page"},
		"annotation": {func(u *pdf.Update) {
			n := u.Add(pdf.Dict{"Type": pdf.Name("Annot"), "Subtype": pdf.Name("FreeText"), "Rect": pdf.Array{0, 0, 9, 9}})
			setKeys(t, u, pageRef, pdf.Dict{"Annots": pdf.Array{officialRef, agencyRef, noteRef, n}})
		}, "changed-annotation"},
		"annotation gone": {func(u *pdf.Update) {
			setKeys(t, u, pageRef, pdf.Dict{"Annots": pdf.Array{agencyRef, noteRef}})
		}, "changed-annotation"},
		"annotations reordered": {func(u *pdf.Update) {
			setKeys(t, u, pageRef, pdf.Dict{"Annots": pdf.Array{agencyRef, officialRef, noteRef}})
		}, "changed-annotation"},
		"field gone": {func(u *pdf.Update) {
			setKeys(t, u, formRef, pdf.Dict{"Fields": pdf.Array{officialRef, agencyRef}})
		}, "changed-document"},
		"new text field": {func(u *pdf.Update) {
			f := u.Add(pdf.Dict{"FT": pdf.Name("Tx"), "T": pdf.Text("mới"), "V": pdf.Text("x")})
			setKeys(t, u, formRef, pdf.Dict{"Fields": pdf.Array{officialRef, agencyRef, noteRef, f}})
		}, "changed-field"},
		"look of a field without its value": {func(u *pdf.Update) {
			setKeys(t, u, noteRef, pdf.Dict{"AP": pdf.Dict{"N": u.Add(stream("1"))}})
		}, "changed-annotation|changed-field"},
		"look of the signature": {func(u *pdf.Update) {
			setKeys(t, u, officialRef, pdf.Dict{"AP": pdf.Dict{"N": u.Add(stream("1"))}})
		}, "changed-field"},
		"place of the signature": {func(u *pdf.Update) {
			setKeys(t, u, officialRef, pdf.Dict{"Rect": pdf.Array{0, 0, 595, 842}})
		}, "changed-field"},
		"look of an empty field": {func(u *pdf.Update) {
			setKeys(t, u, agencyRef, pdf.Dict{"AP": pdf.Dict{"N": u.Add(stream("1"))}})
		}, "changed-field"},
		"action on opening": {func(u *pdf.Update) {
			setKeys(t, u, catalogRef, pdf.Dict{"OpenAction": pdf.Dict{"S": pdf.Name("JavaScript"), "JS": pdf.String("1")}})
		}, "changed-document"},
		"layers": {func(u *pdf.Update) {
			setKeys(t, u, catalogRef, pdf.Dict{"OCProperties": pdf.Dict{"D": pdf.Dict{}}})
		}, "changed-document"},
		"new form key": {func(u *pdf.Update) { setKeys(t, u, formRef, pdf.Dict{"NeedAppearances": true}) }, "changed-document"},
		"XFA":          {func(u *pdf.Update) { setKeys(t, u, formRef, pdf.Dict{"XFA": u.Add(stream("x"))}) }, "changed-document"},
		"other form": {func(u *pdf.Update) {
			setKeys(t, u, catalogRef, pdf.Dict{"AcroForm": pdf.Dict{"Fields": pdf.Array{officialRef}}})
		}, "changed-document"},
		"trailer key": {func(u *pdf.Update) { u.Trailer("Foo", u.Add(stream("x"))) }, "changed-document"},
		"DSS that is page content": {func(u *pdf.Update) {
			u.Set(imageRef, stream("x"))
			setKeys(t, u, catalogRef, pdf.Dict{"DSS": pdf.Dict{"Certs": pdf.Array{imageRef}}})
		}, "changed-page"},
		"signature dictionary": {func(u *pdf.Update) {
			d, err := u.Dict(officialRef)
			require.NoError(t, err)
			setKeys(t, u, d["V"].(pdf.Ref), pdf.Dict{"Reason": pdf.Text("khác")})
		}, "byte-range|signature-object"},
		"signature removed": {func(u *pdf.Update) { setKeys(t, u, officialRef, pdf.Dict{"V": nil}) }, "detached-signature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verify(t, updated(t, file, c.edit), w.trusting())
			require.Equal(t, esign.Invalid, r.Verdict)
			require.False(t, r.Intact)
			require.Contains(t, c.code, r.Reason.Code)
			if len(r.Signers) > 0 && r.Signers[0].Revision > 0 {
				require.Equal(t, int64(len(file)), r.Signers[0].Revision, "the signed revision is still named")
			}
		})
	}
}
