package directory

import (
	"time"

	"github.com/motcua/motcua/identity"
)

// Unit is one version of a unit: what was so from From until To. A renamed, moved
// or re-equipped unit gets a further version under the same code; a merged, split
// or recoded one ends and names its successors.
type Unit struct {
	// Code is the agency code (mã định danh), such as H10.12.
	Code string
	// Area is the administrative area code, 2 or 5 digits (Decision 19/2025/QĐ-TTg
	// and the ones before it); "" for a unit that is no area. Never mix the two.
	Area string
	Name identity.Text
	// Kind is one of Kinds, Level one of Levels.
	Kind, Level string
	// Parent is the code of the unit above, "" at the top.
	Parent   string
	From, To time.Time // [From, To); the zero To is open
	// Successors take over the work at To; the first one is the heir by default.
	Successors []Successor
	// Hours is the text of the working hours, read by the calendar.
	Hours   string
	Address identity.Text
	Phone   string
	Email   string
	// Seals are the names engraved on the unit's seals.
	Seals []Seal
	// Basis is the legal instrument that made this version.
	Basis string
	// File and Line say where it is written.
	File string
	Line int
}

// At reports whether the version is in force at t.
func (u *Unit) At(t time.Time) bool { return !t.Before(u.From) && (u.To.IsZero() || t.Before(u.To)) }

// Seal returns the name on the seal of a kind, else the Vietnamese name of the unit.
func (u *Unit) Seal(kind string) string {
	for _, s := range u.Seals {
		if s.Kind == kind {
			return s.Name
		}
	}
	return u.Name.VI
}

// Successor is a unit that takes work over.
type Successor struct {
	Code string
	// Share says in words which part of the work, for a person to read.
	Share string
}

// Seal is a name on a seal: the kind is a word of the province, such as "agency".
type Seal struct{ Kind, Name string }

// Kinds of units.
var Kinds = []string{"committee", "department", "division", "office", "centre", "organisation"}

// Levels of units. District is the level abolished on 1 July 2025.
var Levels = []string{"ministry", "province", "district", "commune"}

// Role is a role of the permission table (vai trò).
type Role struct {
	ID   string
	Name identity.Text
}

// Official is a person in the service of the province (cán bộ, công chức).
type Official struct {
	// ID is a staff number: a pseudonym, never a citizen id, never given again.
	ID   string
	Name string
	// Subject is the subject at the identity provider. Issuer limits it to one
	// provider; "" means any that is configured for officials.
	Subject, Issuer string
	Email           string
	Posts           []identity.Post
	File            string
	Line            int
}

// Finding is one thing that is wrong with a file, and what to do about it.
type Finding struct {
	File string
	Line int
	// Rule is a stable name, such as "unit/overlap".
	Rule string
	// Problem and Remedy are for the person who wrote the file.
	Problem, Remedy string
	// Warning lets the directory load all the same.
	Warning bool
}
