package province

import (
	"context"
	"crypto/x509"
	"net/url"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/procedures/paystep"
	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/workflow"
)

// pay sends a payer to the first gateway there is.
type pay struct {
	gate     *paystep.Gate
	gateways []string
}

// Pay gives the pages their way to pay. Without a gateway only cash is left.
func Pay(g *paystep.Gate, s *Setup) portal.Pay {
	p := pay{gate: g}
	if s.Config.Payment.VNPAY != nil {
		p.gateways = append(p.gateways, "vnpay")
	}
	return p
}

// Begin implements [portal.Pay].
func (p pay) Begin(ctx context.Context, _ *identity.Person, r *portal.Payment) (string, error) {
	if len(p.gateways) == 0 {
		return "", &workflow.RefusedError{Event: "pay", Reason: workflow.Reason{Code: "no_gateway",
			VI: "Chưa có cổng thanh toán trực tuyến. Ông/bà nộp phí tại quầy.", EN: "there is no online payment, pay at the counter"}}
	}
	return p.gate.Begin(ctx, r.Dossier, p.gateways[0], r.Key, r.ReturnURL, r.ClientIP, r.Lang)
}

// RetryException implements [portal.Exceptions].
func (p pay) RetryException(ctx context.Context, who *identity.Person, dossier workflow.DossierID, id string) (bool, error) {
	return p.gate.RetryException(ctx, dossier, id, who.ID)
}

// ResolveException implements [portal.Exceptions].
func (p pay) ResolveException(ctx context.Context, who *identity.Person, dossier workflow.DossierID, id, note string) error {
	return p.gate.ResolveException(ctx, dossier, id, who.ID, note)
}

// Cash implements [portal.Pay].
func (p pay) Cash(ctx context.Context, who *identity.Person, dossier workflow.DossierID, key string) error {
	return p.gate.TakeCash(ctx, dossier, who.ID, key)
}

// Refresh implements [portal.Refresher].
func (p pay) Refresh(ctx context.Context, dossier workflow.DossierID) error {
	return p.gate.Refresh(ctx, dossier)
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func pool(roots []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, r := range roots {
		p.AddCert(r)
	}
	return p
}
