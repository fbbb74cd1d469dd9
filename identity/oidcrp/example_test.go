package oidcrp_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/motcua/motcua/identity/oidcrp"
)

// A provider is configured once; sign-ins begin with an address and an attempt
// that is kept for this browser only.
func Example() {
	provider, err := oidcrp.New(oidcrp.Config{
		Issuer:       "https://sso.example",
		ClientID:     "dichvucong",
		ClientSecret: "from the provider",
		Scopes:       []string{"profile"},
		Levels:       []oidcrp.Level{{ACR: "LoA1", Level: 1}, {ACR: "LoA2", Level: 2}},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Nobody was asked yet: discovery happens at the first sign-in.
	fmt.Println(provider.Issuer(), provider.Origins())

	// A browser that comes back without having begun here gets nothing.
	_, err = provider.Finish(context.Background(), nil, url.Values{"state": {"x"}, "code": {"y"}})
	fmt.Println(err != nil)
	// Output:
	// https://sso.example [https://sso.example]
	// true
}
