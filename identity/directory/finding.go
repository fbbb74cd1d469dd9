package directory

import (
	"cmp"
	"fmt"
	"slices"
)

// String is one line: file:line: rule: problem (remedy).
func (f Finding) String() string {
	kind := ""
	if f.Warning {
		kind = "warning: "
	}
	return fmt.Sprintf("%s:%d: %s%s: %s (%s)", f.File, f.Line, kind, f.Rule, f.Problem, f.Remedy)
}

// findings collects what is wrong.
type findings struct{ list []Finding }

func (f *findings) add(file string, line int, rule, remedy, problem string, args ...any) {
	f.list = append(f.list, Finding{File: file, Line: line, Rule: rule, Problem: fmt.Sprintf(problem, args...), Remedy: remedy})
}

func (f *findings) warn(file string, line int, rule, remedy, problem string, args ...any) {
	f.add(file, line, rule, remedy, problem, args...)
	f.list[len(f.list)-1].Warning = true
}

// sorted returns the findings in the order of the files.
func (f *findings) sorted() []Finding {
	slices.SortStableFunc(f.list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return f.list
}

// faulty reports whether one of them is more than a warning.
func faulty(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return !f.Warning })
}
