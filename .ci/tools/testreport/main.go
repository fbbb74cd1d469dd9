// Command testreport reads what go test -json writes and prints what a person
// wants to see of it: one line a package, the output of what failed, what was
// skipped and why. It ends with 1 if anything failed, and also if a PostgreSQL
// test was skipped: a run that proves half must not look like a whole one.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// event is one line of go test -json, see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// skippedDatabase is how sqlkit/sqltest begins its reason.
const skippedDatabase = "PostgreSQL half skipped"

func main() {
	if err := report(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
}

type counts struct{ passed, failed, skipped, databases int }

func report(in io.Reader, out io.Writer) error {
	var c counts
	output := map[string][]string{} // by package, or package and test
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(out, lines.Text()) // the go command itself has something to say
			continue
		}
		key := e.Package + " " + e.Test
		switch {
		case e.Action == "build-output":
			fmt.Fprint(out, e.Output)
		case e.Action == "output":
			output[key] = append(output[key], e.Output)
		case e.Test == "":
			c.ended(out, e, output)
		default:
			c.tested(out, e, output[key])
			delete(output, key)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d tests passed, %d failed, %d skipped\n", c.passed, c.failed, c.skipped)
	switch {
	case c.failed > 0:
		return fmt.Errorf("%d failed", c.failed)
	case c.databases > 0:
		return fmt.Errorf("%d PostgreSQL tests were skipped", c.databases)
	case c.passed == 0:
		return fmt.Errorf("no test ran")
	}
	return nil
}

// ended notes the end of a package's tests. What is left of their output belongs
// to tests that a panic or the deadline cut short.
func (c *counts) ended(out io.Writer, e event, output map[string][]string) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(out, "ok    %7.1fs  %s\n", e.Elapsed, e.Package)
	case "fail":
		c.failed++
		fmt.Fprintf(out, "FAIL  %7.1fs  %s\n", e.Elapsed, e.Package)
	}
	for _, key := range slices.Sorted(maps.Keys(output)) {
		if strings.HasPrefix(key, e.Package+" ") {
			if e.Action == "fail" {
				fmt.Fprint(out, strings.Join(output[key], ""))
			}
			delete(output, key)
		}
	}
}

// tested notes the end of one test or subtest.
func (c *counts) tested(out io.Writer, e event, output []string) {
	text := strings.Join(output, "")
	switch e.Action {
	case "pass":
		c.passed++
	case "fail":
		c.failed++
		fmt.Fprintf(out, "FAIL  %7.1fs  %s %s\n%s", e.Elapsed, e.Package, e.Test, text)
	case "skip":
		c.skipped++
		if strings.Contains(text, skippedDatabase) {
			c.databases++
		}
		fmt.Fprintf(out, "skip            %s %s: %s\n", e.Package, e.Test, reason(output))
	}
}

// reason is the line a test gave to Skip, without the framework's own.
func reason(output []string) string {
	var out []string
	for _, l := range output {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "===") && !strings.HasPrefix(l, "---") {
			out = append(out, l)
		}
	}
	return strings.Join(out, " ")
}
