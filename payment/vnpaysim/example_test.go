package vnpaysim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/motcua/motcua/payment/vnpaysim"
)

// A province mounts the handler on a loopback listener and runs Run beside it.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "vnpaysim")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example
	sim, err := vnpaysim.New(dir, vnpaysim.Config{
		Terminal: "DEMO0001", Secret: []byte("TESTSECRET"), NoticeURL: "/thanh-toan/vnpay/ipn",
	}, http.DefaultClient, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	sim.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, vnpaysim.PayPath+"?vnp_Amount=100", nil))
	fmt.Println(w.Code, sim.Behave(vnpaysim.Silent), len(sim.Transactions()))
	// Output: 400 <nil> 0
}
