package revdiff

import (
	"slices"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// seed is a value that must be the same in both documents, with all it leads to, and where it stands.
type seed struct {
	value pdf.Object
	area  Area
	page  int
	field string
	num   uint32
}

// keys returns the keys of both in order, so that reports don't vary.
func keys(x, y pdf.Dict) []pdf.Name {
	out := make([]pdf.Name, 0, len(x)+1)
	for k := range x {
		out = append(out, k)
	}
	for k := range y {
		if _, both := x[k]; !both {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// walk follows everything from the seeds. Pages come first so that a change is named by the page it is seen on; on that
// way the page tree is left for later.
func (j *judge) walk() error {
	slices.SortStableFunc(j.seeds, func(a, b seed) int {
		switch {
		case a.page == b.page:
			return 0
		case a.page == 0:
			return 1
		case b.page == 0:
			return -1
		}
		return a.page - b.page
	})
	var later []seed
	stack := j.seeds
	slices.Reverse(stack)
	for len(stack) > 0 || len(later) > 0 {
		if len(stack) == 0 {
			stack, later = later, nil
			continue
		}
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if err := j.visit(); err != nil {
			return err
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
		if r, ok := s.value.(pdf.Ref); ok {
			if j.seen[r.Num] || j.anchored[r.Num] {
				continue
			}
			o, err := j.b.Get(r)
			if err != nil {
				return err
			}
			if n := j.pages[r]; n > 0 {
				s.area, s.page, s.field = AreaPage, n, ""
			} else if s.page > 0 && elsewhere(o) {
				s.area, s.page, s.field = AreaPages, 0, ""
				later = append(later, s)
				continue
			}
			j.seen[r.Num] = true
			if j.changed[r.Num] {
				j.forbid(s.area, s.page, s.field, r.Num)
				continue
			}
			s.value, s.num = o, r.Num
		}
		stack = push(stack, s)
	}
	return nil
}

// checkOwned refuses a new appearance for a field whose old one was in use elsewhere, too: it was not the field's own.
func (j *judge) checkOwned() error {
	for _, c := range j.owned {
		if j.seen[c.Object] {
			j.add(c)
		}
	}
	return nil
}

// elsewhere says that an object does not belong to the page that refers to it.
func elsewhere(o pdf.Object) bool {
	d, _ := o.(pdf.Dict)
	switch d["Type"] {
	case pdf.Name("Pages"), pdf.Name("Catalog"), pdf.Name("StructElem"), pdf.Name("StructTreeRoot"):
		return true
	}
	return false
}

func push(stack []seed, s seed) []seed {
	switch v := s.value.(type) {
	case pdf.Array:
		for _, e := range slices.Backward(v) {
			stack = pushOne(stack, s, e)
		}
	case *pdf.Stream:
		return pushDict(stack, s, v.Dict)
	case pdf.Dict:
		return pushDict(stack, s, v)
	}
	return stack
}

func pushDict(stack []seed, s seed, d pdf.Dict) []seed {
	for _, k := range slices.Backward(keys(d, nil)) {
		c := s
		if s.area == AreaPage && k == "Annots" {
			c.area = AreaAnnotation
		}
		stack = pushOne(stack, c, d[k])
	}
	return stack
}

func pushOne(stack []seed, s seed, v pdf.Object) []seed {
	switch v.(type) {
	case pdf.Ref, pdf.Array, pdf.Dict:
		s.value = v
		return append(stack, s)
	}
	return stack
}
