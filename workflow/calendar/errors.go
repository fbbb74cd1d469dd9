package calendar

import (
	"errors"
	"strings"
)

var (
	// ErrInvalid is matched by errors.Is when data (a calendar, a unit's hours) is wrong. errors.As to
	// *[InvalidError] yields every problem with its remedy.
	ErrInvalid = errors.New("invalid calendar data")

	// ErrOutOfRange is matched by errors.Is when a date lies outside the calendar or before the first
	// hours of a unit. The text says what to extend.
	ErrOutOfRange = errors.New("date outside the calendar")
)

// A Problem is one thing wrong in data, and what to do about it.
type Problem struct {
	Path    string `json:"path"` // where, as in "[1].saturday"
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

func (p Problem) String() string { return p.Path + ": " + p.Problem + " (" + p.Remedy + ")" }

// An InvalidError lists everything wrong with one piece of data; it matches [ErrInvalid].
type InvalidError struct {
	What     string // "unit hours", "calendar"
	Problems []Problem
}

// Error names every problem with its remedy.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.String()
	}
	return "invalid " + e.What + ": " + strings.Join(parts, "; ")
}

// Is matches [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// problems collects what a validation finds, so that one run names everything.
type problems []Problem

func (p *problems) add(path, problem, remedy string) {
	*p = append(*p, Problem{Path: path, Problem: problem, Remedy: remedy})
}

func (p problems) err(what string) error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{What: what, Problems: p}
}
