package pkisim_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"

	"github.com/motcua/motcua/esign/pkisim"
)

func ExampleEnrol() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "trust")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pki, err := pkisim.New(dir, nil)
	if err != nil {
		panic(err)
	}
	ca := httptest.NewServer(pki.CAHandler())
	defer ca.Close()

	issued, err := pkisim.Enrol(ctx, ca.Client(), ca.URL, pki.Secret(), &pkisim.IssueRequest{
		Name: "Ủy ban nhân dân xã Lộc Thịnh", Kind: pkisim.Organisation, Key: pkisim.P256,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(issued.Certificate.Subject.CommonName)
	fmt.Println(issued.Certificate.NotAfter.Year(), len(issued.Chain), "certificates")
	// Output:
	// Ủy ban nhân dân xã Lộc Thịnh
	// 2045 2 certificates
}
