package rfc3161_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"

	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/esign/rfc3161"
)

func ExampleNew() {
	dir, err := os.MkdirTemp("", "trust")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pki, err := pkisim.New(dir, nil)
	if err != nil {
		panic(err)
	}
	authority := httptest.NewServer(pki.TSAHandler())
	defer authority.Close()

	client, err := rfc3161.New(authority.URL, &rfc3161.Options{Roots: pki.Roots()})
	if err != nil {
		panic(err)
	}
	imprint := sha256.Sum256([]byte("giá trị chữ ký"))
	token, err := client.Timestamp(context.Background(), crypto.SHA256, imprint[:])
	fmt.Println(len(token) > 0, err)
	// Output: true <nil>
}
