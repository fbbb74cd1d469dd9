package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/motcua/motcua/esign/certify/scan"
)

func Example() {
	ctx := context.Background()
	upload := doc{content: "0 0 100 100 re f"}.bytes()
	s, err := scan.Check(ctx, bytes.NewReader(upload), int64(len(upload)), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Pages, "page, as uploaded:", bytes.Equal(upload, s.Data))

	upload = []byte("\xff\xd8\xff\xe0 a photograph called scan.pdf")
	_, err = scan.Check(ctx, bytes.NewReader(upload), int64(len(upload)), nil)
	var refused *scan.Refused
	if errors.As(err, &refused) {
		fmt.Println(refused.Class)
		fmt.Println(refused.Reason.VI)
	}
	// Output:
	// 1 page, as uploaded: true
	// not-pdf
	// Tệp này không phải là PDF. Hãy quét giấy tờ và lưu dưới dạng PDF; đổi tên ảnh hoặc tệp Word thành .pdf là không đủ.
}
