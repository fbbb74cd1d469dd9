package procedures_test

import (
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/workflow"
)

func ExampleLoad() {
	catalogue, found, err := procedures.Load(procedures.National())
	fmt.Println(catalogue.Codes(), len(found), err)
	p, err := catalogue.At("2.000815", time.Date(2024, 11, 15, 0, 0, 0, 0, procedures.Zone))
	fmt.Println(p.ShortName.VI, err)
	// Output:
	// [2.000815] 0 <nil>
	// Chứng thực bản sao từ bản chính <nil>
}

func ExampleCheck() {
	province := fstest.MapFS{"province/2.000815.yaml": {Data: []byte(`format: 1
extends: "2.000815"
valid_from: 2024-01-01
terms:
  same_day:
    cutoff: "14:00"
`)}}
	for _, f := range procedures.Check(procedures.Layered(procedures.National(), province)) {
		fmt.Println(f)
	}
	// Output:
	// province/2.000815.yaml:5: term-longer: term same_day is longer than the base's (keep the term or shorten it)
}

func ExampleProcedure_Compile() {
	catalogue, _, err := procedures.Load(procedures.National())
	if err != nil {
		panic(err)
	}
	p, err := catalogue.At("2.000815", time.Date(2024, 11, 15, 0, 0, 0, 0, procedures.Zone))
	if err != nil {
		panic(err)
	}
	machine, err := p.With(procedures.ModuleCertification).Compile(workflow.Bindings{
		Guards:  procedures.Guards(),
		Effects: []string{"issue_receipt_slip", "issue_supplement_slip", "issue_refusal_slip", "reserve_number"},
	})
	if err != nil {
		panic(err)
	}
	for _, t := range machine.Leaving("compared") {
		fmt.Println(t.Event, "→", t.To)
	}
	// Output:
	// reserve → signing
	// stop → stopped
	// withdraw → withdrawal
}

func ExampleProcedure_FeesAt() {
	catalogue, _, err := procedures.Load(procedures.National())
	if err != nil {
		panic(err)
	}
	day := time.Date(2024, 11, 15, 0, 0, 0, 0, procedures.Zone)
	p, err := catalogue.At("2.000815", day)
	if err != nil {
		panic(err)
	}
	lines, err := p.FeesAt(day, procedures.FactValues{"pages": 10, "copies": 2})
	for _, l := range lines {
		fmt.Println(l.Name.VI, l.Unit, "×", l.Quantity, "=", l.Amount, "đ")
	}
	fmt.Println(err)
	// Output:
	// Phí chứng thực bản sao từ bản chính 12000 × 2 = 24000 đ
	// <nil>
}

func ExampleProcedure_Mermaid() {
	catalogue, _, err := procedures.Load(procedures.National())
	if err != nil {
		panic(err)
	}
	p, err := catalogue.At("2.000815", time.Date(2024, 11, 15, 0, 0, 0, 0, procedures.Zone))
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(p.With().Mermaid()) {
		if strings.Contains(line, "compared") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// compared : Đã đối chiếu (4)
	// compared --> withdrawal : withdraw
	// withdrawal --> compared : reject_withdrawal
	// compared --> stopped : stop
	// received --> compared : compare
	// compared --> certified : certify_on_paper (without certification)
}

func ExampleForms() {
	for _, day := range []string{"2025-09-14", "2025-09-15"} {
		at, err := time.ParseInLocation(time.DateOnly, day, procedures.Zone)
		if err != nil {
			panic(err)
		}
		set := procedures.Forms().At(at)
		fmt.Println(day, set.Circular, set.Number(procedures.FormReceiptSlip), set.Number(procedures.FormControlSlip))
	}
	// Output:
	// 2025-09-14 01/2018/TT-VPCP 01 05
	// 2025-09-15 03/2025/TT-VPCP 01 06
}

func ExampleStatusTable_Allows() {
	s := procedures.Statuses()
	fmt.Println(s.Allows(procedures.StatusRequested, procedures.StatusRefused), s.Allows(procedures.StatusReceived, procedures.StatusRefused))
	// Output: true false
}

func ExampleNewDossierCode() {
	code, err := procedures.NewDossierCode("H10.12", time.Date(2024, 11, 15, 8, 0, 0, 0, procedures.Zone), 1)
	fmt.Println(code, err)
	// Output: H10.12-241115-0001 <nil>
}

func ExampleParseDossierCode() {
	code, err := procedures.ParseDossierCode("G09.20-20260609-0092637")
	fmt.Println(code.Unit, code.Day.Format(time.DateOnly), code.Number, err)
	// Output: G09.20 2026-06-09 92637 <nil>
}

func ExampleNewLookupCode() {
	code, err := procedures.NewLookupCode(strings.NewReader("not so random")) // crypto/rand.Reader in earnest
	fmt.Println(procedures.FormatLookupCode(code), err)
	// Output: MNVE-TNER <nil>
}

func ExampleStandardBindings() {
	first, _, _ := strings.Cut(procedures.StandardBindings().String(), "\n  reception")
	fmt.Println(first)
	// Output:
	// roles:
	//   applicant              Người yêu cầu: who asks, or acts for who asks
}
