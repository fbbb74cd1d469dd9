//go:build wireinject

package main

import (
	"context"

	"github.com/google/wire"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/procedures/province"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/riverjobs"
)

// build makes the parts of the province.
func build(ctx context.Context, s *province.Setup) (*province.App, func(), error) {
	wire.Build(workflow.Set, riverjobs.Set, identity.Set, signin.Set, payment.Set, esign.Set, certify.Set, province.Set)
	return nil, nil, nil
}
