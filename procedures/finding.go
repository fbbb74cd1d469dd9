package procedures

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Finding is one fault in a procedure's text. Rule is a stable name listed in
// docs/rules.md; Problem says what is wrong and Remedy what to write instead.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1; 0 when the whole file is meant
	Rule    string `json:"rule"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

// String gives the finding on one line, as compilers do: file:line: rule: problem (remedy).
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s (%s)", f.File, f.Line, f.Rule, f.Problem, f.Remedy)
}

// findings collects faults and keeps each once.
type findings struct{ list []Finding }

func (f *findings) add(file string, line int, rule, remedy, format string, args ...any) {
	n := Finding{File: file, Line: line, Rule: rule, Problem: fmt.Sprintf(format, args...), Remedy: remedy}
	if !slices.Contains(f.list, n) {
		f.list = append(f.list, n)
	}
}

func (f *findings) at(n *node, rule, remedy, format string, args ...any) {
	f.add(n.file, n.line, rule, remedy, format, args...)
}

// sorted orders findings by file and line, so that the same text always gives
// the same report.
func (f *findings) sorted() []Finding {
	out := slices.Clone(f.list)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule))
	})
	return slices.Compact(out)
}
