package pdf

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpdateKeepsBaseAndReadsBack(t *testing.T) {
	t.Parallel()
	for name, base := range map[string][]byte{
		"table": onePage(), "stream": asStream(t), "no end of line": bytes.TrimRight(onePage(), "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Open(base, nil)
			require.NoError(t, err)
			u := NewUpdate(d)
			cat, root, err := d.Catalog()
			require.NoError(t, err)
			cat = cat.Clone()
			cat["Lang"] = Text("vi: Nghĩa trang Vĩnh Long")
			cat["Odd name"] = Array{true, nil, -3, 0.25, Name("A#b/c d")}
			cat["Extra"] = u.Add(&Stream{Dict: Dict{}, Raw: []byte("endstream\nendobj")})
			u.Set(root, cat)
			more, err := u.Bytes()
			require.NoError(t, err)
			whole := append(bytes.Clone(base), more...)
			qpdfCheck(t, whole)

			d2, err := Open(whole, nil)
			require.NoError(t, err)
			got, _, err := d2.Catalog()
			require.NoError(t, err)
			require.Equal(t, "vi: Nghĩa trang Vĩnh Long", DecodeText(got["Lang"].(String)))
			require.Equal(t, Array{true, nil, int64(-3), 0.25, Name("A#b/c d")}, got["Odd name"])
			s, err := d2.Resolve(got["Extra"])
			require.NoError(t, err)
			require.Equal(t, "endstream\nendobj", string(s.(*Stream).Raw))
			pages, err := d2.Pages()
			require.NoError(t, err)
			require.Len(t, pages, 1)

			before, err := d2.At(int64(len(base)))
			require.NoError(t, err)
			old, _, err := before.Catalog()
			require.NoError(t, err)
			require.NotContains(t, old, Name("Lang"), "the earlier revision still reads as it was")
		})
	}
}

// TestNextNum: no number in use is given out again, nor 0, which heads the list of free objects.
func TestNextNum(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entries, size string
		want          uint32
	}{
		"Size holds":            {"0 1\n0000000000 65535 f\r\n", "1", 1},
		"Size keeps a distance": {"0 1\n0000000000 65535 f\r\n", "9", 9},
		"Size is behind":        {"4 1\n0000000000 00000 n\r\n", "3", 5},
		"nothing is there":      {"", "0", 1},
		"Size is negative":      {"", "-3", 1},
		"Size is no number":     {"", "/A", 1},
	} {
		d, err := Open([]byte("%PDF-1.7\nxref\n"+c.entries+"trailer\n<</Root 1 0 R/Size "+c.size+">>\nstartxref\n9\n%%EOF\n"), nil)
		require.NoError(t, err, name)
		require.Equal(t, c.want, d.NextNum(), name)
	}
}

func TestSignLeavesExactlyTheGap(t *testing.T) {
	t.Parallel()
	base := onePage()
	d, err := Open(base, nil)
	require.NoError(t, err)
	u := NewUpdate(d)
	ref := u.Add(Dict{"Type": Name("Sig"), "ByteRange": ByteRange{}, "Contents": Contents{Bytes: 8}})
	s, err := u.Sign()
	require.NoError(t, err)
	before, behind := s.Parts()
	hashed := len(base) + len(before) + len(behind)
	require.NoError(t, s.Fill([]byte{0x30, 0xab, 0xcd}))
	whole := append(bytes.Clone(base), s.Data...)
	r := s.ByteRange
	require.Equal(t, "<30abcd0000000000>", string(whole[r[1]:r[2]]))
	require.Equal(t, int64(len(whole)), r[2]+r[3])
	require.Equal(t, int64(hashed), r[1]+r[3])
	require.ErrorIs(t, s.Fill(make([]byte, 9)), ErrRoom)
	qpdfCheck(t, whole)

	d2, err := Open(whole, nil)
	require.NoError(t, err)
	sig, err := d2.Dict(ref)
	require.NoError(t, err)
	require.Equal(t, Array{r[0], r[1], r[2], r[3]}, sig["ByteRange"])
	at, end, err := d2.Span(ref, "Contents")
	require.NoError(t, err)
	require.Equal(t, []int64{r[1], r[2]}, []int64{at, end})
}

func TestSignWantsItsPlaceholders(t *testing.T) {
	t.Parallel()
	d, err := Open(onePage(), nil)
	require.NoError(t, err)
	u := NewUpdate(d)
	u.Add(Dict{"Contents": Contents{Bytes: 8}})
	_, err = u.Sign()
	require.ErrorContains(t, err, "placeholder")
	_, err = u.Bytes()
	require.ErrorContains(t, err, "use Sign")
}

// An update begins on a line of its own, and adds an end of line only where the
// file has none.
func TestUpdateBeginsALine(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]bool{"": true, "\n": false, "\r\n": false, "\r": false} {
		base := append(bytes.TrimRight(onePage(), "\r\n"), end...)
		d, err := Open(base, nil)
		require.NoError(t, err)
		u := NewUpdate(d)
		u.Add(Dict{"A": int64(1)})
		more, err := u.Bytes()
		require.NoError(t, err)
		require.Equal(t, want, more[0] == '\n', "file that ends in %q", end)
	}
}
