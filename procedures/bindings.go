package procedures

import (
	"fmt"
	"slices"
	"strings"
)

// Bindable is a name YAML may use, with what it stands for.
type Bindable struct {
	Name string `json:"name"`
	Text Text   `json:"text"`
}

// BindingsDoc lists what YAML may name. A province that binds guards, effects
// or roles of its own passes a longer list in [Options].
type BindingsDoc struct {
	Roles   []Bindable `json:"roles"`
	Guards  []Bindable `json:"guards"`
	Effects []Bindable `json:"effects"`
	Modules []Bindable `json:"modules"`
	// Functions may be called in expressions besides CEL's own operators.
	Functions []Bindable `json:"functions"`
}

func bindable(list []Bindable, name string) bool {
	return slices.ContainsFunc(list, func(b Bindable) bool { return b.Name == name })
}

// Modules a step or state may need.
const (
	ModulePayment       = "payment"
	ModuleCertification = "certification"
)

// StandardBindings is what the library itself provides. The caller owns the
// copy it gets.
func StandardBindings() *BindingsDoc {
	b := func(name, vi, en string) Bindable { return Bindable{name, Text{vi, en}} }
	return &BindingsDoc{
		Roles: []Bindable{
			b("applicant", "Người yêu cầu", "who asks, or acts for who asks"),
			b("reception_officer", "Công chức tiếp nhận và trả kết quả", "receives dossiers and returns results at the one-stop desk"),
			b("certifier", "Người thực hiện chứng thực", "compares with the original and signs the statement"),
			b("specialist", "Chuyên viên thụ lý", "appraises"),
			b("unit_head", "Trưởng phòng", "checks what specialists prepare"),
			b("approver", "Lãnh đạo", "decides and signs"),
			b("clerk", "Văn thư", "numbers, seals and issues"),
			b("cashier", "Người thu phí, lệ phí", "takes fees at the counter"),
		},
		Guards: []Bindable{
			b(GuardScanFixed, "Bản quét và số trang đã được xác định",
				"the command's body names the scan (scan: 64 hex digits of SHA-256) and its pages (pages ≥ 1)"),
			b(GuardPaperNotExcluded, "Giấy tờ không thuộc trường hợp không được dùng làm cơ sở chứng thực",
				"the command's body says the paper is none of those excluded (excluded: false)"),
		},
		Effects: []Bindable{
			b("issue_receipt_slip", "Lập giấy tiếp nhận hồ sơ và hẹn trả kết quả", "makes form 01 and stores it with the dossier"),
			b("issue_supplement_slip", "Lập phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "makes form 02 and stores it with the dossier"),
			b("issue_refusal_slip", "Lập phiếu từ chối tiếp nhận giải quyết hồ sơ", "makes form 03 and stores it with the dossier"),
			b("reserve_number", "Giữ số chứng thực", "reserves a line of the certification register"),
		},
		Modules: []Bindable{
			b(ModulePayment, "Thanh toán", "fees are charged and settled online or at the counter"),
			b(ModuleCertification, "Chứng thực điện tử", "certified copies are signed electronically"),
		},
		Functions: []Bindable{
			b("min", "Số nhỏ hơn", "min(int, int): the smaller"),
			b("max", "Số lớn hơn", "max(int, int): the larger"),
		},
	}
}

// String lists the names as `procedures bindings` prints them.
func (d *BindingsDoc) String() string {
	var b strings.Builder
	for _, g := range []struct {
		title string
		list  []Bindable
	}{{"roles", d.Roles}, {"guards", d.Guards}, {"effects", d.Effects}, {"modules", d.Modules}, {"functions", d.Functions}} {
		fmt.Fprintf(&b, "%s:\n", g.title)
		for _, x := range g.list {
			fmt.Fprintf(&b, "  %-22s %s: %s\n", x.Name, x.Text.VI, x.Text.EN)
		}
	}
	return b.String()
}
