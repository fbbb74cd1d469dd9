package slip

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/motcua/motcua/procedures"
)

// TrialMark stands on every paper made with simulators.
const TrialMark = "BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"

// trialFragment marks the QR's address of a trial paper; a browser keeps it to itself.
const trialFragment = "#BAN-THU-NGHIEM-KHONG-CO-GIA-TRI-PHAP-LY"

// Paper is a paper size.
type Paper int

// The sizes; the zero value is A5, as slips are printed at the counter.
const (
	A5 Paper = iota
	A4
)

// Options of a paper; nil means A5 and no trial mark.
type Options struct {
	Paper Paper
	// Trial prints [TrialMark] on every page.
	Trial bool
}

// Office is who issues the paper, as it is called on the day.
type Office struct {
	Parent  string // e.g. UBND tỉnh …; may be empty
	Name    string // e.g. UBND phường Tân Phú
	Place   string // before the date, e.g. Tân Phú
	Address string
	Phone   string
}

// Person is the applicant as the form shows one. Empty texts are left out.
type Person struct{ Name, Address, Phone, Email string }

// Subject is what the three forms share.
type Subject struct {
	Form      procedures.OfficialForm
	Office    Office
	Code      procedures.DossierCode // zero while the dossier has none (form 02, 03)
	Procedure string
	Applicant Person
	// Issued is the moment of issue: the date in the head and the PDF's own date.
	Issued  time.Time
	Officer string // who issues it
}

// Component is one line of what was received.
type Component struct {
	Name  string
	Form  string // e.g. bản chính, bản sao; may be empty
	Count int
}

// Receipt is the content of form 01.
type Receipt struct {
	Subject
	// LookupCode is printed for the applicant; LookupURL is the public page, to
	// which the QR adds the dossier code. Both may be empty together.
	LookupCode string
	LookupURL  string
	Content    string // what is asked for
	Components []Component
	Sets       int    // number of dossier sets; 0 = 1
	LegalTerm  string // thời gian giải quyết theo quy định
	Received   time.Time
	Due        time.Time
	// DueLines explains the due date, one sentence a line.
	DueLines    []string
	ReturnPlace string
	Book, Line  string // sổ theo dõi hồ sơ: number of the book and the line
	Filer       string // who filed, if not the applicant
}

// Item is one thing to supplement.
type Item struct {
	Name string
	What string // what to do
	Why  string // the reason, with the article
}

// Supplement is the content of form 02. It lists everything missing at once.
type Supplement struct {
	Subject
	Content string
	Items   []Item
	Until   time.Time // zero = no date
	Contact string    // officer and telephone to ask
}

// Refusal is the content of form 03.
type Refusal struct {
	Subject
	Content   string
	Reason    string // in words people understand, with the article
	NextStep  string // what the applicant can do
	Complaint string // where to complain
}

const (
	maxText  = 2000 // characters of one text
	maxItems = 200  // lines of a list
)

func (s *Subject) validate() error {
	var errs []error
	for _, f := range []struct{ name, value string }{
		{"form number", s.Form.Number}, {"form circular", s.Form.Circular}, {"form name", s.Form.Name.VI},
		{"office name", s.Office.Name}, {"procedure", s.Procedure}, {"applicant", s.Applicant.Name},
	} {
		if strings.TrimSpace(f.value) == "" {
			errs = append(errs, fmt.Errorf("the %s is missing", f.name))
		}
	}
	if s.Issued.IsZero() {
		errs = append(errs, errors.New("the moment of issue is missing"))
	}
	return errors.Join(errs...)
}

func (r *Receipt) validate() error {
	err := r.Subject.validate()
	switch {
	case r.Code.String() == "":
		err = errors.Join(err, errors.New("the dossier code is missing"))
	case r.Received.IsZero() || r.Due.IsZero():
		err = errors.Join(err, errors.New("the hour of reception or the due hour is missing"))
	case r.Due.Before(r.Received):
		err = errors.Join(err, errors.New("the due hour lies before reception"))
	case (r.LookupURL == "") != (r.LookupCode == ""):
		err = errors.Join(err, errors.New("look-up page and look-up code come together"))
	case r.LookupCode != "" && strings.Contains(r.LookupURL, r.LookupCode):
		err = errors.Join(err, errors.New("the look-up page must not hold the look-up code"))
	case len(r.Components) > maxItems || len(r.DueLines) > maxItems:
		err = errors.Join(err, fmt.Errorf("more than %d lines", maxItems))
	}
	return invalid("receipt slip", err)
}

func invalid(what string, err error) error {
	if err == nil {
		return nil
	}
	return &procedures.Error{Code: procedures.CodeInvalid, Text: what + ": " + strings.ReplaceAll(err.Error(), "\n", "; ")}
}
