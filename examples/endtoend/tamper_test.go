package endtoend

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judged is a line of verify --json, read as a stranger reads it.
type judged struct {
	File    string `json:"file"`
	Intact  *bool  `json:"intact"`
	Verdict string `json:"verdict"`
	Reason  struct{ Code, VI, EN string }
	Signers []struct {
		Signer, Verdict string
		Intact          bool
	}
}

// judge has the program judge files; it returns a line each and the exit code.
func judge(t testing.TB, args ...string) ([]judged, int) {
	t.Helper()
	dir := t.TempDir()
	r := runIn(t, dir, append([]string{"verify", "--json"}, args...)...)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "verify makes no folder")
	var out []judged
	for _, line := range r.lines() {
		var j judged
		require.NoError(t, json.Unmarshal([]byte(line), &j), line)
		require.NotNil(t, j.Intact, line)
		out = append(out, j)
	}
	return out, r.code
}

// variants writes changed copies of a file and returns their names.
func variants(t testing.TB, n int, change func(i int) []byte) []string {
	t.Helper()
	dir := t.TempDir()
	names := make([]string, n)
	for i := range names {
		names[i] = filepath.Join(dir, fmt.Sprintf("%03d.pdf", i))
		require.NoError(t, os.WriteFile(names[i], change(i), 0o600))
	}
	return names
}

// refused fails the test for every file that is judged valid. Changed says that
// signed bytes or what lies behind them were changed, so that it is not intact
// either; within /Contents there are bytes no signature depends on, such as the
// time stamp's.
func refused(t *testing.T, s *story, changed bool, names []string) {
	t.Helper()
	list, code := judge(t, append(names, "--trust", s.root())...)
	require.Len(t, list, len(names))
	assert.NotZero(t, code)
	for _, j := range list {
		if j.Verdict == "valid" || changed && *j.Intact {
			assert.Fail(t, "a changed file passes", "%s: %s, intact %v", j.File, j.Verdict, *j.Intact)
		}
	}
}

func TestVerifyUntouched(t *testing.T) {
	t.Parallel()
	s := told(t)
	list, code := judge(t, s.file, "--trust", s.root())
	assert.Zero(t, code)
	require.Len(t, list, 1)
	assert.Equal(t, "valid", list[0].Verdict)
	assert.True(t, *list[0].Intact)
	assert.NotEmpty(t, list[0].Reason.VI)
	assert.NotEmpty(t, list[0].Reason.EN)
	require.Len(t, list[0].Signers, 2)
	assert.NotEqual(t, list[0].Signers[0].Signer, list[0].Signers[1].Signer)
	list, code = judge(t, s.file, "--data", s.data)
	assert.Zero(t, code, list)

	list, code = judge(t, s.file)
	assert.Equal(t, 2, code, "no root is known without a flag")
	assert.Equal(t, "indeterminate", list[0].Verdict)
	assert.True(t, *list[0].Intact, "intact whatever trust says")
}

// Whatever .motcua holds, no root is known where no flag names one.
func TestVerifyIgnoresTheDefaultFolder(t *testing.T) {
	t.Parallel()
	s := told(t)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, ".motcua"), os.DirFS(s.data)))
	r := runIn(t, dir, "verify", s.file)
	assert.Equal(t, 2, r.code, r.stdout)
}

func TestVerifyExitCodes(t *testing.T) {
	t.Parallel()
	s := told(t)
	pdf := s.bytes(t)
	changed := append([]byte{}, pdf...)
	changed[len(changed)/3] ^= 1
	invalid, unsigned, unreadable := temp(t, "a.pdf", changed), temp(t, "b.pdf", drawn(t)), temp(t, "c.pdf", []byte("no PDF"))
	missing := filepath.Join(t.TempDir(), "none.pdf")
	root := []string{"--trust", s.root()}
	for _, c := range []struct {
		code  int
		files []string
		args  []string
	}{
		{1, []string{invalid}, root},
		{3, []string{unsigned}, root},
		{3, []string{unreadable}, root},
		{3, []string{missing}, root},
		{1, []string{s.file, invalid}, root},
		{2, []string{s.file, invalid}, nil},
		{3, []string{unsigned, s.file, invalid}, root},
		{0, []string{s.file, s.file}, root},
	} {
		list, code := judge(t, append(c.files, c.args...)...)
		assert.Equal(t, c.code, code, "%v", c)
		assert.Len(t, list, len(c.files))
	}
}

// TestVerifyNeverSaysYesToAChangedByte changes one byte at a time.
func TestVerifyNeverSaysYesToAChangedByte(t *testing.T) {
	t.Parallel()
	s := told(t)
	pdf := s.bytes(t)
	last := signatures(t, pdf)[1]
	r := rand.New(rand.NewPCG(200, 1))
	names := variants(t, 200, func(int) []byte {
		out := append([]byte{}, pdf...)
		at := r.IntN(last.end - (last.to + 1) + last.from - 1)
		if at >= last.from-1 { // behind the gap
			at += last.to + 1 - (last.from - 1)
		}
		out[at] ^= byte(1 + r.IntN(255))
		return out
	})
	refused(t, s, true, names)
	pdfsig := tool(t, "pdfsig")
	for _, name := range names[:40] {
		out, err := pdfsig(name) // most are too broken for any exit code to be certain
		parts := strings.Split(out, "Signature #")
		if err == nil && len(parts) == 3 {
			assert.NotContains(t, parts[2], "Signature is Valid", name)
		}
	}
}

// TestVerifyNeverSaysYesToOtherContents changes digits, the case of letters and
// the padding of the last signature, which its own ByteRange leaves out.
func TestVerifyNeverSaysYesToOtherContents(t *testing.T) {
	t.Parallel()
	s := told(t)
	pdf := s.bytes(t)
	last := signatures(t, pdf)[1]
	used := last.from + 2*len(last.cms)
	require.Less(t, used, last.to, "there is padding")
	r := rand.New(rand.NewPCG(200, 2))
	var names []string
	for _, part := range [][2]int{{last.from, used}, {used, last.to}} {
		names = append(names, variants(t, 50, func(int) []byte {
			out := append([]byte{}, pdf...)
			c := &out[part[0]+r.IntN(part[1]-part[0])]
			for was := *c; *c == was; {
				*c = "0123456789abcdefABCDEF"[r.IntN(22)]
			}
			return out
		})...)
	}
	letters := make([]int, 0, used-last.from)
	for i := last.from; i < used; i++ {
		if pdf[i] > '9' {
			letters = append(letters, i)
		}
	}
	names = append(names, variants(t, 40, func(int) []byte {
		out := append([]byte{}, pdf...)
		out[letters[r.IntN(len(letters))]] ^= 0x20
		return out
	})...)
	refused(t, s, false, names)
}

func TestVerifyNeverSaysYesToMore(t *testing.T) {
	t.Parallel()
	s := told(t)
	pdf := s.bytes(t)
	more := []string{" ", "\n", "\r\n", "%%EOF", "\n%%EOF\n", "\x00", "A", "% a comment\n", string(pdf[len(pdf)-200:])}
	refused(t, s, true, variants(t, len(more), func(i int) []byte { return append(append([]byte{}, pdf...), more[i]...) }))
	refused(t, s, true, variants(t, 3, func(i int) []byte { return pdf[:len(pdf)-1-i] }))
	first := signatures(t, pdf)[0]
	list, code := judge(t, temp(t, "first.pdf", pdf[:first.end]), "--trust", s.root())
	assert.Zero(t, code, "the official's signature alone is a file of its own")
	assert.Len(t, list[0].Signers, 1)
}
