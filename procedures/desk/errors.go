package desk

import (
	"errors"
	"fmt"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
)

// The sentinels. Those of the engine (workflow.ErrNotFound, ErrStale,
// ErrRefused, ErrKeyReused) are returned as they are.
var (
	// ErrForm: answers of a form are to be corrected; a [*FormError].
	ErrForm = errors.New("form to be corrected")
	// ErrScan: an uploaded scan cannot be certified; a [*ScanRefused].
	ErrScan = errors.New("scan refused")
	// ErrSubject: the procedure, unit or paper named is not there.
	ErrSubject = errors.New("not offered")
	// ErrUnavailable: something outside did not answer; trying again goes on
	// where it stopped.
	ErrUnavailable = errors.New("not available now")
)

// FormError says which answers are to be corrected and how. It is [ErrForm].
type FormError struct{ Problems []procedures.FieldProblem }

// Error counts the problems; it repeats no answer.
func (e *FormError) Error() string {
	return fmt.Sprintf("%d answers are to be corrected", len(e.Problems))
}

// Is makes errors.Is(err, ErrForm) true.
func (e *FormError) Is(target error) bool { return target == ErrForm }

// ScanRefused says why a scan cannot be certified. It is [ErrScan].
type ScanRefused struct {
	// Class names the kind of fault: polyglot, not-pdf, too-large, broken,
	// bomb, page-count, encrypted, signed, form, javascript, launch,
	// embedded-file, annotation, layers.
	Class  string
	Reason workflow.Reason
}

// Error gives the class and the English sentence.
func (e *ScanRefused) Error() string { return "scan refused, " + e.Class + ": " + e.Reason.EN }

// Is makes errors.Is(err, ErrScan) true.
func (e *ScanRefused) Is(target error) bool { return target == ErrScan }

func refused(event string, r *workflow.Reason) error {
	return &workflow.RefusedError{Event: event, Reason: *r}
}
