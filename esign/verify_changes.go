package esign

import (
	"errors"
	"slices"

	"github.com/motcua/motcua/esign/internal/pdf"
	"github.com/motcua/motcua/esign/internal/revdiff"
)

// laterChanges compares each signed revision with the next and the last one with the file. What is found between two
// revisions concerns all signatures before it.
func (v *verification) laterChanges(checks []*check) error {
	var before []*check
	for _, c := range checks {
		if c.rev == nil {
			continue
		}
		if len(before) > 0 && before[len(before)-1].end < c.end {
			if err := v.step(before, c.rev); err != nil {
				return err
			}
		}
		before = append(before, c)
		c.unchanged = true
	}
	if n := len(before); n > 0 && before[n-1].end < v.doc.Size() {
		return v.step(before, v.doc)
	}
	return nil
}

// step compares the newest signed revision of before with b.
func (v *verification) step(before []*check, b *pdf.Document) error {
	a := before[len(before)-1].rev
	o := restrictions(before)
	o.Visits = &v.visits
	changes, err := revdiff.Compare(v.ctx, a, b, o)
	switch {
	case v.ctx.Err() != nil:
		return v.ctx.Err()
	case b.StartXref < a.Size():
		// No cross-reference section came with the later bytes: whatever they are, no reader sees them.
		v.spoil(before, because("bytes-appended"))
	case errors.Is(err, revdiff.ErrVisits), errors.Is(err, pdf.ErrLimit):
		v.spoil(before, because("too-large"))
	case err != nil:
		v.spoil(before, because("comparison-failed"))
	case !slices.Contains(b.Sections, a.StartXref):
		v.spoil(before, because("changed-document"))
	}
	slices.SortStableFunc(changes, func(a, b revdiff.Change) int { return telling(a) - telling(b) })
	for _, c := range changes {
		v.apply(before, c)
	}
	return nil
}

// telling ranks what a reader sees before what lies underneath.
func telling(c revdiff.Change) int {
	return slices.Index([]revdiff.Area{
		revdiff.AreaPage, revdiff.AreaPages, revdiff.AreaAnnotation, revdiff.AreaField, revdiff.AreaDocument, revdiff.AreaUnlisted,
	}, c.Area)
}

func (v *verification) spoil(before []*check, why Reason) {
	for _, c := range before {
		c.unchanged = false
		if !slices.Contains(c.out.Changes, why) {
			c.out.Changes = append(c.out.Changes, why)
		}
		c.find(Invalid, why)
	}
}

func (v *verification) apply(before []*check, ch revdiff.Change) {
	if ch.Kind == revdiff.Forbidden {
		v.spoil(before, changeReason(ch))
		return
	}
	for _, c := range before {
		switch ch.Kind {
		case revdiff.Filled, revdiff.Added:
			c.out.note(because("later-signature", quoted(ch.Field)))
		case revdiff.FilledLarge:
			c.doubt("later-large-field", quoted(ch.Field))
		case revdiff.AddedVisible:
			c.doubt("later-visible-field", quoted(ch.Field))
		case revdiff.FormFilled:
			why := because("later-form-fill", quoted(ch.Field))
			if c.permission() >= 2 {
				c.out.note(why) // the certifier said that forms are to be filled
			} else {
				c.find(Indeterminate, why)
			}
		case revdiff.Validation:
			c.out.note(because("later-validation-data"))
		case revdiff.Metadata:
			c.out.note(because("later-metadata"))
		}
	}
}

func changeReason(ch revdiff.Change) Reason {
	switch ch.Area {
	case revdiff.AreaPage:
		return because("changed-page", ch.Page)
	case revdiff.AreaPages:
		return because("changed-pages")
	case revdiff.AreaAnnotation:
		if ch.Page > 0 {
			return because("changed-annotation", ch.Page)
		}
	case revdiff.AreaField:
		if ch.Field != "" {
			return because("changed-field", quoted(ch.Field))
		}
	case revdiff.AreaUnlisted:
		return because("bytes-appended")
	}
	return because("changed-document")
}

// permission is the DocMDP level this signature sets: 0 without.
func (c *check) permission() int {
	p := 0
	for _, t := range c.transforms("DocMDP") {
		n, ok := t["P"].(int64)
		if !ok || n < 1 || n > 3 {
			n = 2 // the default of ISO 32000-1 table 254
		}
		p = int(n)
	}
	if n, ok := c.field.lock["P"].(int64); ok && n >= 1 && n <= 3 && (p == 0 || int(n) < p) {
		p = int(n)
	}
	return p
}

// transforms returns the parameters of the transform methods of one name in the signature dictionary.
func (c *check) transforms(method pdf.Name) []pdf.Dict {
	if c.rev == nil {
		return nil
	}
	refs, err := c.rev.Array(c.field.dict["Reference"])
	if err != nil {
		return nil
	}
	var out []pdf.Dict
	for _, r := range refs[:min(len(refs), 16)] {
		d, err := c.rev.Dict(r)
		if err != nil || d["TransformMethod"] != method {
			continue
		}
		p, err := c.rev.Dict(d["TransformParams"])
		if err == nil {
			if p == nil {
				p = pdf.Dict{}
			}
			out = append(out, p)
		}
	}
	return out
}

// restrictions joins what all signatures so far forbid.
func restrictions(before []*check) revdiff.Options {
	var o revdiff.Options
	var locks []fieldLock
	for _, c := range before {
		if p := c.permission(); p > 0 && (o.Permission == 0 || p < o.Permission) {
			o.Permission = p
		}
		for _, t := range append(c.transforms("FieldMDP"), c.field.lock) {
			if t["Action"] != nil {
				locks = append(locks, newFieldLock(c.rev, t))
			}
		}
	}
	o.Locked = func(field string) bool {
		return slices.ContainsFunc(locks, func(l fieldLock) bool { return l.covers(field) })
	}
	return o
}

// fieldLock is a FieldMDP rule or a signature field's lock dictionary (ISO 32000-1 12.8.2.4).
type fieldLock struct {
	action pdf.Object
	names  []string
}

func newFieldLock(d *pdf.Document, p pdf.Dict) fieldLock {
	l := fieldLock{action: p["Action"]}
	list, err := d.Array(p["Fields"])
	if err != nil {
		l.action = pdf.Name("All") // what can't be read locks everything
	}
	for _, o := range list {
		if s, ok := o.(pdf.String); ok {
			l.names = append(l.names, pdf.DecodeText(s))
		}
	}
	return l
}

func (l fieldLock) covers(field string) bool {
	listed := slices.ContainsFunc(l.names, func(n string) bool {
		return field == n || len(field) > len(n) && field[:len(n)] == n && field[len(n)] == '.'
	})
	switch l.action {
	case pdf.Name("Include"):
		return listed
	case pdf.Name("Exclude"):
		return !listed
	}
	return true
}
