package slip_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/slip"
)

func ExampleWriteReceipt() {
	received := time.Date(2024, 11, 15, 15, 1, 0, 0, procedures.Zone)
	form, err := procedures.Forms().At(received).Form(procedures.FormReceiptSlip)
	if err != nil {
		panic(err)
	}
	code, err := procedures.NewDossierCode("H10.12", received, 1)
	if err != nil {
		panic(err)
	}
	var pdf bytes.Buffer
	err = slip.WriteReceipt(&pdf, &slip.Receipt{
		Subject: slip.Subject{
			Form: form, Code: code, Procedure: "Chứng thực bản sao từ bản chính", Issued: received,
			Office: slip.Office{Name: "UBND phường Tân Phú"}, Applicant: slip.Person{Name: "Nguyễn Thị Hoa"},
		},
		LookupCode: "7KQM3XWA", LookupURL: "https://motcua.example.vn/tra-cuu",
		Received: received, Due: received.AddDate(0, 0, 3),
	}, &slip.Options{Trial: true})
	fmt.Println(pdf.String()[:8], err)
	// Output: %PDF-1.3 <nil>
}

func ExampleLookupAddress() {
	address, err := slip.LookupAddress("https://motcua.example.vn/tra-cuu", "H10.12-241115-0001", false)
	fmt.Println(address, err)
	// Output: https://motcua.example.vn/tra-cuu?code=H10.12-241115-0001 <nil>
}
