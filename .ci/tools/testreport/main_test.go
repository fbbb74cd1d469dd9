package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, shows, err string }{
		{"pass", `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"pass","Package":"p"}`, "1 tests passed, 0 failed, 0 skipped", ""},
		{"fail", `{"Action":"output","Package":"p","Test":"A","Output":"want 1\n"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"fail","Package":"p"}`, "want 1", "2 failed"},
		{"panic", `{"Action":"output","Package":"p","Test":"A","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`, "panic: boom", "1 failed"},
		{"does not build", `{"ImportPath":"p","Action":"build-output","Output":"undefined: x\n"}
{"Action":"fail","Package":"p"}`, "undefined: x", "1 failed"},
		{"other skip", `{"Action":"output","Package":"p","Test":"A","Output":"    a_test.go:1: no pdfsig\n"}
{"Action":"skip","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"B"}`, "p A: a_test.go:1: no pdfsig", ""},
		{"database skip", `{"Action":"output","Package":"p","Test":"A/postgres","Output":"    x.go:1: PostgreSQL half skipped: no engine\n"}
{"Action":"skip","Package":"p","Test":"A/postgres"}
{"Action":"pass","Package":"p","Test":"B"}`, "PostgreSQL half skipped: no engine", "1 PostgreSQL tests were skipped"},
		{"nothing", ``, "0 tests passed", "no test ran"},
		{"not JSON", `go: cannot find main module`, "cannot find main module", "no test ran"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := report(strings.NewReader(c.in), &out)
			if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
				t.Errorf("error is %v, want %q", err, c.err)
			}
			if !strings.Contains(out.String(), c.shows) {
				t.Errorf("%q does not show %q", out.String(), c.shows)
			}
		})
	}
}
