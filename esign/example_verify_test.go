package esign_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/motcua/motcua/esign"
)

// What a verification says about a file that two people signed, and about the same file after one letter changed.
func ExampleVerify() {
	t := &testing.B{} // stands in for a test while the sample is made
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official, stamp: w.tsa})
	file = signed(t, file, recipe{by: w.agency, field: agencyRef, stamp: w.tsa})

	report, err := esign.Verify(context.Background(), bytes.NewReader(file), int64(len(file)), w.trusting())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict, report.Intact, report.Reason.VI)
	for _, s := range report.Signers {
		fmt.Println(s.Field, s.Signer, s.Time.Format("02/01/2006"), s.TimeSource)
	}

	changed := bytes.Replace(file, []byte("/Im0 Do"), []byte("/Im1 Do"), 1)
	report, err = esign.Verify(context.Background(), bytes.NewReader(changed), int64(len(changed)), w.trusting())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict, report.Intact, report.Reason.EN)
	// Output:
	// valid true Chữ ký hợp lệ; tài liệu không bị thay đổi sau khi ký.
	// official Nguyễn Văn A 15/11/2024 timestamp
	// agency UBND phường Tân Phú 15/11/2024 timestamp
	// invalid false The content was changed after it was signed.
}

// BenchmarkVerify measures a file with two signatures and time stamps against hashing it, which is the floor.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	file := signed(b, blank(b), recipe{by: w.official, stamp: w.tsa})
	file = signed(b, file, recipe{by: w.agency, field: agencyRef, stamp: w.tsa})
	o := w.trusting()
	b.ReportAllocs()
	for b.Loop() {
		r, err := esign.Verify(context.Background(), bytes.NewReader(file), int64(len(file)), o)
		if err != nil || r.Verdict != esign.Valid {
			b.Fatal(err, r.Reason)
		}
	}
}
