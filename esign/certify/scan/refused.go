package scan

import (
	"errors"
	"slices"
)

// Class says what a scan is refused for. The values are frozen.
type Class string

// The classes, in the order in which they are named: of several faults in one file, the first.
const (
	// Polyglot is a file that other programs read as another format, or whose PDF header is not its beginning.
	Polyglot Class = "polyglot"
	// NotPDF is a file of another format.
	NotPDF Class = "not-pdf"
	// TooLarge is a file of more bytes than allowed.
	TooLarge Class = "too-large"
	// Broken is a breach of ISO 32000 that viewers repair each in their own way.
	Broken Class = "broken"
	// Bomb is a file that expands beyond what reading it may cost.
	Bomb Class = "bomb"
	// PageCount is a file of no pages or of more than allowed.
	PageCount Class = "page-count"
	// Encrypted is a file with a password, even one that restricts rights only.
	Encrypted Class = "encrypted"
	// Signed is a file with an electronic signature or time stamp, valid or not.
	Signed Class = "signed"
	// Form is a file with fields to fill in, AcroForm or XFA.
	Form Class = "form"
	// JavaScript is a file with code.
	JavaScript Class = "javascript"
	// Launch is a file with an action that starts a program, opens another file or sends data.
	Launch Class = "launch"
	// EmbeddedFile is a file with other files, sound, film or 3D models inside.
	EmbeddedFile Class = "embedded-file"
	// Annotation is a file with anything drawn over a page that is not part of it.
	Annotation Class = "annotation"
	// Layers is a file with content that can be switched on or off, or that prints other than it shows.
	Layers Class = "layers"
)

// precedence is the order in which classes are named.
var precedence = []Class{
	Polyglot, NotPDF, TooLarge, Broken, Bomb, PageCount, Encrypted, Signed, Form, JavaScript, Launch, EmbeddedFile, Annotation, Layers,
}

// ErrRefused is what every *[Refused] is, for errors.Is.
var ErrRefused = errors.New("the scan can't be certified")

// Refused says why a scan can't be certified.
type Refused struct {
	Class Class
	// Reason is for the person who sent the scan.
	Reason Reason
	// Page is the first page (from 1) with the fault, 0 where it concerns the file or the page is not known.
	Page int

	cause error
}

// Error names the class and the remedy in English. It holds nothing out of the file.
func (r *Refused) Error() string {
	return ErrRefused.Error() + ": " + string(r.Class) + ": " + r.Reason.EN
}

// Unwrap gives ErrRefused and the technical cause, if there is one.
func (r *Refused) Unwrap() []error {
	if r.cause == nil {
		return []error{ErrRefused}
	}
	return []error{ErrRefused, r.cause}
}

// findings keeps the fault that comes first in the order of classes.
type findings struct{ first *Refused }

// add notes a fault on a page (from 1; 0 is the file). Of two in one class the first with a page stays.
func (f *findings) add(c Class, page int, cause error) {
	if old := f.first; old != nil {
		if r := rank(old.Class); r < rank(c) || r == rank(c) && (old.Page > 0 || page == 0) {
			return
		}
	}
	f.first = &Refused{Class: c, Reason: onPage(Words(c), page), Page: page, cause: cause}
}

// err returns the fault found, nil without.
func (f *findings) err() error {
	if f.first == nil {
		return nil
	}
	return f.first
}

func rank(c Class) int { return slices.Index(precedence, c) }
