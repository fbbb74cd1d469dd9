package scan_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/certify/scan"
)

var errRead = errors.New("the disk answers no")

// limping fails at one read, the left-th from now.
type limping struct {
	io.ReaderAt
	left int
}

func (l *limping) ReadAt(b []byte, at int64) (int, error) {
	if l.left--; l.left == 0 {
		return 0, errRead
	}
	return l.ReaderAt.ReadAt(b, at)
}

// A file that cannot be read is no finding about the scan, whether it is too large
// or not.
func TestEveryFailedReadIsTold(t *testing.T) {
	t.Parallel()
	file := []byte("%PDF-1.7\n%%EOF\n")
	for name, o := range map[string]*scan.Options{"read whole": nil, "too large": {MaxBytes: 4}} {
		for n := 1; ; n++ {
			require.LessOrEqual(t, n, 100, "reading never ends")
			r := &limping{bytes.NewReader(file), n}
			_, err := scan.Check(t.Context(), r, int64(len(file)), o)
			if r.left > 0 {
				require.NotErrorIs(t, err, errRead, name)
				require.Greater(t, n, 1, name)
				break
			}
			require.ErrorIs(t, err, errRead, "%s, read %d", name, n)
		}
	}
}
