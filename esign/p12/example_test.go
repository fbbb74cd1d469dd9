package p12_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"os"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
)

func ExampleOpen() {
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
	issued, err := pki.Issue(ctx, &pkisim.IssueRequest{Name: "Lê Thị Bưởi", Kind: pkisim.Person})
	if err != nil {
		panic(err)
	}

	signer, err := p12.Open(issued.PKCS12, issued.Password, nil)
	if err != nil {
		panic(err)
	}
	digest := sha256.Sum256([]byte("thuộc tính được ký"))
	request := &driver.BeginRequest{
		Transaction: "gd-1", Hash: crypto.SHA256, Scheme: driver.RSAPKCS1v15, Items: []driver.Item{{Digest: digest[:]}},
	}
	begun, err := signer.Begin(ctx, request)
	if err != nil {
		panic(err)
	}
	done, err := signer.Complete(ctx, &driver.CompleteRequest{Begin: request, Handle: begun.Handle})
	if err != nil {
		panic(err)
	}
	fmt.Println(done.State == driver.Signed, len(done.Signatures[0]), "octets")
	// Output: true 256 octets
}
