package vnpay_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/motcua/motcua/payment/driver"
	"github.com/motcua/motcua/payment/vnpay"
)

func exampleConfig() vnpay.Config {
	return vnpay.Config{
		TmnCode: "DEMO0001", Secret: []byte("TESTSECRET"),
		PayURL: vnpay.SandboxPayURL, QueryURL: vnpay.SandboxQueryURL,
	}
}

// An application hands the adapter to payment.New and is done; this is what
// payment then does with it.
func ExampleNew() {
	g, err := vnpay.New(exampleConfig(), http.DefaultClient, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	created := time.Date(2025, 1, 1, 1, 30, 0, 0, time.UTC)
	started, err := g.Start(context.Background(), &driver.Intent{
		Ref: "K7Q2-1", Amount: 14_000, Currency: "VND", Text: "Phi chung thuc H10.12-250101-0001", Locale: "vi",
		ReturnURL: "https://dvc.example/tra-ve", Created: created, Expires: created.Add(15 * time.Minute),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := url.Parse(started.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.Host, page.Query().Get("vnp_Amount"), page.Query().Get("vnp_CreateDate"))
	// Output: sandbox.vnpayment.vn 1400000 20250101083000
}

// A notice that does not verify is an error of code forged, and VNPAY hears 97.
func ExampleGateway_Parse() {
	g, err := vnpay.New(exampleConfig(), http.DefaultClient, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = g.Parse(context.Background(), &driver.Raw{Method: "GET", Query: "vnp_Amount=100&vnp_TxnRef=K7Q2-1&vnp_SecureHash=00"})
	fmt.Println(g.ErrorCode(err))
	fmt.Println(string(g.Ack(driver.Forged).Body))
	// Output:
	// forged
	// {"RspCode":"97","Message":"Invalid Checksum"}
}

func ExampleSignQuery() {
	fmt.Println(vnpay.SignQuery([]byte("YOUR_SECURE_SECRET"), map[string]string{
		"vnp_TnxRef": "1234567890", "vnp_Amount": "10000", "vnp_OrderInfo": "Payment for order #1234567890",
	})[:95])
	// Output: vnp_Amount=10000&vnp_OrderInfo=Payment+for+order+%231234567890&vnp_TnxRef=1234567890&vnp_Secure
}
