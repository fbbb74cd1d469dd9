package revdiff

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// revised appends a revision; the edit may set what it likes.
func revised(t *testing.T, base []byte, edit func(*pdf.Update)) []byte {
	t.Helper()
	d, err := pdf.Open(base, nil)
	require.NoError(t, err)
	u := pdf.NewUpdate(d)
	edit(u)
	more, err := u.Bytes()
	require.NoError(t, err)
	return append(bytes.Clone(base), more...)
}

// passes says that a later revision is found to change nothing but what the white list lets pass.
func passes(t *testing.T, base, whole []byte) bool {
	t.Helper()
	b, err := pdf.Open(whole, nil)
	require.NoError(t, err)
	a, err := b.At(int64(len(base)))
	require.NoError(t, err)
	changes, err := Compare(context.Background(), a, b, Options{})
	if err != nil {
		require.ErrorIs(t, err, pdf.ErrMalformed)
		return false
	}
	for _, c := range changes {
		if c.Kind == Forbidden {
			return false
		}
	}
	return true
}

// TestWhatCannotBeReadIsNotPassed puts a reference that leads to itself in place of every value of every object, in the
// later revision and in the earlier one: nobody can tell what stands there, so the change must not pass.
func TestWhatCannotBeReadIsNotPassed(t *testing.T) {
	t.Parallel()
	// What the white list lets change whatever it was and is.
	free := map[string]bool{"4 ModDate": true, "5 V": true, "9 V": true}
	base := form(t)
	d, err := pdf.Open(base, nil)
	require.NoError(t, err)
	for n := uint32(1); n < 20; n++ {
		o, err := d.Get(ref(n))
		require.NoError(t, err)
		values, _ := o.(pdf.Dict)
		ring := func(u *pdf.Update) pdf.Ref {
			r := u.Reserve()
			u.Set(r, r)
			return r
		}
		for k, v := range values {
			name := fmt.Sprintf("%d %s", n, k)
			if free[name] {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				broken := revised(t, base, func(u *pdf.Update) { set(t, u, n, pdf.Dict{k: ring(u)}) })
				require.False(t, passes(t, base, broken), "later")
				mended := revised(t, broken, func(u *pdf.Update) { set(t, u, n, pdf.Dict{k: v}) })
				require.False(t, passes(t, broken, mended), "earlier")
				gone := revised(t, base, func(u *pdf.Update) { set(t, u, n, pdf.Dict{k: nil}) })
				require.False(t, passes(t, base, gone), "gone")
			})
		}
		t.Run(fmt.Sprint(n, " itself"), func(t *testing.T) {
			t.Parallel()
			broken := revised(t, base, func(u *pdf.Update) { u.Set(ref(n), ref(n)) })
			require.False(t, passes(t, base, broken))
		})
	}
}

// TestNewFieldThatCannotBeRead does the same with a signature field that comes along.
func TestNewFieldThatCannotBeRead(t *testing.T) {
	t.Parallel()
	base := file(t,
		"<</Pages 2 0 R/AcroForm 5 0 R>>", "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 100 100]>>", "<</Type/Page/Annots[]>>", "<<>>",
		"<</Fields[]>>")
	come := func(key pdf.Name) []byte {
		return revised(t, base, func(u *pdf.Update) {
			ring := u.Reserve()
			u.Set(ring, ring)
			field := pdf.Dict{
				"FT": pdf.Name("Sig"), "T": pdf.String("new"), "P": ref(3), "Rect": pdf.Array{0, 0, 0, 0}, "F": 2,
				"V": u.Add(pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")}),
			}
			if key != "" {
				field[key] = ring
			}
			f := u.Add(field)
			if key == "itself" {
				f = ring
			}
			set(t, u, 5, pdf.Dict{"Fields": pdf.Array{f}})
			set(t, u, 3, pdf.Dict{"Annots": pdf.Array{f}})
		})
	}
	require.True(t, passes(t, base, come("")))
	for _, key := range []pdf.Name{"itself", "V", "T", "F", "Kids"} {
		require.False(t, passes(t, base, come(key)), key)
	}
}

// The signature flags have two bits (ISO 32000-1 table 219).
func TestSigFlags(t *testing.T) {
	t.Parallel()
	for flags, want := range map[pdf.Object]bool{-1: false, 0: true, 3: true, 4: false, pdf.Name("A"): false, 1.0: false} {
		base := form(t)
		whole := revised(t, base, func(u *pdf.Update) {
			cat, err := u.Dict(ref(1))
			require.NoError(t, err)
			f := cat["AcroForm"].(pdf.Dict).Clone()
			f["SigFlags"] = flags
			set(t, u, 1, pdf.Dict{"AcroForm": f})
		})
		require.Equal(t, want, passes(t, base, whole), flags)
	}
}
