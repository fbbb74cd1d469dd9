package oidcsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcsim"
)

// The simulator is a handler; its state lies in a folder.
func Example() {
	dir, err := os.MkdirTemp("", "oidcsim")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sim, err := oidcsim.New(oidcsim.Config{
		Issuer:  "http://127.0.0.1:8091",
		Clients: []oidcsim.Client{{ID: "dvc", Secret: "random", Kind: identity.Citizen}},
		People:  []oidcsim.Person{{Sub: "cd-1", Name: "Nguyễn Thị An", CitizenID: "070185000001", Kind: identity.Citizen, Level: 2}},
	}, dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8091/.well-known/openid-configuration", nil))
	var metadata struct {
		Issuer    string   `json:"issuer"`
		Challenge []string `json:"code_challenge_methods_supported"`
	}
	fmt.Println(json.Unmarshal(w.Body.Bytes(), &metadata), metadata.Issuer, metadata.Challenge)
	// Output: <nil> http://127.0.0.1:8091 [S256]
}
