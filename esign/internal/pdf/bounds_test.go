package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readAll reads every object of a file and returns the first error.
func readAll(data []byte, limits *Limits) error {
	d, err := Open(data, limits)
	if err != nil {
		return err
	}
	for _, n := range d.Numbers() {
		if _, _, _, err := d.ByNumber(n); err != nil {
			return err
		}
	}
	return nil
}

// TestObjectsInsideObjects builds objects whose strings hold the objects behind them: read one by one they cost the
// square of the file's size.
func TestObjectsInsideObjects(t *testing.T) {
	t.Parallel()
	const n = 4000
	b := []byte("%PDF-1.7\n")
	offsets := make([]int, n)
	for i := range offsets {
		offsets[i] = len(b)
		b = fmt.Appendf(b, "%d 0 obj (", i+1)
	}
	b = append(b, strings.Repeat(") endobj ", n)...)
	at := len(b)
	b = fmt.Appendf(b, "\nxref\n0 %d\n0000000000 65535 f\r\n", n+1)
	for _, o := range offsets {
		b = fmt.Appendf(b, "%010d 00000 n\r\n", o)
	}
	b = fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", n+1, at+1)
	require.ErrorIs(t, readAll(b, nil), ErrLimit)

	index, body := "", strings.Repeat("(", n)+strings.Repeat(")", n)
	for i := range n {
		index += fmt.Sprintf("%d %d ", i+10, i)
	}
	d, err := Open(onePage(), nil)
	require.NoError(t, err)
	dict := Dict{"N": int64(n), "First": int64(len(index))}
	for range 8 { // as many streams as it takes
		if _, err = d.parseObjectStream(5, dict, []byte(index+body)); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, ErrLimit)
}

func TestMemoryOfValues(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"dictionaries": "[" + strings.Repeat("<</A 1>>", 1000) + "]",
		"strings":      "[" + strings.Repeat("("+strings.Repeat("x", 300)+")", 1000) + "]",
		"hex strings":  "[" + strings.Repeat("<"+strings.Repeat("ab", 300)+">", 1000) + "]",
		"names":        "[" + strings.Repeat("/"+strings.Repeat("n", 300), 1000) + "]",
		"keys": "<<" + func() (s string) {
			for i := range 1000 {
				s += fmt.Sprintf("/%0300d 1", i)
			}
			return s
		}() + ">>",
		"numbers": "[" + strings.Repeat("1 ", 20_000) + "]",
	} {
		data := onePage(body)
		assert.ErrorIs(t, readAll(data, &Limits{Memory: 300_000}), ErrLimit, name)
		assert.NoError(t, readAll(data, &Limits{Memory: 2_000_000}), name)
	}
}

// TestEncryptedStructure: what stands outside strings and streams can still be read.
func TestEncryptedStructure(t *testing.T) {
	t.Parallel()
	data := []byte(strings.Replace(string(onePage("<</Length 1>>\nstream\nx\nendstream")), "/Root", "/Encrypt<<>>/Root", 1))
	d, err := Open(data, nil)
	require.ErrorIs(t, err, ErrEncrypted)
	pages, err := d.Pages()
	require.NoError(t, err)
	assert.Len(t, pages, 1)
	o, _, _, err := d.ByNumber(4)
	require.NoError(t, err)
	_, err = d.Decode(o.(*Stream))
	require.ErrorIs(t, err, ErrEncrypted)
}

// TestFreeEntryOfMuPDF: the free entry of object 0 as mutool 1.21 and PyMuPDF write it.
func TestFreeEntryOfMuPDF(t *testing.T) {
	t.Parallel()
	mupdf := strings.Replace(string(onePage()), "65535 f", "65536 f", 1)
	require.NoError(t, readAll([]byte(mupdf), nil))
	require.ErrorIs(t, readAll([]byte(strings.Replace(string(onePage()), "00000 n", "65536 n", 1)), nil), ErrMalformed)
}

// TestEntryAtByteZero: an entry that points at the header is no object; what leads to it is broken.
func TestEntryAtByteZero(t *testing.T) {
	t.Parallel()
	data := onePage("<</A 5 0 R>>", "null")
	at := strings.LastIndex(string(data), " 00000 n")
	copy(data[at-10:], "0000000000")
	require.NoError(t, readAll(data, nil))
	d, err := Open(data, nil)
	require.NoError(t, err)
	assert.Equal(t, []uint32{1, 2, 3, 4}, d.Numbers())
	_, err = d.Resolve(Ref{Num: 5})
	require.ErrorIs(t, err, ErrMalformed)
}
