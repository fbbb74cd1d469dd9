package scan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/motcua/motcua/esign/certify/scan"
)

// FuzzCheck: no file crashes the check, and what it lets pass it lets pass again, unchanged.
func FuzzCheck(f *testing.F) {
	for class, files := range refusedFiles() {
		if class == scan.Bomb {
			continue // the fuzzer would make every step as slow as these
		}
		for _, data := range files {
			f.Add(data)
		}
	}
	f.Add(layered(onAll, "").bytes())
	f.Add(withMembership("/VE[/And 5 0 R[/Not[/Not 5 0 R]]]").bytes())
	if os.Getenv("MOTCUA_CORPUS") != "" {
		dir, rows := corpus(f)
		for _, row := range rows {
			if data, err := os.ReadFile(filepath.Join(dir, row.file)); err == nil && len(data) < 60_000 {
				f.Add(data)
			}
		}
	}
	o := &scan.Options{MaxBytes: 1 << 20, MaxPages: 50, MaxDecoded: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := scan.Check(t.Context(), bytes.NewReader(data), int64(len(data)), o)
		if err != nil {
			classOf(t, err)
			return
		}
		if !bytes.HasPrefix(s.Data, data) || s.Pages < 1 {
			t.Fatalf("the scan is not the upload: %d pages", s.Pages)
		}
		if int64(len(s.Data)) > o.MaxBytes {
			return
		}
		again, err := scan.Check(t.Context(), bytes.NewReader(s.Data), int64(len(s.Data)), o)
		if err != nil || again.Normalised || again.Pages != s.Pages {
			t.Fatalf("checked again: %+v, %v", again, err)
		}
	})
}
