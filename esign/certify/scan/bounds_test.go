package scan_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/certify/scan"
)

// What any file may cost, as those promise who run the check.
const (
	mostMemory = 300 << 10 // KiB, of the whole process
	mostTime   = 20 * time.Second
)

// hostile are files built to cost as much as possible, and the class each is refused with.
func hostile() map[string]struct {
	class string
	data  func() []byte
} {
	type c = struct {
		class string
		data  func() []byte
	}
	many := func(n int, f func(i int) string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	objStm := func(body string) string {
		return stream("/Type/ObjStm/N 1/First 5/Filter/FlateDecode", flate("99 0 "+body))
	}
	return map[string]c{
		"content of 400 MiB": {"bomb", func() []byte {
			return doc{objects: []string{stream("/Filter/FlateDecode", spaces(400))}}.bytes()
		}},
		"ten thousand contents of a megabyte": {"bomb", func() []byte {
			return doc{objects: many(9000, func(int) string { return stream("/Filter/FlateDecode", spaces1) })}.bytes()
		}},
		"a hundred thousand empty streams": {"accept", func() []byte {
			small := flate("q Q")
			return doc{objects: many(100_000, func(int) string { return stream("/Filter/FlateDecode", small) })}.bytes()
		}},
		"one array of dictionaries": {"bomb", func() []byte {
			return doc{objects: []string{"[" + strings.Repeat("<</A<<>>>>", 1_900_000) + "]"}}.bytes()
		}},
		"one array of numbers": {"bomb", func() []byte {
			return doc{objects: []string{"[" + strings.Repeat("300 ", 4_000_000) + "]"}}.bytes()
		}},
		"dictionaries within the limits": {"accept", func() []byte {
			return doc{objects: []string{"[" + strings.Repeat("<</A 300>>", 150_000) + "]"}}.bytes()
		}},
		"strings within the limits": {"accept", func() []byte {
			return doc{objects: []string{"[" + strings.Repeat("("+strings.Repeat("x", 1000)+")", 19_000) + "]"}}.bytes()
		}},
		"predictors with rows of 64 MiB": {"accept", func() []byte {
			row := flate("\x02 ")
			return doc{objects: many(20_000, func(int) string {
				return stream("/PatternType 1/Filter/FlateDecode"+
					"/DecodeParms<</Predictor 12/Columns 1048576/Colors 32/BitsPerComponent 16>>", row) //nolint:misspell // the key is spelt so
			})}.bytes()
		}},
		"as many objects as are read": {"accept", func() []byte {
			return doc{objects: many(180_000, func(int) string { return "<</A 300>>" })}.bytes()
		}},
		"as many objects as are read, and a layer": {"layers", func() []byte {
			d := layered("/ON[5 0 R]", "")
			d.objects = append(d.objects, many(180_000, func(int) string { return "<</A 5 0 R>>" })...)
			return d.bytes()
		}},
		"object stream": {"accept", func() []byte { // nothing says that it holds an object
			return doc{objects: []string{objStm("[" + strings.Repeat("<</A 1>>", 3_000_000) + "]")}}.bytes()
		}},
		"a hundred thousand pages":   {"page-count", func() []byte { return pages(100_000, "") }},
		"two hundred thousand pages": {"bomb", func() []byte { return pages(200_000, "") }},
		"shared lists": {"bomb", func() []byte {
			return doc{objects: append([]string{"[" + strings.Repeat("null ", 400_000) + "]"},
				many(20_000, func(int) string { return "<</A 5 0 R/AF 5 0 R>>" })...)}.bytes()
		}},
		"annotations shared by all pages": {"bomb", func() []byte {
			kids := strings.Join(many(300, func(i int) string { return fmt.Sprintf("%d 0 R", i+4) }), " ")
			bodies := append([]string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[" + kids + "]/Count 300/MediaBox[0 0 9 9]>>",
				"[" + strings.Repeat("null ", 600_000) + "]"},
				many(300, func(int) string { return "<</Type/Page/Parent 2 0 R/Annots 3 0 R/Contents 3 0 R>>" })...)
			return file(bodies, "", "")
		}},
		"forms that draw each other": {"bomb", func() []byte {
			return doc{page: "/Resources<</XObject<</F 5 0 R>>>>", content: strings.Repeat("/F Do ", 10), objects: many(10, func(i int) string {
				return stream(fmt.Sprintf("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F %d 0 R>>>>", 6+i), strings.Repeat("/F Do ", 10))
			})}.bytes()
		}},
		"much content under layers": {"accept", func() []byte {
			d := layered("/ON[5 0 R]", "")
			d.objects = append(d.objects, stream("/Filter/FlateDecode", flate(strings.Repeat("/OC /L BDC 1 0 0 1 0 0 cm EMC\n", 3_000_000))))
			d.contents = "6 0 R"
			return d.bytes()
		}},
		"much content under nested forms": {"accept", func() []byte {
			d := doc{page: "/Resources<</XObject<</F 5 0 R>>>>", content: "/F Do", objects: []string{
				stream("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</G 6 0 R>>>>", "/G Do"),
				stream("/Subtype/Form/BBox[0 0 9 9]/Filter/FlateDecode", flate(strings.Repeat("1 0 0 1 0 0 cm [(a) 10] TJ\n", 4_500_000))),
			}}
			return d.bytes()
		}},
		"a visibility expression that doubles twenty times": {"layers", func() []byte {
			d := layered("/ON[5 0 R]", "/OC 6 0 R")
			d.objects = append(d.objects, "<</Type/OCMD/VE 7 0 R>>")
			d.objects = append(d.objects, many(25, func(i int) string {
				return fmt.Sprintf("[/And%s]", strings.Repeat(fmt.Sprintf(" %d 0 R", 8+i), 20))
			})...)
			d.objects = append(d.objects, "[/And 5 0 R]")
			return d.bytes()
		}},
		"noise": {"broken", func() []byte {
			return append([]byte("%PDF-1.7\n"), strings.Repeat("1 0 obj<<(%PK\x05\x06\n", 1_000_000)...)
		}},
	}
}

var spaces1 = spaces(1)

// TestBounds runs each hostile file in a process of its own and measures it.
func TestBounds(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow: builds files of 20 MB")
	}
	dir, program := t.TempDir(), child(t)
	for name, c := range hostile() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			data := c.data()
			require.LessOrEqual(t, len(data), 20<<20, "the file is refused for its size")
			require.NoError(t, os.WriteFile(path, data, 0o600))
			class, memory, took := measured(t, program, path)
			t.Logf("%-8s %6d KiB %8s of %d bytes", class, memory, took.Round(time.Millisecond), len(data))
			assert.Equal(t, c.class, class)
			assert.Less(t, memory, mostMemory)
			assert.Less(t, took, mostTime)
		})
	}
}

// TestCorpusBounds measures the public files.
func TestCorpusBounds(t *testing.T) {
	t.Parallel()
	dir, rows := corpus(t)
	program := child(t)
	for _, row := range rows {
		class, memory, took := measured(t, program, filepath.Join(dir, row.file))
		t.Logf("%-40s %-13s %6d KiB %8s", row.file, class, memory, took.Round(time.Millisecond))
		assert.Less(t, memory, mostMemory, row.file)
		assert.Less(t, took, mostTime, row.file)
	}
}

const childFile = "MOTCUA_SCAN_CHILD"

// TestChild is the process that measured starts; on its own it does nothing.
func TestChild(t *testing.T) {
	path := os.Getenv(childFile)
	if path == "" {
		t.Skip("only for the bounds' tests")
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	info, err := f.Stat()
	require.NoError(t, err)
	start := time.Now()
	_, err = scan.Check(context.Background(), f, info.Size(), nil)
	took := time.Since(start)
	fmt.Printf("RESULT %s %d\n", classOf(t, err), took.Microseconds())
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		fmt.Println(string(status))
	}
}

var (
	resultLine = regexp.MustCompile(`RESULT (\S+) (\d+)`)
	peakLine   = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
)

// plain is this test program without the race detector, which takes several times
// the memory and the time of what is measured.
var plain = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "scan")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	name := filepath.Join(dir, "plain")
	cmd := exec.Command("go", "test", "-c", "-o", name, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+strings.ReplaceAll(os.Getenv("GOFLAGS"), "-race", ""))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	return os.ReadFile(name)
})

// child writes the program to the test's own folder.
func child(t *testing.T) string {
	t.Helper()
	program, err := plain()
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(name, program, 0o700)) //nolint:gosec // it is to be run
	return name
}

// measured checks a file in another process: verdict, peak memory in KiB (0 where the system does not tell), time.
func measured(t *testing.T, program, path string) (class string, kib int, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childFile+"="+path)
	out, err := cmd.CombinedOutput()
	require.NoError(t, errors.Join(err, ctx.Err()), string(out))
	m := resultLine.FindSubmatch(out)
	require.NotNil(t, m, string(out))
	µs, err := strconv.Atoi(string(m[2]))
	require.NoError(t, err)
	if p := peakLine.FindSubmatch(out); p != nil {
		kib, err = strconv.Atoi(string(p[1]))
		require.NoError(t, err)
	}
	return string(m[1]), kib, time.Duration(µs) * time.Microsecond
}
