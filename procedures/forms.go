package procedures

import (
	_ "embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"sync"
	"time"
)

// Names of forms, the keys of forms.yaml.
const (
	FormReceiptSlip = "receipt_slip" // Giấy tiếp nhận hồ sơ và hẹn trả kết quả
	FormSupplement  = "supplement"   // Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ
	FormRefusal     = "refusal"      // Phiếu từ chối tiếp nhận giải quyết hồ sơ
	FormApology     = "apology"      // Phiếu xin lỗi …; Văn bản xin lỗi và đề nghị gia hạn …
	FormStopNotice  = "stop_notice"  // Thông báo dừng giải quyết hồ sơ; none before 15/9/2025
	FormControlSlip = "control_slip" // Phiếu kiểm soát quá trình giải quyết hồ sơ
	FormRegister    = "register"     // Sổ theo dõi hồ sơ
)

// FormTable is the dated table of official forms.
type FormTable struct{ circulars []FormSet }

// FormSet is the set of forms one circular prescribes.
type FormSet struct {
	Circular string // e.g. 03/2025/TT-VPCP
	Period
	forms map[string]OfficialForm
}

// OfficialForm is a form (mẫu) by circular and number: neither alone names it.
type OfficialForm struct {
	Circular string // e.g. 03/2025/TT-VPCP
	Number   string // e.g. 01
	Name     Text
}

// At returns the set in force at t, which may be empty.
func (t *FormTable) At(at time.Time) *FormSet {
	for i := range t.circulars {
		if t.circulars[i].Contains(at) {
			return &t.circulars[i]
		}
	}
	return &FormSet{}
}

// Form returns a form of the set; [ErrNotFound] when the circular has none of
// that name, as before 15/9/2025 there was no notice that handling stops.
func (s *FormSet) Form(name string) (OfficialForm, error) {
	f, ok := s.forms[name]
	if !ok {
		return OfficialForm{}, &Error{CodeNotFound, fmt.Sprintf("form %q: circular %q prescribes none", name, s.Circular)}
	}
	return f, nil
}

// Number returns a form's number, or "" when the set has no such form.
func (s *FormSet) Number(name string) string { return s.forms[name].Number }

//go:embed forms.yaml
var formsYAML []byte

var embeddedForms = sync.OnceValues(func() (*FormTable, error) {
	t, found := parseForms("forms.yaml", formsYAML)
	if len(found) > 0 {
		return nil, fmt.Errorf("procedures: %v", found[0])
	}
	return t, nil
})

// Forms returns the built-in table. It panics if the embedded file is broken,
// which the package's tests rule out.
func Forms() *FormTable {
	t, err := embeddedForms()
	if err != nil {
		panic(err)
	}
	return t
}

// LoadForms reads forms.yaml from the folder, or the built-in table when the
// folder has none.
func LoadForms(fsys fs.FS) (*FormTable, []Finding, error) {
	text, err := readLimited(fsys, "forms.yaml")
	if isNotExist(err) {
		return Forms(), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	t, found := parseForms("forms.yaml", text)
	return t, found, nil
}

var formNumber = regexp.MustCompile(`^\d{2}$`)

func parseForms(file string, text []byte) (*FormTable, []Finding) {
	var f findings
	docs, flt := parseYAML(file, text)
	if flt != nil {
		f.add(file, flt.line, flt.rule, flt.remedy, "%s", flt.text)
		return nil, f.list
	}
	if len(docs) != 1 {
		f.add(file, 0, "file-form", "write one document", "%d documents", len(docs))
		return nil, f.list
	}
	o := f.object(docs[0], "form table", "format", "circulars")
	o.need("format", "circulars")
	checkFormat(o)
	t := &FormTable{}
	o.each("circulars", func(id string, at, n *node) {
		co := f.object(n, "circular "+id, "number", "from", "to", "forms")
		co.need("number", "forms")
		set := FormSet{Circular: co.str("number"), Period: co.period("from", "to"), forms: map[string]OfficialForm{}}
		co.each("forms", func(name string, _, fn *node) {
			fo := f.object(fn, "form "+name, "number", "name")
			fo.need("number", "name")
			form := OfficialForm{set.Circular, fo.str("number"), fo.text("name")}
			if form.Number != "" && !formNumber.MatchString(form.Number) {
				f.at(fn, "form-number", `write two digits in quotes, "01"`, "form %s: %q is no number", name, form.Number)
			}
			set.forms[name] = form
		})
		if slices.ContainsFunc(t.circulars, func(x FormSet) bool { return overlaps(x.Period, set.Period) }) {
			f.at(at, "form-overlap", "end one the day before the other starts", "circular %s overlaps another", set.Circular)
		}
		t.circulars = append(t.circulars, set)
	})
	if len(f.list) > 0 {
		return nil, f.sorted()
	}
	return t, nil
}
