package province

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/certify"
	"github.com/motcua/motcua/identity/signin"
	"github.com/motcua/motcua/payment"
	"github.com/motcua/motcua/payment/receiptpdf"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow"
	"github.com/motcua/motcua/workflow/riverjobs"
	"github.com/motcua/motcua/workflow/sqlkit"
)

type handler = func(context.Context, sqlkit.Message) error

// done answers a message of which there is nothing to do: it was shown where it
// arose, in the list of exceptions or on the dossier's page.
func done(context.Context, sqlkit.Message) error { return nil }

// JobSources are the outboxes of the modules and what is done with them.
func JobSources(s *Setup, engine *workflow.Engine, d *desk.Desk, payments *payment.Service, signatures *esign.Service,
	register *certify.Service) []riverjobs.Source {
	return []riverjobs.Source{
		{Outbox: engine.Outbox(), Handlers: engine.Handlers(d.Effects())},
		{Outbox: payments.Outbox(), Handlers: map[string]handler{
			payment.TopicSettled: receipts(s, payments, d), payment.TopicException: done}},
		{Outbox: signatures.Outbox(), Handlers: map[string]handler{
			esign.TopicCompleted: func(ctx context.Context, m sqlkit.Message) error {
				var a esign.Announcement
				if err := json.Unmarshal(m.Payload, &a); err != nil {
					return fmt.Errorf("esign_outbox %s: %w", m.ID, err)
				}
				_, err := register.ResumeLine(ctx, a.Purpose)
				return err
			}, esign.TopicStopped: done}},
	}
}

// receipts draws the e-receipts of a settled charge and gives them to its
// dossier. The rows exist since the settlement; drawing them again is drawing
// the same.
func receipts(s *Setup, payments *payment.Service, d *desk.Desk) handler {
	return func(ctx context.Context, m sqlkit.Message) error {
		var a payment.Announcement
		if err := json.Unmarshal(m.Payload, &a); err != nil {
			return fmt.Errorf("payment_outbox %s: %w", m.ID, err)
		}
		c, err := payments.Get(ctx, payment.Scope{All: true}, a.Charge)
		if err != nil {
			return err
		}
		for i := range c.Receipts {
			r := &c.Receipts[i]
			agency := receiptpdf.Agency{Name: r.Agency}
			if u, ok := NewUnits(s.Live, s.Logger).UnitAt(r.Agency, r.Issued); ok {
				agency.Name, agency.Address = u.Name.VI, u.Address
			}
			o := &receiptpdf.Options{}
			if s.Config.Trial {
				o.Mark = certify.TrialMark
			}
			page, err := receiptpdf.Render(r, agency, o)
			if err != nil {
				return err
			}
			err = d.Keep(ctx, &desk.Paper{ID: desk.PaperID(r.ID, desk.PaperReceipt), Dossier: workflow.DossierID(c.Subject), Kind: desk.PaperReceipt,
				Name: fmt.Sprintf("bien-lai-%s.pdf", r.Label()), Pages: 1, By: "system", At: r.Issued}, page)
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// JobOptions name the passes: what holders confirmed and gateways know is
// collected every few seconds.
func JobOptions(s *Setup, payments *payment.Service, signatures *esign.Service, register *certify.Service,
	sessions *signin.SignIn) *riverjobs.Options {
	pass := func(name string, every time.Duration, run func(context.Context, int) (int, error)) riverjobs.Pass {
		return riverjobs.Pass{Name: name, Every: every, Run: func(ctx context.Context) error {
			_, err := run(ctx, 50)
			return err
		}}
	}
	return &riverjobs.Options{Logger: s.Logger.Named("jobs"), Passes: []riverjobs.Pass{
		pass("payment_poll", 3*time.Second, payments.PollDue),
		pass("esign_resume", 5*time.Second, signatures.Resume),
		pass("certify_resume", 5*time.Second, register.Resume),
		{Name: "sessions_sweep", Every: time.Hour, Run: sessions.Sweep},
	}}
}
