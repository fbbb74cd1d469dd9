package phonesim_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/phonesim"
	"github.com/motcua/motcua/esign/pkisim"
)

// The holder confirms on the phone between two calls of Complete.
func ExampleNewSigner() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "phone")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pki, err := pkisim.New(filepath.Join(dir, "trust"), nil)
	if err != nil {
		panic(err)
	}
	issued, err := pki.Issue(ctx, &pkisim.IssueRequest{Name: "Lê Thị Bưởi", Kind: pkisim.Person, Key: pkisim.P256})
	if err != nil {
		panic(err)
	}
	service, err := phonesim.NewServer(filepath.Join(dir, "phone"), nil)
	if err != nil {
		panic(err)
	}
	if _, err := service.Enrol("chu-tich", issued.PKCS12, issued.Password); err != nil {
		panic(err)
	}
	srv := httptest.NewServer(service.Handler())
	defer srv.Close()

	signer, err := phonesim.NewSigner(srv.URL, service.Secret(), "chu-tich", nil)
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte("thuộc tính được ký"))
	request := &driver.BeginRequest{
		Transaction: "gd-1", Hash: crypto.SHA256, Scheme: driver.ECDSA, Items: []driver.Item{{Name: "Bản sao số 1", Digest: digest[:]}},
	}
	begun, err := signer.Begin(ctx, request)
	if err != nil {
		panic(err)
	}
	for range 2 {
		answer, err := signer.Complete(ctx, &driver.CompleteRequest{Begin: request, Handle: begun.Handle})
		if err != nil {
			panic(err)
		}
		fmt.Println(answer.State == driver.Signed, len(answer.Signatures))
		if err := service.Decide(ctx, "chu-tich", begun.Handle, true); err != nil {
			panic(err)
		}
	}
	// Output:
	// false 0
	// true 1
}
